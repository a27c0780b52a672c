"""Random changes of training batches, as part of an arm."""

"""The training code of a worker, and the hashes in a run's key."""

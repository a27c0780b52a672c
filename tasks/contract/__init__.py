"""The task API: the types that task files are written with."""

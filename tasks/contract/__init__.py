"""What a task is: the types that task files are written with."""

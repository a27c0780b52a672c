"""Checks of tasks and machines."""

"""Executors of jobs. The one folder that imports ray."""

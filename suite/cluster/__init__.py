"""Executors of jobs. The only package that imports ray."""

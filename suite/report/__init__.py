"""Verdicts in words, in tables and as a page: every number comes from the record."""

"""Verdicts as text, tables and a web page: every number comes from the record."""

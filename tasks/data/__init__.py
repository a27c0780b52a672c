"""Data sets, one file per source: verified, cached, and split by a seed."""

"""Reads and writes results: journal, frames, cell files."""

"""What is on record: journal, frames, cell files."""

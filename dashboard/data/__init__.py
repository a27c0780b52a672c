"""What pages are given."""

"""The data that pages show."""

"""Security, downloads, compression."""

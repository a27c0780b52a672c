"""A campaign as one HTML file to read, to print and to keep."""

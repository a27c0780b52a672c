"""A campaign as one HTML file to read, to print and to keep: no network, no script, every number from the record."""

from suite.report.page import render

__all__ = ["render"]

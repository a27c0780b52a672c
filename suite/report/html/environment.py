"""The templates of the report."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).parent


@cache
def environment() -> Environment:
    """Templates that escape all that users wrote, and fail on a name that is missing."""
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        # A misspelt name would otherwise be an empty place on the page.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

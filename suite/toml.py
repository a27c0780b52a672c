"""TOML that people write."""

from __future__ import annotations

import tomllib
from typing import Any


def parse_toml(text: str) -> dict[str, Any]:
    """The values in a text.

    Raises ValueError, whose message says why, for what is not valid TOML and for what
    Python's parser gives up on: numbers too long, brackets nested too deep.
    """
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("brackets are nested too deep") from error
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:  # of int, which reads 4,300 digits at most
        raise ValueError("a number has too many digits") from error

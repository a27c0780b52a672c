"""Errors as text: one line each, fit to be logged and shown."""

from __future__ import annotations

import re

MESSAGE_LENGTH = (
    300  # characters of an error message that are recorded and logged
)


def one_line(error: BaseException) -> str:
    """The cause of an error: the last line of a traceback, else the first line.

    Passwords in addresses are left out. A message that is too long is cut at the front,
    since the cause is at its end.
    """
    message = without_passwords(str(error))
    lines = message.strip().splitlines() or [type(error).__name__]
    has_traceback = any(
        line.startswith("Traceback (most recent") for line in lines
    )
    line = lines[-1 if has_traceback else 0].strip()
    if len(line) <= MESSAGE_LENGTH:
        return line
    return "… " + line[-MESSAGE_LENGTH:]


def named_line(error: BaseException) -> str:
    """The same after the name of the error's class, as in ``KeyError: 'name'``."""
    kind = type(error).__name__
    line = one_line(error)
    return kind if line == kind else f"{kind}: {line}"


def without_passwords(text: str) -> str:
    """A text without the user and password of any address in it."""
    return re.sub(r"://[^/\s]*@", "://", text)

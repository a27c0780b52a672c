"""Errors in one line, and what helps where Ray does not start."""

from __future__ import annotations

import errno
import re

MESSAGE_LENGTH = 300  # characters of an error message that are recorded and logged
BUSY = re.compile(r"timed out|timeout|overloaded|failed to connect|GCS", re.IGNORECASE)


def one_line(error: BaseException) -> str:
    """The cause of an error: the last line of a traceback, else the first line.

    A message that is too long is cut at the front, since the cause is at its end.
    """
    lines = str(error).strip().splitlines() or [type(error).__name__]
    has_traceback = any(line.startswith("Traceback (most recent") for line in lines)
    line = lines[-1 if has_traceback else 0].strip()
    if len(line) <= MESSAGE_LENGTH:
        return line
    return "… " + line[-MESSAGE_LENGTH:]


def is_of_a_busy_machine(error: BaseException) -> bool:
    """Whether Ray only ran into its own timeout, so that a retry may work."""
    if isinstance(error, TimeoutError):
        return True
    return not isinstance(error, OSError) and bool(BUSY.search(str(error)))


def startup_hint(error: BaseException) -> str:
    """What helps where Ray cannot start on this machine."""
    if isinstance(error, OSError) and "/.ray" in str(error.filename):
        return "set HOME to a folder that you may write."
    if isinstance(error, PermissionError):
        return "set RAY_TMPDIR to a folder that you may write."
    if "AF_UNIX" in str(error):
        return "set RAY_TMPDIR to a shorter folder, such as /tmp."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "make room on that disk, or set RAY_TMPDIR to a folder on another."
    if is_of_a_busy_machine(error):
        return "it is too busy: try again later, or with fewer --workers."
    return "`bakeoff doctor` checks everything that is needed."

"""A cluster that is gone, and what helps where Ray does not start."""

from __future__ import annotations

import errno
import re

from tasks import UserError

BUSY = re.compile(
    r"timed out|timeout|overloaded|failed to connect|GCS", re.IGNORECASE
)


class ClusterLost(UserError):
    """The cluster of a running campaign is gone; the message says what to do.

    The command ends with the exit code of runs that failed: nothing given is wrong.
    """


def is_of_a_busy_machine(error: BaseException) -> bool:
    """Whether Ray only ran into its own timeout, so that a retry may work."""
    if isinstance(error, TimeoutError):
        return True
    return not isinstance(error, OSError) and bool(BUSY.search(str(error)))


def startup_hint(error: BaseException) -> str:
    """What helps where Ray cannot start on this machine, as the end of a sentence.

    It is chosen by the error; `bakeoff doctor` where nothing is known about it.
    """
    # From the most specific to the least: the first that fits is told.
    if isinstance(error, OSError) and "/.ray" in str(error.filename):
        return "set HOME to a folder that you may write."
    if isinstance(error, PermissionError):
        return "set RAY_TMPDIR to a folder that you may write."
    if "AF_UNIX" in str(error):
        return "set RAY_TMPDIR to a shorter folder, such as /tmp."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return (
            "make room on that disk, or set RAY_TMPDIR to a folder on another."
        )
    if is_of_a_busy_machine(error):
        return "it is too busy: try again later, or with fewer --workers."
    return "`bakeoff doctor` checks everything that is needed."

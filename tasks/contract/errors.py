"""Errors that the user can fix: what was given, what is wrong, what would work."""

import difflib
from collections.abc import Iterable

MAX_LISTED = 12  # names in one message


class UserError(ValueError):
    """Something given (a name, a file, a value) cannot be used; the message says what
    would work.

    The command line prints the message alone, without a traceback, and exits with code
    2.
    """


def unknown(
    kind: str, given: str, known: Iterable[str], hint: str = ""
) -> UserError:
    """An error for an unknown name, suggesting the nearest known one.

    ``hint`` is a complete sentence and ends the message.
    """
    message = f"No {kind} {given!r}: {_offer(given, known)}"
    return UserError(f"{message} {hint}" if hint else message)


def nearest(given: str, known: Iterable[str]) -> str:
    """The suggestion for an unknown name: the nearest known one, or a list of all."""
    return _offer(given, known).rstrip(".")


def _offer(given: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(given, names, n=1, cutoff=0.5)
    if near:
        return f"did you mean {near[0]!r}?"
    listed = ", ".join(names[:MAX_LISTED]) or "none"
    more = len(names) - MAX_LISTED
    return (
        f"known: {listed} and {more} more."
        if more > 0
        else f"known: {listed}."
    )

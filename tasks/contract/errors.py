"""Errors meant for the person at the keyboard: what was given, what is wrong, what
would work.
"""

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """Something given (a name, a file, a value) cannot be used; the message says what
    would work.

    The command line prints the message alone, without a traceback, and exits with code
    2.
    """


def unknown(kind: str, given: str, known: Iterable[str], hint: str = "") -> UserError:
    """An error for a name nobody knows, offering the nearest known one."""
    names = sorted(known)
    near = difflib.get_close_matches(given, names, n=1, cutoff=0.5)
    if near:
        hint = f"did you mean {near[0]!r}?"
    elif len(names) <= 12:
        hint = f"known: {', '.join(names) or 'none'}."
    else:
        hint = f"known: {', '.join(names[:12])} and {len(names) - 12} more."
    return UserError(f"No {kind} {given!r}: {hint}{' ' + hint if hint else ''}")

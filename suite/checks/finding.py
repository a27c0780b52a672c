"""The result of a check, as ``doctor`` and ``check`` report it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from suite.training.advice import with_advice
from tasks import UserError


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    what: str
    """What was checked, in a few words."""

    ok: bool | None
    """Whether it passed; None: it does not apply."""

    says: str
    """What was found, in a sentence."""

    hint: str = ""
    """What to do about a failure."""

    seconds: float = 0.0
    """How long the check took."""

    cause: str = ""
    """Equal for failures that one error brought about; "" if each is a cause of its
    own.
    """

    @property
    def word(self) -> str:
        """``OK``, ``failed`` or ``skipped``."""
        return {True: "OK", False: "failed", None: "skipped"}[self.ok]


class CheckFailed(Exception):
    """A check failed: what was seen, what to do, and what it shares with others."""

    def __init__(self, says: str, hint: str, cause: str = "") -> None:
        super().__init__(says)
        self.says, self.hint, self.cause = says, hint, cause


class NotApplicable(Exception):
    """The task has nothing that this check is about."""


def run_check(
    what: str,
    check: Callable[[], Finding | str],
    where: Callable[[BaseException], str],
) -> Finding:
    """The result of a check, however it ended. ``where`` is the hint for an unexpected
    error.
    """
    began = time.monotonic()
    finding = _outcome(what, check, where)
    return replace(finding, seconds=time.monotonic() - began)


def _outcome(
    what: str,
    check: Callable[[], Finding | str],
    where: Callable[[BaseException], str],
) -> Finding:
    try:
        found = check()
    # Not a failure: a task of functions has no data to check.
    except NotApplicable as nothing:
        return Finding(what, None, str(nothing))
    except CheckFailed as failed:
        return Finding(
            what, False, failed.says, failed.hint, cause=failed.cause
        )
    except UserError as error:
        return Finding(what, False, str(error), cause=str(error))
    except (Exception, SystemExit) as error:
        # A task's file may do anything, and call ``sys.exit``, too.
        says, hint = with_advice(error), where(error)
        return Finding(what, False, says, hint, cause=f"{says} {hint}")
    return found if isinstance(found, Finding) else Finding(what, True, found)

"""What a check found: the one shape in which ``doctor`` and ``check`` report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; ``ok`` None means that there was nothing to see.
    ``hint`` is for a failed one.
    """

    what: str
    ok: bool | None
    says: str
    hint: str = ""

    @property
    def word(self) -> str:
        return {True: "OK", False: "failed", None: "skipped"}[self.ok]


class CheckFailed(Exception):
    """A proof failed: what was seen, and what to do."""

    def __init__(self, says: str, hint: str) -> None:
        super().__init__(says)
        self.says, self.hint = says, hint


class NotApplicable(Exception):
    """The task has nothing that this proof is about."""


def counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"

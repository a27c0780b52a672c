"""The result of an adequacy gate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from suite.verdicts.message import Message, message

MAX_LISTED_FINDINGS = 2  # further ones are only counted


@dataclass(frozen=True)
class Finding:
    """One reason for which a gate failed."""

    seen: Message
    """What was found."""

    pull: int = 0
    """The direction in which fixing it would move the claim's effect: +1 up, -1 down, 0
    either way.
    """


@dataclass(frozen=True)
class Gate:
    """The result of a gate: whether it ``failed``, and its findings."""

    code: str
    """The gate's name in ``suite.verdicts.adequacy.GATES``."""

    failed: bool
    """Whether the comparison lacks what the gate checks."""

    seen: tuple[Message, ...] = ()
    """What the gate found; empty if it passed and found nothing to mention."""

    asked: bool = True
    """False where the gate does not apply to the claim; ``seen`` says why."""

    findings: tuple[Finding, ...] = field(default=(), repr=False)
    """The reasons for which it failed, where some of them may only strengthen the
    answer.
    """

    def towards(self, direction: int) -> Gate:
        """The same gate for an answer that the effect lies above 0 (``direction`` 1) or
        below it (-1): findings that would only move it further that way are no
        objection.
        """
        # A move either way may change an open answer, or one of equality.
        if not direction or not self.failed or not self.findings:
            return self
        against = [
            finding for finding in self.findings if finding.pull != direction
        ]
        if against:
            return directed_gate(self.code, against)
        first = self.findings[0]
        harmless = message("seen-only-strengthens", found=first.seen)
        return Gate(self.code, failed=False, seen=(harmless,))


def gate_of(code: str, seen: Iterable[Message]) -> Gate:
    """The gate, failed for each message in ``seen``, or passed if there is none."""
    found = tuple(seen)
    listed = found[:MAX_LISTED_FINDINGS]
    unlisted = len(found) - len(listed)
    if unlisted:
        listed = (*listed, message("seen-more", count=unlisted))
    return Gate(code, failed=bool(found), seen=listed)


def directed_gate(code: str, findings: Sequence[Finding]) -> Gate:
    """As ``gate_of``, for findings that know in which direction they move an effect."""
    gate = gate_of(code, [finding.seen for finding in findings])
    return replace(gate, findings=tuple(findings))

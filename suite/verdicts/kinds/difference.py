"""One arm is better than another."""

from __future__ import annotations

from suite.verdicts.kinds.base import ClaimKind


class Difference(ClaimKind):
    """``better`` beats ``worse`` at every level, by ``at_least`` where that is given."""

    name = "difference"

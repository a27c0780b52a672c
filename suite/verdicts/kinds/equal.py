"""Two arms are as good as each other."""

from __future__ import annotations

from suite.verdicts.kinds.base import ClaimKind, Hypothesis


class Equal(ClaimKind):
    """``better`` and ``worse`` differ by less than the margin at every level.

    It is supported by the equivalence test, and refuted where the interval of the
    difference lies outside of the margin, on whichever side.
    """

    name = "equal"
    asks = "asks-equal"
    hypothesis: Hypothesis = "equivalence"
    has_opposite = False

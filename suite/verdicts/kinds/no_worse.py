"""One arm is no worse than another, or than a published figure."""

from __future__ import annotations

from suite.verdicts.kinds.base import ClaimKind, Hypothesis, Side
from tasks import Claim


class NoWorse(ClaimKind):
    """``better`` falls short of ``worse``, or of ``reference``, by less than the margin
    at every level: one-sided non-inferiority, and half of what ``equal`` asks for.
    """

    name = "no_worse"
    asks = "asks-no-worse"
    hypothesis: Hypothesis = "no_worse"
    has_opposite = False

    def reference(self, claim: Claim) -> float | None:
        """The published figure that the claim compares with, if it does."""
        return claim.reference

    def reference_se(self, claim: Claim) -> float:
        """The standard error of that figure."""
        return claim.reference_se

    def sides(self, claim: Claim) -> tuple[Side, Side]:
        """Two arms, or an arm and the published figure."""
        if claim.reference is None:
            return super().sides(claim)
        return Side((claim.better,)), Side(reference=claim.reference)

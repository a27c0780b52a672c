"""One arm beats another at some number of levels, whichever these are."""

from __future__ import annotations

from suite.verdicts.kinds.base import ClaimKind, Places
from tasks import Claim, UserError


class PartialConjunction(ClaimKind):
    """``better`` beats ``worse`` at ``at_least_levels`` of the levels or more.

    With k of n levels the p-value is (n - k + 1) times the k-th smallest of the levels'
    own (Benjamini & Heller, "Screening for partial conjunction hypotheses", 2008),
    which holds however levels depend on each other. It is refuted, or makes no
    difference, where n - k + 1 levels say so, tested in the same way. The level that
    decides is the k-th best.
    """

    name = "partial_conjunction"
    asks = "asks-partial-conjunction"
    has_opposite = False

    def levels_needed(self, claim: Claim) -> int:
        """At how many levels the claim must hold."""
        return claim.at_least_levels

    def check(self, claim: Claim, places: Places) -> None:
        """Raise UserError if there are fewer levels than the claim needs."""
        if claim.at_least_levels > len(places):
            raise UserError(
                f"Claim {claim.name!r}: at_least_levels={claim.at_least_levels}, but "
                f"{len(places)} can decide it ({', '.join(places)}): give a number up "
                "to that."
            )

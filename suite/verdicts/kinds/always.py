"""Something holds in every instance."""

from __future__ import annotations

import numpy as np

from suite.verdicts.kinds.base import ClaimKind, Hypothesis, Places, Side
from suite.verdicts.statistics import Floats
from tasks import Claim, UserError


class Always(ClaimKind):
    """The metric of ``better``, or how far it is above that of ``worse``, keeps within
    bounds in every block at every level.

    It is a fact about each instance and no mean: one counterexample refutes it, and it
    takes no part in Holm's procedure. The effect is the distance to the nearest bound,
    below 0 beyond it, in the metric's own unit.
    """

    name = "always"
    asks = "asks-always"
    hypothesis: Hypothesis = "always"
    directions = "directions-always"
    has_opposite = False
    compares_rates = False
    as_recorded = True

    def sides(self, claim: Claim) -> tuple[Side, Side]:
        """The arm that keeps to the bound, and the one that is subtracted, if any."""
        others = (claim.worse,) if claim.worse else ()
        return Side((claim.better,)), Side(others)

    def in_favour(self, claim: Claim, found: Floats) -> Floats:
        """The distance to the nearest bound: above 0 within it."""
        slack = np.full_like(found, np.inf)
        if claim.lower_bound is not None:
            slack = np.minimum(slack, found - claim.lower_bound)
        if claim.upper_bound is not None:
            slack = np.minimum(slack, claim.upper_bound - found)
        if claim.equal_to is not None:
            # 0 at best, so that all the room there is comes from the tolerance
            slack = np.minimum(slack, -np.abs(found - claim.equal_to))
        within: Floats = slack + claim.tolerance
        return np.where(np.isnan(found), np.nan, within)

    def check(self, claim: Claim, places: Places) -> None:
        """Raise UserError unless effects are in the metric's own unit, as bounds are."""
        if claim.scale != "points":
            raise UserError(
                f"Claim {claim.name!r} (always) has scale={claim.scale!r}: bounds are in "
                "the metric's own unit, so leave the scale out."
            )

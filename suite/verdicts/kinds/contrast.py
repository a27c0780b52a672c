"""A weighted sum of arms is above 0."""

from __future__ import annotations

import numpy as np

from suite.verdicts.kinds.base import ClaimKind, Places, Side
from suite.verdicts.statistics import Floats
from tasks import Claim, UserError


class Contrast(ClaimKind):
    """The sum of ``weights[arm] * metric`` is above 0 at every level, such as one arm
    against the mean of two others.
    """

    name = "contrast"
    asks = "asks-contrast"
    compares_rates = False

    def weights(self, claim: Claim) -> Floats:
        return np.array(list(claim.weights.values()), dtype=np.float64)

    def sides(self, claim: Claim) -> tuple[Side, Side]:
        ahead = tuple(arm for arm, weight in claim.weights.items() if weight > 0)
        behind = tuple(arm for arm, weight in claim.weights.items() if weight < 0)
        return Side(ahead), Side(behind)

    def check(self, claim: Claim, places: Places) -> None:
        weights = claim.weights.values()
        if min(weights) >= 0 or max(weights) <= 0:
            raise UserError(
                f"Claim {claim.name!r} is a contrast with weights "
                f"{dict(claim.weights)}: give at least one arm a weight above 0 and "
                "one a weight below."
            )

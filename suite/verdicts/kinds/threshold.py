"""One arm reaches a published figure."""

from __future__ import annotations

import numpy as np

from suite.verdicts.kinds.base import ClaimKind, Side
from suite.verdicts.statistics import Floats
from tasks import Claim


class Threshold(ClaimKind):
    """``better`` reaches ``reference`` at every level; ``reference_se`` is that figure's
    own standard error.
    """

    name = "threshold"
    asks = "asks-threshold"
    directions = "directions-threshold"
    has_opposite = False

    def weights(self, claim: Claim) -> Floats:
        return np.array([float(arm == claim.better) for arm in claim.arms])

    def reference(self, claim: Claim) -> float | None:
        return claim.reference

    def reference_se(self, claim: Claim) -> float:
        return claim.reference_se

    def sides(self, claim: Claim) -> tuple[Side, Side]:
        return Side((claim.better,)), Side(reference=claim.reference)

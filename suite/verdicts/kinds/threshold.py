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
        """1 for the arm that is compared, as there is no other."""
        return np.array([float(arm == claim.better) for arm in claim.arms])

    def reference(self, claim: Claim) -> float | None:
        """The published figure."""
        return claim.reference

    def reference_se(self, claim: Claim) -> float:
        """The standard error of the published figure."""
        return claim.reference_se

    def sides(self, claim: Claim) -> tuple[Side, Side]:
        """The arm, and the published figure."""
        return Side((claim.better,)), Side(reference=claim.reference)

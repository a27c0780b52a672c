"""The gap between two arms changes along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from suite.verdicts.kinds.base import ClaimKind, Places
from suite.verdicts.statistics import Floats, centred_log, slopes
from tasks import Claim, UserError


class Interaction(ClaimKind):
    """The gap ``better`` - ``worse`` grows along the levels' ``x``.

    Judged once over all levels, by the slope of the gap over log x: its unit is the
    scale's per e-fold of x. A block that lacks a level has no slope.
    """

    name = "interaction"
    asks = "asks-interaction"
    over_levels = True
    statement: Literal["gap", "trend", "exponent"] = "trend"
    directions = "directions-trend"
    compares_rates = False

    def effects(self, gaps: Floats, x: Sequence[float]) -> Floats:
        """The slope of the gaps over the logarithm of x: (blocks, 1)."""
        slope = slopes(gaps, x)[1]
        return slope[:, np.newaxis]

    def resolution(self, finest: float, x: Sequence[float]) -> float:
        """A slope changes by this much where every gap is off by ``finest``, each on
        its own.
        """
        # The slope is gaps @ c / |c|² for the centred log x, c: independent
        # errors of size f in the gaps make one of f / |c| in it.
        return finest / float(np.linalg.norm(centred_log(x)))

    def check(self, claim: Claim, places: Places) -> None:
        """Raise UserError unless the levels lie along an axis."""
        found = list(places.values())
        # A slope over log x needs two places, and none at 0 or below.
        usable = {x for x in found if x is not None and x > 0}
        if len(usable) < 2 or any(x is None or x <= 0 for x in found):
            raise UserError(
                f"Claim {claim.name!r} is an interaction over levels "
                f"{', '.join(places)}, whose x are {found}: give at least two levels "
                "a different x above 0."
            )

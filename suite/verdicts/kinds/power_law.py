"""A metric follows a power of the axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from suite.verdicts.kinds.base import ClaimKind, Hypothesis, Places, Side
from suite.verdicts.statistics import Floats, centred_log, slopes
from tasks import Claim, UserError

MIN_LEVELS = 3  # two points lie on a line whatever the law is


class PowerLaw(ClaimKind):
    """The metric of ``better`` goes as x to the power ``exponent``, give or take the
    margin: the slope of log metric over log x.

    A block gives one slope over all its levels, which are correlated; the interval is
    that of the mean slope over blocks. It is supported by the equivalence test. The
    gate "not-a-power" asks whether the slope itself changes along the axis.
    """

    name = "power_law"
    asks = "asks-power-law"
    hypothesis: Hypothesis = "equivalence"
    over_levels = True
    statement: Literal["gap", "trend", "exponent"] = "exponent"
    directions = "directions-power-law"
    has_opposite = False
    compares_rates = False
    as_recorded = True

    def weights(self, claim: Claim) -> Floats:
        """1 for the arm, as there is no other."""
        return np.ones(len(claim.arms))

    def sides(self, claim: Claim) -> tuple[Side, Side]:
        """The arm, and the exponent that is claimed."""
        return Side((claim.better,)), Side(reference=claim.exponent)

    def effects(self, gaps: Floats, x: Sequence[float]) -> Floats:
        """The exponent of each block: (blocks, 1), NaN where a value is not above 0."""
        exponent = slopes(logarithms(gaps), x)[1]
        return exponent[:, np.newaxis]

    def in_favour(self, claim: Claim, found: Floats) -> Floats:
        """The exponents less the one that is claimed."""
        return found - (claim.exponent or 0.0)

    def resolution(self, finest: float, x: Sequence[float]) -> float:
        """How far one step of a metric of 1 moves an exponent: the least that it can."""
        return finest / float(np.linalg.norm(centred_log(x)))

    def check(self, claim: Claim, places: Places) -> None:
        """Raise UserError unless three levels or more lie along an axis."""
        found = list(places.values())
        usable = {x for x in found if x is not None and x > 0}
        if len(usable) < MIN_LEVELS or any(x is None or x <= 0 for x in found):
            raise UserError(
                f"Claim {claim.name!r} is a power law over levels {', '.join(places)}, "
                f"whose x are {found}: give at least {MIN_LEVELS} levels a different x "
                "above 0."
            )


def logarithms(values: Floats) -> Floats:
    """The logarithm of each value; NaN where there is none."""
    found: Floats = np.log(np.where(values > 0, values, np.nan))
    return found


def change_of_exponent(values: Floats, x: Sequence[float]) -> Floats:
    """How far the exponent over the upper half of the axis is above that over the lower
    half, in each block: (blocks,), from (blocks, levels). The halves share a level
    where their number is odd.
    """
    order = np.argsort(x)
    logs, places = logarithms(values)[:, order], np.asarray(x)[order]
    # At least two levels each, since a power law has three or more.
    half = (len(places) + 1) // 2
    lower = slopes(logs[:, :half], places[:half])[1]
    upper = slopes(logs[:, -half:], places[-half:])[1]
    difference: Floats = upper - lower
    return difference

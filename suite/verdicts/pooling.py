"""One effect from several campaigns of one claim: a random-effects summary.

Each campaign has blocks of its own and gives a mean effect. Its true effect may differ
from that of another campaign (a machine, a library's version, the seeds); ``tau`` is
the standard deviation of those true effects.

Campaigns that are pooled ran under the same conditions, so their blocks have one
standard deviation, which is estimated from all of them together: with six blocks a
campaign's own is too uncertain to weigh it by. Then tau is estimated as by Paule &
Mandel (1982), and the interval is that of Hartung & Knapp (2001), which allows for few
campaigns; where that is narrower than the interval that takes tau as known, the wider
one is given (Jackson et al. 2017), since campaigns may agree closely by luck.
ci/SIMULATION.md has the coverage.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import fdtrc, stdtrit

from suite.verdicts.statistics import Estimate, Floats, Interval

ALPHA = 0.05  # of the test whether campaigns differ


@dataclass(frozen=True)
class Pooled:
    """The effect over several campaigns, on the scale of their effects.

    ``interval`` is that of the mean effect of such campaigns, ``prediction`` where the
    true effect of another one is expected. ``tau`` is the standard deviation of true
    effects between campaigns, ``i_squared`` the share of the observed variance that it
    accounts for, and ``p_same`` the p-value against "all true effects are equal", from
    the F test of a one-way analysis of variance.
    """

    effect: float
    """The mean effect of such campaigns."""

    interval: Interval
    """The interval of that mean."""

    prediction: Interval
    """Where the true effect of another campaign is expected."""

    tau: float
    """The standard deviation of true effects between campaigns."""

    i_squared: float
    """The share of the observed variance that ``tau`` accounts for."""

    p_same: float
    """The p-value against the hypothesis that all true effects are equal."""

    campaigns: int
    """The number of campaigns."""

    @property
    def differ(self) -> bool:
        """Whether the campaigns differ by more than chance explains."""
        return self.p_same < ALPHA


def pool(
    estimates: Sequence[Estimate],
    confidence: float = 0.95,
    shared_variance: float = 0.0,
) -> Pooled | None:
    """The summary of the campaigns' mean effects; None below two campaigns, and where
    no block varies.

    Each estimate needs two blocks. ``shared_variance`` is the part of the variance that
    all campaigns have in common, since they split the same finite data or are measured
    from the same published figure: more campaigns do not reduce it, so it widens both
    intervals and has no part in whether campaigns differ.
    """
    if len(estimates) < 2:
        return None
    effects = np.array([one.mean for one in estimates])
    blocks = np.array([one.blocks for one in estimates])
    block_variance = _common_variance(estimates)
    if block_variance <= 0:
        return None
    variances = block_variance / blocks  # of each campaign's mean
    freedom = len(estimates) - 1
    q = _q(0.0, effects, variances)
    tau_squared = _paule_mandel(effects, variances)
    weights = 1 / (variances + tau_squared)
    effect = float((weights * effects).sum() / weights.sum())
    known = 1 / float(weights.sum())  # the mean's variance, were tau known
    hartung_knapp = known * _q(tau_squared, effects, variances) / freedom
    probability = (1 + confidence) / 2
    # How much campaigns differ is known from them alone, hence few degrees of
    # freedom; how much blocks do, from all blocks together.
    few = float(stdtrit(freedom, probability))
    many = float(stdtrit(int(blocks.sum()) - len(estimates), probability))
    # The wider of both, since few campaigns may agree closely by luck.
    half = max(few * math.sqrt(hartung_knapp), many * math.sqrt(known))
    spread = tau_squared + max(hartung_knapp, known) + shared_variance
    return Pooled(
        effect=effect,
        interval=_around(
            effect, math.hypot(half, many * math.sqrt(shared_variance))
        ),
        prediction=_around(effect, few * math.sqrt(spread)),
        tau=math.sqrt(tau_squared),
        i_squared=max(0.0, 1 - freedom / q) if q > 0 else 0.0,
        p_same=float(
            fdtrc(freedom, int(blocks.sum()) - len(estimates), q / freedom)
        ),
        campaigns=len(estimates),
    )


def _common_variance(estimates: Sequence[Estimate]) -> float:
    """The variance between blocks of one campaign, from all campaigns together."""
    freedom = [one.blocks - 1 for one in estimates]
    squares = [
        one.std**2 * count
        for one, count in zip(estimates, freedom, strict=True)
    ]
    return sum(squares) / sum(freedom)


def _q(tau_squared: float, effects: Floats, variances: Floats) -> float:
    """The weighted sum of squares around the weighted mean; Cochran's Q at 0."""
    weights = 1 / (variances + tau_squared)
    mean = (weights * effects).sum() / weights.sum()
    return float((weights * (effects - mean) ** 2).sum())


def _paule_mandel(effects: Floats, variances: Floats) -> float:
    """The variance between campaigns at which Q is what is expected of it."""
    expected = len(effects) - 1

    def excess(tau_squared: float) -> float:
        """How far Q is above what is expected of it, at that variance between
        campaigns.
        """
        return _q(tau_squared, effects, variances) - expected

    if excess(0.0) <= 0:
        return 0.0
    # Q falls with tau, and far enough once tau is the whole range.
    most = float(np.ptp(effects)) ** 2
    found: float = brentq(excess, 0.0, most)
    return found


def _around(middle: float, half: float) -> Interval:
    """The interval of half-width ``half`` around a value."""
    return middle - half, middle + half

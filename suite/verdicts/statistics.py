"""Statistics of a few paired differences: intervals, tests, and required sample sizes.
Numbers in, numbers out.

Student's t throughout, because there are only a few blocks. A ``test_train_ratio``
above 0 widens everything for blocks that share data (Nadeau & Bengio, "Inference for
the generalization error", 2003).
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtri, expit, logit, nctdtrinc, stdtr, stdtrit

Floats = NDArray[np.float64]
Interval = tuple[float, float]

# a standard deviation below this share of the largest value is rounding
NO_SPREAD = 1e-12
MAX_BLOCKS = 10_000  # upper limit of the search for the number of blocks
DRAWS = 20_000  # for an interval without a formula
MAX_FLIPS = 40  # blocks; the exact sign-flip test sorts 2 ** (blocks / 2) sums


@dataclass(frozen=True)
class Estimate:
    """A mean over blocks with its standard error; everything follows from Student's t
    with ``blocks - 1`` degrees.

    ``standard_error`` is NaN below two blocks and ``std`` (the standard deviation) is 0
    where all values are equal: then intervals are unbounded or a point, and every
    p-value is NaN.
    """

    mean: float
    """The mean over blocks."""

    std: float
    """The standard deviation over blocks; NaN with one block."""

    standard_error: float
    """The standard error of the mean; NaN with one block."""

    blocks: int
    """The number of blocks."""

    @property
    def testable(self) -> bool:
        """Whether there are two blocks or more, and a spread to compare with."""
        return self.blocks >= 2 and self.std > 0

    def interval(self, confidence: float) -> Interval:
        """The two-sided interval at this confidence."""
        if self.blocks < 2:
            return -math.inf, math.inf
        half = (
            float(stdtrit(self.blocks - 1, (1 + confidence) / 2))
            * self.standard_error
        )
        return self.mean - half, self.mean + half

    def p_above(self, value: float) -> float:
        """One-sided p-value against "the true mean is at most ``value``"."""
        # the lower tail of -t: 1 - stdtr(t) loses digits of a small p
        return (
            float(
                stdtr(
                    self.blocks - 1, (value - self.mean) / self.standard_error
                )
            )
            if self.testable
            else math.nan
        )

    def p_below(self, value: float) -> float:
        """One-sided p-value against "the true mean is at least ``value``"."""
        return (
            float(
                stdtr(
                    self.blocks - 1, (self.mean - value) / self.standard_error
                )
            )
            if self.testable
            else math.nan
        )

    def p(self, value: float = 0.0) -> float:
        """Two-sided p-value of the t-test against ``value``."""
        return (
            min(1.0, 2 * min(self.p_above(value), self.p_below(value)))
            if self.testable
            else math.nan
        )

    def p_equivalence(self, margin: float) -> float:
        """P-value of two one-sided tests for "closer to 0 than ``margin``" (Schuirmann
        1987).
        """
        return (
            max(self.p_above(-margin), self.p_below(margin))
            if self.testable
            else math.nan
        )


@dataclass(frozen=True)
class Range(Estimate):
    """What instances of a fact come to: no sample of anything, so there is no test, and
    the interval is from the lowest to the highest of them at any confidence.
    """

    low: float = math.nan
    """The lowest instance."""

    high: float = math.nan
    """The highest instance."""

    @property
    def testable(self) -> bool:
        """Never: a fact is compared, not tested."""
        return False

    def interval(self, confidence: float) -> Interval:
        """From the lowest to the highest instance, at any confidence."""
        return self.low, self.high


def instances(values: ArrayLike, worst: bool = False) -> Range:
    """The range of one value per instance around their mean, or where ``worst`` around
    the lowest.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.size == 0:
        return Range(math.nan, math.nan, math.nan, 0, -math.inf, math.inf)
    low, high = float(x.min()), float(x.max())
    middle = low if worst else float(x.mean())
    std = float(x.std(ddof=1)) if x.size > 1 else math.nan
    return Range(middle, std, math.nan, int(x.size), low, high)


def estimate(
    values: ArrayLike,
    test_train_ratio: float = 0.0,
    reference_se: float = 0.0,
    least_std: float = 0.0,
) -> Estimate:
    """The mean of one value per block, with standard error sqrt(s² (1/K +
    test_train_ratio) + reference_se²).

    ``reference_se`` is the standard error of a published figure that the values are
    measured from. The degrees of freedom stay K - 1, which errs on the side of caution.
    s is never taken below ``least_std``, the finest difference that the values can
    show: equal values say that they vary by less than that, and not that nothing
    varies.
    """
    x = np.asarray(values, dtype=np.float64)
    blocks = x.size
    if blocks == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    mean = float(x.sum()) / blocks
    if blocks == 1:
        return Estimate(mean, math.nan, math.nan, 1)
    std = math.sqrt(float(np.square(x - mean).sum()) / (blocks - 1))
    if std <= NO_SPREAD * float(np.abs(x).max()):
        std = 0.0
    std = max(std, least_std)  # a coarse metric may show no spread at all
    error = standard_error(std, blocks, test_train_ratio, reference_se)
    return Estimate(mean, std, error, blocks)


def has_moved(
    changes: Floats, margin: float, confidence: float = 0.95
) -> bool:
    """Whether an effect moved by more than the margin on average, and by more than
    chance: the interval of the paired ``changes``, one a block, leaves out 0. Pure.
    """
    change = estimate(changes)
    low, high = change.interval(confidence)
    by_chance = low <= 0 <= high
    return abs(change.mean) > margin and not by_chance


def recommended_trials(trials: int, change: float, margin: float) -> int:
    """The trials from which more of them should move an effect by less than the margin,
    if the second half of ``trials`` moved it by ``change``.

    Changes halve with each doubling, so that all that are still to come add up to the
    last one.
    """
    # The last change is what is still to come. Each doubling of the budget
    # halves it, until less than the margin is left.
    doublings = max(0, math.ceil(math.log2(abs(change) / margin)))
    return int(trials * 2**doublings)


def standard_error(
    std: float,
    blocks: int,
    test_train_ratio: float = 0.0,
    reference_se: float = 0.0,
) -> float:
    """The standard error of a mean over blocks that share data, or that is compared
    with a published figure; see ``estimate``.
    """
    return math.sqrt(
        std**2 * (1 / blocks + test_train_ratio) + reference_se**2
    )


def t_band(
    mean: ArrayLike,
    std: ArrayLike,
    blocks: ArrayLike,
    confidence: float = 0.95,
) -> tuple[Floats, Floats]:
    """The ends of the t interval at each point of a curve from its mean and std over
    blocks; NaN with one block.
    """
    middle, s, count = (
        np.asarray(x, dtype=np.float64) for x in (mean, std, blocks)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        quantile = stdtrit(count - 1, (1 + confidence) / 2)
        half_width = np.where(count > 1, quantile * s / np.sqrt(count), np.nan)
    return middle - half_width, middle + half_width


def within_bounds(
    mean: ArrayLike, low: ArrayLike, high: ArrayLike, bounds: Interval
) -> tuple[Floats, Floats]:
    """The ends of an interval around a mean that cannot leave ``bounds``: (0, 1) for a
    share, (-1, 1) for a difference of two, (0, inf) for a duration.

    An interval that stays inside is unchanged. Another one is made on a scale that has
    no bounds, where its half-width is multiplied by the scale's slope at the mean (the
    delta method), and brought back. Between two bounds that scale is the logit (Korn &
    Graubard, "Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data", 1998), above one it is the logarithm. A
    mean on a bound has no such scale: its interval is cut.
    """
    middle, lower, upper = (
        np.asarray(x, dtype=np.float64) for x in (mean, low, high)
    )
    least, most = bounds
    leaves = (lower < least) | (upper > most)
    inside = (middle > least) & (middle < most)
    # The place of a mean that lies on a bound does not matter: it is not used.
    place = np.where(inside, middle, least + 0.5)
    rescaled = _around(place, upper - middle, bounds)
    ends = []
    for plain, moved in zip((lower, upper), rescaled, strict=True):
        bounded = np.where(inside, moved, np.clip(plain, least, most))
        ends.append(np.where(leaves, bounded, plain))
    return ends[0], ends[1]


def _around(
    middle: Floats, half_width: Floats, bounds: Interval
) -> tuple[Floats, Floats]:
    """The interval around a mean inside of bounds, made on the scale without bounds."""
    least, most = bounds
    if math.isinf(least):
        return middle - half_width, middle + half_width
    above = middle - least
    with np.errstate(over="ignore"):
        if math.isinf(most):
            factor = np.exp(half_width / above)
            return least + above / factor, least + above * factor
        width = most - least
        centre = logit(above / width)
        half = half_width * width / (above * (most - middle))
        return least + width * expit(centre - half), least + width * expit(
            centre + half
        )


def geometric(
    values: ArrayLike, confidence: float = 0.95
) -> tuple[float, float, float]:
    """The geometric mean of positive values with the ends of its interval: Student's t
    on their logarithms. The ends are NaN with one value.
    """
    found = estimate(np.log(np.asarray(values, dtype=np.float64)))
    low, high = (
        found.interval(confidence)
        if found.blocks > 1
        else (math.nan, math.nan)
    )
    return math.exp(found.mean), math.exp(low), math.exp(high)


# ---------------------------------------------------------------------- several claims


def holm_levels(p_values: Sequence[float], alpha: float) -> list[float]:
    """The level at which each claim of a family is tested: p < level is Holm's
    step-down decision at ``alpha``.

    The i-th smallest of n p-values faces alpha / (n - i + 1), until one fails; the rest
    face that one's level. A NaN (a claim that cannot be tested) keeps its place in the
    family and never passes.
    """
    p = _untestable_last(p_values)
    levels, level, passed = [0.0] * len(p), alpha, True
    for rank, place in enumerate(np.argsort(p, kind="stable")):
        if passed:
            level = alpha / (len(p) - rank)
        # Step-down: once a claim fails, no larger p-value can pass.
        passed = passed and bool(p[place] < level)
        levels[place] = level
    return levels


def holm_adjusted(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values: below alpha exactly where ``holm_levels`` passes. NaN
    stays NaN.
    """
    p = _untestable_last(p_values)
    adjusted, largest = [math.nan] * len(p), 0.0
    for rank, place in enumerate(np.argsort(p, kind="stable")):
        # never below that of a smaller p-value, which is tested first
        largest = max(largest, min(1.0, float(p[place]) * (len(p) - rank)))
        if not math.isnan(p_values[place]):
            adjusted[place] = largest
    return adjusted


def partial_conjunction(p_values: Sequence[float], needed: int) -> float:
    """The p-value of "fewer than ``needed`` of these alternatives are true".

    Of n p-values the k-th smallest times n - k + 1, by Bonferroni's inequality, which
    holds however they depend on each other (Benjamini & Heller, 2008, eq. 4). NaN if
    any of them is.
    """
    found = sorted(p_values)
    if any(map(math.isnan, found)):
        return math.nan
    return min(1.0, (len(found) - needed + 1) * found[needed - 1])


def _untestable_last(p_values: Sequence[float]) -> Floats:
    """The p-values, with 1 for those that cannot be tested (NaN)."""
    # They keep their place: the family was pre-specified.
    return np.nan_to_num(np.asarray(p_values, dtype=np.float64), nan=1.0)


# --------------------------------------------------------------------- without a model


def sign_flip(values: ArrayLike) -> float:
    """Exact two-sided p-value if each block's sign were a fair coin: the share of flips
    at least as far from 0.

    Its smallest value is 2 / 2**blocks. NaN above 40 blocks. Sums of both halves are
    formed apart and joined by sorting, so that 40 blocks cost 2**20 sums instead of
    2**40.
    """
    x = np.asarray(values, dtype=np.float64)
    if not 0 < x.size <= MAX_FLIPS:
        return math.nan
    # sums that differ by rounding alone are ties
    rounding = 1e-9 * float(np.abs(x).sum())
    seen = abs(float(x.sum())) - rounding
    if seen <= 0:
        return 1.0
    middle = x.size // 2
    left = _signed_sums(x[:middle])
    right = np.sort(_signed_sums(x[middle:]))
    beyond = right.size - np.searchsorted(right, seen - left, side="left")
    # Flipping all signs mirrors the sums, so that both tails are alike.
    return 2 * float(beyond.sum()) / 2.0**x.size


def _signed_sums(x: Floats) -> Floats:
    """The sum of ``x`` under every choice of signs: (2 ** n,)."""
    sums = np.zeros(1)
    for value in x:
        sums = np.concatenate([sums + value, sums - value])
    return sums


# --------------------------------------------------------------------- how many blocks


def blocks_to_settle(
    std: float,
    margin: float,
    a: float = 0.05,
    b: float = 0.05,
    *,
    test_train_ratio: float = 0.0,
    reference_se: float = 0.0,
) -> int | None:
    """The smallest number of blocks at which no mean is inconclusive; None if no number
    is enough.

    That is where the half-widths of the difference's (1 - a) and of the equivalence's
    (1 - 2b) interval together fit into ``margin``. With overlapping blocks the width
    has a floor: then only more data help.
    """

    def settles(blocks: int) -> bool:
        """Whether no mean over that many blocks would be inconclusive."""
        quantiles = stdtrit(blocks - 1, 1 - a / 2) + stdtrit(blocks - 1, 1 - b)
        error = standard_error(std, blocks, test_train_ratio, reference_se)
        return bool(quantiles * error <= margin)

    return _fewest(settles)


def blocks_to_reach(
    std: float,
    distance: float,
    alpha: float = 0.05,
    *,
    test_train_ratio: float = 0.0,
    reference_se: float = 0.0,
) -> int | None:
    """The smallest number of blocks at which a mean that lies ``distance`` from a line
    is distinguished from it by a one-sided test at ``alpha``; None if no number is
    enough.
    """

    def reaches(blocks: int) -> bool:
        """Whether a one-sided test over that many blocks sees the distance."""
        error = standard_error(std, blocks, test_train_ratio, reference_se)
        return bool(stdtrit(blocks - 1, 1 - alpha) * error < distance)

    return _fewest(reaches)


def _fewest(enough: Callable[[int], bool]) -> int | None:
    """The smallest number of blocks that is enough, where more always are."""
    # Bisection, as widths only fall with the number of blocks.
    tried = range(2, MAX_BLOCKS + 1)
    found = bisect.bisect_left(tried, True, key=enough)
    return tried[found] if found < len(tried) else None


def upper_std(std: float, blocks: int, confidence: float = 0.8) -> float:
    """The one-sided upper bound of a standard deviation that was estimated from that
    many blocks.
    """
    # s²(K - 1)/σ² is chi-square; `chdtri` is the inverse of its upper tail.
    return std * math.sqrt(
        (blocks - 1) / float(chdtri(blocks - 1, confidence))
    )


def smallest_effect(
    blocks: int,
    claims: int = 1,
    *,
    power: float = 0.8,
    confidence: float = 0.95,
    test_train_ratio: float = 0.0,
) -> float:
    """The smallest true effect found with this power, in standard deviations of a
    block's difference.

    ``claims`` above 1: as the strictest of that many in Holm's family. Infinite below
    two blocks.
    """
    if blocks < 2:
        return math.inf
    alpha = (1 - confidence) / claims
    critical = stdtrit(blocks - 1, 1 - alpha / 2)
    # The noncentral t at which the test finds the effect that often. A
    # significant result in the wrong direction is too rare to count.
    standard_errors = float(nctdtrinc(blocks - 1, 1 - power, critical))
    return standard_errors * math.sqrt(1 / blocks + test_train_ratio)


# -------------------------------------------------------------- where variance is from


@dataclass(frozen=True)
class Component:
    """A part of a variance with its interval: an estimate below 0 is one of (nearly)
    none.
    """

    name: str
    """What it is due to."""

    variance: float
    """The estimate, which may be below 0."""

    low: float
    """The low end of its interval."""

    high: float
    """The high end of its interval."""

    @property
    def separable(self) -> bool:
        """Whether this variance component is significantly above 0."""
        return self.low > 0


def variance_split(
    values: ArrayLike, confidence: float = 0.95
) -> list[Component]:
    """The variance of one run, in parts: ``values`` is (blocks, studies, finals)
    of one arm, two blocks or more.

    Studies of a block share its split; finals of one number share their batch order,
    whatever their study. So block, study within block, order within block and what is
    left are separated by the mean squares of a balanced design (Searle, Casella &
    McCulloch, "Variance components", 1992), and order counts as seed. With one final
    per study tuning and seed come together, with one study tuning and data do.
    Intervals are generalized confidence intervals (Weerahandi 1993), drawn from a fixed
    seed.
    """
    y = np.asarray(values, dtype=np.float64)
    blocks, studies, finals = y.shape
    by_block = y.mean(axis=(1, 2), keepdims=True)
    by_study = y.mean(axis=2, keepdims=True)
    by_order = y.mean(axis=1, keepdims=True)
    rest = y - by_study - by_order + by_block
    study_freedom = blocks * (studies - 1)
    order_freedom = blocks * (finals - 1)
    rest_freedom = study_freedom * (finals - 1)
    mean_squares = {
        "block": _mean_square(
            by_block - y.mean(), blocks - 1, studies * finals
        ),
        "study": _mean_square(by_study - by_block, study_freedom, finals),
        "order": _mean_square(by_order - by_block, order_freedom, studies),
        "rest": _mean_square(rest, rest_freedom, 1),
    }
    components = []
    for name, weights in _weights(studies, finals).items():
        parts = {
            square: (*mean_squares[square], weight)
            for square, weight in weights.items()
        }
        components.append(_component(name, parts, confidence))
    return components


def _weights(studies: int, finals: int) -> dict[str, dict[str, float]]:
    """How each part follows from the mean squares, whose expectations are sums of the
    parts.
    """
    if studies > 1 and finals > 1:
        data = 1 / (studies * finals)
        return {
            "seed": {"order": 1 / studies, "rest": 1 - 1 / studies},
            "tuning": {"study": 1 / finals, "rest": -1 / finals},
            "data": {
                "block": data,
                "study": -data,
                "order": -data,
                "rest": data,
            },
        }
    if finals > 1:
        return {
            "seed": {"order": 1.0},
            "tuning and data": {"block": 1 / finals, "order": -1 / finals},
        }
    if studies > 1:
        return {
            "tuning and seed": {"study": 1.0},
            "data": {"block": 1 / studies, "study": -1 / studies},
        }
    return {"tuning, data and seed": {"block": 1.0}}


def _mean_square(
    deviations: Floats, freedom: int, repeats: int
) -> tuple[float, int]:
    """The mean square of deviations, and its degrees of freedom."""
    if not freedom:
        return math.nan, freedom
    squares = float(np.square(deviations).sum())
    return repeats * squares / freedom, freedom


def _component(
    name: str, parts: Mapping[str, tuple[float, int, float]], confidence: float
) -> Component:
    """A variance component with its interval."""
    variance = sum(square * weight for square, _, weight in parts.values())
    # A mean square is its expectation times chi-square over its degrees of
    # freedom; turned round, a draw is an expectation that fits it.
    rng = np.random.default_rng(0)
    drawn = np.zeros(DRAWS)
    for square, freedom, weight in parts.values():
        drawn += weight * square * freedom / rng.chisquare(freedom, DRAWS)
    low, high = np.quantile(
        drawn, [(1 - confidence) / 2, (1 + confidence) / 2]
    )
    return Component(name, variance, float(low), float(high))


# ----------------------------------------------------------------------- along an axis


def slopes(gaps: ArrayLike, x: ArrayLike) -> tuple[Floats, Floats]:
    """The straight line through each block's gaps over log x: (intercepts at log x = 0,
    slopes per e-fold of x).

    ``gaps`` is (blocks, levels), ``x`` is (levels,) and positive.
    """
    gaps = np.asarray(gaps, dtype=np.float64)
    centred = centred_log(x)
    slope = gaps @ centred / (centred @ centred)
    middle = np.log(np.asarray(x, dtype=np.float64)).mean()
    return gaps.mean(axis=1) - slope * middle, slope


def centred_log(x: ArrayLike) -> Floats:
    """log x less its mean."""
    logs = np.log(np.asarray(x, dtype=np.float64))
    centred: Floats = logs - logs.mean()
    return centred


@dataclass(frozen=True)
class Crossover:
    """Where a gap changes sign on the axis, with its interval, in units of x."""

    state: str
    """"located", "not located" or "beyond the range studied"."""

    at: float
    """Where it does; NaN if it is not located."""

    low: float
    """The low end of its interval, in units of x."""

    high: float
    """The high end of its interval, in units of x."""


def crossover(
    gaps: ArrayLike,
    x: ArrayLike,
    confidence: float = 0.95,
    test_train_ratio: float = 0.0,
) -> Crossover:
    """Where the mean straight line through the gaps over log x crosses 0, with
    Fieller's interval (1954).

    The interval holds every point at which the t-test of the line's height keeps 0.
    ``gaps`` is (blocks, levels). "not located": that set is unbounded. "beyond the
    range studied": the crossing lies outside the levels.
    """
    x = np.asarray(x, dtype=np.float64)
    # the geometric mean; counted from there, numbers stay small
    middle = math.exp(float(np.log(x).mean()))
    intercept, slope = slopes(gaps, x / middle)
    blocks = intercept.size
    if blocks < 2:
        return Crossover("not located", math.nan, math.nan, math.nan)
    quantile = float(stdtrit(blocks - 1, (1 + confidence) / 2))
    overlap = 1 / blocks + test_train_ratio
    errors = np.cov(intercept, slope) * overlap * quantile**2
    height, climb = float(intercept.mean()), float(slope.mean())
    # the interval's ends solve square z² + 2 line z + constant = 0
    square = climb**2 - errors[1, 1]
    line = height * climb - errors[0, 1]
    constant = height**2 - errors[0, 0]
    # A slope that may be 0 crosses anywhere, or nowhere.
    if square <= 0:
        return Crossover("not located", math.nan, math.nan, math.nan)
    root = math.sqrt(max(0.0, line**2 - square * constant))
    at = middle * _exp(-height / climb)
    low = middle * _exp((-line - root) / square)
    high = middle * _exp((-line + root) / square)
    inside = float(x.min()) <= at <= float(x.max())
    state = "located" if inside else "beyond the range studied"
    return Crossover(state, at, low, high)


def _exp(z: float) -> float:
    """``exp(z)``, infinite where that overflows."""
    return math.exp(z) if z < 700 else math.inf

"""Prove by simulation that verdicts err as rarely as they say, and still find what is
there.

    python ci/simulate.py --experiments 10000

Every experiment goes through the real ``judge``, ``judge_family`` and ``judge_looks``;
only the data are invented, and the last table's not even that: its networks are
trained. Writes ci/SIMULATION.md and exits with 1 where a figure lies outside of what
theory allows it.
"""

from __future__ import annotations

import argparse
import inspect
import itertools
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import tasks
from search.budget import chances_of_best
from suite.campaign.launch import launch
from suite.cluster.serial import SerialExecutor
from suite.planning.plan import Plan
from suite.planning.profile import Profile
from suite.records.results import Campaign, Results
from suite.verdicts import aa_test
from suite.verdicts.decision import Sample
from suite.verdicts.family import judge, judge_family, judge_looks
from suite.verdicts.kinds.power_law import PowerLaw, change_of_exponent
from suite.verdicts.placing import (
    Placing,
    differences_of_pairs,
    place_arms,
)
from suite.verdicts.pooling import pool
from suite.verdicts.statistics import (
    Floats,
    Interval,
    crossover,
    estimate,
    geometric,
    has_moved,
    slopes,
    smallest_effect,
    within_bounds,
)

BLOCKS = (6, 10, 20)
TUNING = (
    0.0,
    0.5,
    1.0,
)  # standard deviation that tuning adds, in those of a run's seed
CAMPAIGNS = (2, 3, 5, 10)
BETWEEN = (
    0.0,
    0.5,
    1.0,
)  # tau, in standard deviations of a block's difference
SHAPES = ("normal", "skewed", "unequal")
LOOKS = (6, 10, 16)
POWER = 0.80
DIRECTIONS, EQUAL = ("supported", "refuted"), ("no_difference",)
SLACK = 0.03  # of power, against the table that plans are made by
NARROW, WIDE = (
    0.1,
    1.5,
)  # margins in standard deviations of a difference: one to see signs by, one to see equality


@dataclass(frozen=True)
class Figure:
    """One simulated share: what of, in which experiments, and between which bounds
    theory wants it (None: no bound).
    """

    table: str
    hyperparameter: str
    what: str
    share: float
    experiments: int
    least: float | None = None
    most: float | None = None

    @property
    def error(self) -> float:
        """Monte-Carlo standard error, never taken as less than that of a share of one
        half per cent.
        """
        expected = (
            self.least
            if self.least is not None and self.least == self.most
            else self.share
        )
        share = min(max(expected, 0.005), 0.995)
        return math.sqrt(share * (1 - share) / self.experiments)

    @property
    def fine(self) -> bool:
        """Within the bounds, give or take three Monte-Carlo errors."""
        low = -math.inf if self.least is None else self.least - 3 * self.error
        high = math.inf if self.most is None else self.most + 3 * self.error
        return low <= self.share <= high


def figures(
    experiments: int, seed: int = 1, only: str | None = None
) -> Iterator[Figure]:
    """All figures, table by table, or those of one table: it has random numbers of its
    own.
    """
    for number, (name, (_, table)) in enumerate(TABLES.items()):
        if only in (None, name):
            yield from table(
                experiments, np.random.default_rng([seed, number])
            )


# ------------------------------------------------------------------------------ tables


def one_claim(experiments: int, rng: np.random.Generator) -> Iterator[Figure]:
    """Claims that are false, judged one by one, and the coverage of the interval.

    "unequal" has normal noise in one arm and lognormal noise of twice the spread in the
    other: no t-test is exact there, and none is promised to be.
    """
    for blocks, tuning, shape in itertools.product(BLOCKS, TUNING, SHAPES):
        d = differences(rng, (experiments, blocks), tuning, shape)
        hyperparameter = f"{blocks} blocks, tuning {tuning:g}, {shape}"
        exact = shape == "normal"
        bound = 0.05 if shape != "unequal" else None
        verdicts = [judge(row, NARROW) for row in d]
        wrong = share(
            verdict.verdict in ("supported", "refuted") for verdict in verdicts
        )
        yield Figure(
            "one claim",
            hyperparameter,
            "a direction where there is none",
            wrong,
            experiments,
            most=bound,
        )
        covered = share(
            low <= 0 <= high
            for low, high in (verdict.interval for verdict in verdicts)
        )
        least, most = (
            (0.94, 0.96) if exact else (0.94, None) if bound else (None, None)
        )
        yield Figure(
            "one claim",
            hyperparameter,
            "interval covers the truth",
            covered,
            experiments,
            least,
            most,
        )
        equal = share(
            judge(row - WIDE, WIDE).verdict == "no_difference" for row in d
        )
        yield Figure(
            "one claim",
            hyperparameter,
            '"no difference" at the margin',
            equal,
            experiments,
            most=bound,
        )


def one_study(experiments: int, rng: np.random.Generator) -> Iterator[Figure]:
    """Why tuning is repeated: ten seeds of a single tuning study per arm, and its luck
    counts as an effect.
    """
    for tuning in TUNING:
        luck = differences(rng, (experiments, 1), 0.0, "normal") * tuning
        seeds = differences(rng, (experiments, 10), 0.0, "normal")
        wrong = share(
            judge(row, NARROW).verdict in ("supported", "refuted")
            for row in seeds + luck
        )
        most = 0.05 if tuning == 0 else None
        yield Figure(
            "one study",
            f"10 seeds, tuning {tuning:g}",
            "a direction where there is none",
            wrong,
            experiments,
            most=most,
        )


def test_train_ratio(
    experiments: int, rng: np.random.Generator
) -> Iterator[Figure]:
    """Blocks that split one finite pool anew, with real learners, tuned in every block.

    The arms are ridge classifiers on two sets of features that are exchangeable, so the
    true difference is 0.
    """
    pool, blocks = 300, 10
    for portion in (0.1, 0.2):
        test = round(pool * portion)
        d = np.concatenate(
            [
                resplits(rng, size, pool, test, blocks)
                for size in chunks(experiments, 500)
            ]
        )
        hyperparameter = f"{blocks} splits of {pool} examples, {100 * portion:g} % for the test"
        for what, ratio, least in (
            ("plain", 0.0, None),
            ("corrected", test / (pool - test), 0.94),
        ):
            intervals = [
                judge(row, NARROW, test_train_ratio=ratio).interval
                for row in d
            ]
            covered = share(low <= 0 <= high for low, high in intervals)
            yield Figure(
                "test_train_ratio",
                hyperparameter,
                f"{what} interval covers the truth",
                covered,
                experiments,
                least,
            )


def families(experiments: int, rng: np.random.Generator) -> Iterator[Figure]:
    """Ten claims of one task, some without effect and some exactly at their margin: any
    error of a kind counts.
    """
    for blocks, zeros in itertools.product(BLOCKS, (10, 5, 0)):
        margins = np.repeat([NARROW, WIDE], [zeros, 10 - zeros])
        truth = np.repeat([0.0, WIDE], [zeros, 10 - zeros])
        wrong_sign, wrong_equal = 0, 0
        for row in (
            differences(rng, (experiments, 10, blocks), 0.5, "normal")
            + truth[:, np.newaxis]
        ):
            verdicts = judge_family(
                [
                    Sample(d, margin)
                    for d, margin in zip(row, margins, strict=True)
                ]
            )
            wrong_sign += any(
                v.verdict in ("supported", "refuted") for v in verdicts[:zeros]
            )
            wrong_equal += any(
                v.verdict == "no_difference" for v in verdicts[zeros:]
            )
        hyperparameter = f"{blocks} blocks, {zeros} claims without effect, {10 - zeros} at the margin"
        errors = (
            [("any direction where there is none", wrong_sign)]
            if zeros
            else []
        )
        errors += (
            [('any "no difference" at the margin', wrong_equal)]
            if zeros < 10
            else []
        )
        for what, count in errors:
            yield Figure(
                "family",
                hyperparameter,
                what,
                count / experiments,
                experiments,
                most=0.05,
            )


def no_worse(experiments: int, rng: np.random.Generator) -> Iterator[Figure]:
    """One-sided claims that an arm is no worse by a margin: on the line, clearly on
    either side of it, and against a published figure with an error of its own.
    """
    for blocks in BLOCKS:
        d = differences(rng, (experiments, blocks), 0.5, "normal")
        published = 0.5 * rng.standard_normal((experiments, 1))
        cases = (
            ("at the margin", d - WIDE, 0.0),
            (
                "at the margin of a figure with an error of 0.5",
                d - WIDE + published,
                0.5,
            ),
        )
        for where, rows, error in cases:
            found = [
                judge(
                    row, WIDE, hypothesis="no_worse", reference_se=error
                ).verdict
                for row in rows
            ]
            for answer in ("supported", "refuted"):
                count = share(one == answer for one in found)
                setting = f"{blocks} blocks, {where}"
                yield Figure(
                    "no worse", setting, answer, count, experiments, most=0.05
                )
        for effect, answer in ((0.0, "supported"), (-2 * WIDE, "refuted")):
            found = [
                judge(row + effect, WIDE, hypothesis="no_worse").verdict
                for row in d
            ]
            count = share(one == answer for one in found)
            setting = f"{blocks} blocks, margin {WIDE}, effect {effect:g}"
            yield Figure(
                "no worse", setting, answer, count, experiments, least=0.8
            )


def some_levels(
    experiments: int, rng: np.random.Generator
) -> Iterator[Figure]:
    """Wins on at least three of five levels, whose effects in one block are correlated
    by one half. At worst two levels have a large effect and the rest have none, or three
    have one as large as the margin and the rest have none.
    """
    levels, needed, far = 5, 3, 6.0
    cases = (
        (
            "two far ahead, rest 0",
            (far, far, 0, 0, 0),
            "supported",
            None,
            0.05,
        ),
        (
            "two far behind, rest 0",
            (0, 0, 0, -far, -far),
            "refuted",
            None,
            0.05,
        ),
        (
            "three at the margin",
            (WIDE,) * 3 + (0, 0),
            "no_difference",
            None,
            0.05,
        ),
        ("three far ahead", (far,) * 3 + (0, 0), "supported", 0.8, None),
        ("three far behind", (-far,) * 3 + (0, 0), "refuted", 0.8, None),
    )
    for blocks, (where, shifts, answer, least, most) in itertools.product(
        BLOCKS, cases
    ):
        common = rng.standard_normal((experiments, 1, blocks))
        own = rng.standard_normal((experiments, levels, blocks))
        noise = (common + own) / math.sqrt(2)
        d = (
            np.array(shifts)[:, np.newaxis] + noise
        )  # (experiments, levels, blocks)
        margin = WIDE if answer == "no_difference" else NARROW
        count = share(_judge_some(one, margin, needed) == answer for one in d)
        setting = f"{blocks} blocks, 3 of 5 levels: {where}"
        yield Figure(
            "some levels", setting, answer, count, experiments, least, most
        )


def rankings(experiments: int, rng: np.random.Generator) -> Iterator[Figure]:
    """Rankings of four arms, one level of noise each: an order that does not hold
    because the last two arms are equal, neighbours all equal or all a margin apart, and
    orders that hold or do not by far; how often simultaneous intervals give every arm
    its true places; and how often any pair at the margin is said to tie.
    """
    arms, far = 4, 6.0
    cases = (
        ("last two equal", (2 * far, far, 0, 0), "supported", None, 0.05),
        ("all equal", (0,) * 4, "refuted", None, 0.05),
        ("margin apart", (3, 2, 1, 0), "no_difference", None, 0.05),
        ("far apart", (3 * far, 2 * far, far, 0), "supported", 0.8, None),
        ("two swapped", (2 * far, 0, far, -far), "refuted", 0.8, None),
    )
    for blocks, (where, means, answer, least, most) in itertools.product(
        BLOCKS, cases
    ):
        values = rng.standard_normal((experiments, blocks, arms)) + means
        margin = 1.0 if answer == "no_difference" else NARROW
        found = share(_judge_order(one, margin) == answer for one in values)
        setting = f"{blocks} blocks, order: {where}"
        yield Figure(
            "rankings", setting, answer, found, experiments, least, most
        )
    apart = (1.0, 0.0, 0.0, -1.0)
    for blocks, means in itertools.product(BLOCKS, ((0.0,) * 4, apart)):
        values = rng.standard_normal((experiments, blocks, arms)) + means
        right = share(_places_hold(one, means) for one in values)
        setting = f"{blocks} blocks, true means {means}"
        what = "all places hold"
        yield Figure("rankings", setting, what, right, experiments, 0.95)
    for blocks in BLOCKS:
        noise = rng.standard_normal((experiments, blocks, arms))
        values = noise + np.array([WIDE, 0.0, 0.0, -WIDE])
        wrong = share(_any_false_tie(one, WIDE) for one in values)
        setting = f"{blocks} blocks, the first a margin ahead"
        what = "a pair at the margin or beyond ties"
        yield Figure("rankings", setting, what, wrong, experiments, most=0.05)


def _judge_order(values: Floats, margin: float) -> str:
    """The answer to a ranking of the columns, as they stand, of (blocks, arms)."""
    neighbours = (values[:, :-1] - values[:, 1:]).T
    samples = [
        Sample(one, margin, level=f"{number}", levels_needed=len(neighbours))
        for number, one in enumerate(neighbours)
    ]
    return judge_family([samples])[0].verdict


def _placing_of(values: Floats, margin: float = NARROW) -> Placing:
    """The places of the columns of (blocks, arms), named by their numbers."""
    pairs = [estimate(one) for one in differences_of_pairs(values)]
    names = [f"{number}" for number in range(values.shape[1])]
    return place_arms(names, pairs, margin, 0.95)


def _places_hold(values: Floats, means: Sequence[float]) -> bool:
    """Whether every arm may have each place that it truly shares."""
    for place in _placing_of(values).places:
        mine = means[int(place.arm)]
        better = sum(other > mine for other in means)
        worse = sum(other < mine for other in means)
        last = len(means) - worse
        if place.first > better + 1 or place.last < last:
            return False
    return True


def _any_false_tie(values: Floats, margin: float) -> bool:
    """Whether one of the two outer arms is said to tie, each a margin away."""
    ties = _placing_of(values, margin).ties
    return any(set(pair) != {"1", "2"} for pair in ties)


def power_laws(experiments: int, rng: np.random.Generator) -> Iterator[Figure]:
    """Exponents on four levels whose values in one block are correlated by one half, with
    noise of 10 %: how often one at the margin is said to be the claimed one, one in the
    middle is found, and a law that is no power, or is one, is objected to.
    """
    x = np.array([100.0, 300.0, 1000.0, 3000.0])
    kind, margin = PowerLaw(), 0.1
    for blocks in BLOCKS:
        common = rng.standard_normal((experiments, blocks, 1))
        own = rng.standard_normal((experiments, blocks, len(x)))
        noise = np.exp(0.1 * (common + own) / math.sqrt(2))
        flat, bent = x**-0.5, x**-0.5 * np.exp(-x / 1000)

        def answers(
            exponent: float, values: Floats = noise * flat
        ) -> list[str]:
            slopes_of = [
                kind.effects(one, x)[:, 0] + exponent for one in values
            ]
            return [
                judge(d, margin, hypothesis="equivalence").verdict
                for d in slopes_of
            ]

        at_margin = share(one == "supported" for one in answers(0.5 + margin))
        same = share(one == "supported" for one in answers(0.5))
        other = share(one == "refuted" for one in answers(0.5 + 3 * margin))
        objected = [
            share(
                has_moved(change_of_exponent(one, x), 0.01)
                for one in noise * law
            )
            for law in (flat, bent)
        ]
        rows = (
            (
                "supported, with the exponent at the margin",
                at_margin,
                None,
                0.05,
            ),
            ("supported, with the exponent that is claimed", same, 0.8, None),
            ("refuted, with one at three margins", other, 0.8, None),
            ("gate fires, for a power", objected[0], None, 0.05),
            (
                "gate fires, for a power times exp(-x / 1000)",
                objected[1],
                0.8,
                None,
            ),
        )
        for what, found, least, most in rows:
            setting = f"{blocks} blocks, 4 levels"
            yield Figure(
                "power laws", setting, what, found, experiments, least, most
            )


def _judge_some(d: Floats, margin: float, needed: int) -> str:
    """The answer to a claim on some of the levels: d is (levels, blocks)."""
    samples = [Sample(row, margin, levels_needed=needed) for row in d]
    (verdict,) = judge_family([samples])
    return verdict.verdict


def facts(experiments: int, rng: np.random.Generator) -> Iterator[Figure]:
    """Results without spread: two classifiers that hardly ever err, each tested on
    1,000 examples, so that most blocks give equal shares; and facts ("always") that
    fail in one instance out of K / 3, which is the bound that is printed.

    At the margin one arm has two errors on average and the other almost none: counts so
    small are skewed, and no t-test is exact there, with or without the least spread.
    """
    examples, margin = 1000, 0.002
    for blocks in BLOCKS:
        for error in (1e-5, 3e-4):
            shape = experiments, blocks
            first = rng.binomial(examples, error, shape) / examples
            second = rng.binomial(examples, error, shape) / examples
            worse = rng.binomial(examples, error + margin, shape) / examples
            cases = (
                (
                    "a direction where there is none",
                    first - second,
                    DIRECTIONS,
                    None,
                    0.05,
                ),
                (
                    "no difference where there is none",
                    first - second,
                    EQUAL,
                    0.8,
                    None,
                ),
                (
                    '"no difference" at the margin',
                    worse - first,
                    EQUAL,
                    None,
                    None,
                ),
            )
            for what, rows, wanted, least, most in cases:
                found = [
                    judge(row, margin, resolution=1 / examples) for row in rows
                ]
                count = share(one.verdict in wanted for one in found)
                setting = f"{blocks} blocks, {100 * error:g} % errors, margin {margin}"
                yield Figure(
                    "facts", setting, what, count, experiments, least, most
                )
            plain = share(
                judge(d, margin).verdict in EQUAL for d in worse - first
            )
            what = '"no difference" at the margin, were equal values no spread'
            yield Figure("facts", setting, what, plain, experiments)
        failing = rng.random((experiments, blocks)) < 3 / blocks
        count = share(
            judge(-1.0 * row, NARROW, hypothesis="always").verdict
            == "supported"
            for row in failing
        )
        setting = f"{blocks} instances, of which 3 fail on average"
        yield Figure(
            "facts", setting, "supported", count, experiments, most=0.05
        )


def looks(experiments: int, rng: np.random.Generator) -> Iterator[Figure]:
    """Looking at 6, 10 and 16 blocks and stopping once a claim is settled."""
    data = differences(rng, (experiments, LOOKS[-1]), 0.5, "normal")
    for effect, bounds in ((0.0, (None, 0.05)), (1.0, (0.85, None))):
        found = [
            judge_looks([Sample(row + effect, NARROW)], LOOKS)[0][0]
            for row in data
        ]
        what = (
            "a direction where there is none" if effect == 0 else "supported"
        )
        settled = share(
            verdict.verdict in ("supported", "refuted") for verdict in found
        )
        used = float(np.mean([verdict.blocks for verdict in found]))
        hyperparameter = f"looks at 6, 10, 16; effect {effect:g}; {used:.1f} blocks on average"
        yield Figure(
            "looks", hyperparameter, what, settled, experiments, *bounds
        )
    peeked = share(
        any(
            judge(row[:k], NARROW).verdict in ("supported", "refuted")
            for k in LOOKS
        )
        for row in data
    )
    yield Figure(
        "looks",
        "naive peeking at 6, 10, 16; effect 0",
        "a direction where there is none",
        peeked,
        experiments,
    )


def power(experiments: int, rng: np.random.Generator) -> Iterator[Figure]:
    """Effects of the size that plans promise to detect, alone and as the strictest of
    ten claims.
    """
    for blocks, claims in itertools.product(BLOCKS, (1, 10)):
        effect = smallest_effect(blocks, claims)
        rows = differences(rng, (experiments, claims, blocks), 0.5, "normal")
        rows[:, 0] += effect
        hits = share(
            judge_family([Sample(d, NARROW) for d in row])[0].verdict
            == "supported"
            for row in rows
        )
        alone = (
            "alone"
            if claims == 1
            else f"the only effect among {claims} claims"
        )
        hyperparameter = f"{blocks} blocks, effect {effect:.2f}, {alone}"
        yield Figure(
            "power",
            hyperparameter,
            "supported",
            hits,
            experiments,
            least=POWER - SLACK,
        )
    for blocks in BLOCKS[1:]:
        rows = differences(rng, (experiments, blocks), 0.5, "normal")
        equal = share(
            judge(row, WIDE).verdict == "no_difference" for row in rows
        )
        yield Figure(
            "power",
            f"{blocks} blocks, effect 0, margin {WIDE}",
            '"no difference"',
            equal,
            experiments,
            least=0.77,
        )


def axis(experiments: int, rng: np.random.Generator) -> Iterator[Figure]:
    """Interactions: the slope of a gap over log x, and where it crosses 0 (Fieller)."""
    x = np.array([100.0, 300.0, 1000.0, 3000.0])
    truth, slope = 500.0, 0.5
    for blocks in BLOCKS:
        level = rng.standard_normal(
            (experiments, blocks, 1)
        )  # what is common to a block's levels
        noise = level * 0.5 + rng.standard_normal(
            (experiments, blocks, len(x))
        )
        gaps = slope * np.log(x / truth) + noise
        intervals = [
            estimate(slopes(gap, x)[1]).interval(0.95) for gap in gaps
        ]
        covered = share(low <= slope <= high for low, high in intervals)
        yield Figure(
            "axis",
            f"{blocks} blocks, 4 levels",
            "slope's interval covers it",
            covered,
            experiments,
            0.94,
            0.96,
        )
        found = [crossover(gap, x) for gap in gaps]
        where = [
            one.state == "not located" or one.low <= truth <= one.high
            for one in found
        ]
        yield Figure(
            "axis",
            f"{blocks} blocks, 4 levels",
            "crossing's interval covers it",
            share(where),
            experiments,
            0.935,
        )


def bounded(experiments: int, rng: np.random.Generator) -> Iterator[Figure]:
    """Intervals of one arm's mean near what a metric can be: accuracies near 1, counted
    on 200 examples, whose true values vary between blocks, and costs, which are
    lognormal.

    Theory promises 95 % for the geometric mean of a lognormal cost alone. Means of few
    skewed values are covered less often than that by either interval; one that keeps
    within the bounds comes closer.
    """
    examples = 200
    for blocks, (mean, concentration) in itertools.product(
        BLOCKS, ((0.9, 5.0), (0.98, 30.0))
    ):
        a, b = mean * concentration, (1 - mean) * concentration
        rates = rng.beta(a, b, (experiments, blocks))
        accuracies = rng.binomial(examples, rates) / examples
        plain, bent = zip(*map(accuracy_intervals, accuracies), strict=True)
        setting = f"{blocks} blocks, accuracy {100 * mean:g} %"
        beyond = share(high > 1 for _, high in plain)
        figures = (
            ("plain interval leaves [0, 1]", beyond),
            ("plain interval covers the mean", coverage(plain, mean)),
            (
                "interval within the bounds covers the mean",
                coverage(bent, mean),
            ),
        )
        for what, found in figures:
            yield Figure("bounded", setting, what, found, experiments)
    for blocks, sigma in itertools.product(BLOCKS, (0.5, 1.0)):
        costs = np.exp(sigma * rng.standard_normal((experiments, blocks)))
        ends = [geometric(row)[1:] for row in costs]
        plain_ends = [estimate(row).interval(0.95) for row in costs]
        setting = f"{blocks} blocks, log cost with a deviation of {sigma:g}"
        true_mean = math.exp(sigma**2 / 2)
        what, found = (
            "plain interval covers the mean",
            coverage(plain_ends, true_mean),
        )
        yield Figure("bounded", setting, what, found, experiments)
        what, found = (
            "geometric interval covers the geometric mean",
            coverage(ends, 1),
        )
        yield Figure("bounded", setting, what, found, experiments, 0.95, 0.95)


def accuracy_intervals(values: Floats) -> tuple[Interval, Interval]:
    """The plain interval of a mean accuracy, and the one that keeps within 0 and 1."""
    found = estimate(values)
    plain = found.interval(0.95)
    low, high = within_bounds(found.mean, *plain, (0.0, 1.0))
    return plain, (float(low), float(high))


def coverage(intervals: Iterable[Interval], truth: float) -> float:
    """The share of intervals that hold the truth."""
    return share(low <= truth <= high for low, high in intervals)


def moving(experiments: int, rng: np.random.Generator) -> Iterator[Figure]:
    """The gates that ask whether twice the trials, or twice the training, moved an
    effect by more than the margin: changes in standard deviations of a change.
    """
    for blocks in BLOCKS:
        still = differences(rng, (experiments, blocks), 0.5, "normal")
        for margin in (NARROW, 1.0):
            yield Figure(
                "moving",
                f"{blocks} blocks, margin {margin:g}, nothing moves",
                "gate fires",
                share(has_moved(row, margin) for row in still),
                experiments,
                most=0.05,
            )
        size = smallest_effect(blocks)
        yield Figure(
            "moving",
            f"{blocks} blocks, margin {size / 3:.2f}, change {size:.2f}",
            "gate fires",
            share(has_moved(row + size, size / 3) for row in still),
            experiments,
            least=POWER - SLACK,
        )


def halves(experiments: int, rng: np.random.Generator) -> Iterator[Figure]:
    """The gate that asks, on validation, whether all trials moved an effect against
    half of them: against the half that came first, or on average over all halves.

    Each trial is a learning rate between 0 and 1, and costs an arm the square of its
    distance from 1/2, in units of what the arm bears: 1/2, or where arms are unalike
    0.15 in the one that is behind; at most 1. The margin is 0.1.
    """
    for blocks, trials in itertools.product(BLOCKS, (4, 8, 16)):
        for behind, what in ((0.5, "arms alike"), (0.15, "arms unalike")):
            shape = (experiments, blocks, trials)
            arms = [_searched(rng, shape, borne) for borne in (0.5, behind)]
            for name, half in (
                ("the first half", _first_half),
                ("all halves", _average_half),
            ):
                ahead, other = (arm.max(-1) - half(arm) for arm in arms)
                yield Figure(
                    "halves",
                    f"{blocks} blocks, {trials} trials, {what}",
                    f"gate fires, against {name}",
                    share(has_moved(row, 0.1) for row in ahead - other),
                    experiments,
                    most=0.05 if what == "arms alike" else None,
                )


def _searched(
    rng: np.random.Generator, shape: tuple[int, ...], borne: float
) -> Floats:
    """What random rates give an arm, on validation."""
    distance = np.abs(rng.uniform(size=shape) - 0.5) / borne
    return np.asarray(-np.minimum(distance**2, 1.0))


def _first_half(values: Floats) -> Floats:
    """The best of the trials that came first."""
    first = values[..., : values.shape[-1] // 2]
    return np.asarray(first.max(-1))


def _average_half(values: Floats) -> Floats:
    """The best of half of the trials, on average over all halves."""
    best_first = -np.sort(-values, axis=-1)
    half = values.shape[-1] // 2
    chances = chances_of_best(best_first[0, 0], half, "random", "higher")
    return np.asarray(best_first @ chances)


def pooling(experiments: int, rng: np.random.Generator) -> Iterator[Figure]:
    """Several campaigns of one claim, of six blocks each, whose true effects vary with
    a standard deviation of tau; two or three say little of tau.
    """
    for campaigns, tau in itertools.product(CAMPAIGNS, BETWEEN):
        true = tau * rng.standard_normal((experiments, campaigns + 1))
        blocks = rng.standard_normal((experiments, campaigns, 6))
        blocks += true[:, :-1, np.newaxis]
        found = [pool([estimate(one) for one in each]) for each in blocks]
        pooled = [one for one in found if one is not None]
        shares = {
            "pooled interval covers the mean effect": share(
                one.interval[0] <= 0 <= one.interval[1] for one in pooled
            ),
            "prediction covers another campaign": share(
                one.prediction[0] <= another <= one.prediction[1]
                for one, another in zip(pooled, true[:, -1], strict=True)
            ),
            "said to differ": share(one.differ for one in pooled),
        }
        limits: dict[str, tuple[float | None, float | None]] = {
            "pooled interval covers the mean effect": (0.94, None),
            "said to differ": (None, 0.05 if tau == 0 else None),
        }
        for what, found_share in shares.items():
            least, most = limits.get(what, (None, None))
            hyperparameter = f"{campaigns} campaigns, tau {tau:g}"
            yield Figure(
                "pooling",
                hyperparameter,
                what,
                found_share,
                experiments,
                least,
                most,
            )


def pipeline(experiments: int, rng: np.random.Generator) -> Iterator[Figure]:
    """One arm against itself through everything: plan, driver, tuning, training,
    record, results and A/A test.

    A linear model is trained on noisy points, 6 blocks a comparison; one comparison for
    50 of the other tables' experiments. Where streams were shared or pairs mixed up,
    too many or too few of these would look different.
    """
    with tempfile.TemporaryDirectory() as folder:
        campaign = against_itself(
            max(2, experiments // 50), int(rng.integers(2**31)), Path(folder)
        )
    p = np.array([check.p for check in aa_test.run_aa_tests(campaign, ITSELF)])
    for level in (0.05, 0.2, 0.5):
        hyperparameter = (
            f"{len(campaign.cells)} cells, {len(campaign.runs):,} runs"
        )
        yield Figure(
            "pipeline",
            hyperparameter,
            f"p < {level:g}",
            share(p < level),
            len(p),
            level,
            level,
        )


# ----------------------------------------------------------------------- invented data


def against_itself(comparisons: int, seed: int, folder: Path) -> Campaign:
    """A finished campaign of one arm and its twin, at so many levels that are
    independent experiments.
    """
    path = folder / f"{ITSELF}.py"
    path.write_text(
        LINEAR.replace("COMPARISONS", str(comparisons)), encoding="utf-8"
    )
    tasks.load_file(path)
    given = {
        "name": ITSELF,
        "root_seed": seed,
        "blocks": 6,
        "trials": 2,
        "finals": 1,
        "device": "cpu",
    }
    plan = Plan(
        Profile.model_validate(
            {**given, "tasks": {ITSELF: {"aa_test": ["linear"]}}}
        )
    )
    launch(
        plan,
        folder / "results",
        executor=SerialExecutor(),
        tracking_uri="none",
    )
    return Results(folder / "results").load(plan.id)


ITSELF = "linear_against_itself"
LINEAR = """
import torch
from torch import nn

from tasks import Arm, Level, Float, Recipe, Space, Split, Splits, Task
from tasks.procedures.supervised import Classification


def load_data(level, seed):
    rng = torch.Generator().manual_seed(seed)

    def draw(examples):
        x = torch.randn(examples, 10, generator=rng)
        return Split(x, (x[:, 0] + torch.randn(examples, generator=rng) > 0).long())

    return Splits(draw(32), draw(100), draw(500))


TASK = Task(
    question="Does a linear model differ from itself?",
    load_data=load_data,
    arms=(Arm("linear", lambda shape, level, hyperparameters: nn.Linear(shape.features, shape.outputs)),),
    levels=tuple(Level(f"pair_{number}") for number in range(COMPARISONS)),
    procedure=Classification(),
    recipe=Recipe(steps=4, batch_size=8, evaluations=2),
    space=Space(lr=Float(1e-2, 1.0, log=True)),
    claims=(),
)
"""


def differences(
    rng: np.random.Generator, shape: tuple[int, ...], tuning: float, noise: str
) -> Floats:
    """Differences of two equal arms, each with seed and tuning noise, scaled to a
    standard deviation of 1.
    """
    kinds = {
        "normal": ("normal", "normal"),
        "skewed": ("skewed", "skewed"),
        "unequal": ("normal", "skewed"),
    }[noise]
    first, second = (
        draw(rng, shape, kind) + tuning * draw(rng, shape, kind)
        for kind in kinds
    )
    ratio = 2 if noise == "unequal" else 1
    scaled: Floats = (first - ratio * second) / math.sqrt(
        (1 + ratio**2) * (1 + tuning**2)
    )
    return scaled


def draw(
    rng: np.random.Generator, shape: tuple[int, ...], kind: str
) -> Floats:
    """Noise with mean 0 and standard deviation 1: normal, or lognormal as results near
    a ceiling are.
    """
    if kind == "normal":
        return rng.standard_normal(shape)
    return (rng.lognormal(size=shape) - math.exp(0.5)) / math.sqrt(
        (math.e - 1) * math.e
    )


def resplits(
    rng: np.random.Generator,
    experiments: int,
    pool: int,
    test: int,
    blocks: int,
) -> Floats:
    """Differences in test accuracy of two equal arms on random splits of one pool each:
    (experiments, blocks).
    """
    width, validation = 5, pool // 10
    y = rng.choice([-1.0, 1.0], (experiments, pool))
    x = 0.3 * y[..., np.newaxis] + rng.standard_normal(
        (experiments, pool, 2 * width)
    )
    d = np.empty((experiments, blocks))
    for block in range(blocks):
        order = rng.permuted(
            np.tile(np.arange(pool), (experiments, 1)), axis=1
        )
        xs, ys = (
            np.take_along_axis(x, order[..., np.newaxis], axis=1),
            np.take_along_axis(y, order, axis=1),
        )
        parts = [
            slice(test + validation, None),
            slice(test, test + validation),
            slice(0, test),
        ]
        scores = []
        for features in (slice(0, width), slice(width, None)):
            train, valid, sealed = (
                (xs[:, part, features], ys[:, part]) for part in parts
            )
            scores.append(tuned_ridge(rng, train, valid, sealed))
        d[:, block] = scores[0] - scores[1]
    return d


Part = tuple[
    Floats, Floats
]  # features (experiments, examples, width) and labels of +-1 (experiments, examples)


def tuned_ridge(
    rng: np.random.Generator,
    train: Part,
    validation: Part,
    test: Part,
    trials: int = 4,
) -> Floats:
    """Test accuracy of ridge regression on the labels, its penalty the best of a few
    random ones: (experiments,).
    """
    x, y = train
    gram, target = x.mT @ x, x.mT @ y[..., np.newaxis]
    fits = []
    for penalty in 10 ** rng.uniform(-1, 4, (trials, len(x), 1, 1)):
        fits.append(
            np.linalg.solve(gram + penalty * np.eye(x.shape[-1]), target)
        )
    on_validation, on_test = (
        np.stack([accuracy(fit, *part) for fit in fits])
        for part in (validation, test)
    )
    best: Floats = np.take_along_axis(
        on_test, on_validation.argmax(axis=0)[np.newaxis], axis=0
    )[0]
    return best


def accuracy(fit: Floats, x: Floats, y: Floats) -> Floats:
    return np.asarray(((x @ fit)[..., 0] * y > 0).mean(axis=1))


def chunks(total: int, size: int) -> Iterator[int]:
    yield from (min(size, total - start) for start in range(0, total, size))


def share(hits: Iterable[bool]) -> float:
    return float(np.mean(list(hits)))


# ------------------------------------------------------------------------------ report

Table = Callable[[int, np.random.Generator], Iterator[Figure]]
TABLES: dict[str, tuple[str, Table]] = {
    "one claim": ("One false claim at a time", one_claim),
    "one study": ("Why the tuning is repeated too", one_study),
    "test_train_ratio": ("Splits of one pool", test_train_ratio),
    "family": ("Families of ten claims", families),
    "looks": ("Adaptive blocks", looks),
    "power": ("Power", power),
    "axis": ("Along an axis", axis),
    "pipeline": ("One arm against itself", pipeline),
    "no worse": ("No worse", no_worse),
    "power laws": ("Power laws", power_laws),
    "some levels": ("Some of the levels", some_levels),
    "facts": ("Without spread, and facts", facts),
    "moving": ("Effects that still move", moving),
    "halves": ("Halves of a search", halves),
    "pooling": ("Several campaigns", pooling),
    "bounded": ("Means near a bound", bounded),
    "rankings": ("Rankings", rankings),
}


def report(found: list[Figure], experiments: int, seed: int) -> str:
    """The figures as Markdown."""
    three_errors = 300 * math.sqrt(0.05 * 0.95 / experiments)
    lines = [
        "# Verdicts, simulated",
        "",
        f"Written by `python ci/simulate.py --experiments {experiments} --seed {seed}`: every experiment goes through",
        "the code that judges campaigns. Effects and margins are in standard deviations of a block's difference,",
        "tuning noise in those of seed noise. A figure is in order within its bounds give or take three Monte-Carlo",
        f"errors, which is {three_errors:.2f} points at 5 %. Where theory sets no bound, the figure is for comparison.",
    ]
    for table, rows in itertools.groupby(
        found, key=lambda figure: figure.table
    ):
        title, make = TABLES[table]
        lines += [
            "",
            f"## {title}",
            "",
            inspect.cleandoc(make.__doc__ or ""),
            "",
        ]
        lines += [
            "| experiments | share of | found | theory | |",
            "|---|---|--:|--:|---|",
        ]
        lines += [
            f"| {row.hyperparameter} | {row.what} | {100 * row.share:.1f} % | {bounds(row)} | {mark(row)} |"
            for row in rows
        ]
    return "\n".join(lines) + "\n"


def merged(old: str, new: str) -> str:
    """The old report with the tables of the new one in place of its own. ValueError
    unless they were made alike.
    """
    (head, *tables), (same_head, *others) = (
        old.split(SECTION),
        new.split(SECTION),
    )
    if head.strip() != same_head.strip():
        raise ValueError(
            "The file was written with other --experiments or --seed: simulate all of it."
        )
    by_title = {
        table.partition("\n")[0]: table.strip() + "\n"
        for table in (*tables, *others)
    }
    in_order = [
        by_title[title] for title, _ in TABLES.values() if title in by_title
    ]
    return head.strip() + "\n" + "".join(SECTION + table for table in in_order)


SECTION = "\n## "


def bounds(figure: Figure) -> str:
    if figure.least == figure.most and figure.least is not None:
        return f"{100 * figure.least:g} %"
    if figure.least is not None and figure.most is not None:
        return f"{100 * figure.least:g}–{100 * figure.most:g} %"
    if figure.least is not None:
        return f"≥ {100 * figure.least:g} %"
    return "" if figure.most is None else f"≤ {100 * figure.most:g} %"


def mark(figure: Figure) -> str:
    return "" if not bounds(figure) else "✓" if figure.fine else "✗"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--experiments", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--only",
        choices=TABLES,
        help="simulate one table and leave the others in the file as they are",
    )
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).with_name("SIMULATION.md")
    )
    given = parser.parse_args()
    start, found = time.perf_counter(), []
    for figure in figures(given.experiments, given.seed, given.only):
        found.append(figure)
        seconds = time.perf_counter() - start
        print(
            f"{seconds:5.0f} s  {figure.hyperparameter}: {figure.what} {100 * figure.share:.1f} % {mark(figure)}"
        )
    text = report(found, given.experiments, given.seed)
    if given.only:
        text = merged(given.out.read_text(encoding="utf-8"), text)
    given.out.write_text(text, encoding="utf-8")
    return 0 if all(figure.fine for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())

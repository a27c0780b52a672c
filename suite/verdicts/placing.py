"""Between which places each arm of a ranking lies, and which of its arms tie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from suite.verdicts.statistics import Estimate, Floats


@dataclass(frozen=True)
class Place:
    """The places that one arm may have, from 1."""

    arm: str
    """The name of the arm."""

    first: int
    """The best place that it may have: one more than the arms surely better."""

    last: int
    """The worst one: all arms less those surely worse."""


@dataclass(frozen=True)
class Placing:
    """What simultaneous intervals of all pairs of arms say of their order."""

    places: tuple[Place, ...] = ()
    """Each arm, in the order of the means; empty before there are two blocks."""

    ties: tuple[tuple[str, str], ...] = ()
    """The pairs whose whole interval lies within the margin."""


def place_arms(
    arms: Sequence[str],
    pairs: Sequence[Estimate],
    margin: float,
    confidence: float,
) -> Placing:
    """The places of arms from the estimates of all pairs of them, which are in the order
    of ``itertools.combinations(arms, 2)``, the first arm's lead over the second. Pure.

    All intervals hold together with ``confidence`` (Bonferroni's inequality), and so do
    all places (Klein, Wright & Wieczorek, "A joint confidence region for an overall
    ranking of populations", 2020).
    """
    count = len(arms)
    simultaneous = 1 - (1 - confidence) / len(pairs)
    surely_better = np.zeros((count, count), dtype=bool)
    lead = np.zeros((count, count))
    ties = []
    in_order = combinations(range(count), 2)
    for (one, other), found in zip(in_order, pairs, strict=True):
        low, high = found.interval(simultaneous)
        surely_better[one, other] = low > 0
        surely_better[other, one] = high < 0
        lead[one, other], lead[other, one] = found.mean, -found.mean
        if -margin < low and high < margin:
            ties.append((arms[one], arms[other]))
    better_ones = surely_better.sum(axis=0)
    worse_ones = surely_better.sum(axis=1)
    best_first = np.argsort(-lead.sum(axis=1), kind="stable")
    places = tuple(
        Place(
            arms[arm], int(better_ones[arm]) + 1, int(count - worse_ones[arm])
        )
        for arm in best_first
    )
    return Placing(places, tuple(ties))


def differences_of_pairs(values: Floats) -> Floats:
    """How far the first arm of each pair is ahead: (pairs, blocks), from values
    (blocks, arms) of which more is better. Pairs are those of ``place_arms``.
    """
    arms = range(values.shape[1])
    return np.array(
        [
            values[:, one] - values[:, other]
            for one, other in combinations(arms, 2)
        ]
    )

"""How validation results improve with the tuning budget: the best of the first n
trials, over blocks. Does not import Optuna.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import comb, stdtrit

Better = Literal["lower", "higher"]


@dataclass(frozen=True)
class Budget:
    """The result of a budget of that many trials."""

    trials: int
    """Trials of each block that count."""

    mean: float
    """Mean over the blocks of the best value among them."""

    low: float
    """Lower end of the t interval of the mean; NaN if there is one block only."""

    high: float
    """Its upper end."""

    blocks: int
    """Blocks that have as many trials."""


def history(values: ArrayLike, better: Better = "lower") -> list[float]:
    """The best value so far after each trial of one study."""
    best = np.minimum if better == "lower" else np.maximum
    return [
        float(value)
        for value in best.accumulate(np.asarray(values, dtype=float))
    ]


def budget_curve(
    blocks: Sequence[ArrayLike],
    better: Better = "lower",
    confidence: float = 0.95,
) -> list[Budget]:
    """The best value with budgets of 1, 2, 4, ... trials and with all, over blocks.

    The first n trials of a quasi-random study are the study with the budget n. Blocks
    are compared up to the shortest of them, so that every point covers the same blocks.
    """
    best = [history(values, better) for values in blocks]
    longest = min(map(len, best), default=0)
    budgets = (
        sorted({2**power for power in range(longest.bit_length())} | {longest})
        if longest
        else []
    )
    return [
        _budget(n, np.array([values[n - 1] for values in best]), confidence)
        for n in budgets
    ]


def _budget(
    trials: int, values: NDArray[np.float64], confidence: float
) -> Budget:
    blocks, mean = len(values), float(values.mean())
    if blocks < 2:
        return Budget(trials, mean, math.nan, math.nan, blocks)
    # The t quantile and not the normal one: a study has some six to ten
    # blocks.
    half = float(
        stdtrit(blocks - 1, (1 + confidence) / 2)
        * values.std(ddof=1)
        / math.sqrt(blocks)
    )
    return Budget(trials, mean, mean - half, mean + half, blocks)


# --------------------------------------------------------- some of the trials

# The trial at which each stage of a sampler's schedule ends: trials of one stage are
# exchangeable, so that which of them came first is chance.
STAGE_ENDS: dict[str, tuple[int, ...]] = {
    "sobol": (),
    "random": (),
    "qmc": (1, 8),
}


def stages(sampler: str, trials: int) -> list[range]:
    """The stages of a study, each as the numbers of its trials. Of a sampler that
    learns from results, or that is not known, each trial is a stage of its own.
    """
    ends = STAGE_ENDS.get(sampler, range(1, trials))
    inner = [end for end in ends if end < trials]
    bounds = [0, *inner, trials]
    return [range(low, high) for low, high in pairwise(bounds)]


def chances_of_best(
    values: ArrayLike, trials: int, sampler: str, better: Better = "lower"
) -> NDArray[np.float64]:
    """How likely each trial of one study is the best of a study of so many ``trials``.

    That has the first stages whole and, of the one in which it ends, as many trials as
    are left, drawn at random: the expected validation performance of Dodge et al.
    (2019), "Show your work". The trials that came first are one such draw. Of equal
    values the earliest is the best. ``values`` are finite; the chances add up to 1.
    """
    found = np.asarray(values, dtype=float)
    sign = 1.0 if better == "lower" else -1.0
    best_first = np.argsort(sign * found, kind="stable")
    ranks = np.empty(len(found), dtype=int)
    ranks[best_first] = np.arange(len(found))
    # the chance that the best one's rank is at least that, for each rank
    at_least = np.ones(len(found) + 1)
    left = trials
    for stage in stages(sampler, len(found)):
        drawn = min(left, len(stage))
        left -= drawn
        worst_first = np.sort(ranks[stage.start : stage.stop])
        below = np.searchsorted(worst_first, np.arange(len(found) + 1))
        remaining = len(stage) - below
        at_least *= comb(remaining, drawn) / comb(len(stage), drawn)
    chances: NDArray[np.float64] = (at_least[:-1] - at_least[1:])[ranks]
    return chances

"""How validation results improve with the tuning budget: the best of the first n
trials, over blocks. Does not import Optuna.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

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
    half = float(
        stdtrit(blocks - 1, (1 + confidence) / 2)
        * values.std(ddof=1)
        / math.sqrt(blocks)
    )
    return Budget(trials, mean, mean - half, mean + half, blocks)

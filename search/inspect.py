"""What finished studies tell of the search itself: was the budget enough, what mattered? (search.ranges: was the
range wide enough?)

All take plain values: an arm's studies, one per block, with their trials in order. They look at validation only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import optuna
from numpy.typing import ArrayLike
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from scipy import stats

from search.ranges import place
from search.study import quiet
from tasks import Choice, Settings, Space

Better = Literal["lower", "higher"]

FEWEST_TRIALS = 8  # below these, importance is noise


@dataclass(frozen=True)
class Budget:
    """What a budget of so many trials gives: mean over blocks of the best value, with its t interval.

    ``low`` and ``high`` are NaN where there is one block only.
    """

    trials: int
    mean: float
    low: float
    high: float
    blocks: int


def history(values: ArrayLike, better: Better = "lower") -> list[float]:
    """The best value so far after each trial of one study."""
    best = np.minimum if better == "lower" else np.maximum
    return [float(value) for value in best.accumulate(np.asarray(values, dtype=float))]


def budget_curve(blocks: Sequence[ArrayLike], better: Better = "lower", confidence: float = 0.95) -> list[Budget]:
    """The best value with budgets of 1, 2, 4, ... trials and with all, over blocks.

    The first n trials of a quasi-random study are the study with the budget n. Blocks are compared up to the
    shortest of them, so that every point speaks for the same blocks.
    """
    best = [history(values, better) for values in blocks]
    longest = min(map(len, best), default=0)
    budgets = sorted({2**power for power in range(longest.bit_length())} | {longest}) if longest else []
    return [_budget(n, np.array([values[n - 1] for values in best]), confidence) for n in budgets]


def importance(space: Space, blocks: Sequence[tuple[Sequence[Settings], ArrayLike]], seed: int = 0) -> dict[str, float]:
    """Each setting's share of what made trials differ, the largest first; shares add up to 1.

    ``blocks`` has settings and values of each block's trials. Blocks differ in difficulty and failures have
    arbitrary worst values, so values are replaced by their ranks within the block before all are pooled. Settings
    enter on their own scale, which for a logarithmic range is the logarithm. Empty where there is nothing to tell:
    fewer than 8 trials, or all alike.

    After Hutter, Hoos and Leyton-Brown, "An efficient approach for assessing hyperparameter importance" (2014).
    """
    scales = {name: _scale(setting) for name, setting in space.items()}
    settings = [trial for trials, _ in blocks for trial in trials]
    ranks = [rank for _, values in blocks for rank in _ranks(values)]
    if not scales or len(ranks) < FEWEST_TRIALS or len(set(ranks)) == 1:
        return {}
    with quiet():
        study = optuna.create_study()
        study.add_trials(
            optuna.trial.create_trial(params=_on_scale(space, trial), distributions=scales, value=rank)
            for trial, rank in zip(settings, ranks, strict=True)
        )
        return get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=seed))


def _budget(trials: int, values: np.ndarray[Any, np.dtype[np.float64]], confidence: float) -> Budget:
    blocks, mean = len(values), float(values.mean())
    if blocks < 2:
        return Budget(trials, mean, math.nan, math.nan, blocks)
    half = float(stats.t.ppf((1 + confidence) / 2, blocks - 1) * values.std(ddof=1) / math.sqrt(blocks))
    return Budget(trials, mean, mean - half, mean + half, blocks)


def _ranks(values: ArrayLike) -> list[float]:
    """Ranks from 0 to 1 within one block, equals sharing theirs."""
    ranks = stats.rankdata(values)
    return [float(rank - 1) / max(len(ranks) - 1, 1) for rank in ranks]


def _scale(setting: Any) -> BaseDistribution:
    return CategoricalDistribution(setting.values) if isinstance(setting, Choice) else FloatDistribution(0, 1)


def _on_scale(space: Space, settings: Settings) -> dict[str, Any]:
    return {
        name: settings[name] if isinstance(setting, Choice) else place(setting, settings[name])
        for name, setting in space.items()
    }

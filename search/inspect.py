"""Hyperparameter importance in finished studies.

The input is one study per block of an arm, as plain values, with validation results
only. See search.ranges for whether the ranges were wide enough, and search.budget for
whether there were enough trials.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import optuna
from numpy.typing import ArrayLike
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
)
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from scipy import stats

from search.quiet import quiet
from search.ranges import position
from tasks import Categorical, Params, Space

MIN_TRIALS = 8  # with fewer, importance is noise


def importance(
    space: Space,
    blocks: Sequence[tuple[Sequence[Params], ArrayLike]],
    seed: int = 0,
) -> dict[str, float]:
    """Each hyperparameter's share of the variance between trials (fANOVA), the largest
    first; shares add up to 1.

    ``blocks`` has hyperparameters and values of each block's trials. Blocks differ in
    difficulty and failures have arbitrary worst values, so values are replaced by their
    ranks within the block before all are pooled. Hyperparameters enter on their own
    scale, which for a logarithmic range is the logarithm. Empty with fewer than 8
    trials, or if all have the same rank.

    After Hutter, Hoos and Leyton-Brown, "An efficient approach for assessing
    hyperparameter importance" (2014).
    """
    scales = {
        name: _scale(hyperparameter) for name, hyperparameter in space.items()
    }
    params = [trial for trials, _ in blocks for trial in trials]
    ranks = [rank for _, values in blocks for rank in _ranks(values)]
    if not scales or len(ranks) < MIN_TRIALS or len(set(ranks)) == 1:
        return {}
    with quiet():
        # A study of its own, whose space holds positions from 0 to 1: fANOVA
        # fits trees on values, and a rate between 1e-5 and 1 would all lie at
        # one end.
        study = optuna.create_study()
        study.add_trials(
            optuna.trial.create_trial(
                params=_on_scale(space, trial),
                distributions=scales,
                value=rank,
            )
            for trial, rank in zip(params, ranks, strict=True)
        )
        return get_param_importances(
            study, evaluator=FanovaImportanceEvaluator(seed=seed)
        )


def _ranks(values: ArrayLike) -> list[float]:
    """Ranks from 0 to 1 within one block; ties get their mean rank."""
    ranks = stats.rankdata(values)
    return [float(rank - 1) / max(len(ranks) - 1, 1) for rank in ranks]


def _scale(hyperparameter: Any) -> BaseDistribution:
    return (
        CategoricalDistribution(hyperparameter.values)
        if isinstance(hyperparameter, Categorical)
        else FloatDistribution(0, 1)
    )


def _on_scale(space: Space, params: Params) -> dict[str, Any]:
    """The point with all values; one that there was none of has its default."""
    known = {
        name: value
        for name, value in params.items()
        if value is not None and value == value
    }
    point = space.first_values | known
    return {
        name: point[name]
        if isinstance(hyperparameter, Categorical)
        else position(hyperparameter, point[name])
        for name, hyperparameter in space.items()
    }

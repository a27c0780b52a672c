"""Converts a task's space to Optuna distributions."""

from __future__ import annotations

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from tasks import Categorical, Float, Int, Space
from tasks.contract.space import Hyperparameter


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """One Optuna distribution per hyperparameter, in the space's order.

    Ranges stay logarithmic where they are; whole numbers stay whole.
    """
    return {
        name: _distribution(hyperparameter)
        for name, hyperparameter in space.items()
    }


def _distribution(hyperparameter: Hyperparameter) -> BaseDistribution:
    match hyperparameter:
        case Float(low, high, log):
            return FloatDistribution(low, high, log=log)
        case Int(low, high, log):
            return IntDistribution(low, high, log=log)
        case Categorical(values):
            return CategoricalDistribution(values)

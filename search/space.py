"""A task's space in Optuna's words."""

from __future__ import annotations

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from search.ranges import Hyperparameter
from tasks import Categorical, Float, Int, Space, UserError


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """One Optuna distribution per hyperparameter, in the space's order. Raises
    UserError naming a hyperparameter that has none.
    """
    return {
        name: _distribution(name, hyperparameter)
        for name, hyperparameter in space.items()
    }


def _distribution(name: str, hyperparameter: Hyperparameter) -> BaseDistribution:
    try:
        match hyperparameter:
            case Float(low, high, log):
                return FloatDistribution(low, high, log=log)
            case Int(low, high, log):
                return IntDistribution(low, high, log=log)
            case Categorical(values):
                return CategoricalDistribution(values)
    except ValueError as error:
        raise UserError(
            f"Setting {name}={hyperparameter!r} cannot be tuned: {error}"
        ) from error
    raise UserError(
        f"Setting {name}={hyperparameter!r} cannot be tuned: give a Float, an Int or a Categorical."
    )

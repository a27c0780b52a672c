"""A task's space in Optuna's words."""

from __future__ import annotations

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from search.ranges import Setting
from tasks import Choice, Range, Space, UserError, Whole


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """One Optuna distribution per setting, in the space's order. Raises UserError
    naming a setting that has none.
    """
    return {name: _distribution(name, setting) for name, setting in space.items()}


def _distribution(name: str, setting: Setting) -> BaseDistribution:
    try:
        match setting:
            case Range(low, high, log):
                return FloatDistribution(low, high, log=log)
            case Whole(low, high, log):
                return IntDistribution(low, high, log=log)
            case Choice(values):
                return CategoricalDistribution(values)
    except ValueError as error:
        raise UserError(
            f"Setting {name}={setting!r} cannot be tuned: {error}"
        ) from error
    raise UserError(
        f"Setting {name}={setting!r} cannot be tuned: give a Range, a Whole or a Choice."
    )

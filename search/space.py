"""A task's space in Optuna's words, as plain values for the record, and as places between 0 and 1."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from tasks import Choice, Range, Space, UserError, Whole

Setting = Range | Whole | Choice


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """One Optuna distribution per setting, in the space's order. Raises UserError naming a setting that has none."""
    return {name: _distribution(name, setting) for name, setting in space.items()}


def describe(space: Space) -> dict[str, dict[str, Any]]:
    """The space as plain values that JSON can hold; ``restore`` makes a space of them again."""
    return {name: _plain(setting) for name, setting in space.items()}


def restore(described: Mapping[str, Mapping[str, Any]]) -> Space:
    return Space(**{name: _setting(plain) for name, plain in described.items()})


def place(setting: Range | Whole, value: float) -> float:
    """Where a value lies in its range, on the range's own scale: 0 at the low end, 1 at the high one."""
    low, high = setting.low, setting.high
    if low == high:
        return 0.5
    if setting.log:
        low, high, value = math.log(low), math.log(high), math.log(value)
    return min(max((value - low) / (high - low), 0.0), 1.0)  # a logarithm's rounding may lead just outside


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
        raise UserError(f"Setting {name}={setting!r} cannot be tuned: {error}") from error
    raise UserError(f"Setting {name}={setting!r} cannot be tuned: give a Range, a Whole or a Choice.")


def _plain(setting: Setting) -> dict[str, Any]:
    if isinstance(setting, Choice):
        return {"values": list(setting.values)}
    plain = {"low": setting.low, "high": setting.high, "log": setting.log}
    return plain | {"whole": True} if isinstance(setting, Whole) else plain


def _setting(plain: Mapping[str, Any]) -> Setting:
    if "values" in plain:
        return Choice(tuple(plain["values"]))
    kind = Whole if plain.get("whole") else Range
    return kind(plain["low"], plain["high"], plain["log"])

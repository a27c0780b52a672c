"""What may be tuned: ranges, choices and the space they make."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.contract.checks import FieldChecks, brief, is_number, plain
from tasks.contract.errors import UserError

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Float:
    """Real numbers from ``low`` to ``high``, evenly or (``log``) evenly in their
    logarithm.

    Raises UserError where low is not below high, or a logarithmic range does not begin
    above 0.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.number("low")
        check.number("high")
        check.flag("log")
        if not self.low < self.high:
            raise UserError(f"{self}: low must be smaller than high.")
        _check_log(self)


@dataclass(frozen=True)
class Int:
    """Whole numbers from ``low`` to ``high``, both included, evenly or (``log``)
    evenly in their logarithm.

    Raises UserError where low is above high, or a logarithmic range begins below 1.
    """

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        for name in ("low", "high"):
            value = plain(getattr(self, name))
            check.replace(name, value)
            if not isinstance(value, int) or isinstance(value, bool):
                raise check.error(name, "give a whole number, or use Float")
        check.flag("log")
        if self.low > self.high:
            raise UserError(f"{self}: low must not be larger than high.")
        _check_log(self)


@dataclass(frozen=True)
class Categorical:
    """One of a few values without an order: texts, numbers, True or False.

    Raises UserError where there are none, where two are equal, or for anything that
    JSON cannot hold.
    """

    values: tuple[str | int | float | bool, ...]

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.items("values", object, "give the values in a tuple", least=1)
        values = tuple(plain(value) for value in self.values)
        check.replace("values", values)
        for value in values:
            if not _is_choice(value):
                raise check.error(
                    "values",
                    f"{brief(value)} cannot be one: give texts, finite numbers, True "
                    "or False, and let `build` look up what they stand for",
                )
        if len(set(values)) < len(values):
            raise check.error("values", "two are equal: give each value once")


Hyperparameter = Float | Int | Categorical


class Space(Mapping[str, Hyperparameter]):
    """The hyperparameters that tuning may choose, by name: ``Space(lr=Float(1e-4, 1e-1,
    log=True), dropout=...)``.
    """

    def __init__(self, **params: Hyperparameter) -> None:
        for name, given in params.items():
            if not isinstance(given, Hyperparameter):
                raise UserError(_not_tunable(name, given))
        self._params = params

    def __getitem__(self, name: str) -> Hyperparameter:
        return self._params[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._params)

    def __len__(self) -> int:
        return len(self._params)

    def __repr__(self) -> str:
        listed = ", ".join(f"{name}={value!r}" for name, value in self.items())
        return f"Space({listed})"


def _check_log(range_: Float | Int) -> None:
    if range_.log and range_.low <= 0:
        raise UserError(f"{range_}: a logarithmic range must start above 0.")


def _is_choice(value: Any) -> bool:
    if is_number(value):
        return math.isfinite(value)
    return isinstance(value, str | bool)


def _not_tunable(name: str, given: Any) -> str:
    message = (
        f"Space({name}={brief(given)}): give a Float, an Int or a Categorical, such as "
        "Float(1e-4, 1e-1, log=True)"
    )
    value = plain(given)
    if _is_choice(value):
        return f"{message}; a fixed value is Categorical(({value!r},))."
    return f"{message}."

"""The search space: ranges and choices of hyperparameters."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.contract.checks import (
    LONGEST_NAME,
    FieldChecks,
    brief,
    is_finite,
    is_text,
    is_whole,
    plain,
    refuse,
)
from tasks.contract.errors import UserError

Params = Mapping[str, Any]
Value = str | int | float | bool


@dataclass(frozen=True)
class Float:
    """A float, uniform or log-uniform.

    Raises UserError if low is not below high, a logarithmic range does not begin above
    0, or the default is outside.
    """

    low: float
    """The smallest value."""

    high: float
    """The largest value."""

    log: bool = False
    """Whether its logarithm is uniform."""

    default: float | None = None
    """The value that every study tries first; None: the middle of the range, on its own
    scale.
    """

    when: Mapping[str, Value] = field(
        default_factory=dict, hash=False, repr=False
    )
    """Other hyperparameters with the values at which there is this one, such as
    ``{"optimizer": "sgd"}``; a run without it has no such hyperparameter.
    """

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.number("low")
        check.number("high")
        check.flag("log")
        if not self.low < self.high:
            raise UserError(f"{brief(self)}: low must be smaller than high.")
        _check_log(self)
        if check.given("default"):
            check.number(
                "default", self.low, self.high, "the value to try first"
            )
        _check_when(check)

    @property
    def extremes(self) -> tuple[float, ...]:
        """Both ends of the range."""
        return self.low, self.high

    @property
    def first_value(self) -> float:
        """The default, or the middle of the range."""
        if self.default is not None:
            return self.default
        if self.log:
            # The middle on a logarithmic scale is the geometric mean.
            return math.sqrt(self.low * self.high)
        return (self.low + self.high) / 2


@dataclass(frozen=True)
class Int:
    """An integer, uniform or log-uniform.

    Raises UserError if low is above high, a logarithmic range begins below 1, or the
    default is outside.
    """

    low: int
    """The smallest value."""

    high: int
    """The largest value, which is included."""

    log: bool = False
    """Whether its logarithm is uniform."""

    default: int | None = None
    """The value that every study tries first; None: the middle of the range, on its own
    scale.
    """

    when: Mapping[str, Value] = field(
        default_factory=dict, hash=False, repr=False
    )
    """Other hyperparameters with the values at which there is this one, such as
    ``{"optimizer": "sgd"}``; a run without it has no such hyperparameter.
    """

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        given = [
            "low",
            "high",
            *(["default"] if check.given("default") else []),
        ]
        for name in given:
            value = plain(getattr(self, name))
            check.replace(name, value)
            if not is_whole(value):
                raise check.error(name, "give a whole number, or use Float")
        check.flag("log")
        if self.low > self.high:
            raise UserError(
                f"{brief(self)}: low must not be larger than high."
            )
        _check_log(self)
        if check.given("default"):
            check.number(
                "default", self.low, self.high, "the value to try first"
            )
        _check_when(check)

    @property
    def extremes(self) -> tuple[int, ...]:
        """Both ends of the range."""
        return self.low, self.high

    @property
    def first_value(self) -> int:
        """The default, or the middle of the range."""
        if self.default is not None:
            return self.default
        if self.log:
            return round(math.sqrt(self.low * self.high))
        return (self.low + self.high) // 2


@dataclass(frozen=True)
class Categorical:
    """A categorical choice.

    Raises UserError if there are no values, if two are equal, if the default is not one
    of them, or for anything that JSON cannot hold.
    """

    values: tuple[Value, ...]
    """What can be chosen: strings, numbers, True or False."""

    default: Value | None = None
    """The value that every study tries first; None: the first one."""

    when: Mapping[str, Value] = field(
        default_factory=dict, hash=False, repr=False
    )
    """Other hyperparameters with the values at which there is this one, such as
    ``{"optimizer": "sgd"}``; a run without it has no such hyperparameter.
    """

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.items("values", object, "give the values in a tuple", least=1)
        values = tuple(plain(value) for value in self.values)
        check.replace("values", values)
        for value in values:
            if not is_value(value):
                raise check.error(
                    "values",
                    f"{brief(value)} cannot be one: give texts, finite numbers, True "
                    "or False, and let `build` look up what they stand for",
                )
        if len(set(values)) < len(values):
            raise check.error("values", "two are equal: give each value once")
        if check.given("default"):
            check.replace("default", plain(self.default))
            if not is_value(self.default) or self.default not in values:
                raise check.error("default", f"give one of {brief(values)}")
        _check_when(check)

    @property
    def extremes(self) -> tuple[Value, ...]:
        """All values, since they have no order."""
        return self.values

    @property
    def first_value(self) -> Value:
        """The default, or the first of the values."""
        return self.values[0] if self.default is None else self.default


Hyperparameter = Float | Int | Categorical


class Space(Mapping[str, Hyperparameter]):
    """The hyperparameters that tuning may choose, by name: ``Space(lr=Float(1e-4, 1e-1,
    log=True), dropout=...)``.

    A value that is fixed for some runs has no place here: ``Arm.params`` and
    ``Level.params`` hold it.
    """

    def __init__(self, **params: Hyperparameter) -> None:
        for name, given in params.items():
            check_hyperparameter_name("Space", name)
            if not isinstance(given, Hyperparameter):
                raise UserError(_not_tunable(name, given))
        self._params = params
        self._points: tuple[dict[str, Value], ...] = ()

    @classmethod
    def of_points(cls, points: Sequence[Mapping[str, Value]]) -> Space:
        """A fixed grid: these points are all trials there are, in this order. Each has a
        value for the same names.
        """
        columns = {
            name: [point[name] for point in points] for name in points[0]
        }
        found = cls(
            **{
                name: Categorical(tuple(dict.fromkeys(values)))
                for name, values in columns.items()
            }
        )
        found._points = tuple(dict(point) for point in points)
        return found

    @property
    def points(self) -> tuple[dict[str, Value], ...]:
        """The points of a fixed grid; empty where values are searched."""
        return self._points

    def __getitem__(self, name: str) -> Hyperparameter:
        return self._params[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._params)

    def __len__(self) -> int:
        return len(self._params)

    @property
    def first_values(self) -> dict[str, Value]:
        """The first value of every hyperparameter, whether there is one or not."""
        return {name: tuned.first_value for name, tuned in self.items()}

    @property
    def default_point(self) -> dict[str, Value]:
        """The default of every hyperparameter, or the middle of its range, as far as
        there is one at the defaults of the others.
        """
        return self.active(self.first_values)

    def active(self, params: Mapping[str, Value]) -> dict[str, Value]:
        """Those of a point's values that there are, where the others have theirs: what
        hangs on a hyperparameter that is not there is not there either.
        """
        return {
            name: value
            for name, value in params.items()
            if self._is_there(name, params)
        }

    def _is_there(
        self,
        name: str,
        params: Mapping[str, Value],
        below: tuple[str, ...] = (),
    ) -> bool:
        if name not in self._params:
            return True
        # ``below`` ends circles, which `Task` reports with a message of its
        # own.
        return name not in below and all(
            params.get(parent) == value
            and self._is_there(parent, params, (*below, name))
            for parent, value in self._params[name].when.items()
        )

    def only(self, names: Container[str]) -> Space:
        """The subspace of these hyperparameters, ignoring unknown names."""
        kept = {name: tuned for name, tuned in self.items() if name in names}
        if not self.points or not kept:
            return Space(**kept)
        shorter = [
            {name: point[name] for name in kept} for point in self.points
        ]
        # Points that differ only in what was left out would be the same trial
        # twice.
        different = {tuple(point.values()): point for point in shorter}
        return Space.of_points(list(different.values()))

    @property
    def rates(self) -> tuple[str, ...]:
        """The names of the learning rates; of the first hyperparameter where there are
        none.
        """
        # By the name: a GAN, say, has one rate for each of its networks.
        found = tuple(name for name in self if is_rate(name))
        return found or tuple(self)[:1]

    def __repr__(self) -> str:
        listed = ", ".join(f"{name}={value!r}" for name, value in self.items())
        return f"Space({listed})"


def is_rate(name: str) -> bool:
    """Whether a hyperparameter's name says that it is a learning rate."""
    return name == "lr" or name.startswith("lr_") or name.endswith("_lr")


def _check_when(check: FieldChecks) -> None:
    advice = (
        "name other hyperparameters, each with one value: {'optimizer': 'sgd'}"
    )
    check.mapping("when", advice)
    when = {name: plain(value) for name, value in check.value("when").items()}
    check.replace("when", when)
    if not all(map(is_value, when.values())):
        raise check.error("when", advice)


def _check_log(range_: Float | Int) -> None:
    if range_.log and range_.low <= 0:
        raise UserError(
            f"{brief(range_)}: a logarithmic range must start above 0."
        )


def is_value(value: Any) -> bool:
    """Whether a hyperparameter may have this value: a text, a finite number, True or
    False.
    """
    if isinstance(value, str):
        return is_text(value)
    return isinstance(value, bool) or is_finite(value)


def check_hyperparameter_name(owner: str, name: Any) -> None:
    """Raise UserError for what cannot be the name of a hyperparameter."""
    fits = isinstance(name, str) and 0 < len(name) <= LONGEST_NAME
    if not fits or not name.isprintable():
        raise refuse(
            owner,
            brief(name),
            "give a hyperparameter a name of 1 to "
            f"{LONGEST_NAME} printable characters, such as weight_decay",
        )


def _not_tunable(name: str, given: Any) -> str:
    message = (
        f"Space({name}={brief(given)}): give a Float, an Int or a Categorical, such as "
        "Float(1e-4, 1e-1, log=True)"
    )
    value = plain(given)
    if is_value(value):
        return (
            f"{message}; a fixed value belongs in the `params` of an Arm or a Level, "
            f"as in params={{{name!r}: {value!r}}}."
        )
    return f"{message}."

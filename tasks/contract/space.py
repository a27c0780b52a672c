"""What may be tuned: ranges, choices and the space they make."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.contract.errors import UserError

if TYPE_CHECKING:
    pass


Params = Mapping[str, Any]


@dataclass(frozen=True)
class Float:
    """Real numbers from ``low`` to ``high``, evenly or (``log``) evenly in their
    logarithm.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not (
            math.isfinite(self.low)
            and math.isfinite(self.high)
            and self.low < self.high
        ):
            raise UserError(
                f"Float({self.low}, {self.high}): low must be smaller than high, and both finite."
            )
        if self.log and self.low <= 0:
            raise UserError(
                f"Float({self.low}, {self.high}, log=True): a logarithmic range must start above 0."
            )


@dataclass(frozen=True)
class Int:
    """Int numbers from ``low`` to ``high``, both included."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True)
class Categorical:
    """One of a few values without an order."""

    values: tuple[str | int | float | bool, ...]


class Space(Mapping[str, "Float | Int | Categorical"]):
    """The hyperparameters that tuning may choose, by name: ``Space(lr=Float(1e-4, 1e-1,
    log=True), dropout=...)``.
    """

    def __init__(self, **params: Float | Int | Categorical) -> None:
        self._params = params

    def __getitem__(self, name: str) -> Float | Int | Categorical:
        return self._params[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._params)

    def __len__(self) -> int:
        return len(self._params)

    def __repr__(self) -> str:
        return (
            f"Space({', '.join(f'{name}={value!r}' for name, value in self.items())})"
        )

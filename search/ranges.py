"""The ranges of a space: as plain values for the record, and where values lie in them.
Knows nothing of Optuna.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tasks import Choice, Range, Settings, Space, Whole

Setting = Range | Whole | Choice

OUTER = 0.1  # the share of a range, on its own scale, that counts as its end


@dataclass(frozen=True)
class Edge:
    """In how many of ``blocks`` the chosen value of a setting lay in the outer tenth at
    one end of its range.
    """

    setting: str
    end: Literal["low", "high"]
    bound: float
    there: int
    blocks: int

    @property
    def crowded(self) -> bool:
        """At least half of the blocks, and two: a single best lands in some outer tenth
        in 20-49 % of studies.
        """
        return self.there >= max(2, self.blocks / 2)


def edges(space: Space, chosen: Sequence[Settings]) -> list[Edge]:
    """For each range, the end at which most of the chosen settings lie (one per block),
    the most crowded first.
    """
    found = [
        _edge(name, setting, [settings[name] for settings in chosen])
        for name, setting in space.items()
        if chosen and not isinstance(setting, Choice)
    ]
    return sorted(found, key=lambda edge: -edge.there)


def _edge(name: str, setting: Range | Whole, values: Sequence[float]) -> Edge:
    places = [place(setting, value) for value in values]
    low, high = sum(at <= OUTER for at in places), sum(at >= 1 - OUTER for at in places)
    if low > high:
        return Edge(name, "low", setting.low, low, len(places))
    return Edge(name, "high", setting.high, high, len(places))


def place(setting: Range | Whole, value: float) -> float:
    """Where a value lies in its range, on the range's own scale: 0 at the low end, 1 at
    the high one.
    """
    low, high = setting.low, setting.high
    if low == high:
        return 0.5
    if setting.log:
        low, high, value = math.log(low), math.log(high), math.log(value)
    return min(
        max((value - low) / (high - low), 0.0), 1.0
    )  # a logarithm's rounding may lead just outside


def describe(space: Space) -> dict[str, dict[str, Any]]:
    """The space as plain values that JSON can hold; ``restore`` makes a space of them
    again.
    """
    return {name: _plain(setting) for name, setting in space.items()}


def restore(described: Mapping[str, Mapping[str, Any]]) -> Space:
    return Space(**{name: _setting(plain) for name, plain in described.items()})


def _plain(setting: Setting) -> dict[str, Any]:
    if isinstance(setting, Choice):
        return {"values": list(setting.values)}
    plain = {"low": setting.low, "high": setting.high, "log": setting.log}
    return plain | {"whole": True} if isinstance(setting, Whole) else plain


def _setting(plain: Mapping[str, Any]) -> Setting:
    if "values" in plain:
        return Choice(tuple(plain["values"]))
    kind = Whole if plain.get("whole") else Range
    return kind(plain["low"], plain["high"], bool(plain.get("log")))


def middle(space: Space) -> dict[str, Any]:
    """The middle of every setting's range, on its own scale; the first of unordered
    values.
    """
    return dict(_middles(space))


def _middles(space: Space) -> Iterator[tuple[str, Any]]:
    for name, setting in space.items():
        match setting:
            case Range(low, high, log):
                yield name, (low * high) ** 0.5 if log else (low + high) / 2
            case Whole(low, high, log):
                yield name, round((low * high) ** 0.5) if log else (low + high) // 2
            case Choice(values):
                yield name, values[0]

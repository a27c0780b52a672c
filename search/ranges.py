"""The ranges of a search space: serialised to plain values, and whether chosen values
lie near their ends. Does not import Optuna.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tasks import Categorical, Float, Int, Params, Space
from tasks.contract.space import Hyperparameter

# fraction of a range, on its own scale, that counts as its end
EDGE_FRACTION = 0.1


@dataclass(frozen=True)
class Edge:
    """How often the chosen value of a hyperparameter lay in the outer tenth at one end
    of its range: in ``near_bound`` of ``blocks`` blocks.
    """

    hyperparameter: str
    end: Literal["low", "high"]
    bound: float
    near_bound: int
    blocks: int

    @property
    def at_boundary(self) -> bool:
        """Whether at least half of the blocks, and at least two, chose a value there.
        One alone is no evidence: a single best lies in some outer tenth in 20-49 % of
        studies.
        """
        return self.near_bound >= max(2, self.blocks / 2)


def edges(space: Space, chosen: Sequence[Params]) -> list[Edge]:
    """For each range, the end at which most of the chosen hyperparameters lie (one per
    block), those with most of them first.
    """
    found = [
        _edge(name, hyperparameter, values)
        for name, hyperparameter in space.items()
        if not isinstance(hyperparameter, Categorical)
        and (values := _values_of(name, chosen))
    ]
    return sorted(found, key=lambda edge: -edge.near_bound)


def _values_of(name: str, chosen: Sequence[Params]) -> list[Any]:
    """The values that were chosen where there was such a hyperparameter."""
    values = [params.get(name) for params in chosen]
    return [value for value in values if value is not None and value == value]


def _edge(
    name: str, hyperparameter: Float | Int, values: Sequence[float]
) -> Edge:
    positions = [position(hyperparameter, value) for value in values]
    blocks = len(positions)
    low = sum(at <= EDGE_FRACTION for at in positions)
    high = sum(at >= 1 - EDGE_FRACTION for at in positions)
    if low > high:
        return Edge(name, "low", hyperparameter.low, low, blocks)
    return Edge(name, "high", hyperparameter.high, high, blocks)


def position(hyperparameter: Float | Int, value: float) -> float:
    """Where a value lies in its range, on the range's own scale: 0 at the low end, 1 at
    the high one.
    """
    low, high = hyperparameter.low, hyperparameter.high
    # A range of one value lies at neither end.
    if low == high:
        return 0.5
    if hyperparameter.log:
        low, high, value = math.log(low), math.log(high), math.log(value)
    fraction = (value - low) / (high - low)
    return min(max(fraction, 0.0), 1.0)  # logarithms are rounded


def describe(space: Space) -> dict[str, dict[str, Any]]:
    """The space as JSON-serialisable plain values; ``restore`` is the inverse."""
    found = {
        name: _plain(hyperparameter) for name, hyperparameter in space.items()
    }
    for name in found if space.points else ():
        found[name]["points"] = [point[name] for point in space.points]
    return found


def restore(described: Mapping[str, Mapping[str, Any]]) -> Space:
    """The space that ``describe`` wrote as plain values."""
    columns = {
        name: plain["points"]
        for name, plain in described.items()
        if "points" in plain
    }
    # The points of a grid are described column by column, a list per
    # hyperparameter.
    if columns:
        rows = zip(*columns.values(), strict=True)
        return Space.of_points(
            [dict(zip(columns, row, strict=True)) for row in rows]
        )
    return Space(
        **{name: _hyperparameter(plain) for name, plain in described.items()}
    )


def _plain(hyperparameter: Hyperparameter) -> dict[str, Any]:
    plain: dict[str, Any]
    if isinstance(hyperparameter, Categorical):
        plain = {"values": list(hyperparameter.values)}
    else:
        plain = {
            "low": hyperparameter.low,
            "high": hyperparameter.high,
            "log": hyperparameter.log,
        }
    # JSON may write the ends of a float's range as whole numbers, too.
    if isinstance(hyperparameter, Int):
        plain["whole"] = True
    if hyperparameter.default is not None:
        plain["default"] = hyperparameter.default
    if hyperparameter.when:
        plain["when"] = dict(hyperparameter.when)
    return plain


def _hyperparameter(plain: Mapping[str, Any]) -> Hyperparameter:
    default, when = plain.get("default"), plain.get("when", {})
    if "values" in plain:
        return Categorical(tuple(plain["values"]), default, when)
    kind = Int if plain.get("whole") else Float
    return kind(
        plain["low"], plain["high"], bool(plain.get("log")), default, when
    )

"""The claimed difference while arms learn: paired by block, with its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dashboard.figures import Spec, Trace, band, numbers, pick, raw, spec
from dashboard.figures.hover import ONLY, above_curves
from dashboard.locale import Words
from suite.report.charts.spec import INFINITE
from suite.verdicts.statistics import (
    Floats,
    Interval,
    t_band,
    within_bounds,
)

AXES = ("step", "epoch", "seconds", "examples")
POINTS = 60  # of a curve; more cannot be seen
Transform = Callable[[Floats], Floats]
Curve = tuple[Floats, Floats]  # places on an axis, and the values there


@dataclass(frozen=True)
class Claimed:
    """What a difference is compared with."""

    promised: float
    """The difference that the claim promises; 0 for any."""

    margin: float
    """The smallest difference that matters, on either side of that."""

    ratio: bool
    """Whether differences are logarithms of ratios, which are drawn as factors."""

    percent: bool
    """Whether they are shares, which are drawn in percentage points."""

    def drawn(self, value: float) -> float:
        """A difference as the chart's axis has it."""
        if self.ratio:
            return math.exp(value)
        return 100 * value if self.percent else value


def paired_differences(
    blocks: pd.DataFrame,
    better: str,
    worse: str,
    axis: str,
    transform: Transform,
) -> pd.DataFrame:
    """How far one arm is ahead of another in each block, along an axis.

    ``blocks`` are those of ``block_curves``; ``transform`` turns values so that a
    larger one is better. Arms may have been measured at different places: differences
    are at those of the arm with fewer, within what every block has of both arms, and
    the other arm's curve is interpolated between its own. Columns: block, x, value;
    empty where the arms share no place of the axis.
    """
    first = _by_block(blocks, better, axis)
    second = _by_block(blocks, worse, axis)
    both = sorted(first.keys() & second.keys())
    pairs = [(first[block], second[block]) for block in both]
    places = _places(pairs) if pairs else np.empty(0)
    leads = [
        _along(ahead, places, transform) - _along(behind, places, transform)
        for ahead, behind in pairs
    ]
    return pd.DataFrame(
        {
            "block": np.repeat(both, len(places)),
            "x": np.tile(places, len(both)),
            "value": np.concatenate([*leads, np.empty(0)]),
        }
    )


def _by_block(blocks: pd.DataFrame, arm: str, axis: str) -> dict[int, Curve]:
    """Each block's curve of an arm, places and values, in the order of the axis."""
    mine = blocks[blocks["arm"] == arm]
    rows = mine[["block", axis, "value"]].to_numpy(dtype=float)
    rows = rows[np.isfinite(rows).all(axis=1)]
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    found, begins = np.unique(rows[:, 0], return_index=True)
    curves = np.split(rows[:, 1:].T, begins[1:], axis=1)
    return {
        int(number): (curve[0], curve[1])
        for number, curve in zip(found, curves, strict=False)
    }


def _places(pairs: Sequence[tuple[Curve, Curve]]) -> Floats:
    """Where all curves can be compared: at the places of the shortest of them."""
    curves = [curve for pair in pairs for curve in pair]
    begin = max(curve[0][0] for curve in curves)
    end = min(curve[0][-1] for curve in curves)
    coarse: Floats = min(curves, key=lambda curve: len(curve[0]))[0]
    inside: Floats = coarse[(coarse >= begin) & (coarse <= end)]
    if begin > end:
        return inside
    places = np.unique(np.append(inside, [begin, end]))
    wanted = np.linspace(0, len(places) - 1, POINTS).round().astype(int)
    found: Floats = places[np.unique(wanted)]
    return found


def _along(curve: Curve, places: Floats, transform: Transform) -> Floats:
    x, value = curve
    found: Floats = np.interp(places, x, transform(value))
    return found


def mean_differences(
    paired: pd.DataFrame, bounds: Interval = INFINITE
) -> pd.DataFrame:
    """Mean and 95 % t interval over blocks at each place, where every block has a
    difference, as ``paired_differences`` gives them; NaN with one block.

    Columns: x, mean, low, high, blocks.
    """
    # As numbers: grouping by place takes longer than the rest of a page.
    by_block = paired.pivot(index="block", columns="x", values="value")
    values = by_block.to_numpy(dtype=float)
    count = len(values)
    mean = values.mean(axis=0)
    std = values.std(axis=0, ddof=1) if count > 1 else np.full_like(mean, 0)
    low, high = within_bounds(mean, *t_band(mean, std, count), bounds)
    return pd.DataFrame(
        {
            "x": by_block.columns.to_numpy(dtype=float),
            "mean": mean,
            "low": low,
            "high": high,
            "blocks": count,
        }
    )


def difference_curve(
    along: Mapping[str, pd.DataFrame],
    claimed: Claimed,
    words: Words,
    y_title: str,
    bounds: Interval = INFINITE,
) -> Spec | None:
    """The mean difference and its interval over the single blocks, along the axis that
    the view option picks. ``along`` has the paired differences of each axis; None
    where none has any.
    """
    shown = {axis: paired for axis, paired in along.items() if len(paired)}
    if not shown:
        return None
    means = {
        axis: mean_differences(paired, bounds)
        for axis, paired in shown.items()
    }
    x = pick("x", **{axis: numbers(mean["x"]) for axis, mean in means.items()})
    low, middle, high = (
        _picked(means, column, claimed) for column in ("low", "mean", "high")
    )
    number = "×%{y:.3~g}" if claimed.ratio else "%{y:+.3~g}"
    if claimed.percent:
        number = f"{number} {words('unit-points')}"
    main: Trace = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": middle,
        "line": {"color": "text", "width": 2.2},
        "showlegend": False,
        "hovertemplate": words("hover-difference", value=number) + ONLY,
    }
    edges = [
        {**trace, "$when": {"band": ["interval", "both"]}}
        for trace in band(x, low, high, "muted")
    ]
    traces = [_single_blocks(shown, claimed), *edges, main]
    return spec(
        traces,
        {
            "title": pick(
                "x", **{axis: words.of("axis", axis) for axis in means}
            ),
            "showgrid": False,
            **above_curves(words, means),
        },
        {"title": y_title, "type": "log" if claimed.ratio else "linear"},
        layout={"shapes": _references(claimed)},
    )


def _picked(
    means: Mapping[str, pd.DataFrame], column: str, claimed: Claimed
) -> Any:
    """A column for each axis; the mean where there is no interval."""
    return pick(
        "x",
        **{
            axis: _drawn(mean[column].fillna(mean["mean"]), claimed)
            for axis, mean in means.items()
        },
    )


def _drawn(values: pd.Series, claimed: Claimed) -> list[float | None]:
    return numbers(claimed.drawn(value) for value in values)


def _single_blocks(
    shown: Mapping[str, pd.DataFrame], claimed: Claimed
) -> Trace:
    """Every block's differences as one hairline, with a gap after each block."""
    x, y = {}, {}
    for axis, paired in shown.items():
        ends = np.flatnonzero(np.diff(paired["block"])) + 1
        x[axis] = numbers(np.insert(paired["x"].to_numpy(float), ends, np.nan))
        values = np.insert(paired["value"].to_numpy(float), ends, np.nan)
        y[axis] = _drawn(pd.Series(values), claimed)
    trace = raw(pick("x", **x), pick("x", **y), "muted")
    return {**trace, "$when": {"band": ["blocks", "both"]}}


def _references(claimed: Claimed) -> list[dict[str, object]]:
    """The band of differences that do not matter, and the line between for and
    against.
    """
    across = {"xref": "paper", "x0": 0, "x1": 1, "layer": "below"}
    low, high = (
        claimed.drawn(claimed.promised + side * claimed.margin)
        for side in (-1, 1)
    )
    zero = claimed.drawn(claimed.promised)
    return [
        {
            "type": "rect",
            **across,
            "y0": low,
            "y1": high,
            "line": {"color": "muted", "width": 1, "dash": "dot"},
            "fillcolor": "hair/0.5",
        },
        {
            "type": "line",
            **across,
            "y0": zero,
            "y1": zero,
            "line": {"color": "muted", "width": 1},
        },
    ]

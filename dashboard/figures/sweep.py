"""Sweeps: quality and cost as a function of the swept variable."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dashboard.figures import (
    Spec,
    Trace,
    line,
    numbers,
    on_axes,
    rounded,
    spec,
)
from dashboard.figures.hover import ONLY, above, mean_text, number_format
from dashboard.locale import Words
from dashboard.locale.numbers import plain
from dashboard.theme import arm_looks, dash_of
from suite.report.charts.lines import SHARE
from suite.report.charts.looks import Look
from suite.report.charts.spec import INFINITE
from suite.report.charts.ticks import factor_ticks
from suite.verdicts.statistics import (
    Floats,
    Interval,
    estimate,
    geometric,
    within_bounds,
)

CELL = ["level", "arm", "block"]
Named = Sequence[Mapping[str, Any]]


def cell_means(finals: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The mean over a cell's finals of these columns: one row per level, arm and block."""
    there = [column for column in columns if column in finals]
    return (
        finals.groupby(CELL, sort=True)[there]
        .mean(numeric_only=True)
        .reset_index()
    )


def over_blocks(
    cells: pd.DataFrame,
    column: str,
    confidence: float = 0.95,
    *,
    bounds: Interval = INFINITE,
    positive: bool = False,
) -> pd.DataFrame:
    """Mean and interval over blocks of one column: level, arm, mean, low, high, blocks.

    The interval keeps within ``bounds``, what a value can be. Where ``positive``, as are
    times and numbers of updates, whose distribution is skewed, it is the geometric mean
    with the interval of the logarithms.
    """
    rows = []
    for (level, arm), values in cells.dropna(subset=[column]).groupby(
        ["level", "arm"], sort=False
    )[column]:
        of_blocks = values.to_numpy(dtype=float)
        # A time of 0, from a clock that is too coarse, has no logarithm.
        if positive and (of_blocks > 0).all():
            mean, low, high = geometric(of_blocks, confidence)
        else:
            mean, low, high = _arithmetic(of_blocks, confidence, bounds)
        rows.append((level, arm, mean, low, high, len(of_blocks)))
    return pd.DataFrame(
        rows, columns=["level", "arm", "mean", "low", "high", "blocks"]
    )


def _arithmetic(
    values: Floats, confidence: float, bounds: Interval
) -> tuple[float, float, float]:
    """The mean and the ends of its interval, NaN with one block."""
    found = estimate(values)
    if found.blocks < 2:
        return found.mean, math.nan, math.nan
    low, high = within_bounds(found.mean, *found.interval(confidence), bounds)
    return found.mean, float(low), float(high)


def to_target(
    curves: pd.DataFrame, column: str, target: float, higher: bool
) -> pd.DataFrame:
    """Updates and seconds until each final first reached the target on validation; NaN
    if it never did.

    Columns: key, level, arm, block, steps_to_target, seconds_to_target.
    """
    keys = curves[["key", *CELL]].drop_duplicates("key")
    if column not in curves:
        return keys.assign(steps_to_target=np.nan, seconds_to_target=np.nan)
    values = curves[column].astype(float)
    there = curves[values >= target] if higher else curves[values <= target]
    # After sorting, the first row of each final is the earliest.
    first = there.sort_values("step").drop_duplicates("key")[
        ["key", "step", "seconds"]
    ]
    first = first.rename(
        columns={"step": "steps_to_target", "seconds": "seconds_to_target"}
    )
    # From the left, so that finals that never reached it stay, with NaN.
    return keys.merge(first, on="key", how="left")


def default_target(
    curves: pd.DataFrame, column: str, higher: bool
) -> float | None:
    """A target that every arm but the slowest should reach: the median over arms of
    their mean last value, made a bit easier.
    """
    if column not in curves or curves.empty:
        return None
    ends = (
        curves.sort_values("step")
        .groupby("key")[["level", "arm", column]]
        .last()
    )
    typical = float(ends.groupby(["level", "arm"])[column].mean().median())
    # A little easier than the typical end, which half of the arms would just
    # miss.
    eased = (
        typical - 0.02 * abs(typical)
        if higher
        else typical + 0.05 * abs(typical)
    )
    return rounded(eased, 2)


SYMBOLS = ("circle", "square", "diamond", "triangle-up")
MAX_TICKS = 8  # of the swept variable


def sweep(
    panels: Sequence[tuple[str, pd.DataFrame, Mapping[str, Any]]],
    lines: Named,
    along: str,
    places: Mapping[str, float],
    line_column: str,
    x_title: str,
    words: Words,
) -> Spec | None:
    """Small multiples, one per measured thing, each with its own vertical axis.

    ``panels`` has title, a frame of ``over_blocks`` and the vertical axis. There is a
    line per item of ``lines`` (its name is in ``line_column``) over the items named in
    column ``along``, whose ``places`` are on the log2 axis.
    """
    traces: list[Trace] = []
    looks = arm_looks(lines)
    for panel, (_, frame, y) in enumerate(panels):
        percent = "tickformat" in y  # of times and numbers there is none
        for number, (one, look) in enumerate(zip(lines, looks, strict=True)):
            rows = frame[frame[line_column] == one["name"]]
            rows = rows.assign(x=rows[along].map(places))
            rows = rows.dropna(subset=["x"]).sort_values("x")
            if rows.empty:
                continue
            label = str(one.get("label") or one["name"])
            trace = _sweep_line(rows, label, number, look)
            known = [math.isfinite(end) for end in rows["low"]]
            trace["hovertemplate"] = mean_text(words, percent, known)
            # One legend for all panels.
            legend = {"showlegend": panel == 0, "legendgroup": label}
            traces.append(on_axes({**trace, **legend}, panel))
    if not traces:
        return None
    x = {
        **_swept_axis(x_title, sorted(set(places.values()))),
        **above(words("hover-swept", axis=x_title, x="%{x:,.4~g}")),
    }
    titles = [title for title, _, _ in panels]
    layout = {
        "showlegend": len(lines) > 1,
        "margin": {"l": 64, "r": 16, "t": 64, "b": 48},
        "legend": {"orientation": "h", "y": 1.06, "yanchor": "bottom", "x": 0},
    }
    return spec(
        traces,
        x,
        {},
        panels={
            "titles": titles,
            "free": True,
            "columns": 2,
            "y": [dict(y) for _, _, y in panels],
        },
        layout=layout,
    )


def _sweep_line(
    rows: pd.DataFrame, label: str, number: int, look: Look
) -> Trace:
    """The means of one line with their intervals; ``number`` chooses its symbol."""
    color = look.color
    low, high = numbers(rows["low"]), numbers(rows["high"])
    blocks = [int(count) for count in rows["blocks"]]
    upper_half = (rows["high"] - rows["mean"]).fillna(0.0)
    lower_half = (rows["mean"] - rows["low"]).fillna(0.0)
    return line(
        numbers(rows["x"]),
        numbers(rows["mean"]),
        color,
        dash_of(look),
        mode="lines+markers",
        name=label,
        customdata=[
            list(about) for about in zip(low, high, blocks, strict=True)
        ],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": numbers(upper_half),
            "arrayminus": numbers(lower_half),
            "color": color,
            "thickness": 1.5,
            "width": 4,
        },
        marker={
            "size": 8,
            "color": color,
            "symbol": SYMBOLS[number % len(SYMBOLS)],
        },
    )


def _swept_axis(title: str, values: Sequence[float]) -> dict[str, Any]:
    """A logarithmic axis with a tick at each value, or at every nth of many."""
    every = math.ceil(len(values) / MAX_TICKS)
    shown = values[:: max(1, every)]
    return {
        "title": title,
        "type": "log",
        "dtick": None,
        "tickvals": numbers(shown),
        "ticktext": [f"{value:,g}" for value in shown],
    }


def log_ticks(frame: pd.DataFrame, most: int = 6) -> dict[str, Any]:
    """The range of a logarithmic axis that shows these means and intervals, and round
    numbers to label on it: at most that many.

    Nothing where there is no number to show.
    """
    seen = [
        v
        for name in ("mean", "low", "high")
        for v in frame[name]
        if math.isfinite(v) and v > 0
    ]
    if not seen:
        return {}
    air = 1.1 if max(seen) > 1.2 * min(seen) else 1.6  # one value is no axis
    low, high = min(seen) / air, max(seen) * air
    shown = factor_ticks(low, high, most)
    return {
        "range": numbers([math.log10(low), math.log10(high)]),
        "tickvals": numbers(shown),
        "ticktext": [plain(tick) for tick in shown],
    }


def matched(
    cells: pd.DataFrame,
    column: str,
    arms: Named,
    y_title: str,
    within: float | None,
    words: Words,
    percent: bool,
) -> Spec | None:
    """Accuracy against parameters: a point per arm with its interval over blocks, and
    the band of what counts as equal.

    ``cells`` are those of one level. An arm outside the band is marked with an open
    symbol. Arms that all have the same number stand side by side.
    """
    if column not in cells or "parameters" not in cells:
        return None
    means = over_blocks(cells, column, bounds=SHARE if percent else INFINITE)
    sizes = cells.groupby("arm")["parameters"].mean()
    if means.empty or sizes.dropna().empty:
        return None
    low, high = float(sizes.min()), float(sizes.max())
    # The tolerance is a factor, so the middle is the geometric one: both ends
    # are then off by the same factor.
    middle = math.sqrt(low * high)
    equal = low == high
    traces: list[Trace] = []
    colors = [look.color for look in arm_looks(arms)]
    for number, arm in enumerate(arms):
        row = means[means["arm"] == arm["name"]]
        if row.empty:
            continue
        size = float(sizes[arm["name"]])
        outside = within is not None and abs(size / middle - 1) > within
        label = str(arm.get("label") or arm["name"])
        symbol = "x-open" if outside else SYMBOLS[number % len(SYMBOLS)]
        mark = {"color": colors[number], "size": 11, "symbol": symbol}
        says = words(
            "hover-matched",
            arm=_safe(label),
            value=f"%{{y:{number_format(percent)}}}",
            parameters=f"{size:,.0f}",
        )
        point = _matched_point(row.iloc[0], label, mark, says, outside)
        # At one number of parameters they would overlap.
        point["x"] = [label if equal else rounded(size, 7)]
        traces.append(point)
    if equal:
        x = {
            "title": words("sweep-equal", parameters=f"{low:,.0f}"),
            "type": "category",
        }
    else:
        x = _parameters_axis(words("axis-parameters"), low, high, within)
    has_band = within is not None and not equal
    return spec(
        traces,
        x,
        {"title": y_title, "tickformat": ".1~%" if percent else ""},
        layout={
            "shapes": [_band(middle, within or 0.0)] if has_band else [],
            "hovermode": "closest",
            "showlegend": True,
            "margin": {"l": 64, "r": 16, "t": 48, "b": 48},
        },
        keyed=True,
    )


def _matched_point(
    found: pd.Series,
    label: str,
    marker: Mapping[str, Any],
    says: str,
    outside: bool,
) -> Trace:
    """An arm's mean with its interval; ``outside`` warns of one whose size does not
    count as equal.
    """
    warning = " ⚠" if outside else ""
    return {
        "type": "scatter",
        "mode": "markers",
        "y": [rounded(found["mean"])],
        "name": label,
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": numbers([found["high"] - found["mean"]]),
            "arrayminus": numbers([found["mean"] - found["low"]]),
            "color": marker["color"],
            "width": 4,
        },
        "marker": marker,
        "hovertemplate": says + warning + ONLY,
        "showlegend": True,
    }


def _parameters_axis(
    title: str,
    low: float,
    high: float,
    within: float | None,
) -> dict[str, Any]:
    """An axis from the smallest model to the largest, with room at both ends."""
    room = 1.5 * max(0.02 * low, (within or 0.0) * high, 0.1 * (high - low))
    return {
        "title": title,
        "range": [rounded(low - room, 7), rounded(high + room, 7)],
    }


def _band(middle: float, within: float) -> dict[str, Any]:
    """The band of what counts as equal."""
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": rounded(middle * (1 - within), 7),
        "x1": rounded(middle * (1 + within), 7),
        "y0": 0,
        "y1": 1,
        "fillcolor": "hair/0.7",
        "line": {"width": 0},
        "layer": "below",
    }


# plotly reads a label in a hover template as HTML.
def _safe(text: str) -> str:
    return text.replace("<", "‹").replace(">", "›")

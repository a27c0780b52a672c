"""The raw blocks behind a verdict: every pair, its difference, and the band that does
not matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dashboard.figures import Spec, Trace, numbers, rounded, spec
from dashboard.figures.hover import ONLY, number_format
from dashboard.locale import Words
from dashboard.locale.numbers import directed, measuring
from dashboard.theme import arm_looks
from suite.report.charts.build import block_chart, trend_chart
from suite.report.charts.spec import Axis, BlockChart, BlockRow
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.scales import scale_of

ROW_HEIGHT = 24  # pixels


def pairs_frame(verdict: ClaimVerdict) -> pd.DataFrame:
    """One row per block and level: block, level, better, worse, difference (on the
    claim's scale).
    """
    columns = ["block", "level", "better", "worse", "difference"]
    return pd.DataFrame(
        [dict(row) for row in verdict.per_block], columns=columns
    )


def differences(
    verdict: ClaimVerdict, level: str | None, words: Words
) -> Spec | None:
    """Each block's difference at one level, the margin's band, the mean with its plain
    interval.
    """
    unit = unit_of(verdict, words)
    title = directed(words, "blocks-axis", verdict, unit=unit)
    write = measuring(verdict, words).full
    chart = block_chart(verdict, title=title, write=write)
    row = chart.at(level) if chart else None
    if chart is None or row is None:
        return None
    dots: Trace = {
        "type": "scatter",
        "mode": "markers",
        "x": numbers(dot.value for dot in row.dots),
        "y": [f"{words('block')} {dot.block}" for dot in row.dots],
        "customdata": [dot.text for dot in row.dots],
        "showlegend": False,
        "marker": {
            "color": chart.verdict,
            "size": 9,
            "line": {"color": "surface", "width": 1.5},
        },
        "hovertemplate": f"%{{y}}: %{{customdata}}{ONLY}",
    }
    return spec(
        [dots],
        {**plotly_axis(chart.axis), "showgrid": True},
        block_axis(len(row.dots)),
        layout={
            "shapes": _difference_shapes(chart, row),
            "hovermode": "closest",
        },
        height=rows_height(len(row.dots)),
    )


def _difference_shapes(
    chart: BlockChart, row: BlockRow
) -> list[dict[str, Any]]:
    """The band that does not matter, the line between for and against, the mean."""
    shapes = [
        stripe(*chart.band, "hair/0.7"),
        rule(chart.zero, "muted", "solid"),
    ]
    if row.interval:
        shapes += [
            stripe(*row.interval, f"{chart.verdict}/0.15"),
            rule(row.effect, chart.verdict, "dash"),
        ]
    return shapes


def plotly_axis(axis: Axis) -> dict[str, Any]:
    """An axis of a chart's specification as plotly's."""
    low, high = axis.low, axis.high
    if axis.log:
        # plotly gives the range of a logarithmic axis in powers of ten
        low, high = math.log10(low), math.log10(high)
    return {
        "title": axis.title,
        "type": "log" if axis.log else "linear",
        "range": [rounded(low), rounded(high)],
        "tickvals": numbers(tick.value for tick in axis.ticks),
        "ticktext": [tick.label for tick in axis.ticks],
    }


def pairs(
    verdict: ClaimVerdict,
    level: str,
    arms: Sequence[Mapping[str, Any]],
    words: Words,
    label: str,
) -> Spec | None:
    """Both arms' values in each block at one level, joined by a line."""
    rows = pairs_frame(verdict)
    rows = rows[
        (rows["level"] == level)
        & rows["better"].notna()
        & rows["worse"].notna()
    ].sort_values("block")
    sides = verdict.sides_at(level)
    if rows.empty or any(len(side.arms) > 1 for side in sides):
        return None
    y = [f"{words('block')} {block}" for block in rows["block"]]
    better, worse = numbers(rows["better"]), numbers(rows["worse"])
    ahead, behind = sides
    first = next(iter(ahead.arms), None)
    second = next(iter(behind.arms), None)
    number = number_format(verdict.is_share)
    dots = [
        _side(better, y, first, arms, "circle", words),
        _side(worse, y, second, arms, "square", words),
    ]
    for trace in dots:
        trace["hovertemplate"] = f"%{{x:{number}}}"
    return spec(
        [_joins(better, worse, y), *dots],
        {
            "title": label,
            "tickformat": ".1~%" if verdict.is_share else "",
            "showgrid": True,
        },
        block_axis(len(rows)),
        layout={
            "hovermode": "y unified",
            "showlegend": True,
            "margin": {"l": 72, "r": 16, "t": 36, "b": 44},
        },
        # A legend stands above the rows.
        height=rows_height(len(rows), 144),
    )


def _joins(
    better: Sequence[float | None],
    worse: Sequence[float | None],
    blocks: Sequence[str],
) -> Trace:
    """A line from one value of each block to the other, all in one trace."""
    joins: Trace = {
        "type": "scatter",
        "mode": "lines",
        "x": [],
        "y": [],
        "line": {"color": "muted/0.5", "width": 1.5},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    for name, one, other in zip(blocks, better, worse, strict=True):
        joins["x"] += [one, other, None]
        joins["y"] += [name, name, None]
    return joins


def _side(
    values: Sequence[float | None],
    blocks: Sequence[str],
    arm: str | None,
    arms: Sequence[Mapping[str, Any]],
    symbol: str,
    words: Words,
) -> Trace:
    """One side's value in each block; a published figure has no ``arm``."""
    name, color = words("published"), "muted"
    for one, look in zip(arms, arm_looks(arms), strict=True):
        if one["name"] == arm:
            name, color = str(one.get("label") or arm), look.color
    return {
        "type": "scatter",
        "mode": "markers",
        "x": list(values),
        "y": list(blocks),
        "name": name,
        "marker": {
            "color": color,
            "size": 10,
            "symbol": symbol,
            "line": {"color": "surface", "width": 1.5},
        },
        "showlegend": True,
    }


def trend(verdict: ClaimVerdict, words: Words, axis: str) -> Spec | None:
    """An interaction: the paired gap at each level along the axis, with its interval."""
    y_title = words("blocks-gap", unit=unit_of(verdict, words))
    chart = trend_chart(verdict, axis, y_title)
    if chart is None:
        return None
    # An interval that was clipped at what is possible is no longer even about the mean.
    intervals = [
        point.interval or (point.value, point.value) for point in chart.points
    ]
    values = [point.value for point in chart.points]
    above = [
        high - value
        for (_, high), value in zip(intervals, values, strict=True)
    ]
    below = [
        value - low for (low, _), value in zip(intervals, values, strict=True)
    ]
    trace: Trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": numbers(point.x for point in chart.points),
        "y": numbers(values),
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": numbers(above),
            "arrayminus": numbers(below),
            "color": chart.verdict,
            "thickness": 2,
            "width": 5,
        },
        "customdata": [point.text for point in chart.points],
        "line": {"color": chart.verdict, "width": 2.2},
        "marker": {"size": 9, "color": chart.verdict},
        "hovertemplate": words(
            "hover-gap", axis=axis, x="%{x}", gap="%{customdata}"
        )
        + ONLY,
        "showlegend": False,
    }
    return spec(
        [trace],
        {**plotly_axis(chart.x), "showgrid": False},
        {**plotly_axis(chart.y), "zeroline": True},
        layout={"hovermode": "closest"},
        height=320,
    )


def unit_of(verdict: ClaimVerdict, words: Words) -> str:
    """What a difference of the claim is counted in."""
    if scale_of(verdict.scale).logarithmic:
        return words("unit-ratio")
    return words("unit-points") if verdict.is_share else verdict.metric_label


def rows_height(rows: int, least: int = 120) -> int:
    """The height of a chart with a row of dots for each block or arm, in pixels:
    ``least`` for its axis and what stands around.
    """
    return least + ROW_HEIGHT * rows


def block_axis(count: int) -> dict[str, Any]:
    """The axis of blocks: the first block at the top, with room for whole dots at both ends."""
    return {
        "title": "",
        # A category lies at its number, from 0.
        "range": [count - 0.5, -0.5],
        "type": "category",
        "showgrid": False,
    }


def stripe(low: float, high: float, color: str) -> dict[str, Any]:
    """A band from one value to another, over the height of the chart."""
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": rounded(low),
        "x1": rounded(high),
        "y0": 0,
        "y1": 1,
        "fillcolor": color,
        "line": {"width": 0},
        "layer": "below",
    }


def rule(x: float, color: str, dash: str) -> dict[str, Any]:
    """A line at a value, over the height of the chart."""
    return {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": rounded(x),
        "x1": rounded(x),
        "y0": 0,
        "y1": 1,
        "line": {"color": color, "width": 1.2, "dash": dash},
        "layer": "below",
    }

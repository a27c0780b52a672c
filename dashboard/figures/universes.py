"""A specification curve: a claim's effect in each universe, from the smallest to the
largest, above the conditions that each universe has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.figures import Spec, Trace, numbers, spec
from dashboard.figures.blocks import plotly_axis
from dashboard.locale import Words
from dashboard.theme import VERDICTS
from suite.report.charts.spec import SpecificationCurve, UniverseMark

# A verdict's mark is the same above and below, so that colour is never alone.
SYMBOLS = {
    "supported": "circle",
    "refuted": "x",
    "no_difference": "diamond",
    "inconclusive": "circle-open",
}
EFFECTS_HEIGHT = 260  # pixels, with the legend
ROW_HEIGHT = 20  # of a condition
GAP = 24  # between effects and conditions
EDGE = 56  # above and below what is drawn
Placed = tuple[int, UniverseMark]


def universe_curve(chart: SpecificationCurve, unit: str, words: Words) -> Spec:
    """The specification of the chart; ``unit`` is that of the effects."""
    drawn = EFFECTS_HEIGHT + GAP + ROW_HEIGHT * len(chart.conditions)
    # plotly places both halves by shares of the height.
    split = ROW_HEIGHT * len(chart.conditions) / drawn
    traces: list[Trace] = []
    for verdict in VERDICTS:
        mine = [
            (place, mark)
            for place, mark in enumerate(chart.marks)
            if mark.verdict == verdict
        ]
        if mine:
            name = words.of("verdict", verdict)
            traces += [_effects(mine, name), _conditions(mine)]
    effects = {
        **plotly_axis(chart.y),
        "title": words("blocks-axis", unit=unit),
        "domain": [split + GAP / drawn, 1],
    }
    layout = {
        "yaxis2": _condition_axis(chart.conditions, split),
        "shapes": _across(chart),
        "showlegend": True,
        "hovermode": "closest",
    }
    return spec(
        traces, _place_axis(chart), effects, layout=layout, height=drawn + EDGE
    )


def _effects(marks: Sequence[Placed], name: str) -> Trace:
    """The effects of the universes with one verdict, with the intervals that decide."""
    # Without an interval the error bars have no length.
    intervals = [mark.interval or (mark.value,) * 2 for _, mark in marks]
    pairs = list(
        zip(intervals, (mark.value for _, mark in marks), strict=True)
    )
    verdict = marks[0][1].verdict
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [place for place, _ in marks],
        "y": numbers(mark.value for _, mark in marks),
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": numbers(high - value for (_, high), value in pairs),
            "arrayminus": numbers(value - low for (low, _), value in pairs),
            "color": verdict,
            "thickness": 1.6,
            "width": 0,
        },
        "marker": {"color": verdict, "size": 8, "symbol": SYMBOLS[verdict]},
        "name": name,
        "customdata": [mark.text for _, mark in marks],
        "hovertemplate": f"%{{customdata}}<br>{name}<extra></extra>",
        "showlegend": True,
    }


def _conditions(marks: Sequence[Placed]) -> Trace:
    """A mark for each condition that these universes have."""
    shown = [(place, row, mark) for place, mark in marks for row in mark.rows]
    verdict = marks[0][1].verdict
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [place for place, _, _ in shown],
        "y": [row for _, row, _ in shown],
        "yaxis": "y2",
        "marker": {"color": verdict, "size": 7, "symbol": SYMBOLS[verdict]},
        "customdata": [mark.text for _, _, mark in shown],
        "hovertemplate": "%{customdata}<extra></extra>",
        "showlegend": False,
    }


def _place_axis(chart: SpecificationCurve) -> dict[str, Any]:
    """Universes side by side; which is which, the conditions say."""
    return {
        "range": [-0.7, len(chart.marks) - 0.3],
        "showticklabels": False,
        "ticks": "",
        "anchor": "y2",
        "showgrid": False,
    }


def _condition_axis(conditions: Sequence[str], split: float) -> dict[str, Any]:
    """A row for each condition, the first at the top."""
    return {
        "domain": [0, split],
        "range": [len(conditions) - 0.5, -0.5],
        "tickvals": list(range(len(conditions))),
        "ticktext": list(conditions),
        "tickfont": {"size": 11, "color": "muted"},
        "gridcolor": "hair",
        "zeroline": False,
        "automargin": True,
        # Zooming is for the effects; the rows of conditions stay whole.
        "fixedrange": True,
    }


def _across(chart: SpecificationCurve) -> list[dict[str, Any]]:
    """The band of effects that do not matter, and the line between for and against."""
    low, high = numbers(chart.band)
    (zero,) = numbers([chart.zero])
    place = {"xref": "paper", "x0": 0, "x1": 1, "yref": "y", "layer": "below"}
    band = {
        "type": "rect",
        "y0": low,
        "y1": high,
        "fillcolor": "hair/0.7",
        "line": {"width": 0},
    }
    line = {
        "type": "line",
        "y0": zero,
        "y1": zero,
        "line": {"color": "muted", "width": 1.2},
    }
    return [{**place, **band}, {**place, **line}]

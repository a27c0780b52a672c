"""Pictures that finals recorded: each arm's curves in its colour, over contours."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from dashboard.figures import Spec, Trace, numbers, spec
from dashboard.theme import dash_of
from suite.report.charts.looks import Look
from suite.report.pictures import ArmPicture, Gathered
from tasks import Axis, Curve, Heights

Label = Callable[[str], str]


def picture_spec(gathered: Gathered, label: Label) -> Spec:
    """The specification of one picture; ``label`` is what an arm is called."""
    first = gathered.first
    traces = [_contours(first.heights)] if first.heights else []
    for one in gathered.of:
        traces += _arm_traces(one, label(one.arm))
    heights = first.heights
    x = _axis(first.x, heights.x if heights else None)
    y = _axis(first.y, heights.y if heights else None)
    layout = {"showlegend": True, "hovermode": "closest"}
    return spec(traces, x, y, layout=layout)


def picture_frame(gathered: Gathered, label: Label) -> pd.DataFrame:
    """The same points as a table: arm, curve, x, y."""
    rows = [
        {"arm": label(one.arm), "curve": curve.name, "x": x, "y": y}
        for one in gathered.of
        for curve in one.picture.curves
        for x, y in zip(curve.x, curve.y, strict=True)
    ]
    return pd.DataFrame(rows, columns=["arm", "curve", "x", "y"])


def _axis(axis: Axis, within: Sequence[float] | Any | None) -> dict[str, Any]:
    """An axis; where there are heights, it ends where they do."""
    found: dict[str, Any] = {"title": axis.label}
    if axis.log:
        found |= {"type": "log", "exponentformat": "power"}
    if within is not None:
        ends = (min(within), max(within))
        found["range"] = [math.log10(end) if axis.log else end for end in ends]
    return found


def _contours(heights: Heights) -> Trace:
    return {
        "type": "contour",
        "x": numbers(heights.x),
        "y": numbers(heights.y),
        "z": [numbers(row) for row in heights.z],
        "contours": {"coloring": "none"},
        "ncontours": 14,
        "line": {"color": "muted/0.5", "width": 1},
        "name": heights.label,
        "showscale": False,
        "showlegend": False,
    }


def _arm_traces(one: ArmPicture, label: str) -> list[Trace]:
    """The curves of one arm, with a single entry in the legend."""
    return [
        _trace(curve, one.look, label, is_first=place == 0)
        for place, curve in enumerate(one.picture.curves)
    ]


def _trace(curve: Curve, arm: Look, label: str, is_first: bool) -> Trace:
    color = arm.color
    look: Trace = {
        "mode": "lines",
        "line": {"color": color, "width": 2, "dash": dash_of(arm)},
    }
    if curve.mode == "points":
        look = {"mode": "markers", "marker": {"color": color, "size": 7}}
    return {
        "type": "scatter",
        "x": numbers(curve.x, digits=6),
        "y": numbers(curve.y, digits=6),
        "name": label,
        "hovertext": curve.name,
        "legendgroup": label,
        "showlegend": is_first,
        **look,
    }

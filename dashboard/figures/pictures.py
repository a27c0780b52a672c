"""Pictures that finals recorded: each arm's curves in its colour, over contours."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from dashboard.figures import Spec, Trace, numbers, on_axes, spec
from dashboard.theme import dash_of
from suite.report.charts.looks import Look
from suite.report.charts.squares import SIDE, extent, shade, squares
from suite.report.pictures import ArmPicture, Gathered
from suite.verdicts.statistics import Interval
from tasks import Axis, Curve, Heights

Label = Callable[[str], str]


def picture_spec(gathered: Gathered, label: Label) -> Spec:
    """The specification of one picture; ``label`` is what an arm is called.

    Arms that move over different surfaces have a panel each.
    """
    first, panels = gathered.first, gathered.panels
    if gathered.squares:
        return _squares_spec(gathered, label)
    traces: list[Trace] = []
    for number, arms in enumerate(panels):
        heights = arms[0].picture.heights
        drawn = [_contours(heights)] if heights else []
        for one in arms:
            drawn += _arm_traces(one, label(one.arm))
        traces += [on_axes(trace, number) for trace in drawn]
    heights = first.heights
    x = _axis(first.x, heights.x if heights else None)
    y = _axis(first.y, heights.y if heights else None)
    more = _panels(panels, label)
    layout = {"showlegend": not more, "hovermode": "closest"}
    return spec(traces, x, y, layout=layout, **more)


def _panels(
    panels: Sequence[Sequence[ArmPicture]], label: Label
) -> dict[str, Any]:
    """Small multiples under the names of their arms; none for a single panel."""
    if len(panels) == 1:
        return {}
    titles = [", ".join(label(one.arm) for one in arms) for arms in panels]
    return {"panels": {"titles": titles, "columns": 2}}


def _squares_spec(gathered: Gathered, label: Label) -> Spec:
    """A map for each arm: a square with a number for each pair of places."""
    first = gathered.first
    # One scale for all arms, or shades could not be compared.
    ends = extent(one.picture.heights for one in gathered.of)
    traces, shapes = [], []
    for number, one in enumerate(gathered.of):
        heights = one.picture.heights
        assert heights is not None  # a map is made of them
        traces.append(on_axes(_numbers_in(heights), number))
        shapes += _squares(heights, ends, number)
    assert first.heights is not None
    x = _places(first.x, first.heights.x)
    y = _places(first.y, first.heights.y)
    layout = {"showlegend": False, "hovermode": False, "shapes": shapes}
    more = _panels(gathered.panels, label)
    return spec(traces, x, y, layout=layout, **more)


def _numbers_in(heights: Heights) -> Trace:
    """The number in each square."""
    cells = list(squares(heights))
    return {
        "type": "scatter",
        "mode": "text",
        "x": [column for column, _, _ in cells],
        "y": [row for _, row, _ in cells],
        "text": [f"{value:.3g}" for _, _, value in cells],
        "textfont": {"color": "text", "size": 13},
        "showlegend": False,
    }


def _squares(heights: Heights, ends: Interval, panel: int) -> list[Trace]:
    """The squares of one panel, the darker the larger the number."""
    suffix = "" if panel == 0 else str(panel + 1)
    return [
        {
            "type": "rect",
            "xref": f"x{suffix}",
            "yref": f"y{suffix}",
            "x0": column - SIDE / 2,
            "x1": column + SIDE / 2,
            "y0": row - SIDE / 2,
            "y1": row + SIDE / 2,
            "fillcolor": f"arm1/{shade(value, ends):.2f}",
            "line": {"width": 0},
            "layer": "below",
        }
        for column, row, value in squares(heights)
    ]


def _places(axis: Axis, places: Sequence[float] | Any) -> dict[str, Any]:
    """An axis with one place for each number, evenly spaced."""
    count = len(places)
    return {
        "title": axis.label,
        "range": [-0.5, count - 0.5],
        "tickvals": list(range(count)),
        "ticktext": [f"{place:g}" for place in places],
        "showgrid": False,
    }


def picture_frame(gathered: Gathered, label: Label) -> pd.DataFrame:
    """The same points as a table: arm, curve, x, y; of a map with the number in each
    square.
    """
    if gathered.squares:
        return _map_frame(gathered, label)
    rows = [
        {"arm": label(one.arm), "curve": curve.name, "x": x, "y": y}
        for one in gathered.of
        for curve in one.picture.curves
        for x, y in zip(curve.x, curve.y, strict=True)
    ]
    return pd.DataFrame(rows, columns=["arm", "curve", "x", "y"])


def _map_frame(gathered: Gathered, label: Label) -> pd.DataFrame:
    """A row for each square."""
    rows = []
    for one in gathered.of:
        heights = one.picture.heights
        assert heights is not None
        for column, row, value in squares(heights):
            x, y = heights.x[column], heights.y[row]
            rows.append(
                {"arm": label(one.arm), "x": x, "y": y, "value": value}
            )
    return pd.DataFrame(rows, columns=["arm", "x", "y", "value"])


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
        # A click on an arm in the legend hides all its curves.
        "legendgroup": label,
        "showlegend": is_first,
        **look,
    }

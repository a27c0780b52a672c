"""Charts: pure functions from frames to specifications, which the browser paints
(assets/bakeoff.js).

A specification is a plotly figure as plain values, with five additions: colours are
names of dashboard.theme; ``{"$": "x", "step": ..., "epoch": ...}`` stands for the value
that the view option ``x`` picks; a trace with ``"$when": {"band": ["both", "blocks"]}``
is drawn only then; ``"$label"`` names a line at its end; and ``"$told"`` has the texts
of marks, each a list of places in ``"$parts"``. ``panels`` asks for small multiples.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Spec = dict[str, Any]
Trace = dict[str, Any]
MAX_TOGETHER = 4  # arms in one panel; more become small multiples
# Finer than a pixel of any chart, and a third of the text that a double takes.
DIGITS = 5


def numbers(values: Iterable[Any], digits: int = DIGITS) -> list[float | None]:
    """Plain numbers for JSON, rounded to that many significant digits; None for what is
    not finite.
    """
    return [rounded(value, digits) for value in values]


def rounded(value: Any, digits: int = DIGITS) -> float | None:
    """The number at that many significant digits, for JSON; None if it is not
    finite.
    """
    number = float(value)
    return float(f"{number:.{digits}g}") if math.isfinite(number) else None


def pick(option: str, **choices: Any) -> dict[str, Any]:
    """The value that a view option picks in the browser."""
    return {"$": option, **choices}


def line(
    x: Any, y: Any, color: str, dash: str = "solid", **more: Any
) -> Trace:
    """A mean: 2.2 px, in the arm's colour and pattern."""
    style = {"color": color, "width": 2.2, "dash": dash}
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": style,
        "showlegend": False,
        **more,
    }


def band(
    x: Any, low: Sequence[Any], high: Sequence[Any], color: str, **more: Any
) -> list[Trace]:
    """An interval along a line, 18 % of its colour: a lower edge and an upper one that
    fills down to it.
    """
    bare = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "line": {"width": 0, "color": color},
        "hoverinfo": "skip",
        "showlegend": False,
        **more,
    }
    return [
        # plotly fills down to the trace before, so the lower edge comes first.
        {**bare, "y": low},
        {**bare, "y": high, "fill": "tonexty", "fillcolor": f"{color}/0.18"},
    ]


def raw(x: Any, y: Any, color: str, **more: Any) -> Trace:
    """Single blocks behind a mean: 0.7 px at 45 %; one trace for all, gaps between
    them.
    """
    style = {"color": f"{color}/0.45", "width": 0.7}
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": style,
        "hoverinfo": "skip",
        "showlegend": False,
        "connectgaps": False,
        **more,
    }


def on_axes(trace: Trace, panel: int) -> Trace:
    """The trace on the axes of the panel with that number, from 0."""
    # plotly's axes are called x, x2, x3, ...
    suffix = "" if panel == 0 else str(panel + 1)
    return {**trace, "xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}


def spec(
    traces: Iterable[Trace],
    x: Mapping[str, Any],
    y: Mapping[str, Any],
    **more: Any,
) -> Spec:
    """A specification with these axes; ``more`` may hold layout, panels and height."""
    layout = {"xaxis": dict(x), "yaxis": dict(y), **more.pop("layout", {})}
    return {"traces": list(traces), "layout": layout, **more}

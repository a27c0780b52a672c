"""The raw blocks behind a verdict: every pair, its difference, and the band that does
not matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dashboard.figures import Spec, Trace, numbers, rounded, spec
from dashboard.locale import Words
from dashboard.theme import arm_color
from suite.report.formatting import amounts
from suite.verdicts.claim_verdict import ClaimVerdict


def pairs_frame(verdict: ClaimVerdict) -> pd.DataFrame:
    """One row per block and level: block, level, better, worse, difference (on the
    claim's scale).
    """
    columns = ["block", "level", "better", "worse", "difference"]
    return pd.DataFrame([dict(row) for row in verdict.per_block], columns=columns)


def differences(verdict: ClaimVerdict, level: str | None, words: Words) -> Spec | None:
    """Each block's difference at one level, the margin's band, the mean with its plain
    interval.
    """
    rows = pairs_frame(verdict)
    rows = rows[
        rows["level"].isna() if level is None else rows["level"] == level
    ].sort_values("block")
    if rows.empty:
        return None
    at, found = amounts(verdict).of_effect, _numbers_at(verdict, level)
    x, y = (
        [at(value) for value in rows["difference"]],
        [f"{words('block')} {block}" for block in rows["block"]],
    )
    color = verdict.verdict
    dots: Trace = {
        "type": "scatter",
        "mode": "markers",
        "x": numbers(x),
        "y": y,
        "showlegend": False,
        "marker": {
            "color": color,
            "size": 9,
            "line": {"color": "surface", "width": 1.5},
        },
        "hovertemplate": "%{y}: %{x:.4~g}<extra></extra>",
    }
    low, high = found["interval"]
    shapes: list[dict[str, Any]] = [
        _stripe(at(-verdict.margin), at(verdict.margin), "hair/0.7"),
        _rule(at(0.0), "muted", "solid"),
    ]
    if math.isfinite(low) and math.isfinite(high):
        shapes += [
            _stripe(at(low), at(high), f"{color}/0.15"),
            _rule(at(found["effect"]), color, "dash"),
        ]
    ends = [
        *x,
        *(
            at(end)
            for end in (verdict.margin, -verdict.margin, low, high)
            if math.isfinite(end)
        ),
    ]
    room = 0.06 * (max(ends) - min(ends) or 1.0)
    title = words("blocks-axis", unit=_unit(verdict, words))
    return spec(
        [dots],
        {
            "title": title,
            "range": [rounded(min(ends) - room), rounded(max(ends) + room)],
            "showgrid": True,
        },
        _block_axis(len(rows)),
        layout={"shapes": shapes, "hovermode": "closest"},
        height=120 + 24 * len(rows),
    )


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
        (rows["level"] == level) & rows["better"].notna() & rows["worse"].notna()
    ].sort_values("block")
    if rows.empty or verdict.kind == "contrast":
        return None
    names = [arm["name"] for arm in arms]
    y = [f"{words('block')} {block}" for block in rows["block"]]
    joins: Trace = {
        "type": "scatter",
        "mode": "lines",
        "x": [],
        "y": [],
        "line": {"color": "muted/0.5", "width": 1.5},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    for name, better, worse in zip(
        y, numbers(rows["better"]), numbers(rows["worse"]), strict=True
    ):
        joins["x"] += [better, worse, None]
        joins["y"] += [name, name, None]
    traces = [joins]
    for side, symbol in (("better", "circle"), ("worse", "square")):
        arm = getattr(verdict, side)
        shown = next(
            (str(a.get("label") or arm) for a in arms if a["name"] == arm),
            words("published"),
        )
        color = arm_color(names.index(arm)) if arm in names else "muted"
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": numbers(rows[side]),
                "y": y,
                "name": shown,
                "marker": {
                    "color": color,
                    "size": 10,
                    "symbol": symbol,
                    "line": {"color": "surface", "width": 1.5},
                },
                "hovertemplate": "%{x:.4~g}",
                "showlegend": True,
            }
        )
    return spec(
        traces,
        {
            "title": label,
            "tickformat": ".1~%" if verdict.unit_percent else "",
            "showgrid": True,
        },
        _block_axis(len(rows)),
        layout={
            "hovermode": "y unified",
            "showlegend": True,
            "margin": {"l": 72, "r": 16, "t": 36, "b": 44},
        },
        height=144 + 24 * len(rows),
    )


def trend(verdict: ClaimVerdict, words: Words, axis: str) -> Spec | None:
    """An interaction: the paired gap at each level along the axis, with its interval."""
    points = [row for row in verdict.by_level if "x" in row]
    if not points:
        return None
    scale = 100.0 if verdict.unit_percent and verdict.scale == "points" else 1.0
    effect = [scale * float(row["effect"]) for row in points]
    above = [
        scale * float(row["interval"][1]) - mean
        for row, mean in zip(points, effect, strict=True)
    ]
    trace: Trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": numbers(row["x"] for row in points),
        "y": numbers(effect),
        "error_y": {
            "type": "data",
            "array": numbers(above),
            "color": verdict.verdict,
            "thickness": 2,
            "width": 5,
        },
        "line": {"color": verdict.verdict, "width": 2.2},
        "marker": {"size": 9, "color": verdict.verdict},
        "hovertemplate": "%{x}: %{y:.4~g}<extra></extra>",
        "showlegend": False,
    }
    return spec(
        [trace],
        {"title": axis, "type": "log", "showgrid": False},
        {"title": words("blocks-gap", unit=_unit(verdict, words)), "zeroline": True},
        layout={"hovermode": "closest"},
        height=320,
    )


def _numbers_at(verdict: ClaimVerdict, level: str | None) -> Mapping[str, Any]:
    """Effect and interval at that level: the claim's own where it has one level only."""
    mine = {"effect": verdict.effect, "interval": verdict.interval}
    return next(
        (
            row
            for row in verdict.by_level
            if row.get("level") == level and "interval" in row and "x" not in row
        ),
        mine,
    )


def _unit(verdict: ClaimVerdict, words: Words) -> str:
    if verdict.scale != "points":
        return words("unit-log")
    return words("unit-points") if verdict.unit_percent else verdict.metric_label


def _block_axis(count: int) -> dict[str, Any]:
    """The first block at the top, with room for whole dots at both ends."""
    return {
        "title": "",
        "range": [count - 0.5, -0.5],
        "type": "category",
        "showgrid": False,
    }


def _stripe(low: float, high: float, color: str) -> dict[str, Any]:
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


def _rule(x: float, color: str, dash: str) -> dict[str, Any]:
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

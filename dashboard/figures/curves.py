"""Learning curves: means over blocks with their interval, raw blocks behind, the chosen
checkpoint marked.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dashboard.figures import (
    MAX_TOGETHER,
    Spec,
    Trace,
    band,
    line,
    numbers,
    on_axes,
    pick,
    raw,
    rounded,
    spec,
)
from dashboard.figures.hover import ONLY, above_curves, mean_text
from dashboard.locale import Words
from dashboard.theme import arm_looks, dash_of
from suite.report.charts.lines import SHARE, block_curves, mean_curves
from suite.report.charts.looks import Look
from suite.report.charts.spec import INFINITE
from suite.verdicts.statistics import Interval

__all__ = [
    "block_curves",
    "bounds_of",
    "learning_curves",
    "mean_curves",
    "values_of",
]

AXES = ("step", "epoch", "seconds", "examples")
GAP = "gap"  # training minus validation
BEGINNING = 0.25  # of the updates, which a look at a claim leaves out
AIR = 0.06  # of what is shown, beyond it
Columns = Mapping[str, list[float | None]]


def bounds_of(percent: bool, split: str) -> Interval:
    """What a value can be: a share, or the gap between two shares."""
    if not percent:
        return INFINITE
    return (-1.0, 1.0) if split == GAP else SHARE


def values_of(
    curves: pd.DataFrame, measure: str, split: str
) -> pd.Series | None:
    """The column to draw: a split's measure, or the gap between training and
    validation. None if not recorded.
    """
    train, validation = f"train.{measure}", f"validation.{measure}"
    if split == GAP:
        both = train in curves and validation in curves
        return (
            curves[train].astype(float) - curves[validation].astype(float)
            if both
            else None
        )
    column = f"{split}.{measure}"
    return curves.get(column)


def learning_curves(
    blocks: pd.DataFrame,
    arms: Sequence[Mapping[str, Any]],
    words: Words,
    y_title: str,
    *,
    percent: bool = False,
    bounds: Interval = INFINITE,
    best_steps: Mapping[str, float] | None = None,
    focus: Collection[str] = (),
    logarithmic: bool = True,
) -> Spec | None:
    """The specification for these block curves; ``arms`` are the task's, in order,
    which fixes their colours. Intervals keep within ``bounds``.

    ``best_steps`` has each arm's median chosen step. More than four arms become one
    panel each, with the other arms' means as hairlines behind. With arms in ``focus``,
    all are in one panel, where the others are faint lines and the axis shows what the
    former reach in the last three quarters. The view option for a logarithmic axis
    holds where values may be ``logarithmic``.
    """
    means = _by_arm(mean_curves(blocks, bounds=bounds))
    single = _by_arm(blocks)
    shown = _with_looks(arms, means)
    if not shown:
        return None
    apart = len(shown) > MAX_TOGETHER and not focus
    columns = _mean_columns(means)
    traces: list[Trace] = []
    for number, (look, arm) in enumerate(shown):
        name = arm["name"]
        if focus and name not in focus:
            traces.insert(0, _faint(columns[name], look))
            continue
        mine = _arm_traces(
            means[name],
            columns[name],
            single[name],
            look,
            arm,
            words,
            labelled=not apart,
            percent=percent,
        )
        step = (best_steps or {}).get(name)
        mine += _checkpoint(means[name], step, look, words)
        if apart:
            others = [one["name"] for _, one in shown if one is not arm]
            # First, hence behind the arm's own curves.
            mine.insert(0, _others([columns[other] for other in others]))
        panel = number if apart else 0
        traces += [on_axes(trace, panel) for trace in mine]
    return _curve_spec(
        traces,
        y_title,
        words,
        percent,
        [arm.get("label") or arm["name"] for _, arm in shown] if apart else [],
        _zoomed([single[name] for name in focus if name in single]),
        logarithmic,
    )


def _by_arm(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Each arm's rows."""
    # Grouped once: looking for an arm's rows among all, for each trace, made
    # up most of the page's time at 10,000 runs.
    return {str(arm): group for arm, group in rows.groupby("arm", sort=False)}


def _with_looks(
    arms: Sequence[Mapping[str, Any]], recorded: Collection[str]
) -> list[tuple[Look, Mapping[str, Any]]]:
    """The recorded ones among the task's arms, in order, each with its look."""
    return [
        (look, arm)
        # Looks are given to all arms of the task, so that an arm has its
        # colour even while others have no runs.
        for look, arm in zip(arm_looks(arms), arms, strict=True)
        if arm["name"] in recorded
    ]


def _mean_columns(means: Mapping[str, pd.DataFrame]) -> dict[str, Columns]:
    """Each arm's mean curve as lists, by each unit of the x axis."""
    return {
        name: {each: numbers(mean[each]) for each in (*AXES, "mean")}
        for name, mean in means.items()
    }


def _faint(columns: Columns, look: Look) -> Trace:
    """The mean of an arm that others are looked at beside."""
    x = pick("x", **{axis: columns[axis] for axis in AXES})
    trace = raw(x, columns["mean"], look.color)
    return {**trace, "line": {"color": f"{look.color}/0.45", "width": 1.4}}


def _zoomed(focused: Sequence[pd.DataFrame]) -> Interval | None:
    """The values that blocks reach once a quarter of the training is over, with some
    air; None where they reach one value only.
    """
    late = [
        blocks.loc[blocks["step"] >= BEGINNING * blocks["step"].max(), "value"]
        for blocks in focused
    ]
    if not late:
        return None
    values = pd.concat(late).dropna()
    low, high = float(values.min()), float(values.max())
    if not low < high:
        return None
    air = AIR * (high - low)
    return low - air, high + air


def _curve_spec(
    traces: Sequence[Trace],
    y_title: str,
    words: Words,
    percent: bool,
    titles: Sequence[str],
    zoomed: Interval | None,
    logarithmic: bool,
) -> Spec:
    """The traces on axes that view options change; a panel for each title. What is
    outside ``zoomed`` is seen after a double click.
    """
    x = {
        "title": pick("x", **{axis: words.of("axis", axis) for axis in AXES}),
        "showgrid": False,
        **above_curves(words, AXES),
    }
    y: dict[str, Any] = {
        "title": y_title,
        "type": pick("scale", linear="linear", log="log")
        if logarithmic
        else "linear",
        "tickformat": ".0%" if percent else "",
    }
    if zoomed:
        y["range"] = numbers(zoomed)
        if logarithmic:
            powers = _powers(zoomed)
            y["range"] = pick("scale", linear=y["range"], log=powers)
    panels = {"titles": list(titles)} if titles else None
    return spec(traces, x, y, panels=panels)


def _powers(ends: Interval) -> list[float | None] | None:
    """The ends of a logarithmic axis, as plotly has them; None if there are none."""
    return numbers(map(math.log10, ends)) if ends[0] > 0 else None


def _arm_traces(
    means: pd.DataFrame,
    columns: Columns,
    blocks: pd.DataFrame,
    look: Look,
    arm: Mapping[str, Any],
    words: Words,
    *,
    labelled: bool,
    percent: bool,
) -> list[Trace]:
    """An arm's mean, interval and single blocks."""
    color, label = look.color, str(arm.get("label") or arm["name"])
    x, mean = (
        pick("x", **{axis: columns[axis] for axis in AXES}),
        columns["mean"],
    )
    ends = numbers(means["low"]), numbers(means["high"])
    low, high = (
        # A single block has no interval: its band has no width there, instead
        # of a gap that would join the wrong points.
        [a if a is not None else b for a, b in zip(end, mean, strict=True)]
        for end in ends
    )
    shadow = [
        {**trace, "$when": {"band": ["interval", "both"]}, "$smooth": True}
        for trace in band(x, low, high, color)
    ]
    gapped = _with_gaps(blocks)
    value = gapped.pop("value")
    single = {
        **raw(pick("x", **gapped), value, color),
        "$when": {"band": ["blocks", "both"]},
    }
    about = [
        [a, b, int(n)] for a, b, n in zip(*ends, means["blocks"], strict=True)
    ]
    main = line(
        x,
        mean,
        color,
        dash_of(look),
        name=label,
        customdata=about,
        hovertemplate=mean_text(
            words, percent, [end is not None for end in ends[0]]
        ),
    )
    # Single blocks are never smoothed: they are there to show what was
    # measured.
    main["$smooth"] = True
    if len(means) == 1:  # fitted in one go: a line of one point is not seen
        for trace in (single, main):
            trace |= {"mode": "markers", "marker": {"color": color, "size": 6}}
    if labelled:
        main["$label"] = label
    return [single, *shadow, main]


def _others(means: Sequence[Columns]) -> Trace:
    """All other arms' means as hairlines, for comparison within a panel."""
    joined = {
        # None breaks the line between two arms.
        name: [value for one in means for value in (*one[name], None)][:-1]
        for name in (*AXES, "mean")
    }
    mean = joined.pop("mean")
    return {
        **raw(pick("x", **joined), mean, "muted"),
        "line": {"color": "muted/0.35", "width": 1},
    }


def _checkpoint(
    means: pd.DataFrame, step: float | None, look: Look, words: Words
) -> list[Trace]:
    """A diamond where, in the middle of all finals, the checkpoint was chosen."""
    if step is None or means.empty:
        return []
    nearest = means.iloc[(means["step"] - step).abs().argmin()]
    x = pick("x", **{axis: [rounded(nearest[axis])] for axis in AXES})
    mark = {
        "symbol": "diamond",
        "size": 9,
        "color": look.color,
        "line": {"color": "surface", "width": 1.5},
    }
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": x,
            "y": [rounded(nearest["mean"])],
            "marker": mark,
            "cliponaxis": False,
            "showlegend": False,
            "hovertemplate": words("curves-checkpoint") + ONLY,
        }
    ]


def _with_gaps(blocks: pd.DataFrame) -> dict[str, list[float | None]]:
    """Each column as one list for all blocks, a gap after each, so that one trace draws
    them.
    """
    # Rows are sorted by block: a gap belongs wherever the number changes.
    places = np.flatnonzero(np.diff(blocks["block"])) + 1
    columns = {
        name: blocks[name].to_numpy(dtype=float) for name in (*AXES, "value")
    }
    return {
        name: numbers(np.insert(values, places, np.nan), 4)
        for name, values in columns.items()
    }

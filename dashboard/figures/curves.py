"""Learning curves: means over blocks with their interval, raw blocks behind, the chosen checkpoint marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dashboard.figures import MOST_TOGETHER, Spec, Trace, band, line, numbers, on_axes, pick, raw, rounded, spec
from dashboard.theme import arm_color, arm_dash
from dashboard.words import Words
from suite.statistics import t_band

AXES = ("step", "epoch", "seconds", "examples")
GAP = "gap"  # training minus validation


def block_curves(curves: pd.DataFrame, value: pd.Series, examples: pd.Series | None = None) -> pd.DataFrame:
    """One curve per arm and block: the mean over its finals at each step.

    ``curves`` are the finals of one task and level, ``value`` what is drawn, ``examples`` training examples per key.
    Columns: arm, block, step, epoch, seconds, examples, value, finals.
    """
    frame = curves[["key", "arm", "block", "step", "epoch", "seconds"]].assign(value=value.astype(float))
    per_key = frame["key"].map(examples) if examples is not None else np.nan
    frame["examples"] = frame["epoch"] * per_key
    frame = frame.dropna(subset=["value"])
    grouped = frame.groupby(["arm", "block", "step"], sort=True)
    found = grouped[["epoch", "seconds", "examples", "value"]].mean()
    return found.assign(finals=grouped.size()).reset_index()


def mean_curves(blocks: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Mean and t interval over blocks at each step, arm by arm, so that no arm's figures depend on another's.

    Columns: arm, step, epoch, seconds, examples, mean, low, high (NaN with one block), blocks.
    """
    grouped = blocks.groupby(["arm", "step"], sort=True)
    found = grouped[["epoch", "seconds", "examples"]].mean()
    found["mean"], spread, found["blocks"] = grouped["value"].mean(), grouped["value"].std(), grouped.size()
    found["low"], found["high"] = t_band(found["mean"], spread, found["blocks"], confidence)
    return found.reset_index()


def values_of(curves: pd.DataFrame, measure: str, split: str) -> pd.Series | None:
    """The column to draw: a split's measure, or the gap between training and validation. None if not recorded."""
    train, validation = f"train.{measure}", f"validation.{measure}"
    if split == GAP:
        both = train in curves and validation in curves
        return curves[train].astype(float) - curves[validation].astype(float) if both else None
    column = f"{split}.{measure}"
    return curves.get(column)


def learning_curves(
    blocks: pd.DataFrame,
    arms: Sequence[Mapping[str, Any]],
    words: Words,
    y_title: str,
    *,
    percent: bool = False,
    best_steps: Mapping[str, float] | None = None,
) -> Spec | None:
    """The specification for these block curves; ``arms`` are the task's, in order, which fixes their colours.

    ``best_steps`` has each arm's median chosen step. More than four arms become one panel each, with the other arms'
    means as hairlines behind.
    """
    means = mean_curves(blocks)
    shown = [(place, arm) for place, arm in enumerate(arms) if (means["arm"] == arm["name"]).any()]
    if not shown:
        return None
    apart = len(shown) > MOST_TOGETHER
    traces: list[Trace] = []
    for panel, (place, arm) in enumerate(shown):
        if apart:
            others = [other["name"] for _, other in shown if other is not arm]
            traces.append(on_axes(_others(means[means["arm"].isin(others)]), panel))
        mine = _arm_traces(
            means[means["arm"] == arm["name"]], blocks[blocks["arm"] == arm["name"]], place, arm, not apart
        )
        marked = _checkpoint(means[means["arm"] == arm["name"]], (best_steps or {}).get(arm["name"]), place, words)
        traces += [on_axes(trace, panel if apart else 0) for trace in [*mine, *marked]]
    x = {"title": pick("x", **{axis: words(f"axis.{axis}") for axis in AXES}), "showgrid": False}
    y = {"title": y_title, "type": pick("scale", linear="linear", log="log"), "tickformat": ".0%" if percent else ""}
    panels = {"titles": [arm.get("label") or arm["name"] for _, arm in shown]} if apart else None
    return spec(traces, x, y, panels=panels)


def _arm_traces(
    means: pd.DataFrame, blocks: pd.DataFrame, place: int, arm: Mapping[str, Any], labelled: bool
) -> list[Trace]:
    color, label = arm_color(place), str(arm.get("label") or arm["name"])
    x = pick("x", **{axis: numbers(means[axis]) for axis in AXES})
    mean, low, high = (
        numbers(means["mean"]),
        numbers(means["low"].fillna(means["mean"])),
        numbers(means["high"].fillna(means["mean"])),
    )
    shadow = [
        {**trace, "$when": {"band": ["interval", "both"]}, "$smooth": True} for trace in band(x, low, high, color)
    ]
    single = {
        **raw(pick("x", **_gapped(blocks)), _with_gaps(blocks, "value"), color),
        "$when": {"band": ["blocks", "both"]},
    }
    about = [
        [a, b, int(n)] for a, b, n in zip(numbers(means["low"]), numbers(means["high"]), means["blocks"], strict=True)
    ]
    main = line(
        x,
        mean,
        color,
        arm_dash(place),
        name=label,
        customdata=about,
        hovertemplate="%{y:.4~g} (%{customdata[0]:.4~g} – %{customdata[1]:.4~g}, n = %{customdata[2]})",
    )
    main["$smooth"] = True
    if labelled:
        main["$label"] = label
    return [single, *shadow, main]


def _others(means: pd.DataFrame) -> Trace:
    """All other arms' means as hairlines, for comparison within a panel."""
    x = pick("x", **{axis: _joined(means, axis) for axis in AXES})
    return {**raw(x, _joined(means, "mean"), "muted"), "line": {"color": "muted/0.35", "width": 1}}


def _checkpoint(means: pd.DataFrame, step: float | None, place: int, words: Words) -> list[Trace]:
    """A diamond where, in the middle of all finals, the checkpoint was chosen."""
    if step is None or means.empty:
        return []
    nearest = means.iloc[(means["step"] - step).abs().argmin()]
    x = pick("x", **{axis: [rounded(nearest[axis])] for axis in AXES})
    mark = {"symbol": "diamond", "size": 9, "color": arm_color(place), "line": {"color": "surface", "width": 1.5}}
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": x,
            "y": [rounded(nearest["mean"])],
            "marker": mark,
            "showlegend": False,
            "hovertemplate": words("curves.checkpoint") + "<extra></extra>",
        }
    ]


def _gapped(blocks: pd.DataFrame) -> dict[str, list[float | None]]:
    return {axis: _with_gaps(blocks, axis) for axis in AXES}


def _with_gaps(blocks: pd.DataFrame, column: str) -> list[float | None]:
    """One list for all blocks, a gap after each, so that one trace draws them."""
    found: list[float | None] = []
    for _, group in blocks.groupby("block", sort=True):
        found += [*numbers(group[column], 4), None]
    return found[:-1]


def _joined(means: pd.DataFrame, column: str) -> list[float | None]:
    found: list[float | None] = []
    for _, group in means.groupby("arm", sort=True):
        found += [*numbers(group[column], 4), None]
    return found[:-1]

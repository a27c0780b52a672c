"""Tuning studies: best so far, budgets, importance, slices, parallel coordinates.
Validation only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dashboard.figures import (
    Spec,
    Trace,
    band,
    line,
    numbers,
    on_axes,
    raw,
    rounded,
    spec,
)
from dashboard.figures.hover import ONLY, above, number_format
from dashboard.locale import Words
from dashboard.theme import arm_looks, dash_of
from search.budget import Better, budget_curve, history
from search.inspect import importance
from search.ranges import position
from suite.training.job import JUDGED
from tasks import Categorical, Float, Int, Space

BANDS = 5  # of the parallel coordinates: trials in fifths by their rank


def space_of(described: Mapping[str, Mapping[str, Any]]) -> Space:
    """The space that campaign.json describes."""
    found: dict[str, Float | Int | Categorical] = {}
    for name, hyperparameter in described.items():
        if "values" in hyperparameter:
            found[name] = Categorical(tuple(hyperparameter["values"]))
        elif hyperparameter.get("whole"):
            found[name] = Int(
                int(hyperparameter["low"]),
                int(hyperparameter["high"]),
                bool(hyperparameter.get("log")),
            )
        else:
            found[name] = Float(
                float(hyperparameter["low"]),
                float(hyperparameter["high"]),
                bool(hyperparameter.get("log")),
            )
    return Space(**found)


def studies(trials: pd.DataFrame, column: str) -> list[pd.DataFrame]:
    """One frame per block with its completed trials in order; those that have no value
    are left out.
    """
    if column not in trials:
        return []
    done = trials[trials["status"].isin(JUDGED) & trials[column].notna()]
    return [
        group.sort_values("number")
        for _, group in done.groupby("block", sort=True)
    ]


def budgets_frame(
    trials: pd.DataFrame, column: str, better: Better
) -> pd.DataFrame:
    """The best value that each tuning budget gives: arm, trials, mean, low, high,
    blocks.
    """
    rows = []
    for arm, mine in trials.groupby("arm", sort=False):
        for point in budget_curve(
            [study[column] for study in studies(mine, column)], better
        ):
            rows.append(
                {
                    "arm": arm,
                    "trials": point.trials,
                    "mean": point.mean,
                    "low": point.low,
                    "high": point.high,
                    "blocks": point.blocks,
                }
            )
    return pd.DataFrame(
        rows, columns=["arm", "trials", "mean", "low", "high", "blocks"]
    )


def budget_chart(
    frame: pd.DataFrame,
    arms: Sequence[Mapping[str, Any]],
    title: str,
    words: Words,
    percent: bool,
) -> Spec | None:
    """Best so far against the number of trials, arm by arm, with intervals over blocks."""
    traces: list[Trace] = []
    for look, arm in zip(arm_looks(arms), arms, strict=True):
        mine = frame[frame["arm"] == arm["name"]]
        if mine.empty:
            continue
        color, x = look.color, numbers(mine["trials"])
        label = str(arm.get("label") or arm["name"])
        if len(arms) <= 4:
            traces += band(
                x,
                numbers(mine["low"].fillna(mine["mean"])),
                numbers(mine["high"].fillna(mine["mean"])),
                color,
            )
        main = line(
            x,
            numbers(mine["mean"]),
            color,
            dash_of(look),
            mode="lines+markers",
            name=label,
            hovertemplate=f"%{{y:{number_format(percent)}}}",
            cliponaxis=False,
        )
        traces.append(
            {**main, "$label": label, "marker": {"size": 6, "color": color}}
        )
    if not traces:
        return None
    # Budgets are powers of two, and plotly would label decades.
    ticks = sorted(set(frame["trials"].astype(int)))
    x_axis = {
        "title": words("axis-trials"),
        "type": "log",
        "tickvals": ticks,
        "ticktext": [str(tick) for tick in ticks],
        **above(words("hover-trials", x="%{x}")),
    }
    return spec(
        traces,
        x_axis,
        {"title": title, "tickformat": ".1~%" if percent else ""},
    )


def history_chart(
    blocks: Sequence[pd.DataFrame],
    column: str,
    better: Better,
    color: str,
    title: str,
    words: Words,
    percent: bool,
) -> Spec | None:
    """Every trial of an arm as a point, and each block's best so far as a thin line."""
    if not blocks:
        return None
    x, y, steps_x, steps_y, about = [], [], [], [], []
    for study in blocks:
        x += numbers(study["number"])
        y += numbers(study[column])
        about += [int(block) for block in study["block"]]
        # A gap ends each block's line.
        steps_x += [*numbers(study["number"]), None]
        steps_y += [*numbers(history(study[column], better)), None]
    points: Trace = {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "customdata": about,
        "showlegend": False,
        "marker": {"color": f"{color}/0.7", "size": 7},
        "hovertemplate": _trial_text(words, "%{x}", percent) + ONLY,
    }
    last = max(int(study["number"].max()) for study in blocks)
    best = {
        **raw(steps_x, steps_y, color),
        "line": {"color": f"{color}/0.8", "width": 1.2, "shape": "hv"},
    }
    return spec(
        [best, points],
        {
            "title": words("axis-trial"),
            "dtick": max(1, math.ceil(last / 10)),
            "tick0": 0,
        },
        {"title": title, "tickformat": ".1~%" if percent else ""},
        layout={"hovermode": "closest"},
    )


def importance_of(
    blocks: Sequence[pd.DataFrame], column: str, space: Space
) -> dict[str, float]:
    """Each hyperparameter's importance; empty with too few trials."""
    # Of trials that never set a hyperparameter, `importance` takes the
    # default.
    given = [
        ([_params(row, space) for _, row in study.iterrows()], study[column])
        for study in blocks
    ]
    return importance(space, given) if given and len(space) else {}


def importance_chart(shares: Mapping[str, float], words: Words) -> Spec | None:
    """Horizontal bars, the largest at the top."""
    if not shares:
        return None
    # plotly draws the first bar at the bottom.
    names = list(shares)[::-1]
    bars: Trace = {
        "type": "bar",
        "orientation": "h",
        "x": numbers(shares[name] for name in names),
        "y": names,
        "showlegend": False,
        "marker": {"color": "arm1"},
        "text": [f"{shares[name]:.0%}" for name in names],
        "textposition": "auto",
        "textfont": {"color": "text"},
        "insidetextfont": {"color": "surface"},
        "hovertemplate": words(
            "hover-importance", name="%{y}", share="%{x:.0%}"
        )
        + ONLY,
        "width": 0.55,
    }
    return spec(
        [bars],
        {
            "title": words("axis-importance"),
            "tickformat": ".0%",
            "range": [0, 1],
            "showgrid": True,
        },
        {"title": "", "showgrid": False, "type": "category"},
        layout={"hovermode": "closest"},
    )


def waiting_chart(words: Words) -> Spec:
    """In place of a chart that is being computed. The chart comes as another
    specification, so that what stands around it stays as it is.
    """
    note = {
        "text": words("search-working"),
        "xref": "paper",
        "yref": "paper",
        "x": 0.5,
        "y": 0.5,
        "showarrow": False,
        "font": {"size": 12, "color": "muted"},
    }
    nothing = {"visible": False}
    return spec([], nothing, nothing, layout={"annotations": [note]})


def slices_chart(
    blocks: Sequence[pd.DataFrame],
    column: str,
    space: Space,
    color: str,
    title: str,
    words: Words,
    percent: bool,
) -> Spec | None:
    """The value against each hyperparameter, one panel per hyperparameter, on the
    hyperparameter's own scale.
    """
    names = [
        name
        for name in space
        if any(f"param.{name}" in study for study in blocks)
    ]
    if not names:
        return None
    together = pd.concat(blocks, ignore_index=True)
    y = numbers(together[column], 4)
    blocks_and_trials = [
        [int(block), int(number)]
        for block, number in zip(
            together["block"], together["number"], strict=True
        )
    ]
    traces = []
    for panel, name in enumerate(names):
        given = together[f"param.{name}"]
        points = _slice(space[name], given, y, color)
        points["customdata"] = blocks_and_trials
        points["hovertemplate"] = _slice_text(words, name, percent) + ONLY
        traces.append(on_axes(points, panel))
    panels = {
        "titles": names,
        "free": True,
        "columns": min(3, len(names)),
        "x": [_slice_axis(space[name]) for name in names],
    }
    return spec(
        traces,
        {},
        {"title": title, "tickformat": ".1~%" if percent else ""},
        panels=panels,
        layout={"hovermode": "closest"},
    )


def _slice(
    hyperparameter: Float | Int | Categorical,
    values: pd.Series,
    y: Sequence[float | None],
    color: str,
) -> Trace:
    """All trials' values against one hyperparameter."""
    plain = isinstance(hyperparameter, Categorical)
    return {
        "type": "scatter",
        "mode": "markers",
        "showlegend": False,
        "x": [str(value) for value in values] if plain else numbers(values, 3),
        "y": list(y),
        "marker": {"color": f"{color}/0.6", "size": 7},
    }


def _trial_text(words: Words, trial: str, percent: bool) -> str:
    """The text of a trial whose ``customdata`` is its block."""
    value = f"%{{y:{number_format(percent)}}}"
    return words(
        "hover-trial", block="%{customdata}", trial=trial, value=value
    )


def _slice_text(words: Words, name: str, percent: bool) -> str:
    """The text of a trial whose ``customdata`` is its block and its number."""
    return words(
        "hover-slice",
        name=name,
        setting="%{x:.3~g}",
        value=f"%{{y:{number_format(percent)}}}",
        block="%{customdata[0]}",
        trial="%{customdata[1]}",
    )


def _slice_axis(hyperparameter: Float | Int | Categorical) -> dict[str, Any]:
    """The axis of one hyperparameter, on the scale on which it was searched."""
    axis = {"title": "", "nticks": 5, "exponentformat": "power"}
    if isinstance(hyperparameter, Categorical):
        return {"type": "category", **axis}
    if not hyperparameter.log:
        return {"type": "linear", **axis}
    # Ticks at powers of ten alone, where the range is sure to have some.
    if hyperparameter.high >= 30 * hyperparameter.low:
        axis["dtick"] = 1
    return {"type": "log", **axis}


def parallel_chart(
    blocks: Sequence[pd.DataFrame],
    column: str,
    space: Space,
    better: Better,
    words: Words,
) -> Spec | None:
    """Parallel coordinates: a line per trial through its hyperparameters, each on its
    own scale, to its rank in its block.
    """
    names = [
        name for name in space if not isinstance(space[name], Categorical)
    ]
    if not blocks or not names:
        return None
    axis_names = [*names, words("search-rank")]
    ends = [_ends(space[name]) for name in names] + [
        (words("search-worst"), words("search-best"))
    ]
    x = {
        "title": "",
        "tickvals": list(range(len(axis_names))),
        "ticktext": axis_names,
        "side": "bottom",
        "showgrid": True,
        "range": [-0.25, len(axis_names) - 0.75],
        "ticklen": 16,
    }
    y = {
        "title": "",
        "showticklabels": False,
        "showgrid": False,
        "range": [-0.1, 1.12],
        "ticks": "",
    }
    return spec(
        _fifths(blocks, column, space, names, better),
        x,
        y,
        layout={"hovermode": False, "annotations": _end_notes(ends)},
    )


def _fifths(
    blocks: Sequence[pd.DataFrame],
    column: str,
    space: Space,
    names: Sequence[str],
    better: Better,
) -> list[Trace]:
    """A trace for each fifth of the trials, the worst first: the best are drawn
    above all others. Trials without one of the hyperparameters are left out.
    """
    lines: dict[int, Trace] = {}
    for study in blocks:
        heights = _heights(study[column], better)
        for (_, row), height in zip(study.iterrows(), heights, strict=True):
            params = _params(row, space)
            if any(
                params[name] is None or pd.isna(params[name]) for name in names
            ):
                continue
            fifth = min(BANDS - 1, int(height * BANDS))
            trace = lines.setdefault(fifth, _fifth(fifth))
            trace["x"] += [*range(len(names) + 1), None]
            trace["y"] += [
                *(_place(space[name], params[name]) for name in names),
                rounded(height, 3),
                None,
            ]
    return [lines[fifth] for fifth in sorted(lines)]


def _end_notes(ends: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """The low end of each axis below it, the high one above."""
    return [
        {
            "x": number,
            "y": y,
            "yshift": shift,
            "text": text,
            "showarrow": False,
            "font": {"size": 11, "color": "muted"},
        }
        for number, pair in enumerate(ends)
        for y, shift, text in ((0, -12, pair[0]), (1, 12, pair[1]))
    ]


def _heights(values: pd.Series, better: Better) -> pd.Series:
    """Each trial's rank among its block's, from 0 (the worst) to 1 (the best, or the
    only one).
    """
    # Ranks, because blocks differ in difficulty: what is good in one may be
    # bad in another.
    behind = values.rank(ascending=better == "higher") - 1
    return behind / (len(values) - 1) if len(values) > 1 else behind + 1.0


def _fifth(number: int) -> Trace:
    """The look of a fifth of the trials: the best ones are highlighted."""
    top = number == BANDS - 1
    style = {
        "color": "arm1" if top else f"muted/{0.2 + 0.12 * number:.2f}",
        "width": 2.0 if top else 1.0,
    }
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [],
        "y": [],
        "line": style,
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _params(row: pd.Series, space: Space) -> dict[str, Any]:
    return {name: row.get(f"param.{name}") for name in space}


def _place(
    hyperparameter: Float | Int | Categorical, value: Any
) -> float | None:
    assert not isinstance(hyperparameter, Categorical)
    return rounded(position(hyperparameter, float(value)), 4)


def _ends(hyperparameter: Float | Int | Categorical) -> tuple[str, str]:
    assert not isinstance(hyperparameter, Categorical)
    return f"{hyperparameter.low:.3g}", f"{hyperparameter.high:.3g}"

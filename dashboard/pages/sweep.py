"""Quality and cost of each arm as a function of batch size, depth or amount of data."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import chart, saved, table
from dashboard.components.controls import (
    arm_key,
    arms_key,
    choose_level,
    choose_task,
    controls,
    select,
)
from dashboard.components.text import card, head
from dashboard.data.view import View, capital
from dashboard.figures import Spec
from dashboard.figures.sweep import (
    cell_means,
    default_target,
    log_ticks,
    matched,
    over_blocks,
    sweep,
    to_target,
)
from dashboard.locale.numbers import percent
from suite.report.charts.lines import SHARE
from suite.report.charts.spec import INFINITE
from suite.report.formatting import NONE, duration, within_sentence
from suite.training.job import ENDED_WELL, JUDGED

PATH, TITLE = "/sweep", "sweep-title"
COSTS = ("seconds_per_epoch", "seconds_per_update", "seconds")
CPU = "cpu_seconds"
SHORT = 10.0  # seconds
TARGETS = ("steps_to_target", "seconds_to_target")


def layout(view: View) -> Component:
    """Test quality and costs along the swept variable, and quality against
    size.
    """
    words, measure = view.words, _measure(view)
    measures = [
        (m["name"], m.get("label") or m["name"])
        for m in view.about["measures"]
    ]
    chosen = [
        choose_task(view),
        select(
            view,
            "measure",
            measures,
            measure["name"],
            words("choose-measure"),
            180,
        )
        if len(measures) > 1
        else None,
    ]
    target = _target(view)
    says = (
        words("sweep-chart-says", target=_format_target(target, measure))
        if target is not None
        else ""
    )
    cells = _cells(view, target)
    spec = _spec(view, cells)
    level = choose_level(view)
    return html.Div(
        [
            head(words("sweep-title"), words("sweep-says")),
            controls(*[part for part in chosen if part is not None]),
            chart(
                view,
                "sweep",
                spec,
                title=words("sweep-chart", axis=within_sentence(_axis(view))),
                says=says,
                height=760,
            )
            if spec
            else card(
                html.P(words("sweep-no-axis"), className="says"),
                title=words("sweep-none"),
            ),
            controls(level) if level is not None else None,
            chart(
                view,
                "matched",
                _matched(view, cells),
                title=words("sweep-matched"),
                says=_match_caption(view),
                height=380,
                key=arms_key(view),
            ),
            _runs(view),
        ]
    )


def frames(view: View) -> dict[str, pd.DataFrame]:
    """Means over blocks of all plotted values, and the cells they are computed from."""
    cells = _cells(view, _target(view))
    columns = [
        column
        for column in (_column(view), *COSTS, *TARGETS)
        if column in cells
    ]
    parts = [
        _means(view, cells, column).assign(measure=column)
        for column in columns
    ]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    of_level = cells[cells["level"] == view.level]
    return {"sweep": found, "matched": of_level, "costs": _costs(view)}


def _means(view: View, cells: pd.DataFrame, column: str) -> pd.DataFrame:
    """Mean and interval over blocks: of costs, which are positive and skewed, the
    geometric one.
    """
    if column != _column(view):
        return over_blocks(cells, column, positive=True)
    bounds = SHARE if _measure(view)["percent"] else INFINITE
    return over_blocks(cells, column, bounds=bounds)


def _measure(view: View) -> dict[str, Any]:
    name = view.chosen("measure", [m["name"] for m in view.about["measures"]])
    return next(dict(m) for m in view.about["measures"] if m["name"] == name)


def _column(view: View) -> str:
    return f"test.{_measure(view)['name']}"


def _rows(view: View, frame: pd.DataFrame) -> pd.DataFrame:
    return frame[(frame["task"] == view.task) & (frame["kind"] == "final")]


def _target(view: View) -> float | None:
    """The validation value to reach; the URL parameter ``target`` may set it."""
    measure = _measure(view)
    given = view.query.get("target", "")
    try:
        # The address may be typed by hand; what is no number falls back to the
        # default.
        target = float(given)
    except ValueError:
        target = math.nan
    if math.isfinite(target):
        return target
    curves = _rows(view, view.campaign.curves)
    return default_target(
        curves, f"validation.{measure['name']}", measure["better"] == "higher"
    )


def _cells(view: View, target: float | None) -> pd.DataFrame:
    runs = _rows(view, view.campaign.runs)
    finals = runs[runs["status"].isin(JUDGED)]
    measure = _measure(view)
    if target is not None:
        curves = _rows(view, view.campaign.curves)
        reached = to_target(
            curves,
            f"validation.{measure['name']}",
            target,
            measure["better"] == "higher",
        )
        # From the left: finals without a recorded curve stay.
        finals = finals.merge(reached[["key", *TARGETS]], on="key", how="left")
    return cell_means(finals, [_column(view), *COSTS, *TARGETS, "parameters"])


def _swept_variable(view: View) -> tuple[str, dict[str, float]]:
    """The swept variable, "arm" or "level", and its values on the x axis by name; ("",
    {}) if neither has any.
    """
    for column, items in (
        ("arm", view.about["arms"]),
        ("level", view.about["levels"]),
    ):
        places = {
            item["name"]: float(item["x"]) for item in items if item.get("x")
        }
        # A sweep needs at least two places.
        if len(places) > 1 and len(set(places.values())) > 1:
            return column, places
    return "", {}


def _axis(view: View) -> str:
    along, _ = _swept_variable(view)
    words = view.words
    name = (
        view.about.get("arms_axis")
        if along == "arm"
        else view.about.get("axis")
    )
    return str(
        name or words("choose-arm" if along == "arm" else "choose-level")
    )


def _spec(view: View, cells: pd.DataFrame) -> Spec | None:
    along, places = _swept_variable(view)
    if not along:
        return None
    words, measure = view.words, _measure(view)
    label = capital(str(measure.get("label") or measure["name"]))
    panels = []
    for column in (_column(view), *COSTS[:2], *TARGETS):
        if column in cells and cells[column].notna().any():
            quality = column == _column(view)
            title = (
                words("sweep-test", measure=label)
                if quality
                else words.of("measure", column)
            )
            percent = quality and measure["percent"]
            means = _means(view, cells, column)
            axis: dict[str, Any] = {}
            if percent:
                axis = {"tickformat": ".1~%"}
            # Times and numbers of updates are compared by factors.
            elif not quality:
                axis = {"type": "log", **log_ticks(means)}
            panels.append((title, means, axis))
    lines = view.about["levels"] if along == "arm" else view.about["arms"]
    other = "level" if along == "arm" else "arm"
    return (
        sweep(panels, lines, along, places, other, _axis(view), words)
        if panels
        else None
    )


def _matched(view: View, cells: pd.DataFrame) -> Spec | None:
    measure = _measure(view)
    within = view.about.get("parameters_within")
    label = capital(str(measure.get("label") or measure["name"]))
    return matched(
        cells[cells["level"] == view.level],
        _column(view),
        view.about["arms"],
        view.words("sweep-test", measure=label),
        within,
        view.words,
        bool(measure["percent"]),
    )


def _match_caption(view: View) -> str:
    within = view.about.get("parameters_within")
    words = view.words
    if within is None:
        return words("sweep-unmatched")
    return (
        words("sweep-within", within=f"{100 * within:g}")
        if within
        else words("sweep-exactly")
    )


def _format_target(value: float, measure: dict[str, Any]) -> str:
    label = within_sentence(str(measure.get("label") or measure["name"]))
    return (
        f"{label} {100 * value:g} %"
        if measure["percent"]
        else f"{label} {value:,.10g}"
    )


def _costs(view: View) -> pd.DataFrame:
    """The task's runs of each arm, trials and finals alike: how many, their CPU
    seconds, and how many ended in each way that is no result.
    """
    runs = view.campaign.runs
    mine = runs[runs["task"] == view.task]
    causes = [
        cause for cause in mine["status"].unique() if cause not in ENDED_WELL
    ]
    rows = []
    for arm in view.about["arms"]:
        of_arm = mine[mine["arm"] == arm["name"]]
        counts = of_arm["status"].value_counts()
        failed = {cause: int(counts.get(cause, 0)) for cause in causes}
        seconds = _cpu_seconds(of_arm)
        rows.append(
            {
                "arm": arm["name"],
                "runs": len(of_arm),
                "cpu_seconds": seconds,
                **failed,
            }
        )
    return pd.DataFrame(rows)


def _cpu_seconds(runs: pd.DataFrame) -> float:
    """Of all these runs; not a number where none has told, as those made elsewhere."""
    if CPU not in runs:
        return math.nan
    return float(runs[CPU].sum(min_count=1))


def _runs(view: View) -> html.Section:
    """What each arm's runs cost, and those that failed, by cause."""
    words, costs = view.words, _costs(view)
    causes = list(costs.columns[3:])
    whole = float(costs[CPU].sum())
    columns = [
        words("choose-arm"),
        words("sweep-runs"),
        words("sweep-cpu"),
        words("sweep-cpu-share"),
        words("sweep-cpu-per-run"),
        *(words.of("status", cause) for cause in causes),
    ]
    rows = [
        (
            arm_key(view, view.task, row["arm"]),
            f"{row['runs']:,}",
            *_cost_cells(row[CPU], row["runs"], whole),
            *(f"{row[cause]:,}" for cause in causes),
        )
        for row in costs.to_dict("records")
    ]
    failures = (
        words("sweep-failures-says") if causes else words("sweep-no-failures")
    )
    title = words("sweep-costs")
    numeric = range(1, len(columns))
    return card(
        table(columns, rows, label=title, numeric=numeric),
        title=title,
        says=f"{words('sweep-costs-says')} {failures}",
        files=saved(view, "costs"),
    )


def _cost_cells(seconds: float, runs: int, whole: float) -> tuple[str, ...]:
    """An arm's CPU time, its share of the task's, and the time of one run."""
    if not (math.isfinite(seconds) and runs and whole > 0):
        return NONE, NONE, NONE
    return (
        _time(seconds),
        percent(seconds / whole),
        _time(seconds / runs),
    )


def _time(seconds: float) -> str:
    """A length of time, with a second figure where whole seconds would tell little."""
    if seconds < SHORT:
        return f"{seconds:.2g} s"
    return duration(seconds)

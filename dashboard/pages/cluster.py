"""The cluster page: progress, workers with their idle share, failures by cause."""

from __future__ import annotations

from collections import Counter

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import chart, saved, table
from dashboard.components.operations import (
    current_runs,
    log_card,
    now_card,
    stall_note,
)
from dashboard.components.text import action, aria, card, facts, head, note
from dashboard.data.view import View
from dashboard.figures.cluster import (
    FEW_TASKS,
    gantt,
    rate,
    running_spans,
    spans,
    workers,
)
from dashboard.locale.numbers import percent
from dashboard.pages.overview.cells import matrix
from dashboard.pages.overview.progress import progress
from dashboard.server.security import safe_link
from dashboard.theme import task_color
from suite.report.formatting import duration
from suite.training.job import ENDED_WELL

PATH, TITLE = "/cluster", "cluster-title"
MAX_WORKERS = 48  # rows of the chart; the table has all


def layout(view: View) -> Component:
    """The campaign as its operator sees it: progress, load, workers over time,
    and failures.
    """
    words = view.words
    found = spans(view.campaign.runs)
    about = workers(found)
    failures = _failures(view)
    # A row for each worker of a large cluster would be taller than any screen.
    shown = found[found["worker"].isin(about.head(MAX_WORKERS)["worker"])]
    # All tasks, even those without a bar yet: a colour belongs to a place in
    # the list.
    now = _now(view, found)
    plan = gantt(shown, list(view.tasks), words, view.title, now)
    return html.Div(
        [
            head(words("cluster-title"), words("cluster-says"), *_ray(view)),
            stall_note(view),
            progress(view),
            now_card(view),
            _totals(view, found, about),
            note(words("cluster-cut", shown=MAX_WORKERS, all=len(about)))
            if len(about) > MAX_WORKERS
            else None,
            chart(
                view,
                "gantt",
                plan,
                title=words("cluster-gantt"),
                says=words("cluster-gantt-says"),
                height=int(plan["height"]) if plan else 240,
                key=_key(view),
                of_task=False,
            ),
            _workers(view, about),
            html.Div(
                [
                    chart(
                        view,
                        "rate",
                        rate(found, words),
                        title=words("cluster-rate"),
                        height=300,
                        of_task=False,
                    ),
                    failures,
                ],
                # Beside an empty card a chart would have half of the room.
                className="grid two" if failures else "",
            ),
            log_card(view),
            matrix(view),
        ]
    )


def frames(view: View) -> dict[str, pd.DataFrame]:
    """The bars, and the workers."""
    found = spans(view.campaign.runs)
    kept = [
        "worker",
        "host",
        "device",
        "task",
        "level",
        "arm",
        "block",
        "kind",
        "number",
        "status",
        "start",
        "length",
    ]
    bars = found[[name for name in kept if name in found]]
    return {
        "gantt": bars,
        "rate": bars.assign(end=bars["start"] + bars["length"]).sort_values(
            "end"
        ),
        "workers": workers(found),
        "cells": view.campaign.cells,
    }


def _now(view: View, found: pd.DataFrame) -> pd.DataFrame:
    """The bars of what runs, up to when the driver last told."""
    running = current_runs(view)[:MAX_WORKERS]
    told = float(view.campaign.state.get("updated") or 0.0)
    return running_spans(running, told, found, view.words)


def _totals(
    view: View, found: pd.DataFrame, about: pd.DataFrame
) -> html.Section:
    words = view.words
    whole = (
        float((found["start"] + found["length"]).max()) if len(found) else 0.0
    )
    busy = float(about["busy"].sum())
    ended_well = view.campaign.runs["status"].isin(ENDED_WELL)
    failed = int((~ended_well).sum())
    idle = (
        1 - busy / (whole * len(about))
        if len(about) and whole
        else float("nan")
    )
    return card(
        facts(
            [
                (words("cluster-runs"), f"{len(found):,}"),
                (words("cluster-whole"), duration(whole)),
                (words("cluster-workers"), f"{len(about)}"),
                (words("cluster-hosts"), f"{about['host'].nunique()}"),
                (words("cluster-busy"), duration(busy)),
                (words("cluster-idle"), percent(idle)),
                (words("sweep-failures"), f"{failed:,}"),
            ]
        )
    )


def _key(view: View) -> html.Div:
    """The tasks with their colours."""
    # The chart's own legend would cover the bars on a narrow screen.
    names = [
        html.Span(
            [
                html.I(
                    className="swatch",
                    style={"background": f"var(--{task_color(place)})"},
                ),
                view.title(task),
            ],
            className="arm",
        )
        for place, task in enumerate(view.tasks)
    ]
    several = len(names) > FEW_TASKS  # then the chart has no legend of its own
    style = "chart-key always" if several else "chart-key"
    return html.Div(names, className=style, **aria(hidden="true"))


def _workers(view: View, about: pd.DataFrame) -> html.Section | None:
    """Each worker with what it did and how long it was idle."""
    if about.empty:
        return None
    words = view.words
    rows = [
        (
            str(row["worker"]),
            str(row["device"]),
            f"{row['runs']:,}",
            duration(row["busy"]),
            percent(row["idle"]),
        )
        for row in about.head(MAX_WORKERS).to_dict("records")
    ]
    columns = [
        words.of("cluster", name)
        for name in ("worker", "device", "runs", "alone", "idle")
    ]
    return card(
        table(
            columns, rows, label=words("cluster-workers"), numeric=(2, 3, 4)
        ),
        title=words("cluster-workers"),
        files=saved(view, "workers"),
    )


def _failures(view: View) -> html.Section | None:
    """Counts by cause and task; each leads to the runs. None without any."""
    words, frame = view.words, view.campaign.runs
    failed = frame[~frame["status"].isin(ENDED_WELL)]
    if failed.empty:
        return None
    pairs = zip(
        failed["status"].astype(str), failed["task"].astype(str), strict=True
    )
    rows = [
        (
            html.A(
                words.of("status", status),
                href=view.link("/runs", task=task, status=status),
            ),
            view.title(task),
            f"{count:,}",
        )
        for (status, task), count in Counter(pairs).most_common()
    ]
    columns = [
        words("choose-status"),
        words("choose-task"),
        words("sweep-runs"),
    ]
    return card(
        table(columns, rows, label=words("sweep-failures"), numeric=(2,)),
        title=words("sweep-failures"),
        says=words("sweep-failures-says"),
    )


def _ray(view: View) -> list[Component]:
    """A link to Ray's own dashboard, if the driver recorded its URL."""
    # The state is a file, which may come from somebody else.
    address = safe_link(view.campaign.state.get("ray_dashboard"))
    return (
        [action(view.words("cluster-ray"), address, outside=True)]
        if address
        else []
    )

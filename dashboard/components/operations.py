"""For who runs a campaign: what runs now, how busy the machine is, the end of the log."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import table
from dashboard.components.text import (
    Children,
    card,
    coded,
    facts,
    glyph,
    timed,
)
from dashboard.data.view import View
from dashboard.locale.numbers import percent, size
from suite.errors import without_passwords
from suite.records.state import silent_since
from suite.report.formatting import NONE, duration

LOG_LINES = 20
LOG_BYTES = 16_000  # that are read from the end
MIB = 2**20
MIB_PER_GIB = 1024
LOAD = {"worker", "cpu_percent", "memory"}  # of a worker, in the state
MACHINE = {"host", "cpu_percent", "memory_used", "memory_total", "at"}
GPU = {"name", "memory_used", "memory_total"}
RECENT = 100  # runs whose pauses say how often one ends
FEWEST_PAUSES = 5
TIMES = 5  # the longest pause, after which something is wrong
PATIENCE_S = 120.0  # however short pauses were


def now_card(view: View) -> Component | None:
    """The runs in progress and since when, and the load of the driver's machine; None
    unless the campaign is running.
    """
    if view.snapshot.state != "running":
        return None
    words, state = view.words, view.campaign.state
    running = current_runs(view)
    columns = [
        *(words(f"choose-{name}") for name in ("task", "level", "arm")),
        words("block"),
        words("choose-kind"),
        words("now-since"),
    ]
    rows = [_row(view, one) for one in running]
    label = words("now-title")
    return card(
        facts(_load(view, state.get("machine") or {})),
        table(columns, rows, label=label, numeric=(3,), tall=True)
        if rows
        else html.P(words("now-none"), className="muted"),
        _machines(view),
        _workers(view),
        title=label,
    )


def current_runs(view: View) -> list[Mapping[str, Any]]:
    """What runs, as the driver's last state tells it; nothing unless the campaign is
    running. It may name runs that have ended since.
    """
    if view.snapshot.state != "running":
        return []
    told = view.campaign.state.get("running") or ()
    return [one for one in told if _is_known(view, one)]


def _machines(view: View) -> Component | None:
    """How busy each machine and its GPUs were when a run ended there."""
    words = view.words
    rows = [
        (
            str(one["host"]),
            percent(float(one["cpu_percent"]) / 100, 0),
            _memory(one),
            html.Div([html.Div(text) for text in _gpus(one)] or NONE),
            html.Span(timed(words, "now-at", float(one["at"]))),
        )
        for one in view.campaign.state.get("machines") or ()
        if one.keys() >= MACHINE
    ]
    if not rows:
        return None
    label = words("now-machines")
    columns = [
        words("now-machine"),
        words("now-cpu"),
        words("now-memory"),
        words("now-gpus"),
        words("now-measured"),
    ]
    shown = table(columns, rows, label=label, numeric=(1, 2), tall=True)
    return html.Div([html.H3(label), shown])


def _gpus(machine: Mapping[str, Any]) -> Iterator[str]:
    for gpu in machine.get("gpus") or ():
        if gpu.keys() >= GPU:
            text = f"{gpu['name']}: {_memory(gpu)}"
            if "percent" in gpu:
                text += f", {percent(float(gpu['percent']) / 100, 0)}"
            yield text


def _memory(load: Mapping[str, Any]) -> str:
    used, total = (
        float(load[name]) / MIB_PER_GIB
        for name in ("memory_used", "memory_total")
    )
    return f"{used:.1f} / {total:.1f} GiB"


def _workers(view: View) -> Component | None:
    """How busy each worker is that the driver can look up."""
    words = view.words
    rows = [
        (
            str(one["worker"]),
            percent(float(one["cpu_percent"]) / 100, 0),
            size(float(one["memory"]) * MIB),
        )
        for one in view.campaign.state.get("workers") or ()
        if one.keys() >= LOAD
    ]
    if not rows:
        return None
    label = words("now-load")
    columns = [
        words("cluster-worker"),
        words("now-worker-cpu"),
        words("now-memory"),
    ]
    shown = table(columns, rows, label=label, numeric=(1, 2), tall=True)
    return html.Div([html.H3(label), shown])


def stall_note(view: View) -> Component | None:
    """That a running campaign makes no progress, since when, and what to do; None while
    it does.
    """
    if view.snapshot.state != "running":
        return None
    name = view.campaign.manifest.name
    since = silent_since(view.campaign.state)
    if since is not None:
        said = timed(view.words, "stall-driver", since)
        return _alarm(said, view.words("stall-driver-do", name=name))
    found = stalled_runs(view.campaign.runs["ended"], time.time())
    if found is None:
        return None
    said = timed(view.words, "stall-runs", found[0], usual=duration(found[1]))
    return _alarm(said, view.words("stall-runs-do", name=name))


def _alarm(said: Children, advice: str) -> html.P:
    text = html.Span([*said, " ", coded(advice)])
    return html.P([glyph("⚠"), text], className="note warn", role="alert")


def stalled_runs(ended: pd.Series, now: float) -> tuple[float, float] | None:
    """When the last run ended, in seconds since 1970, and the longest pause between two
    of the runs before it; None unless that is exceeded many times.
    """
    known = ended.dropna().sort_values().tail(RECENT)
    pauses = known.diff().dropna()
    if len(pauses) < FEWEST_PAUSES:
        return None
    last, longest = float(known.iloc[-1]), float(pauses.max())
    if now - last < max(PATIENCE_S, TIMES * longest):
        return None
    return last, longest


def _is_known(view: View, one: Mapping[str, Any]) -> bool:
    """Whether it names a task of the campaign: the state is a file like any other."""
    return one.get("task") in view.tasks and "since" in one


def _row(view: View, one: Mapping[str, Any]) -> tuple[Any, ...]:
    words, task = view.words, str(one["task"])
    kind = words.maybe("kind", str(one.get("kind")), str(one.get("kind")))
    # In a stack several runs advance together; the first one stands for all.
    more = f" + {one['more']}" if one.get("more") else ""
    return (
        view.title(task),
        view.level_label(task, str(one.get("level"))),
        view.arm_label(task, str(one.get("arm"))),
        str(one.get("block", "")),
        f"{kind} {one.get('number', '')}{more}",
        html.Span(timed(words, "now-at", float(one["since"]))),
    )


def _load(view: View, machine: Mapping[str, Any]) -> list[tuple[str, str]]:
    """CPU and memory of the machine where the driver runs, which on one machine is
    where the workers run, too.
    """
    words = view.words
    host = str(view.campaign.state.get("host") or NONE)
    found = [(words("now-driver"), host)]
    if machine:
        share = float(machine["cpu_percent"]) / 100
        found += [
            (words("now-cpu"), percent(share)),
            (words("now-memory"), _memory(machine)),
        ]
    return found


def log_card(view: View) -> Component | None:
    """The last lines of the campaign's log, behind their number; None without any."""
    lines = last_lines(view.campaign.folder / "log.txt")
    if not lines:
        return None
    words = view.words
    text = without_passwords("\n".join(lines))
    return card(
        html.Details(
            [
                html.Summary(words("log-open", count=len(lines))),
                html.Pre(text, className="log", lang="en", tabIndex=0),
            ]
        ),
        title=words("log-title"),
    )


def last_lines(path: Path) -> list[str]:
    """The last lines of a text file; none if it cannot be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            # The log of a long campaign has megabytes; pages are made every
            # few seconds.
            file.seek(max(0, size - LOG_BYTES))
            # The first character may have been cut in two.
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    lines = text.splitlines()
    # Reading began in the middle of a line.
    whole = lines[1:] if size > LOG_BYTES else lines
    return whole[-LOG_LINES:]

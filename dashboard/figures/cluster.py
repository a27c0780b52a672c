"""Gantt chart: a bar per run on its worker's row, and the workers' idle time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import pandas as pd

from dashboard.figures import Spec, Trace, numbers, rounded, spec
from dashboard.figures.hover import ONLY, above
from dashboard.locale import Words
from dashboard.theme import task_color
from suite.training.job import ENDED_WELL

FAILED = "text"  # no task has it
RUNNING = "running"  # the status of what has not ended
STRIPES = "/"
TOLD = (  # of a run, where the pointer is
    "task",
    "level",
    "arm",
    "block",
    "kind",
    "number",
    "status",
    "count",
)
FEW_TASKS = 8  # whose legend fits above the bars
MAX_BARS = 1500
FEW = 120  # bars that have room for a line between them


def spans(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs with ``start`` (seconds since the first one started) and ``length``, by
    worker and time.
    """
    frame = runs.dropna(subset=["worker", "started", "ended"])
    frame = frame[frame["started"] > 0]
    if frame.empty:
        return frame.assign(start=[], length=[])
    begun = float(frame["started"].min())
    # Clocks of different machines may disagree.
    lasted = (frame["ended"] - frame["started"]).clip(lower=0)
    return frame.assign(
        start=frame["started"] - begun, length=lasted
    ).sort_values(["worker", "start"])


def running_spans(
    running: Iterable[Mapping[str, Any]],
    until: float,
    ended: pd.DataFrame,
    words: Words,
) -> pd.DataFrame:
    """The same for what has not ended ``until`` then, a row for each. ``ended`` has the
    spans of the others, whose first start both count from.
    """
    # A driver does not know on which worker a run is before it has ended, so
    # these rows are numbered.
    rows = [
        {
            **{name: one.get(name, "") for name in TOLD},
            "worker": words("cluster-now", number=number),
            "status": RUNNING,
            "count": 1,
            "since": float(one["since"]),
        }
        for number, one in enumerate(running, start=1)
    ]
    frame = pd.DataFrame(rows)
    if frame.empty:
        return frame
    begun = float(frame["since"].min())
    if len(ended):
        first = ended.iloc[0]
        begun = float(first["started"] - first["start"])
    # Clocks of different machines may disagree.
    lasted = (until - frame["since"]).clip(lower=0)
    return frame.assign(start=frame["since"] - begun, length=lasted)


def workers(found: pd.DataFrame) -> pd.DataFrame:
    """Per worker: host, device, runs, busy seconds, and the idle share from the
    first start to the last end.
    """
    if found.empty:
        return pd.DataFrame(
            columns=["worker", "host", "device", "runs", "busy", "idle"]
        )
    # All workers are measured against the same span, so that one that joined
    # late or left early counts as idle for the rest.
    whole = float((found["start"] + found["length"]).max()) or 1.0
    rows = []
    for worker, mine in found.groupby("worker", sort=True):
        busy = busy_seconds(mine)
        first = mine.iloc[0]
        rows.append(
            {
                "worker": worker,
                "host": first["host"],
                "device": first["device"],
                "runs": len(mine),
                "busy": busy,
                "idle": max(0.0, 1 - busy / whole),
            }
        )
    return pd.DataFrame(rows)


def busy_seconds(spans_: pd.DataFrame) -> float:
    """Seconds in which at least one run ran: overlaps, as on a shared GPU, count
    once.
    """
    busy, until = 0.0, float("-inf")
    ordered = spans_.sort_values("start")
    for start, length in zip(
        ordered["start"].to_list(), ordered["length"].to_list(), strict=True
    ):
        end = start + length
        busy += max(0.0, end - max(start, until))
        # A short run may end before a longer one that began earlier.
        until = max(until, end)
    return busy


def joined(found: pd.DataFrame) -> pd.DataFrame:
    """Bars to draw, with the ``count`` of runs in each: beyond ``MAX_BARS``,
    neighbours become one bar.

    They are on one worker, of one task, finished, and the pause between them is too
    short to be seen.
    """
    found = found.assign(count=1)
    if len(found) <= MAX_BARS:
        return found
    end = found["start"] + found["length"]
    # About a pixel of a chart.
    unseen = float(end.max()) / 1000
    same = found["worker"].eq(found["worker"].shift()) & found["task"].eq(
        found["task"].shift()
    )
    well = found["status"].isin(ENDED_WELL)
    fine = well & well.shift(fill_value=False)
    # A bar begins wherever a row cannot be joined to the one before; counting
    # these beginnings numbers the bars.
    bar = (~(same & fine & (found["start"] - end.shift() < unseen))).cumsum()
    lasts = end.groupby(bar).max()
    bars = found.groupby(bar).first()
    return bars.assign(
        length=lasts - bars["start"],
        count=bar.value_counts(sort=False).sort_index(),
    )


def gantt(
    found: pd.DataFrame,
    tasks: list[str],
    words: Words,
    title: Callable[[str], str] = str,
    running: pd.DataFrame | None = None,
) -> Spec | None:
    """One row per worker, and one for each run that is ``running``; colour is the task,
    failures are hatched, and what runs is striped. One trace per task, however many
    bars.
    """
    now = pd.DataFrame() if running is None else running
    traces = [
        *_ended(found, tasks, words, title),
        # Rows come in the order of their bars: these stand below the workers.
        *_running(now, tasks, words, title),
    ]
    if not traces:
        return None
    rows = len({row for trace in traces for row in trace["y"]})
    legend = len(tasks) <= FEW_TASKS
    top = 40 if legend else 8  # pixels
    return spec(
        traces,
        {
            "title": words("cluster-axis"),
            "showgrid": True,
            "range": [0, rounded(_end(found, now))],
        },
        {
            "title": "",
            "type": "category",
            "autorange": "reversed",
            "showgrid": False,
        },
        layout={
            "barmode": "overlay",
            "hovermode": "closest",
            "showlegend": legend,
            "margin": {"l": 120, "r": 16, "t": top, "b": 48},
        },
        height=90 + top + 30 * rows,
        keyed=True,
    )


def _end(*bars: pd.DataFrame) -> float:
    """When the last of all bars ends."""
    return max(
        float((some["start"] + some["length"]).max())
        for some in bars
        if len(some)
    )


def _ended(
    found: pd.DataFrame,
    tasks: list[str],
    words: Words,
    title: Callable[[str], str],
) -> Iterator[Trace]:
    """The bars of runs that have ended, those that failed apart."""
    if found.empty:
        return
    found = joined(found)
    edge = 0.5 if len(found) <= FEW else 0
    for place, task in enumerate(tasks):
        of_task = found[found["task"] == task]
        ended_well = of_task["status"].isin(ENDED_WELL)
        finished, failed = of_task[ended_well], of_task[~ended_well]
        if len(finished):
            # By the task's place in the campaign, so that the colour stays the
            # same while tasks come in.
            color = task_color(place)
            yield _bars(finished, title(task), color, "", edge, words)
        if len(failed):
            name = f"{title(task)} ✕"
            yield _bars(failed, name, FAILED, "x", edge, words)


def _running(
    now: pd.DataFrame,
    tasks: list[str],
    words: Words,
    title: Callable[[str], str],
) -> Iterator[Trace]:
    """The bars of what runs, striped."""
    if now.empty:
        return
    for place, task in enumerate(tasks):
        of_task = now[now["task"] == task]
        if len(of_task):
            name = f"{title(task)} …"
            yield _bars(of_task, name, task_color(place), STRIPES, 0, words)


def _bars(
    runs: pd.DataFrame,
    name: str,
    color: str,
    hatching: str,
    edge: float,
    words: Words,
) -> Trace:
    """A bar per run, hatched if that is asked for.

    What is told of each is built in the browser from parts that are sent once: complete
    texts would be half of the specification.
    """
    columns = [column for column in TOLD if column in runs]
    about = [_told(row, words) for row in runs[columns].to_dict("records")]
    # A dict keeps the order of first appearance; a set would change the
    # specification from one process to the next.
    distinct = dict.fromkeys(chain.from_iterable(about))
    parts = {part: place for place, part in enumerate(distinct)}
    return {
        "type": "bar",
        "orientation": "h",
        "base": numbers(runs["start"], 7),
        "x": numbers(runs["length"], 5),
        "y": list(runs["worker"]),
        "$parts": list(parts),
        "$told": [[parts[part] for part in one] for one in about],
        "name": name,
        "width": 0.62,
        "marker": {
            "color": color,
            "line": {"color": "surface", "width": edge},
            "pattern": {
                "shape": hatching,
                "bgcolor": color,
                "fgcolor": "surface",
                "size": 4,
            },
        },
        "hovertemplate": "%{customdata}<br>"
        + words("hover-lasted", seconds="%{x:.3~g}")
        + ONLY,
        "showlegend": True,
    }


def _told(row: dict[Any, Any], words: Words) -> list[str]:
    """The hover text of a bar, in pieces."""
    if row["count"] > 1:
        return [words("cluster-bar", count=f"{row['count']:,}")]
    kind = words.maybe("kind", str(row["kind"]), str(row["kind"])).lower()
    parts = [
        row["arm"],
        row["level"],
        f"{words('block').lower()} {row['block']}",
        f"{kind} {row['number']}",
    ]
    if row["status"] == RUNNING:
        parts.append(words("cluster-runs-now"))
    elif row["status"] != "finished":
        parts.append(words.of("status", row["status"]))
    return [str(part) for part in parts]


def rate(found: pd.DataFrame, words: Words) -> Spec | None:
    """Recorded runs against time."""
    if found.empty:
        return None
    ends = sorted(found["start"] + found["length"])
    # More points than pixels cannot be seen. The last one is kept whatever the
    # step.
    step = max(1, len(ends) // 400)
    kept = [*range(0, len(ends), step), len(ends) - 1]
    trace: Trace = {
        "type": "scatter",
        "mode": "lines",
        "x": numbers(ends[i] for i in kept),
        "y": [i + 1 for i in kept],
        "line": {"color": "arm1", "width": 2.2, "shape": "hv"},
        "showlegend": False,
        "hovertemplate": words("hover-recorded", runs="%{y:,}") + ONLY,
    }
    return spec(
        [trace],
        {
            "title": words("cluster-axis"),
            "range": [0, rounded(ends[-1])],
            **above(words("hover-begun", x="%{x:,.4~g}")),
        },
        {"title": words("cluster-done")},
    )

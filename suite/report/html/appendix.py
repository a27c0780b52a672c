"""How the campaign was done: methods, data, openings of the test sets, and the machines
it ran on.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from suite.records.results import Campaign
from suite.report.formatting import NONE, counted, listed
from suite.report.html.markup import Child, Markup, facts, join, table, tag
from suite.report.html.methods import paragraphs
from suite.training.job import STATUSES
from suite.verdicts.statistics import Component
from suite.verdicts.variance import split_variance

REPEATED = (
    "The digest of the claims was taken before the first run: a claim edited afterwards gives another. The same "
    "command with the same sources gives the same campaign; on machines of the same kind its results are the same to "
    "the last bit."
)


def methods(campaign: Campaign) -> Iterator[Markup]:
    """How it was done, and on what data."""
    said = [
        join(tag("h3", title), tag("p", text)) for title, text in paragraphs(campaign)
    ]
    yield tag(
        "section",
        tag("h2", "How it was done"),
        _plan(campaign),
        *said,
        class_="methods",
    )
    data = _data(campaign)
    if data:
        yield tag("section", tag("h2", "The data"), data)


def spread(campaign: Campaign, task: str) -> Markup | None:
    """Where a task's results vary from, where extra runs were bought that can
    tell.
    """
    found = split_variance(campaign, task)
    if not found:
        return None
    about = campaign.about["tasks"][task]
    arms, levels = (
        {one["name"]: str(one.get("label") or one["name"]) for one in about[w]}
        for w in ("arms", "levels")
    )
    percent = bool(about["measures"][0]["percent"])
    parts = list(dict.fromkeys(part.name for split in found for part in split.parts))
    rows: list[list[Child]] = []
    for split in found:
        told = {part.name: _deviation(part, percent) for part in split.parts}
        label = levels[split.level], arms[split.arm]
        rows.append(
            [*label, *(told.get(part, NONE) for part in parts), str(split.blocks)]
        )
    unit = "points" if percent else "the measure's unit"
    said = f"Standard deviations of one run's test result, in {unit}, with 95 % intervals: how much is due to what."
    head = ["Level", "Arm", *(f"From {part}" for part in parts), "Blocks"]
    numeric = frozenset(range(2, len(head)))
    return tag(
        "div",
        tag("h3", "Where results vary from"),
        tag("p", said, class_="note"),
        table(head, rows, numeric),
    )


def _deviation(part: Component, percent: bool) -> str:
    if not part.separable:
        return "not separable"
    scale = 100 if percent else 1
    value, low, high = (
        scale * math.sqrt(max(end, 0.0)) for end in (part.variance, part.low, part.high)
    )
    return f"{value:.2g} ({low:.2g} to {high:.2g})"


def _plan(campaign: Campaign) -> Markup:
    rows: list[list[Child]] = []
    for name, task in campaign.about["tasks"].items():
        length_factor = float(task.get("length_factor") or 1)
        sizes = [
            len(task["levels"]),
            len(task["arms"]),
            task["blocks"],
            task["trials"],
            task["finals"],
        ]
        rows.append([tag("code", name), *map(str, sizes), f"{length_factor:g}"])
    head = [
        "Task",
        "Levels",
        "Arms",
        "Blocks",
        "Trials a cell",
        "Finals a cell",
        "Length of training",
    ]
    return table(head, rows, frozenset(range(1, 7)))


def _data(campaign: Campaign) -> Markup | None:
    frame = campaign.runs
    names = ["data.n_train", "data.n_validation", "data.n_test"]
    if not {*names, "data.population"} <= {*frame.columns}:
        return None
    how = {
        "fresh": "drawn anew for each block",
        "resplit": "split anew for each block",
        "official": "one test set for all",
    }
    rows: list[list[Child]] = []
    for (task, level), group in frame.dropna(subset=names).groupby(
        ["task", "level"], sort=False
    ):
        sizes = [
            listed(f"{int(n):,}" for n in sorted(group[name].unique()))
            for name in names
        ]
        kinds = listed(
            how.get(str(kind), str(kind))
            for kind in sorted(group["data.population"].dropna().unique())
        )
        about = campaign.about["tasks"][task]
        label = next(
            (
                str(v.get("label") or v["name"])
                for v in about["levels"]
                if v["name"] == level
            ),
            str(level),
        )
        rows.append([tag("code", str(task)), label, *sizes, kinds])
    if not rows:
        return None
    return table(
        ["Task", "Level", "Training", "Validation", "Test", "How"],
        rows,
        frozenset({2, 3, 4}),
    )


def openings(campaign: Campaign) -> Markup:
    """Who opened the sealed test set, and when."""
    frame = campaign.runs
    opened = frame[frame["test_opened"].eq(True)] if len(frame) else frame
    kinds = Counter(map(str, opened["kind"])) if len(opened) else Counter[str]()
    words = {"final": "final", "half": "half-budget final", "trial": "tuning trial"}
    by = listed(
        counted(kinds[kind], words.get(kind, kind)) for kind in words if kinds[kind]
    )
    trials = int(frame["kind"].eq("trial").sum()) if len(frame) else 0
    none = (
        f"none of the {trials:,} tuning trials saw it"
        if not kinds["trial"]
        else "tuning trials saw it, which they must not"
    )
    said = (
        f"Test sets were opened {len(opened):,} times, by {by}; {none}."
        if len(opened)
        else "No test set was opened yet."
    )
    rows: list[list[Child]] = []
    for (task, level, arm), group in (
        opened.groupby(["task", "level", "arm"]) if len(opened) else ()
    ):
        times = [
            when(value, seconds_too=True)
            for value in (group["ended"].min(), group["ended"].max())
        ]
        rows.append(
            [tag("code", str(task)), str(level), str(arm), f"{len(group):,}", *times]
        )
    record = "Each starting is a line of runs.jsonl, with test_opened and the time."
    head = ["Task", "Level", "Arm", "Openings", "First", "Last"]
    return tag(
        "section",
        tag("h2", "When the sealed test sets were opened"),
        tag("p", said, " ", record),
        table(head, rows, frozenset({3, 4, 5})) if rows else None,
    )


def place(campaign: Campaign) -> Markup:
    """Machines, versions and digests: what it takes to repeat the campaign."""
    about, frame = campaign.about, campaign.runs
    versions = dict(about.get("versions") or {})
    statuses = Counter(map(str, frame["status"])) if len(frame) else Counter[str]()
    spent = (
        float((frame["ended"] - frame["started"]).sum()) / 3600 if len(frame) else 0.0
    )
    sources = [
        tag("li", tag("code", f"{task} {value[:16]}"))
        for task, value in (about.get("sources") or {}).items()
    ]
    return tag(
        "section",
        tag("h2", "Where it ran, and how to repeat it"),
        facts(
            (
                "Command",
                tag("code", " ".join(map(str, about["command"])), class_="long")
                if about.get("command")
                else None,
            ),
            ("Machines", _machines(frame)),
            ("They differ in", str(campaign.state.get("unlike") or "")),
            ("Time spent", f"{spent:.2g} hours of one worker, all runs together"),
            (
                "Ended as",
                listed(
                    f"{statuses[s]:,} {s.replace('_', ' ')}"
                    for s in STATUSES
                    if statuses[s]
                ),
            ),
            ("Platform", str(versions.pop("platform", ""))),
            (
                "Versions",
                tag(
                    "span",
                    listed(f"{name} {number}" for name, number in versions.items()),
                    class_="long",
                ),
            ),
            ("Claims", tag("code", str(about.get("claims_digest", "")), class_="long")),
            ("Sources", tag("ul", *sources) if sources else None),
        ),
        tag("p", REPEATED, class_="note"),
    )


def _machines(frame: Any) -> str:
    if not len(frame):
        return ""
    names = [
        name for name in ("host", "device", "hardware", "threads") if name in frame
    ]
    found = []
    for values, group in frame.dropna(subset=["host"]).groupby(names, dropna=False):
        about = dict(zip(names, values, strict=True))
        threads = about.get("threads")
        more = (
            f", {counted(int(threads), 'thread')} a run"
            if threads == threads and threads
            else ""
        )
        kind = ", ".join(
            str(about[n])
            for n in ("device", "hardware")
            if n in about and about[n] == about[n]
        )
        workers = counted(group["worker"].nunique(), "process").replace(
            "processs", "processes"
        )
        found.append(f"{about['host']} ({kind}{more}; {workers}, {len(group):,} runs)")
    return "; ".join(found)


def when(seconds: Any, *, seconds_too: bool = False) -> str:
    """A moment in UTC."""
    if seconds is None or not math.isfinite(float(seconds)):
        return NONE
    return time.strftime(
        "%Y-%m-%d %H:%M:%S UTC" if seconds_too else "%Y-%m-%d %H:%M UTC",
        time.gmtime(float(seconds)),
    )

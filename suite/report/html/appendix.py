"""How the campaign was done: its size, its data, when the sealed test sets were opened,
and the machines it ran on.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from suite.records.results import Campaign
from suite.report.formatting import NONE, counted, listed
from suite.report.html.view import Openings, ProvenanceView, Table, VarianceView
from suite.training.job import STATUSES
from suite.verdicts.statistics import Component
from suite.verdicts.variance import split_variance

SIZES = ("data.n_train", "data.n_validation", "data.n_test")
POPULATIONS = {
    "fresh": "drawn again for each block",
    "resplit": "split again for each block",
    "official": "one test set for all",
}
OPENERS = {
    "final": "final",
    "half_budget": "half-budget final",
    "half_length": "half-length final",
    "trial": "tuning trial",
}
MACHINE_COLUMNS = ("host", "device", "hardware", "threads")
DIGEST_LENGTH = 16  # digits of a source's digest: enough to distinguish two


def plan_table(campaign: Campaign) -> Table:
    """How much of what each task was given."""
    head = (
        "Task",
        "Levels",
        "Arms",
        "Blocks",
        "Cells",
        "Trials a cell",
        "Finals a cell",
        "Length of training",
    )
    rows = []
    cells = Counter(cell.task for cell in campaign.manifest.cells)
    for name, task in campaign.manifest.tasks.items():
        shape = (len(task.levels), len(task.arms), task.blocks)
        counts = (*shape, cells[name], task.trials)
        rows.append(
            [name, *map(str, counts), str(task.finals), f"{task.length_factor:g}"]
        )
    return Table(head, rows, frozenset(range(1, len(head))), frozenset({0}))


def data_table(campaign: Campaign) -> Table:
    """How many examples each task had at each level; no rows if none is recorded."""
    head = ("Task", "Level", "Training", "Validation", "Test", "How")
    numeric, code = frozenset({2, 3, 4}), frozenset({0})
    frame = campaign.runs
    if not {*SIZES, "data.population"} <= {*frame.columns}:
        return Table(head, [], numeric, code)
    rows = []
    known = frame.dropna(subset=list(SIZES))
    for (task, level), group in known.groupby(["task", "level"], sort=False):
        sizes = [
            listed(f"{int(size):,}" for size in sorted(group[column].unique()))
            for column in SIZES
        ]
        populations = sorted(map(str, group["data.population"].dropna().unique()))
        how = listed(POPULATIONS.get(name, name) for name in populations)
        label = _level_label(campaign, str(task), str(level))
        rows.append([str(task), label, *sizes, how])
    return Table(head, rows, numeric, code)


def _level_label(campaign: Campaign, task: str, level: str) -> str:
    labels = {one.name: one.label for one in campaign.manifest.task(task).levels}
    return labels.get(level, level)


def openings(campaign: Campaign) -> Openings:
    """Which runs opened the sealed test set, and when."""
    frame = campaign.runs
    head = ("Task", "Level", "Arm", "Openings", "First", "Last")
    numeric, code = frozenset({3, 4, 5}), frozenset({0})
    opened = frame[frame["test_opened"].eq(True)] if len(frame) else frame
    if not len(opened):
        table = Table(head, [], numeric, code)
        return Openings("No test set was opened yet.", table)
    rows = []
    for (task, level, arm), group in opened.groupby(["task", "level", "arm"]):
        moments = group["ended"].min(), group["ended"].max()
        times = [utc(moment, with_seconds=True) for moment in moments]
        rows.append([str(task), str(level), str(arm), f"{len(group):,}", *times])
    return Openings(_openings_summary(frame, opened), Table(head, rows, numeric, code))


def _openings_summary(frame: Any, opened: Any) -> str:
    kinds = Counter(map(str, opened["kind"]))
    by = listed(
        counted(kinds[kind], word) for kind, word in OPENERS.items() if kinds[kind]
    )
    trials = int(frame["kind"].eq("trial").sum())
    verdict = f"none of the {trials:,} tuning trials saw it"
    if kinds["trial"]:
        verdict = "tuning trials saw it, which they must not"
    return f"Test sets were opened {len(opened):,} times, by {by}; {verdict}."


def variance(campaign: Campaign, task: str) -> VarianceView | None:
    """The variance components of a task's results; None without the extra runs that
    they need.
    """
    found = split_variance(campaign, task)
    if not found:
        return None
    manifest = campaign.manifest.task(task)
    percent = manifest.primary.percent
    parts = list(dict.fromkeys(part.name for split in found for part in split.parts))
    rows = []
    for split in found:
        deviations = {part.name: _deviation(part, percent) for part in split.parts}
        labels = manifest.level(split.level).label, manifest.arm(split.arm).label
        cells = (deviations.get(part, NONE) for part in parts)
        rows.append([*labels, *cells, str(split.blocks)])
    unit = "points" if percent else "the measure's unit"
    caption = (
        f"Standard deviations of one run's test result, in {unit}, with 95 % "
        "intervals: how much is due to what."
    )
    head = ["Level", "Arm", *(f"From {part}" for part in parts), "Blocks"]
    return VarianceView(caption, Table(head, rows, frozenset(range(2, len(head)))))


def _deviation(part: Component, percent: bool) -> str:
    if not part.separable:
        return "not separable"
    scale = 100 if percent else 1
    value, low, high = (
        scale * math.sqrt(max(end, 0.0)) for end in (part.variance, part.low, part.high)
    )
    return f"{value:.2g} ({low:.2g} to {high:.2g})"


def provenance(campaign: Campaign) -> ProvenanceView:
    """Machines, versions and digests: what it takes to repeat the campaign."""
    manifest, frame = campaign.manifest, campaign.runs
    versions = dict(manifest.versions)
    platform = versions.pop("platform", "")
    seconds = float((frame["ended"] - frame["started"]).sum()) if len(frame) else 0.0
    sources = manifest.sources.items()
    return ProvenanceView(
        command=" ".join(manifest.command),
        machines="; ".join(_machines(frame)),
        machines_differ_in=str(campaign.state.get("unlike") or ""),
        time_spent=f"{seconds / 3600:.2g} hours of one worker, all runs together",
        statuses=_statuses(frame),
        platform=platform,
        versions=listed(f"{name} {number}" for name, number in versions.items()),
        claims_digest=manifest.claims_digest,
        sources=[f"{task} {digest[:DIGEST_LENGTH]}" for task, digest in sources],
    )


def _statuses(frame: Any) -> str:
    counts = Counter(map(str, frame["status"])) if len(frame) else Counter[str]()
    return listed(
        f"{counts[status]:,} {status.replace('_', ' ')}"
        for status in STATUSES
        if counts[status]
    )


def _machines(frame: Any) -> Iterator[str]:
    """``node1 (cpu, Xeon, 1 thread a run; 4 processes, 120 runs)``, one by one."""
    if not len(frame):
        return
    columns = [name for name in MACHINE_COLUMNS if name in frame]
    known = frame.dropna(subset=["host"])
    for values, group in known.groupby(columns, dropna=False):
        machine = dict(zip(columns, values, strict=True))
        count = group["worker"].nunique()
        processes = f"{count:,} {'process' if count == 1 else 'processes'}"
        details = ", ".join(_machine_details(machine))
        yield f"{machine['host']} ({details}; {processes}, {len(group):,} runs)"


def _machine_details(machine: Mapping[str, Any]) -> Iterator[str]:
    for name in ("device", "hardware"):
        value = machine.get(name)
        if value == value and value is not None:  # NaN: not recorded
            yield str(value)
    threads = machine.get("threads")
    if threads == threads and threads:
        yield f"{counted(int(threads), 'thread')} a run"


def utc(seconds: Any, *, with_seconds: bool = False) -> str:
    """A moment in UTC; a dash where there is none."""
    if seconds is None or not math.isfinite(float(seconds)):
        return NONE
    form = "%Y-%m-%d %H:%M:%S UTC" if with_seconds else "%Y-%m-%d %H:%M UTC"
    return time.strftime(form, time.gmtime(float(seconds)))

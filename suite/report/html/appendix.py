"""How the campaign was done: its size, its data, when the sealed test sets were opened,
and the machines it ran on.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from suite.records.results import Campaign
from suite.report.formatting import NONE, counted, listed, measured_number
from suite.report.html.view import (
    Openings,
    ProvenanceView,
    Table,
    VarianceView,
)
from suite.report.labels import diagnosis
from suite.training.job import STATUSES
from suite.verdicts.arm_training import diagnose_task
from suite.verdicts.statistics import Component
from suite.verdicts.variance import split_variance
from tasks.contract.universe import base_label, base_of, is_universe

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
    cells_of = Counter(cell.task for cell in campaign.manifest.cells)
    rows = []
    for name, task in campaign.manifest.tasks.items():
        counts = (
            len(task.levels),
            len(task.arms),
            task.blocks,
            cells_of[name],
            task.trials,
            task.finals,
        )
        length = f"{task.length_factor:g}"
        rows.append([name, *map(str, counts), length])
    numeric = frozenset(range(1, len(head)))
    return Table(head, rows, numeric, code=frozenset({0}))


def data_table(campaign: Campaign) -> Table:
    """How many examples each task had at each level; no rows if none is recorded."""
    head = ("Task", "Level", "Training", "Validation", "Test", "How")
    numeric, code = frozenset({2, 3, 4}), frozenset({0})
    frame = _at_base_levels(campaign.runs)
    needed = {*SIZES, "data.population"}
    if not needed <= set(frame.columns):
        return Table(head, [], numeric, code)
    rows = []
    known = frame.dropna(subset=list(SIZES))
    for (task, level), runs in known.groupby(["task", "level"], sort=False):
        label = _level_label(campaign, str(task), str(level))
        sizes = [_sizes(runs[column]) for column in SIZES]
        rows.append([str(task), label, *sizes, _populations(runs)])
    return Table(head, rows, numeric, code)


def _sizes(examples: pd.Series[float]) -> str:
    """``500``, or ``400 and 500`` where blocks differ."""
    sizes = sorted(examples.unique())
    return listed(f"{int(size):,}" for size in sizes)


def _populations(runs: pd.DataFrame) -> str:
    """How blocks came by their data: ``drawn again for each block``, or
    several such texts where runs differ.
    """
    names = runs["data.population"].dropna().unique()
    ordered = sorted(str(name) for name in names)
    return listed(POPULATIONS.get(name, name) for name in ordered)


def _at_base_levels(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs, a row each, with universes counted at the levels that they are
    derived from.
    """
    if runs.empty:
        return runs
    return runs.assign(level=runs["level"].map(base_of))


def _level_label(campaign: Campaign, task: str, level: str) -> str:
    """The label of a level without a universe's conditions, or its name if the
    task has no such level.
    """
    levels = campaign.manifest.task(task).levels
    labels = {base_of(one.name): base_label(one.label) for one in levels}
    return labels.get(level, level)


def openings(campaign: Campaign) -> Openings:
    """Which runs opened the sealed test set, and when."""
    frame = _at_base_levels(campaign.runs)
    head = ("Task", "Level", "Arm", "Openings", "First", "Last")
    numeric, code = frozenset({3, 4, 5}), frozenset({0})
    opened = frame
    if len(frame):
        opened = frame[frame["test_opened"].eq(True)]
    if not len(opened):
        table = Table(head, [], numeric, code)
        return Openings("No test set was opened yet.", table)
    rows = []
    for (task, level, arm), runs in opened.groupby(["task", "level", "arm"]):
        first = utc(runs["ended"].min(), with_seconds=True)
        last = utc(runs["ended"].max(), with_seconds=True)
        count = f"{len(runs):,}"
        rows.append([str(task), str(level), str(arm), count, first, last])
    summary = _openings_summary(frame, opened)
    return Openings(summary, Table(head, rows, numeric, code))


def _openings_summary(frame: pd.DataFrame, opened: pd.DataFrame) -> str:
    """How many openings there were, by which kinds of runs, in a sentence.

    ``frame`` has all runs, ``opened`` those that opened a test set.
    """
    count_of = Counter(map(str, opened["kind"]))
    openers = []
    for kind, word in OPENERS.items():
        if count_of[kind]:
            openers.append(counted(count_of[kind], word))
    trials = int(frame["kind"].eq("trial").sum())
    verdict = f"none of the {trials:,} tuning trials saw it"
    # Must never happen, and would make every verdict worthless: the report
    # looks for it and does not take it for granted.
    if count_of["trial"]:
        verdict = "tuning trials saw it, which they must not"
    by = listed(openers)
    times = counted(len(opened), "time")
    return f"Test sets were opened {times}, by {by}; {verdict}."


def diagnoses(campaign: Campaign, task: str) -> Table | None:
    """What keeps each arm of a task from doing better, and the figures that say so;
    None without figures on all three sets.
    """
    manifest = campaign.manifest.task(task)
    percent = manifest.primary.percent
    rows = []
    for found in diagnose_task(campaign, task):
        if is_universe(found.level):
            # As many rows as there are universes would be no summary.
            continue
        level = manifest.level(found.level).label
        arm = manifest.arm(found.arm).label
        figures = found.train, found.validation, found.test
        numbers = [measured_number(figure, percent) for figure in figures]
        agreeing = f"{found.agreeing} of {found.blocks}"
        rows.append(
            [level, arm, *numbers, diagnosis(found.diagnosis), agreeing]
        )
    if not rows:
        return None
    head = [
        "Level",
        "Arm",
        "Training",
        "Validation",
        "Test",
        "Diagnosis",
        "Blocks",
    ]
    return Table(head, rows, numeric=frozenset({2, 3, 4, 6}))


def variance(campaign: Campaign, task: str) -> VarianceView | None:
    """The variance components of a task's results; None without the extra runs that
    they need.
    """
    found = split_variance(campaign, task)
    if not found:
        return None
    manifest = campaign.manifest.task(task)
    percent = manifest.primary.percent
    components: dict[str, None] = {}
    for split in found:
        # A dict as an ordered set: not every arm has every component.
        components |= dict.fromkeys(part.name for part in split.parts)
    rows = []
    for split in found:
        level = manifest.level(split.level).label
        arm = manifest.arm(split.arm).label
        deviations = {}
        for part in split.parts:
            deviations[part.name] = _deviation(part, percent)
        cells = [deviations.get(name, NONE) for name in components]
        rows.append([level, arm, *cells, str(split.blocks)])
    unit = "points" if percent else "the measure's unit"
    caption = (
        f"Standard deviations of one run's test result, in {unit}, with 95 % "
        "intervals: how much is due to what."
    )
    columns = [f"From {name}" for name in components]
    head = ["Level", "Arm", *columns, "Blocks"]
    numeric = frozenset(range(2, len(head)))
    return VarianceView(caption, Table(head, rows, numeric))


def _deviation(part: Component, percent: bool) -> str:
    """A standard deviation with its interval, ``1.2 (0.4 to 2.1)``; in points
    where ``percent``, and else in the measure's unit.
    """
    if not part.separable:
        return "not separable"
    unit = 100 if percent else 1

    def deviation(variance: float) -> float:
        """The root of a variance, in the unit shown."""
        # An estimated component, or the lower end of its interval, may be
        # negative.
        return unit * math.sqrt(max(variance, 0.0))

    low, high = deviation(part.low), deviation(part.high)
    return f"{deviation(part.variance):.2g} ({low:.2g} to {high:.2g})"


def provenance(campaign: Campaign) -> ProvenanceView:
    """Machines, versions and digests: what it takes to repeat the campaign."""
    manifest, frame = campaign.manifest, campaign.runs
    versions = dict(manifest.versions)
    platform = versions.pop("platform", "")
    sources = []
    for task, digest in manifest.sources.items():
        sources.append(f"{task} {digest[:DIGEST_LENGTH]}")
    libraries = [f"{name} {number}" for name, number in versions.items()]
    hours = _hours(frame)
    return ProvenanceView(
        command=" ".join(manifest.command),
        machines="; ".join(_machines(frame)),
        machines_differ_in=str(campaign.state.get("unlike") or ""),
        time_spent=f"{hours:.2g} hours of one worker, all runs together",
        statuses=_statuses(frame),
        platform=platform,
        versions=listed(libraries),
        claims_digest=manifest.claims_digest,
        sources=sources,
    )


def _hours(frame: pd.DataFrame) -> float:
    """The duration of all runs together, in hours of one worker."""
    if not len(frame):
        return 0.0
    seconds = frame["ended"] - frame["started"]
    return float(seconds.sum()) / 3600


def _statuses(frame: pd.DataFrame) -> str:
    """``120 finished, 2 diverged``, in the order of ``STATUSES``."""
    if not len(frame):
        return ""
    count_of = Counter(map(str, frame["status"]))
    parts = []
    for status in STATUSES:
        count = count_of[status]
        if count:
            name = status.replace("_", " ")
            parts.append(f"{count:,} {name}")
    return listed(parts)


def _machines(frame: pd.DataFrame) -> Iterator[str]:
    """Each kind of machine with what it did, one by one: ``node1 (cpu, Xeon, 1
    thread a run; 4 processes, 120 runs)``.
    """
    if not len(frame):
        return
    columns = [name for name in MACHINE_COLUMNS if name in frame]
    known = frame.dropna(subset=["host"])
    # ``dropna=False``, as a value that was not recorded must not leave its
    # machine out.
    for values, runs in known.groupby(columns, dropna=False):
        machine = dict(zip(columns, values, strict=True))
        details = ", ".join(_machine_details(machine))
        count = runs["worker"].nunique()
        noun = "process" if count == 1 else "processes"
        work = f"{count:,} {noun}, {counted(len(runs), 'run')}"
        yield f"{machine['host']} ({details}; {work})"


def _machine_details(machine: Mapping[str, Any]) -> Iterator[str]:
    """Device, processor and threads, each as a text, as far as they are
    recorded.
    """
    for name in ("device", "hardware"):
        value = machine.get(name)
        # NaN, which is not equal to itself, stands for what was not recorded.
        if value == value and value is not None:
            yield str(value)
    threads = machine.get("threads")
    if threads == threads and threads:
        yield f"{counted(int(threads), 'thread')} a run"


def utc(seconds: Any, *, with_seconds: bool = False) -> str:
    """A moment in UTC; a dash where there is none."""
    if seconds is None or not math.isfinite(float(seconds)):
        return NONE
    clock = "%H:%M:%S" if with_seconds else "%H:%M"
    moment = time.gmtime(float(seconds))
    return time.strftime(f"%Y-%m-%d {clock} UTC", moment)

"""From lines of the record to DataFrames."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from suite.records.manifest import Manifest
from suite.training.job import ENDED_WELL, JUDGED

IDENTITY = ("key", "task", "level", "arm", "block", "kind", "number")
PLACE = ("task", "level", "arm", "block")
COUNTS = ("trials_done", "finals_done", "half_length_done", "failures")
WHERE = ("host", "device", "hardware", "threads", "worker")
SCALARS = (
    *IDENTITY,
    "status",
    "error",
    "best_step",
    "parameters",
    "losses",
    "test_opened",
    "started",
    "ended",
)


class RunColumns:
    """Values of runs by column, in the order in which the runs were first recorded."""

    def __init__(self) -> None:
        """No runs yet; the columns that all runs have come first."""
        self._indices: dict[str, int] = {}  # of rows, by key
        names = (*SCALARS, *WHERE)
        self._columns: dict[str, list[Any]] = {name: [] for name in names}

    def put(self, line: Mapping[str, Any]) -> None:
        """Add a line of a record; a run's newest line replaces older ones."""
        row = _row(line)
        key = line["key"]
        # Retried: no value of the failed attempt may remain, such as a metric
        # that the new line does not have.
        if key in self._indices:
            cleared = dict.fromkeys(self._columns, math.nan)
            row = cleared | row
        index = self._indices.setdefault(key, len(self._indices))
        for name, value in row.items():
            column = self._columns.setdefault(name, [])
            _fill(column, index)
            # A slice, so that one line replaces an older row and appends a new
            # one.
            column[index : index + 1] = [value]

    def frame(self) -> pd.DataFrame:
        """One row per run, with NaN where a run has no value."""
        for column in self._columns.values():
            _fill(column, len(self._indices))
        return pd.DataFrame(self._columns)


def _fill(column: list[Any], length: int) -> None:
    """Make a column that long; what was not recorded is NaN."""
    column.extend([math.nan] * (length - len(column)))


class Generations:
    """Which runs of a record count: of each cell those of its newest plan.

    A task's data, its code or its search space may change between two starts of a
    campaign. Its runs are then trained again, and the record keeps both.
    """

    def __init__(self) -> None:
        """No line seen yet."""
        self._newest: dict[tuple[Any, ...], str] = {}  # digest by cell
        self._of_run: dict[str, tuple[tuple[Any, ...], str]] = {}  # by key
        self._are_mixed = False

    def put(self, line: Mapping[str, Any]) -> None:
        """Take note of a line of a record, in the record's order."""
        place = _place(line)
        digest = line.get("cell", "")
        before = self._newest.get(place)
        if before == digest:
            digest = before  # one text for all lines of a cell
        elif before is not None:
            self._are_mixed = True
        self._newest[place] = digest
        self._of_run[line["key"]] = place, digest

    def newest(self, line: Mapping[str, Any]) -> str | None:
        """The digest of the newest plan of the cell that a line belongs to; None if no
        line of that cell was seen.
        """
        return self._newest.get(_place(line))

    def current(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows of runs that count."""
        if not self._are_mixed:
            return frame
        superseded = set()
        for key, (place, digest) in self._of_run.items():
            if digest != self._newest[place]:
                superseded.add(key)
        kept = frame[~frame["key"].isin(superseded)]
        return kept.reset_index(drop=True)


def _place(line: Mapping[str, Any]) -> tuple[Any, ...]:
    """The task, level, arm and block of a line."""
    return tuple(line[name] for name in PLACE)


class Curves:
    """Rows of curves by run, held as arrays; a frame is put together from the rows
    that are new and those of the frame before.
    """

    def __init__(self) -> None:
        self._lines: list[Mapping[str, Any]] = []  # not yet in the frame
        self._frame = pd.DataFrame(
            columns=[*IDENTITY, "step", "epoch", "seconds"]
        )
        self._keys: set[str] = set()

    def put(self, line: Mapping[str, Any]) -> None:
        """Add the curve of a line; a run's newest line replaces older ones."""
        self._lines.append(line)

    def frame(self) -> pd.DataFrame:
        """One row per run and evaluation."""
        # A dict keeps the last of equal keys: of a run that was recorded twice
        # in between, the newest line.
        newest = {line["key"]: line for line in self._lines}
        replaced = newest.keys() & self._keys
        new = curves_frame(newest.values())
        if len(new) or replaced:
            kept = self._without(replaced)
            self._frame = _joined(kept, new)
        self._keys |= newest.keys()
        self._lines = []
        return self._frame

    def _without(self, keys: Set[str]) -> pd.DataFrame:
        """The frame without the rows of some runs."""
        if not keys:
            return self._frame
        of_others = ~self._frame["key"].isin(keys)
        return self._frame[of_others]


def _joined(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """The rows of both; an empty frame is left out, as it has no types to keep."""
    filled = [frame for frame in (first, second) if len(frame)]
    if len(filled) == 1:
        return filled[0].reset_index(drop=True)
    return pd.concat(filled, ignore_index=True)


def runs_frame(lines: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """The ``runs`` frame of these lines of a record."""
    found = RunColumns()
    for line in lines:
        found.put(line)
    return found.frame()


def _row(line: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of one line by name: its own fields, its worker, then
    ``param.NAME``, ``data.NAME`` and the metrics.
    """
    row = {name: line.get(name) for name in SCALARS}
    worker = line.get("worker") or {}
    for name in WHERE[:-1]:
        row[name] = worker.get(name)
    row["worker"] = _process(worker)
    for name, value in line["params"].items():
        row[f"param.{name}"] = value
    data = line.get("data") or {}
    for name, value in data.items():
        row[f"data.{name}"] = value
    metrics = line.get("metrics") or {}
    # The checks of a line refuse a metric with the name of a field.
    return row | metrics


def _process(worker: Mapping[str, Any]) -> str | None:
    """``host:pid`` of the process that a run took place in; None if that was
    not recorded.
    """
    if not worker:
        return None
    host, pid = worker.get("host"), worker.get("pid")
    return f"{host}:{pid}"


def curves_frame(lines: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """The ``curves`` rows of these lines of a record, a column at a time; measures are
    64-bit floats.
    """
    lines = [line for line in lines if line["curve"]]
    if not lines:
        return pd.DataFrame(columns=[*IDENTITY, "step", "epoch", "seconds"])
    lengths = [len(line["curve"]) for line in lines]
    line_of_row = np.repeat(np.arange(len(lines)), lengths)
    columns: dict[str, Any] = {}
    for name in IDENTITY:
        # One ``take`` per column: a frame per line took 50 s for 10,000 runs,
        # where a column at a time takes two.
        of_lines = pd.Series([line[name] for line in lines])
        columns[name] = of_lines.array.take(line_of_row)
    rows = list(chain.from_iterable(line["curve"] for line in lines))
    # A dict keeps the order in which the metrics came; a set would not.
    measured = dict.fromkeys(chain.from_iterable(rows))
    for name in measured:
        values = [row.get(name) for row in rows]
        # float64 even for counts, as a value may be missing; steps never are.
        number = np.int64 if name == "step" else np.float64
        columns[name] = np.array(values, dtype=number)
    return pd.DataFrame(columns)


def cells_frame(manifest: Manifest, runs: pd.DataFrame) -> pd.DataFrame:
    """The planned cells with the state of each.

    Columns: task, level, arm, block, state ("queued", "tuning", "final", "done",
    "failed"), trials_done, finals_done, failures, trials_planned, finals_planned,
    seconds.
    """
    cells = [cell.place for cell in manifest.cells]
    plan = pd.DataFrame(cells, columns=list(PLACE))
    planned = _planned_runs(manifest)
    done = _finished_runs(plan, runs)
    return plan.assign(
        state=_states(planned, done),
        trials_done=done["trials_done"],
        finals_done=done["finals_done"],
        failures=done["failures"],
        trials_planned=planned["trials"],
        finals_planned=planned["finals"],
        seconds=done["seconds"],
    )


def _planned_runs(manifest: Manifest) -> pd.DataFrame:
    """How many runs each cell is to have: one row per cell in the plan's
    order, with the columns trials, finals and half_length.
    """
    rows = []
    for cell in manifest.cells:
        task = manifest.tasks[cell.task]
        trials = task.trials_of(cell.arm, cell.level)
        finals = task.finals_of(cell.arm)
        half_length = task.half_length_of(cell.arm)
        rows.append((trials, finals, half_length))
    return pd.DataFrame(
        rows, columns=["trials", "finals", "half_length"], dtype=int
    )


def _finished_runs(plan: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """How many runs of each kind each cell has, and the ``seconds`` that all
    took: one row per cell, in the order of ``plan``.

    ``known`` says whether the cell has any run at all, ``unjudged`` how many
    have no result.
    """
    judged = runs["status"].isin(JUDGED)
    kind = runs["kind"]
    duration = runs["ended"] - runs["started"]
    of_runs = runs[list(PLACE)].assign(
        trials_done=judged & kind.eq("trial"),
        finals_done=judged & kind.eq("final"),
        half_length_done=judged & kind.eq("half_length"),
        failures=~runs["status"].isin(ENDED_WELL),
        unjudged=~judged,
        seconds=duration.astype(float),
    )
    # Without runs there is nothing to group, and every cell's sums are
    # missing.
    sums = pd.DataFrame(columns=of_runs.columns)
    if len(of_runs):
        sums = of_runs.groupby(list(PLACE), sort=False).sum()
    # Sums in the plan's order, with NaN for cells that have no run yet.
    planned = pd.MultiIndex.from_frame(plan)
    of_cells = sums.reindex(planned).reset_index(drop=True)
    known = of_cells["seconds"].notna()
    # NaN has made them floats.
    counts = dict.fromkeys(COUNTS, int)
    filled = of_cells.fillna(0).astype({"seconds": float, **counts})
    return filled.assign(known=known)


def _states(planned: pd.DataFrame, done: pd.DataFrame) -> Any:
    """The state of each cell, an array of texts in the plan's order.

    ``planned`` and ``done`` have a row for each cell.
    """
    has_finals = done["finals_done"] >= planned["finals"]
    has_half_length = done["half_length_done"] >= planned["half_length"]
    tuned = done["trials_done"] >= planned["trials"]
    unjudged = done["unjudged"] > 0
    finished = has_finals & has_half_length & ~unjudged
    # The first condition that holds counts. A run without a result makes a
    # cell "failed" whatever else it has: only `bakeoff retry` lets it advance.
    conditions = [~done["known"], finished, unjudged, tuned]
    names = ["queued", "done", "failed", "final"]
    return np.select(conditions, names, "tuning")

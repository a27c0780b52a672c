"""From lines of the record to DataFrames."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from suite.records.manifest import Manifest
from suite.training.job import JUDGED

IDENTITY = ("key", "task", "level", "arm", "block", "kind", "number")
PLACE = ("task", "level", "arm", "block")
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
        self._places: dict[str, int] = {}
        self._columns: dict[str, list[Any]] = {name: [] for name in (*SCALARS, *WHERE)}

    def put(self, line: Mapping[str, Any]) -> None:
        """Add a line of a record; a run's newest line replaces older ones."""
        row, key = _row(line), line["key"]
        if key in self._places:  # retried: drop all values of the older line
            row = dict.fromkeys(self._columns, math.nan) | row
        place = self._places.setdefault(key, len(self._places))
        for name, value in row.items():
            column = self._columns.setdefault(name, [])
            _fill(column, place)
            column[place : place + 1] = [value]

    def frame(self) -> pd.DataFrame:
        for column in self._columns.values():
            _fill(column, len(self._places))
        return pd.DataFrame(self._columns)


def _fill(column: list[Any], length: int) -> None:
    """Make a column that long; what was not recorded is NaN."""
    column.extend([math.nan] * (length - len(column)))


class Curves:
    """Rows of curves by run, held as arrays; a frame is put together from what is
    new and what was.
    """

    def __init__(self) -> None:
        self._lines: list[Mapping[str, Any]] = []  # not yet in the frame
        self._frame = pd.DataFrame(columns=[*IDENTITY, "step", "epoch", "seconds"])
        self._keys: set[str] = set()

    def put(self, line: Mapping[str, Any]) -> None:
        self._lines.append(line)

    def frame(self) -> pd.DataFrame:
        newest = {line["key"]: line for line in self._lines}
        again = newest.keys() & self._keys
        kept = self._frame[~self._frame["key"].isin(again)] if again else self._frame
        new = curves_frame(newest.values())
        if len(new) or again:
            filled = [part for part in (kept, new) if len(part)]
            self._frame = (
                pd.concat(filled, ignore_index=True)
                if len(filled) != 1
                else filled[0].reset_index(drop=True)
            )
        self._keys |= newest.keys()
        self._lines = []
        return self._frame


def runs_frame(lines: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """The ``runs`` frame of these lines of a record."""
    found = RunColumns()
    for line in lines:
        found.put(line)
    return found.frame()


def _row(line: Mapping[str, Any]) -> dict[str, Any]:
    worker = line.get("worker") or {}
    return {
        **{name: line.get(name) for name in SCALARS},
        **{name: worker.get(name) for name in WHERE[:-1]},
        "worker": f"{worker.get('host')}:{worker.get('pid')}" if worker else None,
        **{f"param.{name}": value for name, value in line["params"].items()},
        **{f"data.{name}": value for name, value in (line.get("data") or {}).items()},
        **(line.get("metrics") or {}),
    }


def curves_frame(lines: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """The ``curves`` rows of these lines of a record, a column at a time; measures are
    64-bit floats.
    """
    lines = [line for line in lines if line["curve"]]
    if not lines:
        return pd.DataFrame(columns=[*IDENTITY, "step", "epoch", "seconds"])
    run = np.repeat(np.arange(len(lines)), [len(line["curve"]) for line in lines])
    columns: dict[str, Any] = {
        name: pd.Series([line[name] for line in lines]).array.take(run)
        for name in IDENTITY
    }
    rows = [row for line in lines for row in line["curve"]]
    for name in dict.fromkeys(chain.from_iterable(rows)):
        values = [row.get(name) for row in rows]
        columns[name] = np.array(
            values, dtype=np.int64 if name == "step" else np.float64
        )
    return pd.DataFrame(columns)


def cells_frame(manifest: Manifest, runs: pd.DataFrame) -> pd.DataFrame:
    """The planned cells with the state of each."""
    plan = pd.DataFrame([cell.place for cell in manifest.cells], columns=list(PLACE))
    tasks = [manifest.tasks[cell.task] for cell in manifest.cells]
    cells = list(zip(tasks, manifest.cells, strict=True))
    trials_planned = np.array(
        [task.trials_of(cell.arm, cell.level) for task, cell in cells], dtype=int
    )
    finals_planned = np.array(
        [task.finals_of(cell.arm) for task, cell in cells], dtype=int
    )
    half_length_planned = np.array(
        [task.half_length_of(cell.arm) for task, cell in cells], dtype=int
    )
    judged = runs["status"].isin(JUDGED)
    marks = runs[list(PLACE)].assign(
        trials_done=judged & runs["kind"].eq("trial"),
        finals_done=judged & runs["kind"].eq("final"),
        half_length_done=judged & runs["kind"].eq("half_length"),
        failures=runs["status"].ne("finished"),
        unjudged=~judged,
        seconds=(runs["ended"] - runs["started"]).astype(float),
    )
    sums = (
        marks.groupby(list(PLACE), sort=False).sum()
        if len(marks)
        else pd.DataFrame(columns=marks.columns)
    )
    found = sums.reindex(pd.MultiIndex.from_frame(plan)).reset_index(drop=True)
    seen = found["seconds"].notna()
    found = found.fillna(0).astype(
        {
            "seconds": float,
            **dict.fromkeys(
                ("trials_done", "finals_done", "half_length_done", "failures"), int
            ),
        }
    )
    finals_in = (found["finals_done"] >= finals_planned) & (
        found["half_length_done"] >= half_length_planned
    )
    finished = finals_in & (found["unjudged"] == 0)
    tuned = found["trials_done"] >= trials_planned
    states = np.select(
        [~seen, finished, found["unjudged"] > 0, tuned],
        ["queued", "done", "failed", "final"],
        "tuning",
    )
    return plan.assign(
        state=states,
        trials_done=found["trials_done"],
        finals_done=found["finals_done"],
        failures=found["failures"],
        trials_planned=trials_planned,
        finals_planned=finals_planned,
        seconds=found["seconds"],
    )

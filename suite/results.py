"""Recorded campaigns as DataFrames. The dashboard, the verdicts and notebooks read results through here alone.

The frames and their columns are a contract:

``trainings``: one row per training, newest attempt of each key.
    data.overlap, data.population, data.n_train, data.n_validation, data.n_test, data.fingerprint (of the level's data),
    key, task, level, arm, block (int), kind ("trial" | "final" | "half"), number (int), status, error, best_step,
    parameters, losses, test_opened, started, ended (seconds since 1970), host, device, hardware, threads,
    worker (text: host:pid),
    one column ``setting.<name>`` per tuned setting and one column per metric: ``validation.<measure>``,
    ``train.<measure>``, ``test.<measure>`` (not trials), ``seconds``, ``cpu_seconds``, ``steps``, ``epochs``,
    ``seconds_per_update``, ``seconds_per_epoch``, and ``<unit>_per_second`` where the procedure counts units.
    A "half" is the final of half the tuning budget, there where that chose other settings; ``finals`` leaves it out.
``curves``: one row per (training, evaluation).
    key, task, level, arm, block, kind, number, step, epoch, seconds, ``train.objective`` (what training lowers,
    mean over the steps since the last evaluation), ``train.<measure>``, ``validation.<measure>``.
``cells``: one row per planned cell (with ``until_decided``, per cell handed out so far).
    task, level, arm, block, state ("queued" | "tuning" | "final" | "done" | "failed"), trials_done,
    trials_planned, finals_done, finals_planned, failures (int), best_number, seconds.
"""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from suite.job import JUDGED, SCHEMA
from suite.record import FILE, parse_line
from tasks import UserError, unknown

IDENTITY = ("key", "task", "level", "arm", "block", "kind", "number")
PLACE = ("task", "level", "arm", "block")
WHERE = ("host", "device", "hardware", "threads", "worker")
SCALARS = (*IDENTITY, "status", "error", "best_step", "parameters", "losses", "test_opened", "started", "ended")
RUNS = "runs.jsonl"  # which MLflow run each training became; written by whoever publishes
TRAININGS = b"bakeoff.trainings"  # of cell.parquet's metadata: the record's lines without their curves
SCHEMA_KEY = b"bakeoff.schema"


@dataclass(frozen=True)
class Summary:
    """A campaign at a glance."""

    id: str
    name: str
    created: float
    state: str
    cells_done: int
    cells_planned: int


@dataclass(frozen=True)
class Run:
    """Where MLflow has a training: the ids of experiment and run."""

    experiment: str
    run: str


@dataclass(frozen=True)
class Campaign:
    """One campaign as it stood at ``revision``."""

    id: str
    folder: Path
    about: Mapping[str, Any]
    state: Mapping[str, Any]
    revision: str
    trainings: pd.DataFrame = field(repr=False)
    curves: pd.DataFrame = field(repr=False)

    @cached_property
    def cells(self) -> pd.DataFrame:
        return _cells(self.about, self.trainings)

    @property
    def finals(self) -> pd.DataFrame:
        """The finals that ended by their own doing: what verdicts are made from."""
        frame = self.trainings
        return frame[(frame["kind"] == "final") & frame["status"].isin(JUDGED)]

    @property
    def runs(self) -> Mapping[str, Run]:
        """The MLflow run of each training that was published, by the training's key; read anew when it grew."""
        return read_runs(self.folder)

    def evidence(self, key: str) -> list[Path]:
        """The files a final left to look at, sorted by name."""
        folder = self.folder / "evidence" / key
        return sorted(folder.iterdir()) if folder.is_dir() else []


class Results:
    """A results folder with its campaigns. Safe to share between threads; reads only what has been appended."""

    def __init__(self, root: Path | str = "results") -> None:
        self.root = Path(root)
        self._readers: dict[str, _Reader] = {}
        self._lock = threading.Lock()

    def ids(self) -> list[str]:
        """The ids of all campaigns, newest first."""
        found = [path for path in self.root.glob("*/campaign.json") if path.is_file()]
        return [path.parent.name for path in sorted(found, key=lambda p: (p.stat().st_mtime, p.name), reverse=True)]

    def campaigns(self) -> list[Summary]:
        """All campaigns, newest first."""
        return [self._summary(campaign_id) for campaign_id in self.ids()]

    def revision(self, campaign_id: str) -> str:
        """A short text that changes whenever anything was recorded. Cheap."""
        sizes = []
        for name in ("campaign.json", FILE, "state.json"):
            path = self.root / campaign_id / name
            try:
                stat = path.stat()
                sizes.append(f"{stat.st_size:x}.{stat.st_mtime_ns:x}")
            except FileNotFoundError:
                sizes.append("0")
        return "-".join(sizes)

    def load(self, campaign_id: str | None = None) -> Campaign:
        """The campaign of that id, or of the one id that begins so, or the newest. UserError where there is none."""
        campaign_id = self.resolve(campaign_id)
        with self._lock:
            reader = self._readers.setdefault(campaign_id, _Reader(self.root / campaign_id))
            return reader.read(self.revision(campaign_id))

    def resolve(self, campaign_id: str | None) -> str:
        """The full id of a campaign named by its id, by the beginning of one, or (None) by being the newest."""
        ids = self.ids()
        if not ids:
            raise UserError(f"No campaign in {self.root}/: start one with `bakeoff run quick`.")
        if campaign_id is None:
            return ids[0]
        if campaign_id in ids:
            return campaign_id
        begun = [known for known in ids if known.startswith(campaign_id)]
        if len(begun) == 1:
            return begun[0]
        if begun:
            raise UserError(f"Campaign {campaign_id!r} is ambiguous: {', '.join(begun)}.")
        raise unknown("campaign", campaign_id, ids)

    def _summary(self, campaign_id: str) -> Summary:
        campaign = self.load(campaign_id)
        done = int((campaign.cells["state"] == "done").sum())
        return Summary(
            campaign.id,
            str(campaign.about["name"]),
            float(campaign.about.get("created", 0.0)),
            str(campaign.state.get("state", "unknown")),
            done,
            len(campaign.cells),
        )


class _Reader:
    """One campaign's record, parsed once and then only where it grew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._begin()
        self._campaign: Campaign | None = None

    def _begin(self) -> None:
        self._offset = self._number = 0
        self._trainings = _Trainings()
        self._curves = _Curves()

    def read(self, revision: str) -> Campaign:
        if self._campaign is None or self._campaign.revision != revision:
            self._take_new_lines()
            about = read_json(self.folder / "campaign.json")
            if about.get("schema") != SCHEMA:
                raise UserError(
                    f"{self.folder} has results schema {about.get('schema')}, and this version reads {SCHEMA}: "
                    "open it with the version of Bakeoff that wrote it."
                )
            self._campaign = Campaign(
                id=self.folder.name,
                folder=self.folder,
                about=about,
                state=read_json(self.folder / "state.json"),
                revision=revision,
                trainings=self._trainings.frame(),
                curves=self._curves.frame(),
            )
        return self._campaign

    def _take_new_lines(self) -> None:
        path = self.folder / FILE
        if not path.exists():
            return
        if path.stat().st_size < self._offset:  # another record took its place
            self._begin()
        with path.open("rb") as file:
            file.seek(self._offset)
            for text in file:
                if not text.endswith(b"\n"):
                    break
                line = parse_line(text, path, self._number + 1)
                self._offset += len(text)
                self._number += 1
                self._trainings.put(line)
                self._curves.put(line)


class _Trainings:
    """Values of trainings by column, in the order in which the trainings were first put on record."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._columns: dict[str, list[Any]] = {name: [] for name in (*SCALARS, *WHERE)}

    def put(self, line: Mapping[str, Any]) -> None:
        """Add a line of a record; a training's newest line takes the place of its older one."""
        row, key = _row(line), line["key"]
        if key in self._places:  # tried again: nothing of the older line stays
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


class _Curves:
    """Rows of curves by training, held as arrays; a frame is put together from what is new and what was."""

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
            self._frame = pd.concat(filled, ignore_index=True) if len(filled) != 1 else filled[0].reset_index(drop=True)
        self._keys |= newest.keys()
        self._lines = []
        return self._frame


def read_runs(folder: Path) -> Mapping[str, Run]:
    """The MLflow runs noted in a campaign's folder, by the keys of the trainings."""
    path = folder / RUNS
    try:
        stat = path.stat()
    except FileNotFoundError:
        return {}
    return _read_runs(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=16)
def _read_runs(path: Path, size: int, changed: int) -> Mapping[str, Run]:
    found = {}
    with path.open("rb") as file:
        for text in file:
            with suppress(ValueError, KeyError, TypeError):  # a line torn by a crash: the next publisher notes it again
                line = json.loads(text)
                found[str(line["key"])] = Run(str(line["experiment"]), str(line["run"]))
    return found


def note_run(folder: Path, key: str, run: Run) -> None:
    """Note which MLflow run a training became, so that pages can link to it without asking MLflow."""
    line = json.dumps({"key": key, "experiment": run.experiment, "run": run.run})
    with (folder / RUNS).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where there is no file."""
    try:
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise UserError(f"{path} is damaged ({error}): restore it from a copy, or start again with --new.") from error
    return value


def trainings_frame(lines: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """The ``trainings`` frame of these lines of a record."""
    found = _Trainings()
    for line in lines:
        found.put(line)
    return found.frame()


def _row(line: Mapping[str, Any]) -> dict[str, Any]:
    worker = line.get("worker") or {}
    return {
        **{name: line.get(name) for name in SCALARS},
        **{name: worker.get(name) for name in WHERE[:-1]},
        "worker": f"{worker.get('host')}:{worker.get('pid')}" if worker else None,
        **{f"setting.{name}": value for name, value in line["settings"].items()},
        **{f"data.{name}": value for name, value in (line.get("data") or {}).items()},
        **(line.get("metrics") or {}),
    }


def curves_frame(lines: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """The ``curves`` rows of these lines of a record, a column at a time; measures are 64-bit floats."""
    lines = [line for line in lines if line["curve"]]
    if not lines:
        return pd.DataFrame(columns=[*IDENTITY, "step", "epoch", "seconds"])
    training = np.repeat(np.arange(len(lines)), [len(line["curve"]) for line in lines])
    columns: dict[str, Any] = {
        name: pd.Series([line[name] for line in lines]).array.take(training) for name in IDENTITY
    }
    rows = [row for line in lines for row in line["curve"]]
    for name in dict.fromkeys(chain.from_iterable(rows)):
        values = [row.get(name) for row in rows]
        columns[name] = np.array(values, dtype=np.int64 if name == "step" else np.float64)
    return pd.DataFrame(columns)


def _cells(about: Mapping[str, Any], trainings: pd.DataFrame) -> pd.DataFrame:
    """The planned cells with what is on record of each."""
    plan = pd.DataFrame(about["cells"], columns=list(PLACE))
    counts = {what: [about["tasks"][task][what] for task in plan["task"]] for what in ("trials", "finals")}
    judged = trainings["status"].isin(JUDGED)
    marks = trainings[list(PLACE)].assign(
        trials_done=judged & trainings["kind"].eq("trial"),
        finals_done=judged & trainings["kind"].eq("final"),
        failures=trainings["status"].ne("finished"),
        unjudged=~judged,
        seconds=(trainings["ended"] - trainings["started"]).astype(float),
    )
    sums = marks.groupby(list(PLACE), sort=False).sum() if len(marks) else pd.DataFrame(columns=marks.columns)
    found = sums.reindex(pd.MultiIndex.from_frame(plan)).reset_index(drop=True)
    seen = found["seconds"].notna()
    found = found.fillna(0).astype({"seconds": float, **dict.fromkeys(("trials_done", "finals_done", "failures"), int)})
    finished = (found["finals_done"] >= counts["finals"]) & (found["unjudged"] == 0)
    tuned = found["trials_done"] >= counts["trials"]
    states = np.select([~seen, finished, found["unjudged"] > 0, tuned], ["queued", "done", "failed", "final"], "tuning")
    return plan.assign(
        state=states,
        trials_done=found["trials_done"],
        finals_done=found["finals_done"],
        failures=found["failures"],
        trials_planned=counts["trials"],
        finals_planned=counts["finals"],
        seconds=found["seconds"],
    )


# ------------------------------------------------------------------------------------------------- cell.parquet


def write_cell(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Write a finished cell: a row per (training, step, metric), the trainings' other values in the metadata."""
    lines = list(lines)
    columns: dict[str, list[Any]] = {"key": [], "kind": [], "number": [], "step": [], "metric": [], "value": []}
    for line in lines:
        for row in line["curve"]:
            for metric, value in row.items():
                if metric != "step":
                    for name, cell in zip(
                        columns, (line["key"], line["kind"], line["number"], row["step"], metric, value), strict=True
                    ):
                        columns[name].append(cell)
    types = [pa.string(), pa.string(), pa.int32(), pa.int64(), pa.string(), pa.float64()]
    table = pa.table([pa.array(c, t) for c, t in zip(columns.values(), types, strict=True)], names=list(columns))
    about = [{**line, "curve": []} for line in lines]
    metadata = {SCHEMA_KEY: str(SCHEMA).encode(), TRAININGS: json.dumps(about, allow_nan=False).encode()}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")  # whole or not at all: what is there is not written again
    pq.write_table(table.replace_schema_metadata(metadata), temporary, compression="zstd")
    os.replace(temporary, path)


def is_cell(path: Path) -> bool:
    """Whether a finished cell's file is there, and whole as far as its two ends tell."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    return content[:4] == content[-4:] == b"PAR1" and len(content) > 12


def read_cell(path: Path) -> list[dict[str, Any]]:
    """The record's lines that a cell.parquet was written from, equal to the last bit."""
    table = pq.read_table(path)
    metadata = table.schema.metadata or {}
    if metadata.get(SCHEMA_KEY) != str(SCHEMA).encode():
        raise UserError(
            f"{path} has results schema {metadata.get(SCHEMA_KEY, b'none').decode()}, and this version reads {SCHEMA}: "
            "open it with the version of Bakeoff that wrote it."
        )
    lines: list[dict[str, Any]] = json.loads(metadata[TRAININGS])
    curves: dict[str, dict[int, dict[str, Any]]] = {}
    for row in table.to_pylist():
        curves.setdefault(row["key"], {}).setdefault(row["step"], {"step": row["step"]})[row["metric"]] = row["value"]
    for line in lines:
        line["curve"] = list(curves.get(line["key"], {}).values())
    return lines

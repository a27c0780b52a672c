"""Recorded campaigns as DataFrames. The dashboard, the verdicts and notebooks read results through here alone.

The frames and their columns are a contract:

``trainings``: one row per training, newest attempt of each key.
    data.overlap, data.population, data.n_train, data.n_validation, data.n_test,
    key, task, level, arm, block (int), kind ("trial" | "final"), number (int), status, error, best_step,
    parameters, losses, test_opened, started, ended (seconds since 1970), host, device, worker (text: host:pid),
    one column ``setting.<name>`` per tuned setting and one column per metric: ``validation.<measure>``,
    ``train.<measure>``, ``test.<measure>`` (finals only), ``seconds``, ``cpu_seconds``, ``steps``, ``epochs``,
    ``seconds_per_update``, ``seconds_per_epoch``, and ``<unit>_per_second`` where the procedure counts units.
``curves``: one row per (training, evaluation).
    key, task, level, arm, block, kind, number, step, epoch, seconds, ``train.objective`` (what training lowers,
    mean over the steps since the last evaluation), ``train.<measure>``, ``validation.<measure>``.
``cells``: one row per planned cell.
    task, level, arm, block, state ("queued" | "tuning" | "final" | "done" | "failed"), trials_done,
    trials_planned, finals_done, finals_planned, failures (int), best_number, seconds.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from suite.job import JUDGED, SCHEMA
from suite.record import FILE, parse_line
from tasks import UserError, unknown

IDENTITY = ("key", "task", "level", "arm", "block", "kind", "number")
SCALARS = (*IDENTITY, "status", "error", "best_step", "parameters", "losses", "test_opened", "started", "ended")
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
        self._offset = 0
        self._number = 0
        self._lines: dict[str, dict[str, Any]] = {}
        self._curves = curve_frame(None)
        self._campaign: Campaign | None = None

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
                trainings=trainings_frame(self._lines.values()),
                curves=self._all_curves(),
            )
        return self._campaign

    def _take_new_lines(self) -> None:
        path = self.folder / FILE
        if not path.exists():
            return
        if path.stat().st_size < self._offset:  # another record took its place
            self._offset = self._number = 0
            self._lines, self._curves = {}, curve_frame(None)
        with path.open("rb") as file:
            file.seek(self._offset)
            for text in file:
                if not text.endswith(b"\n"):
                    break
                self._offset += len(text)
                self._number += 1
                line = parse_line(text, path, self._number)
                self._lines[line["key"]] = line

    def _all_curves(self) -> pd.DataFrame:
        """All curves, those of a retried training in their newest form."""
        new = {key: curve_frame(line) for key, line in self._lines.items() if line["curve"] is not None}
        for key in new:
            self._lines[key]["curve"] = None  # held as a frame from now on
        parts = [self._curves[~self._curves["key"].isin(new)], *new.values()]
        filled = [part for part in parts if len(part)]
        if new and filled:
            self._curves = pd.concat(filled, ignore_index=True)
        return self._curves


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
    rows = []
    for line in lines:
        row = {name: line.get(name) for name in SCALARS}
        worker = line.get("worker") or {}
        row |= {"host": worker.get("host"), "device": worker.get("device")}
        row["worker"] = f"{worker.get('host')}:{worker.get('pid')}" if worker else None
        row |= {f"setting.{name}": value for name, value in line["settings"].items()}
        row |= {f"data.{name}": value for name, value in (line.get("data") or {}).items()}
        row |= line.get("metrics") or {}
        rows.append(row)
    frame = pd.DataFrame(rows)
    return frame if rows else frame.reindex(columns=[*SCALARS, "host", "device", "worker"])


def curve_frame(line: Mapping[str, Any] | None) -> pd.DataFrame:
    """The ``curves`` rows of one line of a record; None gives the empty frame."""
    if line is None or not line["curve"]:
        return pd.DataFrame(columns=[*IDENTITY, "step", "epoch", "seconds"])
    frame = pd.DataFrame(line["curve"])
    for place, name in enumerate(IDENTITY):
        frame.insert(place, name, line[name])
    return frame


def _cells(about: Mapping[str, Any], trainings: pd.DataFrame) -> pd.DataFrame:
    place = ["task", "level", "arm", "block"]
    seen = dict(iter(trainings.groupby(place, sort=False))) if len(trainings) else {}
    rows = []
    for cell in about["cells"]:
        task = about["tasks"][cell["task"]]
        group = seen.get(tuple(cell[name] for name in place))
        rows.append({**cell, **_cell_state(group, task["trials"], task["finals"])})
    return pd.DataFrame(rows)


def _cell_state(group: pd.DataFrame | None, trials: int, finals: int) -> dict[str, Any]:
    planned = {"trials_planned": trials, "finals_planned": finals}
    if group is None:
        return {"state": "queued", "trials_done": 0, "finals_done": 0, "failures": 0, **planned, "seconds": 0.0}
    judged = group["status"].isin(JUDGED)
    trials_done = int((judged & (group["kind"] == "trial")).sum())
    finals_done = int((judged & (group["kind"] == "final")).sum())
    if finals_done >= finals:
        state = "done"
    elif not judged.all():
        state = "failed"
    else:
        state = "final" if trials_done >= trials else "tuning"
    return {
        "state": state,
        "trials_done": trials_done,
        "finals_done": finals_done,
        "failures": int((group["status"] != "finished").sum()),
        **planned,
        "seconds": float((group["ended"] - group["started"]).sum()),
    }


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
    pq.write_table(table.replace_schema_metadata(metadata), path, compression="zstd")


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

"""Recorded campaigns as DataFrames. The dashboard, the verdicts and notebooks read
results through here alone.

The frames and their columns are a contract.

``runs``: a row per run, of each key the newest attempt, in the order of the record.

    key                    64 hexadecimal digits, a hash of all that decides the run
    task, level, arm       names
    block, number          int, from 0
    kind                   "trial", "final" or "half_budget": the final of half the
                           tuning budget, where that chose other hyperparameters; or
                           "half_length": the final with half of its updates
    status, error          one of ``STATUSES``; the message, or None
    best_step              int: the update whose weights were kept
    parameters             int: how many the model has
    losses                 SHA-256 of the training losses
    test_opened            bool: whether the sealed test set was looked at
    started, ended         seconds since 1970
    host, device, hardware, threads
    worker                 "host:pid"
    param.<name>           a tuned hyperparameter
    data.<name>            of the level's data: n_train, n_validation, n_test,
                           population, test_train_ratio, fingerprint
    validation.<measure>, train.<measure>
    test.<measure>         NaN for trials
    seconds, cpu_seconds, seconds_per_update, seconds_per_epoch
    steps, epochs
    <unit>_per_second      where the procedure counts units

``curves``: a row per run and evaluation.

    key, task, level, arm, block, kind, number
    step, epoch, seconds   when the evaluation was made, from the run's start
    train.objective        what training lowers, mean over the steps since the last
                           evaluation
    train.<measure>, validation.<measure>

``cells``: a row per planned cell; with ``interim_looks``, per cell handed out so far.

    task, level, arm, block
    state                  "queued", "tuning", "final", "done" or "failed"
    trials_done, trials_planned, finals_done, finals_planned, failures
    seconds                of all its runs; 0 where none is recorded

``finals`` are the rows of ``runs`` that verdicts are made from, without half-budget
and half-length finals.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from suite.records.files import artifacts_of, check_plain, read_json
from suite.records.frames import (
    Curves,
    Generations,
    RunColumns,
    cells_frame,
)
from suite.records.journal import FILE, parse_line, whole_lines
from suite.records.manifest import FILE as MANIFEST
from suite.records.manifest import Manifest, read_manifest
from suite.records.mlflow_runs import MlflowRun, read_mlflow_runs
from suite.records.state import read_state
from suite.training.job import JUDGED, SCHEMA
from tasks import UserError, unknown


@dataclass(frozen=True)
class Campaign:
    """A snapshot of one campaign at ``revision``."""

    id: str
    """The campaign's id."""

    folder: Path
    """Its folder."""

    manifest: Manifest
    """What was planned."""

    state: Mapping[str, Any]
    """What the driver last wrote of its progress."""

    revision: str
    """Changes whenever something was recorded."""

    runs: pd.DataFrame = field(repr=False)
    """One row per run: see ``runs_frame``."""

    curves: pd.DataFrame = field(repr=False)
    """One row per run and evaluation: see ``curves_frame``."""

    @cached_property
    def cells(self) -> pd.DataFrame:
        """The planned cells with their states: see ``cells_frame``."""
        return cells_frame(self.manifest, self.runs)

    @property
    def finals(self) -> pd.DataFrame:
        """The finals with a conclusive status (``JUDGED``), from which verdicts are
        computed.
        """
        frame = self.runs
        return frame[(frame["kind"] == "final") & frame["status"].isin(JUDGED)]

    @property
    def mlflow_runs(self) -> Mapping[str, MlflowRun]:
        """The MLflow run of each run that was published, by the run's key; read again
        when the file has grown.
        """
        return read_mlflow_runs(self.folder)

    def artifacts(self, key: str) -> list[Path]:
        """The artifacts of a final, sorted by name. Links, which may lead anywhere, are
        left out.
        """
        return artifacts_of(self.folder, key)


class Results:
    """A results folder with its campaigns. Safe to share between threads; reads only
    what has been appended.
    """

    def __init__(self, root: Path | str = "results") -> None:
        self.root = Path(root)
        self._readers: dict[str, _Reader] = {}
        # Readers keep what they parsed, and the dashboard's threads share
        # them.
        self._lock = threading.Lock()

    def ids(self) -> list[str]:
        """The ids of all campaigns, newest first."""
        found = [
            path for path in self.root.glob(f"*/{MANIFEST}") if path.is_file()
        ]
        # The name decides between campaigns of one tick of the clock.
        return [
            path.parent.name
            for path in sorted(
                found, key=lambda p: (p.stat().st_mtime, p.name), reverse=True
            )
        ]

    def readable_ids(self) -> list[str]:
        """The same without those that another version of Bakeoff wrote."""
        return [
            campaign
            for campaign in self.ids()
            if self._schema(campaign)
            in (SCHEMA, None)  # None: damaged, to be reported
        ]

    def _schema(self, campaign: str) -> object:
        """The version of a campaign's manifest, or None if it cannot be read."""
        return read_json(self.root / campaign / MANIFEST).get("schema")

    def revision(self, campaign_id: str) -> str:
        """A short text that changes whenever anything was recorded. Cheap."""
        sizes = []
        # Sizes and times, so that asking every second costs three calls of
        # stat, and nothing is read.
        for name in (MANIFEST, FILE, "state.json"):
            path = self.root / campaign_id / name
            try:
                stat = path.stat()
                sizes.append(f"{stat.st_size:x}.{stat.st_mtime_ns:x}")
            except FileNotFoundError:
                sizes.append("0")
        return "-".join(sizes)

    def load(self, campaign_id: str | None = None) -> Campaign:
        """The campaign with that id or unique prefix, or the newest. UserError if there
        is none.
        """
        campaign_id = self.resolve(campaign_id)
        with self._lock:
            reader = self._readers.setdefault(
                campaign_id, _Reader(self.root / campaign_id)
            )
            return reader.read(self.revision(campaign_id))

    def resolve(self, campaign_id: str | None) -> str:
        """The full id of a campaign, given its id, a unique prefix of it, or None for
        the newest.
        """
        ids = self.ids()
        if not ids:
            raise UserError(
                f"No campaign in {self.root}/: start one with `bakeoff run quick`."
            )
        if campaign_id is None:
            return ids[0]
        # A full id may also be a prefix of another one.
        if campaign_id in ids:
            return campaign_id
        begun = [known for known in ids if known.startswith(campaign_id)]
        if len(begun) == 1:
            return begun[0]
        if begun:
            raise UserError(
                f"Campaign {campaign_id!r} is ambiguous: {', '.join(begun)}."
            )
        raise unknown("campaign", campaign_id, ids)


class _Reader:
    """One campaign's record, parsed incrementally."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._begin()
        self._campaign: Campaign | None = None

    def _begin(self) -> None:
        """Forget all lines, so that the record is read from its start."""
        self._offset = self._number = 0
        self._runs = RunColumns()
        self._curves = Curves()
        self._cells = Generations()

    def read(self, revision: str) -> Campaign:
        """The campaign as its files have it; the same object while
        ``revision`` is the same.
        """
        if self._campaign is None or self._campaign.revision != revision:
            # Before the record, as the manifest tells an older version from a
            # damaged file.
            manifest = read_manifest(self.folder)
            self._take_new_lines()
            runs, curves = self._frames()
            self._campaign = Campaign(
                id=self.folder.name,
                folder=self.folder,
                manifest=manifest,
                state=read_state(self.folder),
                revision=revision,
                runs=runs,
                curves=curves,
            )
        return self._campaign

    def _frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The runs and the curves. Raises UserError if a value is not a number."""
        try:
            runs, curves = self._runs.frame(), self._curves.frame()
        except (OverflowError, TypeError, ValueError) as error:
            raise UserError(
                f"{self.folder / FILE} is damaged (a curve has a value that is not a "
                f"number: {error}): restore it from a copy, or start again with --new."
            ) from error
        return self._cells.current(runs), self._cells.current(curves)

    def _take_new_lines(self) -> None:
        """Read the lines that were written since the last time, up to the last
        whole one; all of them if the file was replaced.
        """
        path = self.folder / FILE
        if not path.exists():
            return
        if path.stat().st_size < self._offset:  # the file was replaced
            self._begin()
        check_plain(path)
        with path.open("rb") as file:
            file.seek(self._offset)
            # A line that the driver is writing is read next time.
            for text in whole_lines(file, path):
                line = parse_line(text, path, self._number + 1)
                self._offset += len(text)
                self._number += 1
                self._cells.put(line)
                # The rounds of a trial are part of it: its own line has it all.
                if line["kind"] != "round":
                    self._runs.put(line)
                    self._curves.put(line)

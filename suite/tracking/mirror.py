"""Mirrors the campaigns in an MLflow store to a local results folder.

Finished cells never change, so each is fetched once. Cells that are still running are
polled: all of their runs' values but the curves are known, until the finished cell
replaces them. The mirror stays readable while the server is unreachable.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from suite.errors import named_line, without_passwords
from suite.records.cell_file import read_cell
from suite.records.files import read_json, replace_bytes, replace_text
from suite.records.journal import FILE, parse_line, read_lines
from suite.records.manifest import FILE as MANIFEST
from suite.records.manifest import read_manifest
from suite.records.mlflow_runs import note_mlflow_run, read_mlflow_runs
from suite.records.results import Results
from suite.records.share import CAMPAIGN_ID
from suite.tracking.reader import MlflowReader, PublishedCampaign
from tasks import UserError

REFRESH_INTERVAL_S = 10.0
# In a mirrored campaign: the MLflow runs of the cells that were fetched, one a
# line.
FETCHED_CELLS = "cells.txt"
STAMP = "fetched"  # its modification time is that of the last complete refresh
MAX_SLUG_LENGTH = 40

log = logging.getLogger("bakeoff")


class Mirror:
    """A local mirror of a server's campaigns.

    ``trouble`` says why the last refresh failed, "" if it did not.
    """

    def __init__(self, uri: str, below: Path) -> None:
        self.uri = uri
        self.folder = below / "mirror" / slug(uri)
        self.results = Results(self.folder)
        self.trouble = ""
        self._reader: MlflowReader | None = None
        # Of each campaign, by run key: the recorded status.
        self._statuses: dict[str, dict[str, str]] = {}
        self._damaged: set[str] = set()  # campaigns and cells that were logged
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    @property
    def fetched(self) -> float | None:
        """When all was last refreshed, in seconds since 1970; None if never."""
        try:
            return (self.folder / STAMP).stat().st_mtime
        except FileNotFoundError:
            return None

    @property
    def etag(self) -> str:
        """A short text that changes when there is news of the server.

        While it is away, that is once a minute.
        """
        if not self.trouble:
            return "" if self.fetched else "first"
        minutes = int((time.time() - (self.fetched or 0.0)) / 60)
        return f"{self.trouble[:30]}{minutes}"

    def start(self) -> Mirror:
        """Refresh in the background, every ``REFRESH_INTERVAL_S`` seconds.

        Returns the mirror itself; a second call changes nothing.
        """
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(
                target=self._refresh_repeatedly,
                name="bakeoff-mirror",
                daemon=True,
            )
            self._thread.start()
        return self

    def stop(self) -> None:
        """End the background thread, and wait for it."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def refresh(self) -> int:
        """Fetch what is new, and return the number of cells that were fetched.

        Where the server is away, that is 0, and ``trouble`` says why.
        """
        try:
            fetched = self._refresh()
        except Exception as error:
            # Whatever the server does, what is mirrored stays readable.
            # A new reader connects again at the next refresh.
            self.trouble, self._reader = named_line(error), None
            server = without_passwords(self.uri)
            log.warning("%s cannot be read: %s", server, self.trouble)
            return 0
        self.trouble = ""
        (self.folder / STAMP).touch()
        return fetched

    def _refresh_repeatedly(self) -> None:
        """Refresh every ``REFRESH_INTERVAL_S`` seconds, until the mirror is
        closed.
        """
        while not self._stopping.is_set():
            self.refresh()
            self._stopping.wait(REFRESH_INTERVAL_S)

    def _refresh(self) -> int:
        """Copy what is new of every campaign on the server; how many cells
        that was.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._reader is None:
            self._reader = MlflowReader(self.uri)
        campaigns = self._reader.campaigns()
        self.trouble = ""  # it answers
        fetched = 0
        for campaign in campaigns:
            # The id comes from a server, and must not name a folder elsewhere.
            if not CAMPAIGN_ID.fullmatch(campaign.id):
                log.warning("campaign %r is not one of ours", campaign.id)
                continue
            try:
                fetched += self._refresh_campaign(self._reader, campaign)
            except UserError as error:
                self._note_damage(campaign.id, error)
        return fetched

    def _note_damage(self, what: str, error: UserError) -> None:
        """Log, once, what somebody has damaged: it must not keep all else from being
        shown.
        """
        if what not in self._damaged:
            self._damaged.add(what)
            log.warning("%s is left out: %s", what, error)

    def _refresh_campaign(
        self, reader: MlflowReader, campaign: PublishedCampaign
    ) -> int:
        """Copy what is new of one campaign: its manifest once, then cells that
        are finished, open ones, and its state. How many finished cells that
        was.
        """
        home = self.folder / campaign.id
        if not (home / MANIFEST).exists():
            _fetch_manifest(reader, home, campaign)
        tasks = _tasks_of(home)
        fetched = self._fetch_finished_cells(reader, home, campaign.id, tasks)
        running = campaign.state.get("state") == "running"
        # A campaign that ended keeps no open cells but those of the time when
        # it was stopped: reading them once is enough.
        if running or campaign.id not in self._statuses:
            self._record_open_cells(reader, home, campaign.id, tasks)
        # The state last, so that all it refers to exists.
        if read_json(home / "state.json") != campaign.state:
            replace_text(home / "state.json", json.dumps(campaign.state))
        return fetched

    def _fetch_finished_cells(
        self,
        reader: MlflowReader,
        home: Path,
        campaign: str,
        tasks: list[str],
    ) -> int:
        """Fetch the cells that were finished since the last time; how many."""
        list_file = home / FETCHED_CELLS
        known = set[str]()
        if list_file.exists():
            known = set(list_file.read_text(encoding="utf-8").split())
        new = [
            cell for cell in reader.cells(campaign, tasks) if cell not in known
        ]
        fetched = 0
        for cell in new:
            try:
                _fetch_cell(reader, home, cell)
            except UserError as error:
                self._note_damage(f"cell {cell}", error)
                continue
            fetched += 1
            # After the cell's runs are recorded: a mirror that is killed in
            # between fetches the cell again, and readers take the newest line
            # of a run.
            with list_file.open("a", encoding="utf-8") as file:
                file.write(f"{cell}\n")
        if fetched:
            noted = read_mlflow_runs(home)
            for key, run in reader.runs(campaign, tasks).items():
                if key not in noted:
                    note_mlflow_run(home, key, run)
        return fetched

    def _record_open_cells(
        self,
        reader: MlflowReader,
        home: Path,
        campaign: str,
        tasks: list[str],
    ) -> None:
        """Record new runs of cells that are not finished."""
        path = home / FILE
        if campaign not in self._statuses:
            on_record: dict[str, str] = {
                line["key"]: line["status"] for line in read_lines(path)
            }
            self._statuses[campaign] = on_record
        statuses, noted = self._statuses[campaign], read_mlflow_runs(home)
        for text, run in reader.runs_of_open_cells(campaign, tasks):
            line = parse_line(text.encode(), path, 0)
            key, status = line["key"], line["status"]
            # Asked again every ten seconds: only a run that is new or was
            # retried is recorded.
            if statuses.get(key) != status:
                _append_lines(path, [line])
                statuses[key] = status
            if key not in noted:
                note_mlflow_run(home, key, run)


def _fetch_manifest(
    reader: MlflowReader,
    home: Path,
    campaign: PublishedCampaign,
) -> None:
    """Copy a campaign's manifest from the server into its folder ``home``."""
    with tempfile.TemporaryDirectory() as folder:
        fetched = reader.fetch(campaign.run, MANIFEST, Path(folder))
        # By way of another folder, so that a manifest is there whole or not at
        # all.
        replace_bytes(home / MANIFEST, fetched.read_bytes())


def _tasks_of(home: Path) -> list[str]:
    """The names of a campaign's tasks; none if another version of Bakeoff wrote it, as
    its pages say.
    """
    with suppress(UserError):
        return list(read_manifest(home).tasks)
    return []


def _fetch_cell(reader: MlflowReader, home: Path, cell: str) -> None:
    """Record a finished cell's runs, and store their artifacts."""
    with tempfile.TemporaryDirectory() as folder:
        lines = read_cell(reader.fetch(cell, "cell.parquet", Path(folder)))
    if any(line["artifacts"] for line in lines):
        reader.fetch(cell, "artifacts", home)
    _append_lines(home / FILE, lines)


def _append_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Append each mapping to a file, as a line of compact JSON."""
    with path.open("a", encoding="utf-8") as file:
        for line in lines:
            text = json.dumps(line, separators=(",", ":"), allow_nan=False)
            file.write(f"{text}\n")


def slug(uri: str) -> str:
    """A folder's name for a server: readable, unique, without user or password.

    It is the host and path, and then eight digits of a hash of the whole address.
    """
    parts = urlsplit(uri)
    place = f"{parts.hostname or ''}{parts.path}"
    readable = re.sub(r"[^\w.-]+", "-", place).strip("-")[-MAX_SLUG_LENGTH:]
    digest = hashlib.sha256(uri.encode()).hexdigest()[:8]
    return f"{readable or 'server'}-{digest}"

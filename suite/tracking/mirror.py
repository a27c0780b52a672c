"""Campaigns that live on an MLflow server, kept beside us as a results folder that
everything else can read.

Finished cells never change, so each is fetched once. Those of a running campaign are
looked at again and again: what is known of their runs is all but the curves, and
what is fetched in the end takes its place. What is kept stays readable while the server
is away.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from suite.records.cell_file import read_cell
from suite.records.files import read_json, replace_text
from suite.records.journal import FILE, parse_line, read_lines
from suite.records.mlflow_runs import note_mlflow_run, read_mlflow_runs
from suite.records.results import Results
from suite.tracking.connection import first_line, without_passwords
from suite.tracking.reader import MlflowReader

PERIOD = 10.0  # seconds between looks at the server
CELLS = "cells.txt"  # of a kept campaign: the runs of the cells that were fetched
STAMP = "fetched"  # its time is that of the last whole look at the server

log = logging.getLogger("bakeoff")


class Mirror:
    """A server's campaigns in a folder of ours. ``trouble`` says why the last look
    failed, if it did.
    """

    def __init__(self, uri: str, below: Path) -> None:
        self.uri = uri
        self.folder = below / "mirror" / slug(uri)
        self.results = Results(self.folder)
        self.trouble = ""
        self._reader: MlflowReader | None = None
        self._told: dict[
            str, dict[str, str]
        ] = {}  # of each campaign: training -> status, as far as followed
        self._thread: threading.Thread | None = None
        self._end = threading.Event()

    @property
    def fetched(self) -> float | None:
        """When the server was last seen whole, in seconds since 1970; None if never."""
        try:
            return (self.folder / STAMP).stat().st_mtime
        except FileNotFoundError:
            return None

    @property
    def etag(self) -> str:
        """A short text that changes when what is to be said of the server does: once a
        minute while it is away.
        """
        if not self.trouble:
            return "" if self.fetched else "first"
        return f"{self.trouble[:30]}{int((time.time() - (self.fetched or 0.0)) / 60)}"

    def start(self) -> Mirror:
        """Look at the server now and then, in the background."""
        if self._thread is None:
            self._end.clear()
            self._thread = threading.Thread(
                target=self._look_for_ever, name="bakeoff-mirror", daemon=True
            )
            self._thread.start()
        return self

    def stop(self) -> None:
        """End the background thread and wait for it."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def refresh(self) -> int:
        """Fetch what is new; how many cells that was. Where the server is away,
        ``trouble`` says so.
        """
        try:
            found = self._refresh()
        except (
            Exception
        ) as error:  # whatever the server does, what is kept stays to look at
            self.trouble, self._reader = first_line(error), None
            log.warning(
                "%s cannot be read: %s", without_passwords(self.uri), self.trouble
            )
            return 0
        self.trouble = ""
        (self.folder / STAMP).touch()
        return found

    def _refresh(self) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._reader = reader = self._reader or MlflowReader(self.uri)
        fetched = 0
        campaigns = reader.campaigns()
        self.trouble = ""  # it answers
        for campaign in campaigns:
            home = self.folder / re.sub(r"[^\w.-]", "_", campaign.id)
            if not (home / "campaign.json").exists():
                home.mkdir(exist_ok=True)
                replace_text(home / "campaign.json", json.dumps(reader.about(campaign)))
            fetched += self._fetch_cells(reader, home, campaign.id)
            if (
                campaign.state.get("state") == "running"
                or campaign.id not in self._told
            ):
                self._follow(reader, home, campaign.id)
            if (
                read_json(home / "state.json") != campaign.state
            ):  # last: what it tells of is there
                replace_text(home / "state.json", json.dumps(campaign.state))
        return fetched

    def _fetch_cells(self, reader: MlflowReader, home: Path, campaign: str) -> int:
        kept = home / CELLS
        there = (
            set(kept.read_text(encoding="utf-8").split()) if kept.exists() else set()
        )
        tasks = list(read_json(home / "campaign.json")["tasks"])
        new = [cell for cell in reader.cells(campaign, tasks) if cell not in there]
        for cell in new:
            self._fetch(reader, home, cell)
            with kept.open("a", encoding="utf-8") as file:
                file.write(cell + "\n")
        if new:
            noted = read_mlflow_runs(home)
            for key, run in reader.runs(campaign, tasks).items():
                if key not in noted:
                    note_mlflow_run(home, key, run)
        return len(new)

    def _follow(self, reader: MlflowReader, home: Path, campaign: str) -> None:
        """Put on record what is new among the runs of cells that are not done."""
        path = home / FILE
        if campaign not in self._told:
            self._told[campaign] = {
                line["key"]: line["status"] for line in read_lines(path)
            }
        told, noted = self._told[campaign], read_mlflow_runs(home)
        with path.open("a", encoding="utf-8") as file:
            for text, run in reader.followed(
                campaign, list(read_json(home / "campaign.json")["tasks"])
            ):
                line = parse_line(text.encode(), path, 0)
                if told.get(line["key"]) != line["status"]:
                    file.write(json.dumps(line, separators=(",", ":")) + "\n")
                    told[line["key"]] = line["status"]
                if line["key"] not in noted:
                    note_mlflow_run(home, line["key"], run)

    def _fetch(self, reader: MlflowReader, home: Path, cell: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            lines = read_cell(reader.fetch(cell, "cell.parquet", Path(folder)))
        if any(line["artifacts"] for line in lines):
            reader.fetch(cell, "artifacts", home)
        with (home / FILE).open("a", encoding="utf-8") as file:
            file.writelines(
                json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n"
                for line in lines
            )

    def _look_for_ever(self) -> None:
        while not self._end.is_set():
            self.refresh()
            self._end.wait(PERIOD)


def slug(uri: str) -> str:
    """A folder's name for a server: readable, another for each, without user or
    password.
    """
    parts = urlsplit(uri)
    name = (
        re.sub(r"[^\w.-]+", "-", f"{parts.hostname or ''}{parts.path}").strip("-")[-40:]
        or "server"
    )
    return f"{name}-{hashlib.sha256(uri.encode()).hexdigest()[:8]}"

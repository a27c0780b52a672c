"""The one door to MLflow: publishes the record, in one thread, in batches, off the critical path.

Experiment ``bakeoff/<task>``; a parent run per cell, a child run per training. Publishing is idempotent by key. What
cannot be published now (a server that is away) is published when it is back, or by the next `bakeoff run`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import re
import shutil
import sqlite3
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from suite.results import Run, note_run, read_runs
from tasks import UserError
from tasks.data._fetch import cache_folder

STORE = "mlflow.db"
TAG = "bakeoff."
RETRIES = (0.5, 2.0, 5.0)  # seconds before another attempt
AGAIN = 30.0  # seconds until a store that was away is knocked at again
BATCH = 1000  # metrics in one call, as MLflow allows
NICENESS = 10  # after the driver, before trainings (Ray runs them at 15): what waits is written alone at the end
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}  # opens on runs and charts, not on chats
CAMPAIGNS = "bakeoff"  # the experiment with a run per campaign
TELL = 15.0  # seconds between two words on a campaign's state
LONGEST = 5000  # characters of a tag, as MLflow allows
CURES = (  # what a store says, and what to do about it
    (r"\b401\b|Unauthorized", "it asks for a login: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."),
    (r"\b403\b|Invalid Host", "name this host in the server's --allowed-hosts, or give this user the permission."),
    (r"\b404\b", "something else answers there: look at host, port and path."),
    (r"password authentication failed|no password supplied", "mend user or password in the address."),
    (r"database .* does not exist", "make it first: `createdb NAME`."),
    (r"No module named 'psycopg", "install its driver: `pip install 'psycopg[binary]'`."),
)
Place = tuple[str, str, str, int]


@dataclass(frozen=True)
class CellDone:
    """A finished cell to publish: its place, the finals' mean metrics and the files that go with its run."""

    place: Place
    metrics: Mapping[str, float]
    files: tuple[Path, ...]


Item = Mapping[str, Any] | CellDone


def default_uri(results: Path) -> str:
    """The SQLite store in the results folder."""
    return f"sqlite:///{results.resolve() / STORE}"


class Publisher:
    """A thread that writes trainings and cells to MLflow as they are put.

    A store that does not take them is knocked at again from time to time; ``error`` says what is wrong with it, while
    something is.
    """

    def __init__(self, uri: str, results: Path, campaign: str) -> None:
        self.uri, self.results, self.campaign = uri, results, campaign
        self.error: str | None = None
        self.published = 0
        self.seconds = 0.0
        self._queue: queue.Queue[Item | None] = queue.Queue()
        self._held: deque[Item] = deque()  # what the store has not taken yet, in its order
        self._store: _Store | None = None
        self._thread = threading.Thread(target=self._work, name="mlflow-writer", daemon=True)
        self._thread.start()

    def put(self, item: Item) -> None:
        """Publish a line of the record, or a finished cell, when its turn comes."""
        self._queue.put(item)

    @property
    def waiting(self) -> int:
        return self._queue.qsize() + len(self._held)

    def close(self, seconds: float = 600.0) -> None:
        """Publish what is left; give up after so many seconds, or at once where the store is away."""
        self._queue.put(None)
        self._thread.join(seconds)
        if self._thread.is_alive():
            self.error = self.error or f"still writing after {seconds:g} s"

    def _work(self) -> None:
        _give_way()
        knocked = 0.0
        while (item := self._queue.get()) is not None:
            self._held.append(item)
            if not self.error or time.monotonic() - knocked > AGAIN:
                self._write_held()
                knocked = time.monotonic()
        self._write_held(last=True)

    def _write_held(self, last: bool = False) -> None:
        begun = time.thread_time()
        pauses = () if self.error else RETRIES  # one that was away is asked once
        try:
            while self._held:
                self._write(self._held[0], pauses)
                self._held.popleft()
                self.published += 1
                pauses = RETRIES
            if self._store is not None:
                self._store.tell_state(last)
            self.error = None
        except Exception as error:  # whatever the store does, no result is lost by it: the next run publishes it
            self.error = first_line(error)
        self.seconds += time.thread_time() - begun

    def _write(self, item: Item, pauses: Iterable[float]) -> None:
        for pause in (*pauses, None):
            try:
                self._store = self._store or _Store(self.uri, self.results, self.campaign)
                self._store.write(item)
                return
            except Exception:
                self._store = None  # the next attempt looks first what this one has written after all
                if pause is None:
                    raise
                time.sleep(pause)


class _Store:
    """An MLflow store, seen from one campaign."""

    def __init__(self, uri: str, results: Path, campaign: str) -> None:
        if uri == default_uri(results):
            _make_store(results.resolve() / STORE)
        self.client = _client(uri)
        self.campaign, self.results = campaign, results
        self.experiments: dict[str, str] = {}
        self.parents: dict[Place, str] = {}
        self.closed: set[Place] = set()
        self.latest: dict[Place, int] = {}  # end of a cell's trainings, in milliseconds
        self.known: dict[str, tuple[str, str | None]] = {}  # key -> run, status it was closed with
        self.folder = results / campaign
        self.noted = dict(read_runs(self.folder))
        served = uri.startswith(("http://", "https://"))
        self.artifacts = None if served else (results / "artifacts").resolve().as_uri()
        self.own: str | None = None  # the campaign's own run
        self.told, self.told_at = "", 0.0

    def write(self, item: Mapping[str, Any] | CellDone) -> None:
        if isinstance(item, CellDone):
            self._write_cell(item)
        else:
            self._write_training(item)

    def tell_state(self, last: bool = False) -> None:
        """Say on the campaign's own run how far it is: now and then, and at the end. It holds campaign.json too."""
        about, state = self.folder / "campaign.json", self.folder / "state.json"
        if not about.exists() or not (last or time.monotonic() - self.told_at > TELL):
            return
        if self.own is None:
            self.own = self._own_run(about)
        text = state.read_text(encoding="utf-8") if state.exists() else "{}"
        if text != self.told:
            self.client.set_tag(self.own, f"{TAG}state", text[:LONGEST])
        if last:
            self.client.set_terminated(self.own, "FINISHED")
        self.told, self.told_at = text, time.monotonic()

    def _own_run(self, about: Path) -> str:
        found = self.client.get_experiment_by_name(CAMPAIGNS)
        location = f"{self.artifacts}/campaigns" if self.artifacts else None
        home = found.experiment_id if found else self.client.create_experiment(CAMPAIGNS, location, EXPERIMENT_TAGS)
        for run in self.client.search_runs([home], f"tags.`{TAG}campaign` = '{self.campaign}'", max_results=1):
            return str(run.info.run_id)
        tags = {f"{TAG}campaign": self.campaign, f"{TAG}kind": "campaign"}
        run = self.client.create_run(home, run_name=self.campaign, tags=tags)
        self.client.log_artifact(run.info.run_id, str(about))
        return str(run.info.run_id)

    def _experiment(self, task: str) -> str:
        if task not in self.experiments:
            name = f"bakeoff/{task}"
            found = self.client.get_experiment_by_name(name)
            location = f"{self.artifacts}/{task}" if self.artifacts else None
            self.experiments[task] = (
                found.experiment_id if found else self.client.create_experiment(name, location, EXPERIMENT_TAGS)
            )
            self._recall(self.experiments[task])
        return self.experiments[task]

    def _recall(self, experiment: str) -> None:
        """Find this campaign's runs, so that nothing is written twice."""
        for run in _search(self.client, [experiment], f"tags.`{TAG}campaign` = '{self.campaign}'"):
            tags = run.data.tags
            if f"{TAG}key" in tags:
                closed = None if run.info.status == "RUNNING" else tags[f"{TAG}status"]
                self.known[tags[f"{TAG}key"]] = run.info.run_id, closed
            else:
                place = tags[f"{TAG}task"], tags[f"{TAG}level"], tags[f"{TAG}arm"], int(tags[f"{TAG}block"])
                self.parents[place] = run.info.run_id
                if run.info.status == "FINISHED":
                    self.closed.add(place)

    def _tags(self, place: Place) -> dict[str, str]:
        task, level, arm, block = place
        values = {"campaign": self.campaign, "task": task, "level": level, "arm": arm, "block": str(block)}
        return {TAG + name: value for name, value in values.items()}

    def _parent(self, place: Place, started: float) -> str:
        experiment = self._experiment(place[0])
        if place not in self.parents:
            run = self.client.create_run(
                experiment,
                start_time=int(started * 1000),
                run_name=f"{place[2]} · {place[1]} · block {place[3]}",
                tags={**self._tags(place), f"{TAG}kind": "cell"},
            )
            self.parents[place] = run.info.run_id
        return self.parents[place]

    def _write_training(self, line: Mapping[str, Any]) -> None:
        from mlflow.entities import Metric, Param, RunTag

        place = line["task"], line["level"], line["arm"], line["block"]
        parent = self._parent(place, line["started"])
        ended = int(line["ended"] * 1000)
        self.latest[place] = max(ended, self.latest.get(place, 0))
        run, closed = self.known.get(line["key"], (None, None))
        if run is not None and closed == line["status"]:
            self._note(line["key"], place[0], run)
            return
        tags = self._tags(place) | {
            f"{TAG}kind": line["kind"],
            f"{TAG}status": line["status"],
            f"{TAG}key": line["key"],
            f"{TAG}worker": f"{line['worker'].get('host')}:{line['worker'].get('pid')}",
            "mlflow.parentRunId": parent,
        }
        if line["error"]:
            tags[f"{TAG}error"] = line["error"][:500]
        told = json.dumps({**line, "curve": [], "evidence": [], "traceback": None}, separators=(",", ":"))
        if len(told) <= LONGEST:
            tags[f"{TAG}line"] = told  # for whoever follows a running cell; once it is done, cell.parquet has all
        if run is None:
            created = self.client.create_run(
                self._experiment(place[0]),
                start_time=int(line["started"] * 1000),
                tags=tags,
                run_name=f"{line['kind']} {line['number']}",
            )
            run = created.info.run_id
            self.known[line["key"]] = run, None
            tags = {}
        metrics = [
            Metric(name, value, min(int((line["started"] + row["seconds"]) * 1000), ended), int(row["step"]))
            for row in line["curve"]
            for name, value in row.items()
            if name not in ("step", "seconds", "epoch") and value is not None
        ]
        last = int(line["metrics"].get("steps", 0))
        metrics += [
            Metric(name, value, ended, last)
            for name, value in line["metrics"].items()
            if not name.startswith(("train.", "validation."))
        ]
        params = [
            Param(name, f"{value:.6g}" if isinstance(value, float) else str(value))
            for name, value in line["settings"].items()
        ]
        for start in range(0, max(len(metrics), 1), BATCH):
            first = start == 0
            changed = [RunTag(name, value) for name, value in tags.items()] if first else ()  # of a retried training
            self.client.log_batch(run, metrics[start : start + BATCH], params if first else (), changed)
        self._log_dataset(run, line)
        self.client.set_terminated(run, "FINISHED" if line["status"] == "finished" else "FAILED", ended)
        self.known[line["key"]] = run, line["status"]
        self._note(line["key"], place[0], run)

    def _note(self, key: str, task: str, run: str) -> None:
        found = Run(self._experiment(task), run)
        if self.noted.get(key) != found and self.folder.is_dir():
            note_run(self.folder, key, found)
            self.noted[key] = found

    def _log_dataset(self, run: str, line: Mapping[str, Any]) -> None:
        from mlflow.entities import Dataset, DatasetInput, InputTag

        data = line["data"]
        if not data or line["kind"] != "final":
            return
        sizes = f'{{"train": {data["n_train"]}, "validation": {data["n_validation"]}, "test": {data["n_test"]}}}'
        dataset = Dataset(
            name=f"{line['task']} · {line['level']} · block {line['block']}",
            digest=f"{line['seeds']['split']:x}"[:32],
            source_type="code",
            source=f'{{"task": "{line["task"]}", "level": "{line["level"]}", "seed": {line["seeds"]["split"]}}}',
            profile=sizes,
        )
        self.client.log_inputs(run, [DatasetInput(dataset, [InputTag("mlflow.data.context", data["population"])])])

    def _write_cell(self, cell: CellDone) -> None:
        from mlflow.entities import Metric

        run = self._parent(cell.place, time.time())
        if cell.place in self.closed:
            return
        now = max(int(time.time() * 1000), self.latest.get(cell.place, 0))  # workers' clocks may be ahead of ours
        self.client.log_batch(run, [Metric(name, value, now, 0) for name, value in cell.metrics.items()][:BATCH])
        for file in cell.files:
            below = file.parent.relative_to(self.folder) if file.is_relative_to(self.folder / "evidence") else None
            self.client.log_artifact(run, str(file), below and below.as_posix())  # finals' files may share names
        self.client.set_terminated(run, "FINISHED", now)
        self.closed.add(cell.place)


def _make_store(path: Path) -> None:
    """Make an empty SQLite store, whole or not at all: one whose tables a kill left half made never opens again."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{time.time_ns():x}.part")  # another name each time: MLflow keeps stores open
    blank = cache_folder() / f"mlflow-{version('mlflow')}.db"
    if not _copied(blank, fresh):
        _lay_tables(fresh)
        _keep_blank(fresh, blank)
    os.replace(fresh, path)


def _copied(blank: Path, fresh: Path) -> bool:
    """Copy the tables that an earlier store of this MLflow began with: to lay them takes seconds."""
    try:
        shutil.copyfile(blank, fresh)
        with contextlib.closing(sqlite3.connect(fresh)) as connection:
            return bool(connection.execute("PRAGMA quick_check").fetchone() == ("ok",))
    except (OSError, sqlite3.Error):
        return False


def _lay_tables(fresh: Path) -> None:
    fresh.unlink(missing_ok=True)
    client = _client(f"sqlite:///{fresh}")
    client.search_experiments(max_results=1)
    client._tracking_client.store.engine.dispose()  # the file is to be closed before it gets its name
    with contextlib.closing(sqlite3.connect(fresh)) as connection:
        connection.execute("DELETE FROM experiments")  # MLflow's own, at a path of today: it makes another
        connection.commit()  # the mode cannot change before
        connection.execute("PRAGMA journal_mode=WAL")  # readers no longer block the writer; stays in the file


def _keep_blank(fresh: Path, blank: Path) -> None:
    part = blank.with_name(f"{blank.name}.{os.getpid()}.part")
    with contextlib.suppress(OSError):  # a cache that cannot be written costs the next store its seconds
        try:
            blank.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(fresh, part)
            os.replace(part, blank)
        finally:
            part.unlink(missing_ok=True)


@dataclass(frozen=True)
class Shelved:
    """A campaign on a server: its id, its own run, and its state as last told."""

    id: str
    run: str
    state: Mapping[str, Any]


class Shelf:
    """The campaigns that were published to an MLflow store, to read. Whatever the store raises comes through."""

    def __init__(self, uri: str) -> None:
        self.client = _client(uri)

    def campaigns(self) -> list[Shelved]:
        """All campaigns, oldest first."""
        home = self.client.get_experiment_by_name(CAMPAIGNS)
        runs = _search(self.client, [home.experiment_id], f"tags.`{TAG}kind` = 'campaign'") if home else ()
        found = [
            Shelved(run.data.tags[f"{TAG}campaign"], run.info.run_id, _state(run.data.tags.get(f"{TAG}state", "")))
            for run in sorted(runs, key=lambda run: run.info.start_time)
        ]
        return found

    def about(self, campaign: Shelved) -> dict[str, Any]:
        """Its campaign.json."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(self.client.download_artifacts(campaign.run, "campaign.json", folder))
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def cells(self, campaign: str, tasks: Iterable[str]) -> list[str]:
        """The runs of its finished cells."""
        query = f"tags.`{TAG}campaign` = '{campaign}' and tags.`{TAG}kind` = 'cell' and attributes.status = 'FINISHED'"
        return [run.info.run_id for run in _search(self.client, self._experiments(tasks), query)]

    def runs(self, campaign: str, tasks: Iterable[str]) -> dict[str, Run]:
        """The run of each of its trainings, by key."""
        query = f"tags.`{TAG}campaign` = '{campaign}' and tags.`{TAG}kind` != 'cell'"
        found = _search(self.client, self._experiments(tasks), query)
        return {run.data.tags[f"{TAG}key"]: Run(run.info.experiment_id, run.info.run_id) for run in found}

    def followed(self, campaign: str, tasks: Iterable[str]) -> Iterator[tuple[str, Run]]:
        """Trainings of its cells that are not done: lines of the record, less curves and evidence, and their runs."""
        query = f"tags.`{TAG}campaign` = '{campaign}' and tags.`{TAG}kind` = 'cell' and attributes.status = 'RUNNING'"
        for cell in _search(self.client, self._experiments(tasks), query):
            home = cell.info.experiment_id
            for run in _search(self.client, [home], f"tags.`mlflow.parentRunId` = '{cell.info.run_id}'"):
                if text := run.data.tags.get(f"{TAG}line"):
                    yield text, Run(home, run.info.run_id)

    def fetch(self, run: str, name: str, folder: Path) -> Path:
        """Copy an artifact, a file or all of a folder, into that folder."""
        folder.mkdir(parents=True, exist_ok=True)
        return Path(self.client.download_artifacts(run, name, str(folder)))

    def _experiments(self, tasks: Iterable[str]) -> list[str]:
        found = (self.client.get_experiment_by_name(f"bakeoff/{task}") for task in tasks)
        return [experiment.experiment_id for experiment in found if experiment]


def _search(client: Any, experiments: list[str], query: str) -> Iterator[Any]:
    """All runs that a query finds, page by page."""
    token = None
    while experiments:
        page = client.search_runs(experiments, query, max_results=5000, page_token=token)
        yield from page
        token = page.token
        if not token:
            break


def _state(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def check(uri: str) -> str:
    """Where the store that answers at this address keeps artifacts. Raises UserError where none does."""
    try:
        if uri.startswith("postgresql"):
            _knock(uri)
        client = _client(uri)
        client.search_experiments(max_results=1)
        return str(client.get_experiment("0").artifact_location)
    except Exception as error:
        says = str(error)
        cures = (cure for pattern, cure in CURES if re.search(pattern, says))
        raise UserError(
            f"No MLflow store at {without_passwords(uri)} ({first_line(error)}): "
            f"{next(cures, 'start it, or leave --tracking out.')}"
        ) from error


def _knock(uri: str) -> None:
    """Raise at once where a database does not let us in; MLflow itself would try for two minutes."""
    from mlflow.store.db.utils import create_sqlalchemy_engine

    engine: Any = create_sqlalchemy_engine(uri)  # type: ignore[no-untyped-call]
    try:
        engine.connect().close()
    finally:
        engine.dispose()


def without_passwords(text: str) -> str:
    """A text, less the user and password in every address that it holds."""
    return re.sub(r"://[^/\s]*@", "://", text)


def first_line(error: Exception) -> str:
    """An error in a line, less passwords."""
    said = str(error).strip().splitlines()
    return without_passwords(f"{type(error).__name__}: {said[0][:300]}" if said else type(error).__name__)


def _client(uri: str) -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")  # a call sent again may make a run again
    logging.getLogger("alembic").setLevel(logging.ERROR)
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.ERROR)
    from mlflow import MlflowClient  # takes a second: in the writer's thread, once trainings are out

    return MlflowClient(tracking_uri=uri)


def _give_way() -> None:
    with contextlib.suppress(OSError, AttributeError):  # a courtesy: not every system lets a thread have its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)

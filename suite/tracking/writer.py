"""Writes runs, cells and campaigns to an MLflow store.

A task is an experiment, ``bakeoff/<task>``. A cell is a run in it, and the cell's own
runs (trials and finals) are that run's children. The campaign as a whole is a run in
the experiment ``bakeoff``, with campaign.json as its artifact.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from suite.records.manifest import FILE as MANIFEST
from suite.records.manifest import TaskManifest, read_manifest
from suite.records.mlflow_runs import (
    MlflowRun,
    note_mlflow_run,
    read_mlflow_runs,
)
from suite.tracking import payload
from suite.tracking.connection import (
    CAMPAIGNS,
    TAG,
    mlflow_client,
    search_runs,
)
from suite.tracking.links import campaign_link
from suite.tracking.protocol import CellDone, CellId
from suite.tracking.sqlite import (
    artifact_root,
    default_uri,
    experiment_folder,
    prepare_store,
)
from suite.training.job import ENDED_WELL

# A kind of experiment that opens on runs and charts, not on chats.
EXPERIMENT_KIND = {"mlflow.experimentKind": "custom_model_development"}
STATE_INTERVAL_S = 15.0  # between updates of the campaign's state


class MlflowWriter:
    """An MLflow store, as one campaign writes to it.

    What the store already has of the campaign is queried once per experiment, so that
    nothing is written twice. Errors of the store are passed on.
    """

    def __init__(self, uri: str, results: Path, campaign: str) -> None:
        if uri == default_uri(results):
            prepare_store(results)
        self.client = mlflow_client(uri)
        self.campaign = campaign
        self.folder = results / campaign
        served = uri.startswith(("http://", "https://"))
        # A server decides by itself where artifacts go.
        self._artifacts = None if served else artifact_root(results)
        self._experiments: dict[str, str] = {}  # by name
        self._cells: dict[CellId, str] = {}  # the runs of cells
        self._closed_cells: set[CellId] = set()
        # When the last of a cell's runs ended, in milliseconds since 1970.
        self._last_end: dict[CellId, int] = {}
        # By run key: the MLflow run, and the status that it was closed with.
        self._known: dict[str, tuple[str, str | None]] = {}
        self._noted = dict(read_mlflow_runs(self.folder))
        self._campaign_run: str | None = None
        self._state = ""  # as last written
        self._state_written = 0.0

    def write(self, item: Mapping[str, Any] | CellDone) -> None:
        """Write a line of the record, or close a finished cell's run.

        What the store has already is not written again.
        """
        if isinstance(item, CellDone):
            self._write_cell(item)
        else:
            self._write_run(item)

    # -- the campaign as a whole

    def write_state(self, last: bool = False) -> None:
        """Write to the campaign's own run how far it is: now and then, and at the end."""
        about = self.folder / MANIFEST
        state = self.folder / "state.json"
        waited = time.monotonic() - self._state_written
        is_due = last or waited > STATE_INTERVAL_S
        if not about.exists() or not is_due:
            return
        if self._campaign_run is None:
            self._campaign_run = self._find_or_create_campaign_run(about)
        text = "{}"
        if state.exists():
            text = state.read_text(encoding="utf-8")
        if text != self._state:
            short = text[: payload.MAX_TAG_LENGTH]
            self.client.set_tag(self._campaign_run, f"{TAG}state", short)
        if last:
            self.client.set_terminated(self._campaign_run, "FINISHED")
        self._state = text
        self._state_written = time.monotonic()

    def _find_or_create_campaign_run(self, about: Path) -> str:
        """The id of the campaign's own run, with the manifest as its artifact;
        ``about`` is the manifest's file.
        """
        note = "One run per campaign."
        experiment = self._find_or_create_experiment(CAMPAIGNS, note)
        query = f"tags.`{TAG}campaign` = '{self.campaign}'"
        # A resumed campaign continues its own run.
        for run in self.client.search_runs([experiment], query, max_results=1):
            return str(run.info.run_id)
        tags = {
            **payload.source_tags(),
            f"{TAG}campaign": self.campaign,
            f"{TAG}kind": "campaign",
            # Until there are verdicts, see suite.tracking.description.
            payload.NOTE: campaign_link(self.campaign),
        }
        created = self.client.create_run(
            experiment,
            run_name=self.campaign,
            tags=tags,
        )
        run_id = str(created.info.run_id)
        self.client.log_artifact(run_id, str(about))
        return run_id

    # -- experiments

    def _experiment(self, task: str) -> str:
        """The id of a task's experiment. Where it is first asked for, what the
        store has in it of this campaign is read.
        """
        name = f"{CAMPAIGNS}/{task}"
        found = self._experiments.get(name)
        if found is None:
            note = payload.task_note(self._task(task))
            found = self._find_or_create_experiment(name, note)
            self._experiments[name] = found
            # Once per experiment: asking for each run would take a query each.
            self._recall(found)
        return found

    def _find_or_create_experiment(self, name: str, note: str) -> str:
        """The id of the experiment of that name, with the note as its
        description; one that was deleted is restored.
        """
        found = self.client.get_experiment_by_name(name)
        if found is None:
            tags = EXPERIMENT_KIND | {payload.NOTE: note}
            location = self._location(name)
            return str(self.client.create_experiment(name, location, tags))
        if found.lifecycle_stage == "deleted":
            self.client.restore_experiment(found.experiment_id)
        # An experiment that an older version made has none; one that a user
        # has edited stays.
        if payload.NOTE not in found.tags:
            self.client.set_experiment_tag(
                found.experiment_id, payload.NOTE, note
            )
        return str(found.experiment_id)

    def _location(self, experiment: str) -> str | None:
        """Where the artifacts of an experiment go; None where a server
        decides.
        """
        if self._artifacts is None:
            return None
        return f"{self._artifacts}/{experiment_folder(experiment)}"

    def _recall(self, experiment: str) -> None:
        """Find this campaign's runs in an experiment, so that nothing is
        written twice: a cell's by its tags, any other by its key.
        """
        query = f"tags.`{TAG}campaign` = '{self.campaign}'"
        for run in search_runs(self.client, [experiment], query):
            run_id, status = run.info.run_id, run.info.status
            tags = run.data.tags
            key = tags.get(f"{TAG}key")
            if key is not None:
                is_open = status == "RUNNING"
                closed_as = None if is_open else tags[f"{TAG}status"]
                self._known[key] = run_id, closed_as
                continue
            cell_id = payload.cell_of_tags(tags)
            self._cells[cell_id] = run_id
            if status == "FINISHED":
                self._closed_cells.add(cell_id)

    def _task(self, task: str) -> TaskManifest:
        """What the campaign's manifest says of a task."""
        return read_manifest(self.folder).task(task)

    # -- runs

    def _write_run(self, line: Mapping[str, Any]) -> None:
        """Write a line of the record to its MLflow run, unless the store has
        it with that status; close the run, and note which it is.
        """
        key, status = line["key"], line["status"]
        cell_id = payload.cell_of_line(line)
        cell = self._cell(cell_id, line["started"])
        ended = payload.milliseconds(line["ended"])
        last_end = self._last_end.get(cell_id, 0)
        self._last_end[cell_id] = max(ended, last_end)
        run, closed_as = self._known.get(key, (None, None))
        # What was published before is not written again, unless a retry
        # changed its status.
        if run is None or closed_as != status:
            run = self._log_run(line, cell_id, cell, run)
            mlflow_status = "FINISHED" if status in ENDED_WELL else "FAILED"
            self.client.set_terminated(run, mlflow_status, ended)
            self._known[key] = run, status
        self._note(key, line["task"], run)

    def _log_run(
        self,
        line: Mapping[str, Any],
        cell_id: CellId,
        cell: str,
        run: str | None,
    ) -> str:
        """Write all of a line to its MLflow run: tags, parameters, metrics and
        data.

        ``cell`` is the run of its cell; ``run`` is its own, which is created
        if it is None. The id of its own is returned.
        """
        params = line["params"]
        metric_names = payload.metric_names(line)
        param_names = payload.mlflow_names(params)
        tags = (
            payload.cell_tags(self.campaign, cell_id)
            | payload.run_tags(line)
            | payload.renamed_tag(payload.METRIC_NAMES, metric_names)
            | payload.renamed_tag(payload.PARAM_NAMES, param_names)
            | {payload.PARENT: cell}
        )
        changed_tags: list[Any] = []
        if run is None:
            run = self._create_run(line, tags)
        else:
            # A retried run: its status and its worker are others than before.
            changed_tags = _run_tags(tags)
        metrics = payload.run_metrics(line, metric_names)
        entries = payload.param_entries(params, param_names)
        self.client.log_batch(run, metrics, entries, changed_tags)
        data = payload.dataset_input(line)
        if data is not None:
            self.client.log_inputs(run, [data])
        return run

    def _create_run(
        self, line: Mapping[str, Any], tags: Mapping[str, str]
    ) -> str:
        """The id of a new MLflow run for a line, started when the line says,
        with these tags and those of the source.
        """
        experiment = self._experiment(line["task"])
        started = payload.milliseconds(line["started"])
        all_tags = {**payload.source_tags(), **tags}
        created = self.client.create_run(
            experiment,
            start_time=started,
            run_name=payload.run_name(line),
            tags=all_tags,
        )
        run = str(created.info.run_id)
        # None: not closed yet. If the store fails before it is, the next
        # writer finds the run by its key and continues it.
        self._known[line["key"]] = run, None
        return run

    def _note(self, key: str, task: str, run: str) -> None:
        """Note on disk which MLflow run this is, so that pages can link to it."""
        found = MlflowRun(self._experiment(task), run)
        if self._noted.get(key) != found and self.folder.is_dir():
            note_mlflow_run(self.folder, key, found)
            self._noted[key] = found

    # -- cells

    def _cell(self, cell_id: CellId, started: float) -> str:
        """The id of the run of a cell, which is created with the first of its
        runs.

        ``started`` is when that began, in seconds since 1970.
        """
        task, *_ = cell_id
        experiment = self._experiment(task)  # which recalls cells that it has
        if cell_id in self._cells:
            return self._cells[cell_id]
        tags = {
            **payload.source_tags(),
            **payload.cell_tags(self.campaign, cell_id),
            f"{TAG}kind": "cell",
            payload.NOTE: payload.cell_note(
                self.campaign, cell_id, self._task(task)
            ),
        }
        created = self.client.create_run(
            experiment,
            start_time=payload.milliseconds(started),
            run_name=payload.cell_name(cell_id),
            tags=tags,
        )
        run_id = str(created.info.run_id)
        self._cells[cell_id] = run_id
        return run_id

    def _write_cell(self, cell: CellDone) -> None:
        """Write a finished cell's means, chosen hyperparameters and files; close it."""
        now = time.time()
        run = self._cell(cell.cell_id, now)
        if cell.cell_id in self._closed_cells:
            return
        # Workers' clocks may be ahead of ours.
        last_end = self._last_end.get(cell.cell_id, 0)
        ended = max(payload.milliseconds(now), last_end)
        self._log_cell(run, cell, ended)
        # Closed last: readers take a cell that is FINISHED to have its files.
        for file in cell.files:
            folder = self._artifact_folder(file)
            self.client.log_artifact(run, str(file), folder)
        self.client.set_terminated(run, "FINISHED", ended)
        self._closed_cells.add(cell.cell_id)

    def _log_cell(self, run: str, cell: CellDone, moment: int) -> None:
        """Write a cell's means and hyperparameters; the moment is in milliseconds."""
        from mlflow.entities import Metric

        metric_names = payload.mlflow_names(cell.metrics)
        param_names = payload.mlflow_names(cell.params)
        means = []
        for name, value in cell.metrics.items():
            means.append(Metric(metric_names[name], value, moment, 0))
        renamed = {
            **payload.renamed_tag(payload.METRIC_NAMES, metric_names),
            **payload.renamed_tag(payload.PARAM_NAMES, param_names),
        }
        params = payload.param_entries(cell.params, param_names)
        self.client.log_batch(run, means, params, _run_tags(renamed))

    def _artifact_folder(self, file: Path) -> str | None:
        """Where a file goes among its run's artifacts; None is the top.

        Files of several final runs may share their names, so each keeps its folder.
        """
        if not file.is_relative_to(self.folder / "artifacts"):
            return None
        return file.parent.relative_to(self.folder).as_posix()


def _run_tags(tags: Mapping[str, str]) -> list[Any]:
    """Tags as MLflow's client takes them in a batch."""
    from mlflow.entities import RunTag

    return [RunTag(name, value) for name, value in tags.items()]

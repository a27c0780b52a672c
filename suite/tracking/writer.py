"""Writes runs, cells and campaigns to an MLflow store."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from suite.records.mlflow_runs import MlflowRun, note_mlflow_run, read_mlflow_runs
from suite.tracking.connection import CAMPAIGNS, TAG, mlflow_client, search_runs
from suite.tracking.protocol import CellDone, Place
from suite.tracking.sqlite import STORE, default_uri, make_store

BATCH = 1000  # metrics in one call, as MLflow allows
EXPERIMENT_TAGS = {
    "mlflow.experimentKind": "custom_model_development"
}  # opens on runs and charts, not on chats
TELL = 15.0  # seconds between two words on a campaign's state
LONGEST = 5000  # characters of a tag, as MLflow allows


class MlflowWriter:
    """An MLflow store, seen from one campaign."""

    def __init__(self, uri: str, results: Path, campaign: str) -> None:
        if uri == default_uri(results):
            make_store(results.resolve() / STORE)
        self.client = mlflow_client(uri)
        self.campaign, self.results = campaign, results
        self.experiments: dict[str, str] = {}
        self.parents: dict[Place, str] = {}
        self.closed: set[Place] = set()
        self.latest: dict[Place, int] = {}  # end of a cell's runs, in milliseconds
        self.known: dict[
            str, tuple[str, str | None]
        ] = {}  # key -> run, status it was closed with
        self.folder = results / campaign
        self.noted = dict(read_mlflow_runs(self.folder))
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
        """Say on the campaign's own run how far it is: now and then, and at the end. It
        holds campaign.json too.
        """
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
        home = (
            found.experiment_id
            if found
            else self.client.create_experiment(CAMPAIGNS, location, EXPERIMENT_TAGS)
        )
        for run in self.client.search_runs(
            [home], f"tags.`{TAG}campaign` = '{self.campaign}'", max_results=1
        ):
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
                found.experiment_id
                if found
                else self.client.create_experiment(name, location, EXPERIMENT_TAGS)
            )
            self._recall(self.experiments[task])
        return self.experiments[task]

    def _recall(self, experiment: str) -> None:
        """Find this campaign's runs, so that nothing is written twice."""
        for run in search_runs(
            self.client, [experiment], f"tags.`{TAG}campaign` = '{self.campaign}'"
        ):
            tags = run.data.tags
            if f"{TAG}key" in tags:
                closed = None if run.info.status == "RUNNING" else tags[f"{TAG}status"]
                self.known[tags[f"{TAG}key"]] = run.info.run_id, closed
            else:
                place = (
                    tags[f"{TAG}task"],
                    tags[f"{TAG}level"],
                    tags[f"{TAG}arm"],
                    int(tags[f"{TAG}block"]),
                )
                self.parents[place] = run.info.run_id
                if run.info.status == "FINISHED":
                    self.closed.add(place)

    def _tags(self, place: Place) -> dict[str, str]:
        task, level, arm, block = place
        values = {
            "campaign": self.campaign,
            "task": task,
            "level": level,
            "arm": arm,
            "block": str(block),
        }
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
        told = json.dumps(
            {**line, "curve": [], "artifacts": [], "traceback": None},
            separators=(",", ":"),
        )
        if len(told) <= LONGEST:
            tags[f"{TAG}line"] = (
                # for whoever follows a running cell; once it is done, cell.parquet has
                # all
                told
            )
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
            Metric(
                name,
                value,
                min(int((line["started"] + row["seconds"]) * 1000), ended),
                int(row["step"]),
            )
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
            for name, value in line["params"].items()
        ]
        for start in range(0, max(len(metrics), 1), BATCH):
            first = start == 0
            changed = (
                [RunTag(name, value) for name, value in tags.items()] if first else ()
            )  # of a retried training
            self.client.log_batch(
                run, metrics[start : start + BATCH], params if first else (), changed
            )
        self._log_dataset(run, line)
        self.client.set_terminated(
            run, "FINISHED" if line["status"] == "finished" else "FAILED", ended
        )
        self.known[line["key"]] = run, line["status"]
        self._note(line["key"], place[0], run)

    def _note(self, key: str, task: str, run: str) -> None:
        found = MlflowRun(self._experiment(task), run)
        if self.noted.get(key) != found and self.folder.is_dir():
            note_mlflow_run(self.folder, key, found)
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
        self.client.log_inputs(
            run,
            [
                DatasetInput(
                    dataset, [InputTag("mlflow.data.context", data["population"])]
                )
            ],
        )

    def _write_cell(self, cell: CellDone) -> None:
        from mlflow.entities import Metric

        run = self._parent(cell.place, time.time())
        if cell.place in self.closed:
            return
        now = max(
            int(time.time() * 1000), self.latest.get(cell.place, 0)
        )  # workers' clocks may be ahead of ours
        self.client.log_batch(
            run,
            [Metric(name, value, now, 0) for name, value in cell.metrics.items()][
                :BATCH
            ],
        )
        for file in cell.files:
            below = (
                file.parent.relative_to(self.folder)
                if file.is_relative_to(self.folder / "artifacts")
                else None
            )
            self.client.log_artifact(
                run, str(file), below and below.as_posix()
            )  # finals' files may share names
        self.client.set_terminated(run, "FINISHED", now)
        self.closed.add(cell.place)

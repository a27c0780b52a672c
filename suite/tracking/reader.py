"""Reads published campaigns back from an MLflow store."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.records.mlflow_runs import MlflowRun
from suite.tracking.connection import CAMPAIGNS, TAG, mlflow_client, search_runs


@dataclass(frozen=True)
class PublishedCampaign:
    """A campaign on a server: its id, its own run, and its state as last told."""

    id: str
    run: str
    state: Mapping[str, Any]


class MlflowReader:
    """The campaigns that were published to an MLflow store, to read. Whatever the store
    raises comes through.
    """

    def __init__(self, uri: str) -> None:
        self.client = mlflow_client(uri)

    def campaigns(self) -> list[PublishedCampaign]:
        """All campaigns, oldest first."""
        home = self.client.get_experiment_by_name(CAMPAIGNS)
        runs = (
            search_runs(
                self.client, [home.experiment_id], f"tags.`{TAG}kind` = 'campaign'"
            )
            if home
            else ()
        )
        found = [
            PublishedCampaign(
                run.data.tags[f"{TAG}campaign"],
                run.info.run_id,
                _state(run.data.tags.get(f"{TAG}state", "")),
            )
            for run in sorted(runs, key=lambda run: run.info.start_time)
        ]
        return found

    def about(self, campaign: PublishedCampaign) -> dict[str, Any]:
        """Its campaign.json."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(
                self.client.download_artifacts(campaign.run, "campaign.json", folder)
            )
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def cells(self, campaign: str, tasks: Iterable[str]) -> list[str]:
        """The runs of its finished cells."""
        query = f"tags.`{TAG}campaign` = '{campaign}' and tags.`{TAG}kind` = 'cell' and attributes.status = 'FINISHED'"
        return [
            run.info.run_id
            for run in search_runs(self.client, self._experiments(tasks), query)
        ]

    def runs(self, campaign: str, tasks: Iterable[str]) -> dict[str, MlflowRun]:
        """The run of each of its runs, by key."""
        query = f"tags.`{TAG}campaign` = '{campaign}' and tags.`{TAG}kind` != 'cell'"
        found = search_runs(self.client, self._experiments(tasks), query)
        return {
            run.data.tags[f"{TAG}key"]: MlflowRun(
                run.info.experiment_id, run.info.run_id
            )
            for run in found
        }

    def followed(
        self, campaign: str, tasks: Iterable[str]
    ) -> Iterator[tuple[str, MlflowRun]]:
        """Runs of its cells that are not done: lines of the record, less curves
        and artifacts, and their runs.
        """
        query = f"tags.`{TAG}campaign` = '{campaign}' and tags.`{TAG}kind` = 'cell' and attributes.status = 'RUNNING'"
        for cell in search_runs(self.client, self._experiments(tasks), query):
            home = cell.info.experiment_id
            for run in search_runs(
                self.client, [home], f"tags.`mlflow.parentRunId` = '{cell.info.run_id}'"
            ):
                if text := run.data.tags.get(f"{TAG}line"):
                    yield text, MlflowRun(home, run.info.run_id)

    def fetch(self, run: str, name: str, folder: Path) -> Path:
        """Copy an artifact, a file or all of a folder, into that folder."""
        folder.mkdir(parents=True, exist_ok=True)
        return Path(self.client.download_artifacts(run, name, str(folder)))

    def _experiments(self, tasks: Iterable[str]) -> list[str]:
        found = (
            self.client.get_experiment_by_name(f"bakeoff/{task}") for task in tasks
        )
        return [experiment.experiment_id for experiment in found if experiment]


def _state(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

"""Reads published campaigns back from an MLflow store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.records.mlflow_runs import MlflowRun
from suite.tracking.connection import (
    CAMPAIGNS,
    TAG,
    mlflow_client,
    search_runs,
)


@dataclass(frozen=True)
class PublishedCampaign:
    """A campaign in a store."""

    id: str
    """The id of the campaign, as in its folder."""

    run: str
    """The id of the campaign's own MLflow run."""

    state: Mapping[str, Any]
    """Its state as it was last written: how many runs are done, and so on."""


class MlflowReader:
    """The campaigns in an MLflow store. Whatever the store raises comes through."""

    def __init__(self, uri: str) -> None:
        self.client = mlflow_client(uri)

    def campaigns(self) -> list[PublishedCampaign]:
        """All campaigns, the oldest first; empty where the store has none."""
        experiment = self.client.get_experiment_by_name(CAMPAIGNS)
        if experiment is None:
            return []
        query = f"tags.`{TAG}kind` = 'campaign'"
        runs = search_runs(self.client, [experiment.experiment_id], query)
        by_age = sorted(runs, key=lambda run: run.info.start_time)
        return [_published_campaign(run) for run in by_age]

    def cells(self, campaign: str, tasks: Iterable[str]) -> list[str]:
        """The ids of the MLflow runs of a campaign's finished cells.

        ``tasks`` are the campaign's tasks, whose experiments are searched.
        """
        query = f"{_cells_of(campaign)} and attributes.status = 'FINISHED'"
        found = search_runs(self.client, self._experiments(tasks), query)
        return [run.info.run_id for run in found]

    def runs(
        self, campaign: str, tasks: Iterable[str]
    ) -> dict[str, MlflowRun]:
        """The MLflow run of each of a campaign's runs, by run key.

        ``tasks`` are the campaign's tasks, whose experiments are searched.
        """
        query = f"tags.`{TAG}campaign` = '{campaign}' and tags.`{TAG}kind` != 'cell'"
        found = search_runs(self.client, self._experiments(tasks), query)
        return {run.data.tags[f"{TAG}key"]: _mlflow_run(run) for run in found}

    def runs_of_open_cells(
        self, campaign: str, tasks: Iterable[str]
    ) -> Iterator[tuple[str, MlflowRun]]:
        """The runs of cells that are not finished, one by one.

        Of each, its line of the record as JSON (without curve and artifacts), and its
        MLflow run.
        """
        # A cell's own run is closed once its file is there.
        query = f"{_cells_of(campaign)} and attributes.status = 'RUNNING'"
        for cell in search_runs(self.client, self._experiments(tasks), query):
            children = search_runs(
                self.client,
                [cell.info.experiment_id],
                f"tags.`mlflow.parentRunId` = '{cell.info.run_id}'",
            )
            for run in children:
                # A line that is longer than a tag may be is not there: its run
                # appears once its cell is finished.
                if text := run.data.tags.get(f"{TAG}line"):
                    yield text, _mlflow_run(run)

    def fetch(self, run: str, name: str, folder: Path) -> Path:
        """Copy an artifact of a run, a file or a whole folder, into that folder.

        ``run`` is an MLflow run id, ``name`` the path among its artifacts. Returns the
        path of the copy.
        """
        folder.mkdir(parents=True, exist_ok=True)
        return Path(self.client.download_artifacts(run, name, str(folder)))

    def _experiments(self, tasks: Iterable[str]) -> list[str]:
        """The ids of the tasks' experiments; a task that the store does not
        know has none.
        """
        names = (f"{CAMPAIGNS}/{task}" for task in tasks)
        found = map(self.client.get_experiment_by_name, names)
        return [experiment.experiment_id for experiment in found if experiment]


def _cells_of(campaign: str) -> str:
    """The query, in MLflow's language, for the cells of a campaign."""
    return f"tags.`{TAG}campaign` = '{campaign}' and tags.`{TAG}kind` = 'cell'"


def _mlflow_run(run: Any) -> MlflowRun:
    return MlflowRun(run.info.experiment_id, run.info.run_id)


def _published_campaign(run: Any) -> PublishedCampaign:
    """A campaign as its own MLflow run describes it."""
    tags = run.data.tags
    state = _parse_state(tags.get(f"{TAG}state", ""))
    return PublishedCampaign(tags[f"{TAG}campaign"], run.info.run_id, state)


def _parse_state(text: str) -> Mapping[str, Any]:
    """The state, empty if the tag holds none (or was cut)."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

"""Maps each run of a campaign to its MLflow run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from suite.records.files import check_plain

# maps runs to MLflow runs; written by the publisher
MLFLOW_RUNS = "mlflow_runs.jsonl"
MAX_LINE_BYTES = 4096


@dataclass(frozen=True)
class MlflowRun:
    """A run in MLflow: the ids of experiment and run."""

    experiment: str
    """The id of its MLflow experiment."""

    run: str
    """Its MLflow run id."""


def read_mlflow_runs(folder: Path) -> Mapping[str, MlflowRun]:
    """The MLflow runs of a campaign, by run key."""
    path = folder / MLFLOW_RUNS
    check_plain(path)
    try:
        stat = path.stat()
    except FileNotFoundError:
        return {}
    # Size and time are arguments only to be part of the cache's key: a file
    # that has grown is read again.
    return _read_mlflow_runs(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=16)
def _read_mlflow_runs(
    path: Path, size: int, changed: int
) -> Mapping[str, MlflowRun]:
    """The runs in a file of that size and age; cached, as files rarely change."""
    found = {}
    with path.open("rb") as file:
        # Longer ones are none that we wrote, and come in pieces that say nothing.
        for text in iter(partial(file.readline, MAX_LINE_BYTES), b""):
            with suppress(ValueError, KeyError, TypeError, RecursionError):
                # A line truncated by a crash: the next publisher writes it
                # again.
                line = json.loads(text)
                found[str(line["key"])] = MlflowRun(
                    str(line["experiment"]), str(line["run"])
                )
    return found


def note_mlflow_run(folder: Path, key: str, run: MlflowRun) -> None:
    """Store the MLflow run of a run, so that pages can link to it without querying
    MLflow.
    """
    line = json.dumps(
        {"key": key, "experiment": run.experiment, "run": run.run}
    )
    with (folder / MLFLOW_RUNS).open("a", encoding="utf-8") as file:
        file.write(line + "\n")

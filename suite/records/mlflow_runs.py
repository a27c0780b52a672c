"""Which MLflow run each run of a campaign became."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

# which MLflow run each run became; written by the publisher
MLFLOW_RUNS = "mlflow_runs.jsonl"


@dataclass(frozen=True)
class MlflowRun:
    """Where MLflow has a run: the ids of experiment and run."""

    experiment: str
    run: str


def read_mlflow_runs(folder: Path) -> Mapping[str, MlflowRun]:
    """The MLflow runs noted in a campaign's folder, by the keys of the runs."""
    path = folder / MLFLOW_RUNS
    try:
        stat = path.stat()
    except FileNotFoundError:
        return {}
    return _read_mlflow_runs(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=16)
def _read_mlflow_runs(path: Path, size: int, changed: int) -> Mapping[str, MlflowRun]:
    found = {}
    with path.open("rb") as file:
        for text in file:
            with suppress(
                ValueError, KeyError, TypeError
            ):  # a line torn by a crash: the next publisher notes it again
                line = json.loads(text)
                found[str(line["key"])] = MlflowRun(
                    str(line["experiment"]), str(line["run"])
                )
    return found


def note_mlflow_run(folder: Path, key: str, run: MlflowRun) -> None:
    """Note which MLflow run a run became, so that pages can link to it without
    asking MLflow.
    """
    line = json.dumps({"key": key, "experiment": run.experiment, "run": run.run})
    with (folder / MLFLOW_RUNS).open("a", encoding="utf-8") as file:
        file.write(line + "\n")

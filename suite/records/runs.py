"""Which MLflow run each run of a campaign became."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

RUNS = (
    "runs.jsonl"  # which MLflow run each training became; written by whoever publishes
)


@dataclass(frozen=True)
class Run:
    """Where MLflow has a training: the ids of experiment and run."""

    experiment: str
    run: str


def read_runs(folder: Path) -> Mapping[str, Run]:
    """The MLflow runs noted in a campaign's folder, by the keys of the trainings."""
    path = folder / RUNS
    try:
        stat = path.stat()
    except FileNotFoundError:
        return {}
    return _read_runs(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=16)
def _read_runs(path: Path, size: int, changed: int) -> Mapping[str, Run]:
    found = {}
    with path.open("rb") as file:
        for text in file:
            with suppress(
                ValueError, KeyError, TypeError
            ):  # a line torn by a crash: the next publisher notes it again
                line = json.loads(text)
                found[str(line["key"])] = Run(str(line["experiment"]), str(line["run"]))
    return found


def note_run(folder: Path, key: str, run: Run) -> None:
    """Note which MLflow run a training became, so that pages can link to it without
    asking MLflow.
    """
    line = json.dumps({"key": key, "experiment": run.experiment, "run": run.run})
    with (folder / RUNS).open("a", encoding="utf-8") as file:
        file.write(line + "\n")

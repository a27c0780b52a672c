"""The messages between driver and workers: small picklable values.

A worker does not depend on Optuna, MLflow or the campaign; it turns a Job into one
Result per member.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from suite.training.metrics import recorded_metric

SCHEMA = 2  # of a line of the record and of cell.parquet; readers refuse another
Kind = Literal["trial", "final", "half_budget", "half_length"]
# the kinds that open the sealed test set
OPENING: tuple[Kind, ...] = ("final", "half_budget", "half_length")
Status = Literal[
    "finished", "diverged", "out_of_memory", "timed_out", "crashed", "lost"
]
STATUSES: tuple[Status, ...] = (
    "finished",
    "diverged",
    "out_of_memory",
    "timed_out",
    "crashed",
    "lost",
)
JUDGED: tuple[Status, ...] = (
    "finished",
    "diverged",
)  # results of the run itself; the others depend on the machine


@dataclass(frozen=True)
class Member:
    """One run of a job: what distinguishes it from the job's other members.

    A ``trial`` is a run of the tuning study, a ``final`` one with the hyperparameters
    that the study chose, a ``half_budget`` one with those that half of the trials would have
    chosen, where they are others, and a ``half_length`` one with the final's
    hyperparameters and seeds and half of its updates.
    """

    key: str
    kind: Kind
    block: int
    number: int
    params: Mapping[str, Any]
    seeds: Mapping[str, int]


@dataclass(frozen=True)
class CheckpointPolicy:
    """Where a long run writes checkpoints, and the shortest time between two, in
    seconds.
    """

    folder: str
    every: float


@dataclass(frozen=True)
class Job:
    """Runs of one task, level and arm that go to one worker, or to a group of
    ``world_size``, together.

    ``source`` is path and text of a task file of the user's own, or None for a task
    that is installed everywhere. ``builds`` names the arm to build where the same arm
    runs under a second name. ``length_factor`` scales the recipe's length, ``examples``
    limits each split, ``recipe`` changes fields of it, ``time_limit`` is in seconds a
    member.
    """

    task: str
    level: str
    arm: str
    members: tuple[Member, ...]
    length_factor: float = 1.0
    examples: int | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    device: str = "cpu"
    threads: int = 1
    time_limit: float | None = None
    source: tuple[str, str] | None = None
    builds: str | None = None
    checkpoints: CheckpointPolicy | None = None
    world_size: int = 1


@dataclass(frozen=True)
class Result:
    """The result of a run. Everything but times, host and error text is a function of
    its key.

    ``metrics`` maps names such as ``validation.accuracy``, ``test.accuracy``,
    ``seconds`` to finite numbers. ``curve`` has one row per evaluation: ``step``,
    ``epoch``, ``seconds`` and metric values (None: not finite). ``losses`` is the
    SHA-256 of the training loss of every step, as float32 bytes. ``test_opened`` says
    that the sealed test set was looked at, which trials never do.
    """

    key: str
    status: Status
    metrics: dict[str, float] = field(default_factory=dict)
    curve: list[dict[str, float | None]] = field(default_factory=list)
    best_step: int | None = None
    losses: str | None = None
    parameters: int | None = None
    data: dict[str, Any] = field(default_factory=dict)
    test_opened: bool = False
    error: str | None = None
    traceback: str | None = None
    started: float = 0.0
    ended: float = 0.0
    worker: dict[str, Any] = field(default_factory=dict)
    artifacts: dict[str, bytes] = field(default_factory=dict, repr=False)
    checkpoint: bytes | None = field(default=None, repr=False)


def canonical(value: Any) -> str:
    """JSON text that is equal for equal values: sorted keys, no blanks, floats in their
    shortest exact form.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain
    )


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def timed(metric: str) -> bool:
    """Whether a metric is a time or a speed, and so no function of the key."""
    found = recorded_metric(metric)
    return found is not None and not found.deterministic


def finite(value: float) -> float | None:
    """The number, or None if it is not finite: JSON has no NaN."""
    return value if math.isfinite(value) else None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{value!r} cannot be written as JSON.")

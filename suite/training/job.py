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

# of a line of the record and of cell.parquet; readers refuse another
SCHEMA = 2
Kind = Literal["trial", "final", "half_budget", "half_length", "round"]
# the kinds that open the sealed test set
OPENING: tuple[Kind, ...] = ("final", "half_budget", "half_length")
Status = Literal[
    "finished",
    "diverged",
    "pruned",
    "out_of_memory",
    "timed_out",
    "crashed",
    "lost",
]
STATUSES: tuple[Status, ...] = (
    "finished",
    "diverged",
    "pruned",
    "out_of_memory",
    "timed_out",
    "crashed",
    "lost",
)
# no failures: the run did what it was meant to do
ENDED_WELL: tuple[Status, ...] = ("finished", "pruned")
# results of the run itself; the others depend on the machine
JUDGED: tuple[Status, ...] = (
    "finished",
    "diverged",
    "pruned",
)


@dataclass(frozen=True)
class Member:
    """One run of a job: what distinguishes it from the job's other members."""

    key: str
    """The identity of the run: SHA-256 of everything that its result depends on."""

    kind: Kind
    """``trial``: a run of the tuning study. ``final``: with the hyperparameters that
    the study chose. ``half_budget``: with those that half of the trials would have
    chosen, where they are others. ``half_length``: with the final's hyperparameters
    and seeds and half of its updates. ``round``: the beginning of a trial, up to
    ``share`` of its updates, after which a pruner decides whether it continues.
    """

    block: int
    """The independent repetition that the run belongs to, from 0."""

    number: int
    """Counts the runs of a kind within a cell, from 0."""

    params: Mapping[str, Any]
    """Values of the tuned hyperparameters, by name."""

    seeds: Mapping[str, int]
    """The seed of each random stream, by its name."""

    cell: str = ""
    """SHA-256 of all that its cell's runs have in common: the code, data, recipe and
    search space that they were planned with. Empty where no campaign planned it.
    """

    share: float = 1.0
    """Up to which share of its updates it is trained; below 1 of a ``round``."""

    trial: str = ""
    """The key of the whole trial that a ``round`` is the beginning of: its checkpoint
    has that name, for the trial to resume from.
    """


@dataclass(frozen=True)
class CheckpointPolicy:
    """Where and how often a long run writes checkpoints."""

    folder: str
    """The folder that holds the checkpoints of all runs, one file a run."""

    every: float
    """The shortest time between two checkpoints of a run, in seconds."""


@dataclass(frozen=True)
class Job:
    """Runs of one task, level and arm that go to one worker together, or to a group
    of workers.
    """

    task: str
    """The name of a registered task."""

    level: str
    """The level of the task, by name."""

    arm: str
    """The arm that the results belong to, by name."""

    members: tuple[Member, ...]
    """The runs, trained one after another, or together where ``stacked`` is set."""

    length_factor: float = 1.0
    """Scales the number of updates of the recipe."""

    examples: int | None = None
    """The most examples that each split may have; None: all of them."""

    recipe: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the recipe that differ from the task's own, by name."""

    device: str = "cpu"
    """A device as torch names it: ``cpu``, ``cuda`` or ``cuda:1``."""

    threads: int = 1
    """Threads of torch in each worker."""

    time_limit: float | None = None
    """Seconds that one member may take; None: no limit."""

    source: tuple[str, str] | None = None
    """Path and text of a user's own task file; None: an installed task."""

    builds: str | None = None
    """The arm to build, where the same arm runs under a second name (an A/A test);
    None: ``arm`` itself.
    """

    checkpoints: CheckpointPolicy | None = None
    """Where to write checkpoints; None: none are written."""

    world_size: int = 1
    """Workers that train each member together, data-parallel."""

    stacked: bool = False
    """Whether the members advance together, as one batched model."""


@dataclass(frozen=True)
class Result:
    """The result of a run. Everything but times, host and error text is a function of
    its key.
    """

    key: str
    """The key of the member."""

    status: Status
    """How the run ended; see ``STATUSES``."""

    metrics: dict[str, float] = field(default_factory=dict)
    """Finite numbers by name, such as ``validation.accuracy``, ``test.accuracy`` and
    ``seconds``.
    """

    curve: list[dict[str, float | None]] = field(default_factory=list)
    """One row per evaluation: ``step``, ``epoch``, ``seconds`` and metric values
    (None: not finite).
    """

    best_step: int | None = None
    """The update whose parameters the result is of; None where the run failed."""

    losses: str | None = None
    """SHA-256 of the training loss of every step, as float32 bytes."""

    parameters: int | None = None
    """Trainable parameters of the model."""

    data: dict[str, Any] = field(default_factory=dict)
    """What the run was trained on: ``population``, ``n_train``, ``n_validation``,
    ``n_test`` and ``test_train_ratio``.
    """

    test_opened: bool = False
    """Whether the sealed test set was looked at, which trials never do."""

    error: str | None = None
    """What went wrong, in one line; None where nothing did."""

    traceback: str | None = None
    """The traceback of an unexpected error."""

    started: float = 0.0
    """When the run started, in seconds since the epoch of Unix."""

    ended: float = 0.0
    """When it ended, in the same unit."""

    worker: dict[str, Any] = field(default_factory=dict)
    """Host, process, device and library versions."""

    artifacts: dict[str, bytes] = field(default_factory=dict, repr=False)
    """Contents of the files that the run leaves, by file name."""

    checkpoint: bytes | None = field(default=None, repr=False)
    """The trained model, as ``torch.save`` writes it; None where none is kept."""


def canonical(value: Any) -> str:
    """JSON text that is equal for equal values: sorted keys, no blanks, floats in their
    shortest exact form.
    """
    return json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,  # no JSON, and not equal to itself
        default=_plain,
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

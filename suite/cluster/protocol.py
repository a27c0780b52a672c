"""The interface of executors, and the type of their results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from suite.training.job import Job, Result
from suite.training.resources import Resources

PREFETCH = 2  # jobs submitted beyond the slots, so that no worker waits for the driver


@dataclass(frozen=True)
class JobOutcome:
    """A job that came back: with its results, or with why it was lost."""

    job: Job
    """The job as it was submitted."""

    results: list[Result]
    """One Result per member, in their order; none where the job was lost."""

    lost: str | None = None
    """Why it was lost, in one line; None where it was not."""

    out_of_memory: bool = False
    """Whether the worker was killed because its node ran out of memory."""

    load: Mapping[str, Any] | None = None
    """How busy the worker's machine was, as ``worker_load`` has it; None where nothing
    is known of it.
    """


class Executor(Protocol):
    """Executes jobs: on Ray, or in this process.

    tests/cluster/executor_contract.py states what each of them has to do.
    """

    @property
    def starting(self) -> bool:
        """Whether it is still starting: most other members block until it is up."""
        ...

    @property
    def dashboard(self) -> str | None:
        """The URL of the cluster's own dashboard, where there is one."""
        ...

    @property
    def prefetch(self) -> int:
        """How many jobs to submit beyond the slots."""
        ...

    @property
    def waiting(self) -> str | None:
        """What submitted jobs, or the start, wait for, as text; None if nothing.

        Never blocks. Raises UserError like ``check``.
        """
        ...

    @property
    def in_flight(self) -> int:
        """Jobs that were submitted and have not come back."""
        ...

    def has_gpu(self) -> bool:
        """Whether any worker has a GPU, so that the device ``auto`` means CUDA."""
        ...

    def slots(self, need: Resources) -> int:
        """How many runs with these needs execute at once."""
        ...

    def check(self, need: Resources, world_size: int = 1) -> str | None:
        """What a run on ``world_size`` workers, each with these needs, waits for.

        None if it can start now. Raises UserError if it never can.
        """
        ...

    def warm(self, need: Resources, device: str) -> None:
        """Have the workers import torch while the driver prepares; returns at once."""
        ...

    def submit(
        self, job: Job, need: Resources, exclusive: bool = False
    ) -> None:
        """Queue a job. ``exclusive``: on a node that runs no other job of this
        executor.
        """
        ...

    def wait(self, seconds: float) -> list[JobOutcome]:
        """Finished results, as soon as there is one.

        Empty after that many seconds, and at once if nothing is in flight. An exception
        in a task becomes the status of a Result; this method raises only
        KeyboardInterrupt.
        """
        ...

    def cancel(self) -> None:
        """Stop and forget what is in flight; further jobs may be submitted."""
        ...

    def close(self) -> None:
        """Cancel, and end whatever was started; may be called more than once."""
        ...

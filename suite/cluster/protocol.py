"""What the driver needs of whoever executes jobs, and what comes back from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from suite.training.job import Job, Result
from suite.training.resources import Resources


@dataclass(frozen=True)
class JobOutcome:
    """A job that came back: with a Result per member, or with why it was lost."""

    job: Job
    results: list[Result]
    lost: str | None = None
    out_of_memory: bool = False


class Executor(Protocol):
    """What the driver needs of whoever runs jobs: Ray, or this process in tests."""

    @property
    def starting(self) -> bool: ...
    @property
    def dashboard(self) -> str | None: ...
    def has_gpu(self) -> bool: ...
    def slots(self, need: Resources) -> int: ...
    @property
    def prefetch(self) -> int: ...
    @property
    def waiting(self) -> str | None: ...
    def check(self, need: Resources, world_size: int = 1) -> str | None: ...
    def warm(self, need: Resources, device: str) -> None: ...
    def submit(self, job: Job, need: Resources, exclusive: bool = False) -> None: ...
    @property
    def in_flight(self) -> int: ...
    def wait(self, seconds: float) -> list[JobOutcome]: ...
    def cancel(self) -> None: ...
    def close(self) -> None: ...


PREFETCH = 2  # jobs handed out beyond the slots, so that no worker waits for the driver

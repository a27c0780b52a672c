"""Executor that are this very process: for tests, and for looking at a run with a
debugger.
"""

import random

from suite.cluster.protocol import PREFETCH, JobOutcome
from suite.training.job import Job
from suite.training.resources import Resources
from suite.training.worker import run_job
from tasks import UserError


class SerialExecutor:
    """Runs jobs one by one. ``slots`` jobs are taken at a time; ``shuffle`` seeds an
    order of completion.
    """

    def __init__(self, slots: int = 1, shuffle: int | None = None) -> None:
        self._slots = slots
        self._jobs: list[Job] = []
        self._random = None if shuffle is None else random.Random(shuffle)
        self.trained = 0

    @property
    def starting(self) -> bool:
        return False

    @property
    def dashboard(self) -> str | None:
        return None

    def has_gpu(self) -> bool:
        return False

    def slots(self, need: Resources) -> int:
        return self._slots

    @property
    def prefetch(self) -> int:
        return PREFETCH

    @property
    def waiting(self) -> str | None:
        return None

    def check(self, need: Resources, world_size: int = 1) -> str | None:
        if world_size > 1:
            raise UserError(
                f"A run on {world_size} workers needs Ray: this process trains alone."
            )
        return None

    def warm(self, need: Resources, device: str) -> None:
        pass

    def submit(self, job: Job, need: Resources, exclusive: bool = False) -> None:
        self._jobs.append(job)

    @property
    def in_flight(self) -> int:
        return len(self._jobs)

    def wait(self, seconds: float) -> list[JobOutcome]:
        if not self._jobs:
            return []
        job = self._jobs.pop(
            self._random.randrange(len(self._jobs)) if self._random else 0
        )
        results = run_job(job)
        self.trained += len(results)
        return [JobOutcome(job, results)]

    def cancel(self) -> None:
        self._jobs.clear()

    def close(self) -> None:
        self.cancel()

"""An executor that runs jobs in this process: for a debugger, and for tests."""

from __future__ import annotations

import random

from suite.cluster.load import worker_load
from suite.cluster.protocol import PREFETCH, JobOutcome
from suite.training.job import Job
from suite.training.resources import Resources
from suite.training.worker import run_job
from tasks import UserError


class SerialExecutor:
    """Executes one job per ``wait``, in this thread.

    ``slots`` jobs are accepted at a time. ``shuffle`` seeds a random order of
    completion; None keeps the order of submission. ``gpus`` is how many this process sees.
    """

    def __init__(
        self,
        slots: int = 1,
        shuffle: int | None = None,
        gpus: int = 0,
    ) -> None:
        self._slots = slots
        self._gpus = gpus
        self._jobs: list[Job] = []
        self._random = None if shuffle is None else random.Random(shuffle)
        self.trained = 0  # runs executed so far

    @property
    def starting(self) -> bool:
        """False: nothing has to start."""
        return False

    @property
    def dashboard(self) -> str | None:
        return None

    @property
    def prefetch(self) -> int:
        """As many as Ray's, so that jobs are scheduled alike."""
        return PREFETCH

    @property
    def waiting(self) -> str | None:
        return None

    @property
    def in_flight(self) -> int:
        return len(self._jobs)

    def has_gpu(self) -> bool:
        return self._gpus > 0

    def slots(self, need: Resources) -> int:
        return self._slots

    def check(self, need: Resources, world_size: int = 1) -> str | None:
        """None: a run can start. Raises UserError for several workers, or a GPU that
        this process does not see; CPUs and memory are not limited here.
        """
        if world_size > 1:
            raise UserError(
                f"A run on {world_size} workers needs Ray, and --workers 0 runs "
                "everything in this process: give 1 or more workers."
            )
        if need.gpus > self._gpus:
            raise UserError(
                f"A run asks for {need.gpus:g} GPU, and this process sees {self._gpus}: "
                "lower `resources` in the profile."
            )
        return None

    def warm(self, need: Resources, device: str) -> None:
        """Nothing: this process has imported torch."""

    def submit(
        self, job: Job, need: Resources, exclusive: bool = False
    ) -> None:
        """Queue a job until ``wait`` executes it."""
        self._jobs.append(job)

    def wait(self, seconds: float) -> list[JobOutcome]:
        """Execute one job, however long it takes, and return its results."""
        if not self._jobs:
            return []
        job = self._jobs.pop(self._next())
        results = run_job(job)
        self.trained += len(results)
        return [JobOutcome(job, results, load=worker_load())]

    def _next(self) -> int:
        """The index of the job to execute now."""
        # Tests shuffle, to see that results do not depend on the order.
        return self._random.randrange(len(self._jobs)) if self._random else 0

    def cancel(self) -> None:
        self._jobs.clear()

    def close(self) -> None:
        self.cancel()

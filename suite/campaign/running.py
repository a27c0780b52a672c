"""What runs now and since when, and how busy the driver's machine is, for watchers."""

from __future__ import annotations

import time
from typing import Any

import psutil

from suite.training.job import Job

# How many jobs the state names: it is written every second, and read as often.
MAX_NAMED_JOBS = 64
MIB = 2**20


class Running:
    """The jobs in flight, in the order in which they were submitted.

    A driver does not hear when a worker starts: a job counts as running from the moment
    when no more older ones are in flight than there are slots.
    """

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._since: dict[str, float] = {}

    def add(self, job: Job) -> None:
        """Note a job that is submitted."""
        self._jobs[_key(job)] = job

    def remove(self, job: Job) -> None:
        """Forget a job that came back."""
        self._jobs.pop(_key(job), None)
        self._since.pop(_key(job), None)

    def current(self, slots: int) -> list[dict[str, Any]]:
        """The jobs that run, with ``since`` in seconds since the epoch of Unix."""
        oldest = list(self._jobs.items())[: min(slots, MAX_NAMED_JOBS)]
        return [self._description(key, job) for key, job in oldest]

    def _description(self, key: str, job: Job) -> dict[str, Any]:
        member = job.members[0]
        return {
            "task": job.task,
            "level": job.level,
            "arm": job.arm,
            "block": member.block,
            "kind": member.kind,
            "number": member.number,
            "since": self._since.setdefault(key, time.time()),
        }


def _key(job: Job) -> str:
    return job.members[0].key


def machine_load() -> dict[str, float]:
    """The share of its cores that the driver's machine uses, in percent since the last
    call, and its memory in MiB.
    """
    memory = psutil.virtual_memory()
    return {
        "cpu_percent": psutil.cpu_percent(),
        "memory_used": (memory.total - memory.available) / MIB,
        "memory_total": memory.total / MIB,
    }

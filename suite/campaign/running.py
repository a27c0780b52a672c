"""What runs now and since when, and how busy the driver's machine and its workers are,
for watchers.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import psutil

from suite.cluster.load import MIB
from suite.training.job import Job

# How many jobs, and workers, the state names: it is written every second, and read as
# often.
MAX_NAMED_JOBS = 64
MAX_NAMED_WORKERS = 64
MAX_NAMED_MACHINES = 64


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
            "more": len(job.members) - 1,  # that advance together with it
            "since": self._since.setdefault(key, time.time()),
        }


def _key(job: Job) -> str:
    return job.members[0].key


class WorkerLoads:
    """How busy the workers on the driver's machine are, once each has returned a run.

    Those on other machines are left out: their processes cannot be looked up.
    """

    def __init__(self) -> None:
        self._host = socket.gethostname()
        self._processes: dict[int, psutil.Process] = {}

    def add(self, worker: Mapping[str, Any]) -> None:
        """Note a worker, as it describes itself with a result."""
        pid = worker.get("pid")
        is_here = worker.get("host") == self._host and isinstance(pid, int)
        if not is_here or pid in self._processes:
            return
        if len(self._processes) < MAX_NAMED_WORKERS:
            with suppress(psutil.Error):
                process = psutil.Process(pid)
                process.cpu_percent()  # what it says next is since now
                self._processes[process.pid] = process

    def current(self) -> list[dict[str, Any]]:
        """Each worker that is still there: the CPU that it has used since the last
        call, in percent of one core, and its memory in MiB.
        """
        found = []
        for pid, process in list(self._processes.items()):
            try:
                with process.oneshot():
                    load = {
                        "worker": f"{self._host}:{pid}",
                        "cpu_percent": process.cpu_percent(),
                        "memory": process.memory_info().rss / MIB,
                    }
            except psutil.Error:  # it has ended
                del self._processes[pid]
                continue
            found.append(load)
        return found


class MachineLoads:
    """How busy each machine was when one of its workers last returned a run."""

    def __init__(self) -> None:
        self._by_host: dict[str, Mapping[str, Any]] = {}

    def add(self, load: Mapping[str, Any] | None) -> None:
        """Note what came with a run; None tells nothing."""
        if load is None:
            return
        # Of a cluster whose machines come and go, those that worked last.
        self._by_host.pop(load["host"], None)
        self._by_host[load["host"]] = load
        if len(self._by_host) > MAX_NAMED_MACHINES:
            del self._by_host[next(iter(self._by_host))]

    def known(self) -> list[Mapping[str, Any]]:
        """Each machine's load, by its name."""
        return [self._by_host[host] for host in sorted(self._by_host)]

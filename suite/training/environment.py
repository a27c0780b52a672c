"""Where a run took place: host, hardware, versions, sources."""

from __future__ import annotations

import os
import platform
import socket
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from suite.training.fingerprint import source_hash
from suite.training.job import Job
from tasks import UserError

SHORT = 16  # digits of the source hash that is recorded with each run


def worker_info(job: Job) -> dict[str, Any]:
    """The worker's machine and versions, as they are recorded with a run."""
    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        # the kind alone: which GPU of a machine it was tells nothing
        "device": job.device.partition(":")[0],
        "hardware": _hardware(job.device),
        "threads": job.threads,
        "world_size": job.world_size,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "sources": _sources(job.task, job.source),
    }


@lru_cache(maxsize=8)
def _hardware(device: str) -> str:
    """The name of the GPU, or of the processor if the system reports it."""
    if device.startswith("cuda"):
        return str(torch.cuda.get_device_name(device))
    return processor()


def processor() -> str:
    """The name of the processor if the system reports it, or else of its kind."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def forget_sources() -> None:
    """Have sources hashed again, as files that they read may have changed."""
    _sources.cache_clear()


@lru_cache(maxsize=64)
def _sources(task: str, source: tuple[str, str] | None) -> str | None:
    """The hash of what this process runs, which the driver compares with its own; None
    where the task cannot be imported.

    ``source`` is part of the cache's key alone: the task has been loaded from it.
    """
    try:
        return source_hash(task)[:SHORT]
    except (UserError, OSError):
        return None


def warm_up(device: str) -> str:
    """Initialise the device, so that the first run on this worker does not wait for it;
    PyTorch is imported by then. Returns the host's name.
    """
    numbers = torch.zeros(8, 8, device=device)
    # A product, because the first one on a GPU loads its library.
    numbers @ numbers
    return socket.gethostname()

"""How busy a machine is, as one of its processes sees it."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psutil

MIB = 2**20


def machine_load() -> dict[str, Any]:
    """The machine's name as ``host``, the share of its cores that is in use, in percent
    since this process asked last, and its memory in MiB.
    """
    memory = psutil.virtual_memory()
    return {
        "host": socket.gethostname(),
        "cpu_percent": psutil.cpu_percent(),
        "memory_used": (memory.total - memory.available) / MIB,
        "memory_total": memory.total / MIB,
    }


def worker_load() -> dict[str, Any]:
    """The same with ``at``, in seconds since 1970, and the ``gpus`` that this process
    sees, each with its name, its memory in MiB, and, where NVML is installed, how much
    of the time it computes, in percent.
    """
    return {**machine_load(), "at": time.time(), "gpus": [*_gpus()]}


def _gpus() -> Iterator[dict[str, Any]]:
    torch = sys.modules.get("torch")
    # Asking a GPU that nothing has used yet would take memory on it.
    if torch is None or not torch.cuda.is_initialized():
        return
    for number in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(number)
        load = {
            "name": torch.cuda.get_device_name(number),
            "memory_used": (total - free) / MIB,
            "memory_total": total / MIB,
        }
        # A missing NVML raises ModuleNotFoundError, a broken one RuntimeError.
        with suppress(ImportError, RuntimeError):
            load["percent"] = float(torch.cuda.utilization(number))
        yield load

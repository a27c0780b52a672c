"""Join a Ray cluster, or start one on this machine."""

from __future__ import annotations

import logging
import os
import socket
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil

from suite.cluster.errors import first_line
from tasks import UserError

CONNECT_TIMEOUT_S = 5.0  # seconds a cluster may take to answer the door
STARTS = 3  # attempts at an embedded cluster
HELPERS = "monitor.py", "log_monitor.py"
# by the processes of an embedded cluster: one thread each, and torch imported while Ray
# still starts
INHERITED = {
    **dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"
    ),
    "RAY_enable_worker_prestart": "1",
    "RAY_preload_python_modules": "torch",
}


def connect_to_ray(
    ray: ModuleType, address: str | None, workers: int | None
) -> str | None:
    """Join the cluster at the address, or start one on this machine; where its own
    dashboard answers, if it has one.

    Raises UserError where there is none, or it does not start.
    """
    os.environ.update(INHERITED)
    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    where = address or os.environ.get("RAY_ADDRESS")
    if where is None:
        options |= {"address": "local", "num_cpus": workers, "include_dashboard": False}
    elif address is not None:
        options |= {"address": address}
    try:
        if where:
            _knock(where)
        return _init(ray, options, attempts=1 if where else STARTS)
    except Exception as error:  # a node that is too slow to start raises just that
        if where:
            raise UserError(
                f"No Ray cluster at {where} ({first_line(error)}): start one with `ray start --head`, "
                "or leave --address out to use this machine."
            ) from error
        hint = "it may be too busy just now; `bakeoff doctor` looks at everything that is needed."
        raise UserError(
            f"Ray does not start on this machine ({first_line(error)}): {hint}"
        ) from error


def _init(ray: ModuleType, options: dict[str, Any], attempts: int) -> str | None:
    """Ray gives its own node 30 seconds, which a busy machine may not keep: try again."""
    try:
        pages: str | None = ray.init(**options).dashboard_url
    except Exception:
        ray.shutdown()
        if attempts == 1:
            raise
        return _init(ray, options, attempts - 1)
    return pages


def end_helpers(package: Path) -> None:
    """End what Ray starts beside a cluster of our own without being asked: 160 MB, and
    a second to wait for at the end.

    One would look after nodes, of which there is just this one, the other would copy
    logs, which nobody reads.
    """
    for process in psutil.Process().children():
        with suppress(psutil.Error):
            files = [Path(word) for word in process.cmdline()]
            if any(
                file.name in HELPERS and file.is_relative_to(package) for file in files
            ):
                process.kill()


def load_ray() -> ModuleType:
    """Ray, imported when it is needed and not before: it takes seconds, and reads these
    hyperparameters as it is imported.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody asked the user
    os.environ.setdefault(
        "RAY_task_oom_retries", "0"
    )  # whose default is for ever; the driver knows when to stop
    if _has_token():
        os.environ.setdefault(
            "RAY_AUTH_MODE", "token"
        )  # clusters ask for one; a client does not offer it by itself
    import ray

    return ray


def _has_token() -> bool:
    """Whether this user has the token of a cluster, where Ray looks for it."""
    named = os.environ.get("RAY_AUTH_TOKEN_PATH", "~/.ray/auth_token")
    return bool(os.environ.get("RAY_AUTH_TOKEN")) or Path(named).expanduser().is_file()


def _knock(address: str) -> None:
    """Raise OSError where nobody listens at ``host:port``; Ray itself would try for
    minutes.
    """
    host, _, port = address.rpartition("//")[2].rpartition(":")
    if port.isdecimal():
        with socket.create_connection(
            (host.strip("[]"), int(port)), timeout=CONNECT_TIMEOUT_S
        ):
            pass

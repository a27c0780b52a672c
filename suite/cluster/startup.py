"""Use the Ray session of this process, join a running cluster, or start one here."""

from __future__ import annotations

import ctypes
import logging
import os
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import psutil

from suite.cluster.errors import is_of_a_busy_machine, startup_hint
from suite.errors import one_line
from suite.own_packages import foreign_packages
from tasks import UserError

# A running cluster answers at once; Ray itself would retry for minutes.
CONNECT_TIMEOUT_S = 5.0
# Ray's own timeout is 30 seconds; a busy machine may need several times that.
START_TIMEOUT_S = 600.0
START_ATTEMPTS = 3  # where something else is wrong
# Of a Unix socket's path on Linux; macOS has four less.
SOCKET_PATH_BYTES = 107 if sys.platform.startswith("linux") else 103
LONGEST_SOCKET = (
    "/ray/session_2026-01-01_00-00-00_000000_4194304/sockets/plasma_store"
)
# More than C's struct of that name takes anywhere.
SIGACTION_BYTES = 1024
MONITORS = "monitor.py", "log_monitor.py"
# The processes of a cluster of our own inherit these: one thread each, torch
# imported while Ray still starts, and suite, so that no other package of that
# name is found.
INHERITED = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "RAY_enable_worker_prestart": "1",
    "RAY_preload_python_modules": "torch,suite",
}
log = logging.getLogger("bakeoff")


@dataclass(frozen=True)
class Cluster:
    """Which cluster to use."""

    kind: Literal["session", "running", "new"]
    """``session``: the one that this process is connected to already. ``running``: the
    one at ``address``. ``new``: one on this machine.
    """

    address: str | None = None
    """Where a running one answers, as Ray writes it."""

    named_by: Literal["--address", "RAY_ADDRESS"] = "--address"
    """Where the address is from: what the user would change."""

    workers: int | None = None
    """Workers of a new one; None: one per core."""


def choose_cluster(address: str | None, workers: int | None) -> Cluster:
    """The cluster that these options, the environment and this process ask for.

    Raises UserError if they contradict each other, or if a folder would hide our code
    from the cluster's workers.
    """
    if workers is not None and workers < 1:
        raise UserError(
            f"--workers {workers}: give 1 or more, or 0 to run in this process."
        )
    cluster = _choose(address, workers)
    if cluster.kind != "new" and not (cluster.address or "").startswith(
        "ray://"
    ):
        _check_working_directory()
    return cluster


def _choose(address: str | None, workers: int | None) -> Cluster:
    if _has_session():
        _refuse_beside_session(address, workers)
        return Cluster("session")
    named = address or os.environ.get("RAY_ADDRESS") or "local"
    if named == "local":
        return Cluster("new", workers=workers)
    if workers is None:
        return Cluster(
            "running", named, "--address" if address else "RAY_ADDRESS"
        )
    if address:
        raise UserError(
            f"--workers is for this machine, and --address {address} names a cluster, "
            "whose size decides: leave one out."
        )
    raise UserError(
        f"--workers is for this machine, and RAY_ADDRESS={named} names a cluster, whose "
        "size decides: leave --workers out, or unset RAY_ADDRESS."
    )


def _has_session() -> bool:
    """Whether this process, such as a notebook, is connected to Ray already."""
    ray = sys.modules.get("ray")
    return ray is not None and bool(ray.is_initialized())


def _refuse_beside_session(address: str | None, workers: int | None) -> None:
    given = {"address": address, "workers": workers}
    names = [name for name, value in given.items() if value is not None]
    if names:
        raise UserError(
            "This process has a Ray session, which is used as it is: leave "
            f"{' and '.join(names)} out, or call ray.shutdown() first."
        )


def _check_working_directory() -> None:
    """Raise UserError if workers would import another package as ``suite``.

    Ray has them look first where the driver was started. Once they have imported our
    ``suite``, it finds the other packages itself.
    """
    for path in foreign_packages(Path.cwd()):
        if path.stem == "suite":
            raise UserError(
                f"{path} hides Bakeoff's package of that name from Ray's workers, "
                "which look into the working directory first: run from another "
                "folder, or rename it."
            )


def load_ray(cluster: Cluster) -> ModuleType:
    """Ray, imported lazily.

    It takes seconds, and reads these variables as it is imported.
    """
    # Ray reports usage unless it is told not to, and nobody asked the user.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # By default for ever; the driver knows when to stop.
    os.environ.setdefault("RAY_task_oom_retries", "0")
    # After a minute without a head Ray would end this process: see head.py.
    os.environ.setdefault("RAY_gcs_rpc_server_reconnect_timeout_s", "3600")
    # Ray writes the token into the home folder and fails where there is none:
    # this one lasts as long as the process.
    if cluster.kind == "new" and not _has_token() and not _can_keep_token():
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    if _has_token():
        # Clusters ask for a token; a client does not offer it by itself.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    import ray

    return ray


def _has_token() -> bool:
    """Whether this user has a cluster's token, where Ray looks for it."""
    if os.environ.get("RAY_AUTH_TOKEN"):
        return True
    named = os.environ.get("RAY_AUTH_TOKEN_PATH", "~/.ray/auth_token")
    with suppress(OSError, RuntimeError):
        # There may be no home folder, or no access.
        return Path(named).expanduser().is_file()
    return False


def _can_keep_token() -> bool:
    """Whether Ray can write the token of a new cluster into the home folder."""
    with suppress(OSError, RuntimeError):
        folder = Path.home() / ".ray"
        folder.mkdir(exist_ok=True)  # as Ray does
        with tempfile.TemporaryFile(dir=folder):
            return True
    return False


def join_cluster(ray: ModuleType, cluster: Cluster) -> str | None:
    """Join a running cluster; returns the address of its dashboard, if it has one.

    Raises UserError if none answers.
    """
    os.environ.update(INHERITED)
    options: dict[str, Any] = {
        "logging_level": logging.ERROR,
        "log_to_driver": False,
    }
    # Ray reads RAY_ADDRESS itself.
    if cluster.named_by == "--address":
        options["address"] = cluster.address
    try:
        _check_listening(cluster.address or "")
        dashboard: str | None = ray.init(**options).dashboard_url
    except Exception as error:
        ray.shutdown()
        raise UserError(_not_there(cluster, error)) from error
    return dashboard


def _not_there(cluster: Cluster, error: Exception) -> str:
    where, cause = cluster.address, one_line(error)
    if cluster.named_by == "RAY_ADDRESS":
        return (
            f"No Ray cluster at {where}, which RAY_ADDRESS names ({cause}): start one "
            "with `ray start --head`, or unset RAY_ADDRESS to use this machine."
        )
    return (
        f"No Ray cluster at {where} ({cause}): start one with `ray start --head`, "
        "or leave --address out to use this machine."
    )


def _check_listening(address: str) -> None:
    """Raise OSError if nothing listens on ``host:port``."""
    host, _, port = address.rpartition("//")[2].rpartition(":")
    if port.isdecimal():
        where = host.strip("[]"), int(port)
        with socket.create_connection(where, timeout=CONNECT_TIMEOUT_S):
            pass


def start_cluster(
    ray: ModuleType,
    workers: int | None,
    is_wanted: Callable[[], bool],
    tell: Callable[[str], None],
) -> None:
    """Start a cluster on this machine, with retries if the machine is too busy for Ray.

    ``tell`` is called with what is being waited for. Raises UserError with the cause
    where Ray does not start; ends early once ``is_wanted`` says no.
    """
    os.environ.update(INHERITED)
    began, attempt = time.monotonic(), 1
    while True:
        try:
            ray.init(
                address="local",
                num_cpus=workers,
                include_dashboard=False,
                logging_level=logging.ERROR,
                log_to_driver=False,
                _temp_dir=_short_temp_dir(),
            )
            return
        except Exception as error:
            ray.shutdown()
            waited = time.monotonic() - began
            if not is_wanted() or not _may_start_yet(error, attempt, waited):
                raise UserError(
                    f"Ray does not start on this machine ({one_line(error)}): "
                    f"{startup_hint(error)}"
                ) from error
            attempt += 1
            log.warning(
                "Ray did not start, attempt %d: %s", attempt, one_line(error)
            )
            tell(
                f"Ray, which did not start in {waited:.0f} s (attempt {attempt})"
            )


def _may_start_yet(error: Exception, attempt: int, waited: float) -> bool:
    """Whether to retry, given the number of attempts and the seconds so far."""
    if is_of_a_busy_machine(error):
        return waited < START_TIMEOUT_S
    return not isinstance(error, OSError) and attempt < START_ATTEMPTS


def _short_temp_dir() -> str | None:
    """A folder for Ray's sockets where TMPDIR is too long for them; None: Ray's own."""
    folder = os.environ.get("TMPDIR", "")
    # Bytes and not letters: a folder's name may not be ASCII.
    is_short = len(os.fsencode(folder + LONGEST_SOCKET)) <= SOCKET_PATH_BYTES
    if (
        is_short
        or os.environ.get("RAY_TMPDIR")
        or not os.access("/tmp", os.W_OK)
    ):
        return None
    return "/tmp/ray"


@contextmanager
def sigterm_kept() -> Iterator[None]:
    """Put back the process's handler of SIGTERM at the end.

    Ray's own, which it sets as it connects, prints a stack and aborts, whatever Python's
    handler would do. ``signal.signal`` works in the main thread alone, which may be busy
    for seconds; this works in any.
    """
    number = int(signal.SIGTERM)
    libc = ctypes.CDLL(None)
    before = ctypes.create_string_buffer(SIGACTION_BYTES)
    libc.sigaction(number, None, before)
    try:
        yield
    finally:
        libc.sigaction(number, before, None)


def end_monitors(package: Path) -> None:
    """Stop two processes that Ray starts with a local cluster and that are not needed.

    One is the autoscaler's monitor, and there is just one node; the other is the log
    monitor, whose output is not used. They cost 160 MB, and a second at the end.
    """
    for process in psutil.Process().children():
        with suppress(psutil.Error):
            files = [Path(word) for word in process.cmdline()]
            if any(_is_monitor(file, package) for file in files):
                process.kill()


def _is_monitor(file: Path, package: Path) -> bool:
    return file.name in MONITORS and file.is_relative_to(package)

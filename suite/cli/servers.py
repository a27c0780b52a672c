"""Servers started by the command line: child processes that listen on a port, and end
with their parent.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from suite.own_packages import ROOT
from suite.tracking.connection import (
    reach_loopback_directly,
    remove_stray_folder,
)
from suite.tracking.sqlite import artifact_root, default_uri, prepare_store
from tasks import UserError

HOST = "127.0.0.1"
PORTS_TRIED = 20  # ports after the wanted one
# Seconds for a server to start: MLflow imports for a minute on a busy machine. One
# that has ended is noticed at once.
STARTUP_TIMEOUT_S = 300.0
SHUTDOWN_TIMEOUT_S = 10.0  # seconds for a server to end by itself


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises UserError, with a port that is free, if
    something else does, or if the port is not ours to use.
    """
    is_v6 = ":" in host
    family = socket.AF_INET6 if is_v6 else socket.AF_INET
    # "::" answers to IPv4 as well, as people expect of "all addresses".
    both = is_v6 and socket.has_dualstack_ipv6()
    try:
        return socket.create_server(
            (host.strip("[]"), port), family=family, dualstack_ipv6=both
        )
    except OSError as error:
        raise UserError(
            f"Port {port} of {host} cannot be used ({error.strerror or error}): "
            "stop what is using it, or take a free one, for example "
            f"--port {_any_free_port()}."
        ) from error


def check_port(host: str, port: int) -> None:
    """Raise UserError, as ``listen`` does, if nothing can listen there."""
    listen(host, port).close()


def free_port(wanted: int, host: str = HOST) -> int:
    """The wanted port, or one of the next, or any that is free.

    ``PORTS_TRIED`` ports after the wanted one are tried. Another process may still take
    it before it is used.
    """
    for port in range(wanted, wanted + PORTS_TRIED):
        try:
            check_port(host, port)
        except UserError:
            continue
        return port
    return _any_free_port()


def _any_free_port() -> int:
    # Port 0 has the system choose one that is free.
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """A running child process that serves pages."""

    url: str
    """Where it answers, without a path."""

    process: subprocess.Popen[bytes]
    """The process itself."""

    log: Path
    """The file that has its output."""

    def answers(
        self, path: str = "/", seconds: float = STARTUP_TIMEOUT_S
    ) -> bool:
        """Whether it answers at that path, waiting at most that long for it to start.

        False at once where the process has ended.
        """
        until = time.monotonic() + seconds
        # Past any proxy, which cannot reach this machine's own address.
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with direct.open(self.url + path, timeout=5) as answer:
                    return bool(answer.status == 200)
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        return False


@contextmanager
def dashboard(results: Path, port: int, mlflow_port: int) -> Iterator[Server]:
    """The dashboard of a results folder, with links to the MLflow pages that ``mlflow``
    shows on that port.
    """
    options = ["--results", str(results.resolve()), "--host", HOST]
    options += [
        "--port",
        str(port),
        "--mlflow-url",
        f"http://{HOST}:{mlflow_port}",
    ]
    call = ["dashboard", *options]
    with _served(
        call, f"http://{HOST}:{port}", results / "dashboard.log"
    ) as server:
        yield server


@contextmanager
def mlflow(results: Path, port: int) -> Iterator[Server]:
    """MLflow's own page on the store in a results folder, until the context is left.

    The store is made where it is missing.
    """
    call = ["mlflow", "server", "--host", HOST, "--port", str(port)]
    call += ["--backend-store-uri", prepare_store(results)]
    call += ["--default-artifact-root", artifact_root(results)]
    # One worker is enough for one reader, and several would take a core each.
    call += ["--workers", "1", "--uvicorn-opts", "--log-level warning"]
    try:
        with _served(
            call, f"http://{HOST}:{port}", results / "mlflow.log"
        ) as server:
            yield server
    finally:
        remove_stray_folder(default_uri(results))


def become_dashboard(options: Sequence[str]) -> NoReturn:
    """Replace this process (exec) by ``python -m dashboard``, which nothing in suite/
    imports: same process, same terminal, same signals.
    """
    # -P: a folder "dashboard" in the working directory must not shadow ours.
    call = [sys.executable, "-P", "-m", "dashboard", *options]
    os.execve(sys.executable, call, _environment())


@contextmanager
def _served(call: Sequence[str], url: str, log: Path) -> Iterator[Server]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "suite.cli.child_server", *call],
            # Its end tells the server that this process has ended. A server that
            # reads from the terminal would take the user's keys, besides.
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=_environment(),
            # Ctrl-C must reach only this process, which ends the child and its
            # children: a terminal sends it to everybody in the session.
            start_new_session=True,
        )
        try:
            yield Server(url, process, log)
        finally:
            _end(process)


def _environment() -> dict[str, str]:
    """The environment of a child process, with our packages on its path."""
    reach_loopback_directly()
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # MLflow's scheduler of jobs, which nobody needs here, takes a process
        # and slows every request.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "OMP_NUM_THREADS": "1",
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server and all processes of its group."""
    # The whole group: MLflow's server has workers of its own, which would go
    # on to hold the port.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(SHUTDOWN_TIMEOUT_S)
    # What outlives the first of them, or is busy for longer.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        process.stdin.close()

"""Is everything here that a campaign needs? Each check reports what it found, what is
wrong and how to fix it.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

import tasks
from suite.campaign.campaign_dir import MIN_FREE_BYTES
from suite.checks.finding import Finding, run_check
from suite.checks.short_run import short_job
from suite.cluster.cores import cores
from suite.cluster.protocol import JobOutcome
from suite.errors import without_passwords
from suite.records.files import free_space
from suite.records.journal import FILE, read_lines
from suite.records.results import Results
from suite.records.versions import LIBRARIES, versions
from suite.report.formatting import counted
from suite.tracking import connection, sqlite
from suite.training.resources import Resources
from tasks import UserError
from tasks.data._fetch import cache_folder

PYTHON = (3, 11)
# Bytes free, below which a larger campaign may fill the disk.
AMPLE_FREE_BYTES = 2 * 2**30
PROBE = "logistic_regression"  # a task whose data ship with a package
RAY_TIMEOUT_S = 120.0
WIDTH = len("results folder")  # of the longest name
NEEDED = (
    "torch",
    "ray",
    "optuna",
    "mlflow",
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
)


def examine(
    results: Path,
    address: str | None = None,
    store: str | None = None,
) -> Iterator[Finding]:
    """Findings, the quick ones first. ``address`` is a Ray cluster's, ``store`` an
    MLflow store's; None: our own.
    """
    # Quick ones first, and without network: Ray, the slowest, comes last.
    checks: dict[str, Callable[[], Finding]] = {
        "Python": _python,
        "libraries": _libraries,
        "torch": _torch,
        "threads": _threads,
        "results folder": lambda: _results(results),
        "disk": lambda: _disk(results),
        "records": lambda: _records(results),
        "data": _data,
        "tasks": _tasks,
        "MLflow": lambda: _mlflow(results, store),
        "Ray": lambda: _ray(address),
    }
    for what, check in checks.items():
        # Whatever is broken here, the other checks still run.
        yield run_check(
            what, check, lambda error: "`bakeoff --verbose doctor` shows where"
        )


def _python() -> Finding:
    version = platform.python_version()
    if sys.version_info < PYTHON:
        return Finding(
            "Python",
            False,
            version,
            f"make the environment with Python {'.'.join(map(str, PYTHON))} or newer",
        )
    return Finding("Python", True, f"{version}, {sys.executable}")


def _libraries() -> Finding:
    found = versions()
    missing = [name for name in NEEDED if name not in found]
    if missing:
        return Finding(
            "libraries",
            False,
            f"not installed: {', '.join(missing)}",
            "`make environment`",
        )
    shown = [f"{name} {found[name]}" for name in LIBRARIES[1:4]]
    return Finding("libraries", True, ", ".join(shown))


def _torch() -> Finding:
    if torch.cuda.is_available():
        names = sorted(
            {
                torch.cuda.get_device_name(i)
                for i in range(torch.cuda.device_count())
            }
        )
        return Finding(
            "torch",
            True,
            f"{torch.__version__}, {torch.cuda.device_count()} GPU: {', '.join(names)}",
        )
    # The CPU build of torch on a machine with a GPU: everything works, but
    # slowly, and no error would ever say so.
    if _sees_gpu():
        return Finding(
            "torch",
            False,
            f"{torch.__version__} sees no GPU, and nvidia-smi does",
            "install a CUDA build: `make clean`, then `make environment TORCH=cuda`",
        )
    return Finding("torch", True, f"{torch.__version__}, CPU only")


def _sees_gpu() -> bool:
    command = shutil.which("nvidia-smi")
    if command is None:
        return False
    listed = subprocess.run(
        [command, "-L"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return listed.returncode == 0 and "GPU" in listed.stdout


def _threads() -> Finding:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    says = f"{counted(cores(), 'core')}, a run on each; load {load:.1f}"
    if load > cores():
        says += ", so timings will be off"
    return Finding("threads", True, says)


def _results(results: Path) -> Finding:
    folder = results.resolve()
    while not folder.exists():
        folder = folder.parent
    try:
        # Only a write tells whether one is possible.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding(
            "results folder",
            False,
            f"{results} cannot be written ({error.strerror})",
            "change its permissions, or name another folder with --results",
        )
    made = "" if results.exists() else ", made by the first run"
    return Finding("results folder", True, f"{results}/{made}")


def _disk(results: Path) -> Finding:
    free = free_space(results.resolve())
    says = f"{free / 2**30:,.1f} GiB free"
    if free < MIN_FREE_BYTES:
        return Finding(
            "disk",
            False,
            says,
            f"make room: a campaign asks for {MIN_FREE_BYTES >> 20} MiB, or use --results",
        )
    if free <= AMPLE_FREE_BYTES:
        says += ": little for a large campaign"
    return Finding("disk", True, says)


def _records(results: Path) -> Finding:
    found = Results(results)
    campaigns, readable = found.ids(), found.readable_ids()
    if not campaigns:
        return Finding("records", None, "no campaign yet")
    runs = sum(
        sum(1 for _ in read_lines(results / campaign / FILE))
        for campaign in readable
    )
    says = f"{counted(len(readable), 'campaign')}, {counted(runs, 'run')}, all readable"
    if older := len(campaigns) - len(readable):
        says += f"; {counted(older, 'campaign')} of another version of Bakeoff"
    return Finding("records", True, says)


def _data() -> Finding:
    cache, mirror = cache_folder(), os.environ.get("BAKEOFF_MIRROR", "")
    if mirror and "://" not in mirror and not Path(mirror).is_dir():
        return Finding(
            "data",
            False,
            f"BAKEOFF_MIRROR={mirror} is not a folder",
            "correct it or unset it",
        )
    says = f"cache {cache}" + (f", mirror {mirror}" if mirror else "")
    if not cache.exists():
        return Finding("data", True, f"{says}, made when first needed")
    files = [path for path in cache.rglob("*") if path.is_file()]
    unreadable = [path for path in files if not os.access(path, os.R_OK)]
    if unreadable or not os.access(cache, os.R_OK | os.X_OK):
        return Finding(
            "data",
            False,
            f"{(unreadable or [cache])[0]} cannot be read",
            "change its permissions, or set BAKEOFF_DATA",
        )
    return Finding("data", True, f"{says}, {counted(len(files), 'file')}")


def _tasks() -> Finding:
    names = tasks.names()
    for name in names:
        # Imports it: a broken file raises here.
        tasks.get(name)
    return Finding("tasks", True, f"{len(names)} import: {', '.join(names)}")


def _mlflow(results: Path, store: str | None) -> Finding:
    if store is not None:
        return _server(store)
    if (results / "mlflow.db").exists():
        return _store(sqlite.default_uri(results), str(results / "mlflow.db"))
    with tempfile.TemporaryDirectory() as folder:
        # Nothing is left behind where nothing was.
        return _store(sqlite.default_uri(Path(folder)), "a new store")


def _server(store: str) -> Finding:
    """A server that answers is not enough: uploaded artifacts must arrive, too."""
    location = connection.check(store)
    name, folder = without_passwords(store), location.removeprefix("file://")
    if (
        # Without a proxy for artifacts, clients are told a path of the
        # server's own disk, and would write to the same path of theirs.
        store.startswith("http")
        and folder.startswith("/")
        and not Path(folder).exists()
    ):
        return Finding(
            "MLflow",
            False,
            f"{name} answers, but has its clients write files to {folder} themselves, "
            "which is not on this machine",
            "start it with `--artifacts-destination FOLDER` and without "
            "--default-artifact-root",
        )
    files = f", files go to {location}" if store.startswith("http") else ""
    return Finding("MLflow", True, f"{name} answers{files}")


def _store(uri: str, name: str) -> Finding:
    try:
        connection.check(uri)
    except UserError as error:
        return Finding(
            "MLflow",
            False,
            f"{name} does not open: {error.__cause__}",
            f"`mlflow db upgrade {uri}`, after a copy of it",
        )
    return Finding("MLflow", True, f"{name} opens, its tables are up to date")


def _ray(address: str | None) -> Finding:
    """Not only that it starts: a worker must find our code and finish a run."""
    # Ray takes seconds to import.
    from suite.cluster.ray_executor import RayExecutor

    began = time.monotonic()
    need = Resources(cpus=1, gpus=0, memory=None)
    # One worker is enough to see; a cluster that is joined has its own.
    is_joined = bool(address or os.environ.get("RAY_ADDRESS"))
    workers = RayExecutor(address, None if is_joined else 1)
    try:
        workers.check(need)
        slots = workers.slots(need)
        task = tasks.get(PROBE if PROBE in tasks.names() else tasks.names()[0])
        workers.submit(
            short_job(task, task.levels[0], task.arms[0], "trial"), need
        )
        done = workers.wait(RAY_TIMEOUT_S)
    finally:
        workers.close()
    problem = _problem(done)
    if problem:
        hint = (
            "install bakeoff in the workers' environment, of this version"
            if address
            else "see its message"
        )
        return Finding(
            "Ray",
            False,
            f"it starts, but a worker cannot train: {problem}",
            hint,
        )
    seconds = time.monotonic() - began
    where = (
        f"the cluster at {address} has room for {counted(slots, 'run')} at once"
        if address
        else "starts"
    )
    return Finding(
        "Ray",
        True,
        f"{where}; a run came back after {seconds:.0f} s",
    )


def _problem(done: list[JobOutcome]) -> str | None:
    if not done:
        return f"nothing came back within {RAY_TIMEOUT_S:.0f} s"
    if done[0].lost is not None:
        return done[0].lost
    return done[0].results[0].error

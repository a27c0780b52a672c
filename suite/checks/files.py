"""A check that runs read no files that their keys do not know."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from suite.checks.finding import CheckFailed
from suite.checks.registry import register_check
from suite.own_packages import ROOT
from suite.report.formatting import counted
from suite.training.function import call
from suite.training.instantiate import build_model
from suite.training.reach import is_library
from tasks import Arm, Level, Splits, Task

EXAMPLES = 64  # that a model is made for
CODE = (".py", ".pyc", ".pyi", ".so")
SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/usr")
WRITING = os.O_WRONLY | os.O_RDWR


# Of each reader at work, the files that were opened for reading
_found: list[set[str]] = []


@register_check("files are in the key", trains=True)
def files_are_in_the_key(task: Task) -> str:
    """What a function, or a model's build, reads from a file decides results, and a
    changed file would train nothing again.
    """
    level = task.light[0]
    splits = task.load(level, 0).limited(EXAMPLES) if task.has_data else None
    for arm in task.arms:
        with files_read() as found:
            _make(level, arm, task, splits)
        read = sorted(filter(_is_data_file, found))
        if read:
            what = "function" if arm.measure is not None else "build"
            raise CheckFailed(
                f"the {what} of {arm.name} reads {read[0]}, which is in the key of no "
                "run: nothing would be trained again if it changed",
                "read it where the file begins, as in TABLE = np.loadtxt(...), so that "
                "its content is in the key",
            )
    return counted(len(task.arms), "arm")


@contextmanager
def files_read() -> Iterator[set[str]]:
    """Collects the files that Python opens for reading while it is entered."""
    _listen()
    found: set[str] = set()
    _found.append(found)
    try:
        yield found
    finally:
        _found.remove(found)


@cache
def _listen() -> None:
    """Have Python report files that are opened: once, as it cannot be undone."""
    sys.addaudithook(_note)


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "open" or not _found:
        return
    path, mode, flags = arguments
    writes = isinstance(mode, str) and not set(mode).isdisjoint("wax+")
    if isinstance(path, str | bytes) and not writes and not flags & WRITING:
        for found in _found:
            found.add(os.path.abspath(os.fsdecode(path)))


def _is_data_file(name: str) -> bool:
    """Whether a file is none of the system, of a library, of this project, of a cache,
    or code.
    """
    path = Path(name)
    elsewhere = (*SYSTEM, tempfile.gettempdir(), Path.home() / ".cache", ROOT)
    is_elsewhere = any(path.is_relative_to(folder) for folder in elsewhere)
    if path.suffix in CODE or is_elsewhere:
        return False
    return path.is_file() and not is_library(path)


def _make(level: Level, arm: Arm, task: Task, splits: Splits | None) -> None:
    """Call the arm's function, or build its model, with the defaults."""
    params = task.default_params(arm, level)
    if arm.measure is not None:
        call(task.procedure_of(arm), arm, level, params, seed=0)
    elif arm.build is not None and splits is not None:
        build_model(arm, level, splits, params, seed=0)

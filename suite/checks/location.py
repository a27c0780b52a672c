"""Which line of a task file an error came from: the one that its author can change."""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence

import tasks
from tasks import Task

FRAME = re.compile(r'File "(.+?)", line (\d+)')


def in_task_file(error: BaseException, task: Task) -> str:
    """``fix my_task.py, line 12``: the deepest line of the task's file that the error
    came through.
    """
    frames = traceback.extract_tb(error.__traceback__)
    return _hint(
        task, [(frame.filename, frame.lineno or 0) for frame in frames]
    )


def in_traceback(text: str, task: Task) -> str:
    """The same from a traceback's text, as a worker sends it."""
    return _hint(
        task, [(name, int(line)) for name, line in FRAME.findall(text)]
    )


def _hint(task: Task, frames: Sequence[tuple[str, int]]) -> str:
    path = file_of(task)
    lines = [line for name, line in frames if name == path]
    return f"fix {path}, line {lines[-1]}" if lines else f"look at {path}"


def file_of(task: Task) -> str:
    """The file that defines the task."""
    return str(tasks.module_of(task.name).__file__)

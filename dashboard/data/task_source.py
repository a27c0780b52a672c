"""Where tasks and their claims stand in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import tasks
from tasks.contract.universe import base_of

FOLDER = Path(tasks.__file__).parent
ANYTHING = ".+"  # a pattern of what is filled in


@dataclass(frozen=True)
class TaskSource:
    """The file of a task, as it is installed here."""

    name: str
    """Its path from the project's root, such as ``tasks/batch_size.py``."""

    text: str
    """What it holds."""

    @cached_property
    def lines(self) -> list[str]:
        """The text line by line."""
        return self.text.splitlines()

    def claim_lines(self, claim: str) -> tuple[int, int] | None:
        """The first and the last line, from 1, of the call that makes a claim. None
        where no call names it, because its name is put together elsewhere.

        Of several calls it is the shortest; one that names the claim in full comes
        before one that fills in its name (``f"reaches_{level}"``).
        """
        wanted = base_of(claim)
        found = [
            (not exactly, last - first, first, last)
            for pattern, exactly, first, last in self._named_calls
            if re.fullmatch(pattern, wanted)
        ]
        if not found:
            return None
        *_, first, last = min(found)
        return first, last

    @cached_property
    def _named_calls(self) -> list[tuple[str, bool, int, int]]:
        """The strings that calls are given, as patterns, each with whether it is a
        literal, and with the call's lines.
        """
        calls = []
        for node in ast.walk(ast.parse(self.text)):
            if isinstance(node, ast.Call):
                last = node.end_lineno or node.lineno
                for pattern, exactly in _strings(node):
                    calls.append((pattern, exactly, node.lineno, last))
        return calls


def task_source(task: str) -> TaskSource | None:
    """The file of one of the project's own tasks; None if it has none of that name.

    A file of the user's own is not read, whose path campaign.json would name.
    """
    path = FOLDER / f"{task}.py"
    is_name = task.isidentifier() and not task.startswith("_")
    if not is_name or not path.is_file():
        return None
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _read(path: Path, changed: int) -> TaskSource:
    """The file, read again once it has changed."""
    text = path.read_text(encoding="utf-8")
    return TaskSource(f"{FOLDER.name}/{path.name}", text)


def _strings(call: ast.Call) -> Iterator[tuple[str, bool]]:
    """The strings among a call's arguments, as regular expressions; what is filled in
    may be anything.
    """
    for given in (*call.args, *(keyword.value for keyword in call.keywords)):
        if isinstance(given, ast.Constant) and isinstance(given.value, str):
            yield re.escape(given.value), True
        elif isinstance(given, ast.JoinedStr):
            parts = [_pattern(part) for part in given.values]
            if any(part != ANYTHING for part in parts):
                yield "".join(parts), False


def _pattern(part: ast.expr) -> str:
    """A part of a string that is put together."""
    if isinstance(part, ast.Constant):
        return re.escape(str(part.value))
    return ANYTHING

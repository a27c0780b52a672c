"""Where checks of tasks are registered. A further check is one function in a module
that ``suite/checks/soundness.py`` imports, under ``@register_check``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from suite.checks.finding import NotApplicable
from tasks import Task

CheckFunction = Callable[[Task], str]


@dataclass(frozen=True)
class Check:
    """One property that a task must have."""

    name: str
    """What the check is called in reports."""

    function: CheckFunction
    """Returns what it found, or raises CheckFailed with what to do, or NotApplicable.
    """

    trains: bool = False
    """Whether it trains; `check --fast` leaves those out."""


CHECKS: dict[str, Check] = {}  # by name, in the order in which they are tried


def register_check(
    name: str,
    *,
    trains: bool = False,
    of_data: bool = False,
) -> Callable[[CheckFunction], CheckFunction]:
    """Register the decorated function as a check of that name. ``of_data`` marks
    one that does not apply to a task without data.
    """

    def register(function: CheckFunction) -> CheckFunction:
        if name in CHECKS:
            raise ValueError(f"There is a check {name!r} already.")
        CHECKS[name] = Check(
            name,
            _where_there_are_data(function) if of_data else function,
            trains,
        )
        return function

    return register


def _where_there_are_data(function: CheckFunction) -> CheckFunction:
    """The check, which does not apply to a task without data."""

    def check(task: Task) -> str:
        if not task.has_data:
            raise NotApplicable(
                "the task has no data: all of its arms are functions"
            )
        return function(task)

    return check

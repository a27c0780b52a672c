"""Is a task sound? Checks of what everybody relies on when they read its verdicts,
tried out on the task itself. They train a few short runs and take seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from suite.checks import (
    data,
    differences,
    files,
    hyperparameters,
    models,
    runs,
)
from suite.checks.finding import Finding, run_check
from suite.checks.location import in_task_file
from suite.checks.registry import CHECKS
from tasks import Task

# Each registers its checks as it is imported.
REGISTERED = (data, models, hyperparameters, runs, differences, files)


def findings(task: Task, fast: bool = False) -> Iterator[Finding]:
    """What each check found, one after the other; ``fast`` leaves out those that train.

    A check during which the task raises is a failed one. Later checks that end for the
    same cause only refer to it.
    """
    first: dict[str, str] = {}  # cause -> the check that met it first
    for check in CHECKS.values():
        if fast and check.trains:
            continue
        finding = run_check(
            check.name,
            lambda function=check.function: function(task),  # type: ignore[misc]
            lambda error: in_task_file(error, task),
        )
        # One broken load_data fails every check; its author needs to read it
        # once.
        known = first.setdefault(finding.cause, check.name)
        if finding.cause and known != check.name:
            says = f'stopped by the same error as "{known}"'
            finding = replace(finding, ok=None, says=says, hint="")
        yield finding

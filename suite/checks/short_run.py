"""A run of a few steps on a few examples."""

from __future__ import annotations

from typing import Any

import torch

import tasks
from suite.checks.finding import CheckFailed
from suite.checks.location import in_traceback
from suite.training.job import Job, Kind, Member, Result, digest, timed
from suite.training.seeds import run_seeds
from suite.training.worker import run_job
from tasks import Arm, Level, Task
from tasks.contract.recipe import FULL_LENGTH

# A run that only has to repeat.
SHORT = {**FULL_LENGTH, "steps": 20, "evaluations": 2}
EXAMPLES = 300  # for such a run


def short_job(
    task: Task,
    level: Level,
    arm: Arm,
    kind: Kind,
    seeds_of: Arm | None = None,
) -> Job:
    """A run of a few steps on a few examples, with the default
    hyperparameters; with the seeds of another arm where that is given.
    """
    params = task.default_params(arm, level)
    seeded = arm.name if seeds_of is None else seeds_of.name
    seeds = run_seeds(0, task.name, level.name, 0, seeded, kind, 0)
    member = Member(
        digest([task.name, level.name, arm.name, kind]),
        kind,
        0,
        0,
        params,
        seeds,
    )
    source = tasks.source_of(task.name)
    return Job(
        task.name,
        level.name,
        arm.name,
        (member,),
        examples=EXAMPLES,
        recipe=SHORT,
        source=source,
    )


def short_result(
    task: Task,
    level: Level,
    arm: Arm,
    kind: Kind,
    noise: int = 0,
    seeds_of: Arm | None = None,
) -> Result:
    """The result of a short run, with global random generators seeded with ``noise``.
    CheckFailed if it fails.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(noise)
        result = run_job(short_job(task, level, arm, kind, seeds_of))[0]
    # Diverged is a result like any other: twenty steps with default
    # hyperparameters may.
    if result.status not in ("finished", "diverged"):
        hint = in_traceback(result.traceback or "", task)
        raise CheckFailed(
            f"a {kind} of {arm.name}: {result.status}, {result.error}",
            hint,
            cause=f"{result.error} {hint}",
        )
    return result


def without_times(result: Result) -> dict[str, Any]:
    """The results of a run that must be reproducible."""
    metrics = {
        name: value
        for name, value in result.metrics.items()
        if not timed(name)
    }
    curve = [
        {name: value for name, value in row.items() if name != "seconds"}
        for row in result.curve
    ]
    return {
        "metrics": metrics,
        "curve": curve,
        "losses": result.losses,
        "best": result.best_step,
    }

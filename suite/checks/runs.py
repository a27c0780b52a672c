"""Checks that train a few steps."""

from __future__ import annotations

import base64
import math
import pickle
import subprocess
import sys

import tasks
from suite.checks.finding import CheckFailed, NotApplicable, counted
from suite.checks.short_run import SHORT, short_job, short_result, without_times
from suite.training.fingerprint import ROOT
from suite.training.job import Job, digest
from suite.training.worker import run_job
from tasks import (
    Task,
)


def tests_stay_sealed(task: Task) -> str:
    for arm in task.arms:
        trial, final = (
            short_result(task, task.light[0], arm, kind) for kind in ("trial", "final")
        )
        if trial.test_opened:
            raise CheckFailed(
                f"a trial of {arm.name} opens the test set",
                "leave `splits.sealed` closed",
            )
        if final.status == "finished" and not final.test_opened:
            raise CheckFailed(
                f"the final of {arm.name} does not open it",
                "leave its evaluation to the suite",
            )
    return f"opened by the finals of {counted(len(task.arms), 'arm')} alone"


def claims_can_be_judged(task: Task) -> str:
    """Every claim needs its metric on record, and a margin that the test set can show."""
    if not task.claims:
        raise NotApplicable("there are none yet")
    metrics = short_result(task, task.light[0], task.arms[0], "final").metrics
    known = (
        {name.removeprefix("test.") for name in metrics} | set(metrics) | {"parameters"}
    )
    sizes = {level.name: len(task.load_data(level, 0).sealed) for level in task.light}
    for claim in task.claims:
        if claim.metric not in known:
            raise tasks.unknown(f"metric (claim {claim.name!r})", claim.metric, known)
        measure = task.measure(claim.metric)
        examples = min(
            (sizes[name] for name in claim.levels or sizes if name in sizes),
            default=math.inf,
        )
        if (
            measure
            and measure.percent
            and claim.scale == "points"
            and claim.margin < 2 / examples
        ):
            raise CheckFailed(
                f"{claim.name} has a margin of {claim.margin:.2%}, and {examples:.0f} test examples "
                f"show steps of {1 / examples:.2%}",
                "give it a larger margin, or the level more test examples",
            )
    return counted(len(task.claims), "claim")


def seeds_repeat(task: Task) -> str:
    level = task.light[0]
    for arm in task.arms:
        first, again = (
            without_times(short_result(task, level, arm, "final", noise))
            for noise in (1, 2)
        )
        if first != again:
            raise CheckFailed(
                f"{arm.name} at {level.name} differs the second time",
                "draw from the seeds handed in alone",
            )
    return f"{SHORT['steps']} steps, {counted(len(task.arms), 'arm')}"


def jobs_travel(task: Task) -> str:
    """A worker is another process, perhaps on another machine: it gets the pickled job
    and nothing else.
    """
    level, arm = task.light[0], task.arms[0]
    here, job = (
        short_result(task, level, arm, "final"),
        short_job(task, level, arm, "final"),
    )
    text = base64.b64encode(pickle.dumps(job))
    call = [
        sys.executable,
        "-c",
        "from suite.checks import runs; runs.answer_elsewhere()",
    ]
    there = subprocess.run(
        call, input=text, capture_output=True, cwd=ROOT, timeout=600, check=False
    )
    if there.returncode:
        last = (
            there.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        )[-1]
        raise CheckFailed(
            f"it fails in another process: {last}",
            "define everything that it needs in the file itself",
        )
    if there.stdout.decode().strip() != digest(without_times(here)):
        raise CheckFailed(
            f"{arm.name} comes to something else in another process",
            "use nothing that differs between processes, such as the order of a set",
        )
    return f"a pickled job of {len(text) / 1000:.1f} kB"


def answer_elsewhere() -> None:
    """Run the pickled job on standard input and print the digest of what it came to."""
    job: Job = pickle.loads(base64.b64decode(sys.stdin.read()))
    print(digest(without_times(run_job(job)[0])))

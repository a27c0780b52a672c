"""Checks that train a few steps."""

from __future__ import annotations

import base64
import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import tasks
from suite.checks.finding import CheckFailed, NotApplicable
from suite.checks.registry import register_check
from suite.checks.short_run import (
    SHORT,
    short_job,
    short_result,
    without_times,
)
from suite.own_packages import foreign_packages
from suite.report.formatting import counted
from suite.training.fingerprint import ROOT
from suite.training.job import Job, digest
from suite.training.metrics import DIAGNOSED, DIAGNOSES
from suite.training.worker import run_job
from suite.verdicts.kinds import check_claim
from suite.verdicts.scales import scale_of
from tasks import Claim, Task


@register_check("test set sealed until the final", trains=True)
def tests_stay_sealed(task: Task) -> str:
    """A trial leaves the test set sealed, and a final opens it."""
    trained = [arm for arm in task.arms if arm.measure is None]
    if not trained:
        raise NotApplicable("all arms are functions, which have no test set")
    for arm in trained:
        trial, final = (
            short_result(task, task.light[0], arm, kind)
            for kind in ("trial", "final")
        )
        if trial.test_opened:
            raise CheckFailed(
                f"a trial of {arm.name} opens the test set",
                "leave `splits.sealed` closed",
            )
        # A diverged model is not evaluated on the test set.
        if final.status == "finished" and not final.test_opened:
            raise CheckFailed(
                f"the final of {arm.name} does not open it",
                "leave its evaluation to the suite",
            )
    return f"opened by the finals of {counted(len(trained), 'arm')} alone"


@register_check("claims can be judged", trains=True)
def claims_can_be_judged(task: Task) -> str:
    """Every claim needs a recorded metric, and a margin that the test set can show."""
    if not task.claims:
        raise NotApplicable("there are none yet")
    metrics = short_result(task, task.light[0], task.arms[0], "final").metrics
    tested = {name.removeprefix("test.") for name in metrics}
    # A diagnosis is made of an arm's figures, and recorded by no run.
    diagnoses = {f"{DIAGNOSED}.{cause}" for cause in DIAGNOSES}
    known = tested | set(metrics) | {"parameters"} | diagnoses
    sizes = {}
    if task.has_data:
        sizes = {
            level.name: len(task.load(level, 0).sealed) for level in task.light
        }
    positions = {level.name: level.x for level in task.levels}
    for claim in task.claims:
        check_claim(claim, positions, task.procedure.measures)
        if claim.metric not in known:
            raise tasks.unknown(
                f"metric (claim {claim.name!r})", claim.metric, known
            )
        _check_margin(task, claim, sizes)
    return counted(len(task.claims), "claim")


def _check_margin(task: Task, claim: Claim, sizes: Mapping[str, int]) -> None:
    """A share of ``n`` test examples moves in steps of 1/n."""
    measure = task.measure(claim.metric)
    if (
        measure is None
        or not measure.percent
        or scale_of(claim.scale).logarithmic
    ):
        return
    judged = [sizes[name] for name in claim.levels or sizes if name in sizes]
    # Two steps at least, or a single test example decides whether a difference
    # matters.
    if judged and claim.margin < 2 / min(judged):
        raise CheckFailed(
            f"{claim.name} has a margin of {claim.margin:.2%}, and "
            f"{min(judged):,} test examples show steps of {1 / min(judged):.2%}",
            "give it a larger margin, or the level more test examples",
        )


@register_check("same seed, same bits", trains=True)
def seeds_repeat(task: Task) -> str:
    """A run with the same seeds has the same results to the last bit."""
    level = task.light[0]
    for arm in task.arms:
        first, again = (
            without_times(short_result(task, level, arm, "final", noise))
            # ``noise`` seeds the global generators, which must make no
            # difference.
            for noise in (1, 2)
        )
        if first != again:
            raise CheckFailed(
                f"{arm.name} at {level.name} differs the second time",
                "draw random numbers from the seeds handed in alone",
            )
    steps = f"{SHORT['steps']} steps, " if task.has_data else ""
    return f"{steps}{counted(len(task.arms), 'arm')}"


@register_check("same in another process", trains=True)
def jobs_travel(task: Task) -> str:
    """A worker is another process, perhaps on another machine: it gets the pickled job
    and nothing else.
    """
    level, arm = task.light[0], task.arms[0]
    here = short_result(task, level, arm, "final")
    text = base64.b64encode(pickle.dumps(short_job(task, level, arm, "final")))
    there = _run_elsewhere(text)
    if there.returncode:
        errors = there.stderr.decode(errors="replace")
        # A traceback's last line is the error itself.
        last = (errors.strip().splitlines() or ["no message"])[-1]
        raise CheckFailed(
            f"it fails in another process: {last}", _why_elsewhere()
        )
    if there.stdout.decode().strip() != digest(without_times(here)):
        raise CheckFailed(
            f"{arm.name} gives another result in another process",
            "use nothing that differs between processes, such as the order of a set",
        )
    return f"a pickled job of {len(text) / 1000:.1f} kB"


def _run_elsewhere(job: bytes) -> subprocess.CompletedProcess[bytes]:
    """Run the job in a process of its own, in the working directory, as `run` does."""
    # A fresh interpreter, since a fork would inherit everything that this
    # process has imported and cached.
    code = f"from {__name__} import answer_elsewhere; answer_elsewhere()"
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, "-c", code],
        input=job,
        capture_output=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        timeout=600,
        check=False,
    )


def _why_elsewhere() -> str:
    """What to do about a job that another process cannot run."""
    hidden = foreign_packages(Path.cwd())
    if hidden:
        return f"{hidden[0]} has the name of a package of Bakeoff's: rename it"
    return "define everything that it needs in the file itself"


def answer_elsewhere() -> None:
    """Run the pickled job on standard input; print the digest of its result."""
    job: Job = pickle.loads(base64.b64decode(sys.stdin.read()))
    print(digest(without_times(run_job(job)[0])))

"""The worker: turns a Job into one Result per member. No Ray, no Optuna, no MLflow, no
campaign.

Every run ends in a typed status; no error in a task leaves this module as an exception.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from dataclasses import replace

import torch

from suite.training.data_parallel import (
    DataParallelGroup,
    PeerLost,
    RankFailed,
)
from suite.training.environment import worker_info
from suite.training.failures import (
    failure,
    hanging,
    hanging_after,
    interrupted_after,
    is_from_ray,
)
from suite.training.job import JUDGED, Job, Member, Result
from suite.training.run import train_member
from suite.training.stacks.job import run_stack


def run_job(job: Job) -> list[Result]:
    """Train every member of the job and return their results, in the order of the
    members.
    """
    # torch would take every core, and so would the workers beside this one.
    torch.set_num_threads(job.threads)
    if job.stacked:
        return run_stack(job)
    return [_run_member(job, member) for member in job.members]


def run_rank(job: Job) -> Result:
    """What one worker of a group does for the one run of the job; the first
    worker's result is the run's.

    Raises RankFailed where this worker fails, and PeerLost where another one did:
    either ends the group.
    """
    (member,) = job.members
    started = time.time()
    outcome = _train_in_thread(job, member)
    timeout = None if job.time_limit is None else hanging_after(job.time_limit)
    try:
        result = outcome.result(timeout=timeout)
    except TimeoutError:
        result = _hung(job, member, started)
    if result.status not in JUDGED:
        raise RankFailed(result)
    return result


def _train_in_thread(job: Job, member: Member) -> Future[Result]:
    """Start a rank's part in a thread, and return its future.

    No signal interrupts a thread other than the main one: one that hangs is left
    behind, and ends with the group.
    """
    outcome: Future[Result] = Future()

    def train() -> None:
        try:
            # Both are settings of a thread, and this is not the main one.
            if job.device.startswith("cuda"):
                torch.cuda.set_device(job.device)
            torch.set_num_threads(job.threads)
            outcome.set_result(_run_member(job, member, DataParallelGroup()))
        # Handed on whatever it is, or `run_rank` would wait for ever.
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=train, name="training", daemon=True).start()
    return outcome


def _hung(job: Job, member: Member, started: float) -> Result:
    limit = job.time_limit or 0.0
    return Result(
        member.key,
        "timed_out",
        error=hanging(limit),
        started=started,
        ended=started + hanging_after(limit),
        worker=worker_info(job),
    )


def _run_member(
    job: Job,
    member: Member,
    group: DataParallelGroup | None = None,
) -> Result:
    """The result of one run, failures included. Raises PeerLost alone."""
    started, began = time.time(), time.monotonic()
    try:
        with interrupted_after(job.time_limit):
            result = train_member(job, member, group)
    except PeerLost:  # no failure of this worker; another one reports it
        raise
    # SystemExit, too: a sys.exit() in a task's code would end the worker, and
    # with it the results of the job's other runs.
    except (Exception, SystemExit) as error:
        if isinstance(error, SystemExit) and is_from_ray(error):
            raise
        result = failure(member, error)
    return replace(
        result,
        started=started,
        # by the monotonic clock: never before the start, if clocks are set
        ended=started + time.monotonic() - began,
        worker={**worker_info(job), **result.worker},
    )

"""The worker: turns a Job into one Result per member. No Ray, no Optuna, no MLflow, no
campaign.

Every run ends in a typed status; no error in a task leaves this module as an exception.
"""

from __future__ import annotations

import signal
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

import torch

from suite.training.advice import with_advice
from suite.training.data_parallel import (
    DataParallelGroup,
    PeerLost,
    RankFailed,
)
from suite.training.environment import worker_info
from suite.training.job import JUDGED, Job, Member, Result
from suite.training.run import train_member

# Out-of-memory messages of CUDA, Linux and others
NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")

# A run that is merely slow notices at its next evaluation that it is over its
# limit, and says how far it got. One that hangs is interrupted after limit *
# 1.1 + 5 s.
HANGING_FACTOR = 1.1
HANGING_SECONDS = 5.0


def run_job(job: Job) -> list[Result]:
    """Train every member of the job and return their results, in the order of the
    members.
    """
    # torch would take every core, and so would the workers beside this one.
    torch.set_num_threads(job.threads)
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
    timeout = (
        None if job.time_limit is None else _hanging_after(job.time_limit)
    )
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
        error=_hanging(limit),
        started=started,
        ended=started + _hanging_after(limit),
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
        with _interrupted_after(job.time_limit):
            result = train_member(job, member, group)
    except PeerLost:  # no failure of this worker; another one reports it
        raise
    # SystemExit, too: a sys.exit() in a task's code would end the worker, and
    # with it the results of the job's other runs.
    except (Exception, SystemExit) as error:
        if isinstance(error, SystemExit) and _from_ray(error):
            raise
        result = _failure(member, error)
    return replace(
        result,
        started=started,
        # by the monotonic clock: never before the start, if clocks are set
        ended=started + time.monotonic() - began,
        worker={**worker_info(job), **result.worker},
    )


def _from_ray(error: SystemExit) -> bool:
    """Whether Ray ends this worker, rather than the task's own code, which must not."""
    # the module in which it was raised, at the innermost end of the traceback
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return True
    module = str(trace.tb_frame.f_globals.get("__name__"))
    return module.partition(".")[0] == "ray"


def _failure(member: Member, error: BaseException) -> Result:
    """The status and message for an exception."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return Result(member.key, "out_of_memory", error=str(error))
    if isinstance(error, TimeoutError):
        return Result(member.key, "timed_out", error=str(error))
    # By message, since most failures to allocate are RuntimeErrors.
    text = str(error).lower()
    return Result(
        member.key,
        "out_of_memory"
        if any(words in text for words in NO_MEMORY)
        else "crashed",
        error=with_advice(error),
        traceback="".join(traceback.format_exception(error)),
    )


@contextmanager
def _interrupted_after(limit: float | None) -> Iterator[None]:
    """Interrupt the main thread with TimeoutError. Only a main thread, as a worker's
    is, can be interrupted.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if limit is None or not in_main_thread or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(_hanging(limit))

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, _hanging_after(limit))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _hanging_after(limit: float) -> float:
    """Seconds after which a run with this limit is taken to hang."""
    return limit * HANGING_FACTOR + HANGING_SECONDS


def _hanging(limit: float) -> str:
    return f"longer than the limit of {limit:g} s, and hanging"

"""Runs that fail or hang: which status they end with, and what is said."""

from __future__ import annotations

import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import torch

from suite.training.advice import with_advice
from suite.training.job import Member, Result

# Out-of-memory messages of CUDA, Linux and others
NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")

# A run that is merely slow notices at its next evaluation that it is over its
# limit, and says how far it got. One that hangs is interrupted after limit *
# 1.1 + 5 s.
HANGING_FACTOR = 1.1
HANGING_SECONDS = 5.0


def failure(member: Member, error: BaseException) -> Result:
    """The status and message for an exception."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return Result(member.key, "out_of_memory", error=str(error))
    if isinstance(error, TimeoutError):
        return Result(member.key, "timed_out", error=str(error))
    return Result(
        member.key,
        "out_of_memory" if is_out_of_memory(error) else "crashed",
        error=with_advice(error),
        traceback="".join(traceback.format_exception(error)),
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory could not be allocated, by the error's message: most such errors
    are RuntimeErrors.
    """
    text = str(error).lower()
    return any(words in text for words in NO_MEMORY)


def is_from_ray(error: SystemExit) -> bool:
    """Whether Ray ends this worker, rather than the task's own code, which must not."""
    # the module in which it was raised, at the innermost end of the traceback
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return True
    module = str(trace.tb_frame.f_globals.get("__name__"))
    return module.partition(".")[0] == "ray"


@contextmanager
def interrupted_after(limit: float | None) -> Iterator[None]:
    """Interrupt the main thread with TimeoutError. Only a main thread, as a worker's
    is, can be interrupted.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if limit is None or not in_main_thread or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(hanging(limit))

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, hanging_after(limit))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def hanging_after(limit: float) -> float:
    """Seconds after which a run with this limit is taken to hang."""
    return limit * HANGING_FACTOR + HANGING_SECONDS


def hanging(limit: float) -> str:
    return f"longer than the limit of {limit:g} s, and hanging"

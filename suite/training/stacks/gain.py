"""What a stack gains on this machine, from a few updates side by side."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch

from suite.training.job import Job, Member
from suite.training.stacks.errors import CannotBeStacked
from suite.training.stacks.job import ready
from suite.training.stacks.looks import Measured
from suite.training.stacks.member import StackMember
from suite.training.stacks.signature import signature
from suite.training.stacks.stack import Stack
from tasks.contract.recipe import FULL_LENGTH

CHECKED = 3  # updates after which members of different stacks are compared
TIMED = 4  # updates in a round
LEAST_ROUNDS, MOST_ROUNDS = 4, 16
ROUNDS_S = 0.5  # after which no further round begins
MOST = 16  # members, at most: a larger stack gains little more
LONG_UPDATE_S = 0.01
# Rounding apart, a run in a stack loses as much as one alone.
TOLERANCE = 1e-3
EDGE = 1e-2  # of measures, in which an example counts as right or wrong


def gain(job: Job) -> float:
    """How many times less CPU time an update takes in a stack of the job's members than
    alone.

    Raises CannotBeStacked where the arm is no kind that can be stacked, or where runs do
    not come to what they come to alone, or in another stack.
    """
    torch.set_num_threads(job.threads)
    steps = CHECKED + TIMED * MOST_ROUNDS
    changes = {**job.recipe, **FULL_LENGTH, "steps": steps, "evaluations": 1}
    members = job.members[:MOST]
    job = replace(
        job, members=members, recipe=changes, length_factor=1.0, stacked=True
    )
    (alone,) = _ready(job, members[:1])
    _check_work(alone)
    whole = _ready(job, members)
    stack = Stack(whole[0])
    stack.advance(whole, CHECKED)
    _check_results(job, stack, whole, alone)
    return _ratio(stack, whole, alone)


def _ready(job: Job, members: Sequence[Member]) -> list[StackMember]:
    loops = [ready(job, member)[1] for member in members]
    if len({signature(loop) for loop in loops}) > 1:
        raise CannotBeStacked("its runs have models of several structures")
    return loops


def _check_work(alone: StackMember) -> None:
    """Make the first updates. Raise CannotBeStacked where each takes long: there is
    little to gain, and comparing would take long, too.
    """
    seconds = []
    for step in range(1, CHECKED + 1):
        began = _cpu_seconds()
        alone.advance_alone(step)
        seconds.append(_cpu_seconds() - began)
    # The least: the first one fills caches, and what else the machine does adds to any.
    if min(seconds) > LONG_UPDATE_S:
        limit = round(1000 * LONG_UPDATE_S)
        raise CannotBeStacked(f"an update alone takes more than {limit} ms")


def _check_results(
    job: Job,
    stack: Stack,
    whole: Sequence[StackMember],
    alone: StackMember,
) -> None:
    """Raise CannotBeStacked unless members came to what they come to elsewhere."""
    ours, theirs = whole[0].losses[:CHECKED], alone.losses[:CHECKED]
    if not torch.allclose(ours, theirs, TOLERANCE, TOLERANCE, equal_nan=True):
        raise CannotBeStacked("its runs come to something else than alone")
    first, *_, last = stack.measure(whole)
    if not _is_close(first, alone.look().values):
        raise CannotBeStacked("it is measured to be something else than alone")
    companies = ((job.members[-1],), (job.members[-1], job.members[0]))
    for company in companies:
        others = _ready(job, company)
        other = Stack(others[0])
        other.advance(others, CHECKED)
        is_same = torch.equal(others[0].buffer.flat, whole[-1].buffer.flat)
        if not is_same or other.measure(others)[0] != last:
            raise CannotBeStacked(
                "the last digits depend on how many are stacked, on this machine"
            )


def _is_close(ours: Measured, theirs: Mapping[str, float]) -> bool:
    """Whether measures are equal, but for an example or two on the edge."""
    return ours is None or all(
        math.isclose(value, theirs[name], rel_tol=EDGE, abs_tol=EDGE)
        for name, value in ours.items()
    )


def _ratio(
    stack: Stack, whole: Sequence[StackMember], alone: StackMember
) -> float:
    """By how much an update of a stack is cheaper than as many updates alone."""
    stacked_seconds, alone_seconds = [], []
    first = _cpu_seconds()
    for number in range(1, MOST_ROUNDS + 1):
        stop = CHECKED + number * TIMED
        began = _cpu_seconds()
        stack.advance(whole, stop)
        between = _cpu_seconds()
        alone.advance_alone(stop)
        ended = _cpu_seconds()
        stacked_seconds.append(between - began)
        alone_seconds.append(ended - between)
        if number >= LEAST_ROUNDS and ended - first > ROUNDS_S:
            break
    # The least: what else the machine does only adds to it.
    return len(whole) * min(alone_seconds) / min(stacked_seconds)


def _cpu_seconds() -> float:
    """Of this thread alone: a driver publishes runs and judges claims in others."""
    return time.thread_time()

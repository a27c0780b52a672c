"""The runs of one job as a stack: a Result for each, as if each had run alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from suite.training.checkpoint import Checkpointer
from suite.training.environment import worker_info
from suite.training.evaluate import Evaluation, measure_on_test
from suite.training.failures import failure, interrupted_after, is_from_ray
from suite.training.job import Job, Member, Result
from suite.training.loop import losses_digest
from suite.training.run import (
    Setup,
    Trained,
    check_time,
    result_of,
    set_up,
    snapshot_of,
    train_member,
)
from suite.training.stacks.errors import CannotBeStacked
from suite.training.stacks.member import StackMember
from suite.training.stacks.signature import signature
from suite.training.stacks.stack import Stack

# What the examples of one stack may take. Others follow in a stack of their own.
MAX_BYTES = 2**29


def run_stack(job: Job) -> list[Result]:
    """Train the members of a job together, as far as they are of one kind, and return
    their results, in the order of the members.

    Each run has its share of the seconds; their times are laid one after the other.
    """
    results: list[Result] = []
    began = time.time()
    for runs in _that_fit(job):
        for group in _by_signature(runs):
            _train(group)
        for run in runs:
            run.attempt(run.finish)
            results.append(run.recorded(began))
            began = results[-1].ended
    return results


def _that_fit(job: Job) -> Iterator[list[_Run]]:
    """The runs, made ready to train: as many at a time as memory is meant for."""
    runs: list[_Run] = []
    sizes: dict[int, int] = {}
    for member in job.members:
        run = _Run(job, member)
        run.attempt(run.set_up)
        runs.append(run)
        # Runs of one block share their examples.
        sizes |= run.bytes
        if sum(sizes.values()) > MAX_BYTES:
            yield runs
            runs, sizes = [], {}
    if runs:
        yield runs


def _by_signature(runs: Sequence[_Run]) -> list[list[_Run]]:
    """The runs that go on, by what they have in common."""
    groups: dict[Any, list[_Run]] = {}
    for run in runs:
        if not run.over:
            groups.setdefault(run.signature, []).append(run)
    return list(groups.values())


def _train(runs: Sequence[_Run]) -> None:
    """Train runs of one signature to their ends."""
    stack = Stack(runs[0].loop)
    # The others were resumed.
    _look(stack, [run for run in runs if not run.loop.curve])
    while going := [run for run in runs if not run.over]:
        # Those that were resumed further on wait until the others are there.
        step = min(run.loop.step for run in going)
        together = [run for run in going if run.loop.step == step]
        _advance(stack, together)
        _look(stack, [run for run in together if not run.failed])


def _advance(stack: Stack, runs: Sequence[_Run]) -> None:
    """Make the updates up to the next evaluation."""
    stop = runs[0].loop.next_stop
    assert stop is not None

    def advance(runs: Sequence[_Run]) -> None:
        stack.advance([run.loop for run in runs], stop)

    _together(runs, advance)


def _look(stack: Stack, runs: Sequence[_Run]) -> None:
    """Evaluate the models, and note what each came to."""

    def measure(runs: Sequence[_Run]) -> None:
        found = stack.measure([run.loop for run in runs])
        for run, measured in zip(runs, found, strict=True):
            run.measured = measured

    if runs:
        _together(runs, measure)
    for run in runs:
        run.attempt(run.look)


def _together(
    runs: Sequence[_Run], act: Callable[[Sequence[_Run]], None]
) -> None:
    """Act on all runs at once. If that fails, act on each by itself, so that only the
    one that is to blame fails.
    """
    limit = runs[0].job.time_limit
    began = time.monotonic()
    try:
        with interrupted_after(None if limit is None else limit * len(runs)):
            act(runs)
    except (Exception, SystemExit) as error:
        if isinstance(error, SystemExit) and is_from_ray(error):
            raise
        for run in runs:
            run.attempt(partial(act, [run]))
        return
    for run in runs:
        run.seconds += (time.monotonic() - began) / len(runs)


def ready(job: Job, member: Member) -> tuple[Setup, StackMember]:
    """A run with its data and its untrained model, as a member of a stack. Raises
    CannotBeStacked where an update has several phases.
    """
    setup = set_up(job, member, None)
    if len(setup.procedure.phases(setup.model)) != 1:
        raise CannotBeStacked("an update has several phases")
    loop = StackMember(
        setup.procedure,
        setup.model,
        setup.splits.train,
        setup.splits.validation,
        setup.recipe,
        member.params,
        member.seeds,
        job.length_factor,
    )
    return setup, loop


class _Run:
    """One run of a stack, from its data to its result."""

    loop: StackMember
    signature: Any = None

    def __init__(self, job: Job, member: Member) -> None:
        self.job = job
        self.member = member
        self.seconds = 0.0  # that it took, with its share of the stack's
        self.bytes: dict[int, int] = {}  # of its examples, by their place
        self.measured: dict[str, float] | None = None  # by the stack, last
        self._result: Result | None = None
        self._snapshots: dict[str, bytes] = {}
        self._resumed_at: int | None = None
        self._setup: Setup
        self._checkpointer: Checkpointer

    @property
    def failed(self) -> bool:
        """Whether it has a result before its end."""
        return self._result is not None

    @property
    def over(self) -> bool:
        """Whether there is no further update to make."""
        return self._result is not None or self.loop.next_stop is None

    def attempt(self, step: Callable[[], None]) -> None:
        """Take a step of this run, unless it has ended. A failure ends it, and a model
        that cannot be stacked is trained alone.
        """
        if self._result is not None:
            return
        began = time.monotonic()
        try:
            with interrupted_after(self.job.time_limit):
                self._attempt(step)
        except (Exception, SystemExit) as error:
            if isinstance(error, SystemExit) and is_from_ray(error):
                raise
            self._result = failure(self.member, error)
        self.seconds += time.monotonic() - began

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except CannotBeStacked:
            self._result = train_member(self.job, self.member)

    def set_up(self) -> None:
        """Load the data, build the model, and resume from a checkpoint."""
        self._setup, self.loop = ready(self.job, self.member)
        self.signature = signature(self.loop)
        train = self.loop.train
        self.bytes = {id(train.x): train.x.nbytes + train.y.nbytes}
        self._checkpointer = Checkpointer(
            self.job.checkpoints, self.member.key, lambda: self.seconds
        )
        self._snapshots = self._checkpointer.resume(self.loop)
        if self.loop.curve:
            self._resumed_at = self.loop.step

    def look(self) -> None:
        """Evaluate the model, and keep what a run alone keeps then."""
        found: Evaluation = self.loop.look(self.measured)
        if self._setup.is_final:
            self._snapshots |= snapshot_of(self._setup, found, self.loop.steps)
        limit = self.job.time_limit
        check_time(self._checkpointer.seconds, limit, found.step)
        self._checkpointer.save(self.loop, self._snapshots)

    def finish(self) -> None:
        """Make the result, once there is no further update."""
        setup, loop = self._setup, self.loop
        loop.close()
        trained = Trained(
            model=setup.model,
            curve=loop.curve,
            best=loop.best or loop.curve[-1],
            losses=losses_digest(loop.losses),
            seconds_per_update=loop.seconds_per_update(),
            updates_per_epoch=loop.updates_per_epoch,
            length=loop.steps,
            snapshots=self._snapshots,
            resumed_at=self._resumed_at,
        )
        final = None
        if setup.opens_test and not trained.diverged:
            final = measure_on_test(
                setup.procedure,
                trained.model,
                setup.splits,
                self.member.seeds["evaluation"],
                artifacts=setup.is_final,
            )
        self._result = result_of(setup, trained, final)

    def recorded(self, began: float) -> Result:
        """The result with its times, from ``began`` on, and its machine."""
        result = self._result
        assert result is not None
        return replace(
            result,
            started=began,
            ended=began + self.seconds,
            worker={**worker_info(self.job), **result.worker},
        )

"""Scheduling: the most urgent queued run is submitted while there are free slots.

The claim that needs the least time for the rest of its runs goes first, with all its
blocks, so that it can be judged while others run. What a run costs is learned from the
first ones, so tasks of which none has come back go before all others, in turn. Within
a claim early blocks go first, within a block cells whose cost is unknown, then the
cheap ones; among equals the one with most runs left. Results do not depend on the
order.

Runs of a cell that have to follow one another are a chain. Once one takes nearly as long
as all that is left would take on all slots, the campaign cannot end before it does, and
it goes first: otherwise most workers would wait at the end for the longest cells.

Where a cell is stacked, one job takes several of its arm's runs, of several blocks: as
many as the profile allows, and no more than leaves work for the other slots.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, heapreplace, nsmallest
from itertools import count

from suite.campaign.cell import Cell
from suite.cluster.protocol import Executor, JobOutcome
from suite.planning.plan import Plan
from suite.training.job import Job, Member
from suite.training.resources import Resources

# Attempts of a run whose worker is lost, before its cell waits for `bakeoff
# retry`.
ATTEMPTS = 3
# The part of the time that all slots need for all that is left, from which on a
# chain goes first. Half, as costs are guesses and runs cannot be divided: in
# ci/bench/schedule.py 64 workers then need 1.05 times the least time possible,
# and 1.29 times with 1.
CRITICAL = 0.5
Needs = Mapping[tuple[str, int], Resources]  # by task and world size
# Runs that cost about the same: those of a task, a level and the arm whose code runs.
Kind = tuple[str, str, str]
log = logging.getLogger("bakeoff")


@dataclass(order=True)
class Entry:
    """A queued run; the smallest of its kind is the most urgent, by the first field
    that differs.
    """

    block: int
    """The block of its cell: early blocks first."""

    minus_left: int
    """The runs that its cell has left, negated: the cell with the most of them first.
    """

    turn: int
    """When it was queued, as a count."""

    cell: Cell = field(compare=False)
    """The cell that gets the result."""

    member: Member = field(compare=False)
    """The run."""


def claim_kinds(plan: Plan) -> tuple[frozenset[Kind], ...]:
    """For each claim of a plan the kinds of runs that decide it."""
    found = []
    for task in plan.tasks:
        for claim in plan.claims(task):
            places = plan.deciding([claim])
            found.append(
                frozenset((task, level, arm) for level, arm in places)
            )
    return tuple(found)


class Scheduler:
    """Submits queued runs to an executor, most urgent first.

    ``job_of`` makes a job of some runs as they are submitted, whose cells differ in
    their block at most. ``stack`` is how many that may be. ``claims`` has the kinds of
    runs that each claim needs; where a kind is in none, it goes with its whole task.
    """

    def __init__(
        self,
        executor: Executor,
        job_of: Callable[[Cell, Sequence[Member]], Job],
        stack: int = 1,
        claims: Sequence[frozenset[Kind]] = (),
    ) -> None:
        self._executor = executor
        self._job_of = job_of
        self._stack = stack
        self._claims = claims
        self._queues: dict[Kind, list[Entry]] = {}  # heaps
        self._turns = count()
        # Workers that groups in flight use besides their first.
        self._extra_workers = 0
        self._losses: Counter[str] = Counter()  # of workers, by run
        self._exclusive: set[str] = set()  # runs that get a node to themselves
        # Seconds and runs that came back, by kind and by task: kinds differ
        # too much for one mean, but those without any need a guess.
        self._spent: dict[Kind | str, tuple[float, int]] = {}
        # How many runs the cells queued so far still need.
        self._left: Counter[Kind] = Counter()
        self._seen: set[int] = set()  # cells so far, by their id
        self._submitted: Counter[str] = Counter()  # runs, by task
        self._forecast: _Forecast | None = None  # until something changes
        self.needs: Needs = {}
        self.slots = 0  # for runs like the one that was submitted last

    def add(self, cell: Cell, member: Member) -> None:
        """Queue a run of this cell."""
        kind = _kind_of(cell)
        if id(cell) not in self._seen:
            self._seen.add(id(cell))
            self._left[kind] += cell.left
            self._forecast = None
        entry = Entry(
            block=cell.cell_plan.block,
            minus_left=-cell.left,
            turn=next(self._turns),
            cell=cell,
            member=member,
        )
        heappush(self._queues.setdefault(kind, []), entry)

    def note_seconds(self, cell: Cell, seconds: float) -> None:
        """Store how long a run of this cell took."""
        kind = _kind_of(cell)
        for group in (kind, cell.cell_plan.task):
            spent, runs = self._spent.get(group, (0.0, 0))
            self._spent[group] = spent + seconds, runs + 1
        # A cell that was told from the record alone was never counted in.
        if id(cell) in self._seen:
            self._left[kind] -= 1
        self._forecast = None

    def _mean_seconds(self, group: Kind | str) -> float:
        """The mean duration of such runs; 0 where none has come back yet."""
        spent, runs = self._spent.get(group, (0.0, 0))
        return spent / runs if runs else 0.0

    def _expected_seconds(self, kind: Kind) -> float:
        """How long a run of a kind will take: as others of it did, or of its task."""
        return self._mean_seconds(kind) or self._mean_seconds(kind[0])

    def _most_urgent_queue(self) -> list[Entry] | None:
        """The queue of the kind that goes first; None if nothing is queued."""
        waiting = [kind for kind, queue in self._queues.items() if queue]
        if not waiting:
            return None
        if self._forecast is None:
            self._forecast = self._new_forecast()
        tops = {kind: _top(self._queues[kind]) for kind in waiting}
        # Tasks without a known cost take turns, each until its first run
        # comes back.
        unknown = [one for one in waiting if not self._mean_seconds(one[0])]
        if not unknown:
            critical = self._critical(tops)
            if critical is not None:
                return self._queues[critical]
        first = min(
            unknown or waiting, key=lambda kind: self._rank(kind, tops[kind])
        )
        return self._queues[first]

    def _rank(self, kind: Kind, top: Entry) -> tuple[float, ...]:
        """What orders kinds by their most urgent run, the first one first."""
        assert self._forecast is not None
        task = kind[0]
        is_known = self._mean_seconds(task) > 0.0
        return (
            0.0 if is_known else float(self._submitted[task]),
            self._forecast.claim_seconds[kind],
            top.block,
            self._mean_seconds(kind),
            top.minus_left,
            top.turn,
        )

    def _critical(self, tops: Mapping[Kind, Entry]) -> Kind | None:
        """The kind with the longest chain, where the campaign's end depends on it."""
        assert self._forecast is not None
        chains = {
            kind: top.cell.rounds_left * self._expected_seconds(kind)
            for kind, top in tops.items()
        }
        longest = max(chains, key=chains.__getitem__)
        together = self._forecast.seconds / max(1, self.slots)
        is_critical = chains[longest] >= CRITICAL * together
        return longest if is_critical else None

    def _new_forecast(self) -> _Forecast:
        """What the rest of the campaign takes, by what is known now."""
        seconds = {
            kind: left * self._expected_seconds(kind)
            for kind, left in self._left.items()
        }
        by_task: dict[str, float] = {}
        for kind, one in seconds.items():
            by_task[kind[0]] = by_task.get(kind[0], 0.0) + one
        of_claims: dict[Kind, float] = {}
        for claim in self._claims:
            needed = sum(seconds.get(kind, 0.0) for kind in claim)
            for kind in claim:
                of_claims[kind] = min(needed, of_claims.get(kind, math.inf))
        alone = {kind: by_task[kind[0]] for kind in seconds}
        return _Forecast(sum(seconds.values()), alone | of_claims)

    def submit(self) -> None:
        """Keep every slot busy, and a few jobs prefetched.

        Returns at once; the results come from the executor's ``wait``.
        """
        while queue := self._most_urgent_queue():
            entry = queue[0]
            if not self._has_room(entry):
                break
            heappop(queue)
            self._submit([entry, *self._companions(entry, queue)])

    def _has_room(self, entry: Entry) -> bool:
        """Whether the run may be submitted now.

        The workers of a group start together. It waits until there are slots for all,
        and nothing is prefetched that could take them.
        """
        world_size = entry.cell.recipe.world_size
        self.slots = self._executor.slots(self._need(entry))
        # A prefetched job starts on whatever worker is free next, and so could
        # keep a group waiting for its last one for ever.
        is_plain = world_size == 1 and not self._extra_workers
        prefetch = self._executor.prefetch if is_plain else 0
        busy = self.workers_busy
        # One run is submitted even where no slot fits it yet: with nothing in
        # flight the driver would take the campaign for done, and an
        # autoscaler starts nodes only for what is asked of it.
        return not busy or busy + world_size <= self.slots + prefetch

    def _companions(self, entry: Entry, queue: list[Entry]) -> list[Entry]:
        """Further runs for the job of a run, taken from its task's queue: the
        most urgent ones that can advance together with it.
        """
        group = self._stack_of(entry)
        if group is None:
            return []
        alike = [one for one in queue if self._stack_of(one) == group]
        chosen = nsmallest(self._size_of_stack() - 1, alike)
        taken = {one.turn for one in chosen}
        queue[:] = [one for one in queue if one.turn not in taken]
        heapify(queue)
        return chosen

    def _size_of_stack(self) -> int:
        """How many runs the next stack may have: one that took more would
        leave another slot without work.
        """
        waiting = 1 + sum(len(others) for others in self._queues.values())
        # What is prefetched runs after what is in flight, on any slot.
        free = self.slots - self.workers_busy
        sharing = free if free > 0 else max(1, self.slots)
        return min(self._stack, -(-waiting // sharing))

    def _stack_of(self, entry: Entry) -> tuple[str, str, bool] | None:
        """What a run has in common with those of its task that it can advance
        with; None where it is trained alone.
        """
        # A run whose worker was lost may have been the reason for it.
        if not entry.cell.stacked or entry.member.key in self._losses:
            return None
        plan = entry.cell.cell_plan
        return plan.level, plan.arm, entry.member.kind == "half_length"

    def _submit(self, entries: Sequence[Entry]) -> None:
        first = entries[0]
        self._submitted[first.cell.cell_plan.task] += len(entries)
        self._extra_workers += first.cell.recipe.world_size - 1
        self._executor.submit(
            self._job_of(first.cell, [entry.member for entry in entries]),
            self._need(first),
            exclusive=first.member.key in self._exclusive,
        )

    def _need(self, entry: Entry) -> Resources:
        cell = entry.cell
        return self.needs[cell.cell_plan.task, cell.recipe.world_size]

    @property
    def workers_busy(self) -> int:
        """Workers that the jobs in flight ask for."""
        return self._executor.in_flight + self._extra_workers

    def note_return(self, job: Job) -> None:
        """Free the workers of a job that came back."""
        self._extra_workers -= job.world_size - 1

    def retry(self, cell: Cell, member: Member, outcome: JobOutcome) -> bool:
        """Queue a lost run again; False once it was lost too often.

        A run that ran out of memory may only have shared a node with the one that used
        it up, so it gets a node to itself, once.
        """
        key = member.key
        self._losses[key] += 1
        if outcome.out_of_memory:
            # It had a node to itself and used that up: a third attempt would,
            # too.
            if key in self._exclusive:
                return False
            self._exclusive.add(key)
        elif self._losses[key] >= ATTEMPTS:
            return False
        log.warning(
            "lost with its worker, queued again: %s (%s)",
            key[:12],
            outcome.lost,
        )
        self.add(cell, member)
        return True


@dataclass(frozen=True)
class _Forecast:
    """The work that is left, in seconds of one worker."""

    seconds: float
    """All of it."""

    claim_seconds: Mapping[Kind, float]
    """For each kind, what is left of the claim that needs least, among those that need
    the kind.
    """


def _top(queue: list[Entry]) -> Entry:
    """The most urgent entry of a kind."""
    # Sorting a long queue again after each result was quadratic in its length.
    # A heap is only corrected at its top, when that entry's turn comes: its
    # cell may have advanced since, so that others are more urgent now.
    while True:
        entry = queue[0]
        minus_left = -entry.cell.left
        if minus_left <= entry.minus_left:
            return entry
        entry.minus_left = minus_left
        heapreplace(queue, entry)


def _kind_of(cell: Cell) -> Kind:
    """The key that runs of a cell share with those of other blocks."""
    return cell.cell_plan.task, cell.cell_plan.level, cell.cell_plan.builds

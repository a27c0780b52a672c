"""What runs next: cheap tasks, early blocks, then cells with most left; groups when there is room."""

from types import SimpleNamespace

import pytest

from suite.campaign.scheduler import ATTEMPTS, Scheduler
from suite.cluster.protocol import JobOutcome
from suite.training.resources import Resources


class Recorder:
    """An executor that notes what is submitted and finishes nothing by itself."""

    prefetch = 0

    def __init__(self, slots):
        self.free, self.submitted, self.exclusive = slots, [], []
        self.in_flight = 0

    def slots(self, need):
        return self.free

    def submit(self, job, need, exclusive=False):
        self.submitted.append(job)
        self.exclusive.append(exclusive)
        self.in_flight += 1


def cell(
    name,
    block=0,
    left=1,
    world_size=1,
    arm="an arm",
    task="tiny",
    rounds_left=1,
):
    plan = SimpleNamespace(task=task, level="all", builds=arm, block=block)
    recipe = SimpleNamespace(world_size=world_size)
    return SimpleNamespace(
        name=name,
        cell_plan=plan,
        left=left,
        rounds_left=rounds_left,
        recipe=recipe,
        stacked=False,
    )


def member(key="key"):
    return SimpleNamespace(key=key)


@pytest.fixture
def started():
    """A scheduler for so many slots, and the executor that it submits to."""

    def make(slots, claims=()):
        executor = Recorder(slots)
        scheduler = Scheduler(
            executor,
            lambda cell, member: cell.name,
            claims=[frozenset(kinds) for kinds in claims],
        )
        needs = {
            (task, size): Resources()
            for task in ("tiny", "dear", "cheap")
            for size in (1, 2, 3)
        }
        scheduler.needs = needs
        return scheduler, executor

    return make


def test_early_blocks_go_first_then_cells_with_most_left_then_in_turn(started):
    scheduler, executor = started(slots=10)
    for queued in (
        cell("late", block=1, left=9),
        cell("short", left=1),
        cell("long", left=5),
        cell("long too", left=5),
    ):
        scheduler.add(queued, member())
    scheduler.submit()

    assert executor.submitted == ["long", "long too", "short", "late"]


def test_within_a_block_unknown_costs_go_first_then_the_cheap_ones(started):
    scheduler, executor = started(slots=4)
    dear, cheap = cell("dear", left=9, arm="dear"), cell("cheap", arm="cheap")
    for known, seconds in ((dear, 8.0), (cheap, 1.0), (cheap, 3.0)):
        scheduler.note_seconds(known, seconds)
    new = cell("new", left=1, arm="new")
    for queued in (dear, cell("late", block=1, arm="new"), cheap, new):
        scheduler.add(queued, member())
    scheduler.submit()

    assert executor.submitted == ["new", "cheap", "dear", "late"]


def test_all_blocks_of_a_cheap_task_go_before_a_dear_one(started):
    scheduler, executor = started(slots=3)
    dear, cheap = cell("dear", task="dear"), cell("cheap", task="cheap")
    for known, seconds in ((dear, 8.0), (cheap, 1.0)):
        scheduler.note_seconds(known, seconds)
    late = cell("cheap, late", block=4, task="cheap")
    more = [cell("dear too", task="dear") for _ in range(5)]
    for queued in (dear, *more, cheap, late):
        scheduler.add(queued, member())
    scheduler.submit()

    assert executor.submitted == ["cheap", "cheap, late", "dear"]


def test_a_task_of_many_short_runs_goes_after_one_of_few_long_ones(started):
    scheduler, executor = started(slots=10)
    many = cell("many", task="cheap", left=100)  # 100 seconds
    few = cell("few", task="dear", left=3)  # 24 seconds
    for known, seconds in ((many, 1.0), (few, 8.0)):
        scheduler.add(known, member())
        scheduler.note_seconds(known, seconds)
    scheduler.submit()

    assert executor.submitted == ["few", "many"]


def test_the_claim_that_needs_least_goes_first_with_all_its_blocks(started):
    kinds = {arm: ("tiny", "all", arm) for arm in "abcd"}
    claims = [
        (kinds["a"], kinds["b"]),  # 2 s a block
        (kinds["b"], kinds["c"]),  # 1.5 s a block
        (kinds["d"],),  # 9 s a block
    ]
    scheduler, executor = started(slots=1, claims=claims)
    for block in range(2):
        for arm in "abcd":
            name = f"{arm}{block}"
            scheduler.add(cell(name, block=block, arm=arm), member())
    for arm, seconds in (("a", 1.2), ("b", 0.8), ("c", 0.7), ("d", 9.0)):
        scheduler.note_seconds(cell("of another campaign", arm=arm), seconds)
    for _ in range(4):
        executor.in_flight = 0
        scheduler.submit()

    assert executor.submitted == ["c0", "b0", "c1", "b1"]


@pytest.mark.parametrize(("short", "first"), [(20, "long"), (100, "short")])
def test_a_chain_over_half_as_long_as_all_the_rest_goes_first(
    started, short, first
):
    """30 s one after another, where four workers need 42 s or 62 s for all."""
    scheduler, executor = started(slots=4)
    scheduler.slots = 4
    long = cell("long", task="dear", left=15, rounds_left=3)
    many = cell("short", task="cheap", left=short)
    for queued, seconds in ((long, 10.0), (many, 1.0)):
        scheduler.note_seconds(queued, seconds)
        scheduler.add(queued, member())
    scheduler.submit()

    assert executor.submitted[0] == first


def test_tasks_of_unknown_cost_run_once_each_before_any_other(started):
    scheduler, executor = started(slots=3)
    known = cell("known", task="tiny")
    scheduler.note_seconds(known, 0.1)
    for queued in (
        known,
        *(cell(task, task=task) for task in ("dear", "cheap") * 2),
    ):
        scheduler.add(queued, member())
    scheduler.submit()

    assert executor.submitted == ["dear", "cheap", "dear"]


def test_a_run_that_turns_out_slow_gives_way(started):
    scheduler, executor = started(slots=2)
    for name in ("slow", "quick"):
        scheduler.add(cell(name, arm=name, left=9), member())
    scheduler.note_seconds(cell("slow again", block=1, arm="slow"), 60.0)
    scheduler.submit()

    assert executor.submitted == ["quick", "slow"]


def test_a_cell_that_advanced_since_gives_way(started):
    scheduler, executor = started(slots=10)
    advanced, other = cell("advanced", left=5), cell("other", left=4)
    scheduler.add(advanced, member())
    scheduler.add(other, member())
    advanced.left = 1
    scheduler.submit()

    assert executor.submitted == ["other", "advanced"]


def test_no_more_is_submitted_than_there_are_slots_and_prefetched_jobs(
    started,
):
    scheduler, executor = started(slots=2)
    executor.prefetch = 1
    for number in range(5):
        scheduler.add(cell(number), member())
    scheduler.submit()

    assert executor.submitted == [0, 1, 2]
    assert scheduler.slots == 2


def test_a_group_waits_for_its_room_and_what_follows_is_not_prefetched(
    started,
):
    scheduler, executor = started(slots=3)
    executor.prefetch = 2
    for queued in (cell("plain", left=9), cell("group", left=8, world_size=3)):
        scheduler.add(queued, member())
    scheduler.submit()
    assert executor.submitted == ["plain"]
    executor.in_flight = 0
    scheduler.add(cell("next"), member())
    scheduler.submit()
    assert executor.submitted == ["plain", "group"]
    assert scheduler.workers_busy == 3
    executor.in_flight = 0
    scheduler.note_return(SimpleNamespace(world_size=3))
    scheduler.submit()
    assert executor.submitted == ["plain", "group", "next"]


def test_a_lost_run_is_queued_again_so_many_times(started):
    scheduler, executor = started(slots=10)
    lost = JobOutcome(None, [], lost="the node died")
    again = [
        scheduler.retry(cell("lost"), member(), lost) for _ in range(ATTEMPTS)
    ]
    scheduler.submit()

    assert again == [True] * (ATTEMPTS - 1) + [False]
    assert executor.submitted == ["lost"] * (ATTEMPTS - 1)
    assert not any(executor.exclusive)


def test_a_run_that_lacked_memory_gets_a_node_to_itself_once(started):
    scheduler, executor = started(slots=10)
    lost = JobOutcome(None, [], lost="out of memory", out_of_memory=True)

    assert scheduler.retry(cell("large"), member(), lost)
    scheduler.submit()
    assert executor.exclusive == [True]
    assert not scheduler.retry(cell("large"), member(), lost)

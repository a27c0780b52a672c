"""Runs of one arm in one job: the same record whoever is stacked with whom, and a choice
that is made once.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from suite.campaign import stacks
from suite.campaign.scheduler import Scheduler
from suite.campaign.stacks import FILE, LEAST_GAIN, Choice, StackChoices
from suite.cluster.protocol import JobOutcome
from suite.planning import plan as plan_module
from suite.planning.identity import cell_identity
from suite.planning.plan import Plan
from suite.planning.stacks import why_alone
from suite.records.journal import read_lines
from suite.training.job import Job, timed
from suite.training.resources import Resources
from suite.training.stacks.errors import CannotBeStacked
from tasks import Axis, Claim, Plot

WINS, LOSES = LEAST_GAIN * 2, LEAST_GAIN / 2


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What was measured on this machine must not decide a test."""
    cache = tmp_path / "cache"
    monkeypatch.setattr(stacks, "cache_folder", lambda: cache)
    return cache


def gaining(monkeypatch: pytest.MonkeyPatch, gain: float) -> None:
    """Let every arm gain so much."""
    monkeypatch.setattr(stacks, "gain", lambda job: gain)


def with_stack(plan: Plan, stack: int) -> Plan:
    return Plan(plan.profile.model_copy(update={"stack": stack}))


def record(results: Path, plan: Plan) -> dict[str, Any]:
    """By key, all that a run's key decides."""
    found = {}
    for line in read_lines(results / plan.id / "runs.jsonl"):
        metrics = {
            name: value
            for name, value in line["metrics"].items()
            if not timed(name)
        }
        found[line["key"]] = line["status"], line["losses"], metrics
    return found


def test_without_stacks_keys_and_campaigns_are_what_they_were(
    tiny_plan, monkeypatch
):
    hashed = []
    monkeypatch.setattr(
        plan_module, "digest", lambda value: hashed.append(value) or "0" * 64
    )
    ids = [with_stack(tiny_plan, stack).id for stack in (1, 2)]
    cell = cell_identity(tiny_plan, tiny_plan.cells[0], "cpu")

    assert len(ids) == len(hashed) == 2
    assert "stack" not in hashed[0][0]
    assert hashed[1][0]["stack"] == 2
    assert cell["stacked"] is False


def test_a_record_depends_neither_on_the_size_of_stacks_nor_on_the_order(
    tiny_plan, run_inline, tmp_path, monkeypatch
):
    gaining(monkeypatch, WINS)
    found = []
    for stack, options in ((2, {}), (5, {"slots": 2, "shuffle": 1})):
        results = tmp_path / f"of {stack}"
        plan = with_stack(tiny_plan, stack)
        run_inline(plan, results, **options)
        found.append(record(results, plan))
    alone = tmp_path / "alone"
    run_inline(tiny_plan, alone)

    assert found[0] == found[1]
    assert not found[0].keys() & record(alone, tiny_plan).keys()


def test_what_loses_is_trained_alone_and_shares_its_keys_with_other_campaigns(
    tiny_plan, run_inline, tmp_path, monkeypatch
):
    gaining(monkeypatch, LOSES)
    plan = with_stack(tiny_plan, 4)
    run_inline(plan, tmp_path / "stacks")
    run_inline(tiny_plan, tmp_path / "alone")

    assert record(tmp_path / "stacks", plan) == record(
        tmp_path / "alone", tiny_plan
    )


def settled(plan: Plan, folder: Path) -> StackChoices:
    """The choices of a campaign all of whose cells were due."""
    found = StackChoices(plan, folder)
    found.settle("cpu")
    for cell in plan.cells:
        found.has(cell)
    return found


def test_a_campaign_keeps_to_what_was_chosen_when_it_started(
    tiny_plan, tmp_path, monkeypatch
):
    plan = with_stack(tiny_plan, 4)
    gaining(monkeypatch, WINS)
    settled(plan, tmp_path)
    gaining(monkeypatch, LOSES)
    resumed = settled(plan, tmp_path)

    assert all(resumed.has(cell) for cell in plan.cells)


def test_a_gain_is_measured_once_on_a_machine(
    tiny_plan, tmp_path, monkeypatch
):
    plan, calls = with_stack(tiny_plan, 4), []

    def gain(job: Job) -> float:
        calls.append(job)
        return WINS

    monkeypatch.setattr(stacks, "gain", gain)
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        settled(plan, tmp_path / folder)

    assert len(calls) == len({(one.level, one.arm) for one in calls}) == 4
    assert {len(job.members) for job in calls} == {4}


def test_a_gain_is_measured_again_by_other_code(
    tiny_plan, tmp_path, monkeypatch
):
    """What once measured badly must not be believed for good."""
    plan = with_stack(tiny_plan, 4)
    gaining(monkeypatch, LOSES)
    settled(plan, tmp_path)
    gaining(monkeypatch, WINS)
    monkeypatch.setattr(stacks, "gain_hash", lambda: "mended")
    later = tmp_path / "later"
    later.mkdir()

    assert all(settled(plan, later).has(cell) for cell in plan.cells)


def test_a_gain_measured_before_is_judged_by_what_is_asked_for_now(
    tiny_plan, tmp_path, monkeypatch
):
    plan = with_stack(tiny_plan, 4)
    gaining(monkeypatch, WINS)
    settled(plan, tmp_path)
    monkeypatch.setattr(stacks, "LEAST_GAIN", WINS * 2)
    later = tmp_path / "later"
    later.mkdir()

    assert not any(settled(plan, later).has(cell) for cell in plan.cells)


def test_a_gain_is_measured_when_the_first_cell_of_an_arm_is_due(
    tiny_plan, run_inline, tmp_path, monkeypatch
):
    """Runs of other arms have come back by then; a campaign that is stopped between
    two measurements keeps the first.
    """
    plan, folder = with_stack(tiny_plan, 4), tmp_path / "results"
    recorded = []

    def gain(job: Job) -> float:
        record = folder / plan.id / "runs.jsonl"
        recorded.append(len(record.read_text().splitlines()))
        return WINS

    monkeypatch.setattr(stacks, "gain", gain)
    run_inline(plan, folder)

    assert recorded[0] == 0
    assert recorded == sorted(recorded)
    assert recorded[-1] > 0

    calls: list[Job] = []
    monkeypatch.setattr(stacks, "gain", lambda job: calls.append(job) or LOSES)
    monkeypatch.setattr(stacks, "cache_folder", lambda: tmp_path / "other")
    stopped = StackChoices(plan, tmp_path)
    stopped.settle("cpu")
    assert not calls
    stopped.has(plan.cells[0])
    gaining(monkeypatch, WINS)
    assert not settled(plan, tmp_path).has(plan.cells[0])
    assert len(calls) == 1


def test_why_an_arm_is_alone_is_kept_with_the_campaign(
    tiny_plan, tmp_path, monkeypatch
):
    def gain(job: Job) -> float:
        raise CannotBeStacked("it draws numbers")

    monkeypatch.setattr(stacks, "gain", gain)
    plan = with_stack(tiny_plan, 4)
    settled(plan, tmp_path)
    written = json.loads((tmp_path / FILE).read_text())

    assert Choice(**written["tiny/few/narrow"]) == Choice(
        False, "it draws numbers"
    )


def about_time(plan: Plan, **fields: Any) -> Plan:
    """The plan, whose task has claims or plots about seconds beside its own claims."""
    task = plan.tasks["tiny"]
    changed: dict[str, Any] = {
        name: (*getattr(task, name), value) for name, value in fields.items()
    }
    plan.__dict__["tasks"] = {"tiny": replace(task, **changed)}
    return plan


FASTER = Claim(
    "faster",
    "A narrow network is faster.",
    "seconds",
    better="narrow",
    worse="wide",
    levels=("few",),
)
SECONDS = Plot("time", "Time", "cpu_seconds", Axis("Examples"), arms=("wide",))


@pytest.mark.parametrize(
    ("fields", "alone"),
    [
        ({"claims": FASTER}, {("few", "narrow"), ("few", "wide")}),
        ({"plots": SECONDS}, {("few", "wide"), ("many", "wide")}),
    ],
)
def test_only_what_is_compared_by_time_is_alone(tiny_plan, fields, alone):
    plan = about_time(with_stack(tiny_plan, 4), **fields)
    places = {(cell.level, cell.arm) for cell in plan.cells}

    assert {
        place for place in places if why_alone(plan, "tiny", *place, "cpu")
    } == alone


# -------------------------------------------------------------------------- scheduling


class Recorder:
    """An executor that notes the jobs that are submitted."""

    prefetch = 0

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self.submitted: list[Any] = []

    @property
    def in_flight(self) -> int:
        return len(self.submitted)

    def slots(self, need: Resources) -> int:
        return self._slots

    def submit(self, job: Any, need: Resources, exclusive: bool) -> None:
        self.submitted.append(job)


def cell(block: int, arm: str = "an arm", stacked: bool = True) -> Any:
    plan = SimpleNamespace(
        task="tiny", level="all", arm=arm, builds=arm, block=block
    )
    return SimpleNamespace(
        cell_plan=plan,
        left=3,
        recipe=SimpleNamespace(world_size=1),
        stacked=stacked,
    )


def member(key: str, kind: str = "trial") -> Any:
    return SimpleNamespace(key=key, kind=kind)


@pytest.fixture
def started() -> Callable[..., tuple[Scheduler, Recorder]]:
    def make(slots: int, stack: int) -> tuple[Scheduler, Recorder]:
        executor = Recorder(slots)
        scheduler = Scheduler(
            executor,  # type: ignore[arg-type]
            lambda cell, members: [one.key for one in members],  # type: ignore
            stack,
        )
        scheduler.needs = {("tiny", 1): Resources()}
        return scheduler, executor

    return make


def test_runs_of_one_arm_share_a_job_whatever_their_block(started):
    scheduler, executor = started(slots=1, stack=3)
    for block in (2, 0, 1, 3):
        scheduler.add(cell(block), member(f"block {block}"))
    scheduler.submit()

    assert executor.submitted == [["block 0", "block 1", "block 2"]]


def test_other_arms_lengths_and_cells_that_are_alone_share_none(started):
    scheduler, executor = started(slots=9, stack=9)
    scheduler.add(cell(0), member("an arm"))
    scheduler.add(cell(0, arm="another"), member("another"))
    scheduler.add(cell(0), member("half", kind="half_length"))
    for number in (1, 2):
        scheduler.add(cell(0, "alone", stacked=False), member(f"{number}"))
    scheduler.submit()

    assert sorted(executor.submitted) == [
        ["1"],
        ["2"],
        ["an arm"],
        ["another"],
        ["half"],
    ]


def test_no_slot_is_left_without_work_for_a_larger_stack(started):
    scheduler, executor = started(slots=2, stack=9)
    for number in range(6):
        scheduler.add(cell(number), member(f"{number}"))
    scheduler.submit()

    assert executor.submitted == [["0", "1", "2"], ["3", "4", "5"]]


def test_a_run_that_was_lost_goes_alone(started):
    scheduler, executor = started(slots=1, stack=9)
    lost = JobOutcome(job=None, results=[], lost="its worker died")
    scheduler.retry(cell(0), member("lost"), lost)
    for number in (1, 2):
        scheduler.add(cell(number), member(f"{number}"))
    scheduler.submit()

    assert executor.submitted == [["lost"]]

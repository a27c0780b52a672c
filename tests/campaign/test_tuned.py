"""What is tuned decides how many trials a cell has: none where nothing is."""

from collections import Counter
from typing import Any

import pytest

import tasks
from suite.campaign.cell import Cell
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan, check_names
from suite.records.journal import FILE, read_lines
from suite.records.results import Results
from suite.verdicts.judge import judge_campaign
from tasks import UserError

FIXED = {"lr": 0.02, "weight_decay": 1e-4, "dropout": 0.1}
DEFAULTS = {
    "lr": pytest.approx(1e-2),
    "weight_decay": pytest.approx(1e-4),
    "dropout": 0.25,
}


def plan_for(task: str, **changes: Any) -> Plan:
    values = {"name": "tiny", "blocks": 2, "trials": 4, "half_budget": True}
    of_task = TaskPlan(levels=("few",))
    return Plan(
        Profile.model_validate({**values, "tasks": {task: of_task}, **changes})
    )


def lines_of(results: Any, plan: Plan) -> list[Any]:
    return list(read_lines(results / plan.id / FILE))


@pytest.fixture
def half_fixed(tmp_path, tiny_source):
    """The tiny task with one arm of which nothing is tuned."""
    arm = 'Arm("narrow", partial(build, 2), x=2)'
    assert arm in tiny_source
    fixed = f'Arm("narrow", partial(build, 2), x=2, params={FIXED})'
    path = tmp_path / "half_fixed.py"
    path.write_text(tiny_source.replace(arm, fixed), encoding="utf-8")
    tasks.load_file(path)
    return "half_fixed"


def test_a_cell_with_nothing_to_tune_goes_straight_to_its_finals(
    half_fixed, run_inline, tmp_path
):
    plan = plan_for(half_fixed)
    run_inline(plan)
    lines = lines_of(tmp_path / "results", plan)
    kinds = Counter((line["arm"], line["kind"]) for line in lines)

    assert kinds["narrow", "trial"] == kinds["narrow", "half"] == 0
    assert kinds["narrow", "final"] == 2
    assert kinds["wide", "trial"] == 8
    assert [ln["params"] for ln in lines if ln["arm"] == "narrow"] == [
        FIXED
    ] * 2


def test_an_arm_that_is_not_tuned_is_compared_with_one_that_is(
    half_fixed, run_inline, tmp_path
):
    run_inline(plan_for(half_fixed))
    campaign = Results(tmp_path / "results").load()
    (verdict,) = judge_campaign(campaign)

    assert verdict.blocks == 2
    # half the budget says something, as the other arm has one
    assert verdict.half_budget is not None
    assert set(campaign.cells["state"]) == {"done"}


def test_a_profile_that_tunes_nothing_trains_finals_alone(
    tiny, run_inline, tmp_path
):
    plan = plan_for(tiny, tuned=[], finals=2)
    run_inline(plan)
    lines = lines_of(tmp_path / "results", plan)
    (verdict,) = judge_campaign(Results(tmp_path / "results").load())

    assert {line["kind"] for line in lines} == {"final"}
    assert len(lines) == plan.runs == plan.max_runs == 8
    assert [line["params"] for line in lines] == [DEFAULTS] * 8
    assert verdict.blocks == 2
    assert verdict.half_budget is None


def test_what_a_profile_does_not_tune_stays_at_its_default(
    tiny, run_inline, tmp_path
):
    plan = plan_for(tiny, tuned=["lr"], trials=12, blocks=1)
    run_inline(plan)
    lines = lines_of(tmp_path / "results", plan)
    trials = [ln["params"] for ln in lines if ln["kind"] == "trial"]

    assert {at["dropout"] for at in trials} == {0.25}
    assert (
        len({at["lr"] for at in trials}) == 23
    )  # both arms begin with the default


@pytest.mark.parametrize(
    "changes",
    [
        {"tuned": ["rl"]},
        {"tasks": {"tiny": {"tuned": ["rl"]}}},
    ],
)
def test_a_name_that_nothing_tunes_is_refused(changes, tiny):
    with pytest.raises(UserError, match="'rl': did you mean 'lr'"):
        check_names(plan_for(tiny, **changes).profile, "tiny")


def test_an_arm_has_the_seeds_of_the_one_it_names_and_its_aa_twin_has_not(
    tmp_path, tiny_source
):
    arm = 'Arm("narrow", partial(build, 2), x=2'
    assert arm in tiny_source
    shared = tiny_source.replace(arm, f'{arm}, seeds_of="wide"')
    path = tmp_path / "shared_seeds.py"
    path.write_text(shared, encoding="utf-8")
    tasks.load_file(path)
    of_task = TaskPlan(levels=("few",), aa_test=("narrow",))
    plan = plan_for(
        "shared_seeds", tuned=[], blocks=1, tasks={"shared_seeds": of_task}
    )
    seeds = {
        cell.arm: Cell(plan, cell, "cpu").ask()[0].seeds for cell in plan.cells
    }
    twin = next(name for name in seeds if name not in ("narrow", "wide"))

    assert seeds["narrow"] == seeds["wide"]
    for stream in ("initialisation", "dropout"):
        assert seeds[twin][stream] != seeds["wide"][stream]

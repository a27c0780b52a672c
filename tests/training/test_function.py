"""Arms that are functions: no data, no model, and the same judgement."""

import math

import pytest

import tasks
from suite.campaign.plans import plan_of
from suite.planning.profile import Profile, TaskPlan
from suite.records.results import Results
from suite.training.job import Member
from suite.training.worker import run_job
from suite.verdicts.judge import judge_campaign
from tasks import Arm, Float, Level, Measure, Recipe, Space, Task, UserError

WALK = '''
"""A biased walk goes further than a fair one: on average, by the bias times the steps."""

import random

from tasks import Arm, Claim, Float, Level, Measure, Space, Task


def walk(level, params, seed):
    rng = random.Random(seed)
    bias = params.get("bias", 0.0)
    return {"distance": sum(rng.choice((-1, 1)) + bias for _ in range(level["steps"]))}


def expected(level, params, seed):
    return {"distance": 0.0}


TASK = Task(
    question="Does a biased walk go further?",
    arms=(
        Arm.function("biased", walk, space=Space(bias=Float(0.4, 0.6))),
        Arm.function("fair", walk),
        Arm.function("theory", expected, deterministic=True),
    ),
    levels=(Level("short", {"steps": 9}, x=9), Level("long", {"steps": 100}, x=100)),
    measures=(Measure("distance", "higher"),),
    claims=(
        Claim("further", "A biased walk goes further.", "distance", "biased", "fair", ("long",)),
        Claim("away", "A biased walk goes away.", "distance", "biased", "theory", ("long",)),
    ),
)
'''
MEASURES = (Measure("regret", "lower"),)


def function(level, params, seed):
    return {"regret": 1.0}


@pytest.fixture
def walk(tmp_path):
    path = tmp_path / "walk.py"
    path.write_text(WALK, encoding="utf-8")
    return tasks.load_file(path).name


@pytest.fixture
def campaign(walk, run_inline, tmp_path):
    profile = Profile.model_validate(
        {
            "name": "walk",
            "blocks": 6,
            "trials": 4,
            "all_cells": True,
            "tasks": {walk: TaskPlan()},
        }
    )
    plan = plan_of(profile, tmp_path)
    run_inline(plan, tmp_path)
    return Results(tmp_path).load(plan.id)


def test_arms_of_a_block_are_measured_with_one_seed(campaign):
    finals = campaign.finals.set_index(["level", "block", "arm"])
    for block in range(6):
        biased, fair = (
            finals.loc["long", block, arm] for arm in ("biased", "fair")
        )
        gap = biased["test.distance"] - fair["test.distance"]
        assert gap == pytest.approx(100 * biased["param.bias"])


def test_what_is_tuned_is_tuned_and_the_rest_runs_once(campaign):
    per_cell = campaign.runs.groupby(["arm", "level", "kind"]).size().unstack()
    assert set(per_cell.loc["biased", "trial"]) == {6 * 4}
    assert (
        per_cell.loc["fair", "trial"].isna().all()
    )  # there is nothing to tune
    assert set(per_cell.loc["fair", "final"]) == {6}


def test_a_deterministic_arm_runs_once_per_level_and_stands_for_all_blocks(
    campaign,
):
    once = campaign.runs[campaign.runs["arm"] == "theory"]
    assert set(once["block"]) == {0}
    assert len(once) == 2  # a final for each level
    assert set(campaign.cells["state"]) == {"done"}
    further, away = judge_campaign(campaign)
    assert further.verdict == "supported"
    assert away.complete
    assert away.blocks == 6


def run_once(tmp_path, returned):
    path = tmp_path / "returns.py"
    path.write_text(
        "from tasks import Arm, Measure, Task\n"
        f"TASK = Task('?', arms=(Arm.function('a', lambda l, p, s: {returned}),),\n"
        "    measures=(Measure('regret', 'lower'),))\n",
        encoding="utf-8",
    )
    task = tasks.load_file(path)
    member = Member("k", "final", 0, 0, {}, {"order": 1})
    from suite.training.job import Job

    return run_job(
        Job(
            task.name, "all", "a", (member,), source=tasks.source_of(task.name)
        )
    )[0]


def test_a_number_is_validation_and_test(tmp_path):
    result = run_once(tmp_path, "{'regret': 2}")
    assert result.status == "finished"
    assert result.test_opened
    assert (
        result.metrics["validation.regret"]
        == result.metrics["test.regret"]
        == 2.0
    )


def test_what_is_no_measure_is_told(tmp_path):
    result = run_once(tmp_path, "{'regert': 2}")
    assert result.status == "crashed"
    assert "arm 'a' returned no 'regret' (returned: regert)" in (
        result.error or ""
    )


def test_a_number_that_is_not_finite_needs_a_worst_value(tmp_path):
    result = run_once(tmp_path, "{'regret': float('nan')}")
    assert result.status == "crashed"
    assert "worst=lambda shape" in (result.error or "")


def test_a_function_has_no_recipe():
    with pytest.raises(UserError, match="a function has no recipe"):
        Arm("a", lambda *_: None, recipe={"steps": 3}, measure=function)


def test_a_model_is_not_deterministic():
    with pytest.raises(UserError, match=r"only an Arm\.function can be"):
        Arm("a", lambda *_: None, deterministic=True)


def test_a_task_of_functions_names_its_measures():
    with pytest.raises(UserError, match="name what the functions return"):
        Task("?", arms=(Arm.function("a", function),))


def test_a_task_with_a_model_needs_data():
    with pytest.raises(UserError, match="'b'"):
        Task(
            "?",
            arms=(Arm.function("a", function), Arm("b", lambda *_: None)),
            measures=MEASURES,
        )


def test_with_something_to_tune_a_deterministic_arm_runs_in_every_block():
    task = Task(
        "?",
        arms=(
            Arm.function("fixed", function, deterministic=True),
            Arm.function(
                "tuned",
                function,
                deterministic=True,
                space=Space(a=Float(0, 1)),
            ),
        ),
        measures=MEASURES,
    )
    assert [task.runs_once(arm) for arm in task.arms] == [True, False]


def test_defaults_say_nothing_of_learning():
    task = Task("?", arms=(Arm.function("a", function),), measures=MEASURES)
    assert task.recipe == Recipe(steps=1)
    assert task.levels == (Level("all"),)
    assert math.isfinite(task.procedure.measures[0].sign)

"""Hyperparameters that depend on others, and fixed grids in place of a search."""

from pathlib import Path

import pytest

import tasks
from search.inspect import importance
from search.ranges import describe, edges, restore
from search.samplers import SAMPLERS
from search.study import Study
from suite.planning.plan import Plan
from suite.planning.profile import Profile
from suite.records.results import Results
from tasks import Arm, Categorical, Float, Int, Measure, Space, Task, UserError

EXAMPLE = Path(tasks.__file__).parent / "examples" / "search_spaces.py"
SPACE = Space(
    optimizer=Categorical(("sgd", "adam")),
    momentum=Float(0.0, 0.9, when={"optimizer": "sgd"}),
    lr=Float(1e-3, 1.0, log=True),
)
GRID = (
    {"lr": 0.1, "width": 8},
    {"lr": 0.01, "width": 8},
    {"lr": 0.1, "width": 16},
)


def measure(level, params, seed):
    return {"score": 1.0}


def build(shape, level, params):
    raise NotImplementedError


def task(*arms, space=None):
    return Task(
        question="?",
        arms=(
            *arms,
            Arm.function("other", measure, space=Space(lr=Float(0.1, 1.0))),
        ),
        measures=(Measure("score", "higher"),),
        space=space or Space(),
    )


def trials(space, sampler, count):
    study = Study(space, seed=3, trials=count, sampler=sampler)
    found = []
    while not study.done:
        for proposal in study.ask():
            found.append(proposal.params)
            study.tell(proposal.number, proposal.params["lr"])
    return found


@pytest.mark.parametrize("sampler", SAMPLERS.names())
def test_a_conditional_hyperparameter_is_there_with_its_condition_alone(
    sampler,
):
    found = trials(SPACE, sampler, 24)

    assert {params["optimizer"] for params in found} == {"sgd", "adam"}
    for params in found:
        assert ("momentum" in params) == (params["optimizer"] == "sgd")


def test_what_depends_on_something_absent_is_absent():
    space = Space(
        a=Categorical((1, 2)),
        b=Categorical((1, 2), when={"a": 2}),
        c=Int(1, 3, when={"b": 1}),
    )

    assert space.default_point == {"a": 1}
    assert space.active({"a": 2, "b": 1, "c": 3}) == {"a": 2, "b": 1, "c": 3}
    assert space.active({"a": 1, "b": 1, "c": 3}) == {"a": 1}


def test_conditions_and_grids_survive_being_written():
    for space in (SPACE, Space.of_points(GRID)):
        again = restore(describe(space))
        assert (dict(again), again.points) == (dict(space), space.points)


def test_pages_do_not_need_a_value_that_is_not_there():
    chosen = trials(SPACE, "random", 16)

    (momentum,) = [
        one for one in edges(SPACE, chosen) if one.hyperparameter == "momentum"
    ]
    assert momentum.blocks == sum(
        params["optimizer"] == "sgd" for params in chosen
    )
    assert set(importance(SPACE, [(chosen, range(16))])) == set(SPACE)


@pytest.mark.parametrize(
    ("when", "complaint"),
    [
        ({"optimiser": "sgd"}, "did you mean 'optimizer'"),
        ({"optimizer": "sdg"}, "which is none of"),
        ({"lr": 0.1}, "make it a Categorical"),
        ({"momentum": 0.5}, "depends on 'momentum'"),
    ],
)
def test_a_condition_that_can_never_hold_is_refused(when, complaint):
    space = Space(**{**SPACE, "momentum": Float(0.0, 0.9, when=when)})
    with pytest.raises(UserError, match=complaint):
        task(Arm.function("one", measure, space=space))


@pytest.mark.parametrize(
    "when", ["sgd", {"optimizer": ("sgd", "adam")}, {1: 2}]
)
def test_a_condition_names_a_value(when):
    with pytest.raises(UserError, match="each with one value"):
        Float(0.0, 0.9, when=when)


@pytest.mark.parametrize(("fixed", "there"), [("sgd", True), ("adam", False)])
def test_a_fixed_value_decides_what_depends_on_it(fixed, there):
    arm = Arm.function("one", measure, params={"rule": fixed})
    space = Space(
        rule=Categorical(("sgd", "adam")),
        momentum=Float(0.0, 0.9, when={"rule": "sgd"}),
    )
    found = task(arm, space=space).space_of(arm)

    assert ("momentum" in found) == there
    assert not any(one.when for one in found.values())


def test_a_profile_tunes_what_depends_on_each_other_together():
    arm = Arm.function("one", measure, space=SPACE)
    with pytest.raises(
        UserError, match="depends on 'optimizer', so name both"
    ):
        _plan(task(arm), tuned=["lr", "momentum"]).trials("made", "all", "one")


def _plan(made, **values):
    plan = Plan.__new__(Plan)
    profile = Profile.model_validate(
        {"name": "t", "tasks": {"made": {}}, **values}
    )
    object.__setattr__(plan, "profile", profile)
    object.__setattr__(plan, "tasks", {"made": made})
    return plan


@pytest.mark.parametrize("sampler", SAMPLERS.names())
def test_a_grid_is_tried_point_by_point_whatever_the_sampler(sampler):
    assert trials(Space.of_points(GRID), sampler, len(GRID)) == list(GRID)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"grid": ({"lr": 0.1}, {"rate": 0.1})}, "each with the same names"),
        ({"grid": ({"lr": 0.1}, {"lr": 0.1})}, "is there twice"),
        ({"grid": ({"lr": [1, 2]},)}, "finite numbers"),
        (
            {"grid": ({"lr": 0.1},), "params": {"lr": 0.2}},
            "'lr' is in params, too",
        ),
        ({"grid": {"lr": (0.1, 0.2)}}, "points in a tuple"),
        (
            {"grid": ({"momentum": 0.1},), "recipe": {"momentum": 0.2}},
            "in recipe, too",
        ),
    ],
)
def test_a_grid_is_a_list_of_points(values, complaint):
    with pytest.raises(UserError, match=complaint):
        Arm("one", build, **values)


def test_what_a_recipe_fixes_is_in_no_grid():
    with pytest.raises(UserError, match="'steps', a field of the recipe"):
        task(Arm.function("one", measure, grid=({"steps": 10},)))


def test_an_example_with_both_runs_as_many_trials_as_it_says(
    run_inline, tmp_path
):
    tasks.load_file(EXAMPLE)
    profile = {"name": "tiny", "blocks": 1, "trials": 2, "length_factor": 0.2}
    profile["tasks"] = {EXAMPLE.stem: {}}

    run_inline(Plan(Profile.model_validate(profile)))

    runs = Results(tmp_path / "results").load().runs
    tried = runs[runs["kind"] == "trial"].groupby("arm").size()
    assert tried.to_dict() == {"searched": 2, "by_hand": 4}

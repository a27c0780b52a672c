"""Which values of a profile decide the results of runs, and so their keys."""

import dataclasses
from dataclasses import dataclass
from typing import Annotated

import pytest

from suite.campaign.cell import Cell
from suite.planning.identity import cell_identity
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan
from suite.planning.resolved import (
    ResolvedTask,
    Role,
    deciding,
    deciding_names,
)
from suite.training.job import Job, digest

# keys of a whole profile, beside those that a task may also have
OF_A_PROFILE = {
    "name": Role.SELECTS,
    "title": Role.SELECTS,
    "root_seed": Role.DECIDES_THROUGH,  # the runs' seeds
    "sampler": Role.DECIDES_THROUGH,  # the runs' hyperparameters
    "pruner": Role.SELECTS,  # which trials go on
    "pruning_rounds": Role.SELECTS,
    "confidence": Role.SELECTS,  # after how many blocks a claim is left alone
    "stack": Role.DECIDES_THROUGH,  # which cells are stacked
    "device": Role.DECIDES,
    "threads": Role.DECIDES,
    "every_task": Role.SELECTS,
    "vary": Role.DECIDES_THROUGH,  # the levels of universes
    "tasks": Role.SELECTS,
}


@dataclass(frozen=True)
class Unclassified(ResolvedTask):
    momentum: float = 0.0


@dataclass(frozen=True)
class Classified(ResolvedTask):
    momentum: Annotated[float, Role.DECIDES] = 0.0
    nickname: Annotated[str, Role.SELECTS] = ""


def values_of(task: ResolvedTask):
    return {
        field.name: getattr(task, field.name)
        for field in dataclasses.fields(task)
    }


@pytest.fixture
def resolved():
    return Profile(name="p").of("gan")


def test_a_new_field_has_to_be_classified(resolved):
    with pytest.raises(TypeError, match="momentum: say with a Role"):
        deciding(Unclassified(**values_of(resolved)))


def test_a_new_field_that_decides_is_in_the_key_and_another_is_not(resolved):
    values = values_of(resolved)
    plain, heavy = (
        deciding(Classified(**values, momentum=m, nickname=n))
        for m, n in ((0.0, "a"), (0.9, "b"))
    )

    assert plain.keys() == heavy.keys() == {*deciding(resolved), "momentum"}
    assert digest(plain) != digest(heavy)


def test_every_key_of_a_profile_is_classified():
    of_a_task = {field.name for field in dataclasses.fields(ResolvedTask)}

    assert set(TaskPlan.model_fields) == of_a_task
    assert set(Profile.model_fields) - of_a_task == OF_A_PROFILE.keys()


def test_what_decides_is_told_to_the_worker():
    assert set(deciding_names(ResolvedTask)) <= {
        field.name for field in dataclasses.fields(Job)
    }


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"length_factor": 0.5}, False),
        ({"examples": 50}, False),
        ({"recipe": {"patience": 3}}, False),
        ({"threads": 2}, False),
        ({"root_seed": 1}, True),  # it is the seeds of the runs that change
        ({"blocks": 3, "trials": 5, "finals": 2, "half_budget": True}, True),
        ({"all_cells": True}, True),
        ({"time_limit": 9.0, "title": "Another", "confidence": 0.9}, True),
        (
            {
                "resources": {"cpus": 2},
                "sampler": "tpe",
                "interim_looks": [2, 3],
            },
            True,
        ),
    ],
)
def test_what_decides_changes_the_identity_of_a_cell_and_nothing_else_does(
    tiny, change, same
):
    own = {name: change[name] for name in change if name == "recipe"}
    values = {name: change[name] for name in change if name not in own}
    plans = [
        Plan(
            Profile.model_validate(
                {"name": "p", "tasks": {tiny: task}, **more}
            )
        )
        for task, more in (({}, {}), (own, values))
    ]
    identities = [cell_identity(plan, plan.cells[0], "cpu") for plan in plans]

    assert (digest(identities[0]) == digest(identities[1])) is same


def test_a_job_has_the_values_that_its_key_was_made_from(tiny):
    profile = {
        "name": "p",
        "length_factor": 0.5,
        "tasks": {tiny: {"examples": 60}},
    }
    plan = Plan(Profile.model_validate(profile))
    cell = Cell(plan, plan.cells[0], "cpu")
    (member, *_) = cell.ask()
    job = cell.job(member)

    assert (job.length_factor, job.examples) == (0.5, 60)
    assert (cell.identity["length_factor"], cell.identity["examples"]) == (
        0.5,
        60,
    )

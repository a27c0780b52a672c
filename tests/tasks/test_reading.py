"""A field of the recipe that nothing reads is an error, and no other is."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

import tasks
from suite.planning.profile import Profile, check_names
from suite.training import optimizer  # noqa: F401  (fills the registry)
from tasks import (
    Arm,
    Categorical,
    Float,
    Measure,
    Recipe,
    Space,
    Task,
    UserError,
)
from tasks.contract.recipe import READ_BY
from tasks.contract.registry import OPTIMIZERS, SCHEDULES
from tasks.contract.schedule import learning_rate
from tasks.procedures.library import Library

# two values of each field that differ in what they do, where they do anything
VALUES: dict[str, tuple[Any, Any]] = {
    "momentum": (0.9, 0.5),
    "nesterov": (False, True),
    "betas": ((0.9, 0.999), (0.8, 0.99)),
    "milestones": ((0.5,), (0.7,)),
    "lr_gamma": (0.1, 0.5),
    "max_lr_reductions": (1, 2),
}
OF_OPTIMIZERS = [name for name in VALUES if READ_BY[name].of == "optimizer"]
OF_SCHEDULES = ["milestones", "lr_gamma"]


def moved(recipe: Recipe) -> Tensor:
    """Parameters after three updates."""
    flat = torch.ones(4)
    rule = OPTIMIZERS.get(str(recipe.optimizer))(flat, recipe)
    for step in range(3):
        rule.update(torch.arange(4.0) - step, lr=0.1, weight_decay=0.0)
    return flat


def rates(recipe: Recipe) -> list[float]:
    return [learning_rate(step, 20, 1.0, recipe) for step in range(1, 21)]


@pytest.mark.parametrize("field", OF_OPTIMIZERS)
def test_an_optimizer_reads_a_field_where_it_changes_updates(field):
    built_in = [n for n in OPTIMIZERS.names() if OPTIMIZERS.is_built_in(n)]
    found = set()
    for name in built_in:
        first, second = (
            moved(Recipe(steps=1, optimizer=name, **{field: value}))
            for value in VALUES[field]
        )
        if not torch.equal(first, second):
            found.add(name)

    assert set(READ_BY[field].rules) == found


@pytest.mark.parametrize("field", OF_SCHEDULES)
def test_a_schedule_reads_a_field_where_it_changes_rates(field):
    # what a plateau reads, the training loop does at evaluations
    found = {
        name
        for name in SCHEDULES.names()
        if SCHEDULES.is_built_in(name)
        and len(
            {
                tuple(
                    rates(
                        Recipe(
                            steps=1,
                            schedule=name,
                            patience=1,
                            **{field: value},
                        )
                    )
                )
                for value in VALUES[field]
            }
        )
        == 2
    }

    assert set(READ_BY[field].rules) - {"plateau"} == found


def test_every_field_of_the_table_is_tried():
    assert set(VALUES) == set(READ_BY)


def with_arm(task: Task, **changes: Any) -> Task:
    """The task, whose first arm is changed."""
    first, *others = task.arms
    return replace(task, arms=(replace(first, **changes), *others))


def own(parameters: Any, lr: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr)


def with_momentum(
    parameters: Any, lr: float, momentum: float
) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr, momentum)


MOMENTUM = Space(momentum=Float(0.5, 0.99))
BY_CHOICE = Space(
    optimizer=Categorical(("adam", "sgd")),
    momentum=Float(0.5, 0.99, when={"optimizer": "sgd"}),
)
# without weight decay, which these functions do not take
NO_DECAY = ("weight_decay",)
UNREAD: list[tuple[dict[str, Any], str]] = [
    ({"recipe": {"momentum": 0.5}}, "read by the optimizer sgd, momentum"),
    ({"recipe": {"optimizer": "sgd", "betas": (0.8, 0.9)}}, "here it is sgd"),
    ({"recipe": {"milestones": (0.5,)}}, "by the schedule step alone"),
    ({"space": MOMENTUM}, "space: 'momentum' is read by"),
    (
        {"recipe": {"optimizer": own, "momentum": 0.5}, "without": NO_DECAY},
        "here it is own",
    ),
    (
        {"recipe": {"optimizer": own}, "space": MOMENTUM, "without": NO_DECAY},
        "here it is own",
    ),
    (
        {"recipe": {"optimizer": with_momentum}, "without": NO_DECAY},
        "'momentum'.: give the argument a default",
    ),
    (
        {
            "procedure": Library(LogisticRegression),
            "recipe": {"optimizer": "sgd"},
            "without": ("lr", "weight_decay", "dropout"),
        },
        "a library, which reads no recipe",
    ),
]
READ: list[dict[str, Any]] = [
    {"recipe": {"optimizer": "sgd", "momentum": 0.5}},
    {"recipe": {"optimizer": "nesterov"}, "space": MOMENTUM},
    {"space": BY_CHOICE},
    {
        "recipe": {"optimizer": with_momentum},
        "space": MOMENTUM,
        "without": NO_DECAY,
    },
]


@pytest.mark.parametrize(("changes", "complaint"), UNREAD)
def test_what_nothing_reads_is_refused(tiny, changes, complaint):
    with pytest.raises(UserError, match=complaint):
        with_arm(tasks.get("tiny"), **changes)


@pytest.mark.parametrize("changes", READ)
def test_what_something_reads_is_taken(tiny, changes):
    with_arm(tasks.get("tiny"), **changes)


def test_a_function_may_have_a_momentum_of_its_own():
    descent = Arm.function("f", lambda *a: {"score": 0.0}, space=MOMENTUM)

    Task("Is it?", arms=(descent,), measures=(Measure("score", "higher"),))


def test_a_field_of_the_task_is_for_any_of_its_arms(tiny):
    task = tasks.get("tiny")
    recipe = replace(task.recipe, momentum=0.5)
    with pytest.raises(UserError, match="The task's recipe: 'momentum'"):
        replace(task, recipe=recipe)

    first, *others = task.arms
    by_sgd = replace(first, recipe={"optimizer": "sgd"})
    replace(task, recipe=recipe, arms=(by_sgd, *others))


def test_a_field_of_a_profile_is_read_too(tiny):
    plan = {"name": "p", "tasks": {"tiny": {"recipe": {"momentum": 0.5}}}}
    profile = Profile.model_validate(plan)

    with pytest.raises(UserError, match=r"tasks\.tiny\.recipe: 'momentum'"):
        check_names(profile, "p")

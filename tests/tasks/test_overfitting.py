"""Remedies against overfitting: each arm differs from none by its remedy alone."""

import pytest

from suite.training.instantiate import build_model, load_splits
from suite.training.job import Job, Member
from suite.training.seeds import run_seeds
from suite.training.worker import run_job
from tasks.overfitting import FEW, MANY, TASK

LEVEL = TASK.levels[0]
ONE_OF_A_KIND = {
    "more_data": "data",
    "shift": "procedure",
    "decay_as_usual": "params",
    "l2": "params and recipe",
    "tuned_decay": "grid",
    "tuned_l2": "grid and recipe",
    "dropout_30": "params",
    "early_stopping": "grid and procedure and recipe",
    "clipping": "recipe",
    "smaller": "model",
    "shift_and_data": "data and procedure",
}


def differences(name: str) -> str:
    arm, none = TASK.arm(name), TASK.arm("none")
    splits = load_splits("overfitting", "all", 0)

    def parameters(of):
        model = build_model(
            of, LEVEL, splits, TASK.default_params(of, LEVEL), 0
        )
        return sum(parameter.numel() for parameter in model.parameters())

    found = {
        "data": arm.training_data is not none.training_data,
        "grid": arm.grid != none.grid,
        "model": parameters(arm) != parameters(none),
        "params": arm.params != none.params,
        "procedure": TASK.procedure_of(arm) != TASK.procedure_of(none),
        "recipe": arm.recipe != none.recipe,
    }
    return " and ".join(name for name, is_there in found.items() if is_there)


@pytest.mark.parametrize("name", ONE_OF_A_KIND)
def test_an_arm_differs_by_its_remedy_alone(name):
    assert differences(name) == ONE_OF_A_KIND[name]


def test_only_arms_with_more_data_learn_from_all():
    sizes = {
        arm.name: len(load_splits("overfitting", "all", 0, arm=arm.name).train)
        for arm in TASK.arms
    }

    many = {name for name, size in sizes.items() if size == MANY}
    assert many == {"more_data", "shift_and_data"}
    assert set(sizes.values()) == {FEW, MANY}


def test_early_stopping_ends_three_evaluations_after_the_lowest_log_loss():
    seeds = run_seeds(0, "overfitting", "all", 0, "early_stopping", "trial", 0)
    member = Member("key", "trial", 0, 0, {"lr": 0.02}, seeds)

    (result,) = run_job(Job("overfitting", "all", "early_stopping", (member,)))

    losses = [row["validation.loss"] for row in result.curve[1:]]
    lowest = losses.index(min(losses))
    assert len(losses) == lowest + 1 + 3 < 10
    assert result.best_step == result.curve[lowest + 1]["step"]

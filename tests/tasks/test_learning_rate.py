"""Arms of the comparison of schedules differ in their rates alone."""

import pytest

import tasks
from tasks.contract.schedule import learning_rate

TASK = tasks.get("learning_rate")
STEPS = 800


def rates_of(arm: str) -> list[float]:
    """The share of the peak at each update."""
    recipe = TASK.recipe_of(TASK.levels[0], TASK.arm(arm))
    return [
        learning_rate(step, STEPS, 1.0, recipe) for step in range(1, STEPS + 1)
    ]


def test_recipes_differ_in_schedule_and_warm_up_alone():
    recipes = [TASK.recipe_of(TASK.levels[0], arm) for arm in TASK.arms]
    same = {"schedule": "constant", "warmup": 0.0}

    assert (
        len({str(recipe.with_changes(same).describe()) for recipe in recipes})
        == 1
    )


def test_a_constant_rate_stays_and_the_others_end_below_half():
    assert set(rates_of("constant")) == {1.0}
    falling = [arm.name for arm in TASK.arms if arm.name != "constant"]
    assert all(rates_of(arm)[-1] < 0.5 for arm in falling)


def test_steps_fall_tenfold_twice():
    assert sorted(set(rates_of("step"))) == pytest.approx([0.01, 0.1, 1.0])


def test_a_warm_up_rises_for_a_tenth_of_the_updates():
    rates = rates_of("cosine_warm_up")

    assert rates[79] == 1.0
    assert rates[:80] == pytest.approx([step / 80 for step in range(1, 81)])
    assert max(rates[81:]) < 1.0

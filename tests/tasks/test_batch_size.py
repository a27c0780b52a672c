"""Small against large batches: what each level holds equal, and rates that follow the
batch.
"""

import pytest

from suite.training.job import Job, Member
from suite.training.seeds import run_seeds
from suite.training.worker import run_job
from tasks.batch_size import EXAMPLES, TASK

SIZES = [arm.name for arm in TASK.arms]


def passes(level: str, arm: str) -> float:
    recipe = TASK.recipe_of(TASK.level(level), TASK.arm(arm))
    return recipe.updates(EXAMPLES) * recipe.batch(EXAMPLES) / EXAMPLES


@pytest.mark.parametrize("arm", SIZES)
def test_equal_epochs_are_equal_passes_over_the_data(arm):
    # the last batch of a pass may be partial: 4 batches of 512 cover 2,000 examples
    assert passes("equal_epochs", arm) == pytest.approx(15, rel=0.03)


@pytest.mark.parametrize("arm", SIZES)
def test_equal_updates_are_many_and_several_passes_for_the_smallest_batch(arm):
    recipe = TASK.recipe_of(TASK.level("equal_updates"), TASK.arm(arm))

    assert recipe.updates(EXAMPLES) == 3000
    assert passes("equal_updates", arm) >= 6


def test_larger_batches_are_tuned_over_higher_rates_no_more_than_in_proportion():
    rates = [TASK.space_of(arm)["lr"] for arm in TASK.arms]

    for (small, low), (large, high) in zip(
        zip(TASK.arms, rates, strict=True),
        list(zip(TASK.arms, rates, strict=True))[1:],
        strict=False,
    ):
        assert 1 < high.default / low.default <= large.x / small.x


@pytest.mark.parametrize("arm", ["batch_8", "batch_512"])
def test_until_fitted_ends_where_the_training_examples_are_learned(arm):
    params = TASK.default_params(TASK.arm(arm), TASK.level("until_fitted"))
    seeds = run_seeds(0, "batch_size", "until_fitted", 0, arm, "final", 0)
    member = Member("key", "final", 0, 0, params, seeds)
    job = Job("batch_size", "until_fitted", arm, (member,), examples=200)
    (result,) = run_job(job)

    reached = [row["train.accuracy"] for row in result.curve]
    assert reached[-1] >= 0.995 > max(reached[:-1])
    assert result.metrics["train.accuracy"] == reached[-1]

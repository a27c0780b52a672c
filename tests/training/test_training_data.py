"""An arm may learn from other examples than the block's, and is measured on the same."""

from typing import Any

import pytest
import torch

import tasks
from suite.checks.data import arms_change_training_data_alone
from suite.checks.finding import CheckFailed
from suite.cli.render.tasks import _own_parts
from suite.planning.identity import cell_identity
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan
from suite.training.instantiate import load_splits
from suite.training.job import Job, Member
from suite.training.seeds import run_seeds
from suite.training.worker import run_job
from tasks import Arm, Split, Splits, UserError

WIDE = 'Arm("wide", partial(build, 32), x=32)'
FUNCTIONS = """
def few(train: Split, level: Level, seed: int) -> Split:
    return train.head(16)


def noisy(train: Split, level: Level, seed: int) -> Split:
    rng = torch.Generator().manual_seed(seed)
    wrong = torch.rand(len(train), generator=rng) < 0.25
    return Split(train.x, torch.where(wrong, 1 - train.y, train.y))


TASK = Task("""


@pytest.fixture
def own(tiny_source, tmp_path):
    """The tiny task whose second arm has training data of its own."""

    def write(
        training_data: str, before: str = "", after: str = ""
    ) -> tasks.Task:
        arm = f'Arm("wide", partial(build, 32), training_data={training_data})'
        text = tiny_source.replace(WIDE, arm).replace(
            "\nTASK = Task(", FUNCTIONS
        )
        assert before in text
        path = tmp_path / "own.py"
        path.write_text(text.replace(before, after) if before else text)
        return tasks.load_file(path)

    return write


def splits_of(arm: str, seed: int = 3) -> Splits:
    return load_splits("own", "few", seed, arm=arm)


def identities() -> dict[str, dict[str, Any]]:
    profile = {"name": "tiny", "all_cells": True, "tasks": {"own": TaskPlan()}}
    plan = Plan(Profile.model_validate(profile))
    return {cell.arm: cell_identity(plan, cell, "cpu") for cell in plan.cells}


def test_the_training_part_is_the_arms_and_the_rest_is_the_blocks(own):
    own("few")
    shared, own_splits = splits_of("narrow"), splits_of("wide")

    assert torch.equal(own_splits.train.x, shared.train.x[:16])
    assert torch.equal(own_splits.validation.x, shared.validation.x)
    assert torch.equal(own_splits.sealed.open().x, shared.sealed.open().x)
    assert own_splits.train.metadata == shared.train.metadata


def test_arms_of_a_block_get_the_seed_of_its_split(own):
    own("noisy")
    wrong = splits_of("wide").train.y != splits_of("narrow").train.y

    rng = torch.Generator().manual_seed(3)
    assert torch.equal(wrong, torch.rand(64, generator=rng) < 0.25)


def test_a_run_learns_from_them_and_records_how_many_there_were(own):
    own("few")
    params = {"lr": 0.01, "weight_decay": 0.0, "dropout": 0.0}
    seeds = run_seeds(0, "own", "few", 0, "wide", "final", 0)
    member = Member("key", "final", 0, 0, params, seeds)

    (result,) = run_job(Job("own", "few", "wide", (member,)))

    assert result.status == "finished"
    assert result.data["n_train"] == 16
    assert (result.data["n_validation"], result.data["n_test"]) == (100, 100)


def test_code_and_data_are_in_the_key_of_that_arm_alone(own):
    own("few")
    then = identities()
    own("few", "train.head(16)", "train.head(17)")
    now = identities()
    own("noisy")
    other = identities()

    assert now["narrow"] == then["narrow"] == other["narrow"]
    for name in ("data", "source"):
        assert (
            len({found["wide"][name] for found in (then, now, other)}) == 3
        ), name


@pytest.mark.parametrize(
    ("training_data", "message"),
    [
        ("lambda train, level, seed: train.x", "return a Split"),
        ("lambda train, level, seed: train.head(0)", "no examples"),
        (
            "lambda train, level, seed: Split(train.x[:, :3], train.y)",
            r"shape \(3,\), where the task's has \(10,\)",
        ),
        (
            "lambda train, level, seed: Split(train.x, train.y.float())",
            "type torch.float32, where the task's has torch.int64",
        ),
        (
            "lambda train, level, seed: Split(train.x, train.y + 1)",
            "the largest label is 2, and the task has 2 classes",
        ),
        (
            "lambda train, level, seed: Split(train.x.neg_(), train.y)",
            "changes examples in place",
        ),
    ],
    ids=["no split", "empty", "shape", "type", "classes", "in place"],
)
def test_data_that_do_not_fit_are_refused_with_the_arms_name(
    own, training_data, message
):
    own(training_data)

    with pytest.raises(UserError, match=f"Arm 'wide'.*{message}"):
        splits_of("wide")


@pytest.mark.parametrize(
    ("training_data", "message"),
    [
        ("lambda train, level, seed: train", "unchanged"),
        (
            "lambda train, level, seed: Split(torch.randn(5, 10), train.y[:5])",
            "other examples the second time",
        ),
        (
            "lambda train, level, seed: Split("
            "load_data(level, 0).validation.x, load_data(level, 0).validation.y)",
            "100 of 100 validation examples are in its training data",
        ),
        (
            "lambda train, level, seed: "
            "(train.x.numpy().__imul__(2), train.head(5))[1]",
            "in place",
        ),
    ],
    ids=["nothing", "chance", "leak", "in place"],
)
def test_check_finds_data_that_would_make_the_comparison_unfair(
    own, training_data, message
):
    task = own(training_data)

    with pytest.raises(CheckFailed, match=message):
        arms_change_training_data_alone(task)


def test_check_and_describe_say_that_an_arm_has_data_of_its_own(own):
    task = own("few")

    assert arms_change_training_data_alone(task) == "1 arm, 16 to 16 examples"
    assert _own_parts(task.arm("wide")) == ["its training data"]
    assert _own_parts(task.arm("narrow")) == []


def test_a_resplit_pool_stays_as_large_as_it_is():
    """Blocks share test examples by the pool, whatever an arm learns from."""
    x, y = torch.randn(100, 2), torch.arange(100) % 2
    parts = [Split(x[a:b], y[a:b]) for a, b in ((0, 60), (60, 80), (80, 100))]
    splits = Splits(*parts, population="resplit")

    fewer = splits.with_train(splits.train.head(10))

    assert fewer.test_train_ratio == splits.test_train_ratio == 20 / 80


def test_a_function_has_no_training_data():
    with pytest.raises(UserError, match="learns from no data"):
        Arm(
            "a",
            measure=lambda level, params, seed: {},
            training_data=lambda train, level, seed: train,
        )

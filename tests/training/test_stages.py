"""Training in stages: what comes before an arm's own training, and what it costs."""

import io

import pytest
import torch
from torch import nn
from torch.nn import functional

import tasks
from suite.checks.data import arms_change_training_data_alone
from suite.checks.finding import CheckFailed
from suite.cli.render.tasks import _own_parts
from suite.planning.identity import cell_identity
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan
from suite.training.instantiate import load_splits, load_splits_before
from suite.training.job import Job, Member, Result
from suite.training.seeds import run_seeds
from suite.training.worker import run_job
from tasks import Arm, Stage, UserError

OWN = """
import torch
from torch import nn

from tasks import Arm, Float, Recipe, Space, Split, Splits, Stage, Task
from tasks.procedures.supervised import Classification


def load_data(level, seed):
    rng = torch.Generator().manual_seed(seed)

    def draw(examples):
        x = torch.randn(examples, 3, generator=rng)
        return Split(x, (x[:, 0] > 0).long())

    return Splits(draw(40), draw(20), draw(20))


def first(train, level, seed):
    return train.head(30)


def second(train, level, seed):
    return Split(train.x[30:], train.y[30:])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh())
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.body(x))


def build(shape, level, params):
    return Net()


def linear(shape, level, params):
    return nn.Linear(3, 2)


TASK = Task(
    question="Does it?",
    load_data=load_data,
    arms=(
        Arm("scratch", linear, training_data=second),
        Arm("tuned", linear, training_data=second, before=Stage(first, length=0.5)),
        Arm("shared", linear, training_data=second, before=Stage(first, length=0.25, counts=True)),
        Arm("frozen", build, training_data=second, before=Stage(first), procedure=Classification(trains="head")),
    ),
    procedure=Classification(),
    recipe=Recipe(steps=8, batch_size=0, optimizer="sgd", momentum=0.0, schedule="constant", evaluations=2, restore_best=False),
    space=Space(lr=Float(1e-2, 1.0, log=True)),
)
"""


@pytest.fixture
def own(tmp_path):
    def write(before: str = "", after: str = "") -> tasks.Task:
        assert before in OWN
        path = tmp_path / "own.py"
        path.write_text(OWN.replace(before, after) if before else OWN)
        return tasks.load_file(path)

    return write


def run(arm: str, length_factor: float = 1.0) -> Result:
    seeds = run_seeds(0, "own", "all", 0, "scratch", "final", 0)
    member = Member("key", "final", 0, 0, {"lr": 0.5}, seeds)
    job = Job("own", "all", arm, (member,), length_factor=length_factor)
    (result,) = run_job(job)
    assert result.status == "finished", result.error
    return result


def weights(result: Result) -> dict[str, torch.Tensor]:
    assert result.checkpoint is not None
    found: dict[str, torch.Tensor] = torch.load(
        io.BytesIO(result.checkpoint), weights_only=True
    )
    return found


def test_a_stage_and_then_the_own_training_are_gradient_descent_on_each_in_turn(
    own,
):
    own()
    seeds = run_seeds(0, "own", "all", 0, "scratch", "final", 0)
    first = load_splits_before(
        "own", "all", seeds["split"], None, "cpu", "tuned"
    )
    second = load_splits("own", "all", seeds["split"], arm="tuned")
    torch.manual_seed(seeds["initialisation"])
    peer = nn.Linear(3, 2)
    descent = torch.optim.SGD(peer.parameters(), lr=0.5)
    for train, steps in ((first.train, 4), (second.train, 8)):
        for _ in range(steps):
            descent.zero_grad()
            functional.cross_entropy(peer(train.x), train.y).backward()
            descent.step()

    found = weights(run("tuned"))

    torch.testing.assert_close(found["weight"], peer.weight.detach())
    torch.testing.assert_close(found["bias"], peer.bias.detach())


@pytest.mark.parametrize(
    ("arm", "stage", "total"),
    [("scratch", 0, 8), ("tuned", 4, 12), ("shared", 2, 8), ("frozen", 8, 16)],
)
def test_the_stages_updates_are_on_record_and_in_the_curve(
    own, arm, stage, total
):
    own()
    result = run(arm)
    steps = [row["step"] for row in result.curve]

    assert result.metrics["steps"] == total
    assert result.metrics.get("stage_steps", 0) == stage
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1], result.best_step) == (0, total, total)
    assert stage in steps  # where the arm's own training begins
    assert result.metrics["seconds"] == result.curve[-1]["seconds"]


def test_half_the_length_halves_both_stages(own):
    own()
    result = run("tuned", length_factor=0.5)

    assert (result.metrics["stage_steps"], result.metrics["steps"]) == (2, 6)


def test_a_frozen_part_stays_as_the_stage_left_it(own):
    """Its weights and running statistics do not depend on how the head learns."""
    own()
    one = weights(run("frozen"))
    own('trains="head")', 'trains="head", loss="label_smoothing")')
    two = weights(run("frozen"))
    own(', procedure=Classification(trains="head")', "")
    free = weights(run("frozen"))
    body = [name for name in one if name.startswith("body")]

    assert all(torch.equal(one[name], two[name]) for name in body)
    assert not torch.equal(one["head.weight"], two["head.weight"])
    assert any(not torch.equal(one[name], free[name]) for name in body)


def test_equal_runs_have_equal_bits(own):
    own()
    one, two = run("frozen"), run("frozen")

    assert one.losses == two.losses
    assert all(
        torch.equal(weights(one)[k], weights(two)[k]) for k in weights(one)
    )


def test_the_stage_is_in_the_key_of_its_arm_alone(own):
    def identities():
        profile = {
            "name": "tiny",
            "all_cells": True,
            "tasks": {"own": TaskPlan()},
        }
        plan = Plan(Profile.model_validate(profile))
        return {
            cell.arm: cell_identity(plan, cell, "cpu") for cell in plan.cells
        }

    own()
    then = identities()
    own("train.head(30)", "train.head(29)")
    data = identities()
    own("length=0.5", "length=0.6")
    length = identities()

    for now in (data, length):
        assert now["scratch"] == then["scratch"]
        assert now["tuned"]["source"] != then["tuned"]["source"]
    assert (
        data["tuned"]["data"]
        != then["tuned"]["data"]
        == length["tuned"]["data"]
    )


def test_check_finds_a_stage_that_has_seen_the_test(own):
    task = own(
        "return train.head(30)",
        "return load_data(level, seed).sealed.open()",
    )

    with pytest.raises(CheckFailed, match="20 of 20 test examples"):
        arms_change_training_data_alone(task)


def test_describe_says_how_long_a_stage_is_and_whether_it_counts(own):
    arms = {arm.name: _own_parts(arm)[-1] for arm in own().arms}

    assert arms["tuned"] == "a stage before it: 50% of the updates, on top"
    assert arms["shared"] == "a stage before it: 25% of the updates, counted"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"length": 0}, "length"),
        ({"length": 1.0, "counts": True}, "less than 1"),
        ({"recipe": {"steps": 5}}, "the stage's `length`"),
        ({"recipe": {"stesp": 5}}, "did you mean 'steps'"),
        ({"training_data": None}, "training_data"),
        ({"procedure": 3}, "it has no measures"),
    ],
)
def test_a_stage_that_cannot_be_is_refused_where_it_is_made(change, message):
    values = {"training_data": lambda train, level, seed: train, **change}

    with pytest.raises(UserError, match=message):
        Stage(**values)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("before=Stage(first)", "before=first", "give a Stage"),
        ("evaluations=2", "evaluations=2, world_size=2", "leave it at 1"),
    ],
)
def test_a_task_whose_arm_cannot_have_a_stage_is_refused(
    own, before, after, message
):
    with pytest.raises(UserError, match=message):
        own(before, after)


def test_a_function_has_no_stage():
    with pytest.raises(UserError, match="a function is not trained"):
        Arm(
            "a",
            measure=lambda level, params, seed: {},
            before=Stage(lambda train, level, seed: train),
        )

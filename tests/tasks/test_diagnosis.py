"""Planted cases: each is what its name says."""

import pytest
import torch

from suite.training.instantiate import load_splits
from suite.training.job import Job, Member
from suite.training.seeds import run_seeds
from suite.training.worker import run_job
from tasks import Shape
from tasks.diagnosis import FEW, TASK
from tasks.procedures.memorise import LookupTable

IMAGES = Shape((1, 8, 8), 10)


def test_a_memoriser_knows_what_it_saw_and_guesses_elsewhere():
    x = torch.randn(5, 1, 8, 8)
    y = torch.tensor([3, 1, 4, 1, 5])
    table = LookupTable(x, y, 10)

    assert table(x).argmax(1).equal(y)
    assert table(x + 1e-6).argmax(1).eq(0).all()
    assert sum(p.numel() for p in table.parameters()) == x.numel()


def test_the_deep_network_has_as_many_parameters_as_the_shallow_one():
    counts = []
    for name in ("shallow", "deep"):
        build = TASK.arm(name).build
        assert build is not None
        model = build(IMAGES, TASK.level("same"), {})
        counts.append(sum(p.numel() for p in model.parameters()))

    assert counts[0] == 64 * 64 + 64 + 64 * 10 + 10
    assert counts[1] == pytest.approx(counts[0], rel=0.01)


def test_only_test_images_are_shifted():
    same, shifted = (
        load_splits("diagnosis", level, 7) for level in ("same", "shifted")
    )

    assert torch.equal(same.train.x, shifted.train.x)
    assert torch.equal(same.validation.x, shifted.validation.x)
    before, after = same.sealed.open().x, shifted.sealed.open().x
    assert torch.equal(before[..., :-2], after[..., 2:])


def test_few_examples_are_few_and_validated_like_all():
    few = load_splits("diagnosis", "same", 7, arm="few")
    everyone = load_splits("diagnosis", "same", 7)

    assert len(few.train) == FEW
    assert torch.equal(few.validation.x, everyone.validation.x)


def test_a_memoriser_is_right_on_training_examples_and_not_on_others():
    seeds = run_seeds(0, "diagnosis", "same", 0, "memoriser", "final", 0)
    member = Member("key", "final", 0, 0, {}, seeds)
    (result,) = run_job(Job("diagnosis", "same", "memoriser", (member,)))

    assert result.metrics["train.accuracy"] == 1.0
    assert result.metrics["test.accuracy"] < 0.2  # a tenth are of class 0

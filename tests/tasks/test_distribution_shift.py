"""Old and new examples: who learns from which, and what tells them apart."""

import numpy as np
import pytest
import torch

from suite.training.instantiate import load_splits
from tasks.data import mnist1d
from tasks.data.domains import tell_apart
from tasks.distribution_shift import FEW, MANY, NEW, OLD, TASK


def train_of(arm: str) -> torch.Tensor:
    return load_splits("distribution_shift", "shifted", 5, arm=arm).train.x


def test_few_are_among_the_many_and_new_ones_are_others():
    few, many, new = map(train_of, ("few", "more", "new"))

    assert [len(x) for x in (few, many, new)] == [FEW, MANY, FEW]
    assert torch.equal(few, many[:FEW])
    assert not (new[:, None] == many[None]).all(2).any()


def test_the_test_differs_from_validation_under_shift_alone():
    for level, is_shifted in (("same", False), ("shifted", True)):
        splits = load_splits("distribution_shift", level, 5)
        test = splits.sealed.open().x[:1000]
        found = tell_apart(splits.validation.x, test, seed=0)["accuracy"]

        # five standard deviations of a fair coin that is thrown 1,000 times
        assert (abs(found - 0.5) > 5 * 0.5 / 1000**0.5) == is_shifted


def test_equal_seeds_give_equal_verdicts_whatever_the_size_of_the_seed():
    level = TASK.level("shifted")
    measure = TASK.arm("domain").measure

    assert measure(level, {}, 2**62) == measure(level, {}, 2**62)


def test_the_best_possible_classifier_reaches_what_theory_says():
    """Of two uniform distributions on 0 to OLD and 0 to NEW, half of the best
    classifier's answers are at most right: 1 - OLD / NEW / 2.
    """
    rng = torch.Generator().manual_seed(0)
    old = torch.rand(2000, 1, generator=rng) * OLD
    new = torch.rand(2000, 1, generator=rng) * NEW

    found = tell_apart(old, new, seed=0)["accuracy"]

    assert found == pytest.approx(1 - OLD / NEW / 2, abs=0.03)


def test_narrow_data_are_moved_along_less():
    rng = np.random.default_rng(3)
    positions = [
        mnist1d.Draws.of(4000, rng, width).shift.max() for width in (OLD, NEW)
    ]

    assert positions == [OLD - 1, NEW - 1]

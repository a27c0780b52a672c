"""What is particular to images: turning over, and sixes taken for nines."""

import pytest
import torch

from tasks import Split
from tasks.augmentation_images import TASK, TurnOver, swapped


def test_turning_over_twice_gives_the_image_and_half_of_them_are_turned():
    x = torch.arange(4000.0).reshape(1000, 1, 2, 2)
    batch = Split(x, torch.zeros(1000))

    once = TurnOver()(batch, torch.Generator().manual_seed(0))
    again = TurnOver()(once, torch.Generator().manual_seed(0))

    turned = (once.x != x).flatten(1).any(dim=1)
    assert torch.equal(once.x[turned], x[turned].rot90(2, (-2, -1)))
    assert torch.equal(again.x, x)
    # a share of one half, give or take four standard errors
    assert turned.float().mean().item() == pytest.approx(0.5, abs=0.064)


def test_only_sixes_and_nines_taken_for_each_other_are_swapped():
    targets = torch.tensor([6, 6, 9, 9, 1])
    answers = torch.tensor([9, 6, 0, 6, 9])
    outputs = torch.nn.functional.one_hot(answers, 10).float()

    assert swapped(outputs, targets) == pytest.approx(2 / 4)
    assert swapped(outputs[4:], targets[4:]) == 0


def test_arms_differ_by_their_augmentation_or_their_data_alone():
    none, *others = TASK.arms

    for arm in others:
        augmented = arm.procedure != none.procedure
        more = arm.training_data.args != none.training_data.args
        assert augmented != more, arm.name
        assert (arm.params, arm.recipe) == (none.params, none.recipe)

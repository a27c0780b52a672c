"""Batch norm: running means by their formulas, and the two modes against each other."""

import pytest
import torch
from torch import nn

from tasks import Shape, Split
from tasks.batch_norm import TASK
from tasks.models.normalised import LAYERS, Disturbed, NormalisedMLP
from tasks.procedures.modes import BothModes, mode_gap

CURVES = Shape((40,), 10)


@pytest.mark.parametrize("updates", [1, 10, 22, 44])
def test_a_running_mean_is_short_of_a_constant_by_what_it_has_not_forgotten(
    updates,
):
    """It starts at 0 and gives a new batch the weight m = 0.1, so that of a constant
    mean 1 - (1 - m)^n is there after n batches: the notes' formula, where torch's m is
    the weight of the new value.
    """
    norm = LAYERS["batch"](1)
    assert isinstance(norm, nn.BatchNorm1d)
    for _ in range(updates):
        norm(torch.tensor([[4.0], [6.0]]))

    assert norm.running_mean.item() / 5 == pytest.approx(
        1 - 0.9**updates, abs=1e-6
    )


def test_a_plain_average_weighs_all_batches_alike():
    norm = LAYERS["plain_average"](1)
    assert isinstance(norm, nn.BatchNorm1d)
    for mean in (1.0, 2.0, 6.0):
        norm(torch.tensor([[mean - 1], [mean + 1]]))

    assert norm.running_mean.item() == pytest.approx(3.0)


def test_a_disturbed_unit_has_another_mean_and_scale_at_each_update():
    x = torch.randn(1000, 3)
    x = (x - x.mean(0)) / x.std(0)
    disturbed = Disturbed()
    first, second = disturbed(x), disturbed(x)

    assert first.mean(0).abs().max() <= 0.5 + 1e-6
    assert (first.std(0) >= 1 - 1e-5).all()
    assert (first.std(0) <= 1.25 + 1e-5).all()
    assert not torch.allclose(first.mean(0), second.mean(0))
    assert torch.equal(disturbed.eval()(x), x * 1.125)


@pytest.mark.parametrize("norm", sorted(LAYERS))
def test_a_norm_stands_before_each_activation_and_the_head_has_none(norm):
    model = NormalisedMLP(norm, CURVES, [16, 16], nn.Sigmoid, 4)
    kinds = [type(layer) for layer in model.layers]
    expected = type(LAYERS[norm](16))

    assert kinds == [
        nn.Flatten,
        *[nn.Linear, expected, nn.Sigmoid] * 2,
        nn.Linear,
    ]


@pytest.mark.parametrize("batch_size", [2, 5])
def test_the_gap_between_the_modes_is_that_of_a_loop_over_batches(batch_size):
    torch.manual_seed(0)
    model = NormalisedMLP(
        "batch", CURVES, [16, 16], nn.ReLU, batch_size
    ).eval()
    x = torch.randn(23, 40)
    whole = len(x) - len(x) % batch_size
    with torch.no_grad():
        inference = model(x[:whole]).argmax(1)
        before = {k: v.clone() for k, v in model.state_dict().items()}
        found = mode_gap(model, x, batch_size)
        assert all(
            torch.equal(v, before[k]) for k, v in model.state_dict().items()
        )
        assert not model.training
        batches = x[:whole].split(batch_size)
        training = torch.cat(
            [model.train()(batch).argmax(1) for batch in batches]
        )

    assert found == pytest.approx(
        (inference != training).double().mean().item()
    )


def test_without_batch_statistics_there_is_no_gap_between_the_modes():
    model = NormalisedMLP("group", CURVES, [16], nn.ReLU, 4).eval()

    assert mode_gap(model, torch.randn(20, 40), 4) == 0.0


@pytest.mark.parametrize("level", [level.name for level in TASK.levels])
def test_models_know_the_size_of_the_batches_that_they_learn_from(level):
    found = TASK.level(level)
    arm = TASK.arm("batch")
    assert arm.build is not None
    model = arm.build(CURVES, found, {})

    assert model.batch_size == TASK.recipe_of(found, arm).batch_size


def test_the_gap_of_a_disturbed_network_is_repeatable_and_draws_nothing():
    model = NormalisedMLP("disturbed", CURVES, [16], nn.ReLU, 4).eval()
    split = Split(torch.randn(20, 40), torch.randint(10, (20,)))
    torch.manual_seed(1)
    state = torch.get_rng_state()
    with torch.no_grad():
        first, again = (
            BothModes().evaluate(
                model, split, torch.Generator().manual_seed(5)
            )
            for _ in range(2)
        )

    assert first == again
    assert torch.equal(torch.get_rng_state(), state)


def test_fewer_examples_than_a_batch_are_one_batch():
    model = NormalisedMLP("batch", CURVES, [16], nn.ReLU, 100).eval()

    assert 0 <= mode_gap(model, torch.randn(20, 40), 100) <= 1

"""Losses: closed forms, scikit-learn as a peer, soft targets and sequences."""

import math

import pytest
import torch
from sklearn.metrics import brier_score_loss
from torch.nn import functional

from tasks import UserError
from tasks.procedures.losses import (
    LOSSES,
    Focal,
    LabelSmoothing,
    cross_entropy,
    huber,
    loss_named,
    mae,
    mse,
    mse_logits,
    mse_softmax,
)
from tasks.procedures.supervised import Classification, Regression

CLASS_LOSSES = (
    "cross_entropy",
    "label_smoothing",
    "focal",
    "mse_softmax",
    "mse_logits",
)


@pytest.fixture
def logits() -> torch.Tensor:
    return torch.randn(50, 4, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def labels() -> torch.Tensor:
    return torch.randint(4, (50,), generator=torch.Generator().manual_seed(1))


def test_the_default_is_pytorchs_cross_entropy_to_the_last_bit(logits, labels):
    assert torch.equal(
        cross_entropy(logits, labels), functional.cross_entropy(logits, labels)
    )


def test_label_smoothing_is_the_cross_entropy_of_smoothed_labels(
    logits, labels
):
    smoothed = 0.7 * functional.one_hot(labels, 4) + 0.3 / 4
    expected = -(smoothed * logits.log_softmax(1)).sum(1).mean()

    assert LabelSmoothing(0.3)(logits, labels).item() == pytest.approx(
        expected.item(), rel=1e-6
    )


def test_focal_weighs_by_what_is_missing_to_certainty(logits, labels):
    p = logits.softmax(1)[torch.arange(50), labels]

    assert Focal(2.0)(logits, labels).item() == pytest.approx(
        ((1 - p) ** 2 * -p.log()).mean().item(), rel=1e-5
    )
    assert Focal(0.0)(logits, labels).item() == pytest.approx(
        cross_entropy(logits, labels).item(), rel=1e-6
    )


def test_mse_softmax_is_the_brier_score(logits, labels):
    peer = brier_score_loss(
        labels.numpy(),
        logits.double().softmax(1).numpy(),
        labels=range(4),
        scale_by_half=False,
    )

    assert mse_softmax(logits, labels).item() == pytest.approx(peer, rel=1e-5)


def test_mse_logits_is_zero_only_at_ones_and_zeros(labels):
    right = functional.one_hot(labels, 4).float()

    assert mse_logits(right, labels).item() == 0
    assert mse_logits(right + 0.5, labels).item() == pytest.approx(4 * 0.25)


@pytest.mark.parametrize("name", CLASS_LOSSES)
def test_certain_probabilities_are_labels(logits, labels, name):
    loss = loss_named(name)
    certain = functional.one_hot(labels, 4).float()

    assert loss(logits, certain).item() == pytest.approx(
        loss(logits, labels).item(), rel=1e-5
    )


@pytest.mark.parametrize("name", ["cross_entropy", "mse_logits"])
def test_cross_entropy_and_squares_of_mixed_targets_lie_between(
    logits, labels, name
):
    """Cross entropy is linear in its targets, and squares are convex in them."""
    loss, other = loss_named(name), labels.flip(0)
    one, two = (
        functional.one_hot(labels, 4).float(),
        functional.one_hot(other, 4).float(),
    )

    mixed = loss(logits, 0.3 * one + 0.7 * two).item()

    apart = (
        0.3 * loss(logits, labels).item() + 0.7 * loss(logits, other).item()
    )
    assert mixed <= apart + 1e-5
    if name == "cross_entropy":
        assert mixed == pytest.approx(apart, rel=1e-5)


@pytest.mark.parametrize(
    "name", ["cross_entropy", "label_smoothing", "focal", "mse_softmax"]
)
def test_a_sigmoid_is_the_softmax_of_zero_and_its_logit(name):
    loss, z = (
        loss_named(name),
        torch.randn(30, generator=torch.Generator().manual_seed(2)),
    )
    y = (torch.arange(30) % 3 == 0).long()
    both = torch.stack([torch.zeros(30), z], 1)

    assert loss(z, y).item() == pytest.approx(loss(both, y).item(), rel=1e-5)


@pytest.mark.parametrize("name", CLASS_LOSSES)
def test_a_sequence_is_as_many_answers(name):
    loss, generator = loss_named(name), torch.Generator().manual_seed(3)
    z = torch.randn(5, 7, 4, generator=generator)
    y = torch.randint(4, (5, 7), generator=generator)

    assert loss(z, y).item() == pytest.approx(
        loss(z.reshape(35, 4), y.reshape(35)).item(), rel=1e-6
    )


def test_losses_of_numbers_take_a_column_for_a_row():
    outputs, targets = torch.tensor([[1.0], [4.0]]), torch.tensor([1.5, 2.0])

    assert mse(outputs, targets).item() == pytest.approx((0.25 + 4) / 2)
    assert mae(outputs, targets).item() == pytest.approx((0.5 + 2) / 2)
    assert huber(outputs, targets).item() == pytest.approx((0.125 + 1.5) / 2)
    with pytest.raises(UserError, match="one output for each number"):
        mse(torch.zeros(2, 3), targets)


def test_a_hopeless_answer_has_a_finite_loss_and_gradient():
    z = torch.tensor([[100.0, -100.0]], requires_grad=True)
    for name in CLASS_LOSSES:
        loss = loss_named(name)(z, torch.tensor([1]))
        (slope,) = torch.autograd.grad(loss, z)
        assert math.isfinite(loss.item())
        assert slope.isfinite().all()


def test_a_wrong_name_gets_the_nearest_one():
    with pytest.raises(UserError, match="did you mean 'focal'"):
        Classification(loss="foccal")
    with pytest.raises(UserError, match="neither a name nor a function"):
        Regression(loss=3)
    with pytest.raises(UserError, match="eps"):
        LabelSmoothing(1.5)


def test_any_function_of_outputs_and_targets_is_a_loss():
    assert Classification(loss=mse_logits).loss is mse_logits
    assert Classification(loss="focal").loss == Focal()
    assert set(CLASS_LOSSES) < set(LOSSES.names())

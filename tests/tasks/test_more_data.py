"""What stands in for labels: who learns from which examples, and pseudo-labels."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from suite.training.instantiate import load_splits, load_splits_before
from suite.training.rng import make_generator
from tasks import Split, UserError
from tasks.data import mnist1d
from tasks.more_data import EXTRA, OTHERS
from tasks.procedures.pseudo_labels import UNLABELLED, PseudoLabels

LABELS = 20


def train_of(arm: str) -> Split:
    return load_splits("more_data", f"labels_{LABELS}", 2, arm=arm).train


def batch() -> Split:
    rng = torch.Generator().manual_seed(0)
    y = torch.tensor([0, 1, 2, UNLABELLED, UNLABELLED])
    return Split(torch.randn(5, 4, generator=rng), y)


def net() -> nn.Module:
    torch.manual_seed(1)
    return nn.Linear(4, 3)


def loss_of(threshold: float) -> torch.Tensor:
    (phase,) = PseudoLabels(threshold=threshold).phases(net())
    return phase.loss(net(), batch(), make_generator(0))


def test_models_are_pretrained_on_other_classes_than_they_are_measured_on():
    before = load_splits_before(
        "more_data", f"labels_{LABELS}", 2, None, "cpu", "finetuned"
    )

    assert set(before.train.y.tolist()) == {0, 1, 2, 3, 4}
    for split in (
        before.validation,
        before.sealed.open(),
        train_of("finetuned"),
    ):
        assert set(split.y.tolist()) == {5, 6, 7, 8, 9}
    assert len(before.train) == OTHERS


@pytest.mark.parametrize(
    "arm", ["right_generator", "wrong_generator", "pseudo_labels"]
)
def test_extra_examples_come_on_top_of_those_of_the_level(arm):
    own, more = train_of("scratch"), train_of(arm)

    assert (len(own), len(more)) == (LABELS, LABELS + EXTRA)
    assert torch.equal(more.x[:LABELS], own.x)
    assert torch.equal(more.y[:LABELS], own.y)


def test_no_label_of_an_unlabelled_example_is_left():
    right, unlabelled = train_of("right_generator"), train_of("pseudo_labels")

    assert torch.equal(right.x, unlabelled.x)
    assert unlabelled.y[LABELS:].unique().tolist() == [UNLABELLED]


def test_the_wrong_generator_leaves_out_movement_alone():
    import numpy as np

    draws = mnist1d.Draws.of(100, np.random.default_rng(0), 1)

    assert not draws.shift.any()
    assert len(set(draws.scale)) == 100


def test_with_an_unreachable_threshold_only_labels_count():
    known = batch().head(3)

    expected = functional.cross_entropy(net()(known.x), known.y) * 3 / 5
    torch.testing.assert_close(loss_of(1.0), expected)


def test_without_a_threshold_every_guess_is_a_label():
    logits = net()(batch().x)
    guessed = torch.cat([batch().y[:3], logits[3:].argmax(1)])

    torch.testing.assert_close(
        loss_of(0.0), functional.cross_entropy(logits, guessed)
    )


def test_examples_without_labels_are_not_measured():
    found = PseudoLabels().evaluate(net(), batch(), make_generator(0))
    known = batch().head(3)

    right = (net()(known.x).argmax(1) == known.y).float().mean().item()
    assert found["accuracy"] == pytest.approx(right)


def test_a_threshold_is_a_probability():
    with pytest.raises(UserError, match="threshold"):
        PseudoLabels(threshold=95)

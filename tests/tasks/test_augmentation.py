"""Augmentations: what they must leave as it is, whatever they draw."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from suite.training.data_parallel import check_data_parallel
from suite.training.loop import TrainingLoop
from tasks import Recipe, Split, Splits, UserError
from tasks.augmentation.augment import Transform
from tasks.augmentation.mixing import CutMix, Mixup, drawn_weight
from tasks.augmentation.transforms import (
    ColorJitter,
    Crop,
    Erase,
    Flip,
    Negate,
    Noise,
    Rotate,
    Shift,
    rotated,
)
from tasks.procedures.supervised import Classification, Regression

BY_EXAMPLE = (
    Flip(),
    Negate(),
    Shift(),
    Crop(2),
    Rotate(),
    Noise(),
    ColorJitter(),
    Erase(),
)
CURVES = (Flip(), Negate(), Shift(), Crop(2), Noise(), Erase())
SEEDS = {"order": 0, "dropout": 0, "evaluation": 0}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def pictures() -> Split:
    x = torch.randn(64, 3, 12, 9, generator=generator(1))
    return Split(x, torch.arange(64) % 5, {"classes": 5})


def picture_splits() -> Splits:
    x = torch.randn(40, 1, 8, 8, generator=generator(2))
    split = Split(x, (x.mean((1, 2, 3)) > 0).long())
    return Splits(split, split, split)


@pytest.mark.parametrize("augment", [*BY_EXAMPLE, Mixup(), CutMix()], ids=repr)
def test_shapes_stay_and_the_same_generator_repeats(pictures, augment):
    once, again = (augment(pictures, generator()) for _ in range(2))

    assert once.x.shape == pictures.x.shape
    assert torch.equal(once.x, again.x)
    assert torch.equal(once.y, again.y)
    assert not torch.equal(once.x, pictures.x)


@pytest.mark.parametrize("augment", BY_EXAMPLE, ids=repr)
def test_by_example_keeps_labels_and_the_batch_it_was_given(pictures, augment):
    before = pictures.x.clone()

    changed = augment(pictures, generator())

    assert changed.y is pictures.y
    assert torch.equal(pictures.x, before)


@pytest.mark.parametrize("augment", CURVES, ids=repr)
@pytest.mark.parametrize("shape", [(16, 40), (16, 2, 40)])
def test_curves_are_changed_along_their_length(augment, shape):
    curves = Split(torch.randn(shape, generator=generator()), torch.zeros(16))

    assert augment(curves, generator()).x.shape == shape


def test_a_flip_twice_is_nothing(pictures):
    flip = Flip(probability=1.0)

    once = flip(pictures, generator())

    assert torch.equal(once.x, pictures.x.flip(-1))
    assert torch.equal(flip(once, generator()).x, pictures.x)


def test_a_probability_is_a_share_of_examples():
    many = Split(torch.ones(10_000, 4), torch.zeros(10_000))

    negated = Negate(0.3)(many, generator()).x[:, 0] < 0

    assert negated.double().mean().item() == pytest.approx(
        0.3, abs=4 * math.sqrt(0.21 / 10_000)
    )


def test_a_shift_is_circular(pictures):
    moved = Shift(3)(pictures, generator()).x

    for before, after in zip(pictures.x, moved, strict=True):
        assert any(
            torch.equal(after, before.roll((down, right), (1, 2)))
            for down in range(-3, 4)
            for right in range(-3, 4)
        )


def test_a_crop_brings_in_zeros(pictures):
    moved = Crop(2)(pictures, generator()).x

    padded = nn.functional.pad(pictures.x, (2, 2, 2, 2))
    for before, after in zip(padded, moved, strict=True):
        assert any(
            torch.equal(after, before[:, down : down + 12, right : right + 9])
            for down in range(5)
            for right in range(5)
        )


def test_four_quarter_turns_are_nothing():
    x = torch.randn(2, 3, 8, 8, generator=generator())
    quarter = torch.full((2,), 90.0)

    once = rotated(x, quarter)

    assert torch.allclose(once, torch.rot90(x, 1, (-2, -1)), atol=1e-4)
    for _ in range(3):
        once = rotated(once, quarter)
    assert torch.allclose(once, x, atol=1e-4)


def test_half_a_turn_of_an_oblong_is_both_flips():
    x = torch.randn(1, 1, 12, 9, generator=generator())

    assert torch.allclose(
        rotated(x, torch.tensor([180.0])), x.flip(-1, -2), atol=1e-4
    )


def test_noise_has_its_deviation():
    empty = Split(torch.zeros(100, 100), torch.zeros(100))

    assert Noise(0.5)(empty, generator()).x.std().item() == pytest.approx(
        0.5, rel=0.03
    )


def test_contrast_and_saturation_keep_the_mean_and_brightness_adds(pictures):
    kept = ColorJitter(brightness=0, contrast=0.5, saturation=0.5)(
        pictures, generator()
    ).x
    lit = ColorJitter(brightness=0.5, contrast=0, saturation=0)(
        pictures, generator()
    ).x

    mean = pictures.x.mean((1, 2, 3))
    assert torch.allclose(kept.mean((1, 2, 3)), mean, atol=1e-5)
    added = lit - pictures.x
    assert torch.allclose(
        added, added.mean((1, 2, 3), keepdim=True).expand_as(added), atol=1e-5
    )
    assert added.abs().max() <= 0.5 + 1e-5


def test_the_erased_area_is_in_range():
    ones = Split(torch.ones(500, 1, 64, 64), torch.zeros(500))

    erased = 1 - Erase(probability=1.0)(ones, generator()).x.mean((1, 2, 3))

    # a side is rounded by half a place, of 64 at most and 64 * sqrt(0.02 * 0.3) at least
    assert erased.min() >= 0.02 - 0.01
    assert erased.max() <= 0.33 + 0.02
    assert erased.mean().item() == pytest.approx((0.02 + 0.33) / 2, abs=0.02)


def test_mixed_labels_sum_to_one_and_are_weighed_as_inputs_are(pictures):
    one_hot = nn.functional.one_hot(pictures.y, 5).float()
    lines = Split(
        one_hot, pictures.y, pictures.metadata
    )  # inputs that are their labels

    mixed = Mixup(1.0)(lines, generator())

    assert torch.allclose(mixed.y.sum(1), torch.ones(64))
    assert torch.allclose(mixed.x, mixed.y)
    assert mixed.y.max(1).values.min() < 1


def test_the_weight_is_from_a_beta_distribution(pictures):
    """Beta(a, a) has the mean 1/2 and the variance 1 / (4 (2 a + 1))."""
    source = generator()
    weights = torch.stack(
        [drawn_weight(pictures, 0.2, source) for _ in range(4000)]
    ).double()

    assert weights.mean().item() == pytest.approx(0.5, abs=0.03)
    assert weights.var().item() == pytest.approx(1 / (4 * 1.4), rel=0.05)


@pytest.mark.parametrize("seed", range(8))
def test_the_label_of_a_cut_is_one_less_the_pasted_area(seed):
    """Pictures of one class are all 0 and of the other all 1: what is seen is what is
    said.
    """
    y = torch.arange(64) % 2
    x = y.float()[:, None, None, None].expand(64, 1, 16, 10)

    cut = CutMix()(Split(x, y, {"classes": 2}), generator(seed))

    assert torch.allclose(cut.y.sum(1), torch.ones(64))
    assert torch.allclose(cut.x.mean((1, 2, 3)), cut.y[:, 1], atol=1e-6)


def test_numbers_are_mixed_as_they_are():
    x = torch.randn(32, 4, generator=generator())

    mixed = Mixup()(Split(x, x.sum(1)), generator())

    assert torch.allclose(mixed.x.sum(1), mixed.y, atol=1e-5)


def test_mixing_labels_needs_the_number_of_classes(pictures):
    with pytest.raises(UserError, match="number of classes"):
        Mixup()(replace(pictures, metadata={}), generator())


def test_a_librarys_transform_is_called_once_a_batch_or_once_an_example(
    pictures,
):
    calls = []

    def flipped(x: Tensor) -> Tensor:
        calls.append(x.ndim)
        return x.flip(-1)

    whole = Transform(flipped)(pictures, generator())
    apart = Transform(flipped, by_example=True)(pictures, generator())

    assert torch.equal(whole.x, pictures.x.flip(-1))
    assert torch.equal(apart.x, whole.x)
    assert calls == [4] + [3] * 64
    with pytest.raises(UserError, match="made 3 examples of 64"):
        Transform(lambda x: x[:3])(pictures, generator())
    with pytest.raises(UserError, match="returns a tensor"):
        Transform(lambda x: x.numpy())(pictures, generator())


# ----------------------------------------------------------------------- as part of an arm


def trained(procedure: Classification) -> TrainingLoop:
    torch.manual_seed(0)
    splits = picture_splits()
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    recipe = Recipe(steps=5, batch_size=16, evaluations=2)
    loop = TrainingLoop(
        procedure,
        model,
        splits.train,
        splits.validation,
        recipe,
        {"lr": 0.1},
        SEEDS,
    )
    for _ in loop:
        pass
    return loop


def test_training_sees_changes_in_order_and_evaluations_none():
    seen = []

    def note(batch: Split, generator: torch.Generator) -> Split:
        seen.append(batch.x.mean().item())
        return batch

    def zeros(batch: Split, generator: torch.Generator) -> Split:
        return replace(batch, x=torch.zeros_like(batch.x))

    plain = trained(Classification())
    changed = trained(Classification(augment=(zeros, note)))

    assert seen == [0.0] * 5
    assert changed.curve[0].values == plain.curve[0].values
    assert changed.curve[-1].values != plain.curve[-1].values


@pytest.mark.parametrize(
    "augment", [Mixup(), CutMix(), (Flip(), Shift(1), Mixup())]
)
def test_soft_targets_train_by_any_loss_of_classes(augment):
    for loss in (
        "cross_entropy",
        "label_smoothing",
        "focal",
        "mse_softmax",
        "mse_logits",
    ):
        loop = trained(Classification(loss=loss, augment=augment))
        assert loop.losses.isfinite().all()


def test_a_batch_is_shared_only_where_each_example_is_by_itself():
    model, shared = nn.Linear(3, 2), Recipe(steps=1, world_size=2)

    check_data_parallel(
        Classification(augment=(Flip(), Noise())), model, shared
    )
    for mixing in (Mixup(), CutMix(), lambda batch, generator: batch):
        with pytest.raises(UserError, match="mean over its examples"):
            check_data_parallel(
                Classification(augment=(Flip(), mixing)), model, shared
            )


def test_what_is_no_augmentation_is_refused():
    with pytest.raises(UserError, match=r"as in Flip\(\)"):
        Classification(augment=Flip)
    with pytest.raises(UserError, match="no augmentation"):
        Regression(augment=("flip",))
    with pytest.raises(UserError, match="probability"):
        Flip(probability=2)
    with pytest.raises(UserError, match="area"):
        Erase(area=(0.5, 0.1))
    with pytest.raises(UserError, match="it is for pictures"):
        Rotate()(Split(torch.zeros(3, 4), torch.zeros(3)), generator())

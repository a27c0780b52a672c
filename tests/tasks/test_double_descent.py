"""Least squares on random features against NumPy, and labels that are wrong on purpose."""

import numpy as np
import pytest
import torch

from tasks import Shape, Split
from tasks.double_descent import BEST_SMALL, TASK, with_noise
from tasks.procedures.random_features import LeastSquares, RandomFeatures

SHAPE = Shape((6,), 3)


def drawn(examples: int = 20) -> Split:
    generator = torch.Generator().manual_seed(0)
    return Split(
        torch.randn(examples, 6, generator=generator),
        torch.arange(examples) % 3,
    )


def fitted(features: int, split: Split) -> RandomFeatures:
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        model = LeastSquares().fit(
            SHAPE, {"features": features}, split, generator
        )
    assert isinstance(model, RandomFeatures)
    return model


@pytest.mark.parametrize("features", [5, 20, 60])
def test_weights_are_numpys_smallest_least_squares(features):
    split = drawn()
    model = fitted(features, split)
    units = model.units(split.x).double().numpy()

    theirs = np.linalg.lstsq(units, np.eye(3)[split.y], rcond=1e-10)[0]

    assert np.allclose(model.out.weight.detach().numpy().T, theirs, atol=1e-4)


def test_more_features_than_examples_fit_all_of_them():
    split = drawn()

    with torch.no_grad():
        outputs = fitted(60, split)(split.x)

    assert outputs.numpy() == pytest.approx(np.eye(3)[split.y], abs=1e-4)


def test_noise_changes_that_share_of_labels_and_each_to_another_one():
    split = Split(torch.zeros(200, 2), torch.arange(200) % 10)

    noisy = with_noise(split, 0.15, seed=3)

    assert int((noisy.y != split.y).sum()) == 30
    assert set(noisy.y.tolist()) <= set(range(10))
    assert torch.equal(noisy.y, with_noise(split, 0.15, seed=3).y)
    assert torch.equal(with_noise(split, 0.0, seed=3).y, split.y)


def test_one_arm_has_as_many_features_as_examples_and_the_small_one_is_tuned_below():
    features = [arm.params["features"] for arm in TASK.arms if arm.params]

    assert 500 in features
    assert TASK.space_of(BEST_SMALL)["features"].high < 500
    assert len(TASK.load_data(TASK.levels[1], 0).train) == 500

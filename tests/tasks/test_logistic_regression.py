"""Our gradient descent against scikit-learn's Newton method: the same optimum,
coefficient by coefficient.
"""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression as Peer

from suite.training.loop import TrainingLoop, fit_once
from suite.training.rng import make_generator
from tasks import Recipe, Split, Splits
from tasks.data import breast_cancer
from tasks.logistic_regression import TASK
from tasks.models.logistic import LogisticRegression, l2_penalty
from tasks.procedures.fit_once import ScikitLogisticRegression
from tasks.procedures.metrics import decide
from tasks.procedures.supervised import Classification

SEEDS = {"order": 0, "dropout": 0, "evaluation": 0, "initialisation": 0}


@pytest.fixture(scope="module")
def splits() -> Splits:
    return breast_cancer.load(0)


def optimum(train: Split, l2: float) -> tuple[np.ndarray, float]:
    """Coefficients and intercept that minimise the mean log loss + l2/2 |w|², by
    scikit-learn.
    """
    peer = Peer(
        C=1 / (l2 * len(train)), solver="newton-cholesky", tol=1e-12, max_iter=1000
    )
    peer.fit(train.x.double().numpy(), train.y.numpy())
    return peer.coef_[0], peer.intercept_[0]


def test_gradient_descent_reaches_the_optimum(splits):
    l2 = 1 / len(splits.train)  # C = 1
    procedure = Classification(penalty=l2_penalty)
    recipe = Recipe(
        steps=1500,
        batch_size=0,
        optimizer="sgd",
        nesterov=True,
        schedule="constant",
        restore_best=False,
    )
    model = LogisticRegression(splits.shape, l2)
    for _ in TrainingLoop(
        procedure, model, splits.train, splits.validation, recipe, {"lr": 0.2}, SEEDS
    ):
        pass

    weights, intercept = optimum(splits.train, l2)
    assert model.linear.weight.detach().numpy()[0] == pytest.approx(weights, abs=1e-3)
    assert model.linear.bias.item() == pytest.approx(intercept, abs=1e-3)


@pytest.mark.parametrize("l2", [1e-4, 3e-3, 0.1])
def test_the_reference_arm_is_scikit_learns_optimum_behind_our_module(splits, l2):
    model, progress = fit_once(
        ScikitLogisticRegression(), splits, splits.shape, {"l2": l2}, SEEDS
    )

    weights, intercept = optimum(splits.train, l2)
    assert isinstance(model, LogisticRegression)
    assert model.linear.weight.detach().numpy()[0] == pytest.approx(weights, abs=1e-4)
    assert model.linear.bias.item() == pytest.approx(intercept, abs=1e-4)
    answers = decide(model(splits.validation.x))
    assert (
        progress.values["validation.accuracy"]
        == (answers == splits.validation.y).double().mean().item()
    )


def test_at_the_optimum_our_objective_is_flat(splits):
    model, _ = fit_once(
        ScikitLogisticRegression(), splits, splits.shape, {"l2": 3e-3}, SEEDS
    )

    (phase,) = Classification(penalty=l2_penalty).phases(model)
    phase.loss(model, splits.train, make_generator(0)).backward()

    assert all(
        p.grad is not None and p.grad.abs().max() < 1e-5 for p in model.parameters()
    )


def test_the_reference_arm_handles_more_than_two_classes():
    rng = make_generator(0)
    train = Split(torch.randn(90, 4, generator=rng), torch.arange(90) % 3)

    model = ScikitLogisticRegression().fit(
        Splits(train, train, train).shape, {"l2": 0.01}, train, rng
    )

    assert model(train.x).shape == (90, 3)


def test_a_tie_is_class_0():
    assert decide(torch.tensor([-1e-30, 0.0, 1e-30])).tolist() == [
        0,
        0,
        1,
    ]  # sigmoid > 0.5 exactly where z > 0


def test_without_a_penalty_separable_data_stretch_the_weights_forever_along_one_direction():
    """Soudry et al. (2018): the direction tends to the widest margin, here along (1,
    1), while the norm grows.
    """
    train = Split(
        torch.tensor([[1.0, 1.0], [-1.0, -1.0], [3.0, 1.0], [-3.0, -1.0]]),
        torch.tensor([1, 0, 1, 0]),
    )
    norms, slopes = [], []
    for steps in (30, 300, 3000):
        model = LogisticRegression(Splits(train, train, train).shape)
        recipe = Recipe(
            steps=steps,
            batch_size=0,
            optimizer="sgd",
            momentum=0.0,
            schedule="constant",
            evaluations=1,
        )
        for _ in TrainingLoop(
            Classification(), model, train, train, recipe, {"lr": 1.0}, SEEDS
        ):
            pass
        weights = model.linear.weight.detach()[0]
        norms.append(weights.norm().item())
        slopes.append((weights[1] / weights[0]).item())

    assert norms == sorted(norms)
    assert (
        norms[2] > norms[1] + 1
    )  # log-like growth: a factor of ten in steps adds log(10) / margin
    assert slopes == sorted(slopes)
    assert slopes[2] > 0.7


def test_equal_penalties_are_tuned_in_equal_ranges():
    ours, theirs = (
        TASK.space_of(TASK.arm("gd_l2")),
        TASK.space_of(TASK.arm("scikit_learn")),
    )

    assert set(ours) == {"lr", "l2"}
    assert dict(theirs) == {"l2": ours["l2"]}

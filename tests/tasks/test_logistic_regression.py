"""Our gradient descent and our Newton's method against scikit-learn's: the same
optimum, coefficient by coefficient.
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
from tasks.procedures.decisions import cost, cost_saved
from tasks.procedures.fit_once import (
    NewtonLogisticRegression,
    ScikitLogisticRegression,
    newton,
)
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
        C=1 / (l2 * len(train)),
        solver="newton-cholesky",
        tol=1e-12,
        max_iter=1000,
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
        procedure,
        model,
        splits.train,
        splits.validation,
        recipe,
        {"lr": 0.2},
        SEEDS,
    ):
        pass

    weights, intercept = optimum(splits.train, l2)
    assert model.linear.weight.detach().numpy()[0] == pytest.approx(
        weights, abs=1e-3
    )
    assert model.linear.bias.item() == pytest.approx(intercept, abs=1e-3)


@pytest.mark.parametrize("l2", [1e-4, 3e-3, 0.1])
def test_the_reference_arm_is_scikit_learns_optimum_behind_our_module(
    splits, l2
):
    model, progress = fit_once(
        ScikitLogisticRegression(), splits, splits.shape, {"l2": l2}, SEEDS
    )

    weights, intercept = optimum(splits.train, l2)
    assert isinstance(model, LogisticRegression)
    assert model.linear.weight.detach().numpy()[0] == pytest.approx(
        weights, abs=1e-4
    )
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
        p.grad is not None and p.grad.abs().max() < 1e-5
        for p in model.parameters()
    )


def several_classes() -> Split:
    return Split(
        torch.randn(90, 4, generator=make_generator(0)), torch.arange(90) % 3
    )


@pytest.mark.parametrize(
    "procedure", [ScikitLogisticRegression(), NewtonLogisticRegression()]
)
def test_a_fit_in_one_call_handles_more_than_two_classes(procedure):
    train = several_classes()

    model = procedure.fit(
        Splits(train, train, train).shape,
        {"l2": 0.01},
        train,
        make_generator(0),
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


def test_the_arms_that_must_be_equal_have_equal_penalties():
    ours, theirs = (
        TASK.default_params(TASK.arm(name)) for name in ("gd", "scikit_learn")
    )

    assert ours["l2"] == theirs["l2"]
    assert not TASK.space_of(TASK.arm("gd"))
    assert not TASK.space_of(TASK.arm("scikit_learn"))


def test_the_tasks_own_gradient_descent_comes_within_a_tenth_of_the_margin(
    splits,
):
    arm, level = TASK.arm("gd"), TASK.level("breast_cancer")
    params = TASK.default_params(arm)
    model = LogisticRegression(splits.shape, params["l2"])
    loop = TrainingLoop(
        TASK.procedure_of(arm),
        model,
        splits.train,
        splits.validation,
        TASK.recipe_of(level, arm),
        params,
        SEEDS,
    )
    ours = list(loop)[-1].values["validation.loss"]
    _, theirs = fit_once(
        ScikitLogisticRegression(), splits, splits.shape, params, SEEDS
    )

    claim = next(
        c for c in TASK.claims if c.name == "ours_equals_scikit_learn"
    )
    assert abs(ours - theirs.values["validation.loss"]) < claim.margin / 10


@pytest.mark.parametrize("l2", [1e-4, 3e-3, 0.1])
def test_newtons_method_finds_scikit_learns_optimum(splits, l2):
    weights, intercept = optimum(splits.train, l2)
    found = newton(splits.train, 1, l2)[0].numpy()

    assert found[:-1] == pytest.approx(weights, abs=1e-6)
    assert found[-1] == pytest.approx(intercept, abs=1e-6)


def test_newtons_method_finds_the_optimum_of_several_classes():
    train = several_classes()
    peer = Peer(
        C=1 / (0.01 * 90), solver="newton-cholesky", tol=1e-12, max_iter=1000
    )
    peer.fit(train.x.double().numpy(), train.y.numpy())

    found = newton(train, 3, 0.01).numpy()

    assert found[:, :-1] == pytest.approx(peer.coef_, abs=1e-6)
    # one number may be added to all intercepts: what is determined is their differences
    intercepts = found[:, -1] - found[:, -1].mean()
    assert intercepts == pytest.approx(
        peer.intercept_ - peer.intercept_.mean(), abs=1e-6
    )


def test_newtons_method_goes_all_the_way_where_classes_can_be_separated():
    """The log loss has no minimum then: it and its gradient tend to 0."""
    train = Split(
        torch.tensor([[-2.0], [-1.0], [1.0], [2.0]]),
        torch.tensor([0, 0, 1, 1]),
    )

    (slope, intercept), *_ = newton(train, 1, 0.0)

    # at +-1 the gradient is half of sigmoid(-slope), and it ends below 1e-8
    assert slope > 17
    assert intercept == pytest.approx(0, abs=1e-6)


def test_costs_of_thresholds_are_counted_by_hand():
    logits, labels = (
        torch.tensor([-3.0, -1.0, 2.0, 1.0]),
        torch.tensor([0, 1, 0, 1]),
    )

    # at one half: one miss and one false alarm among four; at 1 / 11, where the logit
    # is -2.3, the miss becomes an alarm
    assert cost(logits, labels, 0.5) == pytest.approx((10 + 1) / 4)
    assert cost(logits, labels, 1 / 11) == pytest.approx(1 / 4)
    assert cost_saved(logits, labels) == pytest.approx(10 / 4)
    assert cost_saved(torch.zeros(4, 3), labels) == 0.0


def test_no_threshold_is_cheaper_than_bayes_where_probabilities_are_true():
    """Elkan (2001): the optimum is at 1 / (1 + cost of a miss)."""
    generator = make_generator(0)
    logits = 2 * torch.randn(200_000, generator=generator)
    labels = (
        torch.rand(200_000, generator=generator) < logits.sigmoid()
    ).long()

    costs = {
        t: cost(logits, labels, t)
        for t in (0.03, 0.06, 1 / 11, 0.15, 0.3, 0.5)
    }

    assert min(costs, key=costs.__getitem__) == 1 / 11

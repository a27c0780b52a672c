"""Estimators of a library: their own answers, hyperparameters by name, no build."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.svm import SVC

from suite.training.instantiate import build_model
from suite.training.loop import fit_once
from tasks import (
    Arm,
    Float,
    Int,
    Level,
    Recipe,
    Space,
    Split,
    Splits,
    Task,
    UserError,
)
from tasks.procedures.library import Library
from tasks.procedures.supervised import Classification

SEEDS = {"initialisation": 0, "evaluation": 0}


def splits(classes: int = 3, examples: int = 120) -> Splits:
    generator = torch.Generator().manual_seed(0)

    def draw() -> Split:
        x = torch.randn(examples, 4, generator=generator)
        y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
        return Split(x, y.clamp(max=classes - 1))

    return Splits(draw(), draw(), draw(), classes=classes)


def fitted(
    procedure: Library, data: Splits, params: dict[str, Any] | None = None
) -> Any:
    return fit_once(procedure, data, data.shape, params or {}, SEEDS)


@pytest.mark.parametrize("classes", [2, 3])
def test_answers_are_the_estimators_own(classes):
    data = splits(classes)
    model, found = fitted(Library(LogisticRegression), data)
    x, y = data.validation.x.numpy(), data.validation.y.numpy()
    peer = LogisticRegression().fit(data.train.x.numpy(), data.train.y.numpy())

    assert found.values["validation.accuracy"] == accuracy_score(
        y, peer.predict(x)
    )
    assert found.values["validation.loss"] == pytest.approx(
        log_loss(y, peer.predict_proba(x)), rel=1e-5
    )
    assert model(data.validation.x).shape == (120, classes)


def test_a_regressor_answers_with_numbers():
    data = splits()
    data = Splits(
        *(Split(s.x, s.x.sum(1) + s.y) for s in (data.train, data.validation)),
        data.train,
    )
    procedure = Library(Ridge)
    _, found = fitted(procedure, data)
    peer = Ridge().fit(data.train.x.numpy(), data.train.y.numpy())

    assert [measure.name for measure in procedure.measures] == [
        "mse",
        "mae",
        "r2",
    ]
    assert found.values["validation.r2"] == pytest.approx(
        r2_score(
            data.validation.y.numpy(), peer.predict(data.validation.x.numpy())
        ),
        rel=1e-4,
    )


def test_without_probabilities_it_is_judged_by_what_it_decides_by():
    data = splits(2)
    _, found = fitted(Library(SVC, measures=("accuracy", "roc_auc")), data)
    peer = SVC().fit(data.train.x.numpy(), data.train.y.numpy())

    right = peer.score(data.validation.x.numpy(), data.validation.y.numpy())
    assert found.values["validation.accuracy"] == pytest.approx(right)


def test_hyperparameters_reach_the_constructor_by_name():
    model, _ = fitted(
        Library(HistGradientBoostingClassifier, {"max_iter": 7}),
        splits(),
        {"learning_rate": 0.3, "max_depth": 2},
    )

    assert model.estimator.get_params()["max_iter"] == 7
    assert model.estimator.get_params()["learning_rate"] == 0.3
    assert model.estimator.get_params()["max_depth"] == 2


def test_randomness_comes_from_the_runs_own_stream():
    procedure, data = (
        Library(RandomForestClassifier, {"n_estimators": 5}),
        splits(),
    )
    one, two = (
        fit_once(
            procedure, data, data.shape, {}, {**SEEDS, "initialisation": seed}
        )[0](data.train.x)
        for seed in (1, 2)
    )

    assert torch.equal(
        one,
        fit_once(
            procedure, data, data.shape, {}, {**SEEDS, "initialisation": 1}
        )[0](data.train.x),
    )
    assert not torch.equal(one, two)


def test_a_class_that_training_lacks_is_nearly_impossible_but_finite():
    data = splits()
    few = Split(data.train.x, data.train.y.clamp(max=1))
    model, found = fitted(
        Library(DummyClassifier),
        Splits(few, data.validation, data.train, classes=3),
    )

    assert np.isfinite(list(found.values.values())).all()
    assert model(data.validation.x).argmax(1).max() <= 1


def task(**changes: Any) -> Task:
    usual = {
        "name": "trees",
        "procedure": Library(HistGradientBoostingClassifier),
    }
    given: dict[str, Any] = {**usual, **changes}
    arm = Arm(**given)
    return Task(
        question="?",
        load_data=lambda level, seed: splits(),
        arms=(arm,),
        procedure=Classification(),
        recipe=Recipe(steps=1),
        space=Space(lr=Float(0.1, 1.0)),
        claims=(),
    )


def test_an_arm_that_a_library_fits_needs_no_build():
    found = task(
        without=("lr",),
        space=Space(learning_rate=Float(0.01, 1.0), max_depth=Int(1, 4)),
    )

    model = build_model(found.arms[0], Level("all"), splits(), {}, 0)
    assert not list(model.parameters())


def test_a_hyperparameter_that_the_estimator_lacks_is_refused_where_the_task_is_made():
    with pytest.raises(
        UserError, match=r"no parameter 'lr'.*without=\('lr',\)"
    ):
        task()
    with pytest.raises(UserError, match="did you mean 'learning_rate'"):
        task(without=("lr",), space=Space(learning_rat=Float(0.1, 1.0)))
    with pytest.raises(UserError, match="did you mean 'max_iter'"):
        Library(HistGradientBoostingClassifier, {"max_itr": 5})
    with pytest.raises(UserError, match="give build"):
        task(procedure=Classification())
    with pytest.raises(UserError, match="estimator"):
        Library("forest")

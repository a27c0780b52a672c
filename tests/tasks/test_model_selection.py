"""Choosing by scores: simulations against exact probabilities and a peer."""

import itertools
import math

import numpy as np
import pytest
from numpy.polynomial.legendre import legvander
from scipy.stats import binom, norm
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_score

from tasks import Level
from tasks.cross_validation import DEGREES, RIDGE, held_out_errors
from tasks.generalization_bound import (
    CENTRE,
    EPSILON,
    TRAINING_SETS,
    bound,
    share_of_bad,
    true_error,
)
from tasks.model_selection import TASK, competition, exact, simulated


def test_the_expected_maximum_is_that_of_all_outcomes():
    examples, models = 3, 2
    outcomes = itertools.product(range(examples + 1), repeat=models)
    expected = sum(
        max(counts) * math.prod(binom.pmf(counts, examples, 0.5))
        for counts in outcomes
    )

    found = exact(competition(models, examples), {}, 0)["optimism"]

    assert found == pytest.approx(expected / examples - 0.5)


def test_one_model_has_nothing_to_be_chosen_from():
    level = competition(1, 100)

    assert exact(level, {}, 0)["optimism"] == pytest.approx(0)
    assert simulated(True, level, {}, 5) == simulated(False, level, {}, 5)


@pytest.mark.parametrize(
    "level", TASK.levels[:2], ids=lambda level: level.name
)
def test_the_simulated_best_is_as_optimistic_as_the_exact_one(level):
    # a block's standard error is below 0.002
    found = simulated(True, level, {}, 0)["optimism"]

    assert found == pytest.approx(exact(level, {}, 0)["optimism"], abs=0.008)


@pytest.mark.parametrize(
    ("examples", "lecture"),
    [(100, 2707), (500, 0.91), (1000, 0.00004), (610.3, 0.1)],
)
def test_the_bound_is_that_of_the_lecture(examples, lecture):
    found = bound(Level("n", {"examples": examples}), {}, 0).values["bad"]

    assert found == pytest.approx(lecture, rel=0.04)


def test_the_best_threshold_is_halfway_between_the_kinds():
    thresholds = np.linspace(-4, 4, 801)
    errors = true_error(thresholds)

    assert thresholds[errors.argmin()] == pytest.approx(0, abs=1e-9)
    assert errors.min() == pytest.approx(norm.sf(CENTRE))
    assert errors[[0, -1]] == pytest.approx(0.5, abs=1e-3)


def test_a_single_threshold_is_bad_as_often_as_a_binomial_number_is_far_off():
    threshold, examples, sets = np.array([1.5]), 50, 4000
    error = true_error(threshold)[0]
    counts = np.arange(examples + 1)
    far = np.abs(counts / examples - error) > EPSILON
    expected = binom.pmf(counts, examples, error)[far].sum()

    found = share_of_bad(threshold, examples, sets, np.random.default_rng(0))

    sd = math.sqrt(expected * (1 - expected) / sets)
    assert found == pytest.approx(expected, abs=4 * sd)


@pytest.mark.parametrize("folds", [3, 10])
def test_held_out_errors_are_scikit_learns(folds):
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-1, 1, 30), rng.normal(size=30)
    # their folds are of neighbours, ours of every third or tenth example
    order = np.argsort(np.arange(30) % folds, kind="stable")

    found = held_out_errors(legvander(x, max(DEGREES)), y, folds, folds)

    for degree in (0, 4, 10):
        theirs = -cross_val_score(
            Ridge(alpha=RIDGE, fit_intercept=False),
            legvander(x[order], degree),
            y[order],
            cv=KFold(folds),
            scoring="neg_mean_squared_error",
        )
        assert found[degree] == pytest.approx(theirs.mean())


def test_the_bound_is_drawn_over_examples_and_never_below_what_can_be_simulated():
    (picture,) = bound(Level("n", {"examples": 100}), {}, 0).pictures()
    (curve,) = picture.curves
    drawn = dict(zip(curve.x, curve.y, strict=True))

    assert drawn[100] == pytest.approx(2706.7, rel=1e-4)
    assert min(curve.y) == 1 / TRAINING_SETS

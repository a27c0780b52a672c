"""Momentum on quadratics against theory, and over bumps."""

import math

import numpy as np
import pytest

import tasks
from tasks.contract.picture import outcome_of
from tasks.momentum import GOAL, PLACE, bump, heavy_ball, valley

TASK = tasks.get("momentum")
CONDITIONS = ["kappa_10", "kappa_100", "kappa_1000"]


def updates_of(arm: str, level: str, seed: int = 0) -> float:
    measure = TASK.arm(arm).measure
    assert measure is not None
    return outcome_of(measure(TASK.level(level), {}, seed)).values["updates"]


@pytest.mark.parametrize("level", CONDITIONS)
def test_plain_descent_shrinks_the_error_as_fast_as_theory_allows(level):
    condition = TASK.level(level)["condition"]
    shrinks = (condition - 1) / (condition + 1)

    most = math.log(GOAL) / math.log(shrinks)

    assert 0.7 * most < updates_of("plain", level) <= math.ceil(most)


@pytest.mark.parametrize("level", CONDITIONS)
def test_momentum_needs_about_the_root_of_the_condition_number_fewer(level):
    root = math.sqrt(TASK.level(level)["condition"])
    shrinks = (root - 1) / (root + 1)
    least = math.log(GOAL) / math.log(shrinks)

    # at the best momentum the error is of the order of t times the power
    assert least < updates_of("momentum", level) < 1.6 * least
    gain = updates_of("plain", level) / updates_of("momentum", level)
    assert 0.5 * root < gain < root


def test_the_heavy_ball_takes_the_updates_of_its_closed_form():
    """In one dimension, without momentum, the error is (1 - ηλ)ᵗ."""
    start = np.array([3.0])

    found = heavy_ball(
        lambda u: 0.5 * u, start, rate=0.2, momentum=0.0, most=1000
    )

    np.testing.assert_allclose(found, 0.9 ** np.arange(len(found)))
    assert len(found) - 1 == math.ceil(math.log(GOAL) / math.log(0.9))


def test_a_ball_that_does_not_arrive_counts_one_update_more_than_it_had():
    level = TASK.level("high_bump")

    assert updates_of("plain", "high_bump") == level["updates"] + 1


@pytest.mark.parametrize("level", ["low_bump", "high_bump"])
def test_the_way_down_ends_in_a_minimum_before_the_top_of_the_bump(level):
    gradient, start, *_ = bump(
        False, TASK.level(level), np.random.default_rng(0)
    )
    slopes = [
        gradient(np.array([u]))[0] for u in np.linspace(PLACE, start[0], 400)
    ]

    changes = np.flatnonzero(np.diff(np.sign(slopes)))

    top, minimum = changes
    assert max(slopes[top + 1 : minimum]) < 0
    assert min(slopes[minimum + 1 :]) > 0


def test_both_arms_begin_at_the_same_place_of_the_same_surface():
    for make, level in ((valley, "kappa_10"), (bump, "low_bump")):
        plain, momentum = (
            make(has_momentum, TASK.level(level), np.random.default_rng(4))
            for has_momentum in (False, True)
        )
        point = np.ones_like(plain[1])
        np.testing.assert_array_equal(plain[1], momentum[1])
        np.testing.assert_array_equal(plain[0](point), momentum[0](point))

"""Gradient descent: closed forms, torch's own optimisers, the lecture's numbers."""

import numpy as np
import pytest
import torch

import tasks
from tasks.contract.picture import outcome_of
from tasks.models.surfaces import (
    LECTURE_X,
    LECTURE_Y,
    Surface,
    random_quadratic,
    straight_line,
    two_valleys,
)
from tasks.procedures.descent import adagrad, closed_form, gradient_descent

SURFACES = {
    "quadratic": random_quadratic(50.0, 4, np.random.default_rng(0)),
    "line": straight_line(LECTURE_X, LECTURE_Y),
    "valleys": two_valleys(),
}
LINE = SURFACES["line"]


@pytest.fixture(params=SURFACES)
def surface(request):
    return SURFACES[request.param]


def around(surface: Surface, starts: int = 3):
    rng = np.random.default_rng(1)
    return surface.minimum + rng.normal(size=(starts, len(surface.minimum)))


def test_gradients_and_hessians_are_those_of_the_loss(surface):
    points, step = around(surface), 1e-4
    steps = step * np.eye(len(surface.minimum))
    rise = [surface.loss(points + d) - surface.loss(points - d) for d in steps]
    here = surface.minimum
    turn = [
        (
            surface.gradient((here + d)[None])
            - surface.gradient((here - d)[None])
        )[0]
        for d in steps
    ]

    gradient = surface.gradient(points)
    size = np.abs(gradient).max()
    np.testing.assert_allclose(
        np.transpose(rise) / (2 * step), gradient, atol=1e-5 * size
    )
    np.testing.assert_allclose(
        np.array(turn) / (2 * step), surface.hessian, rtol=1e-5, atol=1e-5
    )


def test_nothing_lies_below_the_minimum(surface):
    least = surface.loss(surface.minimum[None])

    assert np.abs(surface.gradient(surface.minimum[None])).max() < 1e-6 * size(
        surface
    )
    assert (surface.loss(around(surface, 500)) >= least).all()


def size(surface):
    return np.abs(surface.gradient(around(surface))).max()


def test_the_condition_number_is_that_asked_for():
    eigenvalues = np.linalg.eigvalsh(
        random_quadratic(1000.0, 20, rng()).hessian
    )

    assert eigenvalues[-1] / eigenvalues[0] == pytest.approx(1000)
    assert eigenvalues[-1] == pytest.approx(1)


def rng():
    return np.random.default_rng(0)


def test_the_lectures_regression_is_the_one_that_least_squares_solve():
    slope, intercept = np.polyfit(LECTURE_X, LECTURE_Y, 1)
    eigenvalues = np.linalg.eigvalsh(LINE.hessian)

    np.testing.assert_allclose(LINE.minimum, [intercept, slope])
    residual = LECTURE_Y - intercept - slope * LECTURE_X
    assert LINE.loss(LINE.minimum[None])[0] == pytest.approx(
        residual @ residual
    )
    # the Hessian [[2n, 2 sum x], [2 sum x, 2 sum x^2]] from trace and determinant
    trace = 2 * (10 + LECTURE_X @ LECTURE_X)
    determinant = 4 * (10 * LECTURE_X @ LECTURE_X - LECTURE_X.sum() ** 2)
    assert eigenvalues.sum() == pytest.approx(trace)
    assert eigenvalues.prod() == pytest.approx(determinant)
    assert LINE.critical_rate == pytest.approx(2 / eigenvalues[1])


@pytest.mark.parametrize("name", ["quadratic", "line"])
@pytest.mark.parametrize("share", [0.5, 0.99, 1.01])
def test_every_point_of_a_path_is_the_closed_form(name, share):
    surface = SURFACES[name]
    starts = around(surface)
    path = gradient_descent(share, surface, starts, 300)

    assert len(path) == 301
    for updates in (1, 17, 300):
        _, end = closed_form(share, surface, starts, updates)
        away, expected = path[updates] - surface.minimum, end - surface.minimum
        np.testing.assert_allclose(
            away, expected, atol=1e-8 * np.abs(expected).max()
        )


def test_a_diverging_path_ends_before_numbers_do():
    path = gradient_descent(1.5, LINE, around(LINE), 10_000)

    assert len(path) < 100
    assert np.isfinite(path).all()


@pytest.mark.parametrize("name", ["gradient_descent", "adagrad"])
def test_paths_are_those_of_torch(name):
    surface, starts = SURFACES["valleys"], around(SURFACES["valleys"])
    points = torch.tensor(starts, requires_grad=True)
    if name == "adagrad":
        path = adagrad(0.1, surface, starts, 20)
        optimizer: torch.optim.Optimizer = torch.optim.Adagrad(
            [points], lr=0.1
        )
    else:
        path = gradient_descent(0.5, surface, starts, 20)
        optimizer = torch.optim.SGD([points], lr=0.5 * surface.critical_rate)
    for place in path:
        np.testing.assert_allclose(points.detach().numpy(), place, rtol=1e-7)
        optimizer.zero_grad()
        u, v = points.T
        ((u**2 - 1) ** 2 + 0.3 * u + v**2).sum().backward()
        optimizer.step()


def test_what_is_measured_is_what_the_closed_form_says():
    task = tasks.get("gradient_descent")
    level = task.level("kappa_10")
    below, exact = (
        outcome_of(task.arm(name).measure(level, {}, 5)).values
        for name in ("below", "closed_form")
    )

    assert below["log_distance"] == pytest.approx(
        exact["log_distance"], abs=1e-8
    )
    # (1 - 1/κ)^t = 1/1000 for the slowest direction, if a start lies along it
    half = outcome_of(task.arm("half").measure(level, {}, 5)).values
    assert half["updates"] <= np.ceil(np.log(1e-3) / np.log(1 - 1 / 10))

"""Critical points: eigenvalues by hand, finite differences, and torch."""

import math

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import eigsh
from torch import nn

import tasks
from tasks.contract.picture import outcome_of
from tasks.procedures.curvature import (
    CLASSES,
    HIDDEN,
    INPUTS,
    descend,
    digits_network,
    double_well,
    eigen,
    escape,
    product,
    signs,
)


def point(*values):
    return torch.tensor(values, dtype=torch.float64)


def made(seed=0):
    return digits_network(torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("loss", "at", "eigenvalues", "kinds"),
    [
        # L = (1 - w1 w2)^2: H(0, 0) = [[0, -2], [-2, 0]], H(2, 1/2) = [[.5, 2], [2, 8]]
        (product, (0.0, 0.0), (-2.0, 2.0), (1, 0, 1)),
        (product, (2.0, 0.5), (0.0, 8.5), (0, 1, 1)),
        # L = (u^2 - 1)^2 + v^2: H = diag(12 u^2 - 4, 2)
        (double_well, (0.0, 0.0), (-4.0, 2.0), (1, 0, 1)),
        (double_well, (1.0, 0.0), (2.0, 8.0), (0, 0, 2)),
    ],
)
def test_planted_points_have_the_eigenvalues_worked_out_by_hand(
    loss, at, eigenvalues, kinds
):
    values, _ = eigen(loss, point(*at))

    np.testing.assert_allclose(values, eigenvalues, atol=1e-12)
    assert signs(values) == kinds


def test_a_step_from_the_saddle_of_the_lecture_falls_as_worked_out():
    # along (1, 1)/sqrt 2 by e the loss is (1 - e^2/2)^2; promised is 1 - e^2
    saddle, step = point(0.0, 0.0), 1e-2
    values, vectors = eigen(product, saddle)

    gained = 1 - (1 - step**2 / 2) ** 2
    assert escape(product, saddle, values, vectors) == pytest.approx(
        gained / step**2
    )


def test_the_networks_loss_is_that_of_torchs_modules():
    loss, start = made()
    x, y, model = loss.args[0], loss.args[1], nn.Sequential()
    model.append(nn.Linear(INPUTS, HIDDEN, dtype=torch.float64)).append(
        nn.Tanh()
    )
    model.append(nn.Linear(HIDDEN, CLASSES, dtype=torch.float64))
    nn.utils.vector_to_parameters(start, model.parameters())

    assert float(loss(start)) == pytest.approx(
        nn.CrossEntropyLoss()(model(x), y).item()
    )


def test_the_networks_hessian_is_that_of_finite_differences():
    loss, start = made()
    values, vectors = eigen(loss, start)
    direction, step = vectors[:, -1], 1e-4
    ends = loss(start + step * direction) + loss(start - step * direction)
    curvature = float(ends - 2 * loss(start)) / step**2

    assert curvature == pytest.approx(float(values[-1]), rel=1e-4)
    by_jacobians = torch.func.jacrev(torch.func.grad(loss))(start)
    (largest,) = eigsh(by_jacobians.numpy(), k=1, which="LA")[0]
    assert float(values[-1]) == pytest.approx(largest)


def test_shifting_all_logits_is_a_flat_direction_of_each_hidden_unit():
    loss, start = made()
    shifts = torch.zeros(HIDDEN + 1, len(start), dtype=torch.float64)
    head = HIDDEN * INPUTS + HIDDEN
    for unit in range(HIDDEN):
        shifts[unit, head + unit : head + CLASSES * HIDDEN : HIDDEN] = 1
    shifts[HIDDEN, -CLASSES:] = 1

    for shift in shifts:
        assert float(loss(start + shift)) == pytest.approx(float(loss(start)))
    negative, zeros, positive = signs(eigen(loss, start)[0])
    assert zeros == HIDDEN + 1
    assert negative + zeros + positive == len(start) == 124


def test_paths_are_those_of_torchs_momentum():
    loss, start = made()
    ours = descend(loss, start, 0.1, 5)
    theirs = start.clone().requires_grad_()
    optimizer = torch.optim.SGD([theirs], lr=0.1, momentum=0.9)
    for place in ours:
        torch.testing.assert_close(place, theirs.detach())
        optimizer.zero_grad()
        loss(theirs).backward()
        optimizer.step()


def test_gradient_descent_stays_at_a_saddle_and_leaves_it_when_pushed():
    stays = descend(product, point(0.0, 0.0), 0.05, 200)[-1]
    leaves = descend(product, point(0.01, 0.0), 0.05, 600)[-1]

    assert float(product(stays)) == 1
    assert float(product(leaves)) == pytest.approx(0, abs=1e-9)


def test_a_picture_shows_every_eigenvalue_and_what_a_step_finds():
    task = tasks.get("critical_points")
    outcome = outcome_of(
        task.arm("start").measure(task.level("product"), {}, 3)
    )
    shown = {picture.name: picture for picture in outcome.pictures()}

    assert set(shown) == {"spectrum", "escape"}
    assert list(shown["spectrum"].curves[0].y) == pytest.approx(
        [-1, 1], abs=1e-3
    )
    loss, promised = shown["escape"].curves
    middle = len(loss.x) // 2
    assert loss.y[middle] == pytest.approx(0, abs=1e-12)
    assert promised.y[middle // 4] == pytest.approx(0, abs=1e-12)
    assert all(map(math.isfinite, loss.y))

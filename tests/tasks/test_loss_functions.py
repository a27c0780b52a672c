"""Losses at the lecture's outputs, softmax and sigmoid, and saturated starts."""

import math

import numpy as np
import pytest
import torch

import tasks
from tasks import Shape
from tasks.loss_functions import build
from tasks.procedures.loss_surface import GRID, REACH, loss_surface
from tasks.procedures.losses import cross_entropy, mse_softmax
from tasks.procedures.softmax_facts import many_class_gap, two_class_gap

TASK = tasks.get("loss_functions")
WRONG = torch.tensor([[-10.0, 10.0, -1000.0]], dtype=torch.float64)
FIRST = torch.tensor([0])


def gradient_of(loss, outputs=WRONG, target=FIRST):
    outputs = outputs.clone().requires_grad_()
    loss(outputs, target).backward()
    return outputs.grad[0]


def test_where_the_softmax_is_sure_and_wrong_only_the_cross_entropy_has_a_slope():
    """p = σ(-20) for the right class: the cross entropy's slope is p - 1, that of the
    squared error (p - 1)² + (1 - p)² is -4 p (1 - p)².
    """
    p = 1 / (1 + math.exp(20))

    by_cross_entropy = gradient_of(cross_entropy)[0].item()
    by_squares = gradient_of(mse_softmax)[0].item()

    assert by_cross_entropy == pytest.approx(p - 1, rel=1e-12)
    assert by_squares == pytest.approx(-4 * p * (1 - p) ** 2, rel=1e-9)
    assert by_squares == pytest.approx(-8.24e-9, rel=1e-3)


def test_an_output_of_minus_1000_has_no_slope_under_either_loss():
    assert gradient_of(cross_entropy)[2] == 0
    assert gradient_of(mse_softmax)[2] == 0


def test_the_softmax_of_two_outputs_is_the_sigmoid_of_their_difference():
    outputs = 5 * torch.randn(100, 2, dtype=torch.float64)

    assert two_class_gap(outputs, FIRST) < 1e-15


def test_the_softmax_of_three_outputs_is_no_sigmoid_of_each():
    outputs = torch.tensor([[3.0, 1.0, -3.0]])
    softmax = torch.tensor(
        [0.8789, 0.1189, 0.0022]
    )  # as the slide has them, rounded
    sigmoid = torch.tensor([0.9526, 0.7311, 0.0474])

    expected = (softmax - sigmoid).abs().max().item()

    assert many_class_gap(outputs, FIRST) == pytest.approx(expected, abs=1e-4)


def test_the_surface_is_steep_at_the_wrong_answer_for_the_cross_entropy_alone():
    by_cross_entropy, by_squares = (
        np.array(loss_surface(loss).heights.z)
        for loss in (cross_entropy, mse_softmax)
    )

    # rows run along the wrong class's output, columns along the right one's
    corner = by_cross_entropy[-1, :2]
    assert corner == pytest.approx([20, 20 - 2 * REACH / (GRID - 1)], rel=1e-8)
    assert by_squares[-1, :2] == pytest.approx([2, 2], rel=1e-6)
    assert by_squares[0, -1] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("name", ["normal", "scale_10", "scale_30"])
def test_a_start_has_outputs_of_the_size_that_its_level_asks_for(name):
    level = TASK.level(name)
    shape = Shape((40,), 10)
    x = torch.randn(64, 40)
    torch.manual_seed(0)
    scaled = build(shape, level, {})(x)
    torch.manual_seed(0)
    usual = build(
        shape, tasks.Level("usual", {**level.factors, "scale": 1}), {}
    )(x)

    torch.testing.assert_close(scaled, level["scale"] * usual)


def test_a_saturated_start_is_sure_of_its_answers():
    torch.manual_seed(0)
    network = build(Shape((64,), 10), TASK.level("scale_30"), {})

    sure = network(torch.randn(256, 64)).softmax(1).max(1).values

    assert sure.mean() > 0.9

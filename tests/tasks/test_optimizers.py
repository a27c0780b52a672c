"""The notes' update rules against their formulas and torch.optim."""

import math

import pytest
import torch

from tasks.procedures.mean_square import RootMeanSquare

GRADIENTS = torch.randn(30, 5, dtype=torch.float64).unbind()


def walk(optimizer_of, gradients=GRADIENTS, rate_of=lambda t: 0.1):
    """Where a rule gets to from 0 with these gradients, one after the other."""
    point = torch.zeros_like(gradients[0], requires_grad=True)
    optimizer = optimizer_of([point])
    for t, gradient in enumerate(gradients, start=1):
        for group in optimizer.param_groups:
            group["lr"] = rate_of(t)
        point.grad = gradient.clone()
        optimizer.step()
    return point.detach()


def test_the_root_mean_square_follows_the_formula_of_the_notes():
    expected = torch.zeros(5, dtype=torch.float64)
    for t, gradient in enumerate(GRADIENTS, start=1):
        sigma = torch.stack(GRADIENTS[:t]).square().mean(0).sqrt()
        expected -= 0.1 * gradient / sigma

    torch.testing.assert_close(walk(RootMeanSquare), expected)


def test_with_a_rate_that_falls_by_the_root_of_t_it_is_the_adagrad_of_torch():
    falling = walk(RootMeanSquare, rate_of=lambda t: 0.1 / math.sqrt(t))

    torch.testing.assert_close(falling, walk(torch.optim.Adagrad))


def test_its_first_update_is_the_rate_in_the_direction_of_the_gradient():
    first = walk(RootMeanSquare, GRADIENTS[:1])

    torch.testing.assert_close(first, -0.1 * GRADIENTS[0].sign())


def test_it_skips_parameters_without_a_gradient():
    untouched = torch.ones(2, requires_grad=True)
    RootMeanSquare([untouched]).step()

    assert untouched.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("rule", "options", "expected"),
    [
        (torch.optim.RMSprop, {"alpha": 0.9}, 0.01 / math.sqrt(0.1)),
        (torch.optim.Adam, {}, 0.01),
    ],
)
def test_first_updates_are_those_that_theory_gives(rule, options, expected):
    gradient = torch.tensor([4.0, -6.0], dtype=torch.float64)

    first = walk(lambda p: rule(p, **options), [gradient], lambda t: 0.01)

    torch.testing.assert_close(
        first, -expected * gradient.sign(), rtol=1e-6, atol=0
    )

"""Models: parameters by formula, sizes matched, signals that survive depth, and
plausible first answers.
"""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tasks import Shape, UserError
from tasks.models.logistic import LogisticRegression, l2_penalty
from tasks.models.mlp import (
    NORMS,
    ResidualMLP,
    matched_widths,
    mlp,
    parameter_count,
)

CURVES, PICTURES = Shape((40,), 10), Shape((1, 28, 28), 10)


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("norm", ["none", *NORMS])
@pytest.mark.parametrize("widths", [(7,), (5, 6), (9, 8, 7, 6)])
def test_the_formula_counts_what_the_model_has(widths, norm):
    assert parameters(mlp(CURVES, widths, norm=norm)) == parameter_count(
        40, widths, 10, norm
    )


def test_equal_widths_follow_the_closed_form():
    i, w, depth, o = 40, 100, 2, 10

    # 15,210: the MLP of the MNIST-1D paper
    assert (
        parameter_count(i, [w] * depth, o)
        == (i + 1) * w + (depth - 1) * (w * w + w) + (w + 1) * o
        == 15_210
    )


@pytest.mark.parametrize("inputs", [40, 784])
@pytest.mark.parametrize(
    ("wanted", "norm"),
    [
        (15_000, "none"),
        (60_000, "none"),
        (60_000, "batch"),
        (250_000, "layer"),
    ],
)
def test_depths_1_to_8_are_matched_within_one_per_cent(inputs, wanted, norm):
    counts = [
        parameter_count(
            inputs, matched_widths(wanted, depth, inputs, 10, norm), 10, norm
        )
        for depth in range(1, 9)
    ]

    assert max(counts) / min(counts) - 1 <= 0.01
    assert max(abs(count / wanted - 1) for count in counts) <= 0.01


@given(
    st.integers(20_000, 300_000),
    st.integers(3, 8),
    st.sampled_from([30, 40, 64]),
)
def test_matched_layers_are_about_equally_wide(wanted, depth, inputs):
    widths = matched_widths(wanted, depth, inputs, 10)

    assert len(widths) == depth
    assert max(widths) - min(widths) <= 0.05 * max(widths) + 1


def test_a_number_that_no_width_reaches_is_refused_with_one_that_works():
    with pytest.raises(
        UserError,
        match="parameters=2000 cannot be matched within 1% by depth=1 on 784 inputs: try 2395",
    ):
        matched_widths(
            2000, 1, 784, 10
        )  # a unit costs 795 and the outputs' biases 10: 1600 and 2395 are nearest

    assert matched_widths(2395, 1, 784, 10) == (3,)


@pytest.mark.parametrize("widths", [(7,), (8, 8, 8), (9, 8, 8, 9)])
def test_residual_connections_cost_no_parameters(widths):
    assert parameters(ResidualMLP(CURVES, widths)) == parameter_count(
        40, widths, 10
    )


def test_a_residual_layer_that_adds_nothing_hands_on_what_it_gets():
    model, x = ResidualMLP(CURVES, (6, 6, 6)), torch.randn(5, 40)
    with torch.no_grad():
        for layer in model.added:
            layer.weight.zero_()

    assert torch.equal(model(x), model.head(model.first(x).relu()))


@pytest.mark.parametrize("layers", [2, 8, 32])
def test_residual_signals_grow_to_about_the_same_size_at_any_depth(layers):
    torch.manual_seed(0)
    model, x = ResidualMLP(CURVES, [300] * (layers + 1)), torch.randn(500, 40)
    h = before = model.first(x)
    for layer in model.added:
        h = h + layer(h.relu())

    # each adds 1 / layers of what it gets: (1 + 1 / layers) ** layers, e at most
    growth = (h.square().mean() / before.square().mean()).item()
    assert growth == pytest.approx((1 + 1 / layers) ** layers, rel=0.25)


@pytest.mark.parametrize("depth", [1, 3, 8])
def test_an_untrained_mlp_guesses(depth):
    torch.manual_seed(0)
    x, y = torch.randn(2000, 784), torch.randint(10, (2000,))

    loss = nn.functional.cross_entropy(
        mlp(PICTURES, [64] * depth)(x.view(-1, 1, 28, 28)), y
    ).item()

    # logits of variance 1/3 add half of it: log 10 + 1/6
    assert loss == pytest.approx(math.log(10) + 1 / 6, abs=0.15)


def test_signals_keep_their_size_through_eight_layers():
    torch.manual_seed(0)
    model, x = mlp(CURVES, [400] * 8), torch.randn(500, 40)

    sizes = []
    for layer in model:
        x = layer(x)
        if isinstance(layer, nn.ReLU):
            sizes.append(x.square().mean().item())

    # He et al. (2015): the mean square stays as it is, here 1; torch's default would
    # shrink it 6^8 times
    assert sizes == pytest.approx([1.0] * 8, rel=0.35)


def test_dropout_and_norms_stand_where_they_are_asked_for():
    names = [
        type(layer).__name__
        for layer in mlp(
            CURVES, (5,), dropout=0.2, norm="layer", activation=nn.Tanh
        )
    ]

    assert names == [
        "Flatten",
        "Linear",
        "LayerNorm",
        "Tanh",
        "Dropout",
        "Linear",
    ]
    assert not any(
        isinstance(layer, nn.Dropout) for layer in mlp(CURVES, (5,))
    )


def test_logistic_regression_starts_undecided():
    x = torch.randn(6, 30)

    assert torch.equal(LogisticRegression(Shape((30,), 2))(x), torch.zeros(6))
    assert torch.equal(
        LogisticRegression(Shape((30,), 5))(x), torch.zeros(6, 5)
    )


def test_the_penalty_is_half_l2_times_the_squared_weights_without_the_intercept():
    model = LogisticRegression(Shape((2,), 2), l2=0.5)
    with torch.no_grad():
        model.linear.weight.copy_(torch.tensor([[3.0, -4.0]]))
        model.linear.bias.fill_(100.0)

    assert l2_penalty(model).item() == pytest.approx(0.25 * 25)


def test_a_sigmoid_is_a_softmax_over_two_logits():
    logits = torch.randn(100, 2, dtype=torch.float64)

    assert torch.allclose(
        logits.softmax(1)[:, 1],
        torch.sigmoid(logits[:, 1] - logits[:, 0]),
        atol=1e-15,
    )

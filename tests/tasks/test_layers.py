"""Lean layers learn what torch's own do, to rounding."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from tasks.models._gru import GRU, MOST_UNITS
from tasks.models.attention import SelfAttention
from tasks.models.translation import Attention


def gradients(found, towards, inputs):
    return torch.autograd.grad(
        (found * towards).sum(), inputs, retain_graph=True
    )


def twins(units):
    """A lean GRU and torch's own with the same parameters."""
    torch.manual_seed(units)
    ours, theirs = (
        GRU(5, units, batch_first=True),
        nn.GRU(5, units, batch_first=True),
    )
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


@pytest.mark.parametrize(
    "given", [True, False], ids=["with a state", "from zero"]
)
@pytest.mark.parametrize(
    ("length", "units"), [(1, 4), (9, 7), (3, MOST_UNITS + 1)]
)
def test_a_gru_has_the_states_and_gradients_of_torchs_own(
    length, units, given
):
    ours, theirs = twins(units)
    x = torch.randn(6, length, 5, requires_grad=True)
    start = torch.randn(1, 6, units, requires_grad=True) if given else None
    inputs = [x] if start is None else [x, start]

    found, last = ours(x, start)
    wanted, wanted_last = theirs(x, start)
    towards = torch.randn_like(wanted)

    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(last, wanted_last, rtol=1e-5, atol=1e-6)
    for mine, other in zip(
        gradients(found, towards, [*inputs, *ours.parameters()]),
        gradients(wanted, towards, [*inputs, *theirs.parameters()]),
        strict=True,
    ):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-5)


def test_the_last_state_of_a_gru_alone_gives_the_gradients_of_torchs_own():
    ours, theirs = twins(7)
    x = torch.randn(6, 9, 5)

    for mine, other in zip(
        torch.autograd.grad(
            ours(x)[1].square().sum(), list(ours.parameters())
        ),
        torch.autograd.grad(
            theirs(x)[1].square().sum(), list(theirs.parameters())
        ),
        strict=True,
    ):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-5)


def test_the_gradients_of_a_gru_are_those_of_finite_differences():
    torch.manual_seed(0)
    layer = GRU(2, 3, batch_first=True).double()
    x = torch.randn(2, 4, 2, dtype=torch.float64, requires_grad=True)
    start = torch.randn(1, 2, 3, dtype=torch.float64, requires_grad=True)

    assert torch.autograd.gradcheck(
        lambda x, start: layer(x, start)[0], (x, start)
    )


def test_a_gru_of_both_directions_is_torchs_own():
    torch.manual_seed(0)
    ours = GRU(5, 4, batch_first=True, bidirectional=True)
    theirs = nn.GRU(5, 4, batch_first=True, bidirectional=True)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(3, 6, 5)

    assert torch.equal(ours(x)[0], theirs(x)[0])


@pytest.mark.parametrize("tokens", [5, 20])
def test_self_attention_is_torchs_scaled_dot_product_attention(tokens):
    torch.manual_seed(0)
    layer = SelfAttention(8, 2)
    x = torch.randn(3, tokens, 8, requires_grad=True)
    parts = (
        layer.query_key_value(x).unflatten(2, (3, 2, 4)).permute(2, 0, 3, 1, 4)
    )
    mixed = functional.scaled_dot_product_attention(*parts.unbind(0))
    wanted = layer.out(mixed.transpose(1, 2).flatten(2))

    found = layer(x)
    towards = torch.randn_like(wanted)

    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(
        gradients(found, towards, [x]), gradients(wanted, towards, [x])
    )


@pytest.mark.parametrize("tokens", [5, 20])
def test_masked_attention_is_torchs_scaled_dot_product_attention(tokens):
    torch.manual_seed(0)
    layer = Attention(8, 2)
    x = torch.randn(3, tokens, 8, requires_grad=True)
    causal = torch.ones(tokens, tokens, dtype=torch.bool).tril()
    remembered = layer.remember(x)
    query = layer.query(x).unflatten(2, (2, 4)).transpose(1, 2)
    mixed = functional.scaled_dot_product_attention(
        query, remembered[:, 0], remembered[:, 1], attn_mask=causal
    )
    wanted = layer.out(mixed.transpose(1, 2).flatten(2))

    found = layer(x, remembered, causal)
    towards = torch.randn_like(wanted)

    assert not layer.weights(x, remembered, causal).triu(1).any()
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(
        gradients(found, towards, [x]), gradients(wanted, towards, [x])
    )
    assert math.isfinite(found.sum().item())

"""Self-attention against torch's own, what it can and cannot tell apart, and its size
by formula.
"""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

import tasks
from tasks import Shape, UserError
from tasks.models._softmax import softmax
from tasks.models.attention import (
    WIDTH,
    Block,
    Patches,
    SelfAttention,
    Transformer,
    hybrid,
    matched_hidden,
    transformer_count,
    vision_transformer,
)
from tasks.models.convolution import STEM, convolution_count

CURVES, PICTURES = Shape((40,), 10), Shape((1, 28, 28), 10)


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def points(positions: bool = True, depth: int = 2) -> Transformer:
    """A transformer with a token for each point of a curve, its positions large enough
    to matter.
    """
    model = Transformer(
        nn.Sequential(Patches(1), nn.Linear(1, 16)),
        CURVES,
        (40,),
        24,
        16,
        4,
        depth,
        0.0,
        positions,
    )
    if model.positions is not None:
        nn.init.normal_(model.positions)
    return model.eval()


# ------------------------------------------------------------------------------- peers


@pytest.mark.parametrize("tokens", [1, 7, 16, 40])
def test_softmax_over_short_and_long_rows_is_torchs(tokens):
    scores = torch.randn(
        3,
        2,
        5,
        tokens,
        generator=torch.Generator().manual_seed(0),
        requires_grad=True,
    )
    scores.data[0, 0, 0, : tokens - 1] = -math.inf  # masked
    weights = torch.randn(
        3, 2, 5, tokens, generator=torch.Generator().manual_seed(1)
    )

    mine, theirs = softmax(scores), scores.softmax(-1)

    torch.testing.assert_close(mine, theirs)
    torch.testing.assert_close(
        *(
            torch.autograd.grad((found * weights).sum(), scores)[0]
            for found in (mine, theirs)
        ),
        atol=1e-6,
        rtol=1e-5,
    )


@pytest.mark.parametrize("heads", [1, 2, 4, 8, 16])
def test_attention_equals_torchs(heads):
    torch.manual_seed(heads)
    ours, theirs = (
        SelfAttention(32, heads),
        nn.MultiheadAttention(32, heads, batch_first=True),
    )
    theirs.in_proj_weight.data, theirs.in_proj_bias.data = (
        ours.query_key_value.weight.data,
        torch.randn(96),
    )
    ours.query_key_value.bias.data = theirs.in_proj_bias.data
    theirs.out_proj.weight.data, theirs.out_proj.bias.data = (
        ours.out.weight.data,
        ours.out.bias.data,
    )
    x = torch.randn(5, 11, 32)

    expected, weights = theirs(x, x, x, average_attn_weights=False)

    torch.testing.assert_close(ours(x), expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(ours.weights(x), weights, rtol=0, atol=1e-6)


def test_a_block_equals_torchs_encoder_layer():
    torch.manual_seed(0)
    ours = Block(32, 4, 48, dropout=0.0)
    theirs = nn.TransformerEncoderLayer(
        32, 4, 48, 0.0, "gelu", batch_first=True, norm_first=True
    )
    pairs = {
        "self_attn.in_proj": ours.attention.query_key_value,
        "self_attn.out_proj": ours.attention.out,
        "linear1": ours.mlp[0],
        "linear2": ours.mlp[2],
        "norm1": ours.before_attention,
        "norm2": ours.before_mlp,
    }
    state = {}
    for name, layer in pairs.items():
        for kind in ("weight", "bias"):
            parameter = getattr(layer, kind)
            nn.init.normal_(parameter, std=0.3)
            state[
                f"{name}_{kind}"
                if name.endswith("in_proj")
                else f"{name}.{kind}"
            ] = parameter.data
    theirs.load_state_dict(state)
    x = torch.randn(3, 7, 32)

    torch.testing.assert_close(ours(x), theirs(x), rtol=1e-5, atol=1e-5)


def test_one_head_is_the_textbooks_formula():
    torch.manual_seed(0)
    attention, x = SelfAttention(6, 1), torch.randn(1, 4, 6)
    q, k, v = attention.query_key_value(x)[0].split(6, dim=1)

    by_hand = torch.softmax(q @ k.T / math.sqrt(6), dim=1) @ v

    torch.testing.assert_close(attention(x)[0], attention.out(by_hand))


def test_patches_equal_torchs_unfold():
    x = torch.randn(3, 2, 12, 8)

    torch.testing.assert_close(
        Patches(4)(x), functional.unfold(x, 4, stride=4).transpose(1, 2)
    )
    assert Patches(4)(torch.arange(8.0)[None]).tolist() == [
        [[0, 1, 2, 3], [4, 5, 6, 7]]
    ]


# -------------------------------------------------------------------------- properties


def test_tokens_that_ask_for_nothing_get_the_mean_of_all():
    attention, x = SelfAttention(8, 2), torch.randn(2, 5, 8)
    nn.init.zeros_(attention.query_key_value.weight[:8])  # no queries
    nn.init.zeros_(attention.query_key_value.bias[:8])
    values = attention.query_key_value(x)[:, :, 16:]

    torch.testing.assert_close(
        attention(x),
        attention.out(values.mean(1, keepdim=True)).expand(2, 5, 8),
    )
    torch.testing.assert_close(
        attention.weights(x), torch.full((2, 2, 5, 5), 0.2)
    )


@given(st.permutations(range(9)))
@settings(max_examples=20, deadline=None)
def test_attention_is_equivariant_to_permutations(order):
    torch.manual_seed(0)
    attention, x = SelfAttention(16, 4), torch.randn(2, 9, 16)

    torch.testing.assert_close(
        attention(x[:, order]), attention(x)[:, order], rtol=0, atol=1e-6
    )


def test_without_positions_the_order_of_tokens_is_invisible_and_with_them_it_is_not():
    torch.manual_seed(0)
    x, order = torch.randn(4, 40), torch.randperm(40)

    blind, sighted = points(positions=False), points()

    torch.testing.assert_close(blind(x[:, order]), blind(x), rtol=0, atol=1e-5)
    assert (sighted(x[:, order]) - sighted(x)).abs().max() > 0.01


def test_positions_undo_any_shuffling_of_points():
    """So nothing that attention over points can learn in order is out of its reach when
    shuffled.
    """
    torch.manual_seed(0)
    shuffled, in_order = points(), points()
    in_order.load_state_dict(shuffled.state_dict())
    x, order = torch.randn(4, 40), torch.randperm(40)
    assert in_order.positions is not None
    assert shuffled.positions is not None
    in_order.positions.data[order] = shuffled.positions.data

    torch.testing.assert_close(
        shuffled(x[:, order]), in_order(x), rtol=0, atol=1e-5
    )


def test_every_token_depends_on_every_other_after_one_layer():
    torch.manual_seed(0)
    model = points(depth=1).double()
    moved = torch.autograd.functional.jacobian(
        lambda x: model.features(x)[0], torch.randn(1, 40).double()
    )

    assert (moved.abs().amax(0).squeeze(1) > 0).all()  # (places, inputs)


@pytest.mark.parametrize(
    "model",
    [vision_transformer(PICTURES, 29_800, 4), hybrid(PICTURES, 29_800)],
    ids=str,
)
def test_gaze_shares_out_what_attention_gives(model):
    x = torch.randn(2, 1, 28, 28)
    attention, gaze = model.attention(x), model.gaze(x)

    torch.testing.assert_close(attention.sum(4), torch.ones(2, 2, 4, 49))
    assert gaze.shape == (2, 2, 4, 28, 28)
    torch.testing.assert_close(gaze.mean((3, 4)), torch.ones(2, 2, 4))
    received = (
        attention[1, 0, 3].mean(0).view(7, 7)
    )  # by each token from all, in the first layer's last head
    torch.testing.assert_close(gaze[1, 0, 3, ::4, ::4], 49 * received)


# ------------------------------------------------------------------------------- sizes


@given(st.sampled_from([1, 2, 4, 8]), st.integers(1, 6))
@settings(deadline=None)
def test_heads_change_nothing_in_the_number_of_parameters(heads, times):
    width = 8 * times

    assert parameters(SelfAttention(width, heads)) == 4 * width**2 + 4 * width


@given(st.integers(1, 90), st.sampled_from([8, 16, 32]), st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_the_formula_counts_what_the_model_has(hidden, width, depth):
    embed = nn.Sequential(Patches(4), nn.Linear(4, width))

    model = Transformer(embed, CURVES, (10,), hidden, width, 4, depth)

    assert parameters(model) == 5 * width + transformer_count(
        10, 10, hidden, width, depth
    )


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [(CURVES, 18_500), (PICTURES, 29_800), (CURVES, 100_000)],
)
def test_transformers_come_within_one_per_cent_of_each_other(shape, wanted):
    patches = (1, 2, 4) if shape is CURVES else (4, 7)
    models = [
        *(vision_transformer(shape, wanted, patch) for patch in patches),
        hybrid(shape, wanted),
    ]

    counts = [parameters(model) for model in models]

    assert max(counts) / min(counts) - 1 <= 0.01
    assert max(abs(count / wanted - 1) for count in counts) <= 0.005


def test_a_hybrid_counts_its_stem():
    tokens, taken = 10, convolution_count((40,), WIDTH, STEM)

    # 5 x 1 x 32 and 3 x 32 x 32, and twice a scale and a shift for 32 channels
    assert taken == 160 + 3072 + 2 * 64
    hidden = matched_hidden(18_500, taken, tokens, 10)
    assert parameters(hybrid(CURVES, 18_500)) == taken + transformer_count(
        tokens, 10, hidden
    )


def test_what_cannot_be_built_is_refused_with_what_would_work():
    with pytest.raises(
        UserError, match="heads=5 do not share width=32 evenly"
    ):
        SelfAttention(32, 5)
    with pytest.raises(
        UserError, match=r"patch=3 does not divide inputs of \(40,\)"
    ):
        vision_transformer(CURVES, 18_500, 3)
    with pytest.raises(
        UserError, match=r"parameters=5000 cannot be matched within 0\.4%"
    ):
        vision_transformer(CURVES, 5000, 4)


def test_all_arms_of_the_heads_task_have_equally_many_parameters():
    task = tasks.get("attention_heads")
    for level in task.levels:
        shape = CURVES if level["data"] == "mnist1d" else PICTURES
        counts = {
            parameters(arm.build(shape, level, {"dropout": 0.1}))
            for arm in task.arms
        }
        assert len(counts) == 1
    assert [arm.x for arm in task.arms] == [1, 2, 4, 8, 16]
    assert all(
        one.x and two.x == 2 * one.x
        for one, two in itertools.pairwise(task.arms)
    )

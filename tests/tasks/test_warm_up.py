"""Arms of the comparison of warm-ups differ in the norm's place and in warm-up alone."""

import pytest
import torch
from torch import nn

import tasks
from tasks import Shape
from tasks.contract.schedule import learning_rate
from tasks.models.encoder import (
    HEADS,
    HIDDEN,
    WIDTH,
    Encoder,
    EncoderLayer,
)

TASK = tasks.get("warm_up")
STEPS = 80
CURVES = Shape((40,), 10)


def rates_of(arm: str) -> list[float]:
    """The share of the peak at each update."""
    recipe = TASK.recipe_of(TASK.levels[0], TASK.arm(arm))
    return [
        learning_rate(step, STEPS, 1.0, recipe) for step in range(1, STEPS + 1)
    ]


def encoder(norm_first: bool) -> Encoder:
    torch.manual_seed(0)
    return Encoder(CURVES, 2, norm_first)


@pytest.mark.parametrize("norm", ["post_norm", "pre_norm"])
def test_a_warm_up_rises_for_three_tenths_of_the_updates_and_then_stays(norm):
    warm = rates_of(f"{norm}_warm_up")
    rising = 24

    assert warm[:rising] == pytest.approx(
        [step / rising for step in range(1, rising + 1)]
    )
    assert set(warm[rising:]) == {1.0}
    assert set(rates_of(norm)) == {1.0}


def test_both_kinds_start_from_the_same_weights():
    pre, post = (encoder(first).state_dict() for first in (True, False))

    assert all(torch.equal(pre[name], value) for name, value in post.items())


@pytest.mark.parametrize("norm_first", [True, False])
def test_a_layer_is_that_of_torch(norm_first):
    torch.manual_seed(0)
    ours = EncoderLayer(WIDTH, HEADS, HIDDEN, norm_first)
    theirs = nn.TransformerEncoderLayer(
        WIDTH,
        HEADS,
        HIDDEN,
        dropout=0.0,
        batch_first=True,
        norm_first=norm_first,
    )
    names = {
        "attention.query_key_value.": "self_attn.in_proj_",
        "attention.out.": "self_attn.out_proj.",
        "perceptron.0.": "linear1.",
        "perceptron.2.": "linear2.",
        "first_norm.": "norm1.",
        "second_norm.": "norm2.",
    }
    values = {}
    for name, value in ours.state_dict().items():
        kind = name.rpartition(".")[2]
        other = names[name.removesuffix(kind)] + kind
        values[other] = value
    theirs.load_state_dict(values)
    x = torch.randn(3, 10, WIDTH)

    torch.testing.assert_close(ours(x), theirs(x))


def test_post_norm_puts_out_normalised_tokens_and_pre_norm_does_not():
    x = torch.randn(3, 10, WIDTH)
    normalise = nn.LayerNorm(WIDTH, elementwise_affine=False)
    post, pre = (encoder(first).layers(x) for first in (False, True))

    torch.testing.assert_close(post, normalise(post), atol=1e-3, rtol=1e-3)
    assert (pre - normalise(pre)).abs().max() > 0.1


def test_the_answer_depends_on_the_order_of_patches():
    model = encoder(True)
    nn.init.normal_(model.positions)
    x = torch.randn(3, 40)
    turned = x.unflatten(1, (10, 4)).flip(1).flatten(1)

    assert not torch.allclose(model(x), model(turned), atol=1e-3)


def test_gradients_of_the_last_post_norm_layer_are_larger_at_the_start():
    # Xiong et al., theorem 1: of order 1 after the sum, and of order 1/sqrt(layers)
    # before it
    x, labels = torch.randn(64, 40), torch.randint(10, (64,))

    def last_gradient(norm_first: bool) -> float:
        torch.manual_seed(0)
        model = Encoder(CURVES, 8, norm_first)
        nn.functional.cross_entropy(model(x), labels).backward()
        gradient = model.get_parameter("layers.7.perceptron.2.weight").grad
        assert gradient is not None
        return float(gradient.norm())

    assert last_gradient(False) > 1.5 * last_gradient(True)

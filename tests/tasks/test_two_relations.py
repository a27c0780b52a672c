"""What a head can read, against numerical integration and torch."""

import copy

import numpy as np
import pytest
import torch

from tasks import Level
from tasks.procedures.head_masks import LEAST, MOST, MaskedHeads, masked
from tasks.two_relations import (
    CEILING,
    HEADS,
    PLACES,
    WIDTH,
    Lookup,
    load_data,
)

LEVEL = Level("all", {})


def best_accuracy(weight: float) -> float:
    """How often a > b is told from weight a + (1 - weight) b by the best rule, for a
    and b on a fine grid from -1 to 1.
    """
    points = (np.arange(400) + 0.5) / 200 - 1
    a, b = np.meshgrid(points, points)
    cells = np.digitize(weight * a + (1 - weight) * b, np.linspace(-1, 1, 50))
    counted = np.bincount(cells.ravel())
    larger = np.bincount(cells.ravel(), (a > b).ravel())
    return float(np.maximum(larger, counted - larger).sum() / counted.sum())


def test_no_weighted_mean_tells_more_than_one_number_alone():
    found = [best_accuracy(weight) for weight in (0.5, 0.8, 1.0)]

    assert found[-1] == pytest.approx(CEILING, abs=0.02)
    assert max(found) == found[-1]


def test_one_head_reads_a_weighted_mean():
    """Numbers with the same weighted mean get the same answer."""
    torch.manual_seed(0)
    model = Lookup(1)
    x = torch.tensor([[*torch.linspace(-1, 1, PLACES).tolist(), 2, 5]])
    asked = model.first.weight[2] + model.second.weight[5]
    _, weights = model.attention(
        asked[None, None], model.keys.weight[None], x[:, :PLACES, None]
    )
    moved = x.clone()
    moved[0, 0] += 0.3 / weights[0, 0, 0].item()
    moved[0, 7] -= 0.3 / weights[0, 0, 7].item()

    torch.testing.assert_close(model(moved), model(x), rtol=1e-4, atol=1e-5)


def test_a_masked_head_is_one_whose_values_are_zero():
    torch.manual_seed(0)
    model = Lookup(4).eval()
    split = load_data(LEVEL, 0).validation.head(20)
    before = copy.deepcopy(model.state_dict())
    peer = copy.deepcopy(model)
    # the third head's values: nothing that it reads is anything but 0
    third = slice(2 * WIDTH // 4, 3 * WIDTH // 4)
    with torch.no_grad():
        peer.attention.v_proj_weight[third] = 0
        peer.attention.in_proj_bias[2 * WIDTH :][third] = 0
        with masked(model.attention, 2):
            torch.testing.assert_close(model(split.x), peer(split.x))
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_the_most_and_the_least_needed_heads_are_the_extremes():
    torch.manual_seed(0)
    model = Lookup(2).eval()
    split = load_data(LEVEL, 0).validation.head(200)
    with torch.no_grad():
        # the second head adds nothing, so that nothing is lost with it
        model.attention.out_proj.weight[:, WIDTH // 2 :] = 0
        found = MaskedHeads().evaluate(model, split, torch.Generator())
        with masked(model.attention, 0):
            without = (model(split.x).argmax(1) == split.y).double().mean()

    lost = found["accuracy"] - without.item()
    assert found[MOST.name] == pytest.approx(max(lost, 0))
    assert found[LEAST.name] == pytest.approx(min(lost, 0))


def test_several_heads_do_not_add_parameters():
    counts = {
        sum(p.numel() for p in Lookup(heads).parameters()) for heads in HEADS
    }

    assert len(counts) == 1


def test_the_answer_is_whether_the_first_number_is_larger():
    train = load_data(LEVEL, 1).train
    asked = train.x[:, PLACES:].long()
    rows = torch.arange(len(train.x))

    assert (asked[:, 0] != asked[:, 1]).all()
    larger = train.x[rows, asked[:, 0]] > train.x[rows, asked[:, 1]]
    assert torch.equal(train.y, larger.long())
    assert train.x[:, :PLACES].abs().max() <= 1

"""Convolutions by their definition, what a unit sees, what shuffling does, and that the
arms are of one size.
"""

import io
import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor, nn

import tasks
from suite.training.rng import make_generator
from tasks import Shape, Split, UserError
from tasks.models.attention import hybrid, vision_transformer
from tasks.models.convolution import (
    LAYERS,
    STEM,
    ConvNet,
    Layer,
    Shuffled,
    as_images,
    convolution_count,
    convolutions,
    map_shape,
    matched_width,
)
from tasks.procedures.spatial import (
    SpatialClassification,
    gaze_of,
    sensitivity,
)

CURVES, PICTURES = Shape((40,), 10), Shape((1, 28, 28), 10)
PHOTOGRAPHS = Shape((3, 32, 32), 10)
TASK = tasks.get("cnn_vs_attention")
SETTINGS = {"lr": 0.01, "weight_decay": 0.0, "dropout": 0.1}


def shape_at(level):
    """The shape of the level's data."""
    return {"mnist1d": CURVES, "cifar10": PHOTOGRAPHS}.get(
        level["data"], PICTURES
    )


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def shifted(x: Tensor, by: int, along: int) -> Tensor:
    """What stands ``by`` places further on, and zero beyond the border."""
    x = x.roll(-by, along)
    x.narrow(along, x.shape[along] - by if by > 0 else 0, abs(by)).zero_()
    return x


# ------------------------------------------------------------------------ convolutions


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_a_convolution_of_a_curve_is_a_sum_of_shifted_maps_of_one_place(
    kernel,
):
    torch.manual_seed(kernel)
    layer, *_ = convolutions((40,), 6, [Layer(kernel, 1)])
    assert isinstance(layer, nn.Conv2d)
    x = torch.randn(3, 40)

    total = torch.zeros(3, 6, 40)
    for place in range(kernel):
        total = total + torch.einsum(
            "oi,nil->nol",
            layer.weight[:, :, 0, place],
            shifted(x[:, None], place - kernel // 2, 2),
        )

    found = layer(as_images(x)).squeeze(2)
    torch.testing.assert_close(found, total, rtol=0, atol=2e-6)


@pytest.mark.parametrize("strides", [(1, 2, 2), (2, 1)])
def test_convolutions_of_curves_learn_what_torchs_own_learn(strides):
    torch.manual_seed(0)
    ours = convolutions((40,), 6, [Layer(5, stride) for stride in strides])
    theirs = nn.Sequential()
    for stride, before in zip(strides, (1, 6, 6), strict=False):
        theirs.append(nn.Conv1d(before, 6, 5, stride, padding=2, bias=False))
        theirs.extend([nn.BatchNorm1d(6), nn.ReLU()])
    for mine, other in zip(
        ours.parameters(), theirs.parameters(), strict=True
    ):
        other.data = mine.detach().clone().reshape(other.shape)
    x = torch.randn(16, 40)

    found, wanted = ours(as_images(x)).squeeze(2), theirs(x[:, None])
    towards = torch.randn_like(wanted)
    (found * towards).sum().backward()
    (wanted * towards).sum().backward()

    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    for mine, other in zip(
        ours.parameters(), theirs.parameters(), strict=True
    ):
        assert mine.grad is not None
        torch.testing.assert_close(
            mine.grad.reshape(other.shape), other.grad, rtol=1e-4, atol=1e-4
        )


def test_a_convolution_of_a_picture_is_a_sum_of_shifted_maps_of_one_pixel():
    torch.manual_seed(0)
    layer, *_ = convolutions((2, 9, 11), 4, [Layer(3, 1)])
    assert isinstance(layer, nn.Conv2d)
    x = torch.randn(5, 2, 9, 11)

    total = torch.zeros(5, 4, 9, 11)
    for row in range(3):
        for column in range(3):
            moved = shifted(shifted(x, row - 1, 2), column - 1, 3)
            total = total + torch.einsum(
                "oi,nihw->nohw", layer.weight[:, :, row, column], moved
            )

    torch.testing.assert_close(layer(x), total, rtol=0, atol=2e-6)


def test_a_pattern_gets_the_same_answer_wherever_it_stands():
    torch.manual_seed(0)
    model, pattern = ConvNet(CURVES, 8).eval(), torch.randn(5)
    x = torch.zeros(3, 40)
    for row, start in enumerate(
        (12, 16, 20)
    ):  # four points further: one place of the map
        x[row, start : start + 5] = pattern

    maps, answers = model.features(x), model(x)

    torch.testing.assert_close(maps[0, :, 2:7], maps[1, :, 3:8])
    torch.testing.assert_close(answers, answers[:1].expand(3, 10))


def receptive_field(layers=LAYERS):
    """How many neighbouring inputs one place of the last map sees, along each side.

    A layer adds its kernel less one, in steps as large as the strides before it have
    made them.
    """
    field, step = 1, 1
    for layer in layers:
        field += (layer.kernel - 1) * step
        step *= layer.stride
    return field


@pytest.mark.parametrize(
    ("layers", "sees"),
    [
        ([(3, 1)] * 3, 7),
        ([(5, 2), (3, 2), (3, 2)], 17),  # the MNIST-1D paper's CNN
        ([(3, 1)] * 14, 29),  # fourteen layers span MNIST's 28 pixels
        ([(3, 1)] * 13, 27),
        ([(1, 1)], 1),
        (LAYERS, 17),
        (STEM, 9),
    ],
)
def test_receptive_fields_follow_the_arithmetic(layers, sees):
    assert receptive_field([Layer(*layer) for layer in layers]) == sees


@pytest.mark.parametrize(
    "shape", [CURVES, PICTURES], ids=["curves", "pictures"]
)
def test_a_unit_of_the_cnn_sees_its_receptive_field_and_one_of_attention_everything(
    shape,
):
    torch.manual_seed(0)
    x = torch.randn(16, *shape.inputs)
    sides = 1 if shape is CURVES else 2

    seen = sensitivity(ConvNet(shape, 8).eval(), x) > 0
    assert seen.shape == shape.inputs[-sides:]
    assert seen.sum() == receptive_field() ** sides
    (places,) = seen.reshape(seen.shape[0], -1).any(1).nonzero(as_tuple=True)
    assert places.tolist() == list(
        range(places[0], places[0] + 17)
    )  # neighbours, without a gap
    for model in (vision_transformer(shape, 29_800, 4), hybrid(shape, 29_800)):
        assert (sensitivity(model.eval(), x) > 0).all()


@settings(deadline=None)
@given(
    st.integers(5, 60),
    st.lists(
        st.tuples(st.sampled_from([1, 3, 5]), st.integers(1, 3)),
        min_size=1,
        max_size=4,
    ),
)
def test_the_map_has_as_many_places_as_said(length, layers):
    spec = [Layer(*layer) for layer in layers]

    found = convolutions((length,), 2, spec).eval()(
        as_images(torch.zeros(1, length))
    )

    assert found.shape[3:] == map_shape((length,), spec)


@pytest.mark.parametrize(
    "shape", [CURVES, PICTURES, Shape((3, 32, 32), 10)], ids=str
)
@pytest.mark.parametrize("width", [1, 7, 24])
def test_the_formula_counts_what_the_cnn_has(shape, width):
    assert (
        parameters(ConvNet(shape, width))
        == convolution_count(shape.inputs, width) + (width + 1) * 10
    )


def test_a_size_that_no_width_has_is_refused_with_one_that_works():
    with pytest.raises(
        UserError, match=r"parameters=18900 cannot be matched .* try 18532"
    ):
        matched_width(18_900, CURVES)  # 10 w² + 21 w + 10

    assert matched_width(18_532, CURVES) == 42


# --------------------------------------------------------------------------- shuffling


@pytest.mark.parametrize(
    "shape", [CURVES, PICTURES], ids=["curves", "pictures"]
)
def test_shuffling_moves_numbers_and_loses_none(shape):
    model, x = Shuffled(nn.Flatten(), shape), torch.randn(4, *shape.inputs)

    moved = model.shuffled(x)

    assert not torch.equal(moved, x)
    assert torch.equal(
        moved.flatten(1).sort(1).values, x.flatten(1).sort(1).values
    )
    assert torch.equal(model.put_back(moved), x)
    assert torch.equal(model(x), moved.flatten(1))
    assert torch.equal(
        model.shuffled(x[:1]), moved[:1]
    )  # the same order for all examples


def test_a_shuffled_model_has_an_order_of_its_own_and_no_more_parameters():
    torch.manual_seed(0)
    one, two = (
        Shuffled(ConvNet(CURVES, 4), CURVES),
        Shuffled(ConvNet(CURVES, 4), CURVES),
    )

    assert not torch.equal(one.order, two.order)
    assert parameters(one) == parameters(one.model)


def test_what_a_shuffled_model_sees_is_shown_where_the_example_has_it():
    torch.manual_seed(0)
    model, x = Shuffled(ConvNet(CURVES, 8), CURVES).eval(), torch.randn(8, 40)
    inner = sensitivity(model.model, model.shuffled(x))

    torch.testing.assert_close(sensitivity(model, x)[model.order], inner)

    seer = Shuffled(vision_transformer(CURVES, 18_500, 4), CURVES).eval()
    gaze = gaze_of(seer, x)
    assert isinstance(seer.model, nn.Module)
    torch.testing.assert_close(
        gaze[..., seer.order], seer.model.gaze(seer.shuffled(x))
    )


# ---------------------------------------------------------------------------- the task


@pytest.mark.parametrize("level", TASK.levels, ids=lambda level: level.name)
def test_all_arms_are_of_one_size_at_every_level(level):
    shape = shape_at(level)

    counts = [
        parameters(arm.build(shape, level, SETTINGS)) for arm in TASK.arms
    ]

    assert max(counts) / min(counts) - 1 <= 0.01


@pytest.mark.parametrize("level", TASK.levels, ids=lambda level: level.name)
def test_all_arms_have_equally_many_places_to_average_over(level):
    if level["patch"] == 1:
        return  # the level that is about another number of tokens
    shape = shape_at(level)
    models = [
        arm.build(shape, level, SETTINGS).eval() for arm in TASK.arms[:3]
    ]

    places = {
        model.features(torch.zeros(1, *shape.inputs)).shape[2:]
        for model in models
    }

    side = shape.inputs[-1] // level["patch"]
    assert places == {(side,) if shape is CURVES else (side, side)}


@pytest.mark.parametrize(
    "level",
    [level for level in TASK.light if level.x],
    ids=lambda level: level.name,
)
def test_levels_have_the_examples_that_they_are_named_for(level):
    assert len(TASK.load_data(level, 0).train) == level.x == level["examples"]


@pytest.mark.parametrize(
    "shape", [CURVES, PICTURES], ids=["curves", "pictures"]
)
@pytest.mark.parametrize("arm", TASK.arms, ids=lambda arm: arm.name)
def test_every_arm_shows_where_it_looks(arm, shape):
    level = TASK.level("mnist1d_500" if shape is CURVES else "mnist5k_3750")
    model = arm.build(shape, level, SETTINGS).eval()
    split = Split(torch.randn(70, *shape.inputs), torch.arange(70) % 10)

    found = SpatialClassification().artifacts(model, split, make_generator(0))

    wanted = {"receptive-field.png", "receptive-field.json"} | (
        {"attention.png"} if "cnn" not in arm.name else set()
    )
    if arm.name == "mlp":  # no unit of it has a place
        assert not found
        return
    assert set(found) == wanted
    for name, content in found.items():
        if name.endswith(".png"):
            image = Image.open(io.BytesIO(content))
            assert min(image.size) > 100
            assert (
                len(image.getcolors(1 << 20) or []) > 2
            )  # more than ink on paper
    table = json.loads(found["receptive-field.json"])
    (_, inputs), (_, seen), (_, most) = table["rows"]
    assert inputs == shape.features
    assert most <= seen <= inputs
    if "cnn" in arm.name:
        assert seen == 17 if shape is CURVES else seen == 17**2
    else:
        assert seen == inputs


def test_only_the_arm_that_says_so_learns_from_moved_examples():
    batch = Split(torch.arange(80.0).view(2, 40), torch.tensor([3, 7]))
    seen = {}
    for arm in TASK.arms:
        (phase,) = TASK.procedure_of(arm).phases(nn.Identity())
        looked: list[Tensor] = []

        def model(x: Tensor, looked: list[Tensor] = looked) -> Tensor:
            looked.append(x)
            return torch.zeros(len(x), 10)

        phase.loss(model, batch, make_generator(0))
        seen[arm.name] = looked[0]

    assert {
        name for name, x in seen.items() if not torch.equal(x, batch.x)
    } == {"attention_translated"}
    moved = seen["attention_translated"]
    for before, after in zip(batch.x, moved, strict=True):
        assert torch.equal(
            after, before.roll(int((after == before[0]).nonzero()))
        )

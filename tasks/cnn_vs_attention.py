"""Convolution or attention? Three networks of one size, each trained until it has
converged, on ever more examples.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from torch import nn

from tasks import Arm, Claim, Level, Params, Shape, Splits, Task
from tasks.data import fashion_mnist, mnist1d, mnist5k
from tasks.models.attention import hybrid, vision_transformer
from tasks.models.convolution import ConvNet, Shuffled, matched_width
from tasks.procedures.spatial import SPACE, UNTIL_CONVERGED, SpatialClassification

CURVES = {
    "data": "mnist1d",
    "parameters": 18_500,
    "patch": 4,
}  # ten tokens, as many as the CNN's map has places
PICTURES = {"parameters": 29_800, "patch": 4}  # 7x7 tokens, and a map of 7x7
EPOCHS = {
    500: 400,
    4000: 100,
    16_000: 50,
    64_000: 25,
    256_000: 13,
    1_000_000: 7,
}  # at most

PAPER = "Greydanus & Kobak, Scaling down deep learning with MNIST-1D (ICML 2024)"
VIT = "Dosovitskiy et al., An image is worth 16x16 words (ICLR 2021); Hung-yi Lee, 2021"
VIT_FIGURES = (
    "ImageNet, 5-shot, after 9, 30, 90, 300 million pictures (read off a chart): "
    "ResNet-152x2 53, 67, 69, 69 %, ViT-L/16 42, 58, 70, 71.5 %"
)
SHUFFLED = "CNN 94 % in order, 56 % shuffled; MLP 68 and 68 %"


def load_data(level: Level, seed: int) -> Splits:
    count = level["examples"]
    if level["data"] == "mnist1d":
        return mnist1d.load(seed, train=count, validation=1000)
    splits: Splits = {"mnist5k": mnist5k, "fashion_mnist": fashion_mnist}[
        level["data"]
    ].load(seed)
    return replace(splits, train=splits.train.head(count))


def build_cnn(shape: Shape, level: Level, params: Params) -> nn.Module:
    return ConvNet(shape, matched_width(level["parameters"], shape), params["dropout"])


def build_attention(shape: Shape, level: Level, params: Params) -> nn.Module:
    return vision_transformer(
        shape, level["parameters"], level["patch"], dropout=params["dropout"]
    )


def build_hybrid(shape: Shape, level: Level, params: Params) -> nn.Module:
    return hybrid(shape, level["parameters"], dropout=params["dropout"])


def build_shuffled(
    build: Callable[[Shape, Level, Params], nn.Module],
    shape: Shape,
    level: Level,
    params: Params,
) -> nn.Module:
    return Shuffled(build(shape, level, params), shape)


ARMS = (
    Arm("cnn", build_cnn, "CNN"),
    Arm("attention", build_attention, "Vision transformer"),
    Arm("hybrid", build_hybrid, "Convolutions, then attention"),
    Arm("cnn_shuffled", partial(build_shuffled, build_cnn), "CNN, shuffled"),
    Arm(
        "attention_shuffled",
        partial(build_shuffled, build_attention),
        "Vision transformer, shuffled",
    ),
)


def curves(count: int) -> Level:
    name, factors, recipe = (
        f"mnist1d_{count}",
        {**CURVES, "examples": count},
        {"epochs": EPOCHS[count]},
    )
    return Level(
        name,
        factors,
        x=count,
        label=f"MNIST-1D, {count:,} examples",
        recipe=recipe,
        heavy=count > 16_000,
    )


def clothes(count: int, epochs: int) -> Level:
    name, factors = (
        f"fashion_mnist_{count}",
        {**PICTURES, "data": "fashion_mnist", "examples": count},
    )
    return Level(
        name,
        factors,
        x=count,
        label=f"Fashion-MNIST, {count:,}",
        recipe={"epochs": epochs},
        heavy=True,
    )


LEVELS = (
    *map(curves, EPOCHS),
    Level(
        "mnist1d_4000_points",
        {**CURVES, "examples": 4000, "patch": 1},
        label="MNIST-1D, 4,000, a token for each point",
        recipe={"epochs": EPOCHS[4000]},
    ),
    Level(
        "mnist5k_3750",
        {**PICTURES, "data": "mnist5k", "examples": 3750},
        x=3750,
        label="MNIST-5k, 3,750 examples",
        recipe={"epochs": 50},
    ),
    clothes(500, 400),
    clothes(5000, 60),
    clothes(50_000, 20),
)


def gap_closes(upto: str, levels: tuple[str, ...]) -> Claim:
    """Attention's share of the CNN's errors falls as examples grow."""
    return Claim(
        f"gap_closes_{upto.replace(' ', '_')}",
        f"As training examples grow from 500 to {upto}, attention gains on the CNN.",
        metric="accuracy",
        kind="interaction",
        scale="log_error",
        better="attention",
        worse="cnn",
        levels=levels,
        # the ratio of errors changes by a sixth while examples grow thirtyfold
        margin=0.05,
        source=VIT,
        reported=VIT_FIGURES,
    )


def spared(level: str, name: str, says: str) -> Claim:
    return Claim(
        name,
        says,
        metric="accuracy",
        kind="equal",
        better="attention_shuffled",
        worse="attention",
        levels=(level,),
        margin=0.03,
        source="Permutation equivariance: only learned positions tell tokens apart (Hung-yi Lee, 2021)",
        reported="No difference, where tokens are single points",
        matching_group="Shuffling spares attention",
    )


CLAIMS = (
    Claim(
        "cnn_ahead_when_data_are_scarce",
        "With 500 examples a CNN beats a vision transformer of its size.",
        metric="accuracy",
        better="cnn",
        worse="attention",
        levels=("mnist1d_500",),
        margin=0.03,
        source=VIT,
        reported=VIT_FIGURES,
    ),
    gap_closes("4,000", ("mnist1d_500", "mnist1d_4000")),
    gap_closes("16,000", ("mnist1d_500", "mnist1d_4000", "mnist1d_16000")),
    gap_closes("a million", tuple(f"mnist1d_{count}" for count in EPOCHS)),
    gap_closes(
        "50,000 pictures",
        ("fashion_mnist_500", "fashion_mnist_5000", "fashion_mnist_50000"),
    ),
    Claim(
        "attention_ahead_with_a_million",
        "With a million examples a vision transformer beats a CNN of its size.",
        metric="accuracy",
        better="attention",
        worse="cnn",
        levels=("mnist1d_1000000",),
        margin=0.002,
        source=VIT,
        reported=VIT_FIGURES,
    ),
    Claim(
        "convolutions_help_attention",
        "Convolutions instead of patches make attention better.",
        metric="accuracy",
        better="hybrid",
        worse="attention",
        levels=("mnist1d_4000",),
        margin=0.01,
        source="Xiao et al., Early convolutions help transformers see better (NeurIPS 2021)",
        reported="ImageNet top-1 error 1 to 2 points lower at equal cost",
    ),
    Claim(
        "hybrid_beats_the_cnn",
        "Attention after convolutions beats convolutions alone.",
        metric="accuracy",
        better="hybrid",
        worse="cnn",
        levels=("mnist1d_4000",),
        margin=0.01,
        source="Gulati et al., Conformer (Interspeech 2020); Hung-yi Lee, homework 4 (2022)",
        reported="Speaker identification: 70.4 % with attention, 77.8 % with conformer blocks",
    ),
    Claim(
        "shuffling_hurts_the_cnn",
        "Shuffling the points costs the CNN at least 25 points of accuracy.",
        metric="accuracy",
        better="cnn",
        worse="cnn_shuffled",
        levels=("mnist1d_4000",),
        at_least=0.25,
        margin=0.02,
        source=PAPER,
        reported=SHUFFLED,
    ),
    spared(
        "mnist1d_4000_points",
        "shuffling_spares_attention_over_points",
        "Where each point is a token, shuffling costs attention at most 3 points of accuracy.",
    ),
    spared(
        "mnist1d_4000",
        "shuffling_spares_attention_over_patches",
        "Where four neighbours make a token, shuffling costs attention at most 3 points of accuracy.",
    ),
    Claim(
        "shuffling_hurts_the_cnn_more",
        "On pictures, shuffling the pixels costs the CNN more than the vision transformer.",
        metric="accuracy",
        kind="contrast",
        weights={
            "cnn": 1.0,
            "cnn_shuffled": -1.0,
            "attention": -1.0,
            "attention_shuffled": 1.0,
        },
        levels=("mnist5k_3750",),
        margin=0.01,
        source=PAPER,
        reported=SHUFFLED,
    ),
    Claim(
        "cnn_reaches_published",
        "A CNN on 4,000 examples of MNIST-1D reaches the published 94 %.",
        metric="accuracy",
        kind="threshold",
        better="cnn",
        levels=("mnist1d_4000",),
        margin=0.02,
        reference=0.94,
        reference_se=0.0075,  # standard error of an accuracy on 1,000 test examples
        source=PAPER,
        reported="94 %",
    ),
)

TASK = Task(
    question="Does attention need more data than convolution?",
    topic="Self-attention",
    load_data=load_data,
    arms=ARMS,
    levels=LEVELS,
    procedure=SpatialClassification(),
    recipe=UNTIL_CONVERGED,
    space=SPACE,
    claims=CLAIMS,
    matched=(
        "Parameters within 1 %, read-out, places of the last map, data, tuning trials; and convergence, not updates: a "
        "training goes on until validation no longer improves at each of three learning rates"
    ),
    axis="Training examples",
    parameters_within=0.01,
    sources=(mnist1d.SOURCE, mnist5k.SOURCE, fashion_mnist.SOURCE),
)

"""How many heads? Vision transformers of one width, whose attention looks through one
to sixteen pairs of eyes.
"""

from functools import partial

from torch import nn

from tasks import Arm, Claim, Level, Params, Shape, Splits, Task
from tasks.data import mnist1d, mnist5k
from tasks.models.attention import WIDTH, vision_transformer
from tasks.procedures.spatial import SPACE, UNTIL_CONVERGED, SpatialClassification

HEADS = (1, 2, 4, 8, 16)  # of 32, 16, 8, 4 and 2 numbers each
LEVELS = (
    Level(
        "mnist1d",
        {"data": "mnist1d", "parameters": 18_500, "patch": 4},
        label="MNIST-1D, 4,000 examples",
    ),
    Level(
        "mnist5k",
        {"data": "mnist5k", "parameters": 29_800, "patch": 4},
        label="MNIST-5k, 3,750 examples",
        recipe={"epochs": 50},
    ),
)

VASWANI = (
    "Vaswani et al., Attention is all you need (2017), table 3 (A); Hung-yi Lee, 2021"
)
FIGURES = "BLEU 24.9, 25.5, 25.8, 25.8, 25.4 with 1, 4, 8, 16, 32 heads of 512, 128, 64, 32, 16 numbers"
MICHEL = (
    "Michel, Levy & Neubig, Are sixteen heads really better than one? (NeurIPS 2019)"
)


def load_data(level: Level, seed: int) -> Splits:
    return (
        mnist1d.load(seed, validation=1000)
        if level["data"] == "mnist1d"
        else mnist5k.load(seed)
    )


def build(heads: int, shape: Shape, level: Level, params: Params) -> nn.Module:
    return vision_transformer(
        shape,
        level["parameters"],
        level["patch"],
        heads=heads,
        dropout=params["dropout"],
    )


CLAIMS = (
    Claim(
        "eight_heads_beat_one",
        "Eight heads are better than one.",
        metric="accuracy",
        better="heads_8",
        worse="heads_1",
        levels=("mnist1d",),
        source=VASWANI,
        reported=FIGURES,
    ),
    Claim(
        "too_many_heads_hurt",
        "Eight heads are better than sixteen, which see two numbers each.",
        metric="accuracy",
        better="heads_8",
        worse="heads_16",
        levels=("mnist1d",),
        source=VASWANI,
        reported=FIGURES,
    ),
    Claim(
        "some_heads_are_best",
        "Two to eight heads are better than both extremes.",
        metric="accuracy",
        kind="contrast",
        weights={
            "heads_2": 1 / 3,
            "heads_4": 1 / 3,
            "heads_8": 1 / 3,
            "heads_1": -1 / 2,
            "heads_16": -1 / 2,
        },
        levels=("mnist1d",),
        source=VASWANI,
        reported=FIGURES,
    ),
    Claim(
        "two_heads_are_enough",
        "Two heads do as well as eight.",
        metric="accuracy",
        kind="equal",
        better="heads_2",
        worse="heads_8",
        levels=("mnist1d",),
        margin=0.015,
        source=MICHEL,
        reported="Most heads of a trained translator can be taken out one by one at no cost",
    ),
    Claim(
        "eight_heads_beat_one_on_pictures",
        "On pictures, eight heads are better than one.",
        metric="accuracy",
        better="heads_8",
        worse="heads_1",
        levels=("mnist5k",),
        margin=0.005,
        source=VASWANI,
        reported=FIGURES,
    ),
)

TASK = Task(
    question="How many heads should attention have?",
    topic="Self-attention",
    load_data=load_data,
    arms=tuple(
        Arm(f"heads_{n}", partial(build, n), f"{n} head{'s' * (n > 1)}", x=n)
        for n in HEADS
    ),
    levels=LEVELS,
    procedure=SpatialClassification(),
    recipe=UNTIL_CONVERGED,
    space=SPACE,
    claims=CLAIMS,
    matched=(
        f"Parameters, to the last one: {WIDTH} numbers are shared out among the heads; data, tuning trials; and "
        "convergence: a run goes on until validation no longer improves at each of three learning rates"
    ),
    arms_axis="Heads",
    parameters_within=0.0,
    sources=(mnist1d.SOURCE, mnist5k.SOURCE, VASWANI),
)

"""Does a wider network learn two interleaved spirals better? Say here what you compare,
and after whom.
"""

import math
from functools import partial

import torch
from torch import nn

from tasks import (
    Arm,
    Claim,
    Float,
    Level,
    Params,
    Recipe,
    Shape,
    Space,
    Split,
    Splits,
    Task,
)
from tasks.procedures.supervised import Classification

NOISE = 0.05  # spirals have radius 1


def load_data(level: Level, seed: int) -> Splits:
    """A block's data: a function of the seed alone. The suite seals the third split
    until the final.
    """
    rng = torch.Generator().manual_seed(seed)
    return Splits(
        spirals(level["examples"], rng),
        spirals(500, rng),
        spirals(1000, rng),
        population="fresh",
    )


def spirals(examples: int, rng: torch.Generator) -> Split:
    """Points of two interleaved spirals, and which of the two each is on."""
    y = torch.randint(2, (examples,), generator=rng)
    radius = torch.rand(examples, generator=rng).sqrt()
    angle = 3 * math.pi * radius + math.pi * y
    # x has shape (examples, 2)
    x = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
    return Split(x + NOISE * torch.randn(examples, 2, generator=rng), y)


def build(width: int, shape: Shape, level: Level, params: Params) -> nn.Module:
    """An untrained model for data of that shape; ``width`` is the arm's own."""
    return nn.Sequential(
        nn.Linear(shape.features, width),
        nn.ReLU(),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, shape.outputs),
    )


TASK = Task(
    question="Does a wider network learn two interleaved spirals better?",
    load_data=load_data,
    arms=(
        Arm("narrow", partial(build, 8), label="8 units a layer", x=8),
        Arm("wide", partial(build, 64), label="64 units a layer", x=64),
    ),
    levels=(
        Level("few", {"examples": 200}, x=200),
        Level("many", {"examples": 2000}, x=2000),
    ),
    procedure=Classification(),
    recipe=Recipe(steps=500, batch_size=64),
    space=Space(
        lr=Float(1e-3, 1e-1, log=True),
        weight_decay=Float(1e-4, 1e-1, log=True),
    ),
    claims=(
        Claim(
            "wider_is_better",
            "64 units a layer beat 8 on two spirals.",
            metric="accuracy",
            better="wide",
            worse="narrow",
            # the smallest difference in accuracy that matters, fixed before the run
            margin=0.02,
        ),
    ),
    matched="Data, updates, tuning trials",
    axis="Training examples",
    arms_axis="Units a layer",
)

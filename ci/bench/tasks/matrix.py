"""Do three hidden layers beat one on digits? 72 runs, to time a whole comparison."""

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
    Splits,
    Task,
)
from tasks.data import digits
from tasks.models.mlp import mlp
from tasks.procedures.supervised import Classification


def load_data(level: Level, seed: int) -> Splits:
    """Digits of 8x8 pixels, split by the seed."""
    return digits.load(seed)


def shallow(shape: Shape, level: Level, params: Params) -> nn.Module:
    """An MLP with one hidden layer."""
    return mlp(shape, (64,))


def deep(shape: Shape, level: Level, params: Params) -> nn.Module:
    """An MLP with three hidden layers."""
    return mlp(shape, (64, 64, 64))


TASK = Task(
    question="Do three hidden layers beat one on digits?",
    load_data=load_data,
    arms=(Arm("shallow", shallow), Arm("deep", deep)),
    procedure=Classification(),
    recipe=Recipe(steps=1500, batch_size=32, evaluations=20),
    space=Space(lr=Float(1e-3, 1e-1, log=True)),
    claims=(
        Claim(
            "three_beat_one",
            "Three hidden layers beat one.",
            metric="accuracy",
            better="deep",
            worse="shallow",
            margin=0.01,
        ),
    ),
)

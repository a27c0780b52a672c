"""Does pre-training on other digits pay where labels are few?

One arm learns from 60 examples. The other first learns to tell the same pictures turned
by a right angle from upright ones, which needs no labels, and then does the same.
"""

import torch
from torch import nn

from tasks import Arm, Claim, Float, Level, Params, Recipe, Shape, Space, Split, Splits, Stage, Task
from tasks.data import digits
from tasks.models.mlp import mlp
from tasks.procedures.supervised import Classification

FEW = 60


def load_data(level: Level, seed: int) -> Splits:
    """Digits of 8x8 pixels, split by the seed."""
    return digits.load(seed)


def few(train: Split, level: Level, seed: int) -> Split:
    """The first examples alone, with their labels."""
    return train.head(FEW)


def turned(train: Split, level: Level, seed: int) -> Split:
    """All pictures, turned by none to three right angles; how many is the label."""
    pictures = [torch.rot90(train.x, turns, (-2, -1)) for turns in range(4)]
    labels = [torch.full((len(train),), turns) for turns in range(4)]
    return Split(torch.cat(pictures), torch.cat(labels))


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    """The same MLP with or without pre-training."""
    return mlp(shape, (64, 64))


TASK = Task(
    question="Does pre-training without labels pay where labels are few?",
    load_data=load_data,
    arms=(
        Arm("scratch", build, training_data=few),
        Arm("pretrained", build, training_data=few, before=Stage(turned)),
    ),
    procedure=Classification(),
    recipe=Recipe(steps=200, batch_size=32),
    space=Space(lr=Float(1e-3, 3e-2, log=True)),
    claims=(
        Claim(
            "pretraining_pays",
            "Pre-training on turned pictures raises the accuracy.",
            metric="accuracy",
            better="pretrained",
            worse="scratch",
            margin=0.02,
        ),
    ),
)

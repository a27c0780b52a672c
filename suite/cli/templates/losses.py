"""Does squared error classify digits as well as the cross entropy? Say here what you
compare, and after whom.
"""

import torch
from torch import nn
from torch.nn import functional

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
    """A block's data: a function of the seed alone. The suite seals the third split
    until the final.
    """
    return digits.load(seed)


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    """An untrained model for data of that shape."""
    return mlp(shape, (32,))


def squared_error(
    outputs: torch.Tensor, targets: torch.Tensor
) -> torch.Tensor:
    """A loss is any function of outputs and targets; several have names, too, such as
    "cross_entropy", "focal" and "label_smoothing".
    """
    wanted = functional.one_hot(targets, outputs.shape[1]).to(outputs.dtype)
    return functional.mse_loss(outputs, wanted)


TASK = Task(
    question="Does squared error classify digits as well as the cross entropy?",
    load_data=load_data,
    arms=(
        Arm(
            "cross_entropy",
            build,
            label="Cross entropy",
            procedure=Classification("cross_entropy"),
        ),
        Arm(
            "squares",
            build,
            label="Squared error",
            procedure=Classification(squared_error),
        ),
    ),
    procedure=Classification(),
    recipe=Recipe(steps=200, batch_size=32),
    space=Space(lr=Float(1e-3, 1.0, log=True)),
    claims=(
        Claim(
            "squares_no_worse",
            "Squared error is no less accurate than the cross entropy.",
            metric="accuracy",
            better="squares",
            worse="cross_entropy",
            kind="no_worse",
            # the smallest difference in accuracy that matters, fixed before the run
            margin=0.02,
        ),
    ),
    matched="Model, data, updates, tuning trials",
)

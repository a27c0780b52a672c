"""Does Adam learn to read digits better than plain SGD? Say here what you compare, and
after whom.
"""

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
    """A block's data: a function of the seed alone. The suite seals the third split
    until the final.
    """
    return digits.load(seed)


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    """An untrained model for data of that shape."""
    return mlp(shape, (32,))


TASK = Task(
    question="Does Adam learn to read digits better than plain SGD?",
    load_data=load_data,
    # a recipe's optimizer is a name, or a function of parameters that returns a
    # torch.optim.Optimizer; the range of rates is each arm's own
    arms=(
        Arm(
            "sgd",
            build,
            label="SGD",
            recipe={"optimizer": "sgd"},
            space=Space(lr=Float(1e-2, 1.0, log=True)),
        ),
        Arm(
            "adam",
            build,
            label="Adam",
            recipe={"optimizer": "adam"},
            space=Space(lr=Float(1e-4, 1e-1, log=True)),
        ),
    ),
    procedure=Classification(),
    recipe=Recipe(steps=200, batch_size=32),
    claims=(
        Claim(
            "adam_is_better",
            "Adam is more accurate than plain SGD after equally many updates.",
            metric="accuracy",
            better="adam",
            worse="sgd",
            # the smallest difference in accuracy that matters, fixed before the run
            margin=0.02,
        ),
    ),
    matched="Model, data, updates, tuning trials",
)

"""Do twice as many examples read digits better? Say here what you compare, and after
whom.
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
    Split,
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


def half(train: Split, level: Level, seed: int) -> Split:
    """What one arm learns from: fewer, more, changed or other examples. Those to choose
    and to test by are the same for all arms.
    """
    count = len(train.x) // 2
    return Split(train.x[:count], train.y[:count])


TASK = Task(
    question="Do twice as many examples read digits better?",
    load_data=load_data,
    arms=(
        Arm("half", build, label="Half of the examples", training_data=half),
        Arm("all", build, label="All examples"),
    ),
    procedure=Classification(),
    recipe=Recipe(steps=200, batch_size=32),
    space=Space(lr=Float(1e-3, 1.0, log=True)),
    claims=(
        Claim(
            "all_are_better",
            "All examples give a higher accuracy than half of them.",
            metric="accuracy",
            better="all",
            worse="half",
            # the smallest difference in accuracy that matters, fixed before the run
            margin=0.02,
        ),
    ),
    matched="Model, updates, tuning trials",
)

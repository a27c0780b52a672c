"""Five schedules of the suite and one of your own: which rate falls best?"""

from typing import Any

from torch import nn

from tasks import Arm, Claim, Float, Level, Params, Recipe, Shape, Space, Splits, Task
from tasks.data import mnist1d
from tasks.models.mlp import mlp
from tasks.procedures.supervised import Classification


def cooled(step: int, steps: int) -> float:
    """The peak rate for four fifths of the updates, then linearly to 0."""
    return min(1.0, 5 * (1 - step / steps))


SCHEDULES: dict[str, dict[str, Any]] = {
    "constant": {"schedule": "constant"},
    "linear": {"schedule": "linear"},
    "cosine": {"schedule": "cosine"},
    "one_cycle": {"schedule": "one_cycle"},
    "noam": {"schedule": "noam", "warmup": 0.1},
    "cooled": {"schedule": cooled},
}


def load_data(level: Level, seed: int) -> Splits:
    """MNIST-1D, drawn by the seed."""
    return mnist1d.load(seed)


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    """The same MLP whatever the schedule."""
    return mlp(shape, (64,))


def beats_constant(arm: str) -> Claim:
    """That a rate that falls is better than one that stays."""
    says = f"The schedule {arm} beats a constant rate."
    name = f"{arm}_beats_constant"
    return Claim(name, says, "accuracy", arm, "constant", margin=0.01)


TASK = Task(
    question="Does a learning rate that falls pay, and how should it?",
    load_data=load_data,
    arms=tuple(Arm(name, build, recipe=recipe) for name, recipe in SCHEDULES.items()),
    procedure=Classification(),
    recipe=Recipe(steps=400, batch_size=64),
    space=Space(lr=Float(1e-3, 1e-1, log=True)),
    claims=tuple(beats_constant(name) for name in SCHEDULES if name != "constant"),
)

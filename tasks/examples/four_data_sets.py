"""Does a network beat a linear model on half of the data sets?

The claim is on at least two of four levels, whichever these are: the partial
conjunction test of Benjamini & Heller (2008).
"""

from torch import nn

from tasks import Arm, Claim, Float, Level, Params, Recipe, Shape, Space, Splits, Task
from tasks.data import breast_cancer, clouds, digits, mnist1d
from tasks.models.mlp import mlp
from tasks.procedures.supervised import Classification


def load_data(level: Level, seed: int) -> Splits:
    """The data set that the level is named after."""
    if level.name == "mnist1d":
        return mnist1d.load(seed, train=1000, validation=500, test=1000)
    if level.name == "clouds":
        return clouds.load(seed, test=1000)
    return digits.load(seed) if level.name == "digits" else breast_cancer.load(seed)


def linear(shape: Shape, level: Level, p: Params) -> nn.Module:
    """A linear model."""
    return mlp(shape, ())


def network(shape: Shape, level: Level, p: Params) -> nn.Module:
    """An MLP with 64 hidden units."""
    return mlp(shape, (64,))


TASK = Task(
    question="Does a network beat a linear model on half of the data sets?",
    load_data=load_data,
    arms=(Arm("linear", linear, label="Linear model"), Arm("network", network, label="Network")),
    levels=(
        Level("digits", label="Digits"),
        Level("mnist1d", label="MNIST-1D"),
        Level("tumours", label="Tumours"),
        Level("clouds", label="Two clouds"),
    ),
    procedure=Classification(),
    recipe=Recipe(steps=200, batch_size=32),
    space=Space(lr=Float(1e-3, 1.0, log=True)),
    claims=(
        Claim(
            "network_on_two",
            "The network is more accurate on at least two of four data sets.",
            metric="accuracy",
            better="network",
            worse="linear",
            kind="partial_conjunction",
            at_least_levels=2,
            margin=0.01,
        ),
    ),
    axis="Data set",
)

"""Deep or wide? MLPs of one to eight hidden layers, all with the same number of
parameters.
"""

from collections.abc import Callable
from functools import partial

from torch import nn

from tasks import Arm, Claim, Float, Level, Params, Recipe, Shape, Space, Splits, Task
from tasks.data import mnist1d, mnist5k
from tasks.models.mlp import TOLERANCE, matched_widths, mlp
from tasks.procedures.supervised import Classification

DEPTHS = range(1, 9)
BUDGETS = (15_000, 60_000)  # parameters
DATA: dict[str, Callable[[int], Splits]] = {
    "mnist1d": mnist1d.load,
    "mnist5k": mnist5k.load,
}
TITLES = {"mnist1d": "MNIST-1D", "mnist5k": "MNIST-5k"}
GAIN = {
    "mnist1d": 0.03,
    "mnist5k": 0.0,
}  # points a third layer must bring; on MNIST hardly 6 are left to gain
MARGIN = {"mnist1d": 0.02, "mnist5k": 0.01}
SEIDE = "Seide, Li & Yu, Conversational speech transcription using context-dependent DNNs (2011); Hung-yi Lee, 2021"


def load_data(level: Level, seed: int) -> Splits:
    return DATA[level["data"]](seed)


def build(depth: int, shape: Shape, level: Level, params: Params) -> nn.Module:
    return mlp(
        shape, matched_widths(level["parameters"], depth, shape.features, shape.outputs)
    )


def at(data: str, parameters: int) -> Level:
    """The level at which all depths have so many parameters on one data set."""
    size, factors = f"{parameters // 1000}k", {"data": data, "parameters": parameters}
    return Level(
        f"{data}_{size}",
        factors,
        x=parameters,
        label=f"{TITLES[data]}, {size} parameters",
    )


def claims(level: Level) -> tuple[Claim, Claim]:
    """A third layer pays, and so do five more: both at one level."""
    data = level["data"]
    promised = f" by at least {GAIN[data] * 100:.0f} points" if GAIN[data] else ""
    return (
        Claim(
            f"three_beat_one_{level.name}",
            f"{level.title}: three hidden layers beat one as large{promised}.",
            metric="accuracy",
            better="depth_3",
            worse="depth_1",
            levels=(level.name,),
            at_least=GAIN[data],
            margin=MARGIN[data],
            source=SEIDE,
            reported="Word errors 24.2, 20.4, 18.4 % with 1, 2, 3 layers; one as large as five: 22.5 instead of 17.2 %",
            matching_group=f"Three layers beat one on {TITLES[data]}",
        ),
        Claim(
            f"eight_beat_three_{level.name}",
            f"{level.title}: eight hidden layers beat three as large.",
            metric="accuracy",
            better="depth_8",
            worse="depth_3",
            levels=(level.name,),
            margin=MARGIN[data],
            source=SEIDE,
            reported="Word errors 18.4, 17.8, 17.2, 17.1 % with 3, 4, 5, 7 layers; but see Ba & Caruana (2014)",
            matching_group=f"Eight layers beat three on {TITLES[data]}",
        ),
    )


LEVELS = tuple(at(data, parameters) for data in DATA for parameters in BUDGETS)

TASK = Task(
    question="At the same number of parameters, is deep better than wide?",
    topic="Architecture",
    load_data=load_data,
    arms=tuple(Arm(f"depth_{n}", partial(build, n), f"Depth {n}", x=n) for n in DEPTHS),
    levels=LEVELS,
    procedure=Classification(),
    recipe=Recipe(steps=1000, batch_size=100),
    # no dropout: the networks of Seide et al. had none, and weight decay is what
    # restrains them
    space=Space(lr=Float(5e-4, 0.5, log=True), weight_decay=Float(1e-3, 0.3, log=True)),
    claims=tuple(claim for level in LEVELS for claim in claims(level)),
    matched="Parameters within 1 %, updates, data, tuning trials",
    axis="Parameters",
    arms_axis="Hidden layers",
    parameters_within=TOLERANCE,
    sources=(mnist1d.SOURCE, mnist5k.SOURCE, SEIDE),
)

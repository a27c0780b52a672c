"""Deep or wide? MLPs of one to eight hidden layers, all with the same number of
parameters.
"""

from collections.abc import Callable
from functools import partial

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
    Text,
    text_of,
)
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
SEIDE = Text(
    "Seide, Li & Yu, Conversational speech transcription using "
    "context-dependent DNNs (2011); Hung-yi Lee, 2021",
    zh=(
        "Seide、Li 与 Yu，Conversational speech transcription using "
        "context-dependent DNNs（2011）；李宏毅，2021"
    ),
)


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
        label=Text(
            f"{TITLES[data]}, {size} parameters", zh=f"{TITLES[data]}，{size} 个参数"
        ),
    )


def claims(level: Level) -> tuple[Claim, Claim]:
    """A third layer pays, and so do five more: both at one level."""
    data = level["data"]
    gain = f"{GAIN[data] * 100:.0f}"
    promised = f" by at least {gain} points" if GAIN[data] else ""
    promised_zh = f"，至少高 {gain} 个百分点" if GAIN[data] else ""
    title_zh = text_of(level.title, "zh")
    return (
        Claim(
            f"three_beat_one_{level.name}",
            Text(
                f"{level.title}: three hidden layers beat one as large{promised}.",
                zh=f"{title_zh}：三个隐藏层优于同样大的一个隐藏层{promised_zh}。",
            ),
            metric="accuracy",
            better="depth_3",
            worse="depth_1",
            levels=(level.name,),
            at_least=GAIN[data],
            margin=MARGIN[data],
            source=SEIDE,
            reported=Text(
                "Word errors 24.2, 20.4, 18.4 % with 1, 2, 3 layers; one as large as "
                "five: 22.5 instead of 17.2 %",
                zh=(
                    "1、2、3 层的词错误率为 24.2、20.4、18.4 %；与五层同样大的单层："
                    "22.5 %，而五层为 17.2 %"
                ),
            ),
            matching_group=f"Three layers beat one on {TITLES[data]}",
        ),
        Claim(
            f"eight_beat_three_{level.name}",
            Text(
                f"{level.title}: eight hidden layers beat three as large.",
                zh=f"{title_zh}：八个隐藏层优于同样大的三个隐藏层。",
            ),
            metric="accuracy",
            better="depth_8",
            worse="depth_3",
            levels=(level.name,),
            margin=MARGIN[data],
            source=SEIDE,
            reported=Text(
                "Word errors 18.4, 17.8, 17.2, 17.1 % with 3, 4, 5, 7 layers; but see "
                "Ba & Caruana (2014)",
                zh=(
                    "3、4、5、7 层的词错误率为 18.4、17.8、17.2、17.1 %；但另见 Ba 与 "
                    "Caruana（2014）"
                ),
            ),
            matching_group=f"Eight layers beat three on {TITLES[data]}",
        ),
    )


LEVELS = tuple(at(data, parameters) for data in DATA for parameters in BUDGETS)

TASK = Task(
    label=Text("Deep vs wide", zh="深与宽"),
    question=Text(
        "At the same number of parameters, is deep better than wide?",
        zh="参数量相同时，深比宽更好吗？",
    ),
    topic=Text("Architecture", zh="网络结构"),
    load_data=load_data,
    arms=tuple(
        Arm(f"depth_{n}", partial(build, n), Text(f"Depth {n}", zh=f"深度 {n}"), x=n)
        for n in DEPTHS
    ),
    levels=LEVELS,
    procedure=Classification(),
    recipe=Recipe(steps=1000, batch_size=100),
    # no dropout: the networks of Seide et al. had none, and weight decay is what
    # restrains them
    space=Space(lr=Float(5e-4, 0.5, log=True), weight_decay=Float(1e-3, 0.3, log=True)),
    claims=tuple(claim for level in LEVELS for claim in claims(level)),
    matched=Text(
        "Parameters within 1 %, updates, data, tuning trials",
        zh="参数量（相差不超过 1 %）、更新次数、数据、调参试验数",
    ),
    axis=Text("Parameters", zh="参数量"),
    arms_axis=Text("Hidden layers", zh="隐藏层数"),
    parameters_within=TOLERANCE,
    sources=(mnist1d.SOURCE, mnist5k.SOURCE, SEIDE),
)

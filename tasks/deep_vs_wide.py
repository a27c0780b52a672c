"""Deep or wide? MLPs of one to eight hidden layers, all with the same number of
parameters; and what lets eight layers learn.

Plain deep networks need smaller rates than shallow ones (He et al., 2015), so each arm
has a range of its own: a range that all share would test how easily they are tuned.
"""

from functools import partial
from typing import Any

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
from tasks.data import mnist1d
from tasks.models.mlp import TOLERANCE, Norm, ResidualMLP, matched_widths, mlp
from tasks.procedures.supervised import Classification

SEIDE = Text(
    "Seide, Li & Yu, Conversational speech transcription using context-dependent "
    "DNNs (2011); Hung-yi Lee, 2021",
    zh=(
        "Seide、Li 与 Yu，Conversational speech transcription using "
        "context-dependent DNNs（2011）；李宏毅，2021"
    ),
)
IOFFE = Text(
    "Ioffe & Szegedy, Batch normalization (2015)",
    zh="Ioffe 与 Szegedy，Batch normalization（2015）",
)
HE = Text(
    "He et al., Deep residual learning for image recognition (2016)",
    zh="He 等，Deep residual learning for image recognition（2016）",
)
WORD_ERRORS = Text(
    "Word errors 24.2, 20.4, 18.4, 17.1 % with 1, 2, 3, 7 layers",
    zh="1、2、3、7 层的词错误率为 24.2、20.4、18.4、17.1 %",
)
DEGRADATION = Text(
    "CIFAR-10: plain networks of 56 layers have a higher training error than of 20, "
    "residual ones do not",
    zh="CIFAR-10：56 层普通网络的训练误差高于 20 层，残差网络则不然",
)


def load_data(level: Level, seed: int) -> Splits:
    """MNIST-1D curves, 4,000 to learn from."""
    return mnist1d.load(seed)


def build(
    depth: int, norm: Norm, shape: Shape, level: Level, params: Params
) -> nn.Module:
    """An MLP of that depth with the level's number of parameters."""
    parameters = level["parameters"]
    widths = matched_widths(
        parameters, depth, shape.features, shape.outputs, norm
    )
    return mlp(shape, widths, norm=norm)


def build_residual(shape: Shape, level: Level, params: Params) -> nn.Module:
    """Eight layers with residual connections and as many parameters."""
    widths = matched_widths(
        level["parameters"], 8, shape.features, shape.outputs
    )
    return ResidualMLP(shape, widths)


def tuned(lr: float, weight_decay: float) -> Space:
    """1.5 decades of rates, and three of weight decay, around what did best in
    pilots on blocks that no campaign has.
    """
    return Space(
        lr=Float(lr / 8, lr * 4, log=True, default=lr),
        weight_decay=Float(1e-3, 1.0, log=True, default=weight_decay),
    )


def plain(depth: int, lr: float, weight_decay: float) -> Arm:
    """The arm of that many plain layers, with a range of rates of its own."""
    label = Text(f"Depth {depth}", zh=f"深度 {depth}")
    space = tuned(lr, weight_decay)
    build_plain = partial(build, depth, "none")
    return Arm(f"depth_{depth}", build_plain, label, x=depth, space=space)


ARMS = (
    plain(1, lr=0.07, weight_decay=0.02),
    plain(2, lr=0.02, weight_decay=0.2),  # about the paper's 100-100
    plain(3, lr=0.015, weight_decay=0.2),
    plain(8, lr=0.008, weight_decay=0.1),
    Arm(
        "depth_8_batch_norm",
        partial(build, 8, "batch"),
        Text("Depth 8, batch norm", zh="深度 8，批归一化"),
        space=tuned(0.008, 0.5),
    ),
    Arm(
        "depth_8_residual",
        build_residual,
        Text("Depth 8, residual connections", zh="深度 8，残差连接"),
        space=tuned(0.01, 0.3),
    ),
)


def at(parameters: int) -> Level:
    """The level at which all arms have that many parameters."""
    size = f"{parameters // 1000}k"
    label = Text(f"{size} parameters", zh=f"{size} 个参数")
    return Level(
        f"mnist1d_{size}", {"parameters": parameters}, parameters, label
    )


def claims(level: Level) -> tuple[Claim, ...]:
    """What is said of one number of parameters."""

    def claim(name: str, english: str, chinese: str, **fields: Any) -> Claim:
        says = Text(
            f"{level.title}: {english}",
            zh=f"{text_of(level.title, 'zh')}：{chinese}",
        )
        shared = {
            "metric": "accuracy",
            "margin": 0.02,
            "levels": (level.name,),
        }
        group = name.replace("_", " ").capitalize()
        return Claim(
            f"{name}_{level.name}",
            says,
            matching_group=group,
            **{**shared, **fields},
        )

    return (
        claim(
            "three_beat_one",
            "three hidden layers beat one as large.",
            "三个隐藏层优于同样大的一个隐藏层。",
            better="depth_3",
            worse="depth_1",
            margin=0.01,
            source=SEIDE,
            reported=WORD_ERRORS,
        ),
        claim(
            "eight_fall_behind",
            "eight plain layers are at least 5 points behind three.",
            "八个普通层比三个层至少低 5 个百分点。",
            better="depth_3",
            worse="depth_8",
            at_least=0.05,
            margin=0.05,
            source=HE,
            reported=DEGRADATION,
        ),
        claim(
            "eight_fit_worse",
            "after as many updates, eight plain layers fit even the training examples "
            "worse than three: they are harder to optimise.",
            "更新次数相同时，八个普通层连训练样本都比三个层拟合得差：更难优化。",
            metric="train.accuracy",
            better="depth_3",
            worse="depth_8",
            margin=0.01,
            fixed_budget=True,
            source=HE,
            reported=DEGRADATION,
        ),
        *(
            claim(
                f"{remedy}_helps_eight",
                f"{english} helps eight layers by at least 2 points.",
                f"{chinese}使八个层至少提高 2 个百分点。",
                better=f"depth_8_{remedy}",
                worse="depth_8",
                at_least=0.02,
                source=source,
            )
            for remedy, english, chinese, source in (
                ("batch_norm", "batch normalisation", "批归一化", IOFFE),
                ("residual", "a residual connection", "残差连接", HE),
            )
        ),
    )


LEVELS = (at(15_000), at(60_000))

TASK = Task(
    label=Text("Deep vs wide", zh="深与宽"),
    question=Text(
        "At the same number of parameters, is deep better than wide?",
        zh="参数量相同时，深比宽更好吗？",
    ),
    topic=Text("Architecture", zh="网络结构"),
    load_data=load_data,
    arms=ARMS,
    levels=LEVELS,
    procedure=Classification(),
    # in pilots three layers were 4 points behind one after 500 updates, 1 ahead after
    # 1,000, 2 after 2,000 and 4 after 4,000: depth takes time
    recipe=Recipe(steps=4000, batch_size=100),
    # no dropout: the networks of Seide et al. had none, and weight decay is what
    # restrains them
    space=Space(),
    claims=tuple(claim for level in LEVELS for claim in claims(level)),
    matched=Text(
        "Parameters within 1 %, updates, data, tuning trials",
        zh="参数量（相差不超过 1 %）、更新次数、数据、调参试验数",
    ),
    axis=Text("Parameters", zh="参数量"),
    arms_axis=Text("Hidden layers", zh="隐藏层数"),
    parameters_within=TOLERANCE,
    why=Text(
        "Layers that are composed reuse what earlier ones found, so a deep network "
        "can express some functions with fewer parameters than a shallow one. Depth "
        "also makes optimisation harder: signals and gradients shrink or grow with "
        "each layer, and plain deep networks then fit even the training set worse. "
        "Normalisation and residual connections remove much of that obstacle without "
        "adding to what the network can express.",
        zh=(
            "层与层复合时，后面的层可以重用前面的结果，因此深层网络能用更少的参数表达"
            "某些函数。但深度也使优化更难：信号与梯度逐层缩小或放大，普通深层网络连训"
            "练集也拟合得更差。归一化与残差连接消除了大部分障碍，而并不增加网络的表达"
            "能力。"
        ),
    ),
    literature=(
        "Ba & Caruana, Do deep nets really need to be deep? (2014), "
        "doi:10.48550/arXiv.1312.6184",
        "He et al., Deep residual learning for image recognition (2016), "
        "doi:10.1109/CVPR.2016.90",
        "Ioffe & Szegedy, Batch normalization (2015), doi:10.48550/arXiv.1502.03167",
    ),
    sources=(mnist1d.SOURCE, SEIDE, IOFFE, HE),
)

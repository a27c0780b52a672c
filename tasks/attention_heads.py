"""How many heads? Vision transformers of one width, whose attention looks through one
to sixteen pairs of eyes.
"""

from functools import partial

from torch import nn

from tasks import Arm, Claim, Level, Params, Shape, Splits, Task, Text
from tasks.data import mnist1d, mnist5k
from tasks.models.attention import WIDTH, vision_transformer
from tasks.procedures.spatial import (
    SPACE,
    UNTIL_CONVERGED,
    SpatialClassification,
)

HEADS = (1, 2, 4, 8, 16)  # of 32, 16, 8, 4 and 2 numbers each
# Accuracies of one arm differ by 2 to 3 points between blocks: ten blocks do not see
# differences much smaller than that.
MARGIN = 0.02
LEVELS = (
    Level(
        "mnist1d",
        {"data": "mnist1d", "parameters": 18_500, "patch": 4},
        label=Text("MNIST-1D, 4,000 examples", zh="MNIST-1D，4,000 个样本"),
    ),
    Level(
        "mnist5k",
        {"data": "mnist5k", "parameters": 29_800, "patch": 4},
        label=Text("MNIST-5k, 3,750 examples", zh="MNIST-5k，3,750 个样本"),
        recipe={"epochs": 50},
    ),
)

VASWANI = Text(
    "Vaswani et al., Attention is all you need (2017), table 3 (A); Hung-yi Lee, 2021",
    zh="Vaswani 等，Attention is all you need（2017），表 3 (A)；李宏毅，2021",
)
FIGURES = Text(
    "BLEU 24.9, 25.5, 25.8, 25.8, 25.4 with 1, 4, 8, 16, 32 heads of 512, "
    "128, 64, 32, 16 numbers",
    zh=(
        "1、4、8、16、32 个头（每个头 512、128、64、32、16 维）的 BLEU "
        "依次为 24.9、25.5、25.8、25.8、25.4"
    ),
)
MICHEL = Text(
    "Michel, Levy & Neubig, Are sixteen heads really better than one? (NeurIPS 2019)",
    zh=(
        "Michel、Levy 与 Neubig，Are sixteen heads really better than "
        "one?（NeurIPS 2019）"
    ),
)


def load_data(level: Level, seed: int) -> Splits:
    """Curves, or images of digits: the data set that the level names."""
    return (
        mnist1d.load(seed, validation=1000)
        if level["data"] == "mnist1d"
        else mnist5k.load(seed)
    )


def build(heads: int, shape: Shape, level: Level, params: Params) -> nn.Module:
    """A vision transformer with that many heads. Its parameters do not depend
    on them: heads share out one width.
    """
    return vision_transformer(
        shape,
        level["parameters"],
        level["patch"],
        heads=heads,
        dropout=params["dropout"],
    )


CLAIMS = (
    Claim(
        "eight_heads_beat_one",
        Text("Eight heads are better than one.", zh="八个头优于一个头。"),
        metric="accuracy",
        better="heads_8",
        worse="heads_1",
        levels=("mnist1d",),
        margin=MARGIN,
        source=VASWANI,
        reported=FIGURES,
    ),
    Claim(
        "too_many_heads_hurt",
        Text(
            "Eight heads are better than sixteen, which see two numbers each.",
            zh="八个头优于十六个头（后者每个头只有两维）。",
        ),
        metric="accuracy",
        better="heads_8",
        worse="heads_16",
        levels=("mnist1d",),
        margin=MARGIN,
        source=VASWANI,
        reported=FIGURES,
    ),
    Claim(
        "some_heads_are_best",
        Text(
            "Two to eight heads are better than both extremes.",
            zh="两到八个头优于头数最少和最多的两个极端。",
        ),
        metric="accuracy",
        kind="contrast",
        weights={
            "heads_2": 1 / 3,
            "heads_4": 1 / 3,
            "heads_8": 1 / 3,
            "heads_1": -1 / 2,
            "heads_16": -1 / 2,
        },
        levels=("mnist1d",),
        margin=MARGIN,
        source=VASWANI,
        reported=FIGURES,
    ),
    Claim(
        "two_heads_are_enough",
        Text(
            "Two heads cost at most 2 points against eight.",
            zh="与八个头相比，两个头至多损失 2 个百分点。",
        ),
        metric="accuracy",
        kind="no_worse",
        better="heads_2",
        worse="heads_8",
        levels=("mnist1d",),
        margin=MARGIN,
        source=MICHEL,
        reported=Text(
            "Most heads of a trained translator can be taken out one by one at no cost",
            zh="训练好的翻译模型中，大多数注意力头可以逐个去掉而不影响效果",
        ),
    ),
    Claim(
        "eight_heads_beat_one_on_pictures",
        Text(
            "On pictures, eight heads are better than one.",
            zh="在图片上，八个头优于一个头。",
        ),
        metric="accuracy",
        better="heads_8",
        worse="heads_1",
        levels=("mnist5k",),
        margin=0.01,
        source=VASWANI,
        reported=FIGURES,
    ),
)

TASK = Task(
    label=Text("Attention heads", zh="注意力头数"),
    question=Text(
        "How many heads should attention have?", zh="注意力应该有多少个头？"
    ),
    topic=Text("Self-attention", zh="自注意力"),
    load_data=load_data,
    arms=tuple(
        Arm(
            f"heads_{n}",
            partial(build, n),
            Text(f"{n} head{'s' * (n > 1)}", zh=f"{n} 个头"),
            x=n,
        )
        for n in HEADS
    ),
    levels=LEVELS,
    procedure=SpatialClassification(),
    recipe=UNTIL_CONVERGED,
    space=SPACE,
    claims=CLAIMS,
    matched=Text(
        f"Parameters, to the last one: {WIDTH} numbers are shared out among the heads; "
        "data, tuning trials; and convergence: a run goes on until validation no longer "
        "improves at each of three learning rates",
        zh=(
            f"参数量（分毫不差：{WIDTH} 维平均分给各个头）、数据、调参试验数；"
            "以及收敛程度：依次用三个学习率训练，直到验证结果不再改善"
        ),
    ),
    arms_axis=Text("Heads", zh="头数"),
    parameters_within=0.0,
    why=Text(
        "A head computes one weighted average for each position, so one head can "
        "look at one kind of relation at a time. More heads allow several, but at a "
        "fixed width each gets fewer dimensions to compare with. How many pay "
        "depends on how many relations the data need at once.",
        zh=(
            "一个头为每个位置计算一个加权平均，因此一次只能关注一种关系。更多的头可以"
            "同时关注几种关系，但总宽度固定时，每个头用于比较的维数更少。需要多少个头，"
            "取决于数据同时需要多少种关系。"
        ),
    ),
    literature=(
        "Vaswani et al., Attention is all you need (2017), "
        "doi:10.48550/arXiv.1706.03762",
        "Michel, Levy & Neubig, Are sixteen heads really better than one? (2019), "
        "doi:10.48550/arXiv.1905.10650",
    ),
    sources=(mnist1d.SOURCE, mnist5k.SOURCE, VASWANI),
)

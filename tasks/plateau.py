"""Has training that makes no progress reached a critical point?

After the lecture on adaptive rates: the loss stands still while the gradient does not
get small, because updates jump from one wall of a valley to the other. If so, smaller
steps must lower the loss from there; from a critical point they could not.
"""

from functools import partial

from tasks import Arm, Claim, Level, Measure, Task, Text
from tasks.procedures.plateau import EXAMPLES_A_BATCH, RATE, measure

UPDATES = 6000
ALONE = Level(
    "digits",
    label=Text("Network of 124 parameters", zh="124 个参数的网络"),
)
LECTURE = Text(
    "Hung-yi Lee, Machine Learning 2021: error surface is rugged, adaptive "
    "learning rate",
    zh="李宏毅，机器学习 2021：崎岖的误差曲面与自适应学习率",
)
FIGURE = Text(
    "A loss that no longer falls, and a gradient that rises and falls beneath it",
    zh="损失不再下降，而其梯度仍起伏不定",
)
BOTTOU = Text(
    "Bottou, Curtis & Nocedal, Optimization methods for large-scale machine "
    "learning (2018), theorem 4.6",
    zh=(
        "Bottou、Curtis 与 Nocedal，Optimization methods for large-scale machine "
        "learning（2018），定理 4.6"
    ),
)
CLAIMS = (
    Claim(
        "the_loss_stands_still",
        Text(
            "At a constant rate the second half of the updates changes the loss by "
            "less than 0.2.",
            zh="学习率不变时，后一半更新使损失的变化小于 0.2。",
        ),
        metric="loss",
        kind="equal",
        better="constant",
        worse="constant_half",
        margin=0.2,  # of the 2.3 that guessing among ten classes has
        fixed_budget=True,
        source=LECTURE,
    ),
    Claim(
        "the_gradient_is_not_small",
        Text(
            "There the gradient of the loss still has at least a tenth of the length "
            "that it had at the start.",
            zh="此时损失的梯度长度仍至少为起点处的十分之一。",
        ),
        metric="gradient",
        kind="always",
        better="constant",
        lower_bound=0.1,
        source=LECTURE,
        reported=FIGURE,
    ),
    Claim(
        "smaller_steps_lower_it",
        Text(
            "If the rate falls to 0 in the second half, the loss falls again.",
            zh="若后一半更新中学习率降到 0，损失会继续下降。",
        ),
        metric="loss",
        better="decaying",
        worse="constant",
        margin=0.02,
        fixed_budget=True,
        source=BOTTOU,
    ),
)


def arm(name: str, updates: int, decays: bool, en: str, zh: str) -> Arm:
    """Descent in small batches for that many updates, whose rate decays or
    not.
    """
    return Arm.function(
        name, partial(measure, updates, decays), label=Text(en, zh=zh)
    )


TASK = Task(
    label=Text("Plateaus", zh="停滞"),
    question=Text(
        "Has training that makes no progress reached a critical point?",
        zh="停滞的训练是否到达了临界点？",
    ),
    topic=Text("Optimisation", zh="优化"),
    arms=(
        arm(
            "constant_half",
            UPDATES // 2,
            False,
            "Constant rate, 3,000 updates",
            "学习率不变，3,000 次更新",
        ),
        arm(
            "constant",
            UPDATES,
            False,
            "Constant rate, 6,000 updates",
            "学习率不变，6,000 次更新",
        ),
        arm(
            "decaying",
            UPDATES,
            True,
            "Rate falls in the second half",
            "后一半学习率下降",
        ),
    ),
    levels=(ALONE,),
    measures=(
        Measure("loss", "lower", label=Text("Loss", zh="损失")),
        Measure(
            "gradient",
            "lower",
            label=Text("Gradient over its start", zh="梯度与起点之比"),
            percent=True,
        ),
    ),
    claims=CLAIMS,
    matched=Text(
        f"Data, network, start, batches of {EXAMPLES_A_BATCH}, a rate of {RATE:g} in "
        "the first half",
        zh=f"数据、网络、起点、批次大小 {EXAMPLES_A_BATCH}、前一半的学习率 {RATE:g}",
    ),
    why=Text(
        "Each small batch has a gradient of its own, and a constant rate follows it "
        "at full length. Where the pull of all examples and these random steps "
        "balance, the loss stays at a height in proportion to the rate, above the "
        "valley's floor and far from a point of zero gradient. Smaller steps let "
        "it sink further.",
        zh=(
            "每个小批次有自己的梯度，不变的学习率总以全长跟随它。当全部样本的拉力与这些"
            "随机步平衡时，损失停在与学习率成正比的高度，位于谷底之上，远离梯度为零的点。"
            "更小的步长可以使它继续下降。"
        ),
    ),
    literature=(
        "Bottou, Curtis & Nocedal, Optimization methods for large-scale machine "
        "learning (2018), doi:10.1137/16M1080173",
    ),
    sources=(
        Text(
            "A sample of scikit-learn's 8x8 digits for each block, by their first 8 "
            "principal components. Licence: BSD 3-clause.",
            zh=(
                "每个区组从 scikit-learn 的 8x8 手写数字中抽取的样本（前 8 个主成分）。"
                "许可证：BSD 3-clause。"
            ),
        ),
    ),
)

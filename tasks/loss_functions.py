"""Cross entropy or squared error for classification, from a normal start and from one
whose softmax is saturated: sure of itself, and wrong.
"""

from functools import partial
from typing import Any

import torch
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
)
from tasks.data import digits, mnist1d
from tasks.models.mlp import mlp
from tasks.procedures.loss_surface import ClassificationWithSurface
from tasks.procedures.softmax_facts import MANY_CLASS_GAP, TWO_CLASS_GAP

LEE = Text(
    "Hung-yi Lee, Machine Learning 2021: classification, a short version",
    zh="李宏毅，机器学习 2021：分类（简短版）",
)
HUI = Text(
    "Hui & Belkin, Evaluation of neural architectures trained with square loss vs "
    "cross-entropy (ICLR 2021)",
    zh=(
        "Hui 与 Belkin，Evaluation of neural architectures trained with square loss "
        "vs cross-entropy（ICLR 2021）"
    ),
)
GOLIK = Text(
    "Golik, Doetsch & Ney, Cross-entropy vs. squared error training (2013)",
    zh="Golik、Doetsch 与 Ney，Cross-entropy vs. squared error training（2013）",
)
STUCK = Text(
    "Error surface for outputs from −10 to 10: flat for the squared error where the "
    "loss is large",
    zh="输出从 −10 到 10 的误差曲面：损失大的地方，平方误差的曲面是平的",
)


def load_data(level: Level, seed: int) -> Splits:
    """Digits for the saturated starts, MNIST-1D for the normal one."""
    if level["data"] == "digits":
        return digits.load(seed)
    return mnist1d.load(seed)


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    """An MLP whose outputs begin ``level["scale"]`` times as large as usual."""
    network = mlp(shape, level["widths"])
    with torch.no_grad():
        network[-1].weight.mul_(level["scale"])  # type: ignore[operator]
    return network


learn = partial(
    ClassificationWithSurface,
    measures=("accuracy", "loss", TWO_CLASS_GAP, MANY_CLASS_GAP),
)


def arm(name: str, loss: str, label: Text, **fields: Any) -> Arm:
    """The arm of a loss."""
    return Arm(name, build, label, procedure=learn(loss), **fields)


ADAM: dict[str, Any] = {
    "recipe": {"optimizer": "adam"},
    "space": Space(lr=Float(1e-3, 5e-2, log=True, default=5e-3)),
}
ARMS = (
    arm("cross_entropy", "cross_entropy", Text("Cross entropy", zh="交叉熵")),
    arm("mse", "mse_softmax", Text("Squared error", zh="平方误差")),
    arm(
        "mse_logits",
        "mse_logits",
        Text("Squared error without softmax", zh="平方误差（不用 softmax）"),
        space=Space(lr=Float(2e-3, 5e-2, log=True, default=2e-2)),
    ),
    arm(
        "cross_entropy_adam",
        "cross_entropy",
        Text("Cross entropy, Adam", zh="交叉熵（Adam）"),
        **ADAM,
    ),
    arm(
        "mse_adam",
        "mse_softmax",
        Text("Squared error, Adam", zh="平方误差（Adam）"),
        **ADAM,
    ),
)


def saturated(scale: int, rates: Float, en: str, zh: str) -> Level:
    """Digits, with outputs that begin ``scale`` times as large, and rates of
    its own.
    """
    # Larger outputs have larger gradients behind them, hence smaller rates.
    factors = {"data": "digits", "scale": scale, "widths": (64,)}
    return Level(
        f"scale_{scale}",
        factors,
        scale,
        Text(en, zh=zh),
        space=Space(lr=rates),
    )


LEVELS = (
    Level(
        "normal",
        # Each block has curves of its own, while blocks share the 1,797
        # digits: a claim of no difference needs fresh data.
        {"data": "mnist1d", "scale": 1, "widths": (100, 100)},
        label=Text("Normal start", zh="正常起点"),
        recipe={"steps": 600},
    ),
    saturated(
        10,
        Float(2e-2, 2e-1, log=True, default=6e-2),
        "Outputs 10 times as large",
        "输出放大 10 倍",
    ),
    saturated(
        30,
        Float(5e-3, 5e-2, log=True, default=1.5e-2),
        "Saturated: 30 times as large",
        "饱和：输出放大 30 倍",
    ),
)
CLAIMS = (
    Claim(
        "equal_from_a_normal_start",
        Text(
            "From a normal start the squared error of the softmax classifies as well as "
            "the cross entropy, within 5 points.",
            zh="从正常起点出发，softmax 的平方误差与交叉熵分类得同样好，相差不到 5 个百分点。",
        ),
        "accuracy",
        better="mse",
        worse="cross_entropy",
        levels=("normal",),
        kind="equal",
        margin=0.05,
        source=GOLIK,
        reported=Text(
            "From random weights the squared error did worse; after cross entropy it "
            "improved a little",
            zh="从随机权重出发，平方误差更差；先用交叉熵训练后再用它略有改进",
        ),
    ),
    Claim(
        "squares_of_outputs_are_no_worse",
        Text(
            "Without a softmax the squared error costs less than 3 points of accuracy "
            "after as many updates.",
            zh="更新次数相同而不用 softmax 时，平方误差使准确率下降不到 3 个百分点。",
        ),
        "accuracy",
        better="mse_logits",
        worse="cross_entropy",
        levels=("normal",),
        kind="no_worse",
        margin=0.03,
        fixed_budget=True,
        source=HUI,
        reported=Text(
            "Better on most tasks of language and speech, slightly worse on images",
            zh="在大多数语言和语音任务上更好，在图像上略差",
        ),
    ),
    Claim(
        "stuck_when_saturated",
        Text(
            "From a saturated start the squared error ends at least 20 points behind "
            "the cross entropy.",
            zh="从饱和的起点出发，平方误差最终比交叉熵至少低 20 个百分点。",
        ),
        "accuracy",
        better="cross_entropy",
        worse="mse",
        levels=("scale_30",),
        at_least=0.2,
        margin=0.02,
        source=LEE,
        reported=STUCK,
    ),
    Claim(
        "adam_frees_the_squared_error",
        Text(
            "Adam frees it: with Adam, too, from a saturated start, the squared error "
            "comes within 5 points of the cross entropy.",
            zh=(
                "Adam 能使其摆脱困境：同样从饱和的起点出发，用 Adam 时平方误差"
                "与交叉熵相差不到 5 个百分点。"
            ),
        ),
        "accuracy",
        better="mse_adam",
        worse="cross_entropy_adam",
        levels=("scale_30",),
        kind="no_worse",
        margin=0.05,
        source=LEE,
        reported=Text(
            "An adaptive rate may get off the flat part, so the squared error is not "
            "hopeless, only harder to train",
            zh="自适应学习率或许能离开平坦处：平方误差并非没有希望，只是更难训练",
        ),
    ),
    Claim(
        "worse_the_larger_the_start",
        Text(
            "The larger the outputs at the start, the farther the squared error falls "
            "behind.",
            zh="起点处的输出越大，平方误差落后越多。",
        ),
        "accuracy",
        better="cross_entropy",
        worse="mse",
        levels=("scale_10", "scale_30"),
        kind="interaction",
        margin=0.02,
        source=LEE,
        reported=STUCK,
    ),
    Claim(
        "softmax_of_two_is_a_sigmoid",
        Text(
            "The softmax over two outputs is the sigmoid of their difference.",
            zh="两个输出的 softmax 就是其差的 sigmoid。",
        ),
        "two_class_gap",
        better="cross_entropy",
        levels=("normal",),
        kind="always",
        equal_to=0.0,
        tolerance=1e-12,
        source=LEE,
        reported=Text(
            "With two classes softmax and sigmoid are the same",
            zh="只有两类时，softmax 与 sigmoid 相同",
        ),
    ),
    Claim(
        "softmax_of_ten_is_no_sigmoid",
        Text(
            "Over ten outputs it is not the sigmoid of each: some probability is at "
            "least 0.05 away.",
            zh="对十个输出则不是各自的 sigmoid：总有概率相差至少 0.05。",
        ),
        "many_class_gap",
        better="cross_entropy",
        levels=("normal",),
        kind="always",
        lower_bound=0.05,
        source=LEE,
    ),
)

TASK = Task(
    label=Text("Loss functions", zh="损失函数"),
    question=Text(
        "Why classify by cross entropy and not by the squared error?",
        zh="分类为什么用交叉熵，而不用平方误差？",
    ),
    topic=Text("Classification", zh="分类"),
    load_data=load_data,
    arms=ARMS,
    levels=LEVELS,
    procedure=learn(),
    recipe=Recipe(steps=300, optimizer="momentum", evaluations=10),
    # Above 0.35 the cross entropy is too fast, below 0.1 the squared error too
    # slow.
    space=Space(lr=Float(1e-1, 3.5e-1, log=True, default=2e-1)),
    claims=CLAIMS,
    matched=Text(
        "Network, start, data, updates, tuning trials",
        zh="网络、起点、数据、更新次数、调参试验数",
    ),
    axis=Text(
        "Times the usual outputs at the start", zh="起点处输出的放大倍数"
    ),
    parameters_within=0.0,
    why=Text(
        "The gradient of the squared error contains the slope of the softmax, which "
        "vanishes where the model is sure, even if it is wrong. In the gradient of "
        "the cross entropy that slope cancels, so a wrong answer is always "
        "corrected. From an ordinary start nothing is saturated, and the difference "
        "is much smaller.",
        zh=(
            "平方误差的梯度含有 softmax 的斜率，模型很确信时斜率趋于零，即使答案是错"
            "的。交叉熵的梯度中这一项被约去，因此错误答案总会被纠正。从普通初值出发时"
            "没有饱和，差别小得多。"
        ),
    ),
    literature=(
        "Hui & Belkin, Evaluation of neural architectures trained with square loss "
        "vs cross-entropy (2021), doi:10.48550/arXiv.2006.07322",
    ),
    sources=(digits.SOURCE, mnist1d.SOURCE),
)

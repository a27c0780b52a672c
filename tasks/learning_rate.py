"""Schedules of the learning rate, each with its peak tuned, with and without warm-up."""

from typing import Any

from torch import nn

from tasks import (
    Arm,
    Axis,
    Claim,
    Float,
    Level,
    Params,
    Plot,
    Recipe,
    Shape,
    Space,
    Splits,
    Task,
    Text,
)
from tasks.data import mnist1d
from tasks.models.mlp import mlp
from tasks.procedures.supervised import Classification

LEE = Text(
    "Hung-yi Lee, Machine Learning 2021: learning-rate decay and warm-up",
    zh="李宏毅，机器学习 2021：学习率衰减与预热",
)
HE = Text(
    "He et al., Deep residual learning (2016), section 4.2",
    zh="He 等，Deep residual learning（2016），4.2 节",
)
SMITH = Text(
    "Smith & Topin, Super-convergence (2018)",
    zh="Smith 与 Topin，Super-convergence（2018）",
)


def load_data(level: Level, seed: int) -> Splits:
    """MNIST-1D curves, 4,000 to learn from."""
    return mnist1d.load(seed)


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    """The same MLP whatever the schedule."""
    return mlp(shape, (100, 100))  # the MLP of the MNIST-1D paper


def arm(name: str, rate: float, en: str, zh: str, **recipe: Any) -> Arm:
    """A schedule with peaks from half to twice the one that did best in pilots."""
    recipe = {"schedule": name, **recipe}
    # A schedule moves the best peak: one range for all would favour the
    # schedule in whose middle it lies.
    space = Space(lr=Float(rate / 2.5, rate * 2, log=True, default=rate))
    named = name if "warmup" not in recipe else f"{name}_warm_up"
    return Arm(named, build, Text(en, zh=zh), recipe=recipe, space=space)


def claim(
    name: str, better: str, worse: str, en: str, zh: str, **fields: Any
) -> Claim:
    """A claim about accuracy, unless ``fields`` say otherwise."""
    shared: dict[str, Any] = {"metric": "accuracy", "margin": 0.02}
    return Claim(
        name,
        Text(en, zh=zh),
        better=better,
        worse=worse,
        **{**shared, **fields},
    )


TASK = Task(
    label=Text("Learning-rate schedules", zh="学习率调度"),
    question=Text(
        "Is a learning rate that falls better than a constant one, and does warm-up "
        "help?",
        zh="下降的学习率优于恒定的学习率吗？预热有帮助吗？",
    ),
    topic=Text("Optimisation", zh="优化"),
    load_data=load_data,
    arms=(
        arm("constant", 0.06, "Constant", "恒定"),
        arm("step", 0.1, "Falls tenfold, twice", "两次降为十分之一"),
        arm("cosine", 0.15, "Cosine", "余弦"),
        arm("cosine", 0.15, "Cosine after warm-up", "预热后余弦", warmup=0.1),
        arm("one_cycle", 0.15, "One cycle", "单周期"),
        arm(
            "noam", 0.15, "Noam: inverse root", "Noam：平方根倒数", warmup=0.1
        ),
    ),
    procedure=Classification(),
    recipe=Recipe(steps=800, optimizer="momentum"),
    space=Space(lr=Float(2e-2, 4e-1, log=True)),
    claims=(
        claim(
            "decay_beats_constant",
            "cosine",
            "constant",
            "With both at their best rate, one that falls along a cosine beats a "
            "constant one.",
            "两者都用各自最好的学习率时，余弦下降优于恒定。",
            source=LEE,
            reported=Text(
                "The path that oscillated reaches the minimum once the rate decays",
                zh="学习率衰减后，原来振荡的路径到达最小值",
            ),
        ),
        claim(
            "steps_beat_constant",
            "step",
            "constant",
            "A rate that falls tenfold, twice, beats a constant one, too.",
            "两次降为十分之一的学习率也优于恒定的学习率。",
            margin=0.01,
            source=HE,
            reported=Text(
                "The rate is divided by 10 when the error plateaus",
                zh="误差不再下降时，学习率除以 10",
            ),
        ),
        claim(
            "warm_up_makes_no_difference",
            "cosine_warm_up",
            "cosine",
            "For a shallow perceptron warm-up makes no difference of 3 points.",
            "对于浅层感知机，预热造成的差别不到 3 个百分点。",
            kind="equal",
            margin=0.03,
            source=HE,
            reported=Text(
                "ResNet-110 was warmed up; without, it still reaches similar accuracy",
                zh="ResNet-110 使用了预热；不用时仍能达到相近的准确率",
            ),
        ),
        claim(
            "one_cycle_beats_cosine",
            "one_cycle",
            "cosine",
            "One cycle beats the cosine.",
            "单周期优于余弦。",
            source=SMITH,
            reported=Text(
                "ResNet-56 on CIFAR-10: 92.4 % after 10,000 updates, 91.2 % after "
                "80,000 with a rate that falls in steps",
                zh="ResNet-56，CIFAR-10：10,000 次更新后 92.4 %；分步下降 80,000 次后 91.2 %",
            ),
        ),
        claim(
            "noam_beats_constant",
            "noam_warm_up",
            "constant",
            "Falling with the inverse root of the update's number beats a constant "
            "rate.",
            "按更新次数的平方根倒数下降，优于恒定的学习率。",
            source=Text(
                "Vaswani et al., Attention is all you need (2017)",
                zh="Vaswani 等，Attention is all you need（2017）",
            ),
        ),
    ),
    matched=Text(
        "Network, data, updates, tuning trials",
        zh="网络、数据、更新次数、调参试验数",
    ),
    parameters_within=0.0,
    why=Text(
        "Early on a large rate makes fast progress, and late it keeps the loss "
        "bouncing above the minimum, so a schedule that falls has both. Warm-up "
        "keeps the first updates small while curvature is high and averages of "
        "gradients are poor estimates. A schedule moves the best peak, so each needs "
        "a tuned one.",
        zh=(
            "训练初期较大的学习率进展快，后期却使损失在极小值上方震荡，因此下降的调度"
            "兼得两者。预热使最初的更新较小，那时曲率高，梯度的平均也不准。调度会改变"
            "最佳峰值，因此各自需要调参。"
        ),
    ),
    plots=(
        Plot(
            "progress",
            Text("Accuracy over the updates", zh="准确率随更新次数的变化"),
            "accuracy",
            Axis(Text("Updates", zh="更新次数")),
            along="updates",
            says=Text(
                "Means over blocks, on validation, each schedule at its best peak.",
                zh="各区组的平均，在验证集上，各调度用其最好的峰值。",
            ),
        ),
    ),
    literature=(
        "Loshchilov & Hutter, SGDR (2017), doi:10.48550/arXiv.1608.03983",
        "Goyal et al., Accurate, large minibatch SGD (2017), "
        "doi:10.48550/arXiv.1706.02677",
    ),
    sources=(mnist1d.SOURCE,),
)

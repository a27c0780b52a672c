"""Does batch normalisation train faster, and why? An MLP with and without it, and with
other norms, over learning rates, batch sizes, activations and depths.

Nothing is tuned: rates are levels, and the claims say at which of them they hold.
"""

from functools import partial
from math import log
from typing import Any

from torch import nn

from tasks import (
    Arm,
    Axis,
    Claim,
    Level,
    Params,
    Plot,
    Recipe,
    Shape,
    Splits,
    Task,
    Text,
    updates_to,
)
from tasks.data import mnist1d
from tasks.models.normalised import NormalisedMLP
from tasks.procedures.modes import BothModes

WIDTH, SIZE = 64, 100  # of hidden layers, of batches
TARGET = 0.45  # accuracy on validation
# the network without a norm is best at the second
RATES = (0.03, 0.1, 0.3, 1.0)
ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}
IOFFE = Text(
    "Ioffe & Szegedy, Batch normalization (2015)",
    zh="Ioffe 与 Szegedy，Batch normalization（2015）",
)
LEE = Text(
    "Hung-yi Lee, Machine Learning 2021: batch normalization",
    zh="李宏毅，机器学习 2021：批归一化",
)
BA = Text(
    "Ba et al., Layer normalization (2016)",
    zh="Ba 等，Layer normalization（2016）",
)
WU = Text(
    "Wu & He, Group normalization (2018)",
    zh="Wu 与 He，Group normalization（2018）",
)
SANTURKAR = Text(
    "Santurkar et al., How does batch normalization help optimization? (2018)",
    zh="Santurkar 等，How does batch normalization help optimization?（2018）",
)


def load_data(level: Level, seed: int) -> Splits:
    """MNIST-1D curves, fresh for each block."""
    return mnist1d.load(seed, validation=1000, test=2000)


def build(norm: str, shape: Shape, level: Level, params: Params) -> nn.Module:
    """An MLP of the level's depth and activation, with that norm in each
    layer.
    """
    widths = [WIDTH] * level["depth"]
    activation = ACTIVATIONS[level["activation"]]
    return NormalisedMLP(norm, shape, widths, activation, level["batch"])


def arm(norm: str, english: str, chinese: str) -> Arm:
    """The arm of a norm."""
    return Arm(norm, partial(build, norm), Text(english, zh=chinese))


def at_rate(lr: float) -> Level:
    """Five ReLU layers at that rate."""
    factors = {"activation": "relu", "depth": 5, "batch": SIZE}
    label = Text(f"Rate {lr:g}", zh=f"学习率 {lr:g}")
    return Level(f"rate_{lr:g}", factors, lr, label, params={"lr": lr})


def sigmoids(depth: int) -> Level:
    """That many sigmoid layers, at the rate that suits the network without a
    norm.
    """
    factors = {"activation": "sigmoid", "depth": depth, "batch": SIZE}
    label = Text(f"Sigmoid, depth {depth}", zh=f"sigmoid，深度 {depth}")
    params, recipe = {"lr": RATES[1]}, {"evaluations": 4}
    return Level(
        f"sigmoid_{depth}", factors, None, label, recipe, params=params
    )


def in_batches(size: int, lr: float) -> Level:
    """Five ReLU layers on batches of that size."""
    factors = {"activation": "relu", "depth": 5, "batch": size}
    label = Text(f"Batch of {size}", zh=f"批量 {size}")
    recipe = {"batch_size": size, "steps": 500, "evaluations": 4}
    return Level(
        f"batch_{size}", factors, None, label, recipe, params={"lr": lr}
    )


def claim(
    name: str, who: str, english: str, chinese: str, **fields: Any
) -> Claim:
    """``who`` names better, worse and the levels, if the claim is no contrast."""
    shared: dict[str, Any] = {"metric": "accuracy", "margin": 0.02}
    if who:
        shared["better"], shared["worse"], *levels = who.split()
        shared["levels"] = tuple(levels)
    says = Text(english, zh=chinese)
    return Claim(name, says, fixed_budget=True, **{**shared, **fields})


CLAIMS = (
    claim(
        "sooner",
        "batch none rate_0.03 rate_0.1",
        "Batch norm reaches an accuracy of 45 % in fewer updates.",
        "批归一化以更少的更新次数达到 45 % 的准确率。",
        metric=updates_to("accuracy", TARGET),
        scale="log_ratio",
        margin=log(1.1),
        source=IOFFE,
        reported=Text(
            "Inception: 72.2 % after 13.3 instead of 31.0 million updates",
            zh="Inception：达到 72.2 % 需 13.3 百万次更新，无批归一化需 31.0 百万次",
        ),
    ),
    claim(
        "larger_rates",
        "batch none rate_0.3",
        "At 3 times the rate that suits the network without a norm, batch norm is at "
        "least 5 points ahead.",
        "学习率为无归一化网络适用值的 3 倍时，批归一化至少高 5 个百分点。",
        at_least=0.05,
        source=IOFFE,
        reported=Text(
            "Inception: 74.8 % at 30 times the rate, 72.2 % without batch norm",
            zh="Inception：30 倍学习率时为 74.8 %，无批归一化时为 72.2 %",
        ),
    ),
    claim(
        "none_guesses_at_ten_times",
        "",
        "At 10 times that rate the network without a norm never gets beyond 20 %.",
        "学习率为该值的 10 倍时，无归一化的网络从不超过 20 %。",
        kind="always",
        better="none",
        levels=("rate_1",),
        upper_bound=0.2,
        source=IOFFE,
    ),
    claim(
        "batch_norm_learns_at_ten_times",
        "",
        "At 10 times that rate the network with batch norm gets beyond 20 %.",
        "学习率为该值的 10 倍时，有批归一化的网络仍超过 20 %。",
        kind="threshold",
        better="batch",
        levels=("rate_1",),
        reference=0.2,
        source=IOFFE,
    ),
    claim(
        "costs_no_accuracy",
        "batch none rate_0.1",
        "At the rate that suits the network without a norm, batch norm is no worse.",
        "在无归一化网络适用的学习率下，批归一化的准确率不更低。",
        kind="no_worse",
        source=IOFFE,
    ),
    claim(
        "rescues_deep_sigmoids",
        "batch none sigmoid_8",
        "With batch norm eight sigmoid layers learn: at least 20 points more.",
        "有批归一化时，八层 sigmoid 网络能够学习：至少高 20 个百分点。",
        at_least=0.2,
        source=IOFFE,
        reported=Text(
            "Inception with sigmoids: 69.8 % with batch norm, chance without",
            zh="用 sigmoid 的 Inception：有批归一化时为 69.8 %，没有时为随机水平",
        ),
    ),
    claim(
        "rescues_the_deep_alone",
        "",
        "Batch norm gains more with eight sigmoid layers than with one.",
        "批归一化在八层 sigmoid 网络中的收益大于一层。",
        kind="contrast",
        weights={
            "batch@sigmoid_8": 1,
            "none@sigmoid_8": -1,
            "batch@sigmoid_1": -1,
            "none@sigmoid_1": 1,
        },
        source=IOFFE,
    ),
    claim(
        "layer_norm_rescues_too",
        "layer none sigmoid_8",
        "With layer norm eight sigmoid layers learn, too: at least 20 points more.",
        "有层归一化时，八层 sigmoid 网络同样能够学习：至少高 20 个百分点。",
        at_least=0.2,
        source=BA,
    ),
    claim(
        "fails_at_batch_2",
        "group batch batch_2",
        "In batches of 2, batch norm is behind group norm.",
        "批量为 2 时，批归一化不如组归一化。",
        source=WU,
        reported=Text(
            "ImageNet, 2 images a worker: error 34.7 % (batch norm), 24.1 % (group norm)",
            zh="ImageNet，每个 worker 2 张图：错误率 34.7 %（批归一化），24.1 %（组归一化）",
        ),
    ),
    claim(
        "works_from_8_on",
        "batch group batch_8 batch_32",
        "In batches of 8 and of 32, batch norm is ahead of group norm.",
        "批量为 8 和 32 时，批归一化优于组归一化。",
        source=WU,
    ),
    claim(
        "loses_its_lead_at_batch_2",
        "",
        "Batch norm loses its lead over group norm from batches of 32 to batches of 2.",
        "从批量 32 到批量 2，批归一化失去对组归一化的领先。",
        kind="contrast",
        weights={
            "batch@batch_32": 1,
            "group@batch_32": -1,
            "batch@batch_2": -1,
            "group@batch_2": 1,
        },
        source=WU,
    ),
    claim(
        "modes_differ_more_in_small_batches",
        "",
        "The answers of training and of inference differ more often after batches of 8 "
        "than of 32.",
        "批量为 8 时，训练与推断给出不同答案的比例高于批量 32。",
        metric="mode_gap",
        kind="contrast",
        weights={"batch@batch_32": 1, "batch@batch_8": -1},
        source=WU,
    ),
    claim(
        "running_mean_forgets",
        "batch plain_average rate_0.1",
        "The running mean, which forgets, gives at least 5 points more in inference "
        "than the plain average of all batches.",
        "推断时，会遗忘的滑动平均比所有批次的普通平均至少高 5 个百分点。",
        at_least=0.05,
        source=LEE,
    ),
    claim(
        "steady_inputs_are_not_the_reason",
        "disturbed none sigmoid_8",
        "Batch norm rescues eight sigmoid layers even where every unit is shifted and "
        "stretched at random after it: at least 20 points more.",
        "即使归一化之后每个单元都被随机平移和缩放，批归一化仍能拯救八层 sigmoid 网络："
        "至少高 20 个百分点。",
        at_least=0.2,
        source=SANTURKAR,
        reported=Text(
            "VGG with noise after batch norm trains as fast as with batch norm",
            zh="在批归一化之后加噪声的 VGG，训练与只用批归一化一样快",
        ),
    ),
)

TASK = Task(
    label=Text("Batch norm", zh="批归一化"),
    question=Text(
        "Does batch normalisation make networks easier to train?",
        zh="批归一化使网络更容易训练吗？",
    ),
    topic=Text("Optimisation", zh="优化"),
    load_data=load_data,
    arms=(
        arm("none", "No norm", "无归一化"),
        arm("batch", "Batch norm", "批归一化"),
        arm(
            "plain_average",
            "Batch norm, plain average",
            "批归一化（普通平均）",
        ),
        arm("disturbed", "Batch norm, disturbed", "批归一化（加扰动）"),
        arm("layer", "Layer norm", "层归一化"),
        arm("group", "Group norm", "组归一化"),
    ),
    levels=(
        *map(at_rate, RATES),
        *map(sigmoids, (1, 8)),
        *(
            in_batches(size, lr)
            # Rates grow with the batch: at one rate a small batch would be
            # judged by its noise.
            for size, lr in ((2, 0.01), (8, 0.02), (32, 0.03))
        ),
    ),
    procedure=BothModes(),
    recipe=Recipe(
        steps=400,
        batch_size=SIZE,
        optimizer="sgd",
        # A rate that falls would make up for one that is too large.
        schedule="constant",
        restore_best=False,
        targets=(("accuracy", TARGET),),
    ),
    claims=CLAIMS,
    matched=Text(
        "Network, rate, updates, data; a norm adds a gain and a bias per hidden unit",
        zh="网络、学习率、更新次数、数据；归一化使每个隐藏单元多一个增益和一个偏置",
    ),
    axis=Text("Learning rate", zh="学习率"),
    why=Text(
        "Dividing by the batch's own spread makes a layer's output independent of "
        "the scale of its weights, so that larger rates do not diverge. It also "
        "makes the loss smoother along the gradient, which is what later work found "
        "to matter more than shifting inputs. In small batches the spread is a noisy "
        "estimate, so the advantage shrinks there.",
        zh=(
            "除以批内的标准差使层的输出与权重的尺度无关，因此较大的学习率也不会发散。"
            "它还使损失沿梯度方向更平滑，后来的研究发现这比输入分布的移动更重要。批量"
            "很小时，标准差的估计噪声大，优势随之减小。"
        ),
    ),
    plots=(
        Plot(
            "updates_to_target",
            Text(
                "How soon the target is reached, by rate",
                zh="不同学习率下达到目标的快慢",
            ),
            updates_to("accuracy", TARGET),
            Axis(Text("Learning rate", zh="学习率"), log=True),
            along="lr",
            arms=("none", "batch"),
            levels=tuple(f"rate_{lr:g}" for lr in RATES),
            says=Text(
                "Those that never get there count one update more than all.",
                zh="从未达到者，按总更新次数加一计。",
            ),
        ),
        Plot(
            "accuracy",
            Text("Accuracy by rate", zh="不同学习率下的准确率"),
            "accuracy",
            Axis(Text("Learning rate", zh="学习率"), log=True),
            along="lr",
            arms=("none", "batch"),
            levels=tuple(f"rate_{lr:g}" for lr in RATES),
        ),
    ),
    literature=(
        "Ioffe & Szegedy, Batch normalization (2015), doi:10.48550/arXiv.1502.03167",
        "Santurkar et al., How does batch normalization help optimization? (2018), "
        "doi:10.48550/arXiv.1805.11604",
        "Wu & He, Group normalization (2018), doi:10.48550/arXiv.1803.08494",
    ),
    sources=(mnist1d.SOURCE, IOFFE, WU, SANTURKAR),
)

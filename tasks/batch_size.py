"""Small or large batches? One network, trained for equal passes over the data, for
equal updates, or until it fits.

Equal passes and equal updates compare optimisation: the arm that fits better wins. Only
where both fit equally well is the rest a matter of generalisation (Keskar et al.,
2017).
"""

from math import log
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
from tasks.models.mlp import mlp
from tasks.procedures.supervised import Classification

EXAMPLES = 2000  # for training; the full batch
# The rate that did best in pilots. It grows somewhat less than in proportion to the
# batch, the linear rule of Goyal et al. (2017).
RATES = {8: 0.02, 32: 0.08, 128: 0.25, 512: 0.7, EXAMPLES: 0.9}
LEE = Text(
    "Hung-yi Lee, Machine Learning 2021: small or large batch, on one V100",
    zh="李宏毅，机器学习 2021：小批量还是大批量（单块 V100）",
)
KESKAR = Text(
    "Keskar et al., On large-batch training for deep learning (2017)",
    zh="Keskar 等，On large-batch training for deep learning（2017）",
)
SHALLUE = Text(
    "Shallue et al., Measuring the effects of data parallelism (2019)",
    zh="Shallue 等，Measuring the effects of data parallelism（2019）",
)
SMALL_LARGE = Text(
    "Small, large batch, test: 98.03, 97.81 % (F1); 80.04, 77.26 % (C1); "
    "Hoffer: too few updates",
    zh=(
        "小批量与大批量的测试准确率：98.03 与 97.81 %（F1），80.04 与 "
        "77.26 %（C1）；Hoffer 等认为原因是更新次数太少"
    ),
)


def load_data(level: Level, seed: int) -> Splits:
    """MNIST-1D curves, ``EXAMPLES`` of them to learn from."""
    return mnist1d.load(seed, train=EXAMPLES)


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    """The same MLP whatever the batch."""
    return mlp(shape, (100, 100))  # the MLP of the MNIST-1D paper


def arm(size: int) -> Arm:
    """A batch size, with 1.5 decades of rates around its own."""
    full = size == EXAMPLES
    rate = RATES[size]
    return Arm(
        "batch_full" if full else f"batch_{size}",
        build,
        Text("Full batch", zh="全批量")
        if full
        else Text(f"Batch of {size}", zh=f"批量 {size}"),
        x=size,
        recipe={"batch_size": 0 if full else size},
        space=Space(lr=Float(rate / 8, rate * 4, log=True, default=rate)),
    )


EPOCHS = Level(
    "equal_epochs",
    {"matched": "epochs"},
    label=Text("Equal epochs", zh="轮数相同"),
    recipe={"epochs": 15},
)
UPDATES = Level(
    "equal_updates",
    {"matched": "updates"},
    label=Text("Equal updates", zh="更新次数相同"),
    recipe={"steps": 3000},
)
FITTED = Level(
    "until_fitted",
    {"matched": "fit"},
    label=Text("Until it fits", zh="直到拟合"),
    recipe={
        "epochs": 40,  # at most
        "evaluations": 40,
        # Both have to fit equally well, or the one that fits better would win.
        "stop_when": ("accuracy", 0.995),
        # The network that fits is compared, not the checkpoint that
        # generalised best on the way.
        "restore_best": False,
    },
)


def claim(
    name: str, level: Level, better: int, worse: int, says: Text, **fields: Any
) -> Claim:
    """A claim about two batch sizes, which begins with what is held equal."""
    here = Text(
        f"{level.title}: {says}",
        zh=f"{text_of(level.title, 'zh')}：{text_of(says, 'zh')}",
    )
    shared = {"metric": "accuracy", "margin": 0.02, "fixed_budget": True}
    return Claim(
        name,
        here,
        better=arm(better).name,
        worse=arm(worse).name,
        levels=(level.name,),
        **{**shared, **fields},
    )


CLAIMS = (
    *(
        claim(
            f"small_generalises_better_{level.name}",
            level,
            8,
            512,
            Text(
                "batches of 8 give a higher test accuracy than batches of 512.",
                zh="批量 8 的测试准确率高于批量 512。",
            ),
            source=KESKAR,
            reported=SMALL_LARGE,
            matching_group="Small batches generalise better",
        )
        for level in (EPOCHS, FITTED)
    ),
    claim(
        "both_fit",
        FITTED,
        512,
        8,
        Text(
            "batches of 512 and of 8 fit the training examples equally well, within "
            "1 point.",
            zh="批量 512 与批量 8 对训练样本拟合得同样好，相差不到 1 个百分点。",
        ),
        kind="equal",
        metric="train.accuracy",
        margin=0.01,
        source=KESKAR,
    ),
    claim(
        "small_has_the_smaller_gap",
        FITTED,
        8,
        512,
        Text(
            "the gap between training and test accuracy is smaller with batches of 8 "
            "than with batches of 512.",
            zh="批量 8 的训练与测试准确率之差小于批量 512。",
        ),
        metric="gap.accuracy",
        source=KESKAR,
        reported=SMALL_LARGE,
    ),
    claim(
        "large_equals_at_equal_updates",
        UPDATES,
        512,
        8,
        Text(
            "with tuned rates, batches of 512 reach the test accuracy of batches of "
            "8, within 2 points.",
            zh="学习率各自调好时，批量 512 能达到批量 8 的测试准确率，相差不到 2 个百分点。",
        ),
        kind="no_worse",
        source=SHALLUE,
        reported=Text(
            "No evidence, in 168,160 runs, that larger batches generalise worse",
            zh="在 168,160 次训练中，没有发现更大的批量会损害泛化的证据",
        ),
    ),
    claim(
        "full_batch_falls_behind",
        EPOCHS,
        32,
        EXAMPLES,
        Text(
            "the full batch is at least 5 points behind batches of 32.",
            zh="全批量比批量 32 至少低 5 个百分点。",
        ),
        at_least=0.05,
        source=LEE,
        reported=Text(
            "MNIST, validation: 99.3 % at 10, 99.2 % at 100, 87.1 % at 60,000 (all)",
            zh=(
                "MNIST 验证准确率：批量 10 时 99.3 %，100 时 99.2 %，60,000"
                "（全部）时 87.1 %"
            ),
        ),
    ),
    claim(
        "large_fits_worse",
        EPOCHS,
        8,
        512,
        Text(
            "batches of 512 fit even the training examples worse than batches of 8.",
            zh="批量 512 连训练样本都比批量 8 拟合得差。",
        ),
        metric="train.accuracy",
        source=LEE,
        reported=Text(
            "MNIST, training: 98.2 % at 1, 83.8 % at 60,000: optimisation fails, "
            "not generalisation",
            zh=(
                "MNIST 训练准确率：批量 1 时 98.2 %，60,000 时 83.8 %：问题在优化，"
                "而不在泛化"
            ),
        ),
    ),
    claim(
        "large_is_faster_per_epoch",
        EPOCHS,
        512,
        8,
        Text(
            "a pass over the data takes less time in batches of 512 than of 8.",
            zh="遍历一遍数据，批量 512 比批量 8 用时更短。",
        ),
        metric="seconds_per_epoch",
        scale="log_ratio",
        margin=log(1.1),
        source=LEE,
        reported=Text(
            "MNIST: 360 s at 1, 45 s at 10, 15 s at 100, 10 s from 1,000 on",
            zh="MNIST：批量 1 时 360 秒，10 时 45 秒，100 时 15 秒，1,000 起 10 秒",
        ),
    ),
    claim(
        "update_time_is_flat",
        EPOCHS,
        512,
        8,
        Text(
            "an update on 512 examples takes at most 1.5 times as long as one on 8.",
            zh="用 512 个样本更新一次的用时不超过用 8 个样本的 1.5 倍。",
        ),
        kind="no_worse",
        metric="seconds_per_update",
        scale="log_ratio",
        margin=log(1.5),
        source=LEE,
        reported=Text(
            "Flat up to 1,000 examples on the GPU, then in proportion",
            zh="在 GPU 上，1,000 个样本以内基本不变，之后按比例增长",
        ),
    ),
)

TASK = Task(
    label=Text("Batch size", zh="批量大小"),
    question=Text(
        "Do small batches generalise better?", zh="小批量的泛化更好吗？"
    ),
    topic=Text("Optimisation", zh="优化"),
    load_data=load_data,
    arms=tuple(arm(size) for size in RATES),
    levels=(EPOCHS, UPDATES, FITTED),
    procedure=Classification(),
    recipe=Recipe(epochs=15, optimizer="sgd"),
    # no dropout: it would add to the noise of small batches, which is what the claims
    # are about
    space=Space(weight_decay=Float(1e-6, 1e-2, log=True, default=1e-4)),
    claims=CLAIMS,
    matched=Text(
        "Network, data, tuning trials; by level, epochs, updates or training accuracy",
        zh="网络、数据、调参试验数；各水平上分别为轮数、更新次数或训练准确率",
    ),
    arms_axis=Text("Examples in a batch", zh="每批样本数"),
    parameters_within=0.0,
    why=Text(
        "With equal epochs a large batch makes far fewer updates, so it is behind on "
        "the training set already: that is optimisation, not generalisation. A small "
        "batch's gradient is noisier, but each update costs less, and a tuned rate "
        "makes use of both. Only where both fit equally well can a difference on the "
        "test set be due to the minimum that the noise leads to.",
        zh=(
            "轮数相同时，大批量的更新次数少得多，因此在训练集上就已落后：这是优化问题，"
            "不是泛化问题。小批量的梯度噪声更大，但每次更新的代价更小，调好的学习率能"
            "兼顾两者。只有当两者拟合得同样好时，测试集上的差异才可能来自噪声所导向的"
            "极小值。"
        ),
    ),
    literature=(
        "Keskar et al., On large-batch training for deep learning (2017), "
        "doi:10.48550/arXiv.1609.04836",
        "Hoffer, Hubara & Soudry, Train longer, generalize better (2017), "
        "doi:10.48550/arXiv.1705.08741",
        "Shallue et al., Measuring the effects of data parallelism (2019), "
        "doi:10.48550/arXiv.1811.03600",
        "Goyal et al., Accurate, large minibatch SGD (2017), "
        "doi:10.48550/arXiv.1706.02677",
    ),
    sources=(mnist1d.SOURCE, KESKAR, SHALLUE, LEE),
)

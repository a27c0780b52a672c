"""Small or large batches? The same network and data, with equal passes over the data or
with equal updates.
"""

from math import log

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
from tasks.data import mnist5k
from tasks.models.mlp import mlp
from tasks.procedures.supervised import Classification

SIZES = (8, 32, 128, 512)
FULL = 3750  # all training examples of a block
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


def load_data(level: Level, seed: int) -> Splits:
    return mnist5k.load(seed)


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    return mlp(shape, (64,))


EPOCHS = Level(
    "equal_epochs",
    {"matched": "epochs"},
    label=Text("Equal epochs", zh="轮数相同"),
    recipe={"epochs": 8},
)
UPDATES = Level(
    "equal_steps",
    {"matched": "steps"},
    label=Text("Equal updates", zh="更新次数相同"),
    recipe={"steps": 300},
)

CLAIMS = (
    *(
        Claim(
            f"small_generalises_better_{level.name}",
            Text(
                f"{level.title}: batches of 8 give a higher test accuracy "
                "than batches of 512.",
                zh=f"{text_of(level.title, 'zh')}：批量 8 的测试准确率高于批量 512。",
            ),
            metric="accuracy",
            better="batch_8",
            worse="batch_512",
            levels=(level.name,),
            margin=0.01,
            source=KESKAR,
            reported=Text(
                "Small, large batch, test: 98.03, 97.81 % (F1); 80.04, 77.26 % (C1); "
                "Hoffer: too few updates",
                zh=(
                    "小批量与大批量的测试准确率：98.03 与 97.81 %（F1），80.04 与 "
                    "77.26 %（C1）；Hoffer 等认为原因是更新次数太少"
                ),
            ),
            matching_group="Small batches generalise better",
            fixed_budget=True,
        )
        for level in (EPOCHS, UPDATES)
    ),
    Claim(
        "large_equals_at_equal_updates",
        Text(
            "With equal updates and tuned rates, batches of 512 reach the test "
            "accuracy of batches of 32.",
            zh="更新次数相同、学习率各自调好时，批量 512 能达到批量 32 的测试准确率。",
        ),
        metric="accuracy",
        kind="equal",
        better="batch_512",
        worse="batch_32",
        levels=(UPDATES.name,),
        margin=0.01,
        fixed_budget=True,
        source=SHALLUE,
        reported=Text(
            "No evidence, in 168,160 runs, that larger batches generalise worse",
            zh="在 168,160 次训练中，没有发现更大的批量会损害泛化的证据",
        ),
    ),
    Claim(
        "full_batch_falls_behind",
        Text(
            "With equal epochs, the full batch is at least 5 points behind batches "
            "of 32.",
            zh="轮数相同时，全批量比批量 32 至少低 5 个百分点。",
        ),
        metric="accuracy",
        better="batch_32",
        worse="batch_full",
        levels=(EPOCHS.name,),
        at_least=0.05,
        margin=0.02,
        fixed_budget=True,
        source=LEE,
        reported=Text(
            "MNIST, validation: 99.3 % at 10, 99.2 % at 100, 87.1 % at 60,000 (all)",
            zh=(
                "MNIST 验证准确率：批量 10 时 99.3 %，100 时 99.2 %，60,000"
                "（全部）时 87.1 %"
            ),
        ),
    ),
    Claim(
        "large_fits_worse",
        Text(
            "With equal epochs, batches of 512 fit even the training examples "
            "worse than batches of 8.",
            zh="轮数相同时，批量 512 连训练样本都比批量 8 拟合得差。",
        ),
        metric="train.accuracy",
        better="batch_8",
        worse="batch_512",
        levels=(EPOCHS.name,),
        margin=0.01,
        fixed_budget=True,
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
    Claim(
        "large_is_faster_per_epoch",
        Text(
            "A pass over the data takes less time in batches of 512 than in "
            "batches of 8.",
            zh="遍历一遍数据，批量 512 比批量 8 用时更短。",
        ),
        metric="seconds_per_epoch",
        better="batch_512",
        worse="batch_8",
        levels=(EPOCHS.name,),
        scale="log_ratio",
        margin=log(1.1),
        source=LEE,
        reported=Text(
            "MNIST: 360 s at 1, 45 s at 10, 15 s at 100, 10 s from 1,000 on",
            zh="MNIST：批量 1 时 360 秒，10 时 45 秒，100 时 15 秒，1,000 起 10 秒",
        ),
    ),
    Claim(
        "update_time_is_flat",
        Text(
            "An update on 512 examples takes as long as one on 8, within a factor "
            "of 1.5.",
            zh="用 512 个样本更新一次与用 8 个样本用时相当，相差不到 1.5 倍。",
        ),
        metric="seconds_per_update",
        kind="equal",
        better="batch_512",
        worse="batch_8",
        levels=(EPOCHS.name,),
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
    question=Text("Do small batches generalise better?", zh="小批量的泛化更好吗？"),
    topic=Text("Optimisation", zh="优化"),
    load_data=load_data,
    arms=(
        *(
            Arm(
                f"batch_{size}",
                build,
                Text(f"Batch of {size}", zh=f"批量 {size}"),
                x=size,
                recipe={"batch_size": size},
            )
            for size in SIZES
        ),
        Arm(
            "batch_full",
            build,
            Text("Full batch", zh="全批量"),
            x=FULL,
            recipe={"batch_size": 0},
        ),
    ),
    levels=(EPOCHS, UPDATES),
    procedure=Classification(),
    recipe=Recipe(epochs=8, optimizer="sgd"),
    # no dropout: it would add to the noise of small batches, which is what the claims
    # are about
    space=Space(
        lr=Float(2e-3, 1.0, log=True), weight_decay=Float(1e-6, 1e-2, log=True)
    ),
    claims=CLAIMS,
    matched=Text(
        "Network, data, tuning trials; epochs at one level, updates at the other",
        zh="网络、数据、调参试验数；一个水平上轮数相同，另一个水平上更新次数相同",
    ),
    arms_axis=Text("Examples in a batch", zh="每批样本数"),
    parameters_within=0.0,
    sources=(mnist5k.SOURCE, KESKAR, SHALLUE, LEE),
)

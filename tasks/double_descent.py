"""Do models with more parameters than examples overfit?

After Belkin et al. (2019): a hidden layer of P random ReLU features, and outputs fitted
to N examples by least squares. At P = N it fits all of them for the first time.
"""

import dataclasses
from typing import Any

import torch
from torch import nn

from tasks import (
    Arm,
    Axis,
    Claim,
    Int,
    Level,
    Params,
    Plot,
    Shape,
    Space,
    Split,
    Splits,
    Task,
    Text,
)
from tasks.data import mnist1d
from tasks.procedures.random_features import LeastSquares, RandomFeatures

EXAMPLES, CLASSES = 500, 10
FEATURES = (50, 200, 400, 500, 600, 1000, 3000)
PEAK, LARGE = "features_500", "features_3000"
BELKIN = Text(
    "Belkin et al., Reconciling modern machine-learning practice and the classical "
    "bias-variance trade-off (2019)",
    zh=(
        "Belkin 等，Reconciling modern machine-learning practice and the classical "
        "bias-variance trade-off（2019）"
    ),
)
NAKKIRAN = Text(
    "Nakkiran et al., Deep double descent (2020)",
    zh="Nakkiran 等，Deep double descent（2020）",
)
FIGURES = Text(
    "On MNIST the test error peaks where features are as many as examples, and is "
    "lowest beyond",
    zh="在 MNIST 上，特征数等于样本数时测试误差达到峰值，之后降到最低",
)


def load_data(level: Level, seed: int) -> Splits:
    """MNIST-1D curves; at the noisy level 15 % of the training labels are
    wrong.
    """
    splits = mnist1d.load(seed, train=EXAMPLES, validation=1000, test=4000)
    train = with_noise(splits.train, level["noise"], seed)
    return dataclasses.replace(splits, train=train)


def with_noise(split: Split, share: float, seed: int) -> Split:
    """The same examples, that share of them with another label than their own."""
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(split), generator=generator)[
        : round(share * len(split))
    ]
    # From 1 on: every chosen label becomes a wrong one.
    off = torch.randint(1, CLASSES, (len(chosen),), generator=generator)
    labels = split.y.clone()
    labels[chosen] = (labels[chosen] + off) % CLASSES
    return Split(split.x, labels, split.metadata)


def build(shape: Shape, level: Level, params: Params) -> nn.Module:
    """Random features, of which ``params["features"]`` says how many."""
    return RandomFeatures(shape, params["features"])


def with_features(count: int) -> Arm:
    """The arm of that many features."""
    label = Text(f"{count:,} features", zh=f"{count:,} 个特征")
    return Arm(
        f"features_{count}", build, label, x=count, params={"features": count}
    )


BEST_SMALL = Arm(
    "best_small",
    build,
    Text("Best below 300 features", zh="300 个特征以下的最佳者"),
    space=Space(features=Int(20, 300, log=True, default=100)),
)
LEVELS = (
    Level("clean", {"noise": 0.0}, label=Text("True labels", zh="真实标签")),
    Level(
        "noisy",
        {"noise": 0.15},
        label=Text(
            "15 % of training labels wrong", zh="训练标签有 15 % 是错的"
        ),
    ),
)


def claim(name: str, english: str, chinese: str, **fields: Any) -> Claim:
    """A claim about accuracy, of the paper that the level is from."""
    source = BELKIN if fields["levels"] == ("clean",) else NAKKIRAN
    says = Text(english, zh=chinese)
    return Claim(
        name, says, "accuracy", source=source, reported=FIGURES, **fields
    )


BOTH = ("clean", "noisy")
CLAIMS = (
    claim(
        "worse_at_the_peak_than_before",
        "With as many features as examples, accuracy is at least 10 points below that "
        "of the best small model.",
        "特征数与样本数相等时，准确率比最佳的小模型至少低 10 个百分点。",
        better="best_small",
        worse=PEAK,
        at_least=0.1,
        levels=BOTH,
    ),
    claim(
        "better_beyond_the_peak",
        "With 3,000 features it is at least 10 points above that again.",
        "有 3,000 个特征时，准确率又比那时至少高 10 个百分点。",
        better=LARGE,
        worse=PEAK,
        at_least=0.1,
        levels=BOTH,
    ),
    claim(
        "large_beats_small",
        "Six features for each example are at least 3 points better than the best small "
        "model.",
        "每个样本对应六个特征的模型比最佳的小模型至少高 3 个百分点。",
        better=LARGE,
        worse="best_small",
        at_least=0.03,
        levels=("clean",),
    ),
    claim(
        "large_beats_small_with_noise",
        "They are better with wrong labels among those that they fit, too.",
        "拟合的标签中有错误时，它也更好。",
        better=LARGE,
        worse="best_small",
        levels=("noisy",),
    ),
)
TASK = Task(
    label=Text("Double descent", zh="双重下降"),
    question=Text(
        "Do test errors fall again beyond as many parameters as examples?",
        zh="参数多于样本之后，测试误差会再次下降吗？",
    ),
    topic=Text("Model selection", zh="模型选择"),
    load_data=load_data,
    arms=(BEST_SMALL, *(with_features(count) for count in FEATURES)),
    levels=LEVELS,
    procedure=LeastSquares(),
    claims=CLAIMS,
    matched=Text("Data", zh="数据"),
    arms_axis=Text("Random features", zh="随机特征数"),
    why=Text(
        "At as many parameters as examples only one solution fits them all, and it "
        "has to be wild to pass through the noise. Beyond that there are many, and "
        "the one of least norm that gradient descent or the pseudoinverse chooses "
        "gets smoother with every further feature. A penalty removes the peak, as it "
        "never lets the weights explode.",
        zh=(
            "参数与样本一样多时，只有一个解能拟合全部样本，为了穿过噪声它必须剧烈变化。"
            "再多则有许多解，梯度下降或伪逆选出的最小范数解随特征增多而更平滑。惩罚项"
            "不让权重爆炸，因此能消除峰值。"
        ),
    ),
    plots=(
        Plot(
            "descent",
            Text("Accuracy over random features", zh="随机特征数与准确率"),
            "accuracy",
            Axis(Text("Random features", zh="随机特征数"), log=True),
            along="arms",
            says=Text(
                "With as many features as examples, 500, accuracy is lowest.",
                zh="特征数与样本数（500）相等时，准确率最低。",
            ),
        ),
    ),
    literature=(
        "Belkin et al., Reconciling modern machine-learning practice and the "
        "classical bias-variance trade-off (2019), doi:10.1073/pnas.1903070116",
        "Nakkiran et al., Deep double descent (2020), doi:10.48550/arXiv.1912.02292",
    ),
    sources=(mnist1d.SOURCE, BELKIN, NAKKIRAN),
)

"""Logistic regression: does ours reach scikit-learn's, does the L2 penalty help, and
when does a hidden layer pay?
"""

from collections.abc import Callable

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
from tasks.data import breast_cancer, mnist1d
from tasks.models.logistic import LogisticRegression, l2_penalty
from tasks.models.mlp import mlp
from tasks.procedures.fit_once import ScikitLogisticRegression
from tasks.procedures.metrics import ACCURACY, LOG_LOSS
from tasks.procedures.supervised import Classification

BY_LOSS = (
    LOG_LOSS,
    ACCURACY,
)  # 114 validation examples tell log losses apart, but hardly accuracies
DATA: dict[str, Callable[[int], Splits]] = {
    "breast_cancer": breast_cancer.load,
    "mnist1d": mnist1d.load,
}


def load_data(level: Level, seed: int) -> Splits:
    return DATA[level["data"]](seed)


def build_linear(shape: Shape, level: Level, params: Params) -> nn.Module:
    return LogisticRegression(shape, params.get("l2", 0.0))


def build_mlp(shape: Shape, level: Level, params: Params) -> nn.Module:
    return mlp(
        shape, (100, 100), dropout=params["dropout"]
    )  # two layers of 100, as in the MNIST-1D paper


ARMS = (
    Arm("gd", build_linear, Text("Ours, no penalty", zh="我们的，无正则")),
    Arm(
        "gd_l2",
        build_linear,
        Text("Ours, L2", zh="我们的，L2"),
        space=Space(l2=Float(5e-4, 5e-2, log=True)),
        procedure=Classification(penalty=l2_penalty, measures=BY_LOSS),
    ),
    Arm(
        "scikit_learn",
        build_linear,
        Text("scikit-learn, L2", zh="scikit-learn，L2"),
        space=Space(l2=Float(5e-4, 5e-2, log=True)),
        without=("lr",),
        procedure=ScikitLogisticRegression(measures=BY_LOSS),
    ),
    Arm(
        "mlp",
        build_mlp,
        Text("MLP, two hidden layers", zh="MLP，两个隐藏层"),
        recipe={"optimizer": "adamw", "batch_size": 100, "restore_best": True},
        space=Space(
            lr=Float(2e-3, 5e-2, log=True),
            weight_decay=Float(1e-3, 1.0, log=True),
            dropout=Float(0.0, 0.4),
        ),
    ),
)

ON_TUMOURS = Level(
    "breast_cancer", {"data": "breast_cancer"}, label=Text("Breast cancer", zh="乳腺癌")
)
ON_CURVES = Level(
    "mnist1d",
    {"data": "mnist1d"},
    label="MNIST-1D",
    recipe={"batch_size": 100, "steps": 1500},
)
NATS = 0.02  # of log loss: 2 % in the probability given to the right answer
PUBLISHED = Text(
    "Greydanus & Kobak, Scaling down deep learning with MNIST-1D (ICML 2024)",
    zh="Greydanus 与 Kobak，Scaling down deep learning with MNIST-1D（ICML 2024）",
)
# standard error of an accuracy near 32 % or 68 % on their 1,000 test examples
PUBLISHED_ERROR = 0.015

CLAIMS = (
    Claim(
        "ours_equals_scikit_learn",
        Text(
            "Gradient descent reaches the log loss of scikit-learn's Newton method.",
            zh="梯度下降能达到 scikit-learn 牛顿法的对数损失。",
        ),
        metric="loss",
        kind="equal",
        better="gd_l2",
        worse="scikit_learn",
        margin=NATS,
        source=Text(
            "The penalised log loss is convex: one minimum, whatever finds it",
            zh="带正则的对数损失是凸函数：无论用什么方法，最小值只有一个",
        ),
        reported=Text(
            "At equal l2 the coefficients agree to 1e-3 (our tests)",
            zh="l2 相同时，系数相差不超过 1e-3（我们的测试）",
        ),
    ),
    Claim(
        "l2_lowers_log_loss",
        Text(
            "On a few hundred examples an L2 penalty lowers the log loss on new ones.",
            zh="只有几百个样本时，L2 正则会降低新样本上的对数损失。",
        ),
        metric="loss",
        better="gd_l2",
        worse="gd",
        levels=(ON_TUMOURS.name,),
        margin=NATS,
        source=Text(
            "Hung-yi Lee, Machine Learning 2021: regularisation against overfitting",
            zh="李宏毅，机器学习 2021：用正则化防止过拟合",
        ),
    ),
    Claim(
        "no_hidden_layer_needed",
        Text(
            "On a few hundred measurements made by hand, logistic regression has a "
            "lower log loss than an MLP.",
            zh="在几百个手工测量的样本上，逻辑回归的对数损失低于 MLP。",
        ),
        metric="loss",
        better="gd_l2",
        worse="mlp",
        levels=(ON_TUMOURS.name,),
        margin=NATS,
        source=Text(
            "Textbook: where features are good and examples few, the simpler model "
            "generalises better",
            zh="教科书：特征好而样本少时，较简单的模型泛化更好",
        ),
    ),
    Claim(
        "hidden_layers_needed",
        Text(
            "On raw curves an MLP beats logistic regression by at least 25 points.",
            zh="在原始曲线上，MLP 比逻辑回归至少高 25 个百分点。",
        ),
        metric="accuracy",
        better="mlp",
        worse="gd_l2",
        levels=(ON_CURVES.name,),
        at_least=0.25,
        margin=0.02,
        source=PUBLISHED,
        reported=Text(
            "MLP 68 %, logistic regression 32 %", zh="MLP 68 %，逻辑回归 32 %"
        ),
    ),
    *(
        Claim(
            f"{arm}_reaches_published",
            Text(
                f"{who} on MNIST-1D reaches the published {figure:.0%}.",
                zh=f"{text_of(who, 'zh')}在 MNIST-1D 上达到文献报告的 {figure:.0%}。",
            ),
            metric="accuracy",
            kind="threshold",
            better=arm,
            levels=(ON_CURVES.name,),
            margin=0.02,
            reference=figure,
            reference_se=PUBLISHED_ERROR,
            source=PUBLISHED,
            reported=f"{figure:.0%}",
        )
        for arm, who, figure in (
            ("gd_l2", Text("Logistic regression", zh="逻辑回归"), 0.32),
            ("mlp", Text("An MLP", zh="MLP "), 0.68),
        )
    ),
)

TASK = Task(
    label=Text("Logistic regression", zh="逻辑回归"),
    question=Text(
        "Does our logistic regression equal scikit-learn's, and when does a "
        "hidden layer pay?",
        zh="我们的逻辑回归与 scikit-learn 的一致吗？隐藏层何时值得？",
    ),
    topic=Text("Classification", zh="分类"),
    load_data=load_data,
    arms=ARMS,
    levels=(ON_TUMOURS, ON_CURVES),
    procedure=Classification(measures=BY_LOSS),
    recipe=Recipe(
        steps=600, batch_size=0, optimizer="sgd", nesterov=True, restore_best=False
    ),
    space=Space(lr=Float(5e-3, 1.0, log=True)),
    claims=CLAIMS,
    matched=Text(
        "Data and tuning trials; updates, for all that learn by gradient descent",
        zh="数据与调参试验数；凡用梯度下降学习的方案，更新次数也相同",
    ),
    sources=(breast_cancer.SOURCE, mnist1d.SOURCE),
)

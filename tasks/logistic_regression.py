"""Logistic regression: does ours reach scikit-learn's, does a penalty help, is stopping
early one, and when does a hidden layer pay?

"No penalty" is Newton's method, which goes all the way: gradient descent that is
stopped, or whose rate is tuned, hides a penalty in its length.
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
from tasks.data import breast_cancer, clouds, mnist1d
from tasks.models.logistic import LogisticRegression, l2_penalty
from tasks.models.mlp import mlp
from tasks.procedures.decisions import COST_SAVED, LOGIT_SIZE
from tasks.procedures.fit_once import (
    NewtonLogisticRegression,
    ScikitLogisticRegression,
)
from tasks.procedures.metrics import ACCURACY, LOG_LOSS
from tasks.procedures.supervised import Classification

# 114 validation examples distinguish log losses, but hardly accuracies
BY_LOSS = (LOG_LOSS, ACCURACY, COST_SAVED, LOGIT_SIZE)
NEWTON = NewtonLogisticRegression(measures=BY_LOSS)
L2 = 3e-3  # where it is not tuned: about the best for the tumours
PUBLISHED = Text(
    "Greydanus & Kobak, Scaling down deep learning with MNIST-1D (ICML 2024)",
    zh="Greydanus 与 Kobak，Scaling down deep learning with MNIST-1D（ICML 2024）",
)
SOUDRY = Text(
    "Soudry et al., The implicit bias of gradient descent on separable data (2018)",
    zh="Soudry 等，The implicit bias of gradient descent on separable data（2018）",
)
# standard error of an accuracy near 32 % or 68 % on their 1,000 test examples
PUBLISHED_SE = 0.015


def load_data(level: Level, seed: int) -> Splits:
    """The level's data set: curves, clouds or tumours."""
    if level.name == CURVES.name:
        return mnist1d.load(seed)
    if level.name == CLOUDS.name:
        return clouds.load(seed)
    # blocks share tumours, which widens intervals by the test's share of them
    return breast_cancer.load(seed, test=0.1)


def build_linear(shape: Shape, level: Level, params: Params) -> nn.Module:
    """Logistic regression with the penalty ``params["l2"]``."""
    return LogisticRegression(shape, params["l2"])


def build_mlp(shape: Shape, level: Level, params: Params) -> nn.Module:
    """An MLP of two hidden layers."""
    # two layers of 100, as in the MNIST-1D paper
    return mlp(shape, (100, 100), dropout=params["dropout"])


ARMS = (
    Arm(
        "newton",
        build_linear,
        Text("No penalty", zh="无正则"),
        params={"l2": 0.0},
        procedure=NEWTON,
    ),
    Arm(
        "newton_l2",
        build_linear,
        Text("L2, tuned", zh="L2，调参"),
        space=Space(l2=Float(1e-3, 0.3, log=True, default=0.02)),
        procedure=NEWTON,
    ),
    Arm(
        "early_stopped",
        build_linear,
        Text("No penalty, stopped early", zh="无正则，提前停止"),
        recipe={"nesterov": False, "momentum": 0.0, "restore_best": True},
        # A small rate, so that stopping early has updates to choose from.
        params={"l2": 0.0, "lr": 0.1},
        procedure=Classification(measures=BY_LOSS),
    ),
    Arm(
        "gd",
        build_linear,
        Text("Ours, fixed L2", zh="我们的，固定 L2"),
        params={"l2": L2, "lr": 0.5},
        procedure=Classification(penalty=l2_penalty, measures=BY_LOSS),
    ),
    Arm(
        "scikit_learn",
        build_linear,
        Text("scikit-learn, fixed L2", zh="scikit-learn，固定 L2"),
        params={"l2": L2},
        procedure=ScikitLogisticRegression(measures=BY_LOSS),
    ),
    Arm(
        "mlp",
        build_mlp,
        Text("MLP, two hidden layers", zh="MLP，两个隐藏层"),
        recipe={"optimizer": "adamw", "batch_size": 100, "restore_best": True},
        space=Space(
            lr=Float(1e-3, 3e-2, log=True, default=0.006),
            weight_decay=Float(1e-3, 1.0, log=True, default=0.1),
            dropout=Float(0.0, 0.4, default=0.1),
        ),
    ),
)

TUMOURS = Level("breast_cancer", label=Text("Breast cancer", zh="乳腺癌"))
CLOUDS = Level(
    "clouds",
    label=Text("Two clouds, 100 examples", zh="两团正态点，100 个样本"),
)
CURVES = Level(
    "mnist1d", label="MNIST-1D", recipe={"batch_size": 100, "steps": 1500}
)

CLAIMS = (
    Claim(
        "ours_equals_scikit_learn",
        Text(
            "At equal l2, 600 steps of gradient descent reach the log loss of "
            "scikit-learn's Newton method, within 0.005.",
            zh=(
                "l2 相同时，600 步梯度下降能达到 scikit-learn 牛顿法的对数损失，"
                "相差不到 0.005。"
            ),
        ),
        metric="loss",
        kind="equal",
        better="gd",
        worse="scikit_learn",
        levels=(TUMOURS.name,),
        margin=0.005,
        source=Text(
            "The penalised log loss is convex: one minimum, whatever finds it",
            zh="带正则的对数损失是凸函数：无论用什么方法，最小值只有一个",
        ),
    ),
    Claim(
        "l2_lowers_log_loss",
        Text(
            "On a hundred examples an L2 penalty lowers the log loss on new ones.",
            zh="只有一百个样本时，L2 正则会降低新样本上的对数损失。",
        ),
        metric="loss",
        better="newton_l2",
        worse="newton",
        levels=(CLOUDS.name,),
        scale="log_ratio",
        margin=log(1.28),
        source=Text(
            "Hung-yi Lee, Machine Learning 2021: regularisation against overfitting",
            zh="李宏毅，机器学习 2021：用正则化防止过拟合",
        ),
    ),
    Claim(
        "no_penalty_grows_without_bound",
        Text(
            "A hundred examples in 30 dimensions can be separated, so that without a "
            "penalty weights grow without bound: logits are at least 5 times as "
            "large as with one.",
            zh=(
                "30 维空间中的一百个样本可以被分开，因此没有正则时权重无限增长：logit "
                "至少是有正则时的 5 倍。"
            ),
        ),
        metric="logit_size",
        better="newton",
        worse="newton_l2",
        levels=(CLOUDS.name,),
        scale="log_ratio",
        at_least=log(5),
        margin=log(1.28),
        source=SOUDRY,
    ),
    Claim(
        "cheaper_threshold",
        Text(
            "Where a miss costs 10 times a false alarm, answering 1 above a "
            "probability of 1 in 11 is cheaper than above one half.",
            zh="若漏报的代价是误报的 10 倍，概率高于 11 分之 1 即答 1，比高于一半才答 1 代价更小。",
        ),
        metric="cost_saved",
        kind="threshold",
        better="newton_l2",
        levels=(CLOUDS.name,),
        reference=0.0,
        margin=0.02,
        source=Text(
            "Elkan, The foundations of cost-sensitive learning (2001)",
            zh="Elkan，The foundations of cost-sensitive learning（2001）",
        ),
    ),
    Claim(
        "early_stopping_equals_l2",
        Text(
            "Stopping early does for the log loss what a tuned L2 penalty does, "
            "within a factor of 1.28.",
            zh="提前停止对对数损失的作用与调好的 L2 正则相当，相差不到 1.28 倍。",
        ),
        metric="loss",
        kind="equal",
        better="early_stopped",
        worse="newton_l2",
        levels=(CLOUDS.name,),
        scale="log_ratio",
        margin=log(1.28),
        source=Text(
            "Goodfellow, Bengio & Courville, Deep Learning (2016), section 7.8",
            zh="Goodfellow、Bengio 与 Courville，Deep Learning（2016），7.8 节",
        ),
    ),
    Claim(
        "no_hidden_layer_needed",
        Text(
            "Where the best boundary is a plane and examples are few, logistic "
            "regression is no worse than an MLP: its log loss is at most 1.28 times "
            "as high.",
            zh=(
                "最佳边界是平面且样本很少时，逻辑回归不比 MLP 差：对数损失至多为其 "
                "1.28 倍。"
            ),
        ),
        metric="loss",
        kind="no_worse",
        better="newton_l2",
        worse="mlp",
        levels=(CLOUDS.name,),
        scale="log_ratio",
        margin=log(1.28),
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
        worse="newton_l2",
        levels=(CURVES.name,),
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
                f"{who} on MNIST-1D reaches the published {published:.0%}, within 5 "
                "points.",
                zh=(
                    f"{text_of(who, 'zh')}在 MNIST-1D 上达到文献报告的 {published:.0%}，"
                    "至多低 5 个百分点。"
                ),
            ),
            metric="accuracy",
            kind="no_worse",
            better=arm,
            levels=(CURVES.name,),
            margin=0.05,
            reference=published,
            reference_se=PUBLISHED_SE,
            source=PUBLISHED,
            reported=f"{published:.0%}",
        )
        for arm, who, published in (
            ("newton_l2", Text("Logistic regression", zh="逻辑回归"), 0.32),
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
    levels=(TUMOURS, CLOUDS, CURVES),
    procedure=Classification(measures=BY_LOSS),
    recipe=Recipe(
        steps=600,
        batch_size=0,
        optimizer="sgd",
        nesterov=True,
        # A choice among updates would be a penalty of its own.
        restore_best=False,
    ),
    space=Space(),
    claims=CLAIMS,
    matched=Text(
        "Data, and tuning trials where something is tuned; updates, for all that learn "
        "by gradient descent",
        zh="数据；需调参处的试验数；凡用梯度下降学习的方案，更新次数也相同",
    ),
    why=Text(
        "The log loss of logistic regression is convex: every method that converges "
        "reaches the same minimum. Where classes can be separated there is no finite "
        "minimum and weights grow without bound, so a penalty or stopping early "
        "decides how sure the model is. A hidden layer pays where no plane separates "
        "the classes, and costs variance where one does.",
        zh=(
            "逻辑回归的对数损失是凸函数：凡收敛的方法都到达同一个极小值。类别线性可分"
            "时没有有限的极小值，权重会无限增长，因此惩罚项或早停决定了模型有多自信。"
            "没有平面能分开各类时，隐藏层有用；有这样的平面时，隐藏层只会增加方差。"
        ),
    ),
    literature=(
        "Soudry et al., The implicit bias of gradient descent on separable data "
        "(2018), doi:10.48550/arXiv.1710.10345",
        "Greydanus & Kobak, Scaling down deep learning with MNIST-1D (2024), "
        "doi:10.48550/arXiv.2011.14439",
    ),
    sources=(breast_cancer.SOURCE, clouds.SOURCE, mnist1d.SOURCE),
)

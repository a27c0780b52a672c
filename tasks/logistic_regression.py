"""Logistic regression: does ours reach scikit-learn's, does the L2 penalty help, and
when does a hidden layer pay?
"""

from collections.abc import Callable

from torch import nn

from tasks import Arm, Claim, Float, Level, Params, Recipe, Shape, Space, Splits, Task
from tasks.data import breast_cancer, mnist1d
from tasks.models.logistic import LogisticRegression, l2_penalty
from tasks.models.mlp import mlp
from tasks.procedures.fit_once import ScikitLogisticRegression
from tasks.procedures.supervised import ACCURACY, LOG_LOSS, Classification

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
    Arm("gd", build_linear, "Ours, no penalty"),
    Arm(
        "gd_l2",
        build_linear,
        "Ours, L2",
        space=Space(l2=Float(5e-4, 5e-2, log=True)),
        procedure=Classification(penalty=l2_penalty, measures=BY_LOSS),
    ),
    Arm(
        "scikit_learn",
        build_linear,
        "scikit-learn, L2",
        space=Space(l2=Float(5e-4, 5e-2, log=True)),
        without=("lr",),
        procedure=ScikitLogisticRegression(measures=BY_LOSS),
    ),
    Arm(
        "mlp",
        build_mlp,
        "MLP, two hidden layers",
        recipe={"optimizer": "adamw", "batch_size": 100, "restore_best": True},
        space=Space(
            lr=Float(2e-3, 5e-2, log=True),
            weight_decay=Float(1e-3, 1.0, log=True),
            dropout=Float(0.0, 0.4),
        ),
    ),
)

ON_TUMOURS = Level("breast_cancer", {"data": "breast_cancer"}, label="Breast cancer")
ON_CURVES = Level(
    "mnist1d",
    {"data": "mnist1d"},
    label="MNIST-1D",
    recipe={"batch_size": 100, "steps": 1500},
)
NATS = 0.02  # of log loss: 2 % in the probability given to the right answer
PUBLISHED = "Greydanus & Kobak, Scaling down deep learning with MNIST-1D (ICML 2024)"
# standard error of an accuracy near 32 % or 68 % on their 1,000 test examples
PUBLISHED_ERROR = 0.015

CLAIMS = (
    Claim(
        "ours_equals_scikit_learn",
        "Gradient descent reaches the log loss of scikit-learn's Newton method.",
        metric="loss",
        kind="equal",
        better="gd_l2",
        worse="scikit_learn",
        margin=NATS,
        source="The penalised log loss is convex: one minimum, whatever finds it",
        reported="At equal l2 the coefficients agree to 1e-3 (our tests)",
    ),
    Claim(
        "l2_lowers_log_loss",
        "On a few hundred examples an L2 penalty lowers the log loss on new ones.",
        metric="loss",
        better="gd_l2",
        worse="gd",
        levels=(ON_TUMOURS.name,),
        margin=NATS,
        source="Hung-yi Lee, Machine Learning 2021: regularisation against overfitting",
    ),
    Claim(
        "no_hidden_layer_needed",
        "On a few hundred measurements made by hand, logistic regression has a lower log loss than an MLP.",
        metric="loss",
        better="gd_l2",
        worse="mlp",
        levels=(ON_TUMOURS.name,),
        margin=NATS,
        source="Textbook: where features are good and examples few, the simpler model generalises better",
    ),
    Claim(
        "hidden_layers_needed",
        "On raw curves an MLP beats logistic regression by at least 25 points.",
        metric="accuracy",
        better="mlp",
        worse="gd_l2",
        levels=(ON_CURVES.name,),
        at_least=0.25,
        margin=0.02,
        source=PUBLISHED,
        reported="MLP 68 %, logistic regression 32 %",
    ),
    *(
        Claim(
            f"{arm}_reaches_published",
            f"{who} on MNIST-1D reaches the published {figure:.0%}.",
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
            ("gd_l2", "Logistic regression", 0.32),
            ("mlp", "An MLP", 0.68),
        )
    ),
)

TASK = Task(
    question="Does our logistic regression equal scikit-learn's, and when does a hidden layer pay?",
    topic="Classification",
    load_data=load_data,
    arms=ARMS,
    levels=(ON_TUMOURS, ON_CURVES),
    procedure=Classification(measures=BY_LOSS),
    recipe=Recipe(
        steps=600, batch_size=0, optimizer="sgd", nesterov=True, restore_best=False
    ),
    space=Space(lr=Float(5e-3, 1.0, log=True)),
    claims=CLAIMS,
    matched="Data and tuning trials; updates, for all that learn by gradient descent",
    sources=(breast_cancer.SOURCE, mnist1d.SOURCE),
)

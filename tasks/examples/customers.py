"""Which model predicts best who leaves? A CSV file with texts and gaps, three kinds of
models, two measures. The customers are made up.
"""

from functools import partial
from pathlib import Path

from sklearn.ensemble import HistGradientBoostingClassifier
from torch import nn

from tasks import Arm, Claim, Float, Int, Level, Params, Recipe, Shape, Space, Task
from tasks.data.table import table
from tasks.models.mlp import mlp
from tasks.procedures.library import Library
from tasks.procedures.supervised import Classification

MEASURES = ("roc_auc", "accuracy", "loss")  # the first chooses


def build(widths: tuple[int, ...], shape: Shape, level: Level, p: Params) -> nn.Module:
    """An MLP of these widths; without any, logistic regression."""
    return mlp(shape, widths)


def beats_logistic(arm: str, who: str, metric: str, margin: float) -> Claim:
    """That an arm is better than logistic regression by a metric."""
    says = f"{who} customers better than logistic regression."
    name = f"{arm}_{metric}"
    return Claim(name, says, metric, better=arm, worse="logistic", margin=margin)


TASK = Task(
    question="Which model tells best who leaves?",
    load_data=table(Path(__file__).with_name("customers.csv"), target="churned"),
    arms=(
        Arm("logistic", partial(build, ()), label="Logistic regression"),
        Arm("mlp", partial(build, (32,)), label="32 hidden units"),
        Arm(
            "trees",
            label="Boosted trees",
            procedure=Library(HistGradientBoostingClassifier, measures=MEASURES),
            space=Space(learning_rate=Float(0.01, 0.3, log=True), max_depth=Int(2, 6)),
            without=("lr", "weight_decay"),
        ),
    ),
    procedure=Classification(measures=MEASURES),
    recipe=Recipe(epochs=20, batch_size=32),
    space=Space(lr=Float(1e-3, 1e-1, log=True), weight_decay=Float(1e-4, 1.0, log=True)),
    claims=(
        beats_logistic("trees", "Boosted trees rank", "roc_auc", 0.01),
        beats_logistic("mlp", "Hidden units rank", "roc_auc", 0.01),
        beats_logistic("trees", "Boosted trees classify", "accuracy", 0.02),
    ),
)

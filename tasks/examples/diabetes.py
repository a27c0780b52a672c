"""Does a hidden layer predict a number better than a line does? Regression, on the
diabetes data of Efron et al. (2004), as scikit-learn ships them.
"""

from functools import partial

from sklearn.datasets import load_diabetes
from torch import nn

from tasks import Arm, Claim, Float, Level, Params, Recipe, Shape, Space, Task
from tasks.data.table import table
from tasks.models.mlp import mlp
from tasks.procedures.supervised import Regression


def build(widths: tuple[int, ...], shape: Shape, level: Level, p: Params) -> nn.Module:
    """An MLP of these widths; without any, a line."""
    return mlp(shape, widths)


TASK = Task(
    question="Does a hidden layer predict the disease's progress better than a line?",
    load_data=table(load_diabetes(as_frame=True).frame, target="target", kind="regression"),
    arms=(
        Arm("linear", partial(build, ()), label="Linear regression"),
        Arm("mlp", partial(build, (32,)), label="32 hidden units"),
    ),
    procedure=Regression(measures=("r2", "mse", "mae")),
    recipe=Recipe(epochs=20, batch_size=32),
    space=Space(lr=Float(1e-3, 1e-1, log=True), weight_decay=Float(1e-4, 1.0, log=True)),
    claims=(
        Claim(
            "hidden_layer_explains_more",
            "A hidden layer explains more of the variance than a line.",
            metric="r2",
            better="mlp",
            worse="linear",
            margin=0.02,
        ),
    ),
)

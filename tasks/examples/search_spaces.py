"""Is a search over two optimisers better than four points that people would try?

One arm searches: momentum is there with sgd alone. The other tries a fixed grid, whose
size sets its trials.
"""

from torch import nn

from tasks import Arm, Categorical, Claim, Float, Level, Params, Recipe, Shape, Space, Splits, Task
from tasks.data import digits
from tasks.models.mlp import mlp
from tasks.procedures.supervised import Classification


def load_data(level: Level, seed: int) -> Splits:
    """Digits of 8x8 pixels, split by the seed."""
    return digits.load(seed)


def build(shape: Shape, level: Level, p: Params) -> nn.Module:
    """An MLP with 32 hidden units."""
    return mlp(shape, (32,))


SEARCHED = Space(
    optimizer=Categorical(("adam", "momentum")),
    lr=Float(1e-4, 1.0, log=True),
    momentum=Float(0.5, 0.99, when={"optimizer": "momentum"}),
)
BY_HAND = (
    {"optimizer": "adam", "lr": 0.01},
    {"optimizer": "adam", "lr": 0.001},
    {"optimizer": "momentum", "lr": 0.1},
    {"optimizer": "momentum", "lr": 0.01},
)

TASK = Task(
    question="Is a search over two optimisers better than four points by hand?",
    load_data=load_data,
    arms=(
        Arm("searched", build, label="Searched", space=SEARCHED),
        Arm("by_hand", build, label="Four points", grid=BY_HAND),
    ),
    procedure=Classification(),
    recipe=Recipe(epochs=5, batch_size=32),
    claims=(
        Claim(
            "search_no_better",
            "Four points by hand are no worse than the search by one point or more.",
            metric="accuracy",
            better="by_hand",
            worse="searched",
            kind="no_worse",
            margin=0.01,
        ),
    ),
)

"""Which loss learns to classify best? Hui & Belkin (2021) compare two of these four."""

from torch import nn

from tasks import Arm, Claim, Float, Level, Params, Recipe, Shape, Space, Splits, Task
from tasks.data import digits
from tasks.models.mlp import mlp
from tasks.procedures.losses import Focal, LabelSmoothing, LossFunction
from tasks.procedures.supervised import Classification

MEASURES = ("accuracy", "ece", "loss")
LOSSES: dict[str, str | LossFunction] = {
    "cross_entropy": "cross_entropy",
    "smoothed": LabelSmoothing(0.1),
    "focal": Focal(gamma=2.0),
    "squares": "mse_logits",
}


def load_data(level: Level, seed: int) -> Splits:
    """Digits of 8x8 pixels, split by the seed."""
    return digits.load(seed)


def build(shape: Shape, level: Level, p: Params) -> nn.Module:
    """An MLP with 64 hidden units, whatever the loss."""
    return mlp(shape, (64,))


def as_accurate(arm: str) -> Claim:
    """That a loss ends at the accuracy of the cross entropy."""
    says = f"The loss {arm} classifies as well as the cross entropy."
    name = f"{arm}_as_accurate"
    return Claim(name, says, "accuracy", arm, "cross_entropy", kind="equal", margin=0.02)


TASK = Task(
    question="Which loss learns to classify best?",
    load_data=load_data,
    arms=tuple(
        Arm(name, build, procedure=Classification(loss, measures=MEASURES))
        for name, loss in LOSSES.items()
    ),
    procedure=Classification(measures=MEASURES),
    recipe=Recipe(epochs=10, batch_size=64),
    space=Space(lr=Float(1e-3, 1e-1, log=True)),
    claims=(
        as_accurate("squares"),
        as_accurate("focal"),
        Claim(
            "smoothing_calibrates",
            "Label smoothing is better calibrated than the cross entropy.",
            metric="ece",
            better="smoothed",
            worse="cross_entropy",
            margin=0.02,
        ),
    ),
)

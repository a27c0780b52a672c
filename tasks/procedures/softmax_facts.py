"""What softmax and sigmoid have to do with each other, measured on a model's outputs."""

import torch
from torch import Tensor

from tasks.contract.data import Shape
from tasks.contract.text import Text
from tasks.procedures.metrics import OutputMeasure


def two_class_gap(outputs: Tensor, targets: Tensor) -> float:
    """The largest difference, over examples, between the softmax over an example's two
    largest outputs and the sigmoid of their difference: 0 but for rounding.
    """
    top = outputs.double().topk(2, dim=1).values  # (examples, 2)
    softmax = top.softmax(1)[:, 0]
    sigmoid = torch.sigmoid(top[:, 0] - top[:, 1])
    return (softmax - sigmoid).abs().max().item()


def many_class_gap(outputs: Tensor, targets: Tensor) -> float:
    """The largest difference, over examples and classes, between the softmax over all
    outputs and the sigmoid of each by itself.
    """
    outputs = outputs.double()
    return (outputs.softmax(1) - outputs.sigmoid()).abs().max().item()


def _farthest(shape: Shape) -> float:
    """Two probabilities differ by 1 at most."""
    return 1.0


TWO_CLASS_GAP = OutputMeasure(
    "two_class_gap",
    "lower",
    worst=_farthest,
    label=Text(
        "Softmax of two against sigmoid", zh="二类 softmax 与 sigmoid 之差"
    ),
    of=two_class_gap,
)
MANY_CLASS_GAP = OutputMeasure(
    "many_class_gap",
    "lower",
    worst=_farthest,
    label=Text(
        "Softmax of all against sigmoids", zh="多类 softmax 与各 sigmoid 之差"
    ),
    of=many_class_gap,
)

"""Logistic regression: a linear map to logits, with the textbook's penalty on its
weights.
"""

import torch
from torch import Tensor, nn

from tasks.contract.data import Shape


class LogisticRegression(nn.Module):
    """Logits (examples,) for two classes, to go through a sigmoid, or (examples,
    classes) for more, through a softmax.

    Starts at zero, where every class is equally likely; the loss is convex, so the
    start does not matter.
    """

    l2: Tensor

    def __init__(self, shape: Shape, l2: float = 0.0) -> None:
        super().__init__()
        self.linear = nn.Linear(
            shape.features, 1 if shape.outputs == 2 else shape.outputs
        )
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        # A buffer moves with the model and is kept in checkpoints, but is not
        # learned.
        self.register_buffer("l2", torch.tensor(float(l2)))

    def forward(self, x: Tensor) -> Tensor:
        """Logits of ``x``, (examples, ...): (examples,) or (examples,
        classes).
        """
        logits: Tensor = self.linear(x.flatten(1))
        return logits.squeeze(1) if self.linear.out_features == 1 else logits

    def penalty(self) -> Tensor:
        """l2 / 2 times the sum of squared weights, a 0-d tensor; the intercept goes
        free.

        Added to the *mean* log loss of n examples it makes scikit-learn's objective
        with C = 1 / (l2 n).
        """
        return 0.5 * self.l2 * self.linear.weight.square().sum()


def l2_penalty(model: nn.Module) -> Tensor:
    """The model's own penalty, as a procedure wants it."""
    assert isinstance(model, LogisticRegression)
    return model.penalty()

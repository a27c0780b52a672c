"""Least squares on random features, with no penalty: the plainest model whose size can
pass the number of examples.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.contract.data import Shape, Split
from tasks.contract.space import Params
from tasks.procedures.supervised import Classification


class RandomFeatures(nn.Module):
    """A hidden layer of ReLU units that stays as it was drawn, and linear outputs on it
    without a bias: one hidden layer of which only the last weights are learned.
    """

    def __init__(self, shape: Shape, features: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(shape.features, features)
        self.hidden.requires_grad_(False)
        nn.init.normal_(self.hidden.weight, std=1 / math.sqrt(shape.features))
        nn.init.normal_(self.hidden.bias)
        self.out = nn.Linear(features, shape.outputs, bias=False)

    def units(self, x: Tensor) -> Tensor:
        """The random features, (examples, features)."""
        return functional.relu(self.hidden(x.flatten(1)))

    def forward(self, x: Tensor) -> Tensor:
        """Outputs, (examples, outputs), of ``x``, (examples, ...)."""
        return self.out(self.units(x))  # type: ignore[no-any-return]


@dataclass(frozen=True)
class LeastSquares(Classification):
    """Fits one output per class to 1 for its examples and 0 for all others.

    Where there are more features than examples, infinitely many weights fit all of
    them; the smallest are taken, as gradient descent from 0 would find (Belkin et al.
    2019). ``features`` is a hyperparameter.
    """

    measures: Any = ("accuracy",)

    def fit(
        self,
        shape: Shape,
        params: Params,
        train: Split,
        generator: torch.Generator,
    ) -> nn.Module:
        """The features drawn by ``generator``, with the smallest output
        weights that fit best.
        """
        model = RandomFeatures(shape, params["features"]).to(train.x.device)
        for drawn in (model.hidden.weight, model.hidden.bias):
            # Drawn again, from the run's own stream: the module's constructor
            # draws from torch's.
            drawn.normal_(generator=generator)
        model.hidden.weight /= math.sqrt(shape.features)
        targets = functional.one_hot(train.y, shape.outputs).double()
        # by singular values: of all exact fits the one with the smallest weights
        weights = torch.linalg.pinv(model.units(train.x).double()) @ targets
        with torch.no_grad():
            model.out.weight.copy_(weights.T)
        return model

"""A memoriser: it knows every training example, and nothing else."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.contract.data import Shape, Split
from tasks.contract.space import Params
from tasks.procedures.supervised import Classification

SURE = 10.0  # the logit of an answer that was looked up


class LookupTable(nn.Module):
    """Logits (examples, outputs): the label of the training example that is equal, and
    class 0 where none is. What it stores counts as its parameters.
    """

    def __init__(self, x: Tensor, y: Tensor, outputs: int) -> None:
        super().__init__()
        self.outputs = outputs
        self.known = nn.Parameter(x.flatten(1), requires_grad=False)
        self.register_buffer("answers", y)

    def forward(self, x: Tensor) -> Tensor:
        """Logits, (examples, outputs), of ``x``, (examples, ...)."""
        # without a matrix product, so that equal examples are at a distance of just 0
        mode = "donot_use_mm_for_euclid_dist"
        distances = torch.cdist(x.flatten(1), self.known, compute_mode=mode)
        nearest = distances.min(1)
        answers = self.get_buffer("answers")[nearest.indices]
        answers = torch.where(nearest.values == 0, answers, 0)
        return SURE * functional.one_hot(answers, self.outputs).to(x.dtype)


@dataclass(frozen=True)
class Memorise(Classification):
    """Classification by a table of the training examples."""

    def fit(
        self,
        shape: Shape,
        params: Params,
        train: Split,
        generator: torch.Generator,
    ) -> nn.Module:
        """The table of the training examples."""
        return LookupTable(train.x, train.y, shape.outputs)

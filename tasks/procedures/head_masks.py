"""What a trained attention layer loses when one of its heads is masked.

After Michel, Levy & Neubig, "Are sixteen heads really better than one?" (NeurIPS 2019):
heads are masked one at a time, after training, and nothing is trained again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from tasks.contract.data import Shape, Split
from tasks.contract.procedure import Measure
from tasks.contract.text import Text
from tasks.procedures.metrics import ACCURACY, LOG_LOSS
from tasks.procedures.supervised import Classification


def _nothing(shape: Shape) -> float:
    return 0.0


MOST = Measure(
    "lost_with_the_most_needed_head",
    "higher",
    worst=_nothing,
    label=Text(
        "Accuracy lost with the most needed head",
        zh="屏蔽最需要的头所损失的准确率",
    ),
    percent=True,
)
LEAST = Measure(
    "lost_with_the_least_needed_head",
    "higher",
    worst=_nothing,
    label=Text(
        "Accuracy lost with the least needed head",
        zh="屏蔽最不需要的头所损失的准确率",
    ),
    percent=True,
)


@dataclass(frozen=True)
class MaskedHeads(Classification):
    """Classification by a model with one ``nn.MultiheadAttention``, named
    ``attention``, whose heads are masked one at a time at each evaluation.

    Training is that of ``Classification``.
    """

    measures: Any = (ACCURACY, LOG_LOSS, MOST, LEAST)

    def evaluate(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, float]:
        """Accuracy, log loss, and the most and the least accuracy that masking one
        head takes away; below 0 where it adds some.
        """
        plain = Classification()
        values = plain.evaluate(model, split, generator)
        attention = model.attention
        assert isinstance(attention, nn.MultiheadAttention)
        lost = []
        for head in range(attention.num_heads):
            with masked(attention, head):
                without = plain.evaluate(model, split, generator)
            lost.append(values["accuracy"] - without["accuracy"])
        return values | {MOST.name: max(lost), LEAST.name: min(lost)}


@contextmanager
def masked(attention: nn.MultiheadAttention, head: int) -> Iterator[None]:
    """Inside, the head, counted from 0, adds nothing to what the layer puts out."""
    # The output is a sum over heads of what each read, through its own
    # columns of the last weight: without the columns there is no head.
    first = head * attention.head_dim
    columns = attention.out_proj.weight[:, first : first + attention.head_dim]
    before = columns.detach().clone()
    with torch.no_grad():
        columns.zero_()
        try:
            yield
        finally:
            columns.copy_(before)

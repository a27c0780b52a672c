"""Learning from examples without labels, by the model's own confident answers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.contract.checks import FieldChecks
from tasks.contract.data import Split
from tasks.procedures.supervised import Classification

UNLABELLED = -1  # stands where an example has no label


@dataclass(frozen=True)
class PseudoLabels(Classification):
    """Classification in which examples labelled ``UNLABELLED`` get the class that the
    model thinks most likely, where it is at least ``threshold`` sure; others add nothing
    (Lee, Pseudo-label, 2013).

    What is measured on training examples leaves those without labels out.
    """

    threshold: float = 0.95

    def __post_init__(self) -> None:
        super().__post_init__()
        FieldChecks(self).number("threshold", 0, most=1)

    def _loss(
        self, model: nn.Module, batch: Split, generator: torch.Generator
    ) -> Tensor:
        logits = model(batch.x)
        # Detached: the guess is a target, through which no gradient flows.
        chance, guessed = logits.detach().softmax(1).max(1)
        is_known = batch.y != UNLABELLED
        targets = torch.where(is_known, batch.y, guessed)
        counts = is_known | (chance >= self.threshold)
        losses = functional.cross_entropy(logits, targets, reduction="none")
        # Over all examples, so that the weight of one does not depend on how
        # many others are unsure.
        mean: Tensor = (losses * counts).sum() / len(batch)
        return mean

    def evaluate(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, float]:
        """What the measures find on the examples that have a label."""
        labelled = (split.y != UNLABELLED).nonzero().flatten()
        return super().evaluate(model, split.take(labelled), generator)

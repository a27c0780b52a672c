"""Learning to answer with a class: cross entropy, accuracy and log loss."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.contract.data import Shape, Split
from tasks.contract.procedure import Measure, Phase
from tasks.contract.text import Text

EVALUATION_BATCH = 1024


def _chance(shape: Shape) -> float:
    return 1 / max(shape.outputs, 2)


def _guessing(shape: Shape) -> float:
    return math.log(max(shape.outputs, 2))


ACCURACY = Measure(
    "accuracy",
    "higher",
    worst=_chance,
    label=Text("Accuracy", zh="准确率"),
    percent=True,
)
LOG_LOSS = Measure(
    "loss", "lower", worst=_guessing, label=Text("Log loss", zh="对数损失")
)


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean log loss, a 0-d tensor. ``logits`` is (examples, classes), or (examples,)
    for two classes and a sigmoid.
    """
    if logits.ndim == 1:
        return functional.binary_cross_entropy_with_logits(
            logits, labels.to(logits.dtype)
        )
    return functional.cross_entropy(logits, labels)


def decide(logits: Tensor) -> Tensor:
    """The answer, (examples,): the largest logit's class; with a sigmoid, class 1 only
    where it is *above* one half.
    """
    return (logits > 0).long() if logits.ndim == 1 else logits.argmax(1)


@dataclass(frozen=True)
class Classification:
    """One phase that lowers ``loss(logits, labels)``, a mean over examples, plus
    ``penalty(model)`` where one is given.

    Checkpoints and hyperparameters are chosen by the first measure, ties by the second.
    The log loss that is reported is the cross entropy whatever is lowered, so that arms
    with different losses can be compared.
    """

    loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy
    penalty: Callable[[nn.Module], Tensor] | None = None
    measures: tuple[Measure, ...] = (ACCURACY, LOG_LOSS)

    def phases(self, model: nn.Module) -> Sequence[Phase]:
        return (Phase(self._loss, mean=True),)

    def _loss(
        self, model: nn.Module, batch: Split, generator: torch.Generator
    ) -> Tensor:
        loss = self.loss(model(batch.x), batch.y)
        return loss if self.penalty is None else loss + self.penalty(model)

    def evaluate(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, float]:
        right = torch.zeros((), dtype=torch.float64, device=split.x.device)
        loss = torch.zeros_like(right)
        for x, y in zip(
            split.x.split(EVALUATION_BATCH),
            split.y.split(EVALUATION_BATCH),
            strict=True,
        ):
            logits = model(x)
            right += (decide(logits) == y).sum()
            loss += cross_entropy(logits, y).double() * len(y)
        return {"accuracy": right.item() / len(split), "loss": loss.item() / len(split)}

    def artifacts(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, bytes]:
        return {}

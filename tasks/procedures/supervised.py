"""Learning to answer with a class or with numbers, by any loss of outputs and
targets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tasks.augmentation.augment import Augmentation, augmentations
from tasks.contract.checks import FieldChecks
from tasks.contract.data import Split
from tasks.contract.procedure import Phase
from tasks.procedures.losses import (
    LossFunction,
    by_answer,
    cross_entropy,
    loss_named,
    mse,
)
from tasks.procedures.metrics import (
    ACCURACY,
    LOG_LOSS,
    MAE,
    MSE,
    R2,
    decide,
    measure_outputs,
    measures_named,
)

EVALUATION_BATCH = 1024


@dataclass(frozen=True)
class Supervised:
    """One phase that lowers ``loss(outputs, targets)``, plus ``penalty(model)`` where
    one is given.

    ``augment`` changes training batches, and nothing that is measured. Checkpoints and
    hyperparameters are chosen by the first measure, ties by the second.
    """

    loss: str | LossFunction
    """The name of a registered loss, or any function: a mean over examples."""

    penalty: Callable[[nn.Module], Tensor] | None = None
    """What is added to the loss, such as a norm of the weights."""

    measures: Any = ()
    """Names of registered measures, or measures themselves; afterwards measures."""

    augment: Augmentation | Sequence[Augmentation] = ()
    """Functions ``(batch, generator) -> batch``, applied to training batches in this
    order.
    """

    trains: str = ""
    """Only the part of the model with this name, such as ``head``, is updated; the rest
    stays as it is, in evaluation mode: no dropout, and norms with their running
    statistics.
    """

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.text("trains")
        check.replace("loss", loss_named(self.loss))
        if self.penalty is not None:
            check.function("penalty", "of the model")
        check.replace("measures", measures_named(self.measures))
        check.replace("augment", augmentations(self.augment))

    def phases(self, model: nn.Module) -> Sequence[Phase]:
        """One phase. Its loss is a mean over examples, each by itself, unless an
        augmentation mixes them.
        """
        steps = augmentations(self.augment)
        # One that does not say so may mix examples.
        by_itself = all(getattr(step, "by_example", False) for step in steps)
        prefix = f"{self.trains}." if self.trains else ""
        return (Phase(self._loss, prefix=prefix, mean=by_itself),)

    def _loss(
        self, model: nn.Module, batch: Split, generator: torch.Generator
    ) -> Tensor:
        if self.trains:
            _let_train(model, self.trains)
        for step in augmentations(self.augment):
            batch = step(batch, generator)
        loss = loss_named(self.loss)(model(batch.x), batch.y)
        return loss if self.penalty is None else loss + self.penalty(model)

    def artifacts(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, bytes]:
        """None."""
        return {}


@dataclass(frozen=True)
class Classification(Supervised):
    """Classification, by cross entropy by default.

    The log loss that is reported is the cross entropy whatever is lowered, so that arms
    with different losses can be compared.
    """

    loss: str | LossFunction = cross_entropy
    measures: Any = (ACCURACY, LOG_LOSS)

    def evaluate(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, float]:
        """The accuracy, the log loss, and what else is among the measures."""
        right = torch.zeros((), dtype=torch.float64, device=split.x.device)
        loss, answers = torch.zeros_like(right), 0
        others = [
            one
            for one in measures_named(self.measures)
            if one not in (ACCURACY, LOG_LOSS)
        ]
        kept = []
        for batch in _chunks(split):
            logits, y = by_answer(model(batch.x), batch.y)
            right += (decide(logits) == y).sum()
            # Sums stay on the device; numbers are read once, at the end.
            loss += cross_entropy(logits, y).double() * len(y)
            answers += len(y)
            if others:
                kept.append((logits, y))
        values = {
            "accuracy": right.item() / answers,
            "loss": loss.item() / answers,
        }
        return values | (
            measure_outputs(others, *_joined(kept)) if others else {}
        )


@dataclass(frozen=True)
class Regression(Supervised):
    """Regression, by the squared error by default.

    A model puts out as many numbers for an example as its target has: (examples,) or
    (examples, 1) where that is one. A failed model counts as always answering with the
    mean of the training targets.
    """

    loss: str | LossFunction = mse
    measures: Any = (MSE, MAE, R2)

    def evaluate(
        self, model: nn.Module, split: Split, generator: torch.Generator
    ) -> dict[str, float]:
        """What the measures find, from all answers on the split at once."""
        answers = [(model(batch.x), batch.y) for batch in _chunks(split)]
        return measure_outputs(
            measures_named(self.measures), *_joined(answers)
        )


def _let_train(model: nn.Module, part: str) -> None:
    """That part of the model in training mode, all others in evaluation mode."""
    # At every update: the training loop puts the whole model in training mode.
    model.eval()
    model.get_submodule(part).train()


def _chunks(split: Split) -> Iterator[Split]:
    for x, y in zip(
        split.x.split(EVALUATION_BATCH),
        split.y.split(EVALUATION_BATCH),
        strict=True,
    ):
        yield Split(x, y, split.metadata)


def _joined(answers: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    outputs, targets = zip(*answers, strict=True)
    return torch.cat(outputs), torch.cat(targets)

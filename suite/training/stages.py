"""Training that comes before an arm's own, on the same model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from suite.training.evaluate import Evaluation
from suite.training.own import training
from suite.training.seeds import seed
from tasks import Procedure, Recipe, Splits


@dataclass(frozen=True)
class EarlierTraining:
    """What the stage before an arm's own training came to; nothing where there is
    none.
    """

    curve: list[Evaluation] = field(default_factory=list)
    """Its evaluations, in order."""

    losses: Tensor | None = None
    """The loss of every step, (steps,); None where there is no stage."""

    @property
    def steps(self) -> int:
        """The updates that it made; 0 where there is no stage."""
        return self.curve[-1].step if self.curve else 0

    @property
    def cpu_seconds(self) -> float:
        """Its training time in CPU seconds, without evaluations."""
        return self.curve[-1].cpu_seconds if self.curve else 0.0

    def followed_by(self, found: Evaluation) -> Evaluation:
        """An evaluation of the arm's own training, counted from the very beginning."""
        if not self.curve:
            return found
        last = self.curve[-1]
        return replace(
            found,
            step=last.step + found.step,
            epoch=last.epoch + found.epoch,
            seconds=last.seconds + found.seconds,
            cpu_seconds=last.cpu_seconds + found.cpu_seconds,
        )

    def whole_curve(self, own: list[Evaluation]) -> list[Evaluation]:
        """The stage's evaluations, then the arm's own. The model that the stage ends
        with is the one that the arm begins with, which only the arm's own row shows.
        """
        return [*self.curve[:-1], *map(self.followed_by, own)]

    def all_losses(self, own: Tensor) -> Tensor:
        """The loss of every step, (steps,)."""
        return own if self.losses is None else torch.cat([self.losses, own])


def train_stage(
    procedure: Procedure,
    model: nn.Module,
    splits: Splits,
    recipe: Recipe,
    params: Mapping[str, Any],
    seeds: Mapping[str, int],
    length_factor: float,
    watch: Callable[[Evaluation], None],
) -> EarlierTraining:
    """Train ``model`` for the length of ``recipe``, with random streams of the stage's
    own. ``watch`` is called after each evaluation.
    """
    # Other streams than the arm's own training has, which would repeat the
    # very batches. Evaluations keep their sample: it is one curve.
    own = {name: seed(root, "stage") for name, root in seeds.items()}
    loop = training(
        procedure,
        model,
        splits.train,
        splits.validation,
        recipe,
        params,
        {**own, "evaluation": seeds["evaluation"]},
        length_factor,
    )
    for found in loop:
        watch(found)
    return EarlierTraining(loop.curve, loop.losses)

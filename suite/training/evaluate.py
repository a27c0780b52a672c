"""What an evaluation during a run saw, and when evaluations take place."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from suite.training.rng import make_generator
from tasks import Split

TRAIN_SAMPLE = 1000  # training examples on which the training measures are taken


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation saw. ``score`` is the validation measure that chooses, lower
    is better, then its tie-break.
    """

    step: int
    epoch: float
    seconds: float
    cpu_seconds: float
    values: dict[str, float]
    score: tuple[float, ...]

    @property
    def diverged(self) -> bool:
        return not all(math.isfinite(value) for value in self.values.values())


def evaluation_steps(steps: int, evaluations: int) -> list[int]:
    """At most ``evaluations`` steps, evenly spaced, the last one included."""
    count = min(steps, max(1, evaluations))
    return [round(steps * i / count) for i in range(1, count + 1)]


def sample_of(train: Split, count: int, seed: int) -> Split:
    index = torch.randperm(len(train), generator=make_generator(seed))[:count].to(
        train.x.device
    )
    return train.take(index)

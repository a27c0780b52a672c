"""Evaluations during and after a run, and their schedule."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from suite.training.job import finite
from suite.training.rng import make_generator
from tasks import (
    ExpensiveEvaluation,
    HasSnapshots,
    Measure,
    Procedure,
    Shape,
    Split,
    Splits,
    UserError,
)
from tasks.contract.checks import brief, is_finite, is_number, plain

# training examples on which the training measures are taken
TRAIN_SAMPLE = 1000
LARGEST = 1e100  # beyond it, sums of squares over blocks are infinite
SHARE_ROUNDING = 1e-6  # of a mean in 32 bits
SNAPSHOTS = 8  # evaluations of a final that store a procedure's artifacts


@dataclass(frozen=True)
class Evaluation:
    """The result of one evaluation during a run."""

    step: int
    """Updates made before it."""

    epoch: float
    """Passes over the training examples made before it."""

    seconds: float
    """Time spent training before it, without evaluations."""

    cpu_seconds: float
    """The same as CPU time of all workers."""

    values: dict[str, float]
    """``train.`` and ``validation.`` measures, and the mean ``train.objective`` since
    the evaluation before; they need not be finite.
    """

    score: tuple[float, ...]
    """What chooses the best checkpoint: the first measure on validation and, as a
    tie-break, the second, with signs that make lower better.
    """

    @property
    def diverged(self) -> bool:
        """Whether a loss or a measure was not finite."""
        return not all(math.isfinite(value) for value in self.values.values())


@dataclass(frozen=True)
class FinalEvaluation:
    """What a final run reached on the test set."""

    values: dict[str, float]
    """The value of each measure, by its name; it may not be finite."""

    artifacts: dict[str, bytes]
    """Contents of the files that it leaves, by file name."""


def evaluation_steps(steps: int, evaluations: int) -> list[int]:
    """At most ``evaluations`` steps, evenly spaced, the last one included.

    Steps count from 1; the evaluation before the first update is not among them.
    """
    count = min(steps, evaluations)
    numbers = range(1, count + 1)
    return [round(steps * number / count) for number in numbers]


def training_sample(procedure: Procedure, train: Split, seed: int) -> Split:
    """The training examples on which measures are taken: random ones (of a stream, the
    first), 1,000 or what the procedure allows at most.
    """
    most = TRAIN_SAMPLE
    if isinstance(procedure, ExpensiveEvaluation):
        most = procedure.train_sample
    return train.draw(most, make_generator(seed))


@torch.no_grad()
def measure(
    procedure: Procedure,
    model: nn.Module,
    split: Split,
    seed: int,
) -> dict[str, float]:
    """The procedure's measures on a split, as plain numbers, finite or not.

    ``model`` is in evaluation mode. Raises UserError if a measure is missing or is not
    a number.
    """
    # Seeded again each time: where an evaluation draws, as samples of a GAN,
    # it draws the same throughout a run, and values differ by the model alone.
    generator = make_generator(seed, split.x.device)
    found = procedure.evaluate(model, split, generator)
    who = f"{type(procedure).__name__}.evaluate"
    return as_numbers(who, procedure.measures, found)


def measure_both(
    procedure: Procedure,
    model: nn.Module,
    sample: Split,
    validation: Split,
    seed: int,
) -> dict[str, float]:
    """The measures on training examples and on validation, as ``train.accuracy``.

    ``sample`` holds the training examples (see ``training_sample``). Raises UserError
    as ``measure`` does.
    """
    values = {}
    for name, value in measure(procedure, model, sample, seed).items():
        values[f"train.{name}"] = value
    for name, value in measure(procedure, model, validation, seed).items():
        values[f"validation.{name}"] = value
    return values


def score(
    procedure: Procedure, values: Mapping[str, float]
) -> tuple[float, ...]:
    """The score that selects checkpoints and hyperparameters: see ``Evaluation.score``.

    ``values`` are those of ``measure_both``.
    """
    scores = []
    for measure in procedure.measures[:2]:
        value = values[f"validation.{measure.name}"]
        scores.append(-measure.sign * value)
    return tuple(scores)


def measure_on_test(
    procedure: Procedure,
    model: nn.Module,
    splits: Splits,
    seed: int,
    artifacts: bool,
) -> FinalEvaluation:
    """Open the sealed test set and measure the model on it, once.

    The procedure's artifacts are made only where ``artifacts`` is set. Raises UserError
    as ``measure`` does, and where the seal is broken already.
    """
    test = splits.sealed.open()
    values = measure(procedure, model.eval(), test, seed)
    made: dict[str, bytes] = {}
    if artifacts:
        # of its own, so that no artifact depends on what measuring has drawn
        generator = make_generator(seed, test.x.device)
        made = procedure.artifacts(model, test, generator)
    return FinalEvaluation(values, made)


def worst_values(procedure: Procedure, shape: Shape) -> dict[str, float]:
    """The values assigned to a failed model, by measure. Raises UserError if one is not
    a finite number.
    """
    values = {}
    for measure in procedure.measures:
        value = plain(measure.worst(shape))
        if not is_finite(value):
            raise UserError(
                f"Measure({measure.name!r}): worst returned {brief(value)} for a shape "
                f"of {shape.outputs} outputs: return the finite number that a failed "
                "model counts as."
            )
        values[measure.name] = float(value)
    return values


def snapshot(
    procedure: Procedure,
    model: nn.Module,
    validation: Split,
    seed: int,
    at: Evaluation,
    steps: int,
) -> dict[str, bytes]:
    """The procedure's artifacts at this evaluation, by file name; empty if it has none,
    or none now.
    """
    if not isinstance(procedure, HasSnapshots) or at.diverged:
        return {}
    if not _snapshot_is_due(at.step, steps):
        return {}
    generator = make_generator(seed, validation.x.device)
    with torch.no_grad():
        shown = procedure.snapshot(model, validation, generator)
    files = {}
    for name, content in shown.items():
        files[f"step-{at.step:07d}-{name}"] = content
    return files


def _snapshot_is_due(step: int, steps: int) -> bool:
    """Whether the step is within a quarter of the distance between two snapshots."""
    # Evaluations have a schedule of their own and rarely fall on the step.
    between = steps / SNAPSHOTS
    due = [round(between * number) for number in range(SNAPSHOTS + 1)]
    distance = min(abs(step - other) for other in due)
    return distance <= between / 4


def as_numbers(
    who: str, measures: Sequence[Measure], found: Any
) -> dict[str, float]:
    """What ``who`` returned, as a plain number for each measure. Raises UserError if
    one is missing or is not a number.
    """
    if not isinstance(found, Mapping):
        raise UserError(
            f"{who} returned {brief(found)}: return a number for each measure, by name."
        )
    for measure in measures:
        if measure.name not in found:
            given = ", ".join(map(str, found)) or "none"
            raise UserError(
                f"{who} returned no {measure.name!r} (returned: {given}): return a "
                "number for each of the measures."
            )
    # What is returned beyond the declared measures is recorded, too.
    numbers = {}
    for name, value in found.items():
        numbers[name] = _as_number(who, name, value)
    for measure in measures:
        if measure.percent:
            _check_share(who, measure.name, numbers[measure.name])
    return numbers


def _as_number(who: str, name: str, value: Any) -> float:
    number = plain(value)
    if not is_number(number):
        raise UserError(
            f"{who} returned {name}={brief(value)}, of type {type(value).__name__}: "
            "return a number, such as a tensor's .item()."
        )
    if abs(number) > LARGEST:  # counts as infinite, which is how it would end
        return math.inf if number > 0 else -math.inf
    return float(number)


def _check_share(who: str, name: str, value: float) -> None:
    """Raise UserError if a share, or a difference of two, is beyond 1."""
    if abs(value) > 1 + SHARE_ROUNDING and math.isfinite(value):
        raise UserError(
            f"{who} returned {name}={value:g}, and a measure with percent=True is a "
            "share from 0 to 1: divide it by 100, or leave percent out."
        )


def all_finite(values: Mapping[str, float]) -> bool:
    """Whether every value is a finite number; a run with another has diverged."""
    return all(finite(value) is not None for value in values.values())

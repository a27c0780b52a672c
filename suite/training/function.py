"""A run of an arm that is a function: it is called once, and trains nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suite.training.evaluate import all_finite, as_numbers, worst_values
from suite.training.job import OPENING, Member, Result, finite
from tasks import Arm, Level, Outcome, Procedure, Shape
from tasks.contract.picture import outcome_of

NO_SHAPE = Shape((), 1)  # of the data that there are not


@dataclass(frozen=True)
class Called:
    """The result of one call."""

    values: dict[str, float]
    """What it returned: the value of each measure, by its name."""

    seconds: float
    """How long it took."""

    cpu_seconds: float
    """The time that the process spent computing."""

    outcome: Outcome
    """The numbers and pictures that the function returned."""

    def artifacts(self) -> dict[str, bytes]:
        """The files of its pictures, by name."""
        files: dict[str, bytes] = {}
        for picture in self.outcome.pictures():
            files |= picture.artifact
        return files


def call(
    procedure: Procedure,
    arm: Arm,
    level: Level,
    params: Mapping[str, Any],
    seed: int,
) -> Called:
    """Call the arm's function. Raises UserError if it does not return a number for each
    measure.
    """
    assert arm.measure is not None
    wall = time.perf_counter()
    cpu = time.process_time()
    found = arm.measure(level, params, seed)
    seconds = time.perf_counter() - wall
    cpu_seconds = time.process_time() - cpu
    who = f"The function of arm {arm.name!r}"
    returned = found.values if isinstance(found, Outcome) else found
    values = as_numbers(who, procedure.measures, returned)
    return Called(values, seconds, cpu_seconds, outcome_of(found))


def run_function(
    procedure: Procedure,
    arm: Arm,
    level: Level,
    member: Member,
) -> Result:
    """The result of one call, without its times and its machine.

    A function has no validation or test examples. What a trial returns counts as its
    validation value, by which hyperparameters are chosen; what a final returns, with a
    seed that no trial had, counts as both validation and test.
    """
    # The one stream that differs between runs and is shared by the arms of a
    # block, so that functions are compared in pairs, as models are.
    called = call(procedure, arm, level, member.params, member.seeds["order"])
    is_judged = member.kind in OPENING
    diverged = not all_finite(called.values)
    values = (
        _with_worst(procedure, called.values) if diverged else called.values
    )
    return Result(
        key=member.key,
        status="diverged" if diverged else "finished",
        metrics=_metrics(called, values, is_judged),
        curve=[_row(called)],
        best_step=1,
        # Calls share nothing, unlike splits of one data set.
        data={"population": "fresh", "test_train_ratio": 0.0},
        test_opened=is_judged,
        error="a measure was not finite" if diverged else None,
        artifacts=called.artifacts() if member.kind == "final" else {},
    )


def _metrics(
    called: Called,
    values: Mapping[str, float],
    is_judged: bool,
) -> dict[str, float]:
    """The times, and each value on validation; on test, too, where it is judged."""
    metrics = {"seconds": called.seconds, "cpu_seconds": called.cpu_seconds}
    splits = ("validation", "test") if is_judged else ("validation",)
    for split in splits:
        for name, value in values.items():
            metrics[f"{split}.{name}"] = value
    return metrics


def _row(called: Called) -> dict[str, float | None]:
    """The one row of the curve."""
    row: dict[str, float | None] = {
        "step": 1,
        "epoch": 1.0,
        "seconds": called.seconds,
    }
    for name, value in called.values.items():
        row[f"validation.{name}"] = finite(value)
    return row


def _with_worst(
    procedure: Procedure, values: Mapping[str, float]
) -> dict[str, float]:
    """The values, with non-finite ones replaced by the value for failures."""
    # Asked for after a failure only: a function's measure may have none.
    worst = worst_values(procedure, NO_SHAPE)
    kept = {}
    for name, value in values.items():
        is_finite = finite(value) is not None
        # 0 for what it returned beyond its measures, which has no worst value
        kept[name] = value if is_finite else worst.get(name, 0.0)
    return kept

"""An arm against itself, run a second time under another name: a sanity check of the
whole pipeline.

Correct code has p < .05 in one of twenty such comparisons (a note) and p < .001 in one
of a thousand (a failure, for which a broken pipeline is the likelier cause). They are
not claims and not part of the claims' family.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from suite.records.results import Campaign
from suite.training.metrics import measured_metric
from suite.verdicts.case import Case, TaskRows
from suite.verdicts.effects import effects, final_values
from suite.verdicts.gate import Gate
from suite.verdicts.message import Message, message
from suite.verdicts.statistics import Interval, estimate
from tasks import Claim

NOTE, FAILURE = 0.05, 0.001
State = Literal["waiting", "quiet", "note", "failure"]
AA_GATE = "aa-test"  # the gate's code
TOLD: dict[State, str] = {
    "waiting": "aa-waiting",
    "quiet": "aa-quiet",
    "note": "aa-note",
    "failure": "aa-failure",
}


@dataclass(frozen=True)
class AATest:
    """One arm against itself, by the task's first measure, at one level."""

    task: str
    """The name of the task."""

    level: str
    """The name of the level."""

    arm: str
    """The arm that ran twice."""

    second: str
    """The name that it has as the second of the two."""

    metric: str
    """The metric that both are compared by."""

    state: State
    """What came of it; "waiting" while blocks are out."""

    effect: float
    """The mean of ``arm`` less ``second`` over blocks, positive where ``arm`` does
    better; 0 is expected.
    """

    interval: Interval
    """Its 95 % interval, adjusted for nothing."""

    p: float
    """The p-value of the paired t-test; NaN if there is nothing to test."""

    blocks: int
    """The number of blocks in which both are complete."""

    planned: int
    """The number of blocks that run in any case."""

    @property
    def message(self) -> Message:
        """The message about it."""
        return message(
            TOLD[self.state],
            arm=self.arm,
            level=self.level,
            blocks=self.blocks,
            planned=self.planned,
            p=self.p,
        )


def run_aa_tests(campaign: Campaign, task: str) -> list[AATest]:
    """Every arm of a task that ran twice, against itself at every level where it did."""
    manifest = campaign.manifest.task(task)
    # A plan may leave out cells that no claim reads.
    planned = {
        (cell.arm, cell.level)
        for cell in campaign.manifest.cells
        if cell.task == task
    }
    return [
        _compare(campaign, task, arm, second, level)
        for second, arm in manifest.aa_test.items()
        for level in manifest.level_names
        if (second, level) in planned
    ]


def alarm(checks: Sequence[AATest]) -> tuple[Gate, ...]:
    """The gate that fails for all claims of a task after a failed A/A test; none
    without an A/A test.
    """
    if not checks:
        return ()
    failed = [check for check in checks if check.state == "failure"]
    notable = [check for check in checks if check.state == "note"]
    # One message speaks for all of the tests: that of the gravest.
    told = (failed or notable or checks)[0]
    return (Gate(AA_GATE, bool(failed), (told.message,)),)


def _compare(
    campaign: Campaign, task: str, arm: str, second: str, level: str
) -> AATest:
    """The A/A test of one arm and its second copy at one level."""
    shared = TaskRows(campaign, task)
    metric = measured_metric(shared.manifest.primary)
    claim = Claim(
        f"{arm} against itself", "", metric.name, arm, second, (level,)
    )
    case = Case(shared, claim, metric)
    # Up to the first look: what runs later depends on results. In points, for
    # which the number of examples does not matter.
    differences = effects(final_values(case), case, math.nan)[: case.due, 0]
    found = estimate(differences[np.isfinite(differences)])
    p, interval = found.p(), found.interval(0.95)
    state: State = "quiet"
    if found.blocks < case.due:
        state = "waiting"
    elif p < NOTE:  # False if there is nothing to test
        state = "failure" if p < FAILURE else "note"
    return AATest(
        task,
        level,
        arm,
        second,
        metric.name,
        state,
        found.mean,
        interval,
        p,
        found.blocks,
        case.due,
    )

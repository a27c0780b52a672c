"""An arm against itself, run a second time under another name: a smoke alarm for the
whole pipeline.

Correct code has p < .05 in one of twenty such comparisons (a note) and p < .001 in one
of a thousand (a failure, for which a broken pipeline is the likelier cause). They are
no claims and stand outside of the claims' family.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from suite.records.results import Campaign
from suite.verdicts.adequacy import Gate
from suite.verdicts.case import Case, TaskRows, metric_of
from suite.verdicts.effects import effects, final_values
from suite.verdicts.statistics import Interval, estimate
from tasks import Claim

NOTE, FAILURE = 0.05, 0.001
State = Literal["waiting", "quiet", "note", "failure"]


@dataclass(frozen=True)
class AATest:
    """One such comparison by the task's first measure, at one level. ``effect`` is arm
    less second, positive: better.
    """

    task: str
    level: str
    arm: str
    second: str
    metric: str
    state: State
    effect: float
    interval: Interval
    p: float
    blocks: int
    planned: int

    @property
    def says(self) -> str:
        if self.state == "waiting":
            return f"{self.arm} against itself: {self.blocks} of {self.planned} blocks are in."
        odds = f"p = {self.p:.2g} at {self.level}, over {self.blocks} blocks"
        if self.state == "quiet":
            return (
                f"{self.arm} against itself shows no difference ({odds}), as it should."
            )
        share = "5 %" if self.state == "note" else "0.1 %"
        return f"{self.arm} differs from itself ({odds}), which happens by chance in {share} of sound campaigns."


def run_aa_tests(campaign: Campaign, task: str) -> list[AATest]:
    """Every arm of a task that ran twice, against itself at every level."""
    about = campaign.about["tasks"][task]
    levels = [level["name"] for level in about["levels"]]
    return [
        _compare(campaign, task, arm, second, level)
        for second, arm in about.get("aa_test", {}).items()
        for level in levels
    ]


def alarm(checks: Sequence[AATest]) -> tuple[Gate, ...]:
    """The gate that a failure closes for all claims of its task; no gate where no arm
    ran twice.
    """
    if not checks:
        return ()
    failed = [check for check in checks if check.state == "failure"]
    worth_telling = (
        failed or [check for check in checks if check.state == "note"] or checks
    )
    hint = "Find what differs between two runs of one arm before believing any other difference."
    return (
        Gate("A/A test", bool(failed), worth_telling[0].says, hint if failed else ""),
    )


def _compare(
    campaign: Campaign, task: str, arm: str, second: str, level: str
) -> AATest:
    about = campaign.about["tasks"][task]
    measure = about["measures"][0]["name"]
    claim = Claim(f"{arm} against itself", "", measure, arm, second, (level,))
    case = Case(TaskRows(campaign, task), claim, metric_of(measure, about["measures"]))
    differences = effects(final_values(case), case, math.nan)[: case.due, 0]
    found = estimate(differences[np.isfinite(differences)])
    p, interval = found.p(), found.interval(0.95)
    state: State = "quiet"
    if found.blocks < case.due:
        state = "waiting"
    elif p < NOTE:  # False where there is nothing to test
        state = "failure" if p < FAILURE else "note"
    return AATest(
        task,
        level,
        arm,
        second,
        measure,
        state,
        found.mean,
        interval,
        p,
        found.blocks,
        case.due,
    )

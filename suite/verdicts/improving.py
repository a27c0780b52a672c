"""What was still moving when training ended, on validation, over the last quarter of
the steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from suite.verdicts.case import Case
from suite.verdicts.effects import (
    block_mean,
    cell_values,
    effects,
    on_scale,
    pull,
)
from suite.verdicts.gate import Finding
from suite.verdicts.message import message
from suite.verdicts.statistics import Floats, estimate

Flags = NDArray[np.bool_]
STEADY_SCHEDULES = ("constant", "plateau")  # the rate stays high to the end


@dataclass(frozen=True)
class CurveEnds:
    """The validation metric around the end of training, in each cell."""

    early: Floats
    """Three quarters of the way: (blocks, levels, arms)."""

    late: Floats
    """At the end: (blocks, levels, arms)."""

    arrives_late: Flags
    """Whether the best checkpoint lies in the last tenth of the steps in at least half
    of the blocks: (levels, arms). An arm that has stopped improving is done, whatever
    its curve did before.
    """


def curve_ends(case: Case) -> CurveEnds | None:
    """The ends of the curves of the claim's metric; None if it has no curves."""
    column = case.metric.validation
    curves = case.shared.curves
    if column is None or column not in curves:
        return None
    if case.rows(curves)[column].isna().all():
        return None
    ends: pd.DataFrame = case.shared.curve_ends(column, case.metric.sign)
    came_late = cell_values(case, ends, "came_late")
    return CurveEnds(
        early=cell_values(case, ends, "early"),
        late=cell_values(case, ends, "late"),
        # NaN without curves, and so false
        arrives_late=block_mean(came_late) >= 0.5,
    )


def rate_falls(case: Case) -> bool:
    """Whether the schedule of an arm lets its rate fall towards the end of training."""
    schedules = {
        case.manifest.schedule_of(arm, level)
        for arm in case.claim.arms
        for level in case.levels
    }
    # None is the schedule of an arm that makes no updates.
    falling = schedules - {None, *STEADY_SCHEDULES}
    return bool(falling)


def moving_effects(case: Case, ends: CurveEnds) -> Iterator[Finding]:
    """The parts whose effect moved by more than half the margin, and by more than
    chance: its 95 % interval over blocks excludes 0.
    """
    examples = case.examples("validation")
    before = effects(ends.early, case, examples)
    after = effects(ends.late, case, examples)
    moved = after - before  # (blocks, parts)
    for index, part in enumerate(case.parts):
        in_blocks = moved[:, index]
        change = estimate(in_blocks[np.isfinite(in_blocks)])
        low, high = change.interval(0.95)
        by_chance = low <= 0 <= high
        large = abs(change.mean) > case.claim.margin / 2
        # Judged over levels, the claim depends on the arms at all of them.
        by_level = part in case.levels
        arrives_late = (
            ends.arrives_late[index] if by_level else ends.arrives_late
        )
        if (
            change.blocks >= 2
            and arrives_late.any()
            and large
            and not by_chance
        ):
            seen = message(
                "seen-effect-moving", at_level=part, change=change.mean
            )
            yield Finding(seen, int(np.sign(change.mean)))


def improving_arms(case: Case, ends: CurveEnds) -> Iterator[Finding]:
    """The arms that kept improving to the end by more than two margins."""
    examples = case.examples("validation")
    late = on_scale(ends.late, case, examples)
    early = on_scale(ends.early, case, examples)
    gains = block_mean(late - early)  # (levels, arms)
    improving = ends.arrives_late & (gains > 2 * _margin_at_a_level(case))
    level_indices, arm_indices = np.nonzero(improving)
    for level_index, arm_index in zip(level_indices, arm_indices, strict=True):
        arm = case.claim.arms[arm_index]
        level = case.levels[level_index]
        gain = float(gains[level_index, arm_index])
        seen = message(
            "seen-arm-improving", arm=arm, at_level=level, gain=gain
        )
        yield Finding(seen, pull(case, arm, level))


def _margin_at_a_level(case: Case) -> float:
    """The claim's margin; where that is a slope, its change over the whole axis."""
    margin = case.claim.margin
    if not case.kind.along_axis:
        return margin
    e_folds = math.log(max(case.x) / min(case.x))
    return margin * e_folds

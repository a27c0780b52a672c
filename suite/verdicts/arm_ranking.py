"""All arms of a task at one level against one of them, with simultaneous intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from suite.records.results import Campaign
from suite.verdicts.arm_pair import (
    CONFIDENCE,
    ArmPair,
    measured_pair,
    pair_of,
)
from suite.verdicts.case import TaskRows


@dataclass(frozen=True)
class ArmRanking:
    """How far each arm is ahead of the reference by one metric."""

    reference: str
    """The name of the arm that the others are compared with."""

    pairs: tuple[ArmPair, ...]
    """Each other arm that has a complete block with it, the best first: ``first`` is
    the arm, ``second`` the reference. All intervals hold together with 95 % confidence.
    """


def rank_arms(
    campaign: Campaign, task: str, level: str, reference: str, metric: str
) -> ArmRanking:
    """All arms that ran at a level, ranked by their lead over the reference.

    The intervals are simultaneous by Bonferroni's inequality: with m arms each is a
    paired t interval of confidence 1 - 0.05 / m. UserError if the task has no such arm,
    level or metric.
    """
    shared = TaskRows(campaign, task)
    others = [
        measured_pair(shared, level, arm, reference, metric)
        for arm in shared.manifest.arm_names
        if arm != reference
    ]
    ran = [one for one in others if np.isfinite(one.effects).any()]
    if not ran:
        return ArmRanking(reference, ())
    # The arms that ran share the 5 %; the others have no interval.
    confidence = 1 - (1 - CONFIDENCE) / len(ran)
    pairs = [pair_of(one, confidence) for one in ran]
    pairs.sort(key=lambda one: one.effect, reverse=True)
    return ArmRanking(reference, tuple(pairs))

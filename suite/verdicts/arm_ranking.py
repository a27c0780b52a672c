"""All arms of a task at one level against one of them, with simultaneous intervals."""

from __future__ import annotations

from dataclasses import dataclass

from suite.records.results import Campaign
from suite.verdicts.arm_pair import CONFIDENCE, ArmPair, compare_arms


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
    names = campaign.manifest.task(task).arm_names
    others = [name for name in names if name != reference]

    def pair(arm: str, confidence: float) -> ArmPair:
        return compare_arms(
            campaign, task, level, arm, reference, metric, confidence
        )

    ran = [arm for arm in others if pair(arm, CONFIDENCE).blocks]
    if not ran:
        return ArmRanking(reference, ())
    confidence = 1 - (1 - CONFIDENCE) / len(ran)
    pairs = [pair(arm, confidence) for arm in ran]
    pairs.sort(key=lambda one: one.effect, reverse=True)
    return ArmRanking(reference, tuple(pairs))

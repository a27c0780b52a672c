"""The smallest effect that a plan can detect, claim by claim."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from suite.planning.cost import Costs
from suite.planning.plan import Plan
from suite.records.manifest import read_manifest
from suite.records.results import Results
from suite.training.metrics import metric_of
from suite.verdicts.judge import judge_campaign
from suite.verdicts.statistics import smallest_effect
from tasks import Claim, UserError

ENOUGH = 3  # blocks, for a standard deviation


def claim_power(plan: Plan, costs: Costs, results: Path) -> list[dict[str, Any]]:
    """Per claim, the smallest effect that the planned blocks find with 80 % power, at
    the last look if there are some.

    ``alone``: if it were the only claim; ``in_family``: as the strictest of its task's
    claims; both in standard deviations of a block's difference. ``sd`` is that
    deviation, on the claim's scale, as the newest campaign in the folder that knows it
    found it; None where none has three blocks.
    """
    recorded = Results(results)
    found = []
    for task in plan.tasks:
        claims = plan.claims(task)
        stds = _stds(recorded, task, {claim.name for claim in claims})
        for claim in claims:
            std = stds.get(claim.name)
            found.append(_power(plan, costs, task, claim, len(claims), std))
    return found


def _power(
    plan: Plan, costs: Costs, task: str, claim: Claim, family: int, std: float | None
) -> dict[str, Any]:
    """``family`` is the number of the task's claims, ``std`` what is known of the
    standard deviation of a block's difference.
    """
    blocks, looks = plan.of(task).blocks, max(1, len(plan.of(task).interim_looks))
    ratio = max(
        costs[task, level, arm].test_train_ratio
        for level in claim.levels
        for arm in claim.arms
    )
    if std is not None:
        # a published figure's own error adds to that of our mean
        std = math.hypot(std, claim.reference_se / math.sqrt(1 / blocks + ratio))

    def smallest(claims: int) -> float:
        return smallest_effect(
            blocks,
            looks * claims,
            confidence=plan.profile.confidence,
            test_train_ratio=ratio,
        )

    metric = metric_of(claim.metric, plan.tasks[task].procedure.measures)
    return {
        "task": task,
        "claim": claim.name,
        "blocks": blocks,
        "margin": claim.margin,
        "kind": claim.kind,
        "scale": claim.scale,
        "percent": metric is not None and metric.is_share,
        "sd": std,
        "alone": smallest(1),
        "in_family": smallest(family),
    }


def _stds(results: Results, task: str, claims: set[str]) -> dict[str, float]:
    """The standard deviation of a block's difference, by claim, from the newest
    campaign that knows it.
    """
    known: dict[str, float] = {}
    for campaign_id in results.readable_ids():
        if not claims - known.keys():
            break
        if not _ran(results, campaign_id, task):
            continue
        found = {
            verdict.claim: _std(verdict.per_block)
            for verdict in judge_campaign(results.load(campaign_id))
            if verdict.task == task and verdict.blocks >= ENOUGH
        }
        known = {claim: std for claim, std in found.items() if std > 0} | known
    return known


def _ran(results: Results, campaign_id: str, task: str) -> bool:
    """Whether the task is one of the campaign's; no where its manifest is damaged."""
    with suppress(UserError):
        return task in read_manifest(results.root / campaign_id).tasks
    return False


def _std(per_block: Iterable[Mapping[str, Any]]) -> float:
    """The largest standard deviation over blocks among the claim's levels."""
    by_level: dict[str, list[float]] = {}
    for row in per_block:
        by_level.setdefault(str(row["level"]), []).append(row["difference"])
    return max(statistics.stdev(differences) for differences in by_level.values())

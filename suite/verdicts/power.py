"""The smallest effect that a plan can detect, claim by claim."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from suite.planning.cost import Costs
from suite.planning.plan import Plan
from suite.records.files import read_json
from suite.records.results import Results
from suite.verdicts.judge import judge_campaign
from suite.verdicts.statistics import smallest_effect

ENOUGH = 3  # blocks, for a standard deviation


def claim_power(plan: Plan, costs: Costs, results: Path) -> list[dict[str, Any]]:
    """Per claim, the smallest effect that the planned blocks find with 80 % power, at
    the last look if there are some.

    ``alone``: if it were the only claim; ``in_family``: as the strictest of its task's
    claims; both in standard deviations of a block's difference. ``sd`` is that
    deviation, on the claim's scale, as the newest campaign in the folder that knows it
    found it; None where none has three blocks.
    """
    found = []
    for name in plan.tasks:
        claims = plan.claims(name)
        stds = _stds(Results(results), name, {claim.name for claim in claims})
        for claim in claims:
            blocks = plan.of(name).blocks
            looks = max(1, len(plan.of(name).interim_looks))
            arms = (
                claim.arms
                or tuple(cell.builds for cell in plan.cells if cell.task == name)[:1]
            )
            test_train_ratio = max(
                costs[name, level, arm].test_train_ratio
                for level in claim.levels
                for arm in arms
            )
            alone, family = (
                smallest_effect(
                    blocks,
                    looks * n,
                    confidence=plan.profile.confidence,
                    test_train_ratio=test_train_ratio,
                )
                for n in (1, len(claims))
            )
            measure = plan.tasks[name].measure(claim.metric.rpartition(".")[2])
            std = stds.get(claim.name)
            if (
                std is not None
            ):  # a published figure's own error adds to that of our mean
                std = math.hypot(
                    std, claim.reference_se / math.sqrt(1 / blocks + test_train_ratio)
                )
            about = {
                "task": name,
                "claim": claim.name,
                "blocks": blocks,
                "margin": claim.margin,
            }
            about |= {
                "kind": claim.kind,
                "scale": claim.scale,
                "percent": bool(measure and measure.percent),
            }
            found.append({**about, "sd": std, "alone": alone, "in_family": family})
    return found


def _stds(results: Results, task: str, claims: set[str]) -> dict[str, float]:
    """The standard deviation of a block's difference, by claim, from the newest
    campaign that knows it.
    """
    known: dict[str, float] = {}
    for campaign_id in results.readable_ids():
        if (
            task
            in read_json(results.root / campaign_id / "campaign.json").get("tasks", {})
            and claims - known.keys()
        ):
            verdicts = [
                v
                for v in judge_campaign(results.load(campaign_id))
                if v.task == task and v.blocks >= ENOUGH
            ]
            found = {verdict.claim: _std(verdict.per_block) for verdict in verdicts}
            known = {claim: std for claim, std in found.items() if std > 0} | known
    return known


def _std(per_block: Iterable[Mapping[str, Any]]) -> float:
    """The largest standard deviation over blocks among the claim's levels."""
    by_level: dict[str, list[float]] = {}
    for row in per_block:
        by_level.setdefault(str(row["level"]), []).append(row["difference"])
    return max(statistics.stdev(differences) for differences in by_level.values())

"""The smallest effect that a plan can detect, and whether it can decide at all, claim
by claim.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.planning.cost import Costs
from suite.planning.plan import Plan
from suite.records.manifest import FILE as MANIFEST
from suite.records.manifest import read_manifest
from suite.training.metrics import metric_of
from suite.verdicts.decidable import Prospect
from suite.verdicts.kinds import kind_of
from suite.verdicts.statistics import smallest_effect
from tasks import Claim, UserError
from tasks.contract.universe import family_of

if TYPE_CHECKING:
    from suite.records.results import Results

# blocks: a standard deviation of two may be off by a factor of 30
ENOUGH = 3


@dataclass(frozen=True)
class Seen:
    """What an earlier campaign saw of a claim: the standard deviation of a block's
    difference and its mean, on the claim's scale.
    """

    std: float
    """The standard deviation of the effect over blocks."""

    effect: float
    """The mean effect."""

    campaign: str
    """The id of the campaign that measured it."""


@dataclass(frozen=True)
class TestData:
    """What the blocks of one level are tested on."""

    __test__ = False  # no test, for all its name

    examples: int
    """The number of test examples; 0 if there are none."""

    test_train_ratio: float
    """How many they are per training example, where blocks share data."""


Data = Mapping[tuple[str, str], TestData]  # by task and level


def claim_power(
    plan: Plan, costs: Costs, results: Path
) -> list[dict[str, Any]]:
    """Per claim, the smallest effect that the planned blocks find with 80 % power, at
    the last look if there are some, and whether any number of blocks can decide it.

    ``alone``: if it were the only claim; ``in_family``: as the strictest of its task's
    claims; both in standard deviations of a block's difference. ``sd`` is that
    deviation, on the claim's scale, as the newest campaign in the folder that knows it
    found it (``sd_from``), or else as the claim expects it; None if neither is known.
    ``obstacles`` are the messages of ``Prospect.obstacles``.
    """
    data = _data(costs)
    found = []
    for task in plan.tasks:
        claims = plan.claims(task)
        seen = _seen(results, task, {claim.name for claim in claims})
        for claim in claims:
            known = seen.get(claim.name)
            prospect = prospect_of(plan, data, task, claim, known)
            found.append(_power(task, prospect, known))
    return found


def prospect_of(
    plan: Plan, data: Data, task: str, claim: Claim, seen: Seen | None = None
) -> Prospect:
    """What is known of a planned claim. At several levels the worst data count."""
    tested = [data[task, level] for level in claim.levels]
    metric = metric_of(claim.metric, plan.tasks[task].procedure.measures)
    family = [
        one
        for one in plan.claims(task)
        # facts are outside of Holm's procedure, universes a family apart
        if kind_of(one.kind).hypothesis != "always"
        and family_of(one.name) == family_of(claim.name)
    ]
    return Prospect(
        claim=claim,
        blocks=plan.of(task).blocks,
        looks=max(1, len(plan.of(task).interim_looks)),
        family=max(1, len(family)),
        confidence=plan.profile.confidence,
        test_train_ratio=max(one.test_train_ratio for one in tested),
        test_examples=min(one.examples for one in tested),
        is_share=metric is not None and metric.is_share,
        std=seen.std if seen else claim.expected_sd,
        effect=seen.effect if seen else None,
    )


def _data(costs: Costs) -> dict[tuple[str, str], TestData]:
    """How many examples each task has at each level."""
    return {
        (task, level): TestData(cost.test_examples, cost.test_train_ratio)
        for (task, level, _), cost in costs.items()
    }


def _power(task: str, prospect: Prospect, seen: Seen | None) -> dict[str, Any]:
    """The smallest effect that a planned claim can show, and what it assumes."""
    claim, std = prospect.claim, prospect.std
    ratio = prospect.test_train_ratio
    if std is not None:
        # a published figure's own error adds to that of our mean
        std = math.hypot(
            std, claim.reference_se / math.sqrt(1 / prospect.blocks + ratio)
        )

    def smallest(claims: int) -> float:
        """The smallest effect found if so many claims are corrected for
        together.
        """
        return smallest_effect(
            prospect.blocks,
            prospect.looks * claims * prospect.divisor,
            confidence=prospect.confidence,
            test_train_ratio=ratio,
        )

    obstacles = prospect.obstacles()
    return {
        "task": task,
        "claim": claim.name,
        "blocks": prospect.blocks,
        "margin": claim.margin,
        "kind": claim.kind,
        "scale": claim.scale,
        "percent": prospect.is_share,
        "sd": std,
        "sd_from": _source(prospect, seen),
        "alone": smallest(1),
        "in_family": smallest(prospect.family),
        "t_needed": prospect.t_needed,
        "exploratory": prospect.is_exploratory,
        "decidable": not obstacles,
        "obstacles": obstacles,
    }


def _source(prospect: Prospect, seen: Seen | None) -> str | None:
    """Where the standard deviation comes from: a campaign's id, or "expected"."""
    if seen is not None:
        return seen.campaign
    return None if prospect.std is None else "expected"


def _seen(root: Path, task: str, claims: set[str]) -> dict[str, Seen]:
    """What was seen of each claim by the newest campaign that knows it."""
    known: dict[str, Seen] = {}
    # Where nothing was run yet, nothing that judges is imported.
    if not any(root.glob(f"*/{MANIFEST}")):
        return known
    from suite.records.results import Results
    from suite.verdicts.judge import judge_campaign

    results = Results(root)
    for campaign_id in results.readable_ids():
        if not claims - known.keys():
            break
        if not _ran(results, campaign_id, task):
            continue
        for verdict in judge_campaign(results.load(campaign_id)):
            if verdict.task != task or verdict.blocks < ENOUGH:
                continue
            std = _std(verdict.per_block)
            # Equal differences come of a coarse metric, not of a spread of 0.
            if std > 0:
                seen = Seen(std, verdict.effect, campaign_id)
                known.setdefault(verdict.claim, seen)
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
    # All levels must agree, so that the most uncertain one counts.
    return max(
        statistics.stdev(differences) for differences in by_level.values()
    )

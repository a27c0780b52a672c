"""The plan of a profile, as commands run and show it.

Apart from ``launch``, so that `bakeoff plan` imports neither the driver nor Optuna.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from suite.planning.plan import Plan, Shard
from suite.planning.profile import Profile
from suite.records.manifest import FILE as MANIFEST
from suite.training.metrics import known_metric
from suite.verdicts.kinds import check_claim
from tasks import UserError

if TYPE_CHECKING:
    from suite.records.results import Campaign


def plan_of(
    profile: Profile,
    results: Path,
    new: bool = False,
    shard: Shard | None = None,
) -> Plan:
    """The plan to run: that of the newest campaign of this profile in the folder, or
    (``new``) of yet another; of ``shard`` alone where one is given.

    Raises UserError if a claim could not be judged, and if shards would need each
    other's results.
    """
    plan = following = Plan(profile)
    # The nonce is part of the id: counting on until there is no folder finds
    # the newest.
    while (results / following.id / MANIFEST).exists():
        plan, following = following, Plan(profile, following.nonce + 1)
    _check_claims(plan)
    _check_shard(plan, shard)
    wanted = following if new else plan
    # Without a shard the plan itself is returned: ``replace`` makes a new one,
    # which would hash all sources again.
    return wanted if shard is None else replace(wanted, shard=shard)


def _check_shard(plan: Plan, shard: Shard | None) -> None:
    """Raise UserError for a shard without a block, and where interim looks need the
    results of all shards.
    """
    if shard is None:
        return
    if not any(cell.block in shard for cell in plan.planned_cells):
        blocks = max(plan.of(name).blocks for name in plan.tasks)
        raise UserError(
            f"--shard {shard.number}/{shard.count}: no block is left for it, as there "
            f"are {blocks}: make {blocks} shards at most."
        )
    for name in plan.tasks:
        if plan.of(name).interim_looks:
            raise UserError(
                f"Task {name} has interim looks, which need the results of all shards: "
                "set a number of blocks, as in --set interim_looks=false --set "
                "blocks=10."
            )


def _check_claims(plan: Plan) -> None:
    """Raise UserError if a claim could not be judged, or a plot be drawn: before the
    first run rather than after the last.
    """
    for name, task in plan.tasks.items():
        for claim in plan.claims(name):
            positions = {level: task.level(level).x for level in claim.levels}
            check_claim(claim, positions, task.procedure.measures)
        for plot in task.plots:
            who = f"metric (plot {plot.name!r})"
            known_metric(plot.metric, task.procedure.measures, who)


def resumed(plan: Plan, campaign: Campaign) -> Plan:
    """The plan under the id of an existing campaign. Raises UserError if today's
    sources give another.
    """
    mine = replace(plan, nonce=campaign.manifest.nonce)
    if mine.id != campaign.id:
        files = ", ".join(campaign.manifest.task_files.values())
        theirs = f", of {files} too" if files else ""
        raise UserError(
            f"Campaign {campaign.id} was run with other sources or claims than are here "
            f"now (they give {mine.id}): go back to those sources{theirs} to resume it, "
            "or start a new campaign with `bakeoff run`."
        )
    return mine

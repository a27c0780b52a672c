"""Which arms of a plan may be stacked, before anything is measured."""

from __future__ import annotations

from suite.planning.plan import Plan
from suite.training.job import timed
from suite.training.stacks.support import why_alone as why_arm_alone


def why_alone(
    plan: Plan, task: str, level: str, arm: str, device: str
) -> str | None:
    """Why runs of this arm are trained alone, as in "it trains on a GPU"; None where
    only measuring can tell.
    """
    if device != "cpu":
        return "it trains on a GPU"
    if plan.profile.threads > 1:
        return "it has several threads"
    if plan.profile.pruner:
        return "trials are pruned in rounds"
    # A stack's seconds are shared out evenly, which says nothing of a run.
    if any(timed(claim.metric) for claim in plan.claims(task)):
        return "a claim of its task is about time"
    found = plan.tasks[task]
    return why_arm_alone(
        found.arm(arm),
        found.procedure_of(found.arm(arm)),
        plan.recipe(task, level, arm),
        plan.space(task, level, arm),
    )

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
    if (level, arm) in _timed_by_claims(plan, task):
        return "a claim is about its time"
    if _timed_by_plots(plan, task, level, arm):
        return "a picture shows its time"
    found = plan.tasks[task]
    return why_arm_alone(
        found.arm(arm),
        found.procedure_of(found.arm(arm)),
        plan.recipe(task, level, arm),
        plan.space(task, level, arm),
    )


def _timed_by_claims(plan: Plan, task: str) -> set[tuple[str, str]]:
    """The levels and arms that claims about time compare."""
    claims = [claim for claim in plan.claims(task) if timed(claim.metric)]
    return plan.deciding(claims)


def _timed_by_plots(plan: Plan, task: str, level: str, arm: str) -> bool:
    """Whether a picture of the task draws seconds of the arm at this level."""
    for plot in plan.tasks[task].plots:
        shows_level = not plot.levels or level in plot.levels
        shows_arm = not plot.arms or arm in plot.arms
        if timed(plot.metric) and shows_level and shows_arm:
            return True
    return False

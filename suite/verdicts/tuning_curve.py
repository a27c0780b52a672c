"""How much of tuning would have been enough: what each budget of trials gives on
validation, arm by arm.
"""

from __future__ import annotations

from search.budget import Budget, budget_curve
from suite.records.results import Campaign
from suite.verdicts.case import TaskRows


def tuning_curves(
    campaign: Campaign, task: str
) -> dict[tuple[str, str], list[Budget]]:
    """Per (level, arm) the mean best value with 1, 2, 4, ... trials and with all, over
    blocks whose trials are all in.

    It is the value by which hyperparameters are chosen, the task's first measure, and
    describes the search alone: a best validation value is no estimate of a model's test
    performance.
    """
    shared = TaskRows(campaign, task)
    metric, trials = shared.chooses_by, shared.manifest.trials
    if metric.column not in shared.completed_trials:
        return {}
    # Budgets are first trials, which are the study with that budget.
    in_order = shared.completed_trials.sort_values("number")
    found = {}
    for (level, arm), mine in in_order.groupby(["level", "arm"], sort=False):
        blocks = [
            study[metric.column].to_numpy(dtype=float)
            for _, study in mine.groupby("block")
            if len(study) == trials
        ]
        if blocks:
            found[str(level), str(arm)] = budget_curve(blocks, metric.better)
    return found

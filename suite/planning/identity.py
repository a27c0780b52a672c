"""The identity of a cell: the part that is shared by the keys of its runs."""

from __future__ import annotations

from typing import Any

import torch

from suite.planning.plan import CellPlan, Plan
from suite.planning.resolved import deciding
from suite.training.fingerprint import data_hash, level_values


def cell_identity(plan: Plan, cell: CellPlan, device: str) -> dict[str, Any]:
    """All that decides a run's result, but for what differs between runs of the cell:
    their kind, hyperparameters and seeds.

    Two runs with equal identities, hyperparameters and seeds come to the same result,
    bit by bit, on one kind of machine. Of the profile, ``deciding`` names what belongs
    here; its seed and its sampler decide through the runs' seeds and hyperparameters.
    """
    values = plan.of(cell.task)
    task = plan.tasks[cell.task]
    # An arm that measures a function has no data set; its level's values are
    # its input.
    learns = task.arm(cell.builds).measure is None
    data = ""
    if learns:
        data = data_hash(cell.task, cell.level, values.examples, cell.builds)
    return {
        "task": cell.task,
        "level": cell.level,
        "arm": cell.arm,
        "builds": cell.builds,
        "recipe": plan.recipe(cell.task, cell.level, cell.builds).describe(),
        "data": data,
        "level_values": level_values(cell.task, cell.level),
        # Of this arm's code alone, so that an edit of another arm keeps its
        # results.
        "source": plan.arm_sources[cell.task][cell.builds],
        "torch": torch.__version__,
        "device": device,
        "threads": plan.profile.threads,
        # Whether several runs were trained as one batched model; none are, but
        # the key keeps the place, as removing it would give every run another
        # key.
        "stacked": False,
        **deciding(values),
    }

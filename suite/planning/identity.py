"""The identity of a cell: the part that is shared by the keys of its runs."""

from __future__ import annotations

from typing import Any

import torch

from suite.planning.plan import CellPlan, Plan
from suite.planning.resolved import deciding
from suite.training.fingerprint import (
    data_hash,
    level_values,
    stacked_hash,
)


def cell_identity(
    plan: Plan, cell: CellPlan, device: str, stacked: bool = False
) -> dict[str, Any]:
    """All that decides a run's result, but for what differs between runs of the cell:
    their kind, hyperparameters and seeds.

    ``stacked`` says whether its runs are trained as part of a batched model.

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
        # The code that trains several runs as one batched model, which comes
        # to other last digits; not how many they are, which changes nothing.
        "stacked": stacked_hash() if stacked else False,
        **deciding(values),
    }

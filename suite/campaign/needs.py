"""The resources that the runs of a plan need from the cluster."""

from __future__ import annotations

from suite.campaign.scheduler import Needs
from suite.planning.cost import world_size_of
from suite.planning.plan import Plan
from suite.training.resources import Resources

# Small models leave most of a GPU idle; a group's backend wants a GPU for each
# worker.
GPUS_OF_A_RUN, GPUS_OF_A_RANK = 0.25, 1.0


def world_sizes(plan: Plan) -> list[tuple[str, int]]:
    """Every task with the world sizes of its runs, each pair once.

    Raises UserError if an arm cannot be trained on that many workers.
    """
    kinds = dict.fromkeys(
        (cell.task, cell.level, cell.builds) for cell in plan.cells
    )
    pairs = []
    for task, level, arm in kinds:
        pair = task, world_size_of(plan, task, level, arm)
        if pair not in pairs:
            pairs.append(pair)
    return pairs


def needs_of(plan: Plan, sizes: list[tuple[str, int]], device: str) -> Needs:
    """The resources of each worker of a run, by task and world size.

    On ``cuda`` a run whose profile asks for no GPU gets a share of one, and a worker of
    a group a whole one.
    """
    needs = {}
    for task, size in sizes:
        needs[task, size] = _need(plan, task, size, device)
    return needs


def _need(plan: Plan, task: str, world_size: int, device: str) -> Resources:
    need = plan.of(task).resources
    # What the profile asks for goes before our guess of what is reasonable.
    if device != "cuda" or need.gpus:
        return need
    gpus = GPUS_OF_A_RUN if world_size == 1 else GPUS_OF_A_RANK
    return need.model_copy(update={"gpus": gpus})


def distinct(needs: Needs) -> list[tuple[Resources, int]]:
    """The distinct requirements, with their world sizes: each is checked once.

    The order is that of ``needs``.
    """
    found: list[tuple[Resources, int]] = []
    for (_, world_size), need in needs.items():
        if (need, world_size) not in found:
            found.append((need, world_size))
    return found

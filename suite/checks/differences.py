"""A check that arms are different computations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import combinations

from suite.checks.finding import CheckFailed, NotApplicable
from suite.checks.registry import register_check
from suite.checks.short_run import SHORT, short_result, without_times
from suite.report.formatting import counted
from suite.training.job import digest
from tasks import Arm, Level, Recipe, Task
from tasks.contract.recipe import RECIPE_FIELDS
from tasks.contract.schedule import learning_rate

# Of a recipe, what 20 updates on a few examples show; of schedules the rates of
# a whole run are compared.
SHOWN = frozenset(
    (
        "optimizer",
        "momentum",
        "nesterov",
        "betas",
        "decay_norms_and_biases",
        "groups",
        "schedule",
        "warmup",
        "milestones",
        "lr_gamma",
        "ema_decay",
    )
)
RATES = 200  # that are compared, evenly spaced over a run


@register_check("arms differ", trains=True)
def arms_differ(task: Task) -> str:
    """Arms that differ in what they declare, and not in what they compute, are one arm
    under two names.
    """
    groups = _grouped(task.arms, lambda arm: _beyond_short_runs(task, arm))
    tried = [arm for group in groups if len(group) > 1 for arm in group]
    if not tried:
        raise NotApplicable(
            "no two arms have the same space, data and length, so none can be the same"
        )
    says = f"{counted(len(tried), 'arm')}, with equal seeds"
    for one, other in _same_pairs(task, groups):
        if not _are_said_to_be_equal(task, one, other):
            raise _same(one, other)
        says += f"; {one.name} and {other.name} are the same, as is claimed"
    return says


def _same_pairs(
    task: Task, groups: Iterable[list[Arm]]
) -> Iterator[tuple[Arm, Arm]]:
    """Arms of a group that have equal results at every level, in pairs."""
    for group in groups:
        alike = [group] if len(group) > 1 else []
        for level in task.light:
            # Most differ at the first level, and are not run at the others.
            alike = [
                found
                for before in alike
                for found in _alike(task, level, before)
            ]
        for same in alike:
            yield from combinations(same, 2)


def _are_said_to_be_equal(task: Task, one: Arm, other: Arm) -> bool:
    """Whether a claim says so, as of AdamW without weight decay and Adam."""
    return any(
        claim.kind == "equal" and set(claim.arms) == {one.name, other.name}
        for claim in task.claims
    )


def _alike(task: Task, level: Level, arms: list[Arm]) -> list[list[Arm]]:
    """Groups of two or more of the arms that have equal results at a level."""
    seeds_of = arms[0]
    groups = _grouped(arms, lambda arm: _result(task, level, arm, seeds_of))
    return [group for group in groups if len(group) > 1]


def _same(one: Arm, other: Arm) -> CheckFailed:
    of = "a call"
    if one.measure is None:
        of = f"{SHORT['steps']} updates"
    return CheckFailed(
        f"{one.name} and {other.name} are the same computation: with equal seeds, {of} "
        "of each has equal results",
        f"look at what {other.name} declares that {one.name} does not: it has no "
        "effect; correct it, or leave one of the two out",
    )


def _result(task: Task, level: Level, arm: Arm, seeds_of: Arm) -> str:
    """The digest of all that a short run of the arm gives, with the seeds of another."""
    result = short_result(task, level, arm, "final", seeds_of=seeds_of)
    return digest(without_times(result))


def _beyond_short_runs(task: Task, arm: Arm) -> Hashable:
    """What distinguishes arms and need not show in a short run: arms are compared where
    it is equal.
    """
    # Evaluated otherwise, of the very same networks, which may answer alike
    # before they have learned.
    if arm.seeds_of:
        return arm.name
    found: list[Hashable] = [id(arm.training_data), id(arm.before)]
    for level in task.light:
        found += [
            repr(task.space_of(arm, level)),
            repr(task.space_of(arm, level).points),
            repr(task.fixed_params(arm, level)),
        ]
        if arm.measure is None:
            recipe = task.recipe_of(level, arm)
            found += [_not_shown(recipe), _rates(task, level, recipe)]
    return tuple(found)


def _not_shown(recipe: Recipe) -> str:
    names = [name for name in RECIPE_FIELDS if name not in SHOWN]
    values = [getattr(recipe, name) for name in names]
    # A plateau acts after evaluations that no short run has.
    return repr((*values, recipe.schedule == "plateau"))


def _rates(task: Task, level: Level, recipe: Recipe) -> tuple[float, ...]:
    """The rates of a run of full length, as shares of the peak."""
    steps = recipe.steps
    if steps is None:
        steps = recipe.updates(len(task.load(level, 0).train))
    every = max(1, steps // RATES)
    return tuple(
        learning_rate(step, steps, 1.0, recipe)
        for step in range(1, steps + 1, every)
    )


def _grouped(
    arms: Iterable[Arm], key: Callable[[Arm], Hashable]
) -> list[list[Arm]]:
    """The arms in groups of equal keys, in their order."""
    found: defaultdict[Hashable, list[Arm]] = defaultdict(list)
    for arm in arms:
        found[key(arm)].append(arm)
    return list(found.values())

"""Fields of a recipe that nothing reads: momentum with Adam, milestones with a cosine.

They would be recorded, and stand in a table of arms, without any effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tasks.contract.checks import brief
from tasks.contract.errors import UserError
from tasks.contract.procedure import FitOnce, TrainsItself
from tasks.contract.recipe import READ_BY, Recipe, factory_arguments
from tasks.contract.registry import OPTIMIZERS, SCHEDULES

if TYPE_CHECKING:
    from tasks.contract.task import Arm, Level, Task

OWN = object()  # a rule of which nothing is known
REGISTRIES = {"optimizer": OPTIMIZERS, "schedule": SCHEDULES}


def check_fields_are_read(task: Task) -> None:
    """Raise UserError for a field of the recipe that the task, a level or an arm
    changes, or that an arm tunes, where no run that it applies to reads it.
    """
    for arm in task.arms:
        who = f"Arm {arm.name!r}"
        if not _makes_updates(task, arm):
            # Its hyperparameters, whatever their names, are its own.
            _check_no_recipe(arm)
            continue
        for level in task.levels:
            _check_factory(task, level, arm)
        tuned = [n for level in task.levels for n in task.space_of(arm, level)]
        check_read(task, arm.recipe, task.levels, [arm], who)
        check_read(task, tuned, task.levels, [arm], f"{who}, space")
    for level in task.levels:
        check_read(
            task, level.recipe, [level], task.arms, f"Level {level.name!r}"
        )
    plain = Recipe(steps=1)
    changed = [
        name
        for name in READ_BY
        if getattr(task.recipe, name) != getattr(plain, name)
    ]
    check_read(task, changed, task.levels, task.arms, "The task's recipe")


def check_read(
    task: Task,
    names: Iterable[str],
    levels: Iterable[Level],
    arms: Iterable[Arm],
    who: str,
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Raise UserError for a field of the recipe, among ``names``, that no run of these
    arms at these levels reads; all of their recipes have the ``changes``.
    """
    runs = [(level, arm) for level in levels for arm in arms]
    for name in names:
        if name not in READ_BY:
            continue
        used = []
        for level, arm in runs:
            used += _rules(task, level, arm, name, changes or {})
        if not any(_reads(rule, name) for rule in used):
            raise _unread(who, name, used)


def _rules(
    task: Task, level: Level, arm: Arm, name: str, changes: Mapping[str, Any]
) -> list[Any]:
    """The optimisers or schedules, whichever may read the field, of an arm's runs at a
    level; OWN for one of which nothing is known, and none where there are no updates.
    """
    if not _makes_updates(task, arm):
        return []
    if isinstance(task.procedure_of(arm), TrainsItself):
        return [OWN]
    of = READ_BY[name].of
    space = task.space_of(arm, level)
    if of in space:
        return list(space[of].extremes)
    recipe = task.recipe_of(level, arm).with_changes(changes)
    rule = getattr(recipe, of)
    is_factory = callable(rule) and of == "optimizer"
    # A function gets what is tuned, and no other field of the recipe.
    if is_factory and name in factory_arguments(rule, space) and name in space:
        return [OWN]
    return [rule]


def _reads(rule: Any, name: str) -> bool:
    """Whether a rule may read the field."""
    if rule is OWN:
        return True
    if callable(rule):
        return False
    reader = READ_BY[name]
    # One that is registered from outside gets the recipe as a whole.
    return rule in reader.rules or not REGISTRIES[reader.of].is_built_in(rule)


def _unread(who: str, name: str, used: Iterable[Any]) -> UserError:
    reader = READ_BY[name]
    of, known = reader.of, ", ".join(reader.rules)
    names = dict.fromkeys(getattr(rule, "__name__", rule) for rule in used)
    there = ", ".join(map(str, names))
    if not there:
        return UserError(
            f"{who}: {name!r} is a field of the recipe that nothing reads, since no "
            "update is made by it: leave it out."
        )
    return UserError(
        f"{who}: {name!r} is read by the {of} {known} alone, and here it is {there}: "
        f"leave {name!r} out, or name another {of}."
    )


def _makes_updates(task: Task, arm: Arm) -> bool:
    """Whether an arm learns by updates; a function, and a library, do not."""
    is_fitted = isinstance(task.procedure_of(arm), FitOnce)
    return arm.measure is None and not is_fitted


def _check_no_recipe(arm: Arm) -> None:
    """An arm that a library fits has no use for a recipe."""
    if arm.recipe:
        raise UserError(
            f"Arm({arm.name!r}, recipe={brief(dict(arm.recipe))}): it is fitted in one "
            "call, by a library, which reads no recipe: leave it out."
        )


def _check_factory(task: Task, level: Level, arm: Arm) -> None:
    """A function that makes an optimiser can be called with the hyperparameters."""
    factory = task.recipe_of(level, arm).optimizer
    if isinstance(factory, str):
        return
    params = {**task.space_of(arm, level), **task.fixed_params(arm, level)}
    try:
        factory_arguments(factory, params)
    except ValueError as error:
        given = ", ".join(sorted(params)) or "none"
        raise UserError(
            f"Arm {arm.name!r}: the function that makes its optimizer cannot be called "
            f"({error}): give the argument a default, or the arm a hyperparameter of "
            f"that name (it has: {given})."
        ) from error

"""Tasks and claims, as the command line describes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from suite.cli.render.text import Listing, facts_table, headline_text, x_text
from suite.report.formatting import PER_DOUBLING, fixed
from tasks import Arm, Categorical, Claim, Float, Int, Recipe, Task


def task_list(found: Sequence[Task]) -> Listing:
    """One row a task: its name, its question, and how much there is of it."""
    counts = ("Levels", "Arms", "Claims")
    rows = [
        (
            task.name,
            task.question,
            str(len(task.levels)),
            str(len(task.arms)),
            str(len(task.claims)),
        )
        for task in found
    ]
    return Listing(("Task", "Question", *counts), rows, right=counts)


def task_page(task: Task) -> Group:
    """A task's definition: arms, data, recipe, and claims."""
    tables = (_arms(task), _levels(task), _claims(task))
    spaced = [part for table in tables for part in (Text(), table)]
    return Group(headline_text(task.name, task.question), _facts(task), *spaced)


def _facts(task: Task) -> Table:
    chooses = [one.label or one.name for one in task.procedure.measures[:2]]
    tuned = [f"{name}  {_range(range_)}" for name, range_ in task.space.items()]
    return facts_table(
        ("Topic", task.topic),
        ("Held equal", task.matched),
        ("Chosen by", f"{' then '.join(chooses)}, on validation"),
        ("Recipe", _recipe(task.recipe)),
        ("Tuned", "\n".join(tuned)),
        ("Sources", "\n".join(task.sources)),
    )


def _arms(task: Task) -> Listing:
    tuned = {arm.name: ", ".join(task.space_of(arm)) or "nothing" for arm in task.arms}
    unlike = len(set(tuned.values())) > 1
    rows = [
        (
            arm.name,
            arm.label,
            x_text(arm.x),
            tuned[arm.name] if unlike else "",
            _listed(arm.recipe, _own_parts(arm)),
        )
        for arm in task.arms
    ]
    return Listing(("Arm", "What", task.arms_axis or "x", "Tuned", "Differs by"), rows)


def _own_parts(arm: Arm) -> list[str]:
    """What an arm has of its own, as functions and objects have no short text."""
    found = []
    if arm.procedure is not None:
        found.append("its procedure")
    if arm.training_data is not None:
        found.append("its training data")
    if arm.before is not None:
        length = f"{arm.before.length:.0%} of the updates"
        budget = "counted" if arm.before.counts else "on top"
        found.append(f"a stage before it: {length}, {budget}")
    return found


def _levels(task: Task) -> Listing:
    rows = [
        (
            level.name,
            level.label,
            x_text(level.x),
            _listed(
                {**level.factors, **level.recipe},
                ["runs only where a profile names it"] if level.heavy else [],
            ),
        )
        for level in task.levels
    ]
    return Listing(("Level", "What", task.axis or "x", "Differs by"), rows)


def _claims(task: Task) -> Listing:
    rows = [(claim.name, claim.says) for claim in task.claims]
    return Listing(("Claim", "It says"), rows)


def _listed(changes: Mapping[str, Any], further: Sequence[str]) -> str:
    return ", ".join(
        [*(f"{name} {value}" for name, value in changes.items()), *further]
    )


def claim_page(task: Task, claim: Claim) -> Group:
    """A claim as it was fixed: what it says, what decides it, and where it comes from."""
    from suite.report.sentences import asked

    measure = task.measure(claim.metric)
    percent = bool(measure and measure.percent)
    facts = facts_table(
        ("Task", f"{task.name}: {task.question}"),
        ("Kind", asked(task, claim)),
        ("Measured by", claim.metric + (" on the sealed test set" if measure else "")),
        ("Levels", ", ".join(task.level(name).title for name in claim.levels) or "all"),
        ("Matters from", _amount(claim, claim.margin, percent)),
        ("Source", claim.source),
        ("It reports", claim.reported),
    )
    return Group(headline_text(claim.name, claim.says), facts)


def _amount(claim: Claim, value: float, percent: bool) -> str:
    """A margin or a promise; a slope per doubling, which people can picture."""
    from suite.verdicts.kinds import kind_of

    if kind_of(claim.kind).statement != "trend":
        return fixed(value, percent, claim.scale)
    return f"{fixed(value * PER_DOUBLING, percent, claim.scale)} per doubling"


def _recipe(recipe: Recipe) -> str:
    parts = [
        _length(recipe),
        f"batches of {recipe.batch_size}" if recipe.batch_size else "the full batch",
        recipe.optimizer_name,
        f"{recipe.schedule_name} learning rate",
    ]
    if recipe.warmup:
        parts.append(f"{recipe.warmup:.0%} warm-up")
    if recipe.max_grad_norm is not None:
        parts.append(f"gradients clipped at {recipe.max_grad_norm:g}")
    if recipe.world_size > 1:
        parts.append(f"shared by {recipe.world_size} workers")
    parts.append("best checkpoint" if recipe.restore_best else "last checkpoint")
    return ", ".join(parts)


def _length(recipe: Recipe) -> str:
    if recipe.steps is not None:
        return f"{recipe.steps:,} updates"
    return f"{recipe.epochs:g} epochs"


def _range(hyperparameter: Float | Int | Categorical) -> str:
    match hyperparameter:
        case Float(low, high, log):
            return f"{low:g} to {high:g}{', log' if log else ''}"
        case Int(low, high, log):
            return f"{low} to {high}, whole{', log' if log else ''}"
        case Categorical(values):
            return " or ".join(str(value) for value in values)

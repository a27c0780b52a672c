"""Tasks and claims, as the command line describes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from suite.cli.render.text import Listing, facts_table, headline_text, x_text
from suite.report.formatting import PER_DOUBLING, counted, fixed
from tasks import (
    Arm,
    Categorical,
    Claim,
    Float,
    Int,
    ParameterGroup,
    Recipe,
    Task,
)


def task_list(found: Sequence[Task]) -> Listing:
    """One row a task: its name, its question, and how much there is of it."""
    counts = ("Levels", "Arms", "Claims")
    rows = []
    for task in found:
        parts = (task.levels, task.arms, task.claims)
        numbers = [str(len(part)) for part in parts]
        rows.append((task.name, task.question, *numbers))
    return Listing(("Task", "Question", *counts), rows, right=counts)


def task_page(task: Task) -> Group:
    """A task's definition: arms, data, recipe, and claims."""
    return Group(
        headline_text(task.name, task.question),
        _facts(task),
        Text(),
        _arms(task),
        Text(),
        _levels(task),
        Text(),
        _claims(task),
    )


def _facts(task: Task) -> Table:
    """What all arms have in common: topic, what is held equal, recipe, what is
    tuned within which range, and sources.
    """
    first_two = task.procedure.measures[:2]
    chosen_by = " then ".join(one.label or one.name for one in first_two)
    tuned = []
    for name, hyperparameter in task.space.items():
        tuned.append(f"{name}  {_range(hyperparameter)}")
    return facts_table(
        ("Topic", task.topic),
        ("Held equal", task.matched),
        ("Chosen by", f"{chosen_by}, on validation"),
        ("Recipe", _recipe(task.recipe)),
        ("Tuned", "\n".join(tuned)),
        ("Sources", "\n".join(task.sources)),
    )


def _arms(task: Task) -> Listing:
    """A row for each arm: its name, label and place along the arms' axis, what
    is tuned where arms differ in that, and how its recipe differs from the
    task's.
    """
    tuned = []
    for arm in task.arms:
        names = ", ".join(task.space_of(arm))
        tuned.append(names or "nothing")
    # Where all arms tune the same, the column would only repeat the facts
    # above.
    is_mixed = len(set(tuned)) > 1
    rows = []
    for arm, hyperparameters in zip(task.arms, tuned, strict=True):
        row = (
            arm.name,
            arm.label,
            x_text(arm.x),
            hyperparameters if is_mixed else "",
            _listed({**arm.recipe, **arm.params}, _own_parts(arm)),
        )
        rows.append(row)
    titles = ("Arm", "What", task.arms_axis or "x", "Tuned", "Differs by")
    return Listing(titles, rows)


def _own_parts(arm: Arm) -> list[str]:
    """What an arm has of its own, as functions and objects have no short text."""
    found = []
    if arm.procedure is not None:
        found.append("its procedure")
    if arm.grid:
        found.append(f"a grid of {counted(len(arm.grid), 'point')}")
    if arm.training_data is not None:
        found.append("its training data")
    if arm.before is not None:
        length = f"{arm.before.length:.0%} of the updates"
        budget = "counted" if arm.before.counts else "on top"
        found.append(f"a stage before it: {length}, {budget}")
    if arm.seeds_of:
        found.append(f"the seeds of {arm.seeds_of}")
    return found


def _levels(task: Task) -> Listing:
    """A row for each level: its name, label and place along the task's axis,
    and which factors and parts of the recipe it sets.
    """
    rows = []
    for level in task.levels:
        changes = {**level.factors, **level.recipe}
        further = []
        if level.heavy:
            further.append("runs only where a profile names it")
        row = (
            level.name,
            level.label,
            x_text(level.x),
            _listed(changes, further),
        )
        rows.append(row)
    return Listing(("Level", "What", task.axis or "x", "Differs by"), rows)


def _claims(task: Task) -> Listing:
    """A row for each claim: its name, and what it says."""
    rows = [(claim.name, claim.says) for claim in task.claims]
    return Listing(("Claim", "It says"), rows)


def _listed(changes: Mapping[str, Any], further: Sequence[str]) -> str:
    """``NAME VALUE, NAME VALUE, ...``, and then what has no value of its own."""
    parts = [f"{name} {_short(value)}" for name, value in changes.items()]
    return ", ".join([*parts, *further])


def _short(value: Any) -> str:
    """A value in a few characters: a function by its name, groups of parameters by
    what they change.
    """
    if isinstance(value, ParameterGroup):
        decay = "" if value.decay is None else f", decay × {value.decay:g}"
        rate = "" if value.rate == 1 else f", rate × {value.rate:g}"
        return f"({value.names}{rate}{decay})"
    if isinstance(value, list | tuple):
        return " ".join(map(_short, value))
    if callable(value):
        return str(getattr(value, "__name__", type(value).__name__))
    return str(value)


def claim_page(task: Task, claim: Claim) -> Group:
    """A claim as it was fixed: what it says, what decides it, and where it comes from."""
    # Only a claim's page needs what judges claims, which takes long to import.
    from suite.report.sentences import asked

    # None for a cost, such as seconds, which is not measured on the test set.
    measure = task.measure(claim.metric)
    percent = bool(measure and measure.percent)
    where = " on the sealed test set" if measure else ""
    levels = ", ".join(task.level(name).title for name in claim.levels)
    facts = facts_table(
        ("Task", f"{task.name}: {task.question}"),
        ("Kind", asked(task, claim)),
        ("Measured by", claim.metric + where),
        ("Levels", levels or "all"),
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
    per_doubling = fixed(value * PER_DOUBLING, percent, claim.scale)
    return f"{per_doubling} per doubling"


def _recipe(recipe: Recipe) -> str:
    """How the task trains, in one line: length, batches, optimiser and
    schedule, then what a recipe has beyond the defaults, and which checkpoint
    is tested.
    """
    size = recipe.batch_size
    parts = [
        _length(recipe),
        f"batches of {size}" if size else "the full batch",
        recipe.optimizer_name,
        f"{recipe.schedule_name} learning rate",
    ]
    if recipe.warmup:
        parts.append(f"{recipe.warmup:.0%} warm-up")
    if recipe.max_grad_norm is not None:
        parts.append(f"gradients clipped at {recipe.max_grad_norm:g}")
    if recipe.ema_decay is not None:
        parts.append(
            f"parameters averaged with a decay of {recipe.ema_decay:g}"
        )
    if recipe.accumulate > 1:
        parts.append(f"gradients accumulated over {recipe.accumulate} parts")
    if recipe.precision != "float32":
        parts.append(f"{recipe.precision} precision")
    if recipe.compile:
        parts.append("compiled")
    if recipe.world_size > 1:
        parts.append(f"shared by {recipe.world_size} workers")
    which = "best" if recipe.restore_best else "last"
    parts.append(f"{which} checkpoint")
    return ", ".join(parts)


def _length(recipe: Recipe) -> str:
    """``5,000 updates`` or ``20 epochs``, whichever the recipe is given in."""
    if recipe.steps is not None:
        return f"{recipe.steps:,} updates"
    return f"{recipe.epochs:g} epochs"


def _range(hyperparameter: Float | Int | Categorical) -> str:
    """The values that tuning chooses from: ``0.001 to 1, log``, ``1 to 8,
    whole`` or ``relu or tanh``.
    """
    if isinstance(hyperparameter, Categorical):
        return " or ".join(str(value) for value in hyperparameter.values)
    low, high = hyperparameter.low, hyperparameter.high
    if isinstance(hyperparameter, Int):
        text = f"{low} to {high}, whole"
    else:
        text = f"{low:g} to {high:g}"
    if hyperparameter.log:
        text = f"{text}, log"
    return text

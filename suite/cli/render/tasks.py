"""Tasks and claims, as the command line describes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from suite.cli.render.text import (
    facts_table,
    filled_text,
    headline_text,
    make_table,
    x_text,
)
from suite.report.formatting import (
    fixed,
)
from tasks import Categorical, Claim, Float, Int, Recipe, Task


def task_list(found: Sequence[Task]) -> Table:
    """One line a task: its name, its question, and how much there is of it."""
    table = make_table("Task", "Question")
    table.columns[0].no_wrap = True
    for title in ("Levels", "Arms", "Claims"):
        table.add_column(title, justify="right")
    for task in found:
        counts = (len(task.levels), len(task.arms), len(task.claims))
        table.add_row(Text(task.name, "bold"), Text(task.question), *map(str, counts))
    return table


def task_page(task: Task) -> Group:
    """All that a task fixes: what is compared, on what, by what rule, and the claims."""
    facts = facts_table(
        ("Topic", task.topic),
        ("Held equal", task.matched),
        (
            "Chosen by",
            " then ".join(m.label or m.name for m in task.procedure.measures[:2])
            + ", on validation",
        ),
        ("Recipe", _recipe(task.recipe)),
        (
            "Tuned",
            "\n".join(
                f"{name}  {_hyperparameter(hyperparameter)}"
                for name, hyperparameter in task.space.items()
            ),
        ),
        ("Sources", "\n".join(task.sources)),
    )
    tuned = {arm.name: ", ".join(task.space_of(arm)) or "nothing" for arm in task.arms}
    unlike = len(set(tuned.values())) > 1
    arms = [
        (
            arm.name,
            arm.label,
            x_text(arm.x),
            tuned[arm.name] if unlike else "",
            _listed(arm.recipe, bool(arm.procedure)),
        )
        for arm in task.arms
    ]
    heavy = {True: {"runs": "only where a profile names it"}, False: {}}
    levels = [
        (
            lv.name,
            lv.label,
            x_text(lv.x),
            _listed({**lv.factors, **lv.recipe, **heavy[lv.heavy]}),
        )
        for lv in task.levels
    ]
    tables = [
        filled_text(
            ("Arm", "What", task.arms_axis or "x", "Tuned", "Differs by"), arms
        ),
        filled_text(("Level", "What", task.axis or "x", "Differs by"), levels),
        filled_text(
            ("Claim", "It says"), [(claim.name, claim.says) for claim in task.claims]
        ),
    ]
    return Group(
        headline_text(task.name, task.question),
        facts,
        *(part for t in tables for part in (Text(), t)),
    )


def _listed(changes: Mapping[str, Any], procedure: bool = False) -> str:
    return ", ".join(
        [
            *(f"{name} {value}" for name, value in changes.items()),
            *(["its procedure"] if procedure else []),
        ]
    )


def claim_page(task: Task, claim: Claim) -> Group:
    """A claim as it was fixed: what it says, what decides it, and where it comes from."""
    measure = task.measure(claim.metric)
    percent = bool(measure and measure.percent)
    facts = facts_table(
        ("Task", f"{task.name}: {task.question}"),
        ("Kind", _kind(task, claim, percent)),
        (
            "Measured by",
            f"{claim.metric}{' on the sealed test set' if measure else ''}",
        ),
        ("Levels", ", ".join(task.level(name).title for name in claim.levels) or "all"),
        ("Matters from", fixed(claim.margin, percent, claim.scale)),
        ("Source", claim.source),
        ("It reports", claim.reported),
    )
    return Group(headline_text(claim.name, claim.says), facts)


def _kind(task: Task, claim: Claim, percent: bool) -> str:
    better, worse = (
        task.arm(name).title if name else "" for name in (claim.better, claim.worse)
    )
    match claim.kind:
        case "difference":
            least = (
                f" by at least {fixed(claim.at_least, percent, claim.scale)}"
                if claim.at_least
                else ""
            )
            return f"{better} beats {worse}{least}"
        case "equal":
            return f"{better} and {worse} differ by less than what matters"
        case "contrast":
            return (
                " ".join(
                    f"{weight:+g} × {task.arm(arm).title}"
                    for arm, weight in claim.weights.items()
                )
                + " is above 0"
            )
        case "interaction":
            return f"the lead of {better} over {worse} grows along {task.axis or 'the levels'}"
        case "threshold":
            figure = 100 * (claim.reference or 0) if percent else claim.reference or 0
            return f"{better} reaches {figure:g}{' %' if percent else ''}"


def _recipe(recipe: Recipe) -> str:
    length = (
        f"{recipe.steps:,} updates"
        if recipe.steps is not None
        else f"{recipe.epochs:g} epochs"
    )
    batch = f"batches of {recipe.batch_size}" if recipe.batch_size else "the full batch"
    parts = [length, batch, recipe.optimizer, f"{recipe.schedule} rate"]
    if recipe.warmup:
        parts.append(f"{recipe.warmup:.0%} warm-up")
    if recipe.max_grad_norm is not None:
        parts.append(f"clipped at {recipe.max_grad_norm:g}")
    if recipe.world_size > 1:
        parts.append(f"shared by {recipe.world_size} workers")
    parts.append("best checkpoint" if recipe.restore_best else "last checkpoint")
    return ", ".join(parts)


def _hyperparameter(hyperparameter: Float | Int | Categorical) -> str:
    match hyperparameter:
        case Float(low, high, log):
            return f"{low:g} to {high:g}{', log' if log else ''}"
        case Int(low, high, log):
            return f"{low} to {high}, whole{', log' if log else ''}"
        case Categorical(values):
            return " or ".join(str(value) for value in values)

"""Whether the runs of an arm can be stacked, as far as can be said without its model."""

from __future__ import annotations

from collections.abc import Iterator

from suite.training.stacks.updates import RULES
from tasks import Arm, FitOnce, Procedure, Recipe, Space, TrainsItself
from tasks.contract.recipe import BETAS, RECIPE_FIELDS


def why_alone(
    arm: Arm,
    procedure: Procedure,
    recipe: Recipe,
    space: Space,
) -> str | None:
    """Why runs of this arm are trained alone, as in "it has several phases"; None where
    nothing speaks against stacks.

    The model is not looked at: what it must be like, ``signature`` says.
    """
    reasons = (
        *_of_the_arm(arm, procedure),
        *_of_the_recipe(recipe),
        *_of_the_space(space),
    )
    return next(iter(reasons), None)


def _of_the_arm(arm: Arm, procedure: Procedure) -> Iterator[str]:
    if arm.measure is not None:
        yield "it is a function, and trains nothing"
    if isinstance(procedure, FitOnce):
        yield "a library fits it"
    if isinstance(procedure, TrainsItself):
        yield "its procedure makes its own updates"
    if arm.before is not None:
        yield "another stage of training comes first"


def _of_the_recipe(recipe: Recipe) -> Iterator[str]:
    is_known = isinstance(recipe.optimizer, str) and recipe.optimizer in RULES
    if not is_known:
        known = ", ".join(sorted(RULES))
        yield f"its optimiser is none of {known}"
    if recipe.groups:
        yield "parameters have rates of their own"
    if recipe.world_size > 1:
        yield "several workers train each run"
    if recipe.ema_decay is not None:
        yield "its parameters are averaged over updates"
    if recipe.accumulate > 1:
        yield "gradients are accumulated"
    if recipe.precision != "float32":
        yield f"its precision is {recipe.precision}"
    if recipe.compile:
        yield "its model is compiled"


def _of_the_space(space: Space) -> Iterator[str]:
    tuned = sorted(set(space) & {*RECIPE_FIELDS, *BETAS})
    if tuned:
        yield f"tuning changes its recipe ({', '.join(tuned)})"

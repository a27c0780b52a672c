"""Universes: a claim under other conditions than its task gives it.

A profile may vary what a claim is conditional on: a field of the recipe, a factor of the
level, a hyperparameter. Each combination is a *universe*: a level derived from one of
the task's, named by what it changes, as in ``digits..optimizer--sgd..width--64``. The
name says all there is to it, so that a worker that is told the name has the level.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tasks.contract.checks import NAME
from tasks.contract.errors import UserError, unknown
from tasks.contract.recipe import RECIPE_FIELDS
from tasks.contract.text import Text, text_of

if TYPE_CHECKING:
    from tasks.contract.claim import Claim
    from tasks.contract.task import Level, Task

Value = bool | int | float | str
# between the parts of a name; between a condition and its value
PART, IS = "..", "--"
LABEL = " ["  # before the conditions in what people call it
BY_LEVEL = (
    "difference",
    "equal",
    "no_worse",
    "always",
    "threshold",
    "contrast",
)


def is_universe(name: str) -> bool:
    """Whether it is the name of a universe's level, or of its claim."""
    return PART in name


def base_of(name: str) -> str:
    """The level, or the claim, that a universe's is derived from."""
    return name.partition(PART)[0]


def base_label(text: str) -> str:
    """What a universe's level, or its claim, is called without its conditions."""
    return text.partition(LABEL)[0]


def family_of(claim: str) -> str:
    """The claim whose universe it is judged with, as one family; "" for the task's own
    claims.
    """
    return base_of(claim) if is_universe(claim) else ""


def values_of(name: str) -> dict[str, Value]:
    """What a universe changes, by name; nothing for any other level or claim."""
    _, *parts = name.split(PART)
    pairs = (part.partition(IS) for part in parts)
    return {condition: _value(text) for condition, _, text in pairs}


def universe_name(base: str, values: Mapping[str, Value]) -> str:
    """The name of a universe. Raises UserError for a value that no name can have."""
    parts = [
        f"{name}{IS}{_text(name, value)}" for name, value in values.items()
    ]
    return PART.join([base, *parts])


def universe_level(task: Task, name: str) -> Level:
    """The level of that name, derived from one of the task's. Raises UserError if the
    task has no such level, or nothing of what is changed.
    """
    level = task.level(base_of(name))
    values = values_of(name)
    factors, recipe, params = (
        dict(level.factors),
        dict(level.recipe),
        level.params,
    )
    for condition, value in values.items():
        if condition in level.factors:
            factors[condition] = value
        elif condition in RECIPE_FIELDS:
            recipe = _with_field(recipe, condition, value)
        else:
            params = {**params, condition: value}
    # What is varied has one value, so it is no longer tuned.
    space = {one: level.space[one] for one in level.space if one not in params}
    return dataclasses.replace(
        level,
        name=name,
        factors=factors,
        label=_labelled(level.title, values),
        recipe=recipe,
        params=params,
        space=type(level.space)(**space),
    )


def universe_claim(claim: Claim, level: str) -> Claim:
    """The claim in the universe of that level."""
    values = values_of(level)
    base = base_of(level)
    several = len(claim.levels) != 1
    return dataclasses.replace(
        claim,
        name=universe_name(claim.name, {"level": base, **values}),
        says=_labelled(
            claim.says, {"level": base, **values} if several else values
        ),
        levels=(level,),
        # A universe is compared with those of its own claim.
        matching_group="",
    )


def check_condition(task: Task, claim: Claim, level: Level, name: str) -> None:
    """Raise UserError unless this can be varied for the claim at that level."""
    arms = [task.arm(arm) for arm in claim.arms]
    if name in level.factors:
        return
    tuned = {one for arm in arms for one in task.default_params(arm, level)}
    if name not in RECIPE_FIELDS and name not in tuned:
        raise unknown(
            f"condition of claim {claim.name!r}",
            name,
            ["level", *level.factors, *tuned, *RECIPE_FIELDS],
        )
    for arm in arms:
        if name in arm.recipe or name in arm.params or name in arm.space:
            raise UserError(
                f"Claim {claim.name!r} cannot be varied by {name!r}: arm {arm.name!r} "
                "sets it itself. Vary something that the arms have in common."
            )


def check_kind(claim: Claim) -> None:
    """Raise UserError for a claim that is judged over several levels together."""
    if claim.kind not in BY_LEVEL or claim.weights_of_cells:
        raise UserError(
            f"Claim {claim.name!r} is about several levels together, which universes "
            "take apart: vary a claim that is judged at one level."
        )


def _with_field(
    recipe: dict[str, Any], name: str, value: Value
) -> dict[str, Any]:
    """Steps take the place of epochs, and the other way round."""
    other = {"steps": "epochs", "epochs": "steps"}.get(name)
    return {
        **{key: recipe[key] for key in recipe if key != other},
        name: value,
    }


def _labelled(text: str, values: Mapping[str, Value]) -> str:
    """``MNIST-1D [optimizer = sgd, width = 64]``, in each language of the text."""
    if not values:
        return text
    pairs = ", ".join(
        f"{name} = {_shown(value)}" for name, value in values.items()
    )
    translations = text.translations if isinstance(text, Text) else {}
    return Text(
        f"{text_of(text)}{LABEL}{pairs}]",
        **{
            language: f"{said}{LABEL}{pairs}]"
            for language, said in translations.items()
        },
    )


def _shown(value: Value) -> str:
    # As a profile writes it, in TOML.
    return str(value).lower() if isinstance(value, bool) else f"{value}"


def _text(name: str, value: Value) -> str:
    text = _shown(value)
    named = (
        NAME.fullmatch(text) and PART not in text and not text.endswith(".")
    )
    if (
        # The name has to give the same value back, of the same type, or a
        # worker that is told the name would run something else.
        not named
        or _value(text) != value
        or type(_value(text)) is not type(value)
    ):
        raise UserError(
            f"{name} = {value!r} cannot be varied: give a number, true or false, or a "
            "text of letters, digits, '_', '-' and '.'."
        )
    return text


def _value(text: str) -> Value:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text

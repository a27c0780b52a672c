"""The keys of a profile, as the command line describes them."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from rich.console import Group
from rich.text import Text

from suite.cli.render.text import Listing, headline_text
from suite.planning.profile import Profile, TaskPlan, Vary
from suite.training.resources import Resources

WORDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
}
LISTED = {str: "names", int: "whole numbers", float: "numbers"}
TABLES = (  # model, heading; in the order in which they are shown
    (Profile, "At the top of the file"),
    (TaskPlan, "In a table [tasks.NAME], for that task alone"),
    (
        Vary,
        "In a table [[vary]], beside a list of values for each condition, "
        "such as optimizer or steps",
    ),
    (
        Resources,
        "In a table [resources] or [tasks.NAME.resources], for each run",
    ),
)


def profile_page() -> Group:
    """Every key that a profile may have: what it means, its type and its default."""
    parts: list[Text | Listing] = [
        headline_text(
            "profile", "a TOML file: what runs, how often and for how long"
        )
    ]
    for model, heading in TABLES:
        rows = list(_rows(model))
        listing = Listing(("Key", "Meaning", "Type", "Default"), rows)
        parts += [Text(heading, "bold"), listing, Text()]
    return Group(*parts)


def _rows(model: type[BaseModel]) -> Iterator[tuple[str, str, str, str]]:
    """Name, meaning, type and default of each key of a table of the profile."""
    for name, field in model.model_fields.items():
        # The text beneath each field of the profile's class, with its line
        # breaks undone.
        meaning = " ".join((field.description or "").split())
        yield name, meaning, _type_text(field.annotation), _default_text(field)


def _type_text(annotation: Any) -> str:
    """A type in plain language: ``whole number``, ``list of names``."""
    origin, arguments = (
        typing.get_origin(annotation),
        typing.get_args(annotation),
    )
    if origin in (types.UnionType, typing.Union):
        kinds = [one for one in arguments if one is not type(None)]
        return " or ".join(map(_type_text, kinds))
    if origin is Literal:
        return " or ".join(map(str, arguments))
    if origin is tuple:
        return f"list of {LISTED.get(arguments[0], 'tables')}"
    return WORDS.get(annotation, "table")


def _default_text(field: FieldInfo) -> str:
    """A default as TOML has it; empty where a key is required, or has no value
    unless it is given.
    """
    if field.is_required() or field.default_factory is not None:
        return ""
    default = field.default
    if default is None or isinstance(default, BaseModel):
        return ""
    if isinstance(default, bool):
        # Before numbers, as a bool is an int; profiles are TOML, where it is
        # ``true``.
        return str(default).lower()
    if isinstance(default, tuple):
        return str(list(default)) if default else ""
    return f"{default:g}" if isinstance(default, float) else str(default)

"""Sentences in the reader's language, from codes and values.

What is judged carries no prose: a gate, a note, a population is a ``Message``, a code
with values. Its text stands in ``locale/<language>.ftl``, in Mozilla's Fluent format
(projectfluent.org), one message per code and language.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fluent.runtime import FluentBundle, FluentResource

LANGUAGES = ("en", "zh")
FOLDER = Path(__file__).parent / "locale"


def translate(code: str, language: str = "en", **values: Any) -> str:
    """The text of a message, with its values filled in.

    ``code`` is a message's identifier in the ``.ftl`` files, such as ``gate-range-edge``.
    Raises KeyError where the language has no such message, and ValueError where a value
    that the message names is not given: both are defects of ours, which a test finds.
    """
    bundle = _bundle(language)
    message = bundle.get_message(code)
    if message.value is None:
        raise KeyError(code)
    text, problems = bundle.format_pattern(message.value, values)
    if problems:
        raise ValueError(f"{code} ({language}): {problems[0]}")
    return str(text)


def codes(language: str) -> frozenset[str]:
    """All message identifiers that a language has."""
    return frozenset(_bundle(language)._messages)


def text_of(label: str | Mapping[str, str], language: str = "en") -> str:
    """A label that a task gives, in one language: a mapping by language, or one text for
    all. Where a language is missing, English stands in for it.
    """
    if isinstance(label, str):
        return label
    return label.get(language) or label["en"]


@cache
def _bundle(language: str) -> FluentBundle:
    bundle = FluentBundle([language], use_isolating=False)
    path = FOLDER / f"{language}.ftl"
    bundle.add_resource(FluentResource(path.read_text(encoding="utf-8")))
    return bundle

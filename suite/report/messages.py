"""Sentences in the reader's language, from codes and values.

Verdicts contain no prose: a gate, a note, a population is a ``Message``, a code with
values. Its text is in ``locale/<language>.ftl``, in Mozilla's Fluent format
(projectfluent.org), one message per code and language. The dashboard's words are a
second ``Catalogue``, of its own folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import FluentParser, ast

__all__ = ["LANGUAGES", "VERDICTS", "Catalogue", "codes", "translate"]

LANGUAGES = ("en", "zh")


class Catalogue:
    """The messages of a folder that has one ``<language>.ftl`` per language."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def text(self, code: str, language: str = "en", /, **values: Any) -> str:
        """The text of a message, with its values filled in.

        ``code`` is a message's identifier in the ``.ftl`` files, such as
        ``gate-range-edge``. Raises KeyError if the language has no such message, and
        ValueError if a value that the message names is not given: both are defects,
        which a test finds.
        """
        message = self._bundles[language].get_message(code)
        if message.value is None:
            raise KeyError(code)
        text, problems = self._bundles[language].format_pattern(
            message.value, values
        )
        if problems:
            raise ValueError(f"{code} ({language}): {problems[0]}")
        return str(text)

    def codes(self, language: str) -> frozenset[str]:
        """All message identifiers that a language has."""
        return frozenset(self.variables(language))

    def variables(self, language: str) -> dict[str, frozenset[str]]:
        """The names of the values that each message of a language is filled in with."""
        return self._variables[language]

    @cached_property
    def _bundles(self) -> dict[str, FluentBundle]:
        """The messages of each language, parsed once."""
        return {language: self._bundle(language) for language in LANGUAGES}

    @cached_property
    def _variables(self) -> dict[str, dict[str, frozenset[str]]]:
        """Of each language, the variables of every message."""
        return {
            language: dict(_variables_of(self._source(language)))
            for language in LANGUAGES
        }

    def _bundle(self, language: str) -> FluentBundle:
        """The messages of one language, ready to be filled in."""
        bundle = FluentBundle([language], use_isolating=False)
        bundle.add_resource(FluentResource(self._source(language)))
        return bundle

    def _source(self, language: str) -> str:
        """The text of one ``.ftl`` file."""
        return (self.folder / f"{language}.ftl").read_text(encoding="utf-8")


VERDICTS = Catalogue(Path(__file__).parent / "locale")
translate = VERDICTS.text
codes = VERDICTS.codes


def _variables_of(source: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Each message with the names of its variables. ValueError if a line of the file is
    none of Fluent's.
    """
    for entry in FluentParser().parse(source).body:
        if isinstance(entry, ast.Junk):
            raise ValueError(f"not in Fluent's format: {entry.content}")
        if isinstance(entry, ast.Message):
            yield entry.id.name, frozenset(_names(entry.value))


def _names(node: Any) -> Iterator[str]:
    """The variables of a part of a message."""
    if isinstance(node, ast.VariableReference):
        yield node.id.name
    elif isinstance(node, list):
        for part in node:
            yield from _names(part)
    elif isinstance(node, ast.BaseNode):
        for part in vars(node).values():
            yield from _names(part)

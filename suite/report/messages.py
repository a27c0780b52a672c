"""Sentences in the reader's language, from codes and values.

Verdicts contain no prose: a gate, a note, a population is a ``Message``, a code with
values. Its text is in ``locale/<language>.ftl``, in Mozilla's Fluent format
(projectfluent.org), one message per code and language. The dashboard's words are a
second ``Catalogue``, of its own folder. ``VERDICTS.add`` adds those of a gate or a kind
of claim that is defined outside of the suite.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import FluentParser, ast

from tasks import UserError

__all__ = ["LANGUAGES", "VERDICTS", "Catalogue", "codes", "translate"]

LANGUAGES = ("en", "zh")


class Catalogue:
    """The messages of a folder that has one ``<language>.ftl`` per language."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._added: dict[str, str] = {}

    def add(self, sources: Mapping[str, str]) -> None:
        """Add messages of your own, such as those of a gate that is not in the suite.

        ``sources`` has a text in Fluent's format for each of ``LANGUAGES``, all with
        the same codes. Adding the same again changes nothing. Raises UserError where
        a language or a message is missing, the text is not Fluent, or a code is taken.
        """
        if {*sources} != {*LANGUAGES}:
            raise UserError(
                f"Messages are given in {', '.join(sources)}: give them in "
                f"{' and '.join(LANGUAGES)}."
            )
        # A module that registers a gate may be imported twice, as by a
        # notebook's autoreload.
        if all(sources[one] in self._source(one) for one in LANGUAGES):
            return
        given = {one: _codes_of(sources[one]) for one in LANGUAGES}
        self._check_codes(given)
        for language, source in sources.items():
            before = self._added.get(language, "")
            self._added[language] = f"{before}\n{source}\n"
        # ``cached_property`` keeps its value in the instance's dict: without
        # it, what was added is parsed at the next use.
        self.__dict__.pop("_bundles", None)
        self.__dict__.pop("_variables", None)

    def _check_codes(self, given: Mapping[str, frozenset[str]]) -> None:
        """UserError where a code is in one language alone, or is taken."""
        everywhere = frozenset.intersection(*given.values())
        for language, own in given.items():
            alone = sorted(own - everywhere)
            if alone:
                raise UserError(
                    f"Message {alone[0]!r} is given in {language}, but not in every "
                    f"language: give it in {' and '.join(LANGUAGES)}."
                )
            taken = sorted(own & self.codes(language))
            if taken:
                raise UserError(
                    f"There is a message {taken[0]!r} already: use another code."
                )

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
        # Fluent would print the name of a missing value in place of it.
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
        # Isolation marks protect mixed directions of writing; here they would
        # be invisible characters within every sentence, its copies and its
        # tests.
        bundle = FluentBundle([language], use_isolating=False)
        bundle.add_resource(FluentResource(self._source(language)))
        return bundle

    def _source(self, language: str) -> str:
        """All messages of a language: the ``.ftl`` file, and what was added."""
        own = (self.folder / f"{language}.ftl").read_text(encoding="utf-8")
        return own + self._added.get(language, "")


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


def _codes_of(source: str) -> frozenset[str]:
    """The codes of messages from elsewhere. UserError if they are not in Fluent's
    format.
    """
    try:
        return frozenset(code for code, _ in _variables_of(source))
    except ValueError as error:
        raise UserError(f"These messages are {error}") from error


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

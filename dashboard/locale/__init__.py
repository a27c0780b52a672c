"""Every word that pages say, one dictionary per language with the same keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.locale import en, zh
from dashboard.locale.labels import GRID, translated

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": en.WORDS, "zh": zh.WORDS}
NAMES = {"en": "EN", "zh": "中文"}
TAGS = {"en": "en", "zh": "zh-CN"}  # for the page's ``lang``


@dataclass(frozen=True)
class Words:
    """Call it with a key and values to fill in: the text of that key in the language."""

    language: str = "en"

    def __call__(self, key: str, /, **values: object) -> str:
        text = LANGUAGES[self.language][key]
        return text.format(**values) if values else text

    def label(self, text: str) -> str:
        """A label of the record, where the reader's language has one for it."""
        return translated(text, self.language)

    @property
    def grid(self) -> Mapping[str, str]:
        """What tables with pages and filters say of themselves, where that is not
        English.
        """
        return GRID.get(self.language, {})

    def gate(self, name: str) -> str:
        """An adequacy gate's name as people read it; a gate that is not known here
        keeps its own.
        """
        return LANGUAGES[self.language].get(f"gate.{name}", name)

    def why(self, name: str) -> str:
        """What it means that this gate failed; empty for a gate that is not known here."""
        return LANGUAGES[self.language].get(f"why.{name}", "")

    def hint(self, name: str) -> str:
        """What to do where this gate failed; empty likewise."""
        return LANGUAGES[self.language].get(f"hint.{name}", "")

    def file(self, stem: str) -> str:
        """What a final's file is called, without its number; one that is not known here
        keeps its name.
        """
        kind = stem.rstrip("0123456789").rstrip("-_")
        return LANGUAGES[self.language].get(
            f"file.{kind}", stem.replace("-", " ").replace("_", " ").capitalize()
        )

    def passed(self, name: str) -> str:
        """The same for a gate that was passed."""
        return LANGUAGES[self.language].get(f"passed.{name}", name)

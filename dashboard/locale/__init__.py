"""The text of all pages, in each language.

``en.ftl`` and ``zh.ftl`` hold them as Fluent messages (projectfluent.org) with the same
keys. Labels of a task are part of the task instead: see ``dashboard.data.view``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.report.messages import LANGUAGES, Catalogue

__all__ = ["CATALOGUE", "LANGUAGES", "NAMES", "TAGS", "Words"]

CATALOGUE = Catalogue(Path(__file__).parent)
NAMES = {"en": "EN", "zh": "中文"}
TAGS = {"en": "en", "zh": "zh-CN"}  # for the page's ``lang``
GRID = "grid-"  # before the keys that AG Grid has for its own texts


@dataclass(frozen=True)
class Words:
    """Call it with a key and values to fill in: the text of that key in the language.

    Raises KeyError if there is no such key: a defect, which a test finds.
    """

    language: str = "en"

    def __call__(self, key: str, /, **values: object) -> str:
        return CATALOGUE.text(key, self.language, **values)

    def of(self, family: str, name: str, /, **values: object) -> str:
        """The text of one member of a family of keys: ``of("status", "timed_out")`` is
        that of ``status-timed-out``.
        """
        return self(key_of(family, name), **values)

    def maybe(self, family: str, name: str, default: str = "") -> str:
        """The same; the default where the family has no such member."""
        key = key_of(family, name)
        return self(key) if key in CATALOGUE.codes(self.language) else default

    @property
    def grid(self) -> Mapping[str, str]:
        """The texts of tables with pages and filters, by AG Grid's own keys:
        ``filterOoo`` is ``grid-filter-ooo`` in the files.
        """
        # Sorted, so that a page is the same text each time that it is made:
        # updates are found by comparing.
        keys = sorted(CATALOGUE.codes(self.language))
        return {
            _camel(key[len(GRID) :]): self(key)
            for key in keys
            if key.startswith(GRID)
        }

    def file(self, stem: str) -> str:
        """What a final's file is called, without its number; one that is not known here
        keeps its name.
        """
        # attention-3 is a file of the kind "attention".
        kind = stem.rstrip("0123456789").rstrip("-_")
        own = re.sub("[-_]", " ", stem).capitalize()
        return self.maybe("file", kind, own)


def key_of(family: str, name: Any) -> str:
    """The key of a member of a family: ``status-timed-out`` for "timed_out"."""
    plain = str(name).lower().replace("/", "")
    return f"{family}-{re.sub('[^a-z0-9]+', '-', plain).strip('-')}"


def _camel(key: str) -> str:
    first, *others = key.split("-")
    return first + "".join(word.capitalize() for word in others)

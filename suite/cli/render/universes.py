"""Universes, as the command line shows them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from suite.cli.render.text import Listing
from suite.cli.render.verdicts import ANSWER_STYLES
from suite.report import universes as words
from suite.report.labels import Labels
from suite.report.message_text import ANSWERS
from suite.report.messages import translate
from suite.verdicts.universes import Multiverse


def universes_page(found: Sequence[Multiverse], labels: Labels) -> Group:
    """Each claim with a row per universe, from the smallest effect to the largest, and
    the sentence that says where it holds.
    """
    parts: list[RenderableType] = []
    for one in found:
        parts += [
            Text.assemble(
                (one.task, "bold cyan"), f"  {words.claim_text(one, labels)}"
            ),
            Padding(_universes(one, labels.language), (1, 0, 1, 2)),
            Text(words.where(one, labels.language) + "\n", "bold"),
        ]
    return Group(*parts)


def _universes(found: Multiverse, language: str) -> Listing:
    """A row for each universe: its value of each condition, its verdict and
    its effect.
    """
    verdict, effect = (
        translate(code, language)
        for code in ("findings-verdict", "findings-effect-title")
    )
    conditions = list(found.conditions)
    rows = [
        (*row.values, row.answer, row.effect)
        for row in words.universe_rows(found, language)
    ]
    styles = {
        translate(ANSWERS[answer], language): ANSWER_STYLES[answer]
        for answer in ANSWERS
    }
    return Listing(
        (*conditions, verdict, effect), rows, styles={verdict: styles}
    )

"""The varied claims of a task in the report: where each holds, drawn and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from suite.report.charts.svg import draw
from suite.report.html.view import Table, UniversesView
from suite.report.labels import Labels
from suite.report.universes import (
    claim_text,
    specification_curve,
    universe_rows,
    where,
)
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.universes import Multiverse, multiverses


def universes_views(
    verdicts: Sequence[ClaimVerdict], labels: Labels
) -> Iterator[UniversesView]:
    """Each varied claim among the verdicts."""
    for found in multiverses(verdicts):
        yield UniversesView(
            anchor=f"{found.task}-{found.claim}-universes",
            says=claim_text(found, labels),
            where=where(found, labels.language),
            drawing=_drawing(found, labels),
            table=_table(found, labels.language),
        )


def _drawing(found: Multiverse, labels: Labels) -> Markup | None:
    """The specification curve of a claim as an ``<svg>`` element; None where
    there is nothing to draw.
    """
    chart = specification_curve(found, labels)
    if chart is None:
        return None
    return draw(chart, f"{found.task}-{found.claim}")


def _table(found: Multiverse, language: str) -> Table:
    """A row per universe, in the order of the drawing."""
    conditions = list(found.conditions)
    head = [*conditions, "Verdict", "Effect (interval)", "Blocks"]
    rows = [
        [*row.values, row.answer, row.effect, row.blocks]
        for row in universe_rows(found, language)
    ]
    last = len(head) - 1
    return Table(head, rows, numeric=frozenset({last - 1, last}))

"""The source's figures next to ours, and the scope of the verdict."""

from __future__ import annotations

import math

from dash import html

from dashboard.components.literature import literature
from dashboard.components.text import Children, card, coded, facts, foreign
from dashboard.data.view import View
from dashboard.locale.numbers import measuring
from suite.report.sentences import notes, population, training
from suite.verdicts.claim_verdict import ClaimVerdict


def source_card(view: View, verdict: ClaimVerdict) -> html.Section:
    """Where the claim is from and what its source reports, beside what we measured; and
    what its task names to read.
    """
    words = view.words
    measured = f"{verdict.metric_label}: {_measured_effect(view, verdict)}"
    rows: list[tuple[str, Children]] = [
        (
            words("claim-source-is"),
            foreign(verdict.source or "–", words.language),
        ),
        (
            words("claim-source-says"),
            foreign(verdict.reported or "–", words.language),
        ),
        (words("claim-ours"), measured),
    ]
    works = literature(view)
    if works is not None:
        rows.append((words("topic-literature"), works))
    return card(facts(rows, "facts tall"), title=words("claim-source"))


def _measured_effect(view: View, verdict: ClaimVerdict) -> str:
    if not math.isfinite(verdict.effect):
        return "–"
    scale = measuring(verdict, view.words)
    return f"{scale.full(verdict.effect)} {scale.deciding(verdict)}"


def scope_card(view: View, verdict: ClaimVerdict) -> html.Section:
    """Whom the verdict speaks for: the population, what was held equal, and
    notes.
    """
    words = view.words
    matched = str(view.about.get("matched") or "–")
    rows = [
        (words("claim-population"), population(verdict, view.labels)),
        (words("claim-matched"), foreign(matched, words.language)),
        (words("choose-task"), view.title(verdict.task)),
    ]
    return card(
        facts(rows, "facts tall"),
        _notes(view, verdict),
        title=words("claim-scope"),
    )


def _notes(view: View, verdict: ClaimVerdict) -> html.Ul | None:
    messages = (*training(verdict, view.labels), *notes(verdict, view.labels))
    items = [html.Li(coded(message)) for message in messages]
    return html.Ul(items, className="bullets") if items else None

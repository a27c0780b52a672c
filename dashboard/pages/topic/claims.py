"""What is claimed and by whom, next to what we found."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import table
from dashboard.components.outcome import outcome
from dashboard.components.text import Children, action, card, foreign
from dashboard.data.view import View
from dashboard.locale.numbers import measuring
from dashboard.pages.topic.quiz import (
    hidden_until_predicted,
    prediction,
    score,
)
from suite.report.formatting import NONE
from suite.verdicts.claim_verdict import ClaimVerdict


def claims_card(view: View, verdicts: Sequence[ClaimVerdict]) -> html.Section:
    """A row per claim: the claim with its source, what that reports, our verdict, the
    effect and its interval. In a quiz the last three wait for a prediction.
    """
    words = view.words
    asking = view.chosen("quiz", ["0", "1"]) == "1"
    columns = [words("topic-claimed"), words("topic-reported")]
    if asking:
        columns.append(words("quiz-predict"))
    columns += [words("forest-verdict"), words("fact-effect")]
    rows = table(
        columns,
        [_row(view, verdict, asking) for verdict in verdicts],
        label=words("topic-claims"),
    )
    return card(
        score(view, verdicts) if asking else None,
        rows,
        html.Div(_way(view, asking), className="actions"),
        title=words("topic-claims"),
        says=words("quiz-says" if asking else "topic-claims-says"),
        id="claims",
        className="claims",
    )


def _way(view: View, asking: bool) -> Component:
    """Into the quiz, or out of it."""
    # The quiz can be taken within a presentation.
    kept = view.query.get("present")
    words, task = view.words, view.task
    if asking:
        to = view.link("/topic", task=task, present=kept)
        return action(words("quiz-leave"), to)
    to = view.link("/topic", task=task, present=kept, quiz="1")
    return action(words("quiz-begin"), to)


def _row(
    view: View, verdict: ClaimVerdict, asking: bool
) -> tuple[Children, ...]:
    language = view.words.language
    cells: list[Children] = [
        _claim(view, verdict),
        foreign(verdict.reported or NONE, language),
    ]
    found = [outcome(view, verdict), _amount(view, verdict)]
    if asking:
        cells.append(prediction(view, verdict))
        found = [
            hidden_until_predicted(verdict, *pair) for pair in enumerate(found)
        ]
    return (*cells, *found)


def _claim(view: View, verdict: ClaimVerdict) -> list[Component]:
    """The claim, which leads to all that is behind its verdict, and its source."""
    language = view.words.language
    to = view.link("/claim", task=verdict.task, claim=verdict.claim)
    parts: list[Component] = [html.A(foreign(verdict.says, language), href=to)]
    if verdict.source:
        parts.append(
            html.Small(foreign(verdict.source, language), className="source")
        )
    return parts


def _amount(view: View, verdict: ClaimVerdict) -> Component:
    """The effect, the interval that decides, and how many blocks are behind it."""
    if not math.isfinite(verdict.effect):
        return html.Span(NONE)
    scale = measuring(verdict, view.words)
    blocks = view.words("topic-blocks", count=verdict.blocks)
    return html.Div(
        [
            html.B(scale.full(verdict.effect), className="num"),
            html.Small(f"{scale.deciding(verdict)}, {blocks}"),
        ],
        className="stacked",
    )

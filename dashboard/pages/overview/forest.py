"""One forest plot of all claims, in units of the smallest difference that matters."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import FILES, saved
from dashboard.components.controls import span_of
from dashboard.components.forest import forest, margin_axis
from dashboard.components.outcome import outcome
from dashboard.components.text import aria, card, foreign
from dashboard.data.view import View
from dashboard.locale import Words
from dashboard.locale.numbers import measuring
from suite.report.answers import answer
from suite.verdicts.claim_verdict import ClaimVerdict

FEW_CLAIMS = 24  # rows that fill no more than two screens


def forest_card(view: View, verdicts: Sequence[ClaimVerdict]) -> html.Section:
    """Each question with its answer and a row per claim. The scale and the answers are
    those of all claims, whichever are shown.
    """
    # A filter must not change how long an interval looks.
    words, span = view.words, span_of(view.own_verdicts)
    tasks = dict.fromkeys(verdict.task for verdict in verdicts)
    groups = [_group(view, task, verdicts, span) for task in tasks]
    return card(
        _top(words, span),
        *groups,
        title=words("forest-title"),
        says=words("forest-says"),
        id="forest",
        className="forest-card",
        files=saved(view, "verdicts", kinds=FILES),
    )


def _top(words: Words, span: float) -> html.Div:
    """The columns' heads and the scale."""
    ends = [html.Span(words("forest-against")), html.Span(words("forest-for"))]
    label = html.Div(words("forest-margins"), className="axis-label")
    scale = html.Div(
        [html.Div(ends, className="sides"), label, margin_axis(span)]
    )
    return html.Div(
        [
            html.Span(words("forest-claim")),
            scale,
            html.Span(words("forest-effect")),
            html.Span(words("forest-verdict")),
        ],
        className="forest-row forest-top",
        **aria(hidden="true"),
    )


def _group(
    view: View, task: str, verdicts: Sequence[ClaimVerdict], span: float
) -> html.Div:
    """A question with its answer, which opens to its claims, and a link to its page."""
    to_page = html.A(
        view.words("forest-topic"),
        href=view.link("/topic", task=task),
        className="to-topic",
        **aria(label=view.words("forest-topic-of", task=view.title(task))),
    )
    return html.Div(
        [_claims(view, task, verdicts, span), to_page],
        className="question-place",
    )


def _claims(
    view: View, task: str, verdicts: Sequence[ClaimVerdict], span: float
) -> html.Details:
    """The claims of a question, behind it; open from the start where a reader asked for
    one verdict only, and where all claims are few.
    """
    asked_for_some = len(verdicts) < len(view.own_verdicts)
    rows = [
        _row(view, verdict, span)
        for verdict in verdicts
        if verdict.task == task
    ]
    return html.Details(
        [html.Summary(_question(view, task)), html.Ul(rows)],
        id=f"question-{task}",
        className="forest-group question",
        open=asked_for_some or len(verdicts) <= FEW_CLAIMS,
    )


def _question(view: View, task: str) -> list[Component]:
    """The task, what it asks, and the answer in one line."""
    question = str(view.tasks[task].get("question") or "")
    subtitle = html.Small(foreign(question, view.words.language))
    # Of all claims of the task, its universes included: the answer does not
    # depend on what is listed.
    of_task = [verdict for verdict in view.verdicts if verdict.task == task]
    said = html.Span(answer(of_task, view.labels), className="answer")
    return [html.H3([view.title(task), subtitle]), said]


def _row(view: View, verdict: ClaimVerdict, span: float) -> html.Li:
    to = view.link("/claim", task=verdict.task, claim=verdict.claim)
    link = html.A(foreign(verdict.says, view.words.language), href=to)
    return html.Li(
        [
            html.Div(link, className="says"),
            forest(verdict, span, view.words),
            _amount(view.words, verdict, to),
            outcome(view, verdict),
        ],
        className="forest-row",
    )


def _amount(words: Words, verdict: ClaimVerdict, claim_page: str) -> Component:
    """The effect with its unit and interval, the unadjusted one below; a link to the
    blocks that they come from.
    """
    if not math.isfinite(verdict.effect):
        nothing = html.Span(words("forest-none"), className="num effect")
        return html.Div(nothing, className="amount")
    scale = measuring(verdict, words)
    effect: list[Component | str] = [
        html.B(scale.signed(verdict.effect)),
        html.Small(scale.unit),
        " ",
        html.Span(scale.deciding(verdict), className="muted"),
    ]
    parts: list[Component] = [html.Span(effect, className="num effect")]
    if plain := scale.unadjusted(verdict):
        parts.append(html.Small(plain))
    return html.A(
        parts,
        href=f"{claim_page}#blocks",
        className="amount",
        title=words("forest-blocks"),
    )

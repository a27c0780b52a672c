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
from suite.verdicts.claim_verdict import ClaimVerdict


def forest_card(view: View, verdicts: Sequence[ClaimVerdict]) -> html.Section:
    """A row per claim, by task. The scale is that of all claims, whichever are shown."""
    words, span = view.words, span_of(view.verdicts)
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
    scale = html.Div([html.Div(ends, className="sides"), margin_axis(span)])
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
    question = str(view.tasks[task].get("question") or "")
    subtitle = html.Small(foreign(question, view.words.language))
    rows = [_row(view, verdict, span) for verdict in verdicts if verdict.task == task]
    title = html.H3([view.title(task), subtitle])
    return html.Div([title, html.Ul(rows)], className="forest-group")


def _row(view: View, verdict: ClaimVerdict, span: float) -> html.Li:
    to = view.link("/claim", task=verdict.task, claim=verdict.claim)
    link = html.A(foreign(verdict.says, view.words.language), href=to)
    return html.Li(
        [
            html.Div(link, className="says"),
            forest(verdict, span, view.words),
            _amount(view.words, verdict),
            outcome(view, verdict),
        ],
        className="forest-row",
    )


def _amount(words: Words, verdict: ClaimVerdict) -> html.Div:
    """The effect with its interval, and the unit below."""
    if not math.isfinite(verdict.effect):
        nothing = html.Span(words("forest-none"), className="num effect")
        return html.Div(nothing, className="amount")
    scale = measuring(verdict, words)
    interval = html.Span(scale.deciding(verdict), className="muted")
    effect: list[Component | str] = [
        html.B(scale.signed(verdict.effect)),
        " ",
        interval,
    ]
    parts: list[Component] = [html.Span(effect, className="num effect")]
    if scale.unit:
        parts.append(html.Small(scale.unit.strip()))
    if plain := scale.unadjusted(verdict):
        parts.append(html.Small(plain))
    return html.Div(parts, className="amount")

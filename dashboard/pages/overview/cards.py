"""A card per claim: its verdict, effect, sentence, failed gates and source."""

from __future__ import annotations

import math

from dash import html
from dash.development.base_component import Component

from dashboard.components.controls import span_of
from dashboard.components.forest import forest, own_axis
from dashboard.components.outcome import (
    agreeing_blocks,
    effect_text,
    outcome,
    status_of,
)
from dashboard.components.text import coded, foreign, glyph
from dashboard.data.view import View
from dashboard.locale.numbers import Measuring, measuring, plain
from suite.report.sentences import gate_name, sentence
from suite.verdicts.claim_verdict import ClaimVerdict


def claim_card(view: View, verdict: ClaimVerdict) -> html.Article:
    to = view.link("/claim", task=verdict.task, claim=verdict.claim)
    title = html.A(foreign(verdict.says, view.words.language), href=to)
    parts: list[Component | None] = [
        _top(view, verdict),
        html.H3(title),
        *_effect(view, verdict),
        html.P(coded(sentence(verdict, view.labels)), className="sentence"),
        _failed_gates(view, verdict),
        _source(view, verdict),
        _runs_link(view, to),
    ]
    return html.Article(
        [part for part in parts if part is not None],
        className=f"card claim-card {status_of(view, verdict)}",
    )


def _top(view: View, verdict: ClaimVerdict) -> html.Div:
    task = html.Span(view.title(verdict.task), className="muted")
    return html.Div([outcome(view, verdict), task], className="top")


def _effect(view: View, verdict: ClaimVerdict) -> list[Component]:
    """The effect on the claim's own scale, and in numbers."""
    if not math.isfinite(verdict.effect):
        return []
    words, span = view.words, span_of([verdict])
    marks = [forest(verdict, span, words), own_axis(verdict, span, words)]
    return [
        html.Div(marks, className="own"),
        html.Div(_numbers(view, verdict), className="numbers num"),
    ]


def _numbers(view: View, verdict: ClaimVerdict) -> list[Component]:
    words, scale = view.words, measuring(verdict, view.words)
    effect = html.B(effect_text(scale, verdict))
    size = html.B(plain(verdict.effect_size, 2))
    side, count = agreeing_blocks(verdict)
    agreed = words.of("agreed", side, count=count, blocks=verdict.blocks)
    return [
        html.Span([effect, f" {scale.deciding(verdict)}"]),
        *_unadjusted(scale, verdict),
        html.Span(agreed),
        html.Span([words("fact-effect-size"), " ", size]),
    ]


def _unadjusted(scale: Measuring, verdict: ClaimVerdict) -> list[Component]:
    plain = scale.unadjusted(verdict)
    return [html.Small(plain, className="muted")] if plain else []


def _failed_gates(view: View, verdict: ClaimVerdict) -> html.Ul | None:
    items = [
        html.Li([glyph("⚠"), gate_name(gate, view.words.language)])
        for gate in verdict.failed_gates
    ]
    return html.Ul(items, className="gates") if items else None


def _source(view: View, verdict: ClaimVerdict) -> html.P | None:
    if not verdict.reported:
        return None
    words = view.words
    label = html.Span(words("card-source"), className="label")
    says = foreign(verdict.reported, words.language)
    return html.P([label, says], className="source")


def _runs_link(view: View, claim_page: str) -> html.A | None:
    if not view.campaign.mlflow_runs:
        return None
    text = view.words("card-runs")
    return html.A(text, href=f"{claim_page}#blocks", className="runs-link")

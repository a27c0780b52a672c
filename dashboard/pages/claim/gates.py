"""The adequacy gates with what each measured, failed ones first."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.components.text import card, coded, glyph
from dashboard.data.view import View
from suite.report import sentences
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.gate import Gate


def gates_card(view: View, verdict: ClaimVerdict) -> html.Section:
    """Each adequacy gate with what it measured and, where it failed, what
    would help.
    """
    words, title = view.words, view.words("claim-gates")
    if not verdict.gates:
        return card(html.P(words("claim-no-gates")), title=title)
    ordered = sorted(verdict.gates, key=lambda gate: not gate.failed)
    items = [_gate(view, verdict, gate) for gate in ordered]
    return card(
        html.Ul(items, className="gate-list"),
        title=title,
        says=words("claim-gates-says"),
    )


def _gate(view: View, verdict: ClaimVerdict, gate: Gate) -> html.Li:
    words = view.words
    name = sentences.gate_name(gate, words.language)
    seen = sentences.gate_text(gate, verdict, view.labels)
    text: list[Component] = [html.B(name), html.P(coded(seen))]
    if hint := sentences.gate_hint(gate, words.language):
        label = html.Span(words("claim-hint"), className="label")
        text.append(html.P([label, coded(hint)]))
    sign, kind = _look(gate)
    return html.Li([glyph(sign), html.Div(text)], className=kind)


def _look(gate: Gate) -> tuple[str, str]:
    """A gate's icon and its CSS class."""
    if gate.failed:
        return "✕", "failed"
    return ("✓", "passed") if gate.asked else ("–", "not-asked")

"""Was the comparison good enough to be judged? What each gate saw, failed ones first."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.components.text import Children, card, coded, foreign, glyph
from dashboard.data.view import View
from suite.verdicts.adequacy import Gate
from suite.verdicts.claim_verdict import ClaimVerdict


def gates_card(view: View, verdict: ClaimVerdict) -> html.Section:
    words, title = view.words, view.words("claim-gates")
    if not verdict.gates:
        return card(html.P(words("claim-no-gates")), title=title)
    ordered = sorted(verdict.gates, key=lambda gate: not gate.failed)
    items = [_gate(view, gate) for gate in ordered]
    return card(
        html.Ul(items, className="gate-list"),
        title=title,
        says=words("claim-gates-says"),
    )


def _gate(view: View, gate: Gate) -> html.Li:
    words = view.words
    name = words.gate(gate.name) if gate.failed else words.passed(gate.name)
    text: list[Component] = [html.B(name), *_seen(view, gate)]
    if gate.failed and gate.hint:
        label = html.Span(words("claim-hint"), className="label")
        text.append(html.P([label, _hint(view, gate)]))
    sign = glyph("✕" if gate.failed else "✓")
    kind = "failed" if gate.failed else "passed"
    return html.Li([sign, html.Div(text)], className=kind)


def _seen(view: View, gate: Gate) -> list[Component]:
    """What a gate saw: the record's English, and in other languages what that means
    before it.
    """
    if view.words.language == "en":
        return [html.P(coded(gate.says))]
    if not gate.failed:
        return []
    return [
        html.P(view.words.why(gate.name)),
        html.P(foreign(gate.says, view.words.language)),
    ]


def _hint(view: View, gate: Gate) -> Children:
    own = view.words.language != "en" and view.words.hint(gate.name)
    return coded(own) if own else foreign(gate.hint, view.words.language)

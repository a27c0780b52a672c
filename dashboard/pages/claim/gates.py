"""Was the comparison good enough to be judged? What each gate saw, failed ones first."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.components.text import Children, card, coded, foreign, glyph
from dashboard.data.view import View
from suite.verdicts.adequacy import Gate
from suite.verdicts.claim_verdict import ClaimVerdict
from tasks import Claim


def gates_card(view: View, verdict: ClaimVerdict) -> html.Section:
    words, title = view.words, view.words("claim-gates")
    if not verdict.gates:
        return card(html.P(words("claim-no-gates")), title=title)
    ordered = sorted(verdict.gates, key=lambda gate: not gate.failed)
    claim = view.claim_of(verdict.task, verdict.claim)
    items = [_gate(view, gate, asked=_asks(claim, gate)) for gate in ordered]
    return card(
        html.Ul(items, className="gate-list"),
        title=title,
        says=words("claim-gates-says"),
    )


def _asks(claim: Claim, gate: Gate) -> bool:
    """Whether the gate says anything of this claim. One about a fixed budget does not
    ask whether training had come to its end.
    """
    return not (claim.fixed_budget and gate.name == "still improving")


def _gate(view: View, gate: Gate, asked: bool) -> html.Li:
    words = view.words
    if not asked:
        return _not_asked(view, gate)
    name = words.gate(gate.name) if gate.failed else words.passed(gate.name)
    text: list[Component] = [html.B(name), *_seen(view, gate)]
    if gate.failed and gate.hint:
        label = html.Span(words("claim-hint"), className="label")
        text.append(html.P([label, _hint(view, gate)]))
    sign = glyph("✕" if gate.failed else "✓")
    kind = "failed" if gate.failed else "passed"
    return html.Li([sign, html.Div(text)], className=kind)


def _not_asked(view: View, gate: Gate) -> html.Li:
    words = view.words
    name = words("gate-not-asked", gate=words.gate(gate.name))
    text: list[Component] = [html.B(name), *_seen(view, gate)]
    return html.Li([glyph("–"), html.Div(text)], className="not-asked")


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

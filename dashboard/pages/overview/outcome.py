"""The answer to a claim at a glance: its badge, and what qualifies it most."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.components.text import badge
from dashboard.data.view import View
from dashboard.locale import Words
from suite.verdicts.claim_verdict import ClaimVerdict


def outcome(view: View, verdict: ClaimVerdict) -> html.Span:
    parts: list[Component] = [badge(verdict.verdict, view.words)]
    if aside := _aside(verdict, view.words):
        parts.append(html.Small(aside))
    return html.Span(parts, className="outcome")


def _aside(verdict: ClaimVerdict, words: Words) -> str:
    """Blocks that are missing; what the verdict would be without a failed gate; or that
    it is a first hint.
    """
    if not verdict.complete:
        return words("blocks-of", done=verdict.blocks, planned=verdict.planned)
    if verdict.would_be and verdict.would_be != verdict.verdict:
        otherwise = words.of("verdict", verdict.would_be).lower()
        return words("would-be", verdict=otherwise)
    if verdict.label == "exploratory":
        return words("label-exploratory")
    return ""

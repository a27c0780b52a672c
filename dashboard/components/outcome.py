"""Summary of a verdict: its badge, what qualifies it most, and how often blocks agreed."""

from __future__ import annotations

import math

from dash import html
from dash.development.base_component import Component

from dashboard.components.text import badge, glyph
from dashboard.data.view import View
from dashboard.locale import Words
from dashboard.locale.numbers import Measuring
from dashboard.theme import UNDECIDED, VERDICTS
from suite.verdicts.claim_verdict import ClaimVerdict

ENDED = ("done", "incomplete")  # campaigns that run nothing more by themselves


def status_of(view: View, verdict: ClaimVerdict) -> str:
    """The verdict, or what a claim waits for whose blocks are not all in: "pending"
    while they may come, "incomplete" where the campaign has ended without them.
    """
    if verdict.complete:
        return verdict.verdict
    return "incomplete" if view.snapshot.state in ENDED else "pending"


def status_badge(view: View, verdict: ClaimVerdict) -> html.Span:
    """The verdict as a badge; without one, how many blocks are in: it is too early for
    an answer.
    """
    words, status = view.words, status_of(view, verdict)
    if status in VERDICTS:
        return badge(status, words)
    blocks = words("blocks-of", done=verdict.blocks, planned=verdict.planned)
    text = words(
        "undecided", status=words.of("verdict", status), blocks=blocks
    )
    return html.Span([glyph(UNDECIDED[status]), text], className="undecided")


def outcome(view: View, verdict: ClaimVerdict) -> html.Span:
    """The badge, and in small type what qualifies the verdict most."""
    parts: list[Component] = [status_badge(view, verdict)]
    if aside := _aside(verdict, view.words):
        parts.append(html.Small(aside))
    return html.Span(parts, className="outcome")


def _aside(verdict: ClaimVerdict, words: Words) -> str:
    """What the verdict would be without a failed gate, or that it is a first hint."""
    if verdict.complete and verdict.label == "exploratory":
        return would_be(verdict, words) or words("label-exploratory")
    return would_be(verdict, words)


def would_be(verdict: ClaimVerdict, words: Words) -> str:
    """What the verdict would be without a failed gate; empty if it would be the same,
    and before it is judged.
    """
    other = verdict.would_be
    if not verdict.complete or other is None or other == verdict.verdict:
        return ""
    return words("would-be", verdict=words.of("verdict", other).lower())


def agreeing_blocks(verdict: ClaimVerdict) -> tuple[str, str]:
    """How often blocks agreed with the mean, as the verdict's sentence counts it:
    whether "for" or "against" the claim, and in how many blocks. Of a claim of equality,
    how many are "within" the margin.
    """
    as_claimed = verdict.blocks_as_claimed()
    if verdict.claims_equality:
        return "within", f"{as_claimed:g}"
    # A claim of at least so much counts blocks that reach it, wherever the
    # mean lies.
    if verdict.at_least or verdict.effect >= 0:
        return "for", f"{as_claimed:g}"
    return "against", f"{verdict.blocks - as_claimed:g}"


def effect_text(scale: Measuring, verdict: ClaimVerdict) -> str:
    """The effect with its unit; a factor below 1 also as "so many times less", which is
    how sentences state it.
    """
    text = scale.full(verdict.effect)
    # Effects are stored less what the claim promises, so that 0 separates for
    # from against.
    effect = verdict.effect + verdict.at_least
    if not scale.written.ratio or scale.written.slope or effect >= 0:
        return text
    times = f"{math.exp(-effect):.3g}"
    return f"{text} ({scale.words('times-less', times=times)})"

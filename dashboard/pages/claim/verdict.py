"""The verdict: badge, sentence, forest row, numbers, and links to the next pages."""

from __future__ import annotations

import math

from dash import html
from dash.development.base_component import Component

from dashboard.components.controls import span_of
from dashboard.components.forest import forest, own_axis
from dashboard.components.outcome import (
    agreeing_blocks,
    effect_text,
    status_badge,
    would_be,
)
from dashboard.components.terms import marked
from dashboard.components.text import action, card, coded, facts
from dashboard.data.view import View
from dashboard.locale import Words
from dashboard.locale.numbers import Measuring, directed, measuring, plain
from suite.report.formatting import probability
from suite.report.sentences import sentence
from suite.verdicts.claim_verdict import ClaimVerdict

Fact = tuple[str, str]


def verdict_card(view: View, verdict: ClaimVerdict) -> html.Section:
    """The answer in a badge and a sentence, the effect as a forest row and in
    numbers, and links to what is behind it.
    """
    statement = html.P(
        coded(sentence(verdict, view.labels)), className="sentence big"
    )
    parts: list[Component] = [_outcome(view, verdict), statement]
    # Before the first complete block there is nothing to draw.
    if math.isfinite(verdict.effect):
        parts += [
            _forest(view, verdict),
            _key(view, verdict),
            facts(_figures(view, verdict)),
            _statistics(view, verdict),
        ]
    links = html.Div(_links(view, verdict), className="actions")
    return card(*parts, links)


def _outcome(view: View, verdict: ClaimVerdict) -> html.Div:
    """The verdict, with its qualifications as small tags."""
    words = view.words
    parts: list[Component] = [status_badge(view, verdict)]
    if provisional := would_be(verdict, words):
        parts.append(html.Span(provisional, className="muted"))
    label = marked(words.of("label", verdict.label), verdict.label)
    parts.append(html.Span(coded(label), className="tag"))
    if verdict.meaningful:
        parts.append(html.Span(coded(words("meaningful")), className="tag"))
    return html.Div(parts, className="outcome big")


def _forest(view: View, verdict: ClaimVerdict) -> html.Div:
    # On a scale of its own: the claim stands alone here.
    words, span = view.words, span_of([verdict])
    right = directed(words, "forest-for", verdict)
    ends = [html.Span(words("forest-against")), html.Span(right)]
    return html.Div(
        [
            html.Div(ends, className="sides label"),
            forest(verdict, span, words),
            own_axis(verdict, span, words),
        ],
        className="forest-big",
    )


def _key(view: View, verdict: ClaimVerdict) -> html.P:
    """What the band and the bars of the forest row mean."""
    margin = measuring(verdict, view.words).amount(verdict.margin)
    return html.P(view.words("claim-key", margin=margin), className="says")


def _links(view: View, verdict: ClaimVerdict) -> list[Component]:
    """The pages behind the verdict, at the claim's own task, level and arm."""
    words = view.words
    selection = {
        "task": verdict.task,
        "level": next(iter(verdict.levels), None),
    }
    finals = view.link("/runs", task=verdict.task, claim=verdict.claim)
    search = view.link("/search", **selection, arm=verdict.better or None)
    return [
        action(
            words("claim-curves"),
            view.link("/curves", **selection, claim=verdict.claim),
            primary=True,
        ),
        action(words("claim-runs"), finals),
        action(words("claim-search"), search),
        action(words("claim-sweep"), view.link("/sweep", **selection)),
        action(words("claim-arms"), _arms_link(view, verdict)),
    ]


def _arms_link(view: View, verdict: ClaimVerdict) -> str:
    """The page of two arms with the claim's own, where it is about two."""
    return view.link(
        "/arms",
        task=verdict.task,
        level=next(iter(verdict.levels), None),
        arm=verdict.better or None,
        other=verdict.worse or None,
    )


# ---------------------------------------------------------------------------- numbers


def _figures(view: View, verdict: ClaimVerdict) -> list[Fact]:
    """What the verdict rests on."""
    words, scale = view.words, measuring(verdict, view.words)
    side, count = agreeing_blocks(verdict)
    return [
        (words("fact-effect"), effect_text(scale, verdict)),
        (words("fact-deciding"), scale.deciding(verdict)),
        (words("fact-margin"), scale.amount(verdict.margin)),
        (words.of("fact-blocks", side), f"{count} / {verdict.blocks}"),
    ]


def _statistics(view: View, verdict: ClaimVerdict) -> html.Details:
    """The other figures, folded away."""
    words, scale = view.words, measuring(verdict, view.words)
    found = [
        *_estimates(words, scale, verdict),
        *_tests(words, verdict),
        *_other_intervals(words, scale, verdict),
        *_what_if(words, scale, verdict),
    ]
    return html.Details(
        [html.Summary(words("claim-statistics")), facts(found)],
        className="statistics",
    )


def _estimates(
    words: Words, scale: Measuring, verdict: ClaimVerdict
) -> list[Fact]:
    return [
        (words("fact-interval"), scale.interval(verdict.interval)),
        (words("fact-local"), scale.interval(verdict.adjusted_interval)),
        (
            words("fact-equivalence"),
            scale.interval(verdict.equivalence_interval),
        ),
        (words("fact-effect-size"), plain(verdict.effect_size, 2)),
    ]


def _tests(words: Words, verdict: ClaimVerdict) -> list[Fact]:
    return [
        (words("fact-p"), probability(verdict.p_holm)),
        (words("fact-sign-flip"), probability(verdict.p_sign_flip)),
    ]


def _other_intervals(
    words: Words, scale: Measuring, verdict: ClaimVerdict
) -> list[Fact]:
    """Intervals of a narrower or a wider scope than the deciding one."""
    found: list[Fact] = []
    if verdict.fixed_split_interval:
        text = scale.interval(verdict.fixed_split_interval)
        found.append((words("fact-splits"), text))
    if verdict.new_test_interval:
        text = scale.interval(verdict.new_test_interval)
        found.append((words("fact-new-test"), text))
    return found


def _what_if(
    words: Words, scale: Measuring, verdict: ClaimVerdict
) -> list[Fact]:
    """The answers with half of the tuning and half of the training, and the number of
    blocks that a decision would need.
    """
    found: list[Fact] = []
    for name, half in (
        ("fact-half-budget", verdict.half_budget),
        ("fact-half-length", verdict.half_length),
    ):
        if half:
            answer = words.of("verdict", half.verdict)
            found.append(
                (words(name), f"{scale.full(half.effect)} · {answer}")
            )
    if verdict.blocks_to_settle:
        found.append((words("fact-settle"), blocks_to_settle(verdict, words)))
    return found


def blocks_to_settle(verdict: ClaimVerdict, words: Words) -> str:
    """How many blocks a decision would need: with the estimated variance, and with the
    upper confidence bound of the variance.
    """
    low, high = verdict.blocks_to_settle, verdict.blocks_to_settle_cautious
    if high:
        return words("settle-range", low=f"{low:,}", high=f"{high:,}")
    return words("settle-more", low=f"{low:,}")

"""The claims of two campaigns: those of both side by side, the others by name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import saved
from dashboard.components.controls import span_of
from dashboard.components.forest import margin_axis, whiskers
from dashboard.components.outcome import status_badge
from dashboard.components.text import aria, card, foreign, glyph
from dashboard.data.snapshots import Snapshot
from dashboard.data.view import View
from dashboard.locale.numbers import measuring
from suite.verdicts.claim_verdict import ClaimVerdict

Pair = tuple[ClaimVerdict | None, ClaimVerdict | None]
Shared = tuple[ClaimVerdict, ClaimVerdict]
FEW_ROWS = 12  # that fill no more than a screen


def pairs_of(view: View, other: Snapshot) -> list[Pair]:
    """Claims by task and name, in the order of this campaign, then what only the other
    has.
    """
    here = {(v.task, v.claim): v for v in view.verdicts}
    there = {(v.task, v.claim): v for v in view.in_language(other)}
    return [
        (here.get(key), there.get(key))
        # Each key once, in order of first appearance.
        for key in dict.fromkeys([*here, *there])
    ]


def judged(pair: Pair) -> bool:
    """Whether both campaigns have a verdict on the claim, with all its blocks in."""
    return all(side is not None and side.complete for side in pair)


def moved(pair: Pair) -> bool:
    """Whether the two verdicts differ; one that waits for blocks is none yet."""
    here, there = pair
    if here is None or there is None or not judged(pair):
        return False
    return here.verdict != there.verdict


# ---------------------------------------------------------- claims that both have


def claims_card(
    view: View, other: Snapshot, shared: Sequence[Shared]
) -> html.Section:
    """A row per claim with both effects and verdicts, behind its task where there are
    many; what changed comes first.
    """
    words = view.words
    span = span_of([verdict for pair in shared for verdict in pair])
    # Labels and what a claim waits for depend on the campaign, so each side is
    # shown by a view of its own.
    views = (view, replace(view, snapshot=other))
    by_task = groupby(shared, key=lambda pair: pair[0].task)
    groups = [(task, sorted(pairs, key=_unmoved)) for task, pairs in by_task]
    # Where even these are many, their number stands beside the task.
    changed = {task: pairs for task, pairs in groups if any(map(moved, pairs))}
    few_changed = sum(map(len, changed.values())) <= FEW_ROWS
    opened = set(changed) if few_changed else set()
    if len(shared) <= FEW_ROWS:
        opened = {task for task, _ in groups}
    return card(
        _key(view, other),
        _top(view, span),
        *(
            _of_task(views, task, pairs, span, task in opened)
            for task, pairs in groups
        ),
        title=words("compare-verdicts"),
        className="forest-card",
        files=saved(view, "compare"),
    )


def _unmoved(pair: Pair) -> bool:
    return not moved(pair)


def _key(view: View, other: Snapshot) -> html.P:
    """Which campaign has which colour."""
    return html.P(
        [
            html.I(className="key here"),
            view.campaign.id,
            html.I(className="key there"),
            other.campaign.id,
        ],
        className="says keys",
    )


def _top(view: View, span: float) -> html.Div:
    words = view.words
    return html.Div(
        [
            html.Span(words("forest-claim")),
            margin_axis(span),
            html.Span(words("forest-effect")),
            html.Span(words("forest-verdict")),
        ],
        className="forest-row forest-top",
        **aria(hidden="true"),
    )


def _of_task(
    views: tuple[View, View],
    task: str,
    pairs: Sequence[Shared],
    span: float,
    opened: bool,
) -> html.Div:
    """A task's claims, behind its name and how many verdicts of them changed."""
    view, words = views[0], views[0].words
    changed = sum(map(moved, pairs))
    count = html.Small(words("compare-claims-of", claims=len(pairs)))
    tag = _tag(words("compare-changed-of", changed=changed))
    summary = html.Summary(
        [html.H3([view.title(task), count]), " ", tag if changed else None]
    )
    return html.Div(
        html.Details(
            [summary, html.Ul([_row(views, pair, span) for pair in pairs])],
            id=f"compare-{task}",
            className="forest-group question",
            open=opened,
        ),
        className="question-place",
    )


def _tag(text: str) -> html.Span:
    return html.Span([glyph("↔"), text], className="tag warn")


def _row(views: tuple[View, View], pair: Shared, span: float) -> html.Li:
    view, here = views[0], pair[0]
    words, changed = view.words, moved(pair)
    sides = [
        _side(verdict, span, of_side, name)
        for verdict, of_side, name in zip(
            pair, views, ("here", "there"), strict=True
        )
    ]
    says = foreign(here.says, words.language)
    to = view.link("/claim", task=here.task, claim=here.claim)
    claim = html.Div(
        [
            html.A(says, href=to),
            _tag(words("compare-changed")) if changed else None,
        ],
        className="says",
    )
    columns = [
        html.Div([side[place] for side in sides], className="both")
        for place in range(3)
    ]
    return html.Li(
        [claim, *columns],
        className="forest-row" + (" changed" if changed else ""),
    )


def _side(
    verdict: ClaimVerdict, span: float, view: View, name: str
) -> tuple[Component, Component, Component]:
    """One campaign's marks, effect and verdict, or what it waits for; the view is that
    of its own campaign.
    """
    words = view.words
    answer = status_badge(view, verdict)
    if not math.isfinite(verdict.effect):
        nothing = html.Div(html.I(className="zero"), className="forest")
        return nothing, html.Span("–"), answer
    scale, margin = measuring(verdict, words), verdict.margin
    low, high = verdict.deciding_interval
    marks = whiskers(
        verdict.effect / margin,
        (low / margin, high / margin),
        # One interval a side: two thick bars would hide each other.
        (math.nan, math.nan),
        1.0,
        span,
    )
    text = html.Span(
        [
            html.B(scale.signed(verdict.effect)),
            " ",
            html.Span(scale.deciding(verdict), className="muted"),
        ],
        className="num effect",
    )
    strip = html.Div(marks, className=f"forest {name}", **aria(hidden="true"))
    return strip, text, answer


# ------------------------------------------------------- claims that only one has


def of_one_campaign(
    view: View, other: Snapshot, pairs: Iterable[Pair]
) -> Component | None:
    """The claims that only one of the campaigns tests, folded away; None without any."""
    here, there = [], []
    for mine, theirs in pairs:
        if mine is not None and theirs is None:
            here.append(mine)
        if theirs is not None and mine is None:
            there.append(theirs)
    lists = [
        _listed(of_side, found)
        for of_side, found in (
            (view, here),
            (replace(view, snapshot=other), there),
        )
        if found
    ]
    if not lists:
        return None
    title = view.words("compare-only")
    return card(html.Div(lists), title=title, className="only")


def _listed(view: View, found: Sequence[ClaimVerdict]) -> html.Details:
    """The claims of one campaign by task, each a link to its page."""
    campaign = view.campaign.id
    count = view.words("compare-only-of", claims=len(found), name=campaign)
    by_task = groupby(found, key=lambda verdict: verdict.task)
    parts: list[Component] = []
    for task, verdicts in by_task:
        rows = [_named(view, verdict) for verdict in verdicts]
        parts += [html.H3(view.title(task)), html.Ul(rows)]
    return html.Details([html.Summary(count), html.Div(parts)])


def _named(view: View, verdict: ClaimVerdict) -> html.Li:
    to = view.link(
        "/claim",
        campaign=view.campaign.id,
        task=verdict.task,
        claim=verdict.claim,
    )
    says = foreign(verdict.says, view.words.language)
    return html.Li([html.A(says, href=to), " ", status_badge(view, verdict)])

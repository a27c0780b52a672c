"""Two campaigns side by side: which verdicts and effects moved, and what was different
about the runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import saved, table
from dashboard.components.controls import controls, select, span_of
from dashboard.components.forest import margin_axis, whiskers
from dashboard.components.outcome import status_badge
from dashboard.components.text import (
    aria,
    card,
    empty,
    foreign,
    glyph,
    head,
    note,
)
from dashboard.data.snapshots import Snapshot
from dashboard.data.view import View
from dashboard.locale.numbers import measuring
from suite.records.manifest import Manifest
from suite.records.results import Campaign
from suite.report.formatting import NONE
from suite.verdicts.claim_verdict import ClaimVerdict

PATH, TITLE = "/compare", "compare-title"
Pair = tuple[ClaimVerdict | None, ClaimVerdict | None]
Facts = dict[str, dict[str, str]]


def layout(view: View) -> Component:
    """This campaign beside another one: verdicts that moved, and what was
    different about the runs.
    """
    words = view.words
    others = [
        name
        for name in view.snapshots.results.ids()
        if name != view.campaign.id
    ]
    if not others:
        return html.Div(
            [
                head(words("compare-title"), words("compare-says")),
                empty(words("compare-one"), words("compare-one-says")),
            ]
        )
    other = _other(view)
    chooser = controls(
        select(
            view,
            "with",
            [(name, name) for name in others],
            other.campaign.id,
            words("choose-with"),
            320,
        )
    )
    top = head(words("compare-title"), words("compare-says"))
    # What was different is known from the manifests, without any verdict.
    if view.judging or other.verdicts is None:
        return html.Div(
            [
                top,
                chooser,
                empty(words("judging-title"), words("judging-says")),
                _differences(view, other),
            ]
        )
    pairs = _pairs(view, other)
    moved = [pair for pair in pairs if _moved(pair)]
    both = [pair for pair in pairs if _judged(pair)]
    summary = words("compare-moved", moved=len(moved), both=len(both))
    return html.Div(
        [
            top,
            chooser,
            note(summary),
            _verdicts(view, other, pairs),
            _differences(view, other),
        ]
    )


def frames(view: View) -> dict[str, pd.DataFrame]:
    """Both campaigns' verdicts, claim by claim."""
    rows = []
    for mine, theirs in _pairs(view, _other(view)):
        one = mine or theirs
        assert one is not None
        row: dict[str, Any] = {"task": one.task, "claim": one.claim}
        for name, side in (("here", mine), ("there", theirs)):
            if side is not None:
                # A claim that one campaign lacks has empty cells there.
                row |= {
                    f"verdict_{name}": side.verdict,
                    f"effect_{name}": side.effect,
                    f"low_{name}": side.interval[0],
                    f"high_{name}": side.interval[1],
                }
        rows.append(row)
    return {"compare": pd.DataFrame(rows)}


def _judged(pair: Pair) -> bool:
    """Whether both campaigns have a verdict on the claim, with all its blocks in."""
    return all(side is not None and side.complete for side in pair)


def _moved(pair: Pair) -> bool:
    """Whether the two verdicts differ; one that waits for blocks is none yet."""
    here, there = pair
    if here is None or there is None or not _judged(pair):
        return False
    return here.verdict != there.verdict


def _other(view: View) -> Snapshot:
    others = [
        name
        for name in view.snapshots.results.ids()
        if name != view.campaign.id
    ]
    return view.snapshots.get(view.chosen("with", others))


def _pairs(view: View, other: Snapshot) -> list[Pair]:
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


def _verdicts(view: View, other: Snapshot, pairs: list[Pair]) -> html.Section:
    words = view.words
    span = span_of([v for pair in pairs for v in pair if v is not None])
    top = html.Div(
        [
            html.Span(words("forest-claim")),
            margin_axis(span),
            html.Span(words("forest-effect")),
            html.Span(words("forest-verdict")),
        ],
        className="forest-row forest-top",
        **aria(hidden="true"),
    )
    # Labels and what a claim waits for depend on the campaign, so each side is
    # shown by a view of its own.
    views = (view, replace(view, snapshot=other))
    rows = [_row(views, pair, span) for pair in pairs]
    key = html.P(
        [
            html.I(className="key here"),
            view.campaign.id,
            html.I(className="key there"),
            other.campaign.id,
        ],
        className="says keys",
    )
    return card(
        key,
        top,
        html.Ul(rows, className="forest-group"),
        title=words("compare-verdicts"),
        className="forest-card",
        files=saved(view, "compare"),
    )


def _row(views: tuple[View, View], pair: Pair, span: float) -> html.Li:
    view, _ = views
    words = view.words
    one = pair[0] or pair[1]
    assert one is not None
    changed = _moved(pair)
    sides = [
        _side(verdict, span, of_side, name)
        for verdict, of_side, name in zip(
            pair, views, ("here", "there"), strict=True
        )
    ]
    tag = (
        html.Span([glyph("↔"), words("compare-changed")], className="tag warn")
        if changed
        else None
    )
    return html.Li(
        [
            html.Div(
                [
                    html.Small(view.title(one.task)),
                    html.Div(foreign(one.says, words.language)),
                    tag,
                ],
                className="says",
            ),
            *[
                html.Div([side[place] for side in sides], className="both")
                for place in range(3)
            ],
        ],
        className="forest-row" + (" changed" if changed else ""),
    )


def _side(
    verdict: ClaimVerdict | None, span: float, view: View, name: str
) -> tuple[Component, Component, Component]:
    """One campaign's marks, effect and verdict, or what it waits for; the view is that
    of its own campaign.
    """
    words = view.words
    if verdict is None or not math.isfinite(verdict.effect):
        answer = (
            status_badge(view, verdict)
            if verdict
            else html.Span(words("compare-absent"), className="muted")
        )
        return (
            html.Div(html.I(className="zero"), className="forest"),
            html.Span("–"),
            answer,
        )
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
    return (
        html.Div(marks, className=f"forest {name}", **aria(hidden="true")),
        text,
        status_badge(view, verdict),
    )


# ------------------------------------------------------------------ what was different


def _differences(view: View, other: Snapshot) -> html.Section:
    """Profile, code, versions, data and claims, only where they differ."""
    words = view.words
    mine, theirs = view.campaign.manifest, other.campaign.manifest
    rows = []
    for part in ("profile", "sources", "versions"):
        for name, here, there in differing(
            _part(mine, part), _part(theirs, part)
        ):
            rows.append(
                (
                    words.of("compare", part),
                    html.Code(name),
                    _value(here),
                    _value(there),
                )
            )
    for name, here, there in differing(*_data(view.campaign, other.campaign)):
        rows.append(
            (
                words("compare-data"),
                html.Code(name),
                _value(here),
                _value(there),
            )
        )
    for name, here, there in differing(_claims(mine), _claims(theirs)):
        rows.append(
            (
                words("compare-claims"),
                html.Code(name),
                _value(here),
                _value(there),
            )
        )
    if mine.root_seed != theirs.root_seed:
        rows.append(
            (
                words("compare-seed"),
                html.Code("root_seed"),
                _value(mine.root_seed),
                _value(theirs.root_seed),
            )
        )
    columns = [
        words("compare-what"),
        words("compare-name"),
        view.campaign.id,
        other.campaign.id,
    ]
    body = (
        table(columns, rows, label=words("compare-different"))
        if rows
        else html.P(words("compare-same"))
    )
    return card(
        body,
        title=words("compare-different"),
        says=words("compare-different-says"),
    )


def differing(
    here: Mapping[str, Any], there: Mapping[str, Any], path: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    """What is not equal in two nested mappings, by dotted path: leaves, and whole
    branches that one lacks (None).
    """
    # A branch that one side lacks is one line, not a line for each of its
    # fields.
    for name in dict.fromkeys([*here, *there]):
        a, b, full = (
            here.get(name),
            there.get(name),
            f"{path}.{name}" if path else str(name),
        )
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            yield from differing(a, b, full)
        elif a != b:
            yield full, a, b


def _data(here: Campaign, there: Campaign) -> tuple[Facts, Facts]:
    """What finals were trained and tested on, by task and level, where both campaigns
    have it.
    """
    mine, theirs = _facts(here.finals), _facts(there.finals)
    # A task that only one campaign has is told by its claims already.
    shared = sorted(mine.keys() & theirs.keys())
    return {place: mine[place] for place in shared}, {
        place: theirs[place] for place in shared
    }


def _facts(finals: pd.DataFrame) -> Facts:
    """What is recorded about the data at each ``task.level``, the values joined where
    blocks differ.
    """
    found: Facts = {}
    names = [str(name) for name in finals if str(name).startswith("data.")]
    for (task, level), mine in finals.groupby(["task", "level"], sort=True):
        told = {
            name.removeprefix("data."): mine[name].dropna().map(_text).unique()
            for name in names
        }
        found[f"{task}.{level}"] = {
            name: ", ".join(sorted(values))
            for name, values in told.items()
            if len(values)
        }
    return found


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _part(manifest: Manifest, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = manifest.model_dump(
        mode="json", include={name}
    )[name]
    return found


def _claims(manifest: Manifest) -> dict[str, Any]:
    return {
        f"{task}.{one.claim.name}": one.model_dump(mode="json")
        for task, told in manifest.tasks.items()
        for one in told.claims
    }


def _value(value: Any) -> html.Code:
    text = (
        NONE
        if value is None
        else str(value.get("says", value))
        if isinstance(value, Mapping)
        else str(value)
    )
    return html.Code(
        # Digests and versions differ at either end; the whole text is in the
        # title.
        text if len(text) <= 60 else text[:28] + " … " + text[-12:],
        title=text[:400],
    )

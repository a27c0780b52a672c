"""Two campaigns side by side: which verdicts and effects moved, and what was different
about the runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.controls import controls, select
from dashboard.components.text import empty, head, note
from dashboard.data.snapshots import Snapshot
from dashboard.data.view import View
from dashboard.pages.compare.claims import (
    Shared,
    claims_card,
    judged,
    moved,
    of_one_campaign,
    pairs_of,
)
from dashboard.pages.compare.differences import differences_card

PATH, TITLE = "/compare", "compare-title"


def layout(view: View) -> Component:
    """This campaign beside another one: verdicts that moved, and what was
    different about the runs.
    """
    words = view.words
    top = head(words("compare-title"), words("compare-says"))
    others = _others(view)
    if not others:
        nothing = empty(words("compare-one"), words("compare-one-says"))
        return html.Div([top, nothing])
    other = _other(view)
    names = [(name, name) for name in others]
    chooser = controls(
        select(
            view, "with", names, other.campaign.id, words("choose-with"), 320
        )
    )
    # What was different is known from the manifests, without any verdict.
    different = differences_card(view, other)
    return html.Div([top, chooser, *_verdicts(view, other), different])


def frames(view: View) -> dict[str, pd.DataFrame]:
    """Both campaigns' verdicts, claim by claim."""
    rows = []
    for mine, theirs in pairs_of(view, _other(view)):
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


def _others(view: View) -> list[str]:
    """The campaigns that this one can be compared with, newest first."""
    return [
        name
        for name in view.snapshots.results.ids()
        if name != view.campaign.id
    ]


def _other(view: View) -> Snapshot:
    return view.snapshots.get(view.chosen("with", _others(view)))


def _verdicts(view: View, other: Snapshot) -> list[Component]:
    """How many verdicts moved, claim by claim, and what only one campaign tests."""
    words = view.words
    if view.judging or other.verdicts is None:
        return [empty(words("judging-title"), words("judging-says"))]
    pairs = pairs_of(view, other)
    shared = [(here, there) for here, there in pairs if here and there]
    parts: list[Component] = [note(_summary(view, shared))]
    if shared:
        parts.append(claims_card(view, other, shared))
    alone = of_one_campaign(view, other, pairs)
    return parts if alone is None else [*parts, alone]


def _summary(view: View, shared: Sequence[Shared]) -> str:
    words = view.words
    if not shared:
        return words("compare-none-shared")
    changed = sum(moved(pair) for pair in shared)
    both = sum(judged(pair) for pair in shared)
    return words("compare-moved", moved=changed, both=both)

"""What did we find? A verdict per claim, all on one scale, and how far every cell is."""

from __future__ import annotations

from urllib.parse import quote

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.operations import stall_note
from dashboard.components.outcome import status_of
from dashboard.components.text import aria, badge, empty, glyph, head
from dashboard.components.universes import universes_card
from dashboard.data.view import View
from dashboard.pages.overview import choices
from dashboard.pages.overview.cells import matrix
from dashboard.pages.overview.forest import forest_card
from dashboard.pages.overview.progress import progress
from dashboard.theme import UNDECIDED, VERDICTS
from suite.verdicts.claim_verdict import ClaimVerdict

PATH, TITLE = "/", "overview-title"


def layout(view: View) -> Component:
    """Every claim of the campaign on one scale, and how far its cells are."""
    words = view.words
    title, says = words("overview-title"), words("overview-says")
    return html.Div(
        [
            head(
                title, says, _counts(view, choices.status(view)), _report(view)
            ),
            stall_note(view),
            progress(view),
            *_verdicts(view),
            matrix(view),
        ]
    )


def frames(view: View) -> dict[str, pd.DataFrame]:
    """The verdicts and the cells as tables."""
    rows = [_frame_row(verdict) for verdict in view.verdicts]
    return {"verdicts": pd.DataFrame(rows), "cells": view.campaign.cells}


def _frame_row(verdict: ClaimVerdict) -> dict[str, object]:
    return {
        "task": verdict.task,
        "claim": verdict.claim,
        "says": verdict.says,
        "verdict": verdict.verdict,
        "effect": verdict.effect,
        "low": verdict.deciding_interval[0],
        "high": verdict.deciding_interval[1],
        "low_unadjusted": verdict.interval[0],
        "high_unadjusted": verdict.interval[1],
        "margin": verdict.margin,
        "scale": verdict.scale,
        "blocks": verdict.blocks,
        "planned": verdict.planned,
        "win_rate": verdict.win_rate,
        "effect_size": verdict.effect_size,
        "label": verdict.label,
    }


def _verdicts(view: View) -> list[Component]:
    """The claims that are asked for, in one plot."""
    words = view.words
    if view.judging:
        return [empty(words("judging-title"), words("judging-says"))]
    if not view.verdicts:
        return [
            empty(
                words("overview-no-claims"), words("overview-no-claims-says")
            )
        ]
    varied = universes_card(view, view.multiverses)
    own = _own_verdicts(view) if view.own_verdicts else []
    return [*own, varied] if varied else own


def _own_verdicts(view: View) -> list[Component]:
    """Those of the tasks' own claims."""
    chooser, shown = choices.choosing(view), choices.listed(view)
    if not shown:
        return [chooser, _nothing_found(view)]
    return [chooser, forest_card(view, shown)]


def _nothing_found(view: View) -> Component:
    """That no claim is as asked for, and the way back to all of them."""
    words = view.words
    back = html.A(
        words("overview-show-all"), href=view.link("/"), className="button"
    )
    return empty(
        words("overview-none-found"), words("overview-none-found-says"), back
    )


def _report(view: View) -> Component:
    """A link to the one-file report."""
    words = view.words
    return html.A(
        ["↓ ", words("report-get")],
        href=f"/report/{quote(view.campaign.id)}.html",
        download="",
        className="button",
        title=words("report-says"),
    )


def _counts(view: View, wanted: str) -> html.Nav:
    """How many claims got which verdict, and how many wait for blocks; each toggles a
    filter.
    """
    # Universes are variants of one claim and would outnumber all others.
    found = [status_of(view, verdict) for verdict in view.own_verdicts]
    links = [
        _filter(view, status, found.count(status), on=status == wanted)
        for status in (*VERDICTS, *UNDECIDED)
        if status in found
    ]
    label = aria(label=view.words("overview-filter"))
    return html.Nav(links, className="counts", **label)


def _filter(view: View, status: str, count: int, on: bool) -> html.A:
    text = f"{count} {view.words.of('verdict', status).lower()}"
    # A second click on the same verdict shows all again.
    others = {**choices.kept(view), "verdict": "" if on else status}
    to = view.link("/", **others)
    state = aria(current="true") if on else {}
    if status in VERDICTS:
        mark = badge(status, view.words, text)
    else:
        mark = html.Span(
            [glyph(UNDECIDED[status]), text], className="undecided"
        )
    return html.A(mark, href=to, className="filter", **state)

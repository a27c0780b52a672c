"""What if one had run it once? How often fewer blocks would have pointed the other way,
from the blocks on record.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import chart, table
from dashboard.components.controls import controls, option, select
from dashboard.components.text import foreign
from dashboard.data.view import View
from dashboard.figures import Spec, numbers, pick, spec
from dashboard.figures.blocks import plotly_axis
from dashboard.figures.hover import ONLY
from dashboard.locale.numbers import percent
from suite.report.charts.build import block_chart
from suite.report.charts.spec import BlockChart, BlockRow
from suite.report.formatting import amounts
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.resampling import Draws, draws_of

NAME = "once"  # of the chart
COUNTS = (1, 2, 3, 6, 10)  # blocks that are drawn
FEWEST = 3  # blocks on record, below which nothing can be said
BARS = 41  # an odd number: one bar stands on the line between for and against
HEIGHT = 300  # px


def once_part(
    view: View, verdicts: Sequence[ClaimVerdict]
) -> Component | None:
    """A claim to choose, the means of so many of its blocks, and how often they point
    the other way; None where no claim has blocks that differ.
    """
    usable = [verdict for verdict in verdicts if _blocks_of(verdict)]
    if not usable:
        return None
    words = view.words
    verdict = _chosen(view, usable)
    claims = [(one.claim, one.says) for one in usable]
    options = [(str(count), str(count)) for count in COUNTS]
    drawn = chart(
        view,
        NAME,
        _spec(view, verdict),
        title=words("once-title"),
        says=words("once-says", blocks=len(_values(verdict))),
        height=HEIGHT,
    )
    choosing = [
        select(
            view,
            "claim",
            claims,
            verdict.claim,
            words("choose-claim"),
            width=560,
        ),
        option(view, "n", options, words("once-blocks")),
    ]
    counted = html.Section(
        [html.H2(words("once-opposite")), _table(view, usable)],
        className="card",
    )
    return html.Div([controls(*choosing), drawn, counted], id="once")


def _table(view: View, usable: Sequence[ClaimVerdict]) -> Component:
    """Each claim with its share of draws that point the other way."""
    words, language = view.words, view.words.language
    counts = [words("topic-blocks", count=count) for count in COUNTS]
    rows = [
        (
            html.Span(foreign(verdict.says, language), className="says"),
            *(
                percent(share, 1)
                for share in shares_opposite(verdict).values()
            ),
        )
        for verdict in usable
    ]
    numeric = range(1, len(COUNTS) + 1)
    return table(
        [words("choose-claim"), *counts],
        rows,
        label=words("once-opposite"),
        numeric=numeric,
    )


def once_frame(verdicts: Sequence[ClaimVerdict]) -> pd.DataFrame | None:
    """The share of draws that point the other way, by claim and number of blocks; None
    where no claim has blocks that differ.
    """
    rows = [
        {"claim": verdict.claim, "blocks": count, "opposite": share}
        for verdict in verdicts
        if _blocks_of(verdict)
        for count, share in shares_opposite(verdict).items()
    ]
    return pd.DataFrame(rows) if rows else None


def _chosen(view: View, usable: Sequence[ClaimVerdict]) -> ClaimVerdict:
    """The claim that the address names, or the first that has blocks that differ."""
    by_name = {verdict.claim: verdict for verdict in usable}
    names = [claim["name"] for claim in view.about["claims"]]
    return by_name.get(view.chosen("claim", names), usable[0])


def shares_opposite(verdict: ClaimVerdict) -> dict[int, float]:
    """How often the mean of so many blocks, drawn from those on record, lies on the
    other side of the line between for and against than the mean of all of them does.
    """
    values, zero = _values(verdict), _zero(verdict)
    full = sum(values) / len(values)
    return {
        count: draws_of(values, count).share_opposite(full, zero)
        for count in COUNTS
    }


def _blocks_of(verdict: ClaimVerdict) -> tuple[BlockChart, BlockRow] | None:
    """The chart of the claim's blocks and its row at the level that decides; None if
    there are too few, or if all are equal.
    """
    # From the claim page's chart, so that effects are on the same scale here.
    found = block_chart(verdict)
    if found is None or verdict.kind == "always":
        return None
    row = found.at(verdict.level or None) or found.rows[0]
    values = {dot.value for dot in row.dots}
    if len(row.dots) < FEWEST or len(values) < 2:
        return None
    # A mean on the line itself has no other side.
    full = math.fsum(dot.value for dot in row.dots) / len(row.dots)
    return None if full == found.zero else (found, row)


def _values(verdict: ClaimVerdict) -> list[float]:
    """Each block's effect as its chart has it."""
    found = _blocks_of(verdict)
    assert found is not None  # the claim was usable
    return [dot.value for dot in found[1].dots]


def _zero(verdict: ClaimVerdict) -> float:
    return amounts(verdict).of_effect(0.0)


def _spec(view: View, verdict: ClaimVerdict) -> Spec:
    """How the means of so many blocks are distributed, by the chosen number."""
    words, values, zero = view.words, _values(verdict), _zero(verdict)
    found = _blocks_of(verdict)
    assert found is not None
    edges = _edges(values, zero)
    middles = (edges[:-1] + edges[1:]) / 2
    full = sum(values) / len(values)
    by_count = {count: draws_of(values, count) for count in COUNTS}
    heights = {str(n): _heights(draws, edges) for n, draws in by_count.items()}
    notes = {
        str(n): words(
            "once-note",
            n=n,
            share=percent(draws.share_opposite(full, zero), 1),
        )
        for n, draws in by_count.items()
    }
    agrees = np.sign(middles - zero) == np.sign(full - zero)
    bars = {
        "type": "bar",
        "x": numbers(middles),
        "y": pick("n", **heights),
        "width": float(edges[1] - edges[0]) * 0.92,
        "marker": {"color": ["accent" if same else "warn" for same in agrees]},
        "hovertemplate": words("hover-drawn", share="%{y:.1%}") + ONLY,
        "showlegend": False,
    }
    axis = plotly_axis(found[0].axis)
    x = {
        **axis,
        "range": [float(edges[0]), float(edges[-1])],
        "title": words("once-axis"),
    }
    y = {
        "title": words("once-share"),
        "tickformat": ".0%",
        "rangemode": "tozero",
    }
    layout: dict[str, Any] = {
        "shapes": [_line(zero)],
        "annotations": [_note(pick("n", **notes))],
        "hovermode": "closest",
        "margin": {"l": 56, "r": 16, "t": 52, "b": 44},
    }
    return spec([bars], x, y, layout=layout)


def _edges(values: Sequence[float], zero: float) -> np.ndarray:
    """The edges of bars over all values and the line, which one edge lies on."""
    low, high = min(*values, zero), max(*values, zero)
    # Three bars fewer: one of air at either end, and one because both ends are
    # rounded outwards.
    width = (high - low) / (BARS - 3)
    first = math.floor((low - zero) / width) - 1
    last = math.ceil((high - zero) / width) + 1
    return zero + width * np.arange(first, last + 1)


def _heights(draws: Draws, edges: np.ndarray) -> list[float | None]:
    """How likely a mean falls into each bar."""
    found, _ = np.histogram(draws.means, edges, weights=draws.weights)
    return numbers(found)


def _line(zero: float) -> dict[str, Any]:
    """The line between for and against."""
    return {
        "type": "line",
        "x0": zero,
        "x1": zero,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": "muted", "width": 1.5},
    }


def _note(text: Any) -> dict[str, Any]:
    """A sentence above the bars."""
    return {
        "text": text,
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "bottom",
        "yshift": 8,
        "align": "left",
        "showarrow": False,
        "font": {"size": 14, "color": "text"},
    }

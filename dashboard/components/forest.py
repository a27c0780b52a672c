"""Forest plots in HTML and CSS: effects with their intervals, in margins, so that -1 to 1
is the band of differences too small to matter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.components.text import aria
from dashboard.locale import Words
from dashboard.locale.numbers import measuring
from suite.report.formatting import MINUS
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.statistics import Interval

TICKS = (-1.0, -0.5, 0.0, 0.5, 1.0)
# margins up to an axis's end with which the labels -1, 0 and +1 do not overlap
WIDEST_WITH_UNITS = 5.0


def reach_of(verdict: ClaimVerdict) -> float:
    """The largest distance from 0 that a row shows, mean and interval, in margins; 0
    where there is no number.
    """
    ends = [
        abs(end) / verdict.margin
        for end in (*verdict.interval, verdict.effect)
        if math.isfinite(end)
    ]
    return max(ends, default=0.0)


def forest(verdict: ClaimVerdict, span: float, words: Words) -> html.Div:
    """One claim's effect in margins, from ``-span`` to ``span``: the band within the
    margin, both intervals, the mean.
    """
    scale = measuring(verdict, words)
    margin = verdict.margin
    if not math.isfinite(verdict.effect):
        return html.Div(
            html.I(className="zero"),
            className="forest void",
            role="img",
            **aria(label=words("forest-none")),
        )
    marks = whiskers(
        verdict.effect / margin,
        (verdict.interval[0] / margin, verdict.interval[1] / margin),
        (
            verdict.deciding_interval[0] / margin,
            verdict.deciding_interval[1] / margin,
        ),
        1.0,
        span,
    )
    label = words(
        "forest-label",
        effect=scale.full(verdict.effect),
        interval=scale.deciding(verdict),
        margin=scale.amount(margin),
    )
    return html.Div(
        marks,
        className=f"forest {verdict.verdict}",
        role="img",
        **aria(label=label),
    )


def whiskers(
    effect: float,
    interval: Interval,
    deciding: Interval,
    margin: float,
    span: float,
    zero: bool = True,
) -> list[Component]:
    """The marks of a forest row: band, zero line, plain interval (thin), deciding
    interval (thick), mean.
    """

    def at(value: float) -> float:
        # In per cent of the row's width, 0 in the middle, cut off at both
        # ends.
        return 50 + 50 * max(-1.0, min(1.0, value / span))

    def bar(kind: str, low: float, high: float) -> html.I:
        left, right = at(low), at(high)
        style = {
            "left": f"{left:.3f}%",
            # An interval without width would be invisible.
            "width": f"{max(right - left, 0.4):.3f}%",
        }
        return html.I(className=kind, style=style)

    marks: list[Component] = [
        bar("band", -margin, margin),
        html.I(className="zero"),
    ]
    if all(map(math.isfinite, interval)):
        # Later marks lie over earlier ones: the mean is never hidden.
        marks.append(bar("plain", *interval))
    if all(map(math.isfinite, deciding)):
        marks.append(bar("deciding", *deciding))
    marks.append(
        html.I(className="mean", style={"left": f"{at(effect):.3f}%"})
    )
    return [*marks, *_beyond(effect, interval, span)]


def _beyond(
    effect: float, interval: Interval, span: float
) -> Iterator[Component]:
    """Arrows at the edges that the interval runs past. Where the mean itself is past an
    edge, its dot is drawn there, with its value in margins instead of the arrow.
    """
    for side, farthest, sign in (
        # min and max ignore an interval of NaN, since comparisons with it are
        # false.
        ("low", min(effect, *interval), -1),
        ("high", max(effect, *interval), 1),
    ):
        if sign * effect > span:
            yield html.Span(in_margins(effect), className=f"off-scale {side}")
        elif sign * farthest > span:
            yield html.I(className=f"beyond {side}")


def in_margins(value: float) -> str:
    """``+1``, ``−12.3``, ``0``."""
    text = f"{value:+.3g}" if value else "0"
    return text.replace("-", MINUS)


def axis(ticks: Sequence[tuple[float, str]]) -> html.Div:
    """Tick labels above or below forest rows; places are shares of the reach on either
    side of 0, from -1 to 1.
    """
    spans = [
        html.Span(text, style={"left": f"{50 + 50 * place:.2f}%"})
        for place, text in ticks
    ]
    return html.Div(spans, className="forest-axis", **aria(hidden="true"))


def margin_axis(span: float) -> html.Div:
    """Ticks in margins: one margin on either side of 0, and the ends. Where one margin
    is too narrow for labels of its own, the band's label is ``±1``.
    """
    if span > WIDEST_WITH_UNITS:
        ends = [place * span for place in (-1, -0.5, 0.5, 1)]
        middle = [(0.0, "±1")]
    else:
        ends = [-span, span]
        middle = [(one / span, in_margins(one)) for one in (-1.0, 0.0, 1.0)]
    outer = [(value / span, in_margins(value)) for value in ends]
    return axis(sorted([*outer, *middle]))


def own_axis(verdict: ClaimVerdict, span: float, words: Words) -> html.Div:
    """The same scale in the claim's own unit."""
    scale = measuring(verdict, words)
    return axis(
        [(tick, scale.tick(tick * span * verdict.margin)) for tick in TICKS]
    )

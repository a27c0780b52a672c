"""Forest plots in HTML and CSS."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dash import html

from dashboard.components.text import aria
from dashboard.locale import Words
from dashboard.locale.numbers import measuring
from suite.report.formatting import MINUS
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.statistics import Interval

TICKS = (-1.0, -0.5, 0.0, 0.5, 1.0)


def reach_of(verdict: ClaimVerdict) -> float:
    ends = [
        abs(end) / verdict.margin
        for end in (*verdict.interval, verdict.effect)
        if math.isfinite(end)
    ]
    return max(ends, default=0.0)


def forest(verdict: ClaimVerdict, span: float, words: Words) -> html.Div:
    """One claim's effect on a scale of margins: the band that does not matter, both
    intervals, the mean.
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
        (verdict.deciding_interval[0] / margin, verdict.deciding_interval[1] / margin),
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
        marks, className=f"forest {verdict.verdict}", role="img", **aria(label=label)
    )


def whiskers(
    effect: float,
    interval: Interval,
    local: Interval,
    margin: float,
    span: float,
    zero: bool = True,
) -> list[html.I]:
    """The marks of a forest row: band, zero line, plain interval (thin), deciding
    interval (thick), mean.
    """

    def at(value: float) -> float:
        return 50 + 50 * max(-1.0, min(1.0, value / span))

    def bar(kind: str, low: float, high: float) -> html.I:
        left, right = at(low), at(high)
        style = {"left": f"{left:.3f}%", "width": f"{max(right - left, 0.4):.3f}%"}
        return html.I(className=kind, style=style)

    marks = [bar("band", -margin, margin), html.I(className="zero")]
    if all(map(math.isfinite, interval)):
        marks.append(bar("plain", *interval))
    if all(map(math.isfinite, local)):
        marks.append(bar("local", *local))
    if abs(effect) <= span:
        marks.append(html.I(className="mean", style={"left": f"{at(effect):.3f}%"}))
    for side, beyond in (
        ("low", min(effect, *interval) < -span),
        ("high", max(effect, *interval) > span),
    ):
        if beyond:
            marks.append(html.I(className=f"beyond {side}"))
    return marks


def axis(labels: Sequence[str]) -> html.Div:
    """Tick labels below (or above) forest rows, evenly spaced."""
    step = 100 / (len(labels) - 1)
    spans = [
        html.Span(text, style={"left": f"{step * place:.2f}%"})
        for place, text in enumerate(labels)
    ]
    return html.Div(spans, className="forest-axis", **aria(hidden="true"))


def margin_axis(span: float) -> html.Div:
    return axis(
        [f"{tick * span:+g}".replace("-", MINUS) if tick else "0" for tick in TICKS]
    )


def own_axis(verdict: ClaimVerdict, span: float, words: Words) -> html.Div:
    """The same scale in the claim's own unit."""
    scale = measuring(verdict, words)
    return axis([scale.tick(tick * span * verdict.margin) for tick in TICKS])

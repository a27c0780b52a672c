"""Charts of the single blocks that a verdict is computed from, one pair per level."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import chart
from dashboard.data.view import View
from dashboard.figures.blocks import differences, pairs, trend
from dashboard.locale.numbers import directed
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.kinds import kind_of

TREND_HEIGHT, EMPTY_HEIGHT = 320, 240  # pixels


def levels_of(verdict: ClaimVerdict) -> list[str | None]:
    """The levels that blocks were compared at; None for one over all levels."""
    # In the order of the plan, which sorting by name would lose.
    return list(dict.fromkeys(row["level"] for row in verdict.per_block))


def block_charts(view: View, verdict: ClaimVerdict) -> list[Component]:
    """The charts of a claim: its trend where it runs over levels, and for each
    level the differences beside the pairs.
    """
    found: list[Component] = []
    if kind_of(verdict.kind).over_levels:
        found.append(_trend(view, verdict))
    found += [_at_level(view, verdict, level) for level in levels_of(verdict)]
    return found


def _trend(view: View, verdict: ClaimVerdict) -> html.Section:
    words = view.words
    axis = str(view.about.get("axis") or words("choose-level"))
    return chart(
        view,
        "trend",
        trend(verdict, words, axis),
        title=words("claim-trend"),
        says=words("claim-trend-says"),
        height=TREND_HEIGHT,
    )


def _at_level(
    view: View, verdict: ClaimVerdict, level: str | None
) -> html.Div:
    """Each block's difference at one level, and next to it both arms' values."""
    words = view.words
    spec = differences(verdict, level, words)
    height = int(spec["height"]) if spec else EMPTY_HEIGHT
    place = _place(view, verdict, level)
    charts = [
        chart(
            view,
            f"differences-{level or 'all'}",
            spec,
            title=words("claim-differences") + place,
            says=directed(words, "claim-differences-says", verdict),
            height=height,
        )
    ]
    label = verdict.metric_label
    both = (
        pairs(verdict, level, view.about["arms"], words, label)
        if level
        else None
    )
    if both:
        charts.append(
            chart(
                view,
                f"pairs-{level}",
                both,
                title=words("claim-pairs") + place,
                says=words("claim-pairs-says"),
                height=height,
            )
        )
    return html.Div(charts, className="grid two" if both else "")


def _place(view: View, verdict: ClaimVerdict, level: str | None) -> str:
    """The suffix of a chart's title if there are charts of several levels."""
    if level is None or len(levels_of(verdict)) == 1:
        return ""
    return f" · {view.level_label(verdict.task, level)}"

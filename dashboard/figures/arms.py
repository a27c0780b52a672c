"""The paired differences of any two arms, block by block."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dashboard.figures import Spec, Trace, numbers, spec
from dashboard.figures.blocks import block_axis, rule, stripe
from dashboard.locale import Words
from suite.report.formatting import Amounts
from suite.verdicts.arm_pair import ArmPair

LEAST_HEIGHT = 120  # pixels, for the axis and its title
PER_BLOCK = 24
AIR = 0.08  # of what is shown, beyond it


def pair_amounts(pair: ArmPair) -> Amounts:
    """How the differences of two arms are written."""
    share = pair.metric.is_share
    possible = (-1.0, 1.0) if share else (-math.inf, math.inf)
    return Amounts(
        share, ratio=False, slope=False, promised=0.0, possible=possible
    )


def arm_differences(pair: ArmPair, title: str, words: Words) -> Spec | None:
    """A dot per block, the mean and its interval; None without a complete block."""
    if not pair.blocks:
        return None
    written = pair_amounts(pair)
    shown = [written.of_effect(block.difference) for block in pair.blocks]
    dots: Trace = {
        "type": "scatter",
        "mode": "markers",
        "x": numbers(shown),
        "y": [f"{words('block')} {block.block}" for block in pair.blocks],
        "customdata": [written.signed(value) for value in shown],
        "showlegend": False,
        "marker": {
            "color": "text",
            "size": 9,
            "line": {"color": "surface", "width": 1.5},
        },
        "hovertemplate": "%{y}: %{customdata}<extra></extra>",
    }
    shapes = [
        rule(0.0, "muted", "solid"),
        rule(written.of_effect(pair.effect), "text", "dash"),
    ]
    low, high = (written.of_effect(end) for end in pair.interval)
    if math.isfinite(low) and math.isfinite(high):
        shapes.insert(0, stripe(low, high, "muted/0.15"))
        shown = [*shown, low, high]
    return spec(
        [dots],
        {"title": title, "showgrid": True, "range": _range([0.0, *shown])},
        block_axis(len(pair.blocks)),
        layout={"shapes": shapes, "hovermode": "closest"},
        height=LEAST_HEIGHT + PER_BLOCK * len(pair.blocks),
    )


def _range(values: Sequence[float]) -> list[float | None]:
    """An axis that shows all values, with air on both sides."""
    low, high = min(values), max(values)
    air = AIR * (high - low) or 1.0
    return numbers([low - air, high + air])

"""The paired differences of any two arms, block by block, and of all arms against one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from dashboard.figures import Spec, Trace, numbers, spec
from dashboard.figures.blocks import block_axis, rows_height, rule, stripe
from dashboard.locale import Words
from suite.report.formatting import Amounts
from suite.verdicts.arm_pair import ArmPair
from suite.verdicts.arm_ranking import ArmRanking

AIR = 0.08  # of what is shown, beyond it


def pair_amounts(pair: ArmPair) -> Amounts:
    """How the differences of two arms are written."""
    share = pair.metric.is_share
    # Differences of two shares.
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
        # Below the lines, which would lose contrast under it.
        shapes.insert(0, stripe(low, high, "muted/0.15"))
        shown = [*shown, low, high]
    return spec(
        [dots],
        {"title": title, "showgrid": True, "range": _range([0.0, *shown])},
        block_axis(len(pair.blocks)),
        layout={"shapes": shapes, "hovermode": "closest"},
        height=rows_height(len(pair.blocks)),
    )


def ranking(
    ranked: ArmRanking, label: Callable[[str], str], title: str
) -> Spec | None:
    """A row per arm, the best at the top: its mean lead over the reference and the
    interval; None where no arm has a lead.
    """
    pairs = [pair for pair in ranked.pairs if math.isfinite(pair.effect)]
    if not pairs:
        return None
    written = pair_amounts(pairs[0])
    means = [written.of_effect(pair.effect) for pair in pairs]
    ends = [_ends(pair) for pair in pairs]
    names = [label(pair.first) for pair in pairs]
    told = [_told(pair) for pair in pairs]
    dots: Trace = {
        "type": "scatter",
        "mode": "markers",
        "x": numbers(means),
        "y": names,
        "customdata": told,
        "showlegend": False,
        "marker": {"color": "text", "size": 9},
        "error_x": {
            "type": "data",
            "symmetric": False,
            # plotly wants the lengths of both arms of an error bar, not their
            # ends.
            "array": numbers(
                high - mean
                for mean, (_, high) in zip(means, ends, strict=True)
            ),
            "arrayminus": numbers(
                mean - low for mean, (low, _) in zip(means, ends, strict=True)
            ),
            "color": "muted",
            "thickness": 1.6,
            "width": 0,
        },
        "hovertemplate": "%{y}: %{customdata}<extra></extra>",
    }
    shown = [0.0, *means, *(end for pair in ends for end in pair)]
    return spec(
        [dots],
        {"title": title, "showgrid": True, "range": _range(shown)},
        block_axis(len(pairs)),
        layout={
            "shapes": [rule(0.0, "muted", "solid")],
            "hovermode": "closest",
        },
        height=rows_height(len(pairs)),
    )


def _ends(pair: ArmPair) -> tuple[float, float]:
    """The interval as it is written; the mean alone where there is none."""
    written = pair_amounts(pair)
    if not all(map(math.isfinite, pair.interval)):
        mean = written.of_effect(pair.effect)
        return mean, mean
    # A t interval of a difference of shares may end beyond what is possible.
    low, high = pair.interval
    least, most = written.possible
    return (
        written.of_effect(max(low, least)),
        written.of_effect(min(high, most)),
    )


def _told(pair: ArmPair) -> str:
    """The mean and its interval in figures."""
    written = pair_amounts(pair)
    mean = written.signed(written.of_effect(pair.effect))
    low, high = map(written.signed, _ends(pair))
    return f"{mean} ({low}, {high})"


def _range(values: Sequence[float]) -> list[float | None]:
    """An axis that shows all values, with air on both sides."""
    low, high = min(values), max(values)
    # All values may be equal, and an axis needs a length.
    air = AIR * (high - low) or 1.0
    return numbers([low - air, high + air])

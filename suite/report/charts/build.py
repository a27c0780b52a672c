"""From verdicts and curves to chart specifications.

An interval of a bounded metric may reach beyond what is possible: that of an accuracy
beyond 100 %. In drawings it is clipped at the bound; numbers in tables are not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from suite.report.charts.lines import SHARE
from suite.report.charts.spec import (
    INFINITE,
    Axis,
    BlockChart,
    BlockRow,
    CurveChart,
    Dot,
    ForestStrip,
    Line,
    Tick,
    TrendChart,
    TrendPoint,
)
from suite.report.charts.ticks import around, factor_ticks, linear_ticks
from suite.report.formatting import Amounts, amounts
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.statistics import Interval

REACH = 4.0  # margins to either side that a forest strip shows
DWARFED = 4.0  # times the range of the means: how far intervals may widen a chart
STEEP = 0.1  # the share of a run in which its curve may leave the chart
POINTS: Interval = (-100.0, 100.0)  # what a difference of two shares can be


# ------------------------------------------------------------------------- verdicts


def block_chart(
    verdict: ClaimVerdict,
    sides: tuple[str, str] = ("", ""),
    level_label: Callable[[str], str] = str,
    title: str = "",
    write: Callable[[float], str] | None = None,
) -> BlockChart | None:
    """Every block's difference at every level; None before any block is complete.

    ``title`` is that of the axis, its unit if none is given; ``write`` formats an
    effect, in English if none is given.
    """
    blocks = [row for row in verdict.per_block if math.isfinite(row["difference"])]
    if not blocks:
        return None
    written = amounts(verdict)
    levels = dict.fromkeys(row["level"] for row in blocks)
    write = write or written.effect
    rows = [
        _block_row(
            verdict,
            [row for row in blocks if row["level"] == level],
            level,
            "" if level is None else level_label(str(level)),
            write,
        )
        for level in levels
    ]
    band = (written.of_effect(-verdict.margin), written.of_effect(verdict.margin))
    return BlockChart(
        title=verdict.says,
        verdict=verdict.verdict,
        axis=_effect_axis(rows, band, written, title or written.unit.strip()),
        rows=tuple(rows),
        band=band,
        zero=written.of_effect(0.0),
        sides=sides,
    )


def _block_row(
    verdict: ClaimVerdict,
    blocks: Sequence[Mapping[str, Any]],
    level: str | None,
    label: str,
    write: Callable[[float], str],
) -> BlockRow:
    written, bounds = amounts(verdict), effect_bounds(verdict)
    numbers = numbers_at(verdict, level)
    dots = []
    for row in sorted(blocks, key=lambda row: int(row["block"])):
        difference = float(row["difference"])
        shown = written.of_effect(difference)
        dots.append(Dot(int(row["block"]), shown, write(difference)))

    def drawn(interval: Interval) -> Interval | None:
        low, high = (written.of_effect(end) for end in interval)
        return clipped((low, high), bounds)

    return BlockRow(
        level=level,
        label=label,
        dots=tuple(dots),
        effect=written.of_effect(numbers["effect"]),
        interval=drawn(numbers["interval"]),
        adjusted=drawn(numbers["adjusted_interval"]),
    )


def numbers_at(verdict: ClaimVerdict, level: str | None) -> Mapping[str, Any]:
    """Effect and intervals at a level: the claim's own where it has only one."""
    for row in verdict.by_level:
        if row.get("level") == level and "adjusted_interval" in row:
            return row
    names = ("effect", "interval", "adjusted_interval")
    return {name: getattr(verdict, name) for name in names}


def effect_bounds(verdict: ClaimVerdict) -> Interval:
    """What an effect can be, as charts show it."""
    written = amounts(verdict)
    return POINTS if written.percent and not written.slope else INFINITE


def clipped(interval: Interval, bounds: Interval) -> Interval | None:
    """The part of an interval that is possible; None if it has no finite ends."""
    low, high = interval
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    least, most = bounds
    return min(max(low, least), most), min(max(high, least), most)


def _effect_axis(
    rows: Sequence[BlockRow], band: Interval, written: Amounts, title: str
) -> Axis:
    """Wide enough for dots, band and intervals.

    Intervals count only as far as three times the range of all that was seen: those of
    two or three blocks are so wide that nothing else could be made out.
    """
    seen = [*band, *(dot.value for row in rows for dot in row.dots)]
    least, most = min(seen), max(seen)
    reach = (2 * least - most, 2 * most - least)
    ends = [
        min(max(end, reach[0]), reach[1])
        for row in rows
        for end in (row.adjusted or ())
    ]
    low, high = around([*seen, *ends])
    return Axis(title, low, high, _effect_ticks(low, high, written))


def _effect_ticks(low: float, high: float, written: Amounts) -> tuple[Tick, ...]:
    if written.ratio:
        values = [math.log(f) for f in factor_ticks(math.exp(low), math.exp(high))]
    else:
        values = linear_ticks(low, high, about=6)
    return tuple(Tick(value, written.tick(value)) for value in values)


def trend_chart(
    verdict: ClaimVerdict, x_title: str, y_title: str = ""
) -> TrendChart | None:
    """An interaction: the gap at each level; None with fewer than two levels."""
    rows = [
        row for row in verdict.by_level if "x" in row and math.isfinite(row["effect"])
    ]
    if len(rows) < 2:
        return None
    # A gap at one level is no slope, and nothing was promised of it.
    written = replace(amounts(verdict), slope=False, promised=0.0)
    bounds = POINTS if written.percent else INFINITE
    points = []
    for row in sorted(rows, key=lambda row: float(row["x"])):
        low, high = (written.shown(end) for end in row["interval"])
        value = written.shown(row["effect"])
        interval = clipped((low, high), bounds)
        text = _gap_text(written, value, interval)
        points.append(TrendPoint(float(row["x"]), value, interval, text))
    ends = [end for point in points for end in (point.value, *(point.interval or ()))]
    low, high = around([*ends, 0.0])
    return TrendChart(
        title=verdict.says,
        verdict=verdict.verdict,
        x=_level_axis([point.x for point in points], x_title),
        y=Axis(y_title, low, high, _effect_ticks(low, high, written)),
        points=tuple(points),
    )


def _gap_text(written: Amounts, value: float, interval: Interval | None) -> str:
    """``+3.2 (+1.6 – +4.8)``: the unit is in the axis title."""
    text = written.signed(value)
    if interval:
        low, high = map(written.signed, interval)
        text += f" ({low} – {high})"
    return text


def _level_axis(places: Sequence[float], title: str) -> Axis:
    """An axis with a tick at each level, spaced by the ratios of their places."""
    low, high = around(math.log(place) for place in places)
    ticks = tuple(Tick(place, f"{place:,g}") for place in dict.fromkeys(places))
    return Axis(title, math.exp(low), math.exp(high), ticks, log=True)


def forest_strip(verdict: ClaimVerdict, reach: float = REACH) -> ForestStrip | None:
    """The effect and its intervals in units of the margin; None without a block."""
    if verdict.blocks == 0 or not math.isfinite(verdict.effect):
        return None
    margin = verdict.margin

    def in_margins(interval: Interval) -> Interval | None:
        low, high = interval
        return clipped((low / margin, high / margin), INFINITE)

    effect = verdict.effect / margin
    return ForestStrip(
        title=f"The effect in units of the margin: {effect:.2g}",
        verdict=verdict.verdict,
        reach=reach,
        effect=effect,
        interval=in_margins(verdict.interval),
        adjusted=in_margins(verdict.deciding_interval),
    )


# --------------------------------------------------------------------------- curves


def curve_chart(
    lines: Sequence[Line], title: str, x_title: str, y_title: str, percent: bool
) -> CurveChart | None:
    """Curves of several arms at one level; None if there is nothing to draw."""
    longest = max((value for line in lines for value in line.x), default=0.0)
    if longest <= 0:
        return None
    bounds = SHARE if percent else INFINITE
    drawn = [_clipped_line(line, bounds) for line in lines]
    low, high = _worth_seeing(drawn, longest)
    low, high = max(low, bounds[0] - 0.02), min(high, bounds[1] + 0.02)
    return CurveChart(
        title=title,
        x=_plain_axis(x_title, 0.0, longest, lambda value: f"{value:,.6g}"),
        y=_plain_axis(y_title, low, high, _share_text if percent else _number_text),
        lines=tuple(drawn),
    )


def _clipped_line(line: Line, bounds: Interval) -> Line:
    least, most = bounds

    def within(values: Iterable[float]) -> list[float]:
        return [  # NaN stays: it marks a point without an interval
            value if math.isnan(value) else min(max(value, least), most)
            for value in values
        ]

    return replace(line, low=within(line.low), high=within(line.high))


def _plain_axis(
    title: str, low: float, high: float, label: Callable[[float], str]
) -> Axis:
    ticks = tuple(Tick(value, label(value)) for value in linear_ticks(low, high))
    return Axis(title, low, high, ticks)


def _share_text(value: float) -> str:
    return f"{100 * value:.4g} %"


def _number_text(value: float) -> str:
    return f"{value:.4g}"


def _worth_seeing(lines: Sequence[Line], longest: float) -> Interval:
    """The values to show: those after the first steep steps.

    Intervals count, unless they dwarf all means.
    """
    late = [
        (line, at)
        for line in lines
        for at, x in enumerate(line.x)
        if x >= STEEP * longest
    ]
    low, high = around(line.mean[at] for line, at in late)
    room = DWARFED * (high - low)
    ends = [
        min(max(end, low - room), high + room)
        for line, at in late
        for end in (line.low[at], line.high[at])
    ]
    return around([low, high, *ends], 0.02)

"""From verdicts and curves to chart specifications.

An interval that decides a claim may reach beyond what is possible: that of a difference
of two accuracies beyond 100 points. In drawings it is clipped at the bound, so that
drawing and verdict agree; numbers in tables are not. Intervals of means, which decide
nothing, are made to keep within the bounds (``suite.verdicts.statistics.within_bounds``).
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

STRIP_MARGINS = 4.0  # to either side of 0 in a forest strip
MAX_WIDENING = 4.0  # by intervals, times the range of the means
# Of a run, at its start, in which its curve may leave the chart: the first
# steps fall so steeply that all later differences between arms would be flat
# beside them.
STEEP_SHARE = 0.1
# What a difference of two shares can be.
POSSIBLE_POINTS: Interval = (-100.0, 100.0)


# -- verdicts


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
    blocks = [
        row for row in verdict.per_block if math.isfinite(row["difference"])
    ]
    if not blocks:
        return None
    written = amounts(verdict)
    write = write or written.effect
    rows = []
    for level in dict.fromkeys(row["level"] for row in blocks):
        at_level = [row for row in blocks if row["level"] == level]
        label = "" if level is None else level_label(str(level))
        rows.append(_block_row(verdict, at_level, level, label, write))
    low = written.of_effect(-verdict.margin)
    high = written.of_effect(verdict.margin)
    title = title or written.unit.strip()
    return BlockChart(
        title=verdict.says,
        verdict=verdict.verdict,
        axis=_effect_axis(rows, (low, high), written, title),
        rows=tuple(rows),
        band=(low, high),
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
    """The dots and intervals of one level, in the unit of the axis."""
    written = amounts(verdict)
    bounds = effect_bounds(verdict)
    numbers = numbers_at(verdict, level)
    dots = []
    for row in sorted(blocks, key=lambda row: int(row["block"])):
        difference = float(row["difference"])
        x = written.of_effect(difference)
        dots.append(Dot(int(row["block"]), x, write(difference)))

    def drawn(interval: Interval) -> Interval | None:
        """An interval in the unit of the axis, clipped at what is possible;
        None without finite ends.
        """
        low, high = interval
        ends = written.of_effect(low), written.of_effect(high)
        return clipped(ends, bounds)

    effect = written.of_effect(numbers["effect"])
    return BlockRow(
        level=level,
        label=label,
        dots=tuple(dots),
        effect=effect,
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
    """What an effect can be, as charts show it: the same as sentences do."""
    written = amounts(verdict)
    least, most = written.possible
    return written.shown(least), written.shown(most)


def clipped(interval: Interval, bounds: Interval) -> Interval | None:
    """The part of an interval that is possible; None if it has no finite ends."""
    low, high = interval
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    return _within(low, bounds), _within(high, bounds)


def _within(value: float, bounds: Interval) -> float:
    """The value, or the bound that it lies beyond."""
    smallest, largest = bounds
    return min(max(value, smallest), largest)


def _effect_axis(
    rows: Sequence[BlockRow], band: Interval, written: Amounts, title: str
) -> Axis:
    """Wide enough for dots, band and intervals, in the unit that ``written``
    shows.

    Intervals count only as far beyond what was seen as its range is wide:
    those of two or three blocks are so wide that nothing else could be made
    out.
    """
    values = [dot.value for row in rows for dot in row.dots]
    seen = [*band, *values]
    smallest, largest = min(seen), max(seen)
    width = largest - smallest
    limits = (smallest - width, largest + width)
    ends = []
    for row in rows:
        for end in row.adjusted or ():
            ends.append(_within(end, limits))
    low, high = around([*seen, *ends])
    return Axis(title, low, high, _effect_ticks(low, high, written))


def _effect_ticks(
    low: float, high: float, written: Amounts
) -> tuple[Tick, ...]:
    """Round effects between two ends, with the texts beside them: round
    factors where the scale is logarithmic.
    """
    if written.ratio:
        factors = factor_ticks(math.exp(low), math.exp(high))
        # The axis has logarithms, and ticks stand at round factors.
        values = [math.log(factor) for factor in factors]
    else:
        values = linear_ticks(low, high, about=6)
    return tuple(Tick(value, written.tick(value)) for value in values)


def trend_chart(
    verdict: ClaimVerdict, x_title: str, y_title: str = ""
) -> TrendChart | None:
    """An interaction: the gap at each level; None with fewer than two levels."""
    rows = [row for row in verdict.by_level if "x" in row]
    known = [row for row in rows if math.isfinite(row["effect"])]
    if len(known) < 2:
        return None
    # A gap at one level is not a slope, and a promise is not part of it.
    written = replace(amounts(verdict), slope=False, promised=0.0)
    points = [_trend_point(row, written) for row in known]
    points.sort(key=lambda point: point.x)
    ends = []
    for point in points:
        ends += [point.value, *(point.interval or ())]
    low, high = around([*ends, 0.0])
    ticks = _effect_ticks(low, high, written)
    xs = [point.x for point in points]
    return TrendChart(
        title=verdict.says,
        verdict=verdict.verdict,
        x=_level_axis(xs, x_title),
        y=Axis(y_title, low, high, ticks),
        points=tuple(points),
    )


def _trend_point(row: Mapping[str, Any], written: Amounts) -> TrendPoint:
    """The gap at one level, with its interval and its text, in the unit that
    ``written`` shows. ``row`` is one of a verdict's ``by_level``.
    """
    low, high = row["interval"]
    ends = written.shown(low), written.shown(high)
    bounds = POSSIBLE_POINTS if written.percent else INFINITE
    interval = clipped(ends, bounds)
    value = written.shown(row["effect"])
    text = _gap_text(written, value, interval)
    return TrendPoint(float(row["x"]), value, interval, text)


def _gap_text(
    written: Amounts, value: float, interval: Interval | None
) -> str:
    """A gap with its interval, ``+3.2 (+1.6 – +4.8)``: the unit is in the axis
    title.
    """
    text = written.signed(value)
    if not interval:
        return text
    low, high = map(written.signed, interval)
    return f"{text} ({low} – {high})"


def _level_axis(xs: Sequence[float], title: str) -> Axis:
    """A logarithmic axis with a tick at each level's x."""
    low, high = around(math.log(x) for x in xs)
    ticks = tuple(Tick(x, f"{x:,g}") for x in dict.fromkeys(xs))
    return Axis(title, math.exp(low), math.exp(high), ticks, log=True)


def forest_strip(
    verdict: ClaimVerdict, reach: float = STRIP_MARGINS
) -> ForestStrip | None:
    """The effect and its intervals in units of the margin; None without a block."""
    if verdict.blocks == 0 or not math.isfinite(verdict.effect):
        return None
    margin = verdict.margin

    def in_margins(interval: Interval) -> Interval | None:
        """An interval in multiples of the margin; None without finite ends."""
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


# -- curves


def curve_chart(
    lines: Sequence[Line],
    title: str,
    x_title: str,
    y_title: str,
    percent: bool,
) -> CurveChart | None:
    """Curves of several arms at one level; None if there is nothing to draw."""
    longest = max((value for line in lines for value in line.x), default=0.0)
    if longest <= 0:
        return None
    bounds = SHARE if percent else INFINITE
    drawn = [_clipped_line(line, bounds) for line in lines]
    low, high = _shown_values(drawn, longest)
    smallest, largest = bounds
    # Little room beyond 0 and 100 %, or an axis would suggest that an accuracy
    # can be 110 %.
    room = 0.02
    low, high = max(low, smallest - room), min(high, largest + room)
    y_text = _share_text if percent else _number_text
    return CurveChart(
        title=title,
        x=_plain_axis(x_title, 0.0, longest, _count_text),
        y=_plain_axis(y_title, low, high, y_text),
        lines=tuple(drawn),
    )


def _clipped_line(line: Line, bounds: Interval) -> Line:
    """The line with its interval cut off at the values that a metric can have."""

    def within(values: Iterable[float]) -> list[float]:
        """Each value, or the bound that it lies beyond."""
        # NaN marks a point without an interval, and stays.
        found = []
        for value in values:
            is_known = not math.isnan(value)
            found.append(_within(value, bounds) if is_known else value)
        return found

    return replace(line, low=within(line.low), high=within(line.high))


def _plain_axis(
    title: str, low: float, high: float, label: Callable[[float], str]
) -> Axis:
    """A linear axis with round ticks; ``label`` makes the text beside each."""
    values = linear_ticks(low, high)
    ticks = tuple(Tick(value, label(value)) for value in values)
    return Axis(title, low, high, ticks)


def _count_text(value: float) -> str:
    """A number of updates or epochs: ``1,500``."""
    return f"{value:,.6g}"


def _share_text(value: float) -> str:
    """A share of 1 in percent: ``97.5 %``."""
    return f"{100 * value:.4g} %"


def _number_text(value: float) -> str:
    """A number with four digits."""
    return f"{value:.4g}"


def _shown_values(lines: Sequence[Line], longest: float) -> Interval:
    """The lowest and the highest value to show: those after the first steep
    steps, with a little room.

    Intervals count, unless they are much wider than the range of all means.
    ``longest`` is the end of the longest line.
    """
    means, ends = [], []
    for line in lines:
        points = zip(line.x, line.mean, line.low, line.high, strict=True)
        for x, mean, low, high in points:
            if x >= STEEP_SHARE * longest:
                means.append(mean)
                ends += [low, high]
    lowest, highest = around(means)
    room = MAX_WIDENING * (highest - lowest)
    limits = (lowest - room, highest + room)
    widened = [_within(end, limits) for end in ends]
    return around([lowest, highest, *widened], 0.02)

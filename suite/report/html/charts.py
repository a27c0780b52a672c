"""The report's charts, drawn by hand as small SVG: no script, sharp in print, coloured
by the page's style sheet.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suite.report.formatting import Amounts, amounts
from suite.report.html.axes import Axis, around, drawing, x_ticks, y_ticks
from suite.report.html.markup import Markup, tag
from suite.verdicts.claim_verdict import ClaimVerdict

ARMS = 6  # colours; a seventh arm starts again, with another pattern of line
DOT = 4.0  # radius
REACH = 4.0  # margins to either side that a strip shows
DWARFED = 4.0  # times the range of the means: how far intervals may widen the picture
STEEP = 0.1  # share of a run in which curves may leave the picture
LONGEST = 44  # letters of a name beside an axis


# ---------------------------------------------------------------------------- verdicts


def strip(verdict: ClaimVerdict) -> Markup | None:
    """Where the effect lies in units of the claim's margin: all claims on one scale, a
    line each.
    """
    if verdict.blocks == 0:
        return None
    axis, y = Axis(-REACH, REACH, 6, 154), 11.0
    marks = [
        tag(
            "rect", x=axis(-1), y=0, width=axis(1) - axis(-1), height=22, class_="band"
        ),
        tag("line", x1=axis(0), x2=axis(0), y1=0, y2=22, class_="zero"),
    ]
    numbers = (verdict.effect, verdict.interval, verdict.adjusted_interval)
    marks += _interval_marks(
        *numbers, lambda value: axis(value / verdict.margin), y, REACH * verdict.margin
    )
    for end, way in zip(
        verdict.adjusted_interval, (-1, 1), strict=True
    ):  # an arrow where an interval goes on
        if math.isfinite(end) and way * end / verdict.margin > REACH:
            marks.append(
                tag(
                    "path",
                    d=f"M{axis(way * REACH) + 6 * way:g} {y:g} l{-7 * way} -4.5 v9 z",
                    class_="solid",
                )
            )
    label = f"The effect in units of the margin: {verdict.effect / verdict.margin:.2g}"
    return tag(
        "div", drawing(160, 22, label, *marks), class_=f"strip {verdict.verdict}"
    )


def blocks_chart(
    verdict: ClaimVerdict, sides: tuple[str, str], level_label: Callable[[str], str]
) -> Markup | None:
    """Every block's difference as a dot, the intervals beneath, the band that does not
    matter behind: a row a level.

    ``sides`` says what lies to the left and to the right.
    """
    rows = [row for row in verdict.per_block if math.isfinite(row["difference"])]
    if not rows:
        return None
    written, levels = (
        amounts(verdict),
        list(dict.fromkeys(row["level"] for row in rows)),
    )
    numbers = [_numbers_at(verdict, level) for level in levels]
    axis = _effect_axis(verdict, rows, numbers, written)
    several, parts, top = len(levels) > 1, [], 24.0
    for level, found in zip(levels, numbers, strict=True):
        if several:
            parts.append(
                tag("text", level_label(str(level)), x=12, y=top + 12, class_="row")
            )
            top += 16
        here = [row for row in rows if row["level"] == level]
        parts += _dots(here, axis, written, top + 18)
        parts += _interval_marks(
            found["effect"],
            found["interval"],
            found["adjusted_interval"],
            lambda v: axis(written.of_effect(v)),
            top + 42,
        )
        top += 56
    low, high = (
        axis(written.of_effect(end)) for end in (-verdict.margin, verdict.margin)
    )
    line = axis(written.of_effect(0.0))
    behind = [
        tag(
            "rect",
            x=low,
            y=18,
            width=round(high - low, 2),
            height=top - 18,
            class_="band",
        ),
        x_ticks(axis, _effect_ticks(axis, written), 18, top, written.tick),
        tag("line", x1=line, x2=line, y1=18, y2=top, class_="zero"),
        tag("text", f"← {_short(sides[0])}", x=12, y=11, class_="side"),
        tag(
            "text",
            f"{_short(sides[1])} →",
            x=628,
            y=11,
            text_anchor="end",
            class_="side",
        ),
    ]
    label = f"{verdict.says} Differences of {verdict.blocks} blocks, mean {written.effect(verdict.effect)}."
    return tag(
        "div",
        drawing(640, top + 20, label, *behind, *parts),
        class_=f"chart {verdict.verdict}",
        tabindex=0,
    )


def trend_chart(verdict: ClaimVerdict, axis_name: str) -> Markup | None:
    """An interaction: the gap at each level along the axis, with its interval."""
    points = [
        row for row in verdict.by_level if "x" in row and math.isfinite(row["effect"])
    ]
    if len(points) < 2:
        return None
    written = Amounts(
        verdict.unit_percent and verdict.scale == "points",
        verdict.scale != "points",
        False,
        0.0,
    )
    ends = [
        written.shown(end)
        for row in points
        for end in (row["effect"], *_finite(row["interval"]))
    ]
    y = Axis(*around([*ends, 0.0]), 190, 12)
    x = Axis(*around([math.log(row["x"]) for row in points]), 70, 624)
    parts = [
        y_ticks(
            y, y.factor_ticks() if written.ratio else y.ticks(), 70, 624, written.tick
        ),
        *(_below(f"{row['x']:,g}", x(math.log(row["x"])), 208) for row in points),
        _below(axis_name, 347, 226),
        tag("line", x1=70, x2=624, y1=y(0), y2=y(0), class_="zero"),
    ]
    places = [
        (x(math.log(row["x"])), y(written.shown(row["effect"]))) for row in points
    ]
    parts.append(tag("polyline", points=_points(places), class_="mean"))
    for (place, middle), row in zip(places, points, strict=True):
        for low, high in (
            [_finite(row["interval"])] if len(_finite(row["interval"])) == 2 else []
        ):
            top, bottom = y(written.shown(high)), y(written.shown(low))
            parts.append(
                tag("line", x1=place, x2=place, y1=top, y2=bottom, class_="thin")
            )
        parts.append(tag("circle", cx=place, cy=middle, r=5, class_="solid"))
    label = f"{verdict.says} The gap at each level, along {axis_name}."
    return tag(
        "div",
        drawing(640, 232, label, *parts),
        class_=f"chart {verdict.verdict}",
        tabindex=0,
    )


def _numbers_at(verdict: ClaimVerdict, level: str | None) -> Mapping[str, Any]:
    mine = {
        name: getattr(verdict, name)
        for name in ("effect", "interval", "adjusted_interval")
    }
    return next(
        (
            row
            for row in verdict.by_level
            if row["level"] == level and "adjusted_interval" in row
        ),
        mine,
    )


def _effect_axis(
    verdict: ClaimVerdict,
    rows: Sequence[Mapping[str, Any]],
    numbers: Sequence[Mapping[str, Any]],
    written: Amounts,
) -> Axis:
    """Wide enough for dots, band and intervals, but for intervals beyond three times
    all that was seen.
    """
    seen = [*(row["difference"] for row in rows), -verdict.margin, verdict.margin]
    low, high = min(seen), max(seen)
    reach = (low - (high - low), high + (high - low))
    ends = [
        min(max(end, reach[0]), reach[1])
        for found in numbers
        for end in _finite(found["adjusted_interval"])
    ]
    return Axis(*around(written.of_effect(value) for value in (*seen, *ends)), 12, 628)


def _effect_ticks(axis: Axis, written: Amounts) -> list[float]:
    return axis.factor_ticks() if written.ratio else axis.ticks(7)


def _dots(
    rows: Sequence[Mapping[str, Any]], axis: Axis, written: Amounts, y: float
) -> list[Markup]:
    """A dot per block, moved up or down where it would hide another."""
    placed: list[tuple[float, float]] = []
    found = []
    for row in sorted(rows, key=lambda row: float(row["difference"])):
        x = axis(written.of_effect(row["difference"]))
        tries = [y + shift for shift in (0.0, -6.0, 6.0, -12.0, 12.0)]
        free = (
            t
            for t in tries
            if all(math.hypot(x - a, t - b) >= 1.7 * DOT for a, b in placed)
        )
        placed.append((x, next(free, y)))
        title = tag(
            "title", f"Block {row['block']}: {written.effect(row['difference'])}"
        )
        found.append(tag("circle", title, cx=x, cy=placed[-1][1], r=DOT, class_="dot"))
    return found


def _interval_marks(
    effect: float,
    plain: tuple[float, float],
    deciding: tuple[float, float],
    place: Callable[[float], float],
    y: float,
    reach: float = math.inf,
) -> list[Markup]:
    """The plain interval thin, the deciding one thick, the mean as a diamond unless it
    lies beyond reach.
    """
    marks = []
    for (low, high), name in ((deciding, "thick"), (plain, "thin")):
        if math.isfinite(low) and math.isfinite(high):
            marks.append(
                tag("line", x1=place(low), x2=place(high), y1=y, y2=y, class_=name)
            )
    if abs(effect) <= reach:
        marks.append(
            tag(
                "path",
                d=f"M{place(effect)} {y - 6:g} l5 6 l-5 6 l-5 -6 z",
                class_="diamond",
            )
        )
    return marks


# ------------------------------------------------------------------------------ curves


@dataclass(frozen=True)
class Line:
    """One arm's learning curve: mean over blocks with its interval, at each x.
    ``place`` is the arm's in its task.
    """

    label: str
    place: int
    x: Sequence[float]
    mean: Sequence[float]
    low: Sequence[float]  # NaN where there is one block
    high: Sequence[float]


def curves_chart(
    lines: Sequence[Line], title: str, x_name: str, y_name: str, percent: bool
) -> Markup | None:
    """Learning curves of several arms at one level."""
    longest = max((value for line in lines for value in line.x), default=0.0)
    if longest <= 0:
        return None
    x, y = Axis(0.0, longest, 52, 352), Axis(*_worth_seeing(lines, longest), 200, 26)
    parts = [
        tag("text", title, x=52, y=14, class_="row"),
        y_ticks(
            y,
            y.ticks(5),
            52,
            352,
            lambda value: f"{100 * value:.4g} %" if percent else f"{value:.4g}",
        ),
        x_ticks(x, x.ticks(5), 200, 203, _plain),
        _below(x_name, 202, 234),
    ]
    drawn = []
    for line in lines:
        there = [at for at, low in enumerate(line.low) if math.isfinite(low)]
        edge = [(x(line.x[at]), y.beyond(line.high[at])) for at in there]
        edge += [(x(line.x[at]), y.beyond(line.low[at])) for at in reversed(there)]
        drawn += (
            [
                tag(
                    "polygon",
                    points=_points(edge),
                    class_=f"shade {arm_class(line.place)}",
                )
            ]
            if there
            else []
        )
    for line in lines:
        along = [
            (x(a), y.beyond(b))
            for a, b in zip(line.x, line.mean, strict=True)
            if math.isfinite(b)
        ]
        drawn.append(
            tag(
                "polyline",
                points=_points(along),
                class_=f"curve {arm_class(line.place)}",
            )
        )
    window = tag(
        "svg",
        *drawn,
        x=52,
        y=26,
        width=300,
        height=174,
        viewBox="52 26 300 174",
        class_="window",
    )
    label = f"{y_name}, {title}: {', '.join(line.label for line in lines)}"
    return tag("div", drawing(360, 240, label, *parts, window), class_="curves")


def _worth_seeing(lines: Sequence[Line], longest: float) -> tuple[float, float]:
    """The values to show: those after the first steep steps, with intervals unless they
    dwarf all means.
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


def legend(arms: Iterable[tuple[str, int]]) -> Markup:
    """What stands for which arm in curves: a piece of its line, and its name."""
    items = []
    for label, place in arms:
        piece = tag("line", x1=0, x2=28, y1=6, y2=6, class_=f"curve {arm_class(place)}")
        items.append(
            tag(
                "li",
                tag(
                    "svg",
                    piece,
                    viewBox="0 0 28 12",
                    width=28,
                    height=12,
                    aria_hidden="true",
                ),
                label,
            )
        )
    return tag("ul", *items, class_="legend")


def arm_class(place: int) -> str:
    """The style of the arm at that place of its task, colour and pattern."""
    return f"arm{place % ARMS + 1}"


def _below(text: str, x: float, y: float) -> Markup:
    return tag("text", text, x=x, y=y, text_anchor="middle", class_="tick")


def _plain(value: float) -> str:
    return f"{value:,.6g}"


def _points(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)


def _finite(ends: Sequence[float]) -> tuple[float, ...]:
    return tuple(end for end in ends if math.isfinite(end))


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"

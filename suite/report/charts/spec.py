"""What a chart shows, without saying how it is drawn.

All values are in the unit of their axis: percentage points where the claim is in
points, the metric's own unit elsewhere, natural logarithms where it is a ratio (the
ticks then say ``×1.5``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from suite.report.charts.looks import Look
from suite.verdicts.statistics import Interval
from tasks import Axis as PictureAxis
from tasks import Curve, Heights

INFINITE: Interval = (float("-inf"), float("inf"))


@dataclass(frozen=True)
class Tick:
    """A mark on an axis, and what is written at it."""

    value: float
    """Where it is, in the axis's own unit."""

    label: str
    """What is written at it."""


@dataclass(frozen=True)
class Axis:
    """The values that are shown, and how they are labelled."""

    title: str
    """The name and unit of what the axis shows; may be empty."""

    low: float
    """The smallest value shown."""

    high: float
    """The largest value shown."""

    ticks: tuple[Tick, ...]
    """The values that are labelled."""

    log: bool = False
    """Whether values are positive, and spaced by their ratios."""


@dataclass(frozen=True)
class Dot:
    """One block's difference; ``text`` is its description for readers."""

    block: int
    """The number of the block, from 0."""

    value: float
    """The difference, in the unit of the axis."""

    text: str
    """The difference with its sign and unit."""


@dataclass(frozen=True)
class BlockRow:
    """All blocks at one level, their mean, and its intervals.

    ``interval`` is the plain one, ``adjusted`` the one that decides; None if there is
    none (one block).
    """

    level: str | None
    """The level's name; None if the claim is about all levels at once."""

    label: str
    """The level's label; empty if there is only one row."""

    dots: tuple[Dot, ...]
    """The blocks, by number."""

    effect: float
    """The mean over blocks."""

    interval: Interval | None
    """The unadjusted interval; None with one block."""

    adjusted: Interval | None
    """The interval that decides; None with one block."""


@dataclass(frozen=True)
class BlockChart:
    """Each block's difference, a row per level.

    ``band`` are the differences that do not matter, ``zero`` is the line between for
    and against, and ``sides`` say what lies left and right of it.
    """

    title: str
    """What the claim says."""

    verdict: str
    """The claim's verdict, which decides the colour."""

    axis: Axis
    """The differences shown."""

    rows: tuple[BlockRow, ...]
    """One row per level."""

    band: Interval
    """The differences that do not matter."""

    zero: float
    """The line between for and against."""

    sides: tuple[str, str]
    """What lies left and right of that line."""

    def at(self, level: str | None) -> BlockRow | None:
        """The row of a level; None before any block is complete."""
        return next((row for row in self.rows if row.level == level), None)


@dataclass(frozen=True)
class TrendPoint:
    """The gap at one level: its place along the axis, and its plain interval.

    ``text`` is its description for readers.
    """

    x: float
    """The level's position along the axis."""

    value: float
    """The gap at that level."""

    interval: Interval | None
    """The unadjusted interval; None with one block."""

    text: str = ""
    """The gap and its interval, written out."""


@dataclass(frozen=True)
class TrendChart:
    """The gap between two arms along an axis of levels."""

    title: str
    """What the claim says."""

    verdict: str
    """The claim's verdict, which decides the colour."""

    x: Axis
    """The levels' axis."""

    y: Axis
    """The gaps shown."""

    points: tuple[TrendPoint, ...]
    """One point per level, by x."""


@dataclass(frozen=True)
class Line:
    """One arm's curve: the mean over blocks with its interval, at each x.

    ``low`` and ``high`` are NaN if there is one block.
    """

    label: str
    """The label of the arm."""

    look: Look
    """Its colour and pattern, the arm's own among those of its task."""

    x: Sequence[float]
    """Updates, epochs or trials."""

    mean: Sequence[float]
    """The mean over blocks at each x."""

    low: Sequence[float]
    """The low end of its interval; NaN with one block."""

    high: Sequence[float]
    """The high end of its interval; NaN with one block."""


@dataclass(frozen=True)
class CurveChart:
    """Curves of several arms at one level."""

    title: str
    """The label of the level."""

    x: Axis
    """Updates, epochs or trials."""

    y: Axis
    """The measure."""

    lines: tuple[Line, ...]
    """One curve per arm."""


@dataclass(frozen=True)
class PicturePanel:
    """Curves and points of some arms, perhaps over contours or squares."""

    title: str
    """The arms' names; empty where there is only one panel."""

    curves: tuple[tuple[Look, Curve], ...]
    """Each after its arm's look."""

    heights: Heights | None
    """A number over the plane, if there is one."""


@dataclass(frozen=True)
class PictureChart:
    """What arms recorded of themselves, or what was computed from their runs."""

    title: str
    """What is shown."""

    x: PictureAxis
    """From left to right, the same in all panels."""

    y: PictureAxis
    """From below to above, the same in all panels."""

    panels: tuple[PicturePanel, ...]
    """Side by side: at least one."""

    squares: bool = False
    """Whether heights are drawn as squares with a number in each."""

    legend: tuple[tuple[Look, str], ...] = ()
    """Each arm's look and name, to be drawn in the picture; empty where the page has
    them.
    """


@dataclass(frozen=True)
class ForestStrip:
    """A claim's effect in units of its margin, so that all claims share one scale.

    The scale goes from ``-reach`` to ``reach``; numbers may lie beyond it.
    """

    title: str
    """The effect as text."""

    verdict: str
    """The claim's verdict, which decides the colour."""

    reach: float
    """The scale goes from ``-reach`` to ``reach`` margins."""

    effect: float
    """The mean effect, in margins."""

    interval: Interval | None
    """The unadjusted interval, in margins; None with one block."""

    adjusted: Interval | None
    """The interval that decides, in margins; None with one block."""


@dataclass(frozen=True)
class UniverseMark:
    """A claim in one universe: its effect and the interval that decides.

    ``rows`` are the places of its conditions among those of the chart.
    """

    value: float
    interval: Interval | None
    verdict: str
    rows: tuple[int, ...]
    text: str


@dataclass(frozen=True)
class SpecificationCurve:
    """A claim in all of its universes, from the smallest effect to the largest, above
    the conditions that each has.
    """

    title: str
    verdict: str
    y: Axis
    marks: tuple[UniverseMark, ...]
    conditions: tuple[str, ...]  # a row each
    band: Interval
    zero: float
    answers: Mapping[str, str]  # what the verdicts among the marks are called


Chart = (
    BlockChart
    | TrendChart
    | CurveChart
    | PictureChart
    | ForestStrip
    | SpecificationCurve
)

"""What a chart shows, without saying how it is drawn.

All values are in the unit of their axis: percentage points where the claim is in
points, the metric's own unit elsewhere, natural logarithms where it is a ratio (the
ticks then say ``×1.5``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from suite.verdicts.statistics import Interval

INFINITE: Interval = (float("-inf"), float("inf"))


@dataclass(frozen=True)
class Tick:
    """A mark on an axis, and what is written at it."""

    value: float
    label: str


@dataclass(frozen=True)
class Axis:
    """The values that are shown, and how they are labelled."""

    title: str
    low: float
    high: float
    ticks: tuple[Tick, ...]
    log: bool = False  # the values are positive, and spaced by their ratios


@dataclass(frozen=True)
class Dot:
    """One block's difference; ``text`` is its description for readers."""

    block: int
    value: float
    text: str


@dataclass(frozen=True)
class BlockRow:
    """All blocks at one level, their mean, and its intervals.

    ``interval`` is the plain one, ``adjusted`` the one that decides; None if there is
    none (one block).
    """

    level: str | None
    label: str
    dots: tuple[Dot, ...]
    effect: float
    interval: Interval | None
    adjusted: Interval | None


@dataclass(frozen=True)
class BlockChart:
    """Each block's difference, a row per level.

    ``band`` are the differences that do not matter, ``zero`` is the line between for
    and against, and ``sides`` say what lies left and right of it.
    """

    title: str
    verdict: str
    axis: Axis
    rows: tuple[BlockRow, ...]
    band: Interval
    zero: float
    sides: tuple[str, str]

    def at(self, level: str | None) -> BlockRow | None:
        """The row of a level; None before any block is complete."""
        return next((row for row in self.rows if row.level == level), None)


@dataclass(frozen=True)
class TrendPoint:
    """The gap at one level: its place along the axis, and its plain interval.

    ``text`` is its description for readers.
    """

    x: float
    value: float
    interval: Interval | None
    text: str = ""


@dataclass(frozen=True)
class TrendChart:
    """The gap between two arms along an axis of levels."""

    title: str
    verdict: str
    x: Axis
    y: Axis
    points: tuple[TrendPoint, ...]


@dataclass(frozen=True)
class Line:
    """One arm's curve: the mean over blocks with its interval, at each x.

    ``place`` is the arm's among those of its task, which decides its colour. ``low``
    and ``high`` are NaN if there is one block.
    """

    label: str
    place: int
    x: Sequence[float]
    mean: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True)
class CurveChart:
    """Curves of several arms at one level."""

    title: str
    x: Axis
    y: Axis
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class ForestStrip:
    """A claim's effect in units of its margin, so that all claims share one scale.

    The scale goes from ``-reach`` to ``reach``; numbers may lie beyond it.
    """

    title: str
    verdict: str
    reach: float
    effect: float
    interval: Interval | None
    adjusted: Interval | None


Chart = BlockChart | TrendChart | CurveChart | ForestStrip

"""Maps: a square with a number for each pair of places, the darker the larger."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from suite.verdicts.statistics import Interval
from tasks import Heights

SIDE = 0.96  # of a square, where places are 1 apart
LIGHTEST, DARKEST = 0.06, 0.62  # opacity


def squares(heights: Heights) -> Iterator[tuple[int, int, float]]:
    """Column, row and number of each square that has a number."""
    for row, values in enumerate(heights.z):
        for column, value in enumerate(values):
            if math.isfinite(value):
                yield column, row, float(value)


def extent(maps: Iterable[Heights | None]) -> Interval:
    """The smallest and the largest number of several maps together."""
    values = [
        value
        for heights in maps
        if heights is not None
        for _, _, value in squares(heights)
    ]
    return min(values, default=0.0), max(values, default=0.0)


def shade(value: float, ends: Interval) -> float:
    """How opaque a square with that number is; text stays readable on all of them."""
    low, high = ends
    share = (value - low) / (high - low) if high > low else 0.5
    return LIGHTEST + (DARKEST - LIGHTEST) * share

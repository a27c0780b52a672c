"""Round ticks, on linear and on logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Iterable

# Steps between ticks of a linear axis, times a power of ten.
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
# Ticks of a logarithmic axis, times powers of ten, the densest first.
FACTORS = (
    (
        1.0,
        1.1,
        1.2,
        1.3,
        1.5,
        1.7,
        2.0,
        2.5,
        3.0,
        4.0,
        5.0,
        6.0,
        7.0,
        8.0,
        9.0,
    ),
    (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0),
    (1.0, 1.5, 2.0, 3.0, 5.0, 7.0),
    (1.0, 2.0, 5.0),
    (1.0, 3.0),
    (1.0,),
)
SLACK = 1e-9  # of a step: an end of the axis that is a round number itself is a tick


def linear_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round values from ``low`` to ``high``, about that many (at most one more)."""
    wanted = (high - low) / about
    power = 10.0 ** math.floor(math.log10(wanted))
    steps = [size * power for size in STEPS]
    # A thousandth of slack, so that rounding errors do not skip a step that
    # just fits.
    step = next(step for step in steps if step >= wanted * 0.999)
    first = math.ceil(low / step - SLACK)
    last = math.floor(high / step + SLACK)
    return [step * number for number in range(first, last + 1)]


def factor_ticks(low: float, high: float, max_count: int = 7) -> list[float]:
    """Round factors from ``low`` to ``high`` (both above 0), at most that many.

    The densest such list that fits; where the axis is so short that fewer than 2 lie on
    it, evenly spaced values instead.
    """
    for factors in FACTORS:
        found = _factors_between(low, high, factors)
        if len(found) <= max_count:
            break
    if len(found) < 2:
        return linear_ticks(low, high)
    return _thinned(found, max_count)


def _factors_between(
    low: float, high: float, factors: Iterable[float]
) -> list[float]:
    """The ``factors`` times every power of ten, as far as they lie in the range."""
    first = math.floor(math.log10(low))
    last = math.ceil(math.log10(high))
    found = []
    for exponent in range(first, last + 1):
        for factor in factors:
            value = factor * 10.0**exponent
            if low * 0.999 <= value <= high * 1.001:
                found.append(value)
    return found


def _thinned(values: list[float], max_count: int) -> list[float]:
    """Every second, third, ... value, so that labels do not overlap; 1 is kept."""
    step = math.ceil(len(values) / max_count)
    # 1 means "no difference", and is what readers look for first.
    first = values.index(1.0) % step if 1.0 in values else 0
    return values[first::step]


def around(values: Iterable[float], room: float = 0.06) -> tuple[float, float]:
    """The least and the greatest finite value, with that share of room beyond.

    Where all values are alike, half of them to either side (or 0.5).
    """
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        finite = [0.0]
    low, high = min(finite), max(finite)
    if low == high:
        size = abs(low) or 1.0
        low, high = low - 0.5 * size, high + 0.5 * size
    margin = room * (high - low)
    return low - margin, high + margin

"""Axes of hand-made SVG charts: from values to places on the page, with ticks at round
numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from suite.report.html.markup import Markup, join, tag

ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
FACTORS = (1.0, 2.0, 5.0)  # times powers of ten: ticks of a logarithmic axis
FINE_FACTORS = (
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
)


@dataclass(frozen=True)
class Axis:
    """A straight axis from ``low`` to ``high`` (values) drawn from ``start`` to ``end``
    (pixels).
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The value's place; values beyond the axis land on its ends."""
        return self.beyond(min(max(value, self.low), self.high))

    def beyond(self, value: float) -> float:
        """The value's place, also where that lies beyond the axis."""
        return round(
            self.start
            + (value - self.low) / (self.high - self.low) * (self.end - self.start),
            2,
        )

    def ticks(self, about: int = 5) -> list[float]:
        """Round values on the axis, about so many."""
        rough = (self.high - self.low) / about
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(
            round_ * power for round_ in ROUND if round_ * power >= rough * 0.999
        )
        first, last = (
            math.ceil(self.low / step - 1e-9),
            math.floor(self.high / step + 1e-9),
        )
        return [step * place for place in range(first, last + 1)]

    def factor_ticks(self) -> list[float]:
        """Logarithms of round factors on the axis, where its values are natural
        logarithms.
        """
        low, high = math.exp(self.low), math.exp(self.high)
        for factors in (FACTORS, FINE_FACTORS):
            powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
            found = [
                f * 10.0**p
                for p in powers
                for f in factors
                if low * 0.999 <= f * 10.0**p <= high * 1.001
            ]
            if len(found) >= 3:
                return [math.log(value) for value in _thinned(found)]
        return self.ticks()


def _thinned(values: list[float], most: int = 7) -> list[float]:
    """Every second, third, ... value, so that labels keep apart; 1 stays where it is
    among them.
    """
    step = math.ceil(len(values) / most)
    first = values.index(1.0) % step if 1.0 in values else 0
    return values[first::step]


def around(values: Iterable[float], room: float = 0.06) -> tuple[float, float]:
    """The least and the greatest finite value with some room beyond; one apart where
    all are alike.
    """
    finite = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(finite), max(finite)
    if low == high:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    return low - room * (high - low), high + room * (high - low)


def x_ticks(
    axis: Axis,
    values: Iterable[float],
    top: float,
    bottom: float,
    label: Callable[[float], str],
) -> Markup:
    """Hairlines from top to bottom with their labels beneath."""
    return join(
        *(
            tag(
                "g",
                tag("line", x1=axis(v), x2=axis(v), y1=top, y2=bottom, class_="hair"),
                tag(
                    "text",
                    label(v),
                    x=axis(v),
                    y=bottom + 14,
                    text_anchor="middle",
                    class_="tick",
                ),
            )
            for v in values
        )
    )


def y_ticks(
    axis: Axis,
    values: Iterable[float],
    left: float,
    right: float,
    label: Callable[[float], str],
) -> Markup:
    """Hairlines from left to right with their labels before them."""
    return join(
        *(
            tag(
                "g",
                tag("line", x1=left, x2=right, y1=axis(v), y2=axis(v), class_="hair"),
                tag(
                    "text",
                    label(v),
                    x=left - 6,
                    y=axis(v) + 4,
                    text_anchor="end",
                    class_="tick",
                ),
            )
            for v in values
        )
    )


def drawing(
    width: float, height: float, label: str, *children: Markup | None
) -> Markup:
    """An SVG picture that fills its box and says what it shows."""
    inner = (tag("title", label), *children)
    return tag("svg", *inner, viewBox=f"0 0 {width:g} {height:g}", role="img")

"""Numbers as people read them: with a sign, a unit and no more digits than they bear."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dashboard.words import Words
from suite.verdict import ClaimVerdict

MINUS = "\N{MINUS SIGN}"
NONE = "–"
Interval = tuple[float, float]


def plain(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits and thousands set apart."""
    if value is None or not math.isfinite(value):
        return NONE
    if abs(value) >= 1000 or float(value).is_integer():
        return f"{value:,.0f}".replace("-", MINUS)
    return f"{value:,.{digits}g}".replace("-", MINUS)


def percent(share: float | None, digits: int = 1) -> str:
    return NONE if share is None or not math.isfinite(share) else f"{100 * share:.{digits}f} %".replace("-", MINUS)


def probability(p: float | None) -> str:
    """A p-value with two digits, ``< 0.001`` where it is smaller."""
    if p is None or not math.isfinite(p):
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def duration(seconds: float | None) -> str:
    """Seconds as ``0:42``, ``12:05`` or ``3:07:10``."""
    if seconds is None or not math.isfinite(seconds):
        return NONE
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def size(count: float) -> str:
    """Bytes as ``12 kB`` or ``3.4 MB``."""
    for unit in ("B", "kB", "MB"):
        if abs(count) < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"


@dataclass(frozen=True)
class Measuring:
    """How effects on one claim's scale are written: points, times (logarithmic scales) or the metric's own unit."""

    percent: bool
    ratio: bool
    words: Words

    @property
    def unit(self) -> str:
        if self.ratio:
            return self.words("unit.ratio")
        return self.words("unit.points") if self.percent else ""

    def signed(self, value: float) -> str:
        """``+3.2``, ``−0.079`` or ``×1.35``."""
        if not math.isfinite(value):
            return NONE
        if self.ratio:
            return f"×{math.exp(value):.3g}"
        shown = 100 * value if self.percent else value
        digits = f"{shown:+.1f}" if self.percent and (abs(shown) >= 0.1 or shown == 0) else f"{shown:+.2g}"
        return digits.replace("-", MINUS)

    def full(self, value: float) -> str:
        """With its unit: ``+3.2 points``."""
        text = self.signed(value)
        return text if self.ratio or not self.percent else f"{text} {self.unit}"

    def amount(self, value: float) -> str:
        """Without a sign, with its unit: a margin, say."""
        if self.ratio:
            return self.signed(value)
        return self.full(abs(value)).lstrip("+")

    def interval(self, ends: Interval) -> str:
        low, high = ends
        return self.words("interval", low=self.signed(low), high=self.signed(high))


def measuring(verdict: ClaimVerdict, words: Words) -> Measuring:
    """How this claim's effects are written."""
    return Measuring(verdict.unit_percent and verdict.scale == "points", verdict.scale != "points", words)

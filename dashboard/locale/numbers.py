"""Number formatting: with a sign, a unit and significant digits only."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dashboard.locale import Words
from suite.report.formatting import MINUS, NONE, Amounts, amounts
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.statistics import Interval


def directed(
    words: Words, key: str, verdict: ClaimVerdict, **values: object
) -> str:
    """A text about the direction of a claim; ``KEY-equal`` of a claim of equality, which
    is true in the middle and false on either side.
    """
    ending = "-equal" if verdict.claims_equality else ""
    return words(key + ending, **values)


def plain(value: float | None, digits: int = 3) -> str:
    """A number with that many significant digits and a thousands separator."""
    if value is None or not math.isfinite(value):
        return NONE
    if abs(value) >= 1000 or float(value).is_integer():
        return f"{value:,.0f}".replace("-", MINUS)
    # Rounded to significant digits first. Written out afterwards, because "g"
    # alone would turn to powers of ten from six digits on.
    short = float(f"{value:.{digits}g}")
    text = (
        f"{short:,.9f}".rstrip("0").rstrip(".")
        if abs(short) >= 1e-4
        else f"{short:g}"
    )
    return text.replace("-", MINUS)


def percent(share: float | None, digits: int = 1) -> str:
    """A share as ``12.3 %``; a dash if there is none."""
    return (
        NONE
        if share is None or not math.isfinite(share)
        else f"{100 * share:.{digits}f} %".replace("-", MINUS)
    )


def size(count: float) -> str:
    """Bytes as ``12 kB`` or ``3.4 MB``."""
    for unit in ("B", "kB", "MB"):
        if abs(count) < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"


@dataclass(frozen=True)
class Measuring:
    """How one claim's effects are written in the reader's language;
    suite.report.formatting has the figures.
    """

    written: Amounts
    words: Words

    @property
    def unit(self) -> str:
        """The unit after a number, "" if there is none."""
        return self._unit("unit-points")

    def _unit(self, points: str) -> str:
        own = self.written.measured_in
        found = f" {own}" if own else ""
        if self.written.percent:
            found = " " + self.words(points)
        return found + (
            self.words("unit-doubling") if self.written.slope else ""
        )

    def signed(self, value: float) -> str:
        """``+3.2``, ``−0.079`` or ``×1.35``."""
        return (
            self.written.signed(self.written.of_effect(value))
            if math.isfinite(value)
            else NONE
        )

    def full(self, value: float) -> str:
        """With its unit: ``+3.2 points``."""
        return self.signed(value) + self.unit if math.isfinite(value) else NONE

    def amount(self, value: float) -> str:
        """Without a sign, with its unit: a margin, say."""
        bare = self.written.bare(value)
        return bare + self._unit(
            "unit-point" if bare == "1" else "unit-points"
        )

    def interval(self, ends: Interval) -> str:
        """Both ends with their signs, in the language's own form."""
        low, high = ends
        return self.words(
            "interval", low=self.signed(low), high=self.signed(high)
        )

    def deciding(self, verdict: ClaimVerdict) -> str:
        """The interval that the answer was read from."""
        return self.interval(verdict.deciding_interval)

    def unadjusted(self, verdict: ClaimVerdict) -> str:
        """The unadjusted interval, labelled as such; empty if it is formatted like the
        deciding one.
        """
        plain = self.interval(verdict.interval)
        if plain == self.deciding(verdict):
            return ""
        return self.words("unadjusted", interval=plain)

    def tick(self, value: float) -> str:
        """An effect as an axis label."""
        return self.written.tick(self.written.of_effect(value))


def measuring(verdict: ClaimVerdict, words: Words) -> Measuring:
    """How this claim's effects are written."""
    return Measuring(amounts(verdict), words)

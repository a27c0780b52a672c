"""Effects, intervals and margins as people read them: with a sign, a unit, and no more
digits than they bear.

An interaction's slope is per e-fold of its axis; it is written per doubling, which
people can picture. What a claim promises ("by at least 25 points") is put back, so that
the numbers are those that one would measure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Imported lazily: counting runs does not need the verdicts' imports.
    from suite.verdicts.claim_verdict import ClaimVerdict
    from suite.verdicts.statistics import Interval

MINUS, NONE = "\N{MINUS SIGN}", "\N{EN DASH}"
PER_DOUBLING = math.log(2)
LARGE, HUGE = 1e3, 1e9  # numbers between them are written in full
ROUNDING_ERROR = 1e-9
"""In points: no difference of shares of examples is smaller."""

# They keep their capitals.
PROPER_NAMES = "Fréchet", "Adam", "Nesterov", "Lipschitz"


def within_sentence(label: str) -> str:
    """A label as written within a sentence: "accuracy" for "Accuracy", but "BLEU" and
    "Fréchet distance".
    """
    # Anything but a small second letter marks an abbreviation, such as BLEU.
    is_word = label[1:2].islower()
    if is_word and not label.startswith(PROPER_NAMES):
        return label[:1].lower() + label[1:]
    return label


@dataclass(frozen=True)
class Amounts:
    """How one claim's effects are written; ``promised`` is added where an effect is,
    and not to a margin.
    """

    percent: bool
    """Whether amounts are in percentage points."""

    ratio: bool
    """Whether effects are logarithms, which are written as factors."""

    slope: bool
    """Whether effects are slopes along an axis, which are written per doubling."""

    promised: float
    """What the claim promises, which is added to an effect and not to a margin."""

    possible: Interval = (-math.inf, math.inf)
    """What an effect can be, with what is promised in it."""

    measured_in: str = ""
    """The metric's own unit, such as bits; empty where effects have none of it."""

    @property
    def unit(self) -> str:
        """The unit after a number, "" if there is none."""
        unit = f" {self.measured_in}" if self.measured_in else ""
        if self.percent:
            unit = " points"
        return unit + (" per doubling" if self.slope else "")

    def shown(self, value: float) -> float:
        """The value as a chart's axis has it: in points or in the metric's own unit;
        logarithms stay.
        """
        step = PER_DOUBLING if self.slope else 1
        unit = 100 if self.percent else 1
        return value * step * unit

    def of_effect(self, value: float) -> float:
        """An effect or an end of its interval as a chart's axis has it."""
        return self.shown(value + self.promised)

    def effect(self, value: float) -> str:
        """``+3.2 points``, ``×1.35``."""
        if not math.isfinite(value):
            return NONE
        number = self.signed(self.of_effect(value))
        return number + self.unit

    def interval(self, ends: Interval) -> str:
        """``+1.6 to +4.6``, without a unit; a dash where there is none."""
        low, high = (self.of_effect(end) for end in ends)
        least, most = (self.shown(end) for end in self.possible)
        # A t interval may reach beyond what a difference of shares can be.
        low, high = max(low, least), min(high, most)
        if not (math.isfinite(low) and math.isfinite(high)):
            return NONE
        return f"{self.signed(low)} to {self.signed(high)}"

    def amount(self, value: float) -> str:
        """A margin: ``1 point``, ``×1.5``, ``0.02``."""
        text = self.bare(value) + self.unit
        return (
            text.replace("1 points", "1 point")
            if text.startswith("1 ")
            else text
        )

    def bare(self, value: float) -> str:
        """A margin without a unit: ``1``, ``×1.5``, ``0.02``."""
        shown = self.shown(value)
        return self.signed(shown) if self.ratio else in_full(shown, "")

    def tick(self, shown: float) -> str:
        """A chart's tick, from the axis's own value."""
        if self.ratio:
            return f"×{math.exp(shown):.3g}"
        if abs(shown) >= LARGE:
            return f"{shown:+,.0f}".replace("-", MINUS)
        return f"{shown:+.6g}".replace("-", MINUS) if shown else "0"

    def signed(self, shown: float) -> str:
        """An axis's own value with its sign and no unit: ``+3.2``, ``×1.35``."""
        if self.ratio:
            return f"×{math.exp(shown):.3g}"
        digits = 2 if self.percent else 3
        if self.percent and abs(shown) < ROUNDING_ERROR:
            shown = 0.0  # a mean of shares that cancel
        text = in_full(shown, "+", digits)
        # A tenth of a point is as fine as accuracies on thousands of examples
        # are; a smaller effect keeps two digits, so that it does not read as
        # zero.
        if self.percent and (abs(shown) >= 0.1 or shown == 0):
            text = f"{shown:+.1f}"
        return text.replace("-", MINUS)


def amounts(verdict: ClaimVerdict) -> Amounts:
    """How this claim's numbers are written."""
    from suite.verdicts.kinds import kind_of
    from suite.verdicts.scales import scale_of

    logarithmic = scale_of(verdict.scale).logarithmic
    statement = kind_of(verdict.kind).statement
    is_exponent = statement == "exponent"
    return Amounts(
        percent=verdict.is_share and not logarithmic and not is_exponent,
        ratio=logarithmic,
        slope=statement == "trend",
        promised=promised_effect(verdict),
        possible=possible_effects(verdict),
        measured_in=own_unit(verdict),
    )


def own_unit(verdict: ClaimVerdict) -> str:
    """The unit of a claim's effects where it is the metric's own, such as bits; empty
    for points, ratios and exponents, and where the metric has none.
    """
    from suite.verdicts.kinds import kind_of
    from suite.verdicts.scales import scale_of

    is_difference = not scale_of(verdict.scale).logarithmic
    is_exponent = kind_of(verdict.kind).statement == "exponent"
    if verdict.is_share or is_exponent or not is_difference:
        return ""
    return verdict.unit


def promised_effect(verdict: ClaimVerdict) -> float:
    """What was taken off the effect that was measured: the promise, or the exponent of a
    power law.
    """
    from suite.verdicts.kinds import kind_of

    if kind_of(verdict.kind).statement != "exponent":
        return verdict.at_least
    return verdict.sides[1].reference or 0.0


def possible_effects(verdict: ClaimVerdict) -> Interval:
    """The smallest and the largest effect there can be: a difference of two shares, or
    of a share from a published figure, has bounds, and no interval is shown beyond.
    """
    from suite.verdicts.kinds import kind_of
    from suite.verdicts.scales import scale_of

    plain = verdict.is_share and not scale_of(verdict.scale).logarithmic
    if not (plain and kind_of(verdict.kind).compares_rates):
        return -math.inf, math.inf
    reference = verdict.sides[1].reference
    if reference is None:
        return -1.0, 1.0
    # The effect is signed so that positive is in favour: of a lower-is-better
    # share the reference minus the measured share.
    if verdict.better_is == "higher":
        return -reference, 1 - reference
    return reference - 1, reference


def effect_and_interval(verdict: ClaimVerdict) -> str:
    """``+3.2 points (+0.9 to +5.5; unadjusted +1.6 to +4.6)``, or a dash before any
    block is complete.

    The first interval is the one that decides, so that it never contradicts the answer;
    the unadjusted one follows if it differs.
    """
    if verdict.blocks == 0:
        return NONE
    written = amounts(verdict)
    effect, between = written.effect(verdict.effect), deciding(verdict)
    if between == NONE:
        return effect
    plain = unadjusted(verdict)
    beside = f"; unadjusted {plain}" if plain else ""
    return f"{effect} ({between}{beside})"


def deciding(verdict: ClaimVerdict) -> str:
    """The interval that the answer was read from, ``+0.9 to +5.5``."""
    return amounts(verdict).interval(verdict.deciding_interval)


def unadjusted(verdict: ClaimVerdict) -> str:
    """The plain interval; empty if it reads as the deciding one or there is none."""
    plain = amounts(verdict).interval(verdict.interval)
    return "" if plain in (deciding(verdict), NONE) else plain


def blocks_in(verdict: ClaimVerdict) -> str:
    """``6 blocks``, or ``2 of 6 blocks`` while they come in."""
    if verdict.complete:
        return counted(verdict.blocks, "block")
    return f"{verdict.blocks} of {verdict.planned} blocks"


def fixed(value: float, percent: bool, scale: str) -> str:
    """An amount that was fixed before the run, a margin or a promise, which is exact:
    ``1 point``, ``2.5 points``.
    """
    from suite.verdicts.scales import scale_of

    if scale_of(scale).logarithmic:
        return f"{math.exp(value):.3g} times"
    if not percent:
        return f"{value:.3g}"
    points = f"{100 * value:.3g}"
    return f"{points} point{'' if points == '1' else 's'}"


def in_full(value: float, sign: str = "", digits: int = 3) -> str:
    """A number with so many digits and no exponent, unless it is tiny or huge:
    ``12,300`` and not ``1.23e+04``. ``sign`` is "+" for one that is always signed.
    """
    text = f"{value:{sign}.{digits}g}"
    rounded = float(text)
    if LARGE <= abs(rounded) < HUGE:
        return f"{rounded:{sign},.0f}"
    return text


def probability(p: float) -> str:
    """A p-value with two digits, ``< 0.001`` where it is smaller."""
    if not math.isfinite(p):
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def duration(seconds: float | None) -> str:
    """``8 s``, ``2 min 05 s``, ``3 h 20 min``, ``2 d 4 h``: symbols that every language
    has. A dash where there is no finite number.
    """
    if seconds is None or not math.isfinite(seconds):
        return NONE
    whole = max(0, round(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if minutes == 0:
        return f"{whole} s"
    if hours == 0:
        return f"{minutes} min {whole % 60:02} s"
    if days == 0:
        return f"{hours} h {minutes % 60:02} min"
    return f"{days} d {hours % 24} h"


def counted(number: int, word: str) -> str:
    """``1 block``, ``1,200 blocks``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def listed(words: Iterable[str], last: str = "and") -> str:
    """``a, b and c``."""
    *rest, end = [*words] or [""]
    return f"{', '.join(rest)} {last} {end}" if rest else end


def asides(verdict: ClaimVerdict) -> list[str]:
    """What must be known of an answer at a glance, a few words each."""
    words = [] if verdict.complete else ["so far"]
    if verdict.would_be and verdict.would_be != verdict.verdict:
        words.append(f"else {verdict.would_be.replace('_', ' ')}")
    if verdict.label == "exploratory":
        words.append("exploratory")
    return words


def measured_number(value: float, is_share: bool) -> str:
    """A number as it was measured: a share in percent with one decimal, anything else
    with two digits.
    """
    shown = 100 * value if is_share else value
    in_tenths = is_share and (abs(shown) >= 0.1 or shown == 0)
    text = f"{shown:.1f}" if in_tenths else f"{shown:.2g}"
    return text.replace("-", MINUS)

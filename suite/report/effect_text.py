"""The size of a claim's effect in words, with its unit and its interval."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from suite.report.formatting import (
    PER_DOUBLING,
    Amounts,
    measured_number,
    own_unit,
    possible_effects,
    promised_effect,
    within_sentence,
)
from suite.report.labels import Labels, side
from suite.report.messages import translate
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.kinds import ClaimKind, kind_of
from suite.verdicts.scales import Scale, scale_of
from suite.verdicts.statistics import Interval


def points(number: str, language: str) -> str:
    """A number of percentage points: ``1 point``, ``3.2 points``."""
    form = "one" if number == "1" else "other"
    return translate("amount-points", language, number=number, form=form)


def written_effect(how: Amounts, number: str, language: str) -> str:
    """A signed number with the unit of effects: ``+3.2 points``, ``+0.1 bits``."""
    if how.percent:
        return translate("effect-points", language, number=number)
    if how.measured_in:
        unit = how.measured_in
        return translate("amount-in-unit", language, number=number, unit=unit)
    return translate("effect-plain", language, number=number)


@dataclass(frozen=True)
class EffectText:
    """Writes the effects of one claim, which are on the claim's scale."""

    verdict: ClaimVerdict
    """The verdict of the claim."""

    labels: Labels
    """The names of its arms and levels, and the language to write in."""

    @property
    def kind(self) -> ClaimKind:
        """The kind of the claim."""
        return kind_of(self.verdict.kind)

    @property
    def scale(self) -> Scale:
        """The scale that the claim's effects are on."""
        return scale_of(self.verdict.scale)

    @property
    def is_trend(self) -> bool:
        """Whether the effect is a slope along the levels' axis."""
        return self.kind.statement == "trend"

    @property
    def is_exponent(self) -> bool:
        """Whether the effect is a power of the levels' axis."""
        return self.kind.statement == "exponent"

    @property
    def is_share(self) -> bool:
        """Whether effects are written in points."""
        return self.verdict.is_share and not self.is_exponent

    @cached_property
    def sides(self) -> tuple[str, str]:
        """Both sides of the comparison: the one claimed to be ahead comes first."""
        ahead, behind = self.verdict.sides_at(self.verdict.level)
        first = side(self.verdict, ahead, self.labels)
        second = side(self.verdict, behind, self.labels)
        return first, second

    @cached_property
    def measure(self) -> str:
        """The name of the claim's metric, within a sentence."""
        return within_sentence(self.labels.metric(self.verdict))

    def say(self, code: str, **values: Any) -> str:
        """The text of a message in the language of the labels."""
        return translate(code, self.labels.language, **values)

    def as_measured(self, interval: Interval) -> tuple[float, Interval]:
        """Effect and interval as one would measure them: with what the claim promises
        (``at_least``, an exponent) added again.
        """
        promised = promised_effect(self.verdict)
        low, high = interval
        smallest, largest = possible_effects(self.verdict)
        shown_low = max(low + promised, smallest)
        shown_high = min(high + promised, largest)
        return self.verdict.effect + promised, (shown_low, shown_high)

    def fact(self, effect: float, interval: Interval) -> str:
        """The effect as a statement about the two sides."""
        if self.is_trend:
            return self.trend(effect, interval)
        if self.is_exponent:
            return self._power(effect, interval)
        ahead, behind = self.sides
        if effect < 0:
            # A sentence names the side that is ahead first, and then needs no
            # minus sign.
            low, high = interval
            effect, interval = -effect, (-high, -low)
            ahead, behind = behind, ahead
        more, less = self.more_and_less(ahead, behind)
        return self.say(
            f"gap-{self.scale.message}",
            ahead=ahead,
            behind=behind,
            more=more,
            less=less,
            amount=self.amount(effect),
            measure=self.measure,
            likely=self.likely(interval),
        )

    def _power(self, exponent: float, interval: Interval) -> str:
        """The power of the axis that the metric goes as."""
        ahead, _ = self.sides
        return self.say(
            "power-law",
            axis=self.labels.axis(self.verdict.task),
            ahead=ahead,
            measure=self.measure,
            amount=self.amount(exponent),
            likely=self.likely(interval),
        )

    def trend(self, slope: float, interval: Interval) -> str:
        """A slope per e-fold of the axis, stated per doubling, which is easier to
        imagine.
        """
        step = PER_DOUBLING * slope
        low, high = (PER_DOUBLING * end for end in interval)
        code = f"trend-{self.scale.message}"
        # A slope of logarithms is told as a factor, which is below 1 where it
        # falls.
        if step < 0 and not self.scale.logarithmic:
            code = "trend-points-falling"
            step, low, high = -step, -high, -low
        ahead, behind = self.sides
        more, less = self.more_and_less(ahead, behind)
        return self.say(
            code,
            axis=self.labels.axis(self.verdict.task),
            ahead=ahead,
            behind=behind,
            more=more,
            less=less,
            amount=self.amount(step),
            measure=self.measure,
            likely=self.likely((low, high)),
        )

    def more_and_less(self, ahead: str, behind: str) -> tuple[str, str]:
        """Which of the two has the larger number, where ``ahead`` is ahead."""
        if self.scale.larger_is_ahead(self.verdict.better_is):
            return ahead, behind
        return behind, ahead

    def amount(self, effect: float) -> str:
        """A measured difference with its unit: ``3.2 points``, ``0.12``, ``1.35
        times``.
        """
        if self.scale.logarithmic:
            # Differences of logarithms are told as what they undo to.
            factor = self.scale.back(effect)
            return self.say("amount-ratio", number=f"{factor:.3g}")
        number = measured_number(effect, self.is_share)
        return self._with_unit(number)

    def fixed(self, value: float) -> str:
        """An amount that was fixed in advance, a margin or a promise, which is exact:
        ``1 point``, ``2.5 points``; for a slope, per doubling.
        """
        if not self.is_trend:
            return self._exact(value)
        amount = self._exact(value * PER_DOUBLING)
        return self.say("per-doubling", amount=amount)

    def _exact(self, value: float) -> str:
        """An amount with three digits, without rounding to tenths of a point."""
        if self.scale.logarithmic or not self.is_share:
            return self.amount(value)
        return self._with_unit(f"{100 * value:.3g}")

    def _with_unit(self, number: str) -> str:
        """The number, in points if the metric is a share."""
        if self.is_share:
            return points(number, self.labels.language)
        unit = own_unit(self.verdict)
        if unit:
            return self.say("amount-in-unit", number=number, unit=unit)
        return self.say("amount-plain", number=number)

    def likely(self, interval: Interval) -> str:
        """The interval in brackets, or that chance plays no part."""
        if self.verdict.exact:
            return self.say("no-chance")
        low, high = self.ends(interval)
        return self.say("likely", low=low, high=high)

    def ends(self, interval: Interval) -> tuple[str, str]:
        """Both ends of an interval, without a unit."""
        low, high = interval
        return self._end(low), self._end(high)

    def _end(self, value: float) -> str:
        """One end of an interval: a factor on logarithmic scales."""
        if self.scale.logarithmic:
            factor = self.scale.back(value)
            return f"{factor:.3g}"
        return measured_number(value, self.is_share)

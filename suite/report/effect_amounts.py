"""Effects as amounts, in the claim's unit and the reader's language."""

from __future__ import annotations

import math

from suite.report.effect_text import written_effect
from suite.report.formatting import NONE, amounts
from suite.report.messages import translate
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.statistics import Interval


def deciding_effect(verdict: ClaimVerdict, language: str = "en") -> str:
    """A verdict's effect with the interval that decides, as ``amount_text`` writes it;
    a dash before there are blocks.
    """
    if verdict.blocks == 0:
        return NONE
    return amount_text(
        verdict, verdict.effect, verdict.deciding_interval, language
    )


def amount_text(
    verdict: ClaimVerdict, effect: float, ends: Interval, language: str = "en"
) -> str:
    """An effect with an interval, in the claim's unit: ``+3.2 points (+1.6 to +4.8)``;
    the interval is left out where it has no ends.
    """
    text = effect_alone(verdict, effect, language)
    if not all(map(math.isfinite, ends)):
        return text
    low, high = (signed_number(verdict, end) for end in ends)
    return translate(
        "findings-effect", language, effect=text, low=low, high=high
    )


def effect_alone(
    verdict: ClaimVerdict, effect: float, language: str = "en"
) -> str:
    """An effect without an interval: ``+3.2 points``."""
    written = amounts(verdict)
    number = signed_number(verdict, effect)
    text = written_effect(written, number, language)
    if written.slope:
        return translate("per-doubling", language, amount=text)
    return text


def signed_number(verdict: ClaimVerdict, effect: float) -> str:
    """An effect with its sign, within what an effect can be."""
    written = amounts(verdict)
    least, most = written.possible
    # Bounds hold for the effect as measured, so the promise is added before
    # clipping, and taken off again since ``of_effect`` adds it.
    shown = min(max(effect + written.promised, least), most) - written.promised
    return written.signed(written.of_effect(shown))

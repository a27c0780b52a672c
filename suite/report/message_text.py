"""The messages that verdicts carry, written out in the language of the reader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from suite.report.effect_text import EffectText, written_effect
from suite.report.formatting import (
    PER_DOUBLING,
    Amounts,
    amounts,
    measured_number,
    probability,
)
from suite.report.labels import Labels
from suite.report.messages import translate
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.decision import Answer
from suite.verdicts.kinds import pair_of_arms
from suite.verdicts.message import Message

ANSWERS: dict[Answer, str] = {
    "supported": "answer-supported",
    "refuted": "answer-refuted",
    "no_difference": "answer-no-difference",
    "inconclusive": "answer-inconclusive",
}


def answer(found: Answer, language: str = "en") -> str:
    """An answer in a word or two."""
    return translate(ANSWERS[found], language)


def text_of_message(
    message: Message, verdict: ClaimVerdict, labels: Labels
) -> str:
    """The text of a message of a verdict."""
    writer = MessageWriter(verdict.task, labels, verdict)
    return writer.text(message)


def full_stop(text: str, labels: Labels) -> str:
    """The text as a sentence of its own: with a capital letter and a full stop."""
    capitalised = text[:1].upper() + text[1:]
    return translate("full-stop", labels.language, text=capitalised)


def joined_sentences(sentences: Iterable[str], language: str) -> str:
    """At least one sentence, several with the language's space between them."""
    first, *others = sentences
    joined = first
    for second in others:
        joined = translate(
            "two-sentences", language, first=joined, second=second
        )
    return joined


@dataclass(frozen=True)
class MessageWriter:
    """Writes messages of one task. How a value is written depends on what its name
    begins with: see ``suite.verdicts.message.Message``.
    """

    task: str
    """The name of the task."""

    labels: Labels
    """The names of its arms and levels, and the language to write in."""

    verdict: ClaimVerdict | None = None
    """The verdict that the messages belong to; effects need its scale and unit."""

    def text(self, message: Message) -> str:
        """The text of a message, with its values filled in."""
        values = {
            name: self._value(name, value)
            for name, value in message.values.items()
        }
        axis = self.labels.axis(self.task)
        return translate(
            message.code, self.labels.language, axis=axis, **values
        )

    def _value(self, name: str, value: Any) -> Any:
        """One value as its name demands; messages within messages are written out
        first.
        """
        if isinstance(value, Message):
            return self.text(value)
        if isinstance(value, tuple):
            comma = translate("comma", self.labels.language)
            return comma.join(self.text(message) for message in value)
        prefix, _, _ = name.partition("_")
        write = _WRITERS.get(prefix)
        if write is None:
            return value
        return write(self, value)

    def arm(self, name: str) -> str:
        """The label of an arm."""
        return self.labels.arm(self.task, name)

    def level(self, name: str) -> str:
        """The label of a level."""
        return self.labels.level(self.task, name)

    def at_level(self, name: str) -> str:
        """ " at <level>" where the task has several levels, else empty; " for <pair>"
        in a ranking.
        """
        if pair_of_arms(name):
            pair = self.level(name)
            return translate("for-pair", self.labels.language, pair=pair)
        levels = self.labels.manifest.task(self.task).levels
        # With one level, naming it says nothing.
        if not name or len(levels) < 2:
            return ""
        label = self.level(name)
        return translate("at-level", self.labels.language, level=label)

    def answer(self, found: Answer) -> str:
        """An answer in a word or two."""
        return answer(found, self.labels.language)

    def effect(self, value: float) -> str:
        """An effect with its sign and unit, with what the claim promises added."""
        verdict = self._verdict
        return self.change(value + verdict.at_least)

    def change(self, value: float) -> str:
        """A difference between two effects, with its sign and unit."""
        how = self._amounts
        text = self._signed(value)
        if not how.slope:
            return text
        return translate("per-doubling", self.labels.language, amount=text)

    def gain(self, value: float) -> str:
        """A difference at one level, which is not a slope even where effects are."""
        how = self._amounts
        # ``_signed`` multiplies by it where effects are slopes.
        at_one_level = value / PER_DOUBLING if how.slope else value
        return self._signed(at_one_level)

    def _signed(self, value: float) -> str:
        """A value on the claim's scale, with its sign and unit."""
        how = self._amounts
        number = how.signed(how.shown(value))
        return written_effect(how, number, self.labels.language)

    def margin(self, value: float) -> str:
        """An amount that was fixed in advance."""
        effects = EffectText(self._verdict, self.labels)
        return effects.fixed(value)

    def value(self, value: float) -> str:
        """A value of the claim's metric, in its own unit."""
        if self.verdict is None:
            # A message about an arm: of the task's first measure.
            is_share = self.labels.manifest.task(self.task).primary.percent
        else:
            is_share = self.verdict.is_share
        number = measured_number(value, is_share)
        return f"{number} %" if is_share else number

    def percent(self, share: float) -> str:
        """A share of 1 in percent, with two digits."""
        return f"{100 * share:.2g} %"

    def number(self, value: float) -> str:
        """A number with at most three digits."""
        return f"{value:,.3g}"

    def p(self, value: float) -> str:
        """A p-value."""
        return probability(value)

    @property
    def _verdict(self) -> ClaimVerdict:
        """The verdict that the messages are about."""
        # Only messages of a verdict have effects.
        assert self.verdict is not None
        return self.verdict

    @property
    def _amounts(self) -> Amounts:
        return amounts(self._verdict)


# By the prefix of a value's name; ``suite.verdicts.message`` documents them.
_WRITERS: Mapping[str, Callable[[MessageWriter, Any], str]] = {
    "arm": MessageWriter.arm,
    "level": MessageWriter.level,
    "at": MessageWriter.at_level,
    "answer": MessageWriter.answer,
    "effect": MessageWriter.effect,
    "change": MessageWriter.change,
    "gain": MessageWriter.gain,
    "margin": MessageWriter.margin,
    "percent": MessageWriter.percent,
    "value": MessageWriter.value,
    "number": MessageWriter.number,
    "p": MessageWriter.p,
}

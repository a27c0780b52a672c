"""Statements about numbers as codes and values, before they are put into a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

# what JSON can hold, or a message within another
Value: TypeAlias = "str | int | float | Message | tuple[Message, ...]"


@dataclass(frozen=True)
class Message:
    """A code, which names a text in every language, and the values that stand in it.

    The report writes it out (suite.report.sentences). How a value is written depends
    on what its name begins with, up to the first ``_``:

    ==========  ===========================================================
    arm         the name of an arm, written as its label
    level       the name of a level, written as its label
    at          " at <level>" within a sentence, where the task has several levels
    answer      "supported", "refuted", "no_difference", "inconclusive"
    effect      an effect on the claim's scale, what it promises put back
    change      a difference between two effects
    gain        an effect at one level, which for a trend is no slope
    margin      an amount on the claim's scale that was fixed before the run
    value       a value of the claim's metric, in its own unit
    percent     a share of 1, in percent
    number      a number with as many digits as it takes
    p           a p-value
    ==========  ===========================================================

    Any other value is text or a count. A Message, or several, may itself be a value.
    """

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)


def message(code: str, **values: Value) -> Message:
    """``Message(code, values)``, with the values as keyword arguments."""
    return Message(code, values)

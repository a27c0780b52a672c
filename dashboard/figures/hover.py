"""What a chart says of a mark where the pointer is: sentences in the reader's language.

A text holds plotly's places, such as ``%{y:.1%}``, which the browser fills in for each
mark: whole texts would make up most of a specification.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dashboard.figures import pick
from dashboard.locale import Words

ONLY = "<extra></extra>"  # at the end of a text: the trace's name is left out
COUNT = ",.4~g"
# how a place on the axis of learning curves is written
PLACES = {"step": COUNT, "epoch": ".3~g", "seconds": ".3~g", "examples": COUNT}


def number_format(percent: bool) -> str:
    """How a measured value is written: shares in per cent, to a tenth."""
    return ".1%" if percent else ".4~g"


def mean_text(words: Words, percent: bool, known: Collection[bool]) -> Any:
    """The text of means whose ``customdata`` is their interval's ends and the number of
    blocks; ``known`` says of each whether it has an interval.

    One text for all, or one for each mean where some lack the interval.
    """
    number = number_format(percent)
    values = {
        "value": f"%{{y:{number}}}",
        "low": f"%{{customdata[0]:{number}}}",
        "high": f"%{{customdata[1]:{number}}}",
        "blocks": "%{customdata[2]}",
    }
    with_interval, alone = words("hover-mean", **values), values["value"]
    if all(known):
        return with_interval
    return [with_interval if one else alone for one in known]


def above(text: Any) -> dict[str, Any]:
    """For an axis: the heading of what is said of all lines at a place of it."""
    return {"unifiedhovertitle": {"text": text}}


def above_curves(words: Words, axes: Collection[str]) -> dict[str, Any]:
    """The same for learning curves, by the axis that the view option picks."""
    texts = {
        axis: words.of("hover", axis, x=f"%{{x:{PLACES[axis]}}}")
        for axis in axes
    }
    return above(pick("x", **texts))

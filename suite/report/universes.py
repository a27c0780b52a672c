"""A claim's universes in plain words: where it holds, and where it does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from suite.report.charts.build import clipped, effect_bounds
from suite.report.charts.spec import (
    Axis,
    SpecificationCurve,
    Tick,
    UniverseMark,
)
from suite.report.charts.ticks import around, linear_ticks
from suite.report.effect_amounts import deciding_effect
from suite.report.formatting import amounts
from suite.report.labels import Labels
from suite.report.message_text import ANSWERS
from suite.report.messages import translate
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.statistics import Interval
from suite.verdicts.universes import Multiverse, Rule, Universe, Values
from tasks.contract.universe import base_label


def claim_text(found: Multiverse, labels: Labels) -> str:
    """What the claim says, whatever the universe."""
    return base_label(labels.claim(found.universes[0].verdict))


def where(found: Multiverse, language: str = "en") -> str:
    """In how many universes the claim holds, and under which conditions."""
    counts = [
        translate("universes-count", language, count=count, answer=answer_text)
        for answer, code in ANSWERS.items()
        if (count := found.count(answer))
        for answer_text in [translate(code, language)]
    ]
    total = len(found.universes)
    joined = translate("comma", language).join(counts)
    said = [translate("universes-of", language, count=total, counts=joined)]
    for answer in ("supported", "refuted", "no_difference"):
        for rule in found.rules(answer):
            said.append(_rule_text(rule, answer, language))
    return translate("universes-between", language).join(said)


def _rule_text(rule: Rule, answer: str, language: str) -> str:
    """A sentence on a rule: under which conditions the answer holds, and in
    how many of its universes.
    """
    code = f"universes-{answer.replace('_', '-')}"
    if not rule.values:
        # Universes that are still open are no evidence that it holds there.
        all_agree = rule.agreeing == rule.universes
        code += "-everywhere" if all_agree else "-decided"
    return translate(
        code,
        language,
        conditions=values_text(rule.values, language),
        agreeing=rule.agreeing,
        count=rule.universes,
    )


def values_text(values: Values, language: str = "en") -> str:
    """``optimizer = sgd and width = 64``."""
    parts = [f"{name} = {value_text(value)}" for name, value in values.items()]
    return translate("universes-and", language).join(parts)


def value_text(value: object) -> str:
    """A condition's value as profiles write it."""
    # Profiles are TOML, where it is ``true``.
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class UniverseRow:
    """A universe in a table, as text."""

    values: tuple[str, ...]
    """Its value of each condition; "" where it leaves that as its task has it."""

    answer: str
    """Its verdict in words."""

    effect: str
    """The effect with the interval that decides."""

    blocks: str
    """The number of blocks."""


def universe_rows(
    found: Multiverse, language: str = "en"
) -> Iterator[UniverseRow]:
    """A claim's universes, from the smallest effect to the largest."""
    for one in found.universes:
        yield UniverseRow(
            tuple(value_text(one.values.get(n, "")) for n in found.conditions),
            translate(ANSWERS[one.verdict.verdict], language),
            deciding_effect(one.verdict, language),
            f"{one.verdict.blocks:,}",
        )


def specification_curve(
    found: Multiverse, labels: Labels
) -> SpecificationCurve | None:
    """The chart of a multiverse; None before any universe has a block."""
    seen = [one for one in found.universes if one.verdict.blocks]
    if not seen:
        return None
    rows = [
        (name, value)
        for name, all_of in found.conditions.items()
        for value in all_of
    ]
    # All universes are of one claim, and so share scale and unit.
    written = amounts(seen[0].verdict)
    margin = seen[0].verdict.margin
    band = (written.of_effect(-margin), written.of_effect(margin))
    marks = [
        UniverseMark(
            value=written.of_effect(one.verdict.effect),
            interval=_drawn(one.verdict),
            verdict=one.verdict.verdict,
            rows=tuple(
                n
                for n, (name, value) in enumerate(rows)
                if one.has({name: value})
            ),
            text=_mark_text(one, found, labels.language),
        )
        for one in seen
    ]
    ends = [
        end for mark in marks for end in (mark.value, *(mark.interval or ()))
    ]
    low, high = around([*ends, *band])
    ticks = [
        Tick(value, written.tick(value)) for value in linear_ticks(low, high)
    ]
    return SpecificationCurve(
        title=claim_text(found, labels),
        verdict=seen[0].verdict.verdict,
        y=Axis(written.unit.strip(), low, high, tuple(ticks)),
        marks=tuple(marks),
        conditions=tuple(values_text({name: value}) for name, value in rows),
        band=band,
        zero=written.of_effect(0.0),
        answers={
            answer: translate(code, labels.language)
            for answer, code in ANSWERS.items()
            if found.count(answer)
        },
    )


def _mark_text(universe: Universe, found: Multiverse, language: str) -> str:
    """A universe's conditions, among those that vary, and its effect."""
    varied = {
        name: universe.values[name]
        for name in found.conditions
        if name in universe.values
    }
    conditions = values_text(varied, language)
    return f"{conditions}: {deciding_effect(universe.verdict, language)}"


def _drawn(verdict: ClaimVerdict) -> Interval | None:
    """The deciding interval in the unit of the axis, clipped at what is
    possible; None without finite ends.
    """
    written = amounts(verdict)
    low, high = (written.of_effect(end) for end in verdict.deciding_interval)
    return clipped((low, high), effect_bounds(verdict))


def multiverses_as_json(found: Sequence[Multiverse]) -> list[dict[str, Any]]:
    """The multiverses as plain values for JSON."""
    return [
        {
            "task": one.task,
            "claim": one.claim,
            "sentence": where(one),
            "conditions": one.conditions,
            "universes": [
                {
                    "values": dict(universe.values),
                    "verdict": universe.verdict.verdict,
                    "effect": universe.verdict.effect,
                    "interval": list(universe.verdict.interval),
                    "adjusted_interval": list(
                        universe.verdict.adjusted_interval
                    ),
                    "failed_gates": [
                        g.code for g in universe.verdict.failed_gates
                    ],
                    "blocks": universe.verdict.blocks,
                }
                for universe in one.universes
            ],
        }
        for one in found
    ]

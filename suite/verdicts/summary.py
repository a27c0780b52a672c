"""From a decision to a ClaimVerdict: notes, population, numbers per block and level."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from suite.report import sentences
from suite.verdicts.adequacy import block_mean
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.decision import CONFIRMATORY, Label, Verdict
from suite.verdicts.effects import (
    gaps,
    sides,
)
from suite.verdicts.measured import Judged, Measured
from suite.verdicts.statistics import Floats, Interval, crossover, estimate

CODE_CHANGED = "the task's code has changed since: this speaks for the code as it was"
PER_LEVEL = (
    "effect",
    "interval",
    "adjusted_interval",
    "equivalence_interval",
    "p",
    "p_equivalence",
    "p_sign_flip",
    "effect_size",
    "win_rate",
    "blocks",
)


def claim_verdict_of(measured: Measured, judged: Judged) -> ClaimVerdict:
    case, claim, verdict = measured.case, measured.case.claim, judged.verdict
    return ClaimVerdict(
        task=case.task,
        claim=claim.name,
        says=claim.says,
        kind=claim.kind,
        metric=claim.metric,
        metric_label=case.metric.label,
        unit_percent=case.metric.percent,
        scale=claim.scale,
        better=claim.better,
        worse=claim.worse,
        levels=case.levels,
        margin=claim.margin,
        at_least=claim.at_least,
        verdict=verdict.verdict,
        would_be=verdict.would_be,
        label=_label(measured, judged),
        meaningful=verdict.meaningful,
        negligible=verdict.negligible,
        effect=verdict.effect,
        interval=verdict.interval,
        adjusted_interval=verdict.adjusted_interval,
        equivalence_interval=verdict.equivalence_interval,
        fixed_split_interval=verdict.fixed_split_interval
        if verdict.sample.test_train_ratio > 0
        else None,
        new_test_interval=_new_test_interval(measured, verdict),
        p=verdict.p,
        p_equivalence=verdict.p_equivalence,
        p_sign_flip=verdict.p_sign_flip,
        p_holm=verdict.p_holm,
        p_equivalence_holm=verdict.p_equivalence_holm,
        effect_size=verdict.effect_size,
        win_rate=verdict.win_rate,
        blocks=verdict.blocks,
        planned=case.planned,
        blocks_to_settle=verdict.blocks_to_settle,
        blocks_to_settle_cautious=verdict.blocks_to_settle_cautious,
        per_block=tuple(_per_block(measured, judged)),
        by_level=tuple(_per_level(measured, verdict)),
        crossover=_crossing(measured, verdict),
        half_budget=judged.half_budget,
        attempt=case.attempt,
        gates=verdict.gates,
        sentence=sentences.sentence(case, verdict, judged.complete),
        population=_population(measured),
        source=claim.source,
        reported=claim.reported,
        matching_group=claim.matching_group,
        notes=tuple(_notes(measured, judged)),
        complete=judged.complete,
    )


def _label(measured: Measured, judged: Judged) -> Label:
    """What the claim is, or will be once its planned blocks are in."""
    blocks = judged.verdict.blocks if judged.complete else measured.case.due
    return (
        "exploratory"
        if measured.case.exploratory or blocks < CONFIRMATORY
        else "confirmatory"
    )


def _notes(measured: Measured, judged: Judged) -> Iterator[str]:
    case, verdict = measured.case, judged.verdict
    if judged.note:
        yield judged.note
    if case.exploratory:
        yield f"exploratory: {case.exploratory}"
    elif _label(measured, judged) == "exploratory":
        yield f"exploratory: fewer than {CONFIRMATORY} blocks are a first hint only"
    if case.attempt > 1:
        yield f"campaign {case.attempt} of this claim"
    if judged.half_budget and judged.half_budget.changes:
        yield f"with half of the tuning the answer would be: {sentences.ANSWERS[judged.half_budget.verdict]}"
    if verdict.negligible:
        yield "real but negligible: there is a difference, and it is smaller than the margin"
    if verdict.by_level and verdict.blocks:
        yield f"the numbers are those at {case.level_label(verdict.sample.level)}, the level that decides"
    if verdict.blocks and (crossing := _crossing(measured, verdict)):
        yield crossing["says"]


def _population(measured: Measured) -> str:
    """What the verdict speaks for; said for each level where levels differ in that."""
    case = measured.case
    told = {
        level: sentences.population(measured.facts("population", level))
        for level in case.levels
    }
    if len(set(told.values())) == 1:
        return told[case.levels[0]]
    return " ".join(
        f"{case.level_label(level)}: {says}" for level, says in told.items()
    )


def with_matching_note(
    verdict: ClaimVerdict, others: Sequence[ClaimVerdict]
) -> ClaimVerdict:
    """Say that the answer depends on the matching, where one claim of a group is
    supported and another refuted.
    """
    group = [
        other
        for other in others
        if verdict.matching_group and other.matching_group == verdict.matching_group
    ]
    if not {"supported", "refuted"} <= {other.verdict for other in group}:
        return verdict
    each = ", ".join(
        f"{sentences.ANSWERS[other.verdict]} for {other.claim!r}" for other in group
    )
    return replace(verdict, notes=(*verdict.notes, f"depends on the matching: {each}"))


def _per_block(measured: Measured, judged: Judged) -> Iterator[dict[str, Any]]:
    """The blocks that the verdict is made from: with looks, none that ran for other
    claims once it was settled.
    """
    case, blocks = measured.case, measured.case.planned
    if case.looks and judged.complete:
        blocks = judged.verdict.blocks
    better, worse = sides(measured.values, case)
    for number, part in enumerate(case.parts):
        for block in np.flatnonzero(np.isfinite(measured.effects[:blocks, number])):
            yield {
                "block": int(block),
                "level": part or None,
                "better": float(better[block, number]) if part else None,
                "worse": float(worse[block, number]) if part else None,
                "difference": float(measured.effects[block, number]),
            }


def _per_level(measured: Measured, verdict: Verdict) -> Iterator[dict[str, Any]]:
    """The numbers of each level where a claim has several; of each level's gap where it
    is an interaction.
    """
    case = measured.case
    for one in verdict.by_level:
        yield {
            "level": one.sample.level,
            "verdict": one.answer,
            **{name: getattr(one, name) for name in PER_LEVEL},
        }
    if case.claim.kind == "interaction":
        for level, x, column in zip(
            case.levels, case.x, _complete_gaps(measured).T, strict=True
        ):
            found = estimate(column, measured.test_train_ratio(level))
            interval = found.interval(verdict.confidence)
            yield {
                "level": level,
                "x": x,
                "effect": found.mean,
                "interval": interval,
                "blocks": found.blocks,
            }


def _complete_gaps(measured: Measured) -> Floats:
    """The gap at each level, from blocks that have them all: (blocks, levels)."""
    found = gaps(measured.values, measured.case, measured.examples)
    return found[np.isfinite(found).all(axis=1)]


def _crossing(measured: Measured, verdict: Verdict) -> dict[str, Any] | None:
    if measured.case.claim.kind != "interaction":
        return None
    found = crossover(
        _complete_gaps(measured),
        measured.case.x,
        verdict.confidence,
        measured.test_train_ratio(),
    )
    return {
        **dataclasses.asdict(found),
        "says": sentences.crossing(measured.case, found),
    }


def _new_test_interval(measured: Measured, verdict: Verdict) -> Interval | None:
    """The plain interval with room for the choice of test examples, where all blocks
    share one test set.

    An example's difference is -1, 0 or 1 and not 0 only where an arm errs, so its
    variance is at most the sum of both error rates (as if the arms never erred on the
    same example): an upper bound, divided by the examples.
    """
    case, claim = measured.case, measured.case.claim
    plain = (
        claim.kind in ("difference", "equal", "threshold")
        and claim.scale == "points"
        and case.metric.percent
    )
    level = verdict.sample.level
    if (
        measured.facts("population", level) != {"official"}
        or not plain
        or not measured.examples > 0
        or verdict.blocks < 2
    ):
        return None
    rates = block_mean(measured.values)[case.parts.index(level)]  # (arms,)
    errors = 1 - rates if case.metric.better == "higher" else rates
    per_example = (
        min(1.0, errors.sum())
        if len(errors) > 1
        else float(errors[0] * (1 - errors[0]))
    )
    extra = math.hypot(
        verdict.sample.reference_se, math.sqrt(per_example / measured.examples)
    )
    return estimate(verdict.sample.values, 0.0, extra).interval(verdict.confidence)

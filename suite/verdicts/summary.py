"""From a decision to a ClaimVerdict: its population, notes, and numbers per block and
level.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from suite.verdicts.arm_training import diagnose
from suite.verdicts.case import Case
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.decision import CONFIRMATORY, Label, Verdict
from suite.verdicts.effects import block_mean, gaps, on_scale, sides
from suite.verdicts.measured import Judged, Measured
from suite.verdicts.message import Message, message
from suite.verdicts.placing import (
    Place,
    Placing,
    differences_of_pairs,
    place_arms,
)
from suite.verdicts.statistics import (
    Crossover,
    Floats,
    Interval,
    crossover,
    estimate,
    within_bounds,
)
from suite.verdicts.variance import split_effect

UNBOUNDED: Interval = (-math.inf, math.inf)
DIFFERENCE_OF_SHARES: Interval = (-1.0, 1.0)

# fields of a ClaimVerdict that a claim and a decision have by the same name
OF_CLAIM = (
    "says",
    "kind",
    "metric",
    "scale",
    "better",
    "worse",
    "margin",
    "at_least",
    "at_least_levels",
    "order",
    "source",
    "reported",
    "matching_group",
    "lower_bound",
    "upper_bound",
    "equal_to",
    "tolerance",
)
OF_DECISION = (
    "verdict",
    "would_be",
    "reason",
    "meaningful",
    "negligible",
    "level",
    "effect",
    "interval",
    "adjusted_interval",
    "equivalence_interval",
    "deciding_interval",
    "p",
    "p_equivalence",
    "p_sign_flip",
    "p_holm",
    "p_equivalence_holm",
    "effect_size",
    "win_rate",
    "reference_se",
    "blocks",
    "blocks_to_settle",
    "blocks_to_settle_cautious",
    "gates",
)
OF_LEVEL = (
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
POPULATIONS = {
    "fresh": "population-fresh",
    "resplit": "population-resplit",
    "official": "population-official",
}


def claim_verdict_of(measured: Measured, judged: Judged) -> ClaimVerdict:
    """All that is shown of a claim."""
    case, verdict = measured.case, judged.verdict
    placing = _placing(measured, verdict)
    notes = (*_notes(measured, judged), *_notes_on(placing, verdict))
    return ClaimVerdict(
        **_asked(case),
        **_copied(verdict, OF_DECISION),
        label=_label(measured, judged),
        fixed_split_interval=_fixed_split_interval(verdict),
        new_test_interval=_new_test_interval(measured, verdict),
        due=case.due,
        planned=case.planned,
        complete=judged.complete,
        per_block=tuple(_per_block(measured, judged)),
        **_instances(measured, judged),
        by_level=(*_per_level(verdict), *_per_gap(measured, verdict)),
        crossover=_crossing(measured, verdict),
        places=placing.places,
        ties=placing.ties,
        half_budget=judged.half_budget,
        half_length=judged.half_length,
        training=diagnose(case, verdict.blocks),
        attempt=case.attempt,
        population=_population(measured),
        notes=tuple(notes),
    )


def _asked(case: Case) -> dict[str, Any]:
    """The fields that say what is claimed."""
    metric = case.metric
    return {
        **_copied(case.claim, OF_CLAIM),
        "task": case.task,
        "claim": case.claim.name,
        "metric_label": metric.label,
        "unit": metric.unit,
        "better_is": metric.better,
        "sides": case.kind.sides(case.claim),
        "levels": case.levels,
    }


def _instances(measured: Measured, judged: Judged) -> dict[str, Any]:
    """The number of instances of a fact: blocks that share one run count as one."""
    case = measured.case
    # One run that stands for all blocks is one instance, and not many.
    blocks = 1 if case.once else judged.verdict.blocks
    found = measured.effects[:blocks]
    return {
        "exact": case.exact,
        "instances": int(np.isfinite(found).sum()),
        "counterexamples": int((found < 0).sum()),
    }


def _copied(source: object, names: Sequence[str]) -> dict[str, Any]:
    """Those attributes of an object, by name."""
    return {name: getattr(source, name) for name in names}


def _label(measured: Measured, judged: Judged) -> Label:
    """What the claim is, or will be once its planned blocks are in."""
    case = measured.case
    # While blocks are out, the label is that of the finished campaign: it is
    # no property of the moment.
    blocks = judged.verdict.blocks if judged.complete else case.due
    few = blocks < CONFIRMATORY and not case.exact
    if case.exploratory or few:
        return "exploratory"
    return "confirmatory"


# ------------------------------------------------------------------------------- words


def _notes(measured: Measured, judged: Judged) -> Iterator[Message]:
    """What else must be known of the verdict."""
    case, verdict = measured.case, judged.verdict
    half_budget, half_length = judged.half_budget, judged.half_length
    if judged.note:
        yield judged.note
    if case.exploratory:
        yield case.exploratory
    # One reason is enough: a doubt weighs more than a lack of blocks.
    elif _label(measured, judged) == "exploratory":
        yield message("note-few-blocks", least=CONFIRMATORY)
    if case.claim.fixed_budget and _has_other_length(case):
        yield message("note-other-length")
    if case.attempt > 1:
        yield message("note-attempt", attempt=case.attempt)
    if half_budget and half_budget.changes:
        yield message("note-half-budget", answer=half_budget.verdict)
    if half_length and half_length.changes:
        yield message("note-half-length", answer=half_length.verdict)
    missed = measured.finals_short_of_target
    if missed:
        finals = len(case.finals)
        yield message("note-target-not-reached", missed=missed, finals=finals)
    if verdict.negligible:
        yield message("note-negligible")
    if verdict.by_level and verdict.blocks:
        pairwise = case.kind.pairwise
        code = "note-deciding-pair" if pairwise else "note-deciding-level"
        yield message(code, level=verdict.level)
    crossing = _crossing(measured, verdict)
    if crossing and verdict.blocks:
        yield _crossing_note(crossing)
    part = verdict.level or case.parts[0]
    spread = split_effect(case, part, measured.examples)
    if spread:
        yield spread.message


def _has_other_length(case: Case) -> bool:
    """Whether the profile changes how long the task trains."""
    given = case.campaign.manifest.profile.tasks.get(case.task)
    changed = set(given.recipe) if given else set()
    return case.manifest.length_factor != 1 or not changed.isdisjoint(
        ("steps", "epochs")
    )


def _notes_on(placing: Placing, verdict: Verdict) -> Iterator[Message]:
    """The places of the arms of a ranking, and which of them tie."""
    if placing.places:
        places = tuple(map(_place_note, placing.places))
        confidence = verdict.confidence
        yield message(
            "note-places", percent_confidence=confidence, places=places
        )
    if placing.ties:
        ties = tuple(
            message("note-tie", arm=one, arm_other=other)
            for one, other in placing.ties
        )
        yield message("note-ties", margin=verdict.margin, ties=ties)


def _place_note(place: Place) -> Message:
    """One arm, and the places that it may have."""
    if place.first == place.last:
        return message("note-place", arm=place.arm, place=place.first)
    return message(
        "note-place-between",
        arm=place.arm,
        first=place.first,
        last=place.last,
    )


def _crossing_note(found: Crossover) -> Message:
    """Where the gap changes sign, if that can be said."""
    if found.state == "not located":
        return message("note-crossing-not-located")
    if found.state == "beyond the range studied":
        return message("note-crossing-beyond")
    return message(
        "note-crossing",
        number_at=found.at,
        number_low=found.low,
        number_high=found.high,
    )


def _population(measured: Measured) -> tuple[Message, ...]:
    """The population that the verdict generalises to; per level if levels differ."""
    levels = measured.case.levels
    told = {
        level: _population_of(measured.metadata("population", level))
        for level in levels
    }
    first = told[levels[0]]
    if all(one == first for one in told.values()):
        return (first,)
    return tuple(
        message("population-at-level", level=level, text=text)
        for level, text in told.items()
    )


def _population_of(kinds: set[str]) -> Message:
    """The population, by how the blocks came by their data."""
    if not kinds:
        return message("population-unknown")
    if len(kinds) > 1:
        return message("population-mixed")
    return Message(POPULATIONS[kinds.pop()])


def with_matching_note(
    verdict: ClaimVerdict, others: Sequence[ClaimVerdict]
) -> ClaimVerdict:
    """Say that the answer depends on the matching, where one claim of a group is
    supported and another refuted.
    """
    if not verdict.matching_group:
        return verdict
    group = [
        one for one in others if one.matching_group == verdict.matching_group
    ]
    # Less than both is no contradiction: one may just be inconclusive.
    if not {"supported", "refuted"} <= {one.verdict for one in group}:
        return verdict
    each = tuple(
        message("answer-for-claim", answer=one.verdict, claim=one.claim)
        for one in group
    )
    return with_note(verdict, message("note-matching", answers=each))


def with_note(verdict: ClaimVerdict, note: Message) -> ClaimVerdict:
    """The verdict with one more note."""
    return replace(verdict, notes=(*verdict.notes, note))


# ----------------------------------------------------------------------------- numbers


def _per_block(measured: Measured, judged: Judged) -> Iterator[dict[str, Any]]:
    """The blocks that the verdict is made from: with looks, none that ran for other
    claims once it was settled.
    """
    case, blocks = measured.case, measured.case.planned
    # A claim over levels has no two sides in a block, but one number.
    if case.looks and judged.complete:
        blocks = judged.verdict.blocks
    better, worse = sides(measured.values, case)
    for number, part in enumerate(case.parts):
        for block in np.flatnonzero(
            np.isfinite(measured.effects[:blocks, number])
        ):
            yield {
                "block": int(block),
                "level": part or None,
                "better": float(better[block, number]) if part else None,
                "worse": float(worse[block, number]) if part else None,
                "difference": float(measured.effects[block, number]),
            }


def _placing(measured: Measured, verdict: Verdict) -> Placing:
    """The places of the arms of a ranking, from its blocks; empty for other claims."""
    case, sample = measured.case, verdict.sample
    if not case.kind.pairwise:
        return Placing()
    # A ranking is at one level.
    values = on_scale(measured.values, case, measured.examples)[:, 0]
    # With looks, blocks that ran since the claim was settled do not count.
    known = values[np.isfinite(values).all(axis=1)][: verdict.blocks]
    if not replace(sample, differences=known[:, 0]).judgeable:
        return Placing()
    pairs = [
        replace(sample, differences=one).estimate
        for one in differences_of_pairs(known)
    ]
    arms, margin = case.claim.order, verdict.margin
    return place_arms(arms, pairs, margin, verdict.confidence)


def _per_level(verdict: Verdict) -> Iterator[dict[str, Any]]:
    """The numbers of each level, where the claim has several."""
    for one in verdict.by_level:
        # Gates are the claim's; each level says what its blocks show.
        numbers = _copied(one, OF_LEVEL)
        yield {"level": one.level, "verdict": one.answer, **numbers}


def _per_gap(measured: Measured, verdict: Verdict) -> Iterator[dict[str, Any]]:
    """The gap at each level, where the claim is judged over levels."""
    case = measured.case
    if not case.kind.along_axis:
        return
    # A gap between shares cannot leave -1 to 1, but a t interval can.
    of_shares = case.metric.is_share and not case.scale.logarithmic
    bounds = DIFFERENCE_OF_SHARES if of_shares else UNBOUNDED
    columns = _complete_gaps(measured).T
    for level, x, column in zip(case.levels, case.x, columns, strict=True):
        found = estimate(column, measured.test_train_ratio(level))
        plain = found.interval(verdict.confidence)
        low, high = within_bounds(found.mean, *plain, bounds)
        yield {
            "level": level,
            "x": x,
            "effect": found.mean,
            "interval": (float(low), float(high)),
            "blocks": found.blocks,
        }


def _complete_gaps(measured: Measured) -> Floats:
    """The gap at each level, from blocks that have them all: (blocks, levels)."""
    found = gaps(measured.values, measured.case, measured.examples)
    return found[np.isfinite(found).all(axis=1)]


def _crossing(measured: Measured, verdict: Verdict) -> Crossover | None:
    """Where along the axis two arms are level; None for claims without that."""
    if measured.case.kind.statement != "trend":
        return None
    return crossover(
        _complete_gaps(measured),
        measured.case.x,
        verdict.confidence,
        measured.test_train_ratio(),
    )


def _fixed_split_interval(verdict: Verdict) -> Interval | None:
    """The interval for these splits alone, where blocks share data."""
    sample = verdict.sample
    shares_data = sample.test_train_ratio > 0 and not sample.is_fact
    return verdict.fixed_split_interval if shares_data else None


def _new_test_interval(
    measured: Measured, verdict: Verdict
) -> Interval | None:
    """The plain interval with room for the choice of test examples, where all blocks
    share one test set.

    An example's difference is -1, 0 or 1 and not 0 only where an arm errs, so its
    variance is at most the sum of both error rates (as if the arms never erred on the
    same example): an upper bound, divided by the examples.
    """
    case, level = measured.case, verdict.level
    shared_test = measured.metadata("population", level) == {"official"}
    plain = (
        case.metric.is_share
        and not case.scale.logarithmic
        and not case.is_fact
    )
    if not (shared_test and plain and case.kind.compares_rates):
        return None
    if not measured.examples > 0 or verdict.blocks < 2:
        return None
    rates = block_mean(measured.values)[case.parts.index(level)]  # (arms,)
    errors = 1 - rates if case.metric.better == "higher" else rates
    # One arm against a published figure: the variance of a single 0 or 1.
    if len(errors) > 1:
        per_example = min(1.0, float(errors.sum()))
    else:
        per_example = float(errors[0] * (1 - errors[0]))
    from_examples = math.sqrt(per_example / measured.examples)
    extra = math.hypot(verdict.reference_se, from_examples)
    # Variances add up: blocks and test examples are drawn independently.
    found = verdict.sample.estimate_with(0.0, extra)
    return found.interval(verdict.confidence)

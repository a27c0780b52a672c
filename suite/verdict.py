"""What a campaign says of its claims: every claim of every task, judged by the rules of suite.decision.

``judge`` and ``judge_family`` decide on bare numbers; ``judge_campaign`` finds those numbers in the record, adds
the gates, and says what the verdict speaks for, in plain words.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from suite import wording
from suite.adequacy import Gate, block_mean, gates
from suite.answer import ClaimVerdict, HalfBudget
from suite.beforehand import code_changed
from suite.claims import (
    Case,
    cases,
    cell_values,
    effects,
    final_values,
    gaps,
    half_values,
    sides,
    values_without_failures,
)
from suite.decision import (
    CONFIRMATORY,
    Label,
    Sample,
    Verdict,
    judge,
    judge_again,
    judge_family,
    judge_looks,
)
from suite.results import Campaign, curves_frame, trainings_frame
from suite.statistics import Floats, Interval, crossover, estimate
from suite.twins import SameArm, alarm, compare_same_arms

__all__ = [
    "ClaimVerdict",
    "HalfBudget",
    "SameArm",
    "Sample",
    "Verdict",
    "compare_same_arms",
    "judge",
    "judge_campaign",
    "judge_family",
    "judge_looks",
    "undecided",
]

CODE_CHANGED = "the task's code has changed since: this speaks for the code as it was"
PER_LEVEL = (
    "effect", "interval", "local_interval", "equivalence_interval", "p", "p_equivalence", "p_sign_flip", "effect_size",
    "won", "blocks",
)  # fmt: skip


def judge_campaign(campaign: Campaign) -> list[ClaimVerdict]:
    """The verdict on every claim of a campaign, task by task; each task's claims are one Holm family.

    Claims whose planned blocks are not all in are inconclusive and say so, with the numbers so far. While they are
    out they stand in the family as not rejected, so that nothing settled is taken back when they arrive.
    """
    return [verdict for task in campaign.about["tasks"] for verdict in _judge_task(campaign, task)]


def undecided(about: Mapping[str, Any], task: str, finals: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """The (level, arm) pairs on which claims are judged that these finals, lines of a record, leave open.

    ``about`` is campaign.json. Gates are not asked: more blocks would not open them.
    """
    campaign = Campaign(about["id"], Path(), about, {}, "", trainings_frame(finals), curves_frame(()))
    judged = _judge_cases([_Measured(case, ()) for case in cases(campaign, task)])
    left = [measured.case for measured, one in judged if one.verdict.answer == "inconclusive"]
    return {(level, arm) for case in left for level in case.levels for arm in case.claim.arms}


# ------------------------------------------------------------------------------------------------------ measuring


@dataclass(frozen=True)
class _Measured:
    """A case with its numbers: what is judged, and on which blocks."""

    case: Case
    gates: tuple[Gate, ...]

    @cached_property
    def values(self) -> Floats:
        return final_values(self.case)  # (blocks, levels, arms)

    @cached_property
    def effects(self) -> Floats:
        return effects(self.values, self.case, self.examples)  # (blocks, parts)

    @cached_property
    def examples(self) -> float:
        return self.case.examples("test")

    def facts(self, name: str, part: str = "") -> set[Any]:
        """What the finals at a level (or at all) say of their data, such as ``population``."""
        finals = self.case.finals
        if f"data.{name}" not in finals:
            return set()
        return set(finals.loc[finals["level"].eq(part) | (part == ""), f"data.{name}"].dropna())

    def overlap(self, part: str = "") -> float:
        return float(max(self.facts("overlap", part), default=0.0))

    @property
    def complete(self) -> bool:
        return bool(np.isfinite(self.effects).all())

    @property
    def failures(self) -> int:
        return int((self.case.finals["status"] != "finished").sum())

    def samples(self, found: Floats | None = None) -> tuple[Sample, ...]:
        """What is judged at each part: all complete pairs, or those of other effects (blocks, parts)."""
        claim, found = self.case.claim, self.effects if found is None else found
        kind: Literal["difference", "equal"] = "equal" if claim.kind == "equal" else "difference"
        error = claim.figure_error if claim.kind == "threshold" else 0.0
        return tuple(
            Sample(column[np.isfinite(column)], claim.margin, kind, self.overlap(part), error, self.gates, part)
            for part, column in zip(self.case.parts, found.T, strict=True)
        )

    def unbroken(self) -> tuple[Sample, ...]:
        """The same up to the first incomplete pair, because looks count blocks by index."""
        return self.samples(np.where(np.logical_and.accumulate(np.isfinite(self.effects)), self.effects, math.nan))


@dataclass(frozen=True)
class _Judged:
    """A verdict, whether all its blocks were in, and what is to be said of those that were not."""

    verdict: Verdict
    complete: bool
    note: str = ""
    half_budget: HalfBudget | None = None


def _judge_task(campaign: Campaign, task: str) -> list[ClaimVerdict]:
    same_arms = alarm(compare_same_arms(campaign, task))
    asked = [_Measured(case, (*gates(case), *same_arms)) for case in cases(campaign, task)]
    found = [_told(measured, judged) for measured, judged in _judge_cases(asked)]
    changed = [CODE_CHANGED] if code_changed(campaign.about, task) else []
    told = [replace(verdict, notes=(*verdict.notes, *changed)) for verdict in found]
    return [_with_group_note(verdict, told) for verdict in told]


def _judge_cases(asked: Sequence[_Measured]) -> list[tuple[_Measured, _Judged]]:
    """A task's claims with what is said of them: one family, but for those that are exploratory."""
    family = [measured for measured in asked if not measured.case.exploratory]
    judged = iter(_judge(family))
    return [(one, _judge([one])[0] if one.case.exploratory else next(judged)) for one in asked]


def _judge(family: Sequence[_Measured]) -> list[_Judged]:
    if not family:
        return []
    case = family[0].case
    confidence = float((case.campaign.about.get("profile") or {}).get("confidence") or 0.95)
    judged = _judge_at_looks(family, case.looks, confidence) if case.looks else _judge_once(family, confidence)
    return [
        _weigh_budget(measured, replace(one, verdict=_weigh_failures(measured, one.verdict)))
        if one.complete
        else replace(one, verdict=replace(one.verdict, verdict="inconclusive", would_be=None, reason="incomplete"))
        for measured, one in zip(family, judged, strict=True)
    ]


def _judge_once(family: Sequence[_Measured], confidence: float) -> list[_Judged]:
    """Verdicts on complete claims; those that are not keep a place in the family as if they showed nothing."""
    samples = [measured.samples() for measured in family]
    shown = [
        found if measured.complete else tuple(sample.first(0) for sample in found)
        for measured, found in zip(family, samples, strict=True)
    ]
    verdicts = map(judge_again, judge_family(shown, confidence), samples)
    return [
        _Judged(verdict, measured.complete, "" if measured.complete else _so_far(verdict, measured.case.due))
        for measured, verdict in zip(family, verdicts, strict=True)
    ]


def _judge_at_looks(family: Sequence[_Measured], looks: Sequence[int], confidence: float) -> list[_Judged]:
    verdicts, latest = judge_looks([measured.unbroken() for measured in family], looks, confidence)
    if latest is None:
        return [_Judged(verdict, False, _so_far(verdict, looks[0])) for verdict in verdicts]
    coming = [look for look in looks if look > latest]
    note = f"looked at {latest} of at most {looks[-1]} blocks; the next look is at {coming[0]}" if coming else ""
    return [_Judged(verdict, True, note if verdict.answer == "inconclusive" else "") for verdict in verdicts]


def _so_far(verdict: Verdict, planned: int) -> str:
    return f"incomplete: {verdict.blocks} of {planned} blocks"


def _weigh_failures(measured: _Measured, verdict: Verdict) -> Verdict:
    """The verdict, unless it is another without the finals that failed: then it hinges on them."""
    if not measured.failures or verdict.reason in ("too few blocks", "no spread"):
        return verdict
    without = effects(values_without_failures(measured.case), measured.case, measured.examples)[: verdict.blocks]
    other = judge_again(verdict, measured.samples(without))
    name, count = "hinges on failures", measured.failures
    if other.answer == verdict.answer:
        gate = Gate(name, False, f"{count} finals failed; the answer is the same without them.")
    else:
        says = f"{count} finals failed, and without them the answer would be: {wording.ANSWERS[other.answer]}."
        gate = Gate(name, True, says, "Look at the failed finals first: `bakeoff status` lists them.")
    return _with_gate(verdict, gate)


def _weigh_budget(measured: _Measured, judged: _Judged) -> _Judged:
    """The same, with what half of the tuning would have said; no answer where that would be the opposite one.

    An answer that half of the tuning leaves open is worth a word, and no objection. Nothing is said while
    half-budget finals are out.
    """
    case, verdict = measured.case, judged.verdict
    if not case.trials_of_half or case.metric.cost or verdict.reason in ("too few blocks", "no spread"):
        return judged
    values = half_values(case)
    found = effects(values, case, measured.examples)[: verdict.blocks]
    if not np.isfinite(found).all():
        return judged
    other = judge_again(verdict, measured.samples(found))
    retrained = int(np.isfinite(cell_values(case, case.shared.halves, case.metric.column)[: verdict.blocks]).sum())
    changes = other.answer != verdict.answer
    here = next(one for one in other.at or (other,) if one.sample.level == verdict.sample.level)
    half = HalfBudget(case.trials_of_half, other.answer, here.effect, here.interval, here.blocks, retrained, changes)
    opposed = changes and "inconclusive" not in (other.answer, verdict.answer)
    return replace(judged, verdict=_with_gate(verdict, _budget_gate(case, half, opposed)), half_budget=half)


def _budget_gate(case: Case, half: HalfBudget, opposed: bool) -> Gate:
    then = f"With half of the tuning ({half.trials} of {case.about['trials']} trials) the answer would be"
    cure = "Give every arm more trials: raise `trials` in the profile." if opposed else ""
    return Gate(
        "tuning budget",
        opposed,
        f"{then}{': ' + wording.ANSWERS[half.verdict] if half.changes else ' the same'}.",
        cure,
    )


def _with_gate(verdict: Verdict, gate: Gate) -> Verdict:
    samples = [one.sample for one in verdict.at or (verdict,)]
    return judge_again(verdict, [replace(sample, gates=(*sample.gates, gate)) for sample in samples])


# -------------------------------------------------------------------------------------------------------- telling


def _told(measured: _Measured, judged: _Judged) -> ClaimVerdict:
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
        local_interval=verdict.local_interval,
        equivalence_interval=verdict.equivalence_interval,
        splits_interval=verdict.splits_interval if verdict.sample.overlap > 0 else None,
        new_test_interval=_new_test_interval(measured, verdict),
        p=verdict.p,
        p_equivalence=verdict.p_equivalence,
        p_sign_flip=verdict.p_sign_flip,
        p_holm=verdict.p_holm,
        p_equivalence_holm=verdict.p_equivalence_holm,
        effect_size=verdict.effect_size,
        won=verdict.won,
        blocks=verdict.blocks,
        planned=case.planned,
        blocks_to_settle=verdict.blocks_to_settle,
        blocks_to_settle_cautious=verdict.blocks_to_settle_cautious,
        per_block=tuple(_per_block(measured, judged)),
        at=tuple(_per_level(measured, verdict)),
        crossover=_crossing(measured, verdict),
        half_budget=judged.half_budget,
        attempt=case.attempt,
        gates=verdict.gates,
        sentence=wording.sentence(case, verdict, judged.complete),
        population=_population(measured),
        source=claim.source,
        against=claim.against,
        group=claim.group,
        notes=tuple(_notes(measured, judged)),
        complete=judged.complete,
    )


def _label(measured: _Measured, judged: _Judged) -> Label:
    """What the claim is, or will be once its planned blocks are in."""
    blocks = judged.verdict.blocks if judged.complete else measured.case.due
    return "exploratory" if measured.case.exploratory or blocks < CONFIRMATORY else "confirmatory"


def _notes(measured: _Measured, judged: _Judged) -> Iterator[str]:
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
        yield f"with half of the tuning the answer would be: {wording.ANSWERS[judged.half_budget.verdict]}"
    if verdict.negligible:
        yield "real but negligible: there is a difference, and it is smaller than the margin"
    if verdict.at and verdict.blocks:
        yield f"the numbers are those at {case.level_label(verdict.sample.level)}, the level that decides"
    if verdict.blocks and (crossing := _crossing(measured, verdict)):
        yield crossing["says"]


def _population(measured: _Measured) -> str:
    """What the verdict speaks for; said for each level where levels differ in that."""
    case = measured.case
    told = {level: wording.population(measured.facts("population", level)) for level in case.levels}
    if len(set(told.values())) == 1:
        return told[case.levels[0]]
    return " ".join(f"{case.level_label(level)}: {says}" for level, says in told.items())


def _with_group_note(verdict: ClaimVerdict, others: Sequence[ClaimVerdict]) -> ClaimVerdict:
    """Say that the answer depends on the matching, where one claim of a group is supported and another refuted."""
    group = [other for other in others if verdict.group and other.group == verdict.group]
    if not {"supported", "refuted"} <= {other.verdict for other in group}:
        return verdict
    each = ", ".join(f"{wording.ANSWERS[other.verdict]} for {other.claim!r}" for other in group)
    return replace(verdict, notes=(*verdict.notes, f"depends on the matching: {each}"))


def _per_block(measured: _Measured, judged: _Judged) -> Iterator[dict[str, Any]]:
    """The blocks that the verdict is made from: with looks, none that ran for other claims once it was settled."""
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


def _per_level(measured: _Measured, verdict: Verdict) -> Iterator[dict[str, Any]]:
    """The numbers of each level where a claim has several; of each level's gap where it is an interaction."""
    case = measured.case
    for one in verdict.at:
        yield {"level": one.sample.level, "verdict": one.answer, **{name: getattr(one, name) for name in PER_LEVEL}}
    if case.claim.kind == "interaction":
        for level, x, column in zip(case.levels, case.x, _complete_gaps(measured).T, strict=True):
            found = estimate(column, measured.overlap(level))
            interval = found.interval(verdict.confidence)
            yield {"level": level, "x": x, "effect": found.mean, "interval": interval, "blocks": found.blocks}


def _complete_gaps(measured: _Measured) -> Floats:
    """The gap at each level, from blocks that have them all: (blocks, levels)."""
    found = gaps(measured.values, measured.case, measured.examples)
    return found[np.isfinite(found).all(axis=1)]


def _crossing(measured: _Measured, verdict: Verdict) -> dict[str, Any] | None:
    if measured.case.claim.kind != "interaction":
        return None
    found = crossover(_complete_gaps(measured), measured.case.x, verdict.confidence, measured.overlap())
    return {**dataclasses.asdict(found), "says": wording.crossing(measured.case, found)}


def _new_test_interval(measured: _Measured, verdict: Verdict) -> Interval | None:
    """The plain interval with room for the choice of test examples, where all blocks share one test set.

    An example's difference is -1, 0 or 1 and not 0 only where an arm errs, so its variance is at most the sum of
    both error rates (as if the arms never erred on the same example): an upper bound, divided by the examples.
    """
    case, claim = measured.case, measured.case.claim
    plain = claim.kind in ("difference", "equal", "threshold") and claim.scale == "points" and case.metric.percent
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
    per_example = min(1.0, errors.sum()) if len(errors) > 1 else float(errors[0] * (1 - errors[0]))
    extra = math.hypot(verdict.sample.figure_error, math.sqrt(per_example / measured.examples))
    return estimate(verdict.sample.values, 0.0, extra).interval(verdict.confidence)

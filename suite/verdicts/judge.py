"""What a campaign says of its claims: every claim of every task, judged by the rules of
suite.verdicts.decision.

``judge`` and ``judge_family`` decide on bare numbers; ``judge_campaign`` finds those
numbers in the record, adds the gates, and says what the verdict speaks for, in plain
words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from suite.records.frames import curves_frame, runs_frame
from suite.records.results import Campaign
from suite.report import sentences
from suite.verdicts.aa_test import AATest, alarm, run_aa_tests
from suite.verdicts.adequacy import Gate, gates
from suite.verdicts.case import Case, cases
from suite.verdicts.claim_verdict import ClaimVerdict, HalfBudget
from suite.verdicts.decision import Sample, Verdict
from suite.verdicts.effects import (
    cell_values,
    effects,
    half_values,
    values_without_failures,
)
from suite.verdicts.family import judge, judge_again, judge_family, judge_looks
from suite.verdicts.measured import Judged, Measured
from suite.verdicts.preregistration import code_changed
from suite.verdicts.summary import CODE_CHANGED, claim_verdict_of, with_matching_note

__all__ = [
    "AATest",
    "ClaimVerdict",
    "HalfBudget",
    "Sample",
    "Verdict",
    "judge",
    "judge_campaign",
    "judge_family",
    "judge_looks",
    "run_aa_tests",
    "undecided",
]


def judge_campaign(campaign: Campaign) -> list[ClaimVerdict]:
    """The verdict on every claim of a campaign, task by task; each task's claims are
    one Holm family.

    Claims whose planned blocks are not all in are inconclusive and say so, with the
    numbers so far. While they are out they stand in the family as not rejected, so that
    nothing settled is taken back when they arrive.
    """
    return [
        verdict
        for task in campaign.about["tasks"]
        for verdict in _judge_task(campaign, task)
    ]


def undecided(
    about: Mapping[str, Any], task: str, finals: Iterable[Mapping[str, Any]]
) -> set[tuple[str, str]]:
    """The (level, arm) pairs on which claims are judged that these finals, lines of a
    record, leave open.

    ``about`` is campaign.json. Gates are not asked: more blocks would not open them.
    """
    campaign = Campaign(
        about["id"], Path(), about, {}, "", runs_frame(finals), curves_frame(())
    )
    judged = _judge_cases([Measured(case, ()) for case in cases(campaign, task)])
    left = [
        measured.case
        for measured, one in judged
        if one.verdict.answer == "inconclusive"
    ]
    return {
        (level, arm)
        for case in left
        for level in case.levels
        for arm in case.claim.arms
    }


def _judge_task(campaign: Campaign, task: str) -> list[ClaimVerdict]:
    same_arms = alarm(run_aa_tests(campaign, task))
    asked = [
        Measured(case, (*gates(case), *same_arms)) for case in cases(campaign, task)
    ]
    found = [
        claim_verdict_of(measured, judged) for measured, judged in _judge_cases(asked)
    ]
    changed = [CODE_CHANGED] if code_changed(campaign.about, task) else []
    told = [replace(verdict, notes=(*verdict.notes, *changed)) for verdict in found]
    return [with_matching_note(verdict, told) for verdict in told]


def _judge_cases(asked: Sequence[Measured]) -> list[tuple[Measured, Judged]]:
    """A task's claims with what is said of them: one family, but for those that are
    exploratory.
    """
    family = [measured for measured in asked if not measured.case.exploratory]
    judged = iter(_judge(family))
    return [
        (one, _judge([one])[0] if one.case.exploratory else next(judged))
        for one in asked
    ]


def _judge(family: Sequence[Measured]) -> list[Judged]:
    if not family:
        return []
    case = family[0].case
    confidence = float(
        (case.campaign.about.get("profile") or {}).get("confidence") or 0.95
    )
    judged = (
        _judge_at_looks(family, case.looks, confidence)
        if case.looks
        else _judge_once(family, confidence)
    )
    return [
        _weigh_budget(
            measured, replace(one, verdict=_weigh_failures(measured, one.verdict))
        )
        if one.complete
        else replace(
            one,
            verdict=replace(
                one.verdict, verdict="inconclusive", would_be=None, reason="incomplete"
            ),
        )
        for measured, one in zip(family, judged, strict=True)
    ]


def _judge_once(family: Sequence[Measured], confidence: float) -> list[Judged]:
    """Verdicts on complete claims; those that are not keep a place in the family as if
    they showed nothing.
    """
    samples = [measured.samples() for measured in family]
    shown = [
        found if measured.complete else tuple(sample.first(0) for sample in found)
        for measured, found in zip(family, samples, strict=True)
    ]
    verdicts = map(judge_again, judge_family(shown, confidence), samples)
    return [
        Judged(
            verdict,
            measured.complete,
            "" if measured.complete else _so_far(verdict, measured.case.due),
        )
        for measured, verdict in zip(family, verdicts, strict=True)
    ]


def _judge_at_looks(
    family: Sequence[Measured], looks: Sequence[int], confidence: float
) -> list[Judged]:
    verdicts, latest = judge_looks(
        [measured.unbroken() for measured in family], looks, confidence
    )
    if latest is None:
        return [
            Judged(verdict, False, _so_far(verdict, looks[0])) for verdict in verdicts
        ]
    coming = [look for look in looks if look > latest]
    note = (
        f"looked at {latest} of at most {looks[-1]} blocks; the next look is at {coming[0]}"
        if coming
        else ""
    )
    return [
        Judged(verdict, True, note if verdict.answer == "inconclusive" else "")
        for verdict in verdicts
    ]


def _so_far(verdict: Verdict, planned: int) -> str:
    return f"incomplete: {verdict.blocks} of {planned} blocks"


def _weigh_failures(measured: Measured, verdict: Verdict) -> Verdict:
    """The verdict, unless it is another without the finals that failed: then it hinges
    on them.
    """
    if not measured.failures or verdict.reason in ("too few blocks", "no spread"):
        return verdict
    without = effects(
        values_without_failures(measured.case), measured.case, measured.examples
    )[: verdict.blocks]
    other = judge_again(verdict, measured.samples(without))
    name, count = "hinges on failures", measured.failures
    if other.answer == verdict.answer:
        gate = Gate(
            name, False, f"{count} finals failed; the answer is the same without them."
        )
    else:
        says = f"{count} finals failed, and without them the answer would be: {sentences.ANSWERS[other.answer]}."
        gate = Gate(
            name,
            True,
            says,
            "Look at the failed finals first: `bakeoff status` lists them.",
        )
    return _with_gate(verdict, gate)


def _weigh_budget(measured: Measured, judged: Judged) -> Judged:
    """The same, with what half of the tuning would have said; no answer where that
    would be the opposite one.

    An answer that half of the tuning leaves open is worth a word, and no objection.
    Nothing is said while half-budget finals are out.
    """
    case, verdict = measured.case, judged.verdict
    if (
        not case.trials_of_half
        or case.metric.cost
        or verdict.reason in ("too few blocks", "no spread")
    ):
        return judged
    values = half_values(case)
    found = effects(values, case, measured.examples)[: verdict.blocks]
    if not np.isfinite(found).all():
        return judged
    other = judge_again(verdict, measured.samples(found))
    retrained = int(
        np.isfinite(
            cell_values(case, case.shared.halves, case.metric.column)[: verdict.blocks]
        ).sum()
    )
    changes = other.answer != verdict.answer
    here = next(
        one
        for one in other.by_level or (other,)
        if one.sample.level == verdict.sample.level
    )
    half = HalfBudget(
        case.trials_of_half,
        other.answer,
        here.effect,
        here.interval,
        here.blocks,
        retrained,
        changes,
    )
    opposed = changes and "inconclusive" not in (other.answer, verdict.answer)
    return replace(
        judged,
        verdict=_with_gate(verdict, _budget_gate(case, half, opposed)),
        half_budget=half,
    )


def _budget_gate(case: Case, half: HalfBudget, opposed: bool) -> Gate:
    then = f"With half of the tuning ({half.trials} of {case.about['trials']} trials) the answer would be"
    hint = (
        "Give every arm more trials: raise `trials` in the profile." if opposed else ""
    )
    return Gate(
        "tuning budget",
        opposed,
        f"{then}{': ' + sentences.ANSWERS[half.verdict] if half.changes else ' the same'}.",
        hint,
    )


def _with_gate(verdict: Verdict, gate: Gate) -> Verdict:
    samples = [one.sample for one in verdict.by_level or (verdict,)]
    return judge_again(
        verdict, [replace(sample, gates=(*sample.gates, gate)) for sample in samples]
    )

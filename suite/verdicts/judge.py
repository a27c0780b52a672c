"""Judges every claim of every task of a campaign by the rules of
suite.verdicts.decision.

``judge`` and ``judge_family`` decide on bare numbers; ``judge_campaign`` finds those
numbers in the record, adds the gates, and states the population of the verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from suite.records.frames import curves_frame, runs_frame
from suite.records.manifest import Manifest
from suite.records.results import Campaign
from suite.verdicts.aa_test import AATest, alarm, run_aa_tests
from suite.verdicts.adequacy import gates
from suite.verdicts.case import cases
from suite.verdicts.claim_verdict import ClaimVerdict, Halved
from suite.verdicts.decision import Sample, Verdict
from suite.verdicts.family import judge, judge_again, judge_family, judge_looks
from suite.verdicts.measured import Judged, Measured
from suite.verdicts.message import Message, message
from suite.verdicts.preregistration import UNKNOWN, Provenance
from suite.verdicts.sensitivity import with_sensitivity_gates
from suite.verdicts.summary import (
    claim_verdict_of,
    with_matching_note,
    with_note,
)
from tasks.contract.universe import family_of

__all__ = [
    "AATest",
    "ClaimVerdict",
    "Halved",
    "Sample",
    "Verdict",
    "judge",
    "judge_campaign",
    "judge_family",
    "judge_looks",
    "run_aa_tests",
    "undecided",
]


def judge_campaign(
    campaign: Campaign,
    provenance: Provenance = UNKNOWN,
    tasks: Iterable[str] | None = None,
) -> list[ClaimVerdict]:
    """The verdict on every claim of a campaign, task by task; each task's claims are
    one Holm family. ``tasks`` are those to judge; None means all.

    ``provenance`` is read from the tasks' files today (``provenance_of``): claims that
    were edited since are exploratory. Without it only the campaign is used, and no
    task's file is read.

    Claims whose planned blocks are not all in are inconclusive, with that reason and
    the numbers so far. Until they are, they count in the family as not rejected, so
    that nothing settled is taken back when they arrive.
    """
    return [
        verdict
        for task in (campaign.manifest.tasks if tasks is None else tasks)
        for verdict in _judge_task(campaign, task, provenance)
    ]


def undecided(
    manifest: Manifest, task: str, finals: Iterable[Mapping[str, Any]]
) -> set[tuple[str, str]]:
    """The (level, arm) pairs on which claims are judged that these finals, lines of a
    record, leave open.

    Gates are not asked: more blocks would not open them.
    """
    campaign = Campaign(
        manifest.id,
        Path(),
        manifest,
        {},
        "",
        runs_frame(finals),
        curves_frame(()),
    )
    judged = _judge_cases(
        [Measured(case, ()) for case in cases(campaign, task)]
    )
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


def _judge_task(
    campaign: Campaign, task: str, provenance: Provenance
) -> list[ClaimVerdict]:
    """The verdicts on all claims of one task, a family of tests."""
    # A failed A/A test casts doubt on all that the task's pipeline gave.
    same_arms = alarm(run_aa_tests(campaign, task))
    asked = [
        # No better search would change a fact: nothing is asked of it.
        Measured(case, () if case.is_fact else (*gates(case), *same_arms))
        for case in cases(campaign, task, provenance)
    ]
    found = [
        claim_verdict_of(measured, judged)
        for measured, judged in _judge_cases(asked)
    ]
    if provenance.code_changed(campaign.manifest, task):
        found = [with_note(one, message("note-code-changed")) for one in found]
    # once all verdicts are known: it is about several claims together
    return [with_matching_note(one, found) for one in found]


def _judge_cases(asked: Sequence[Measured]) -> list[tuple[Measured, Judged]]:
    """A task's claims with their verdicts: one family. Those that are exploratory
    are judged alone, but for the universes of a claim, which are a family of their own.
    """
    families: dict[object, list[int]] = {}
    for number, one in enumerate(asked):
        families.setdefault(_family_of(one, number), []).append(number)
    judged: dict[int, Judged] = {}
    for numbers in families.values():
        found = _judge([asked[number] for number in numbers])
        judged.update(zip(numbers, found, strict=True))
    return [(one, judged[number]) for number, one in enumerate(asked)]


def _family_of(one: Measured, number: int) -> object:
    """What the claims of one family have in common."""
    # An exploratory claim has its number for a family: alone, it makes the
    # tests of those that were pre-specified no stricter.
    universes = family_of(one.case.claim.name)
    return universes or (number if one.case.exploratory else "")


def _judge(family: Sequence[Measured]) -> list[Judged]:
    """The verdicts on one family of claims, with the gates that need an answer."""
    if not family:
        return []
    case = family[0].case
    confidence = case.campaign.manifest.profile.confidence
    if case.looks:
        judged = _judge_at_looks(family, case.looks, confidence)
    else:
        judged = _judge_once(family, confidence)
    return [
        with_sensitivity_gates(measured, one)
        if one.complete
        else _unfinished(one)
        for measured, one in zip(family, judged, strict=True)
    ]


def _judge_once(family: Sequence[Measured], confidence: float) -> list[Judged]:
    """Verdicts on complete claims; those that are not keep a place in the family as if
    they showed nothing.
    """
    # Claims with blocks out are judged twice: first with nothing to show,
    # which fixes the levels of all others, and then, at these levels, on the
    # blocks so far, for the numbers.
    samples = [measured.samples() for measured in family]
    shown = [
        found
        if measured.complete
        else tuple(sample.first(0) for sample in found)
        for measured, found in zip(family, samples, strict=True)
    ]
    verdicts = map(judge_again, judge_family(shown, confidence), samples)
    return [
        Judged(verdict, True)
        if measured.complete
        else Judged(
            verdict, False, _so_far(measured, verdict, measured.case.due)
        )
        for measured, verdict in zip(family, verdicts, strict=True)
    ]


def _judge_at_looks(
    family: Sequence[Measured], looks: Sequence[int], confidence: float
) -> list[Judged]:
    """The verdicts on claims that may be decided before all blocks are in."""
    so_far = [measured.unbroken() for measured in family]
    verdicts, latest = judge_looks(so_far, looks, confidence)
    if latest is None:  # shown, and not to be acted upon
        return [
            Judged(verdict, False, _so_far(measured, verdict, looks[0]))
            for measured, verdict in zip(family, verdicts, strict=True)
        ]
    coming = [look for look in looks if look > latest]
    note = None
    if coming:
        note = message(
            "note-looks", blocks=latest, most=looks[-1], next=coming[0]
        )
    return [
        Judged(
            verdict, True, note if verdict.answer == "inconclusive" else None
        )
        for verdict in verdicts
    ]


def _so_far(measured: Measured, verdict: Verdict, due: int) -> Message:
    """How many of the planned blocks are in, and of what use they are."""
    unusable = measured.blocks_without_scale
    if unusable:
        return message(
            "note-no-logarithm",
            blocks=verdict.blocks,
            due=due,
            count=unusable,
        )
    return message("note-incomplete", blocks=verdict.blocks, due=due)


def _unfinished(judged: Judged) -> Judged:
    """The same without an answer, because blocks are out."""
    open_still = replace(
        judged.verdict,
        verdict="inconclusive",
        would_be=None,
        reason="incomplete",
    )
    return replace(judged, verdict=open_still)

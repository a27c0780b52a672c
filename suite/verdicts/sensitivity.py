"""Sensitivity of an answer: to the finals that failed, the tuning budget, and the
training length.

These gates need an answer to be asked, unlike those of suite.verdicts.adequacy: each
judges the claim once more on other finals of the same blocks, and compares.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from suite.verdicts.case import Case
from suite.verdicts.claim_verdict import Halved
from suite.verdicts.decision import Verdict
from suite.verdicts.effects import (
    cell_values,
    effects,
    half_budget_values,
    half_length_values,
    values_without_failures,
)
from suite.verdicts.family import judge_again
from suite.verdicts.gate import Gate
from suite.verdicts.measured import Judged, Measured
from suite.verdicts.message import message
from suite.verdicts.moving import Move, moves, moving_with_trials
from suite.verdicts.statistics import Floats

FAILURES_GATE = "hinges-on-failures"
# as that of suite.verdicts.adequacy, and in its place
BUDGET_GATE = "tuning-budget"
LENGTH_GATE = "training-length"
MOVING_BUDGET_GATE = "moving-with-tuning"
MOVING_LENGTH_GATE = "moving-with-length"
SENSITIVITY_GATES = (
    FAILURES_GATE,
    BUDGET_GATE,
    MOVING_BUDGET_GATE,
    LENGTH_GATE,
    MOVING_LENGTH_GATE,
)
# Which way a change of the effect makes an answer truer.
DIRECTIONS = {"supported": 1, "refuted": -1}
NOTHING_TO_TEST = ("too_few_blocks", "no_spread")


def with_sensitivity_gates(measured: Measured, judged: Judged) -> Judged:
    """The judged claim with the gates that need an answer to be asked."""
    if judged.verdict.reason in NOTHING_TO_TEST:
        return judged
    verdict = _with_direction(measured, judged.verdict)
    verdict = _check_failures(measured, verdict)
    judged = replace(judged, verdict=verdict)
    # No amount of tuning or training could change a fact.
    if measured.case.is_fact:
        return judged
    judged = _check_half_budget(measured, judged)
    return _check_half_length(measured, judged)


def _with_direction(measured: Measured, verdict: Verdict) -> Verdict:
    """The verdict without the objections that could only strengthen its answer: an arm
    that is ahead, and would be further ahead with a wider range or more training.

    Where two arms are said to be equal, either matters.
    """
    one_sided = measured.case.kind.hypothesis != "equivalence"
    direction = DIRECTIONS.get(verdict.answer, 0) if one_sided else 0
    # The gates of each level's sample: judging again reads them there.
    samples = [one.sample for one in verdict.by_level or (verdict,)]
    directed = [
        replace(
            sample,
            gates=tuple(gate.towards(direction) for gate in sample.gates),
        )
        for sample in samples
    ]
    return judge_again(verdict, directed)


def _check_failures(measured: Measured, verdict: Verdict) -> Verdict:
    """The verdict, unless it is another without the finals that failed: then it hinges
    on them.
    """
    count = measured.failures
    if not count:
        return verdict
    # A failed final counts with a worst value, which somebody chose: an answer
    # should not rest on that choice.
    others = values_without_failures(measured.case)
    other = _judged_on(measured, verdict, others)
    if other.answer == verdict.answer:
        seen = message("seen-failures-same", count=count)
    else:
        seen = message("seen-failures-other", count=count, answer=other.answer)
    return _with_gates(
        verdict, Gate(FAILURES_GATE, other.answer != verdict.answer, (seen,))
    )


# ------------------------------------------------------------- half of the tuning


def _check_half_budget(measured: Measured, judged: Judged) -> Judged:
    """The same, with what half of the tuning would have said.

    There is no answer where that would be the opposite one, or where the effect itself
    still moves with the number of trials. An answer that half of the tuning leaves
    open is worth a word, and no objection. Nothing is said while half-budget finals
    are out.
    """
    case, verdict = measured.case, judged.verdict
    # More tuning changes what is learned, not what it costs.
    if not case.trials_of_half or case.metric.cost:
        return judged
    values = half_budget_values(case)
    if not _all_in(measured, verdict, values):
        return judged
    half = _halved(measured, verdict, values)
    others = cell_values(
        case, case.shared.half_budget_finals, case.metric.column
    )
    # Elsewhere half of the trials chose the same: finals answer for both.
    retrained = int(np.isfinite(others[: verdict.blocks]).sum())
    half = replace(half, trials=case.trials_of_half, retrained=retrained)
    gates = (
        _budget_gate(case, verdict, half),
        _moving_budget(measured, verdict, values),
    )
    return replace(
        judged, verdict=_with_gates(verdict, *gates), half_budget=half
    )


def _budget_gate(case: Case, verdict: Verdict, half: Halved) -> Gate:
    """Whether half of the tuning would have given another answer."""
    counts = {"half": case.trials_of_half, "trials": case.manifest.trials}
    if half.changes:
        seen = message("seen-half-budget-other", answer=half.verdict, **counts)
    else:
        seen = message("seen-half-budget-same", **counts)
    return Gate(BUDGET_GATE, _opposed(verdict, half), (seen,))


def _moving_budget(
    measured: Measured, verdict: Verdict, values: Floats
) -> Gate:
    """An effect that the second half of the trials moved by more than the margin.

    Changes about halve with each doubling of the budget, so that what is still to come
    is about as large as the last change.
    """
    case = measured.case
    seen = tuple(
        moving_with_trials(
            "seen-moving-with-tuning", case, one, case.trials_of_half
        )
        for one in _moved(measured, verdict, values)
    )
    return Gate(MOVING_BUDGET_GATE, bool(seen), seen)


# ------------------------------------------------------------ half of the training


def _check_half_length(measured: Measured, judged: Judged) -> Judged:
    """The same, with what half of the training would have said, if half-length finals
    were run and are all in.

    For a claim about a fixed budget this is reported, and its gates do not apply.
    """
    case, verdict = measured.case, judged.verdict
    if not case.manifest.half_length or case.metric.cost:
        return judged
    values = half_length_values(case)
    if not _all_in(measured, verdict, values):
        return judged
    half = _halved(measured, verdict, values)
    gates = _length_gates(measured, verdict, half, values)
    return replace(
        judged, verdict=_with_gates(verdict, *gates), half_length=half
    )


def _length_gates(
    measured: Measured, verdict: Verdict, half: Halved, values: Floats
) -> tuple[Gate, ...]:
    """Whether half of the training gives another answer, or the effect still moves."""
    if measured.case.claim.fixed_budget:
        why = (message("seen-fixed-budget"),)
        return (Gate(MOVING_LENGTH_GATE, False, why, asked=False),)
    if half.changes:
        seen = message("seen-half-length-other", answer=half.verdict)
    else:
        seen = message("seen-half-length-same")
    flips = Gate(LENGTH_GATE, _opposed(verdict, half), (seen,))
    moved = tuple(
        message(
            "seen-moving-with-length",
            at_level=one.part,
            change=one.change,
            effect_half=one.before,
            effect_full=one.after,
        )
        for one in _moved(measured, verdict, values)
    )
    return flips, Gate(MOVING_LENGTH_GATE, bool(moved), moved)


# ------------------------------------------------------------------------- comparing


def _all_in(measured: Measured, verdict: Verdict, values: Floats) -> bool:
    """Whether every block that decides has an effect on these values, too."""
    # With looks, blocks that ran since the claim was settled do not count.
    found = effects(values, measured.case, measured.examples)[: verdict.blocks]
    return bool(np.isfinite(found).all())


def _halved(measured: Measured, verdict: Verdict, values: Floats) -> Halved:
    """What the answer would be on other cell values."""
    other = _judged_on(measured, verdict, values)
    # At the level that decides the claim, which need not be the one that would
    # decide the other: numbers of two levels cannot be compared.
    parts = other.by_level or (other,)
    here = next(one for one in parts if one.level == verdict.level)
    return Halved(
        verdict=other.answer,
        effect=here.effect,
        interval=here.interval,
        blocks=here.blocks,
        changes=other.answer != verdict.answer,
    )


def _opposed(verdict: Verdict, half: Halved) -> bool:
    """Whether both are answers, and not the same."""
    settled = "inconclusive" not in (half.verdict, verdict.answer)
    return half.changes and settled


def _moved(measured: Measured, verdict: Verdict, half: Floats) -> list[Move]:
    """The parts whose effect is another than on the ``half`` values."""
    case, blocks = measured.case, verdict.blocks
    before = effects(half, case, measured.examples)[:blocks]
    after = measured.effects[:blocks]
    return moves(case, before, after, verdict.confidence)


def _judged_on(
    measured: Measured, verdict: Verdict, values: Floats
) -> Verdict:
    """The verdict on other cell values, in the same blocks and at the same levels."""
    found = effects(values, measured.case, measured.examples)[: verdict.blocks]
    return judge_again(verdict, measured.samples(found))


def _with_gates(verdict: Verdict, *gates: Gate) -> Verdict:
    """The verdict with further gates."""
    samples = [one.sample for one in verdict.by_level or (verdict,)]
    return judge_again(
        verdict,
        [replace(sample, gates=(*sample.gates, *gates)) for sample in samples],
    )

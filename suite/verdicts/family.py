"""Claims judged together: Holm's adjustment, and interim looks at growing numbers of
blocks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from suite.verdicts.decision import Answer, Reason, Sample, Verdict
from suite.verdicts.gate import Gate
from suite.verdicts.kinds import Hypothesis
from suite.verdicts.statistics import (
    holm_adjusted,
    holm_levels,
)
from tasks import UserError

Question = (
    Sample | Sequence[Sample]
)  # a claim: at one level, or at several that must all agree


def judge(
    differences: ArrayLike,
    margin: float,
    confidence: float = 0.95,
    looks: int = 1,
    *,
    test_train_ratio: float = 0.0,
    equal_confidence: float | None = None,
    gates: Sequence[Gate] = (),
    hypothesis: Hypothesis = "difference",
    reference_se: float = 0.0,
    resolution: float = 0.0,
    exact: bool = False,
) -> Verdict:
    """The verdict on one claim's paired differences, by the decision table. Pure.

    ``differences`` is (blocks,), finite, in the claim's direction; ``margin`` the
    smallest one that matters, in the same unit. ``confidence`` is that of the
    difference test and ``equal_confidence`` (the same unless given) that of the
    equivalence test. ``looks`` is the number of times that this claim is judged: each
    look gets an equal part of the error rate. "By at least x" is ``judge(differences -
    x, ...)``. ``hypothesis``, ``reference_se``, ``resolution`` and ``exact`` are
    explained at Sample. Raises UserError, a ValueError, for what cannot be judged at
    all.
    """
    sample = Sample(
        differences,
        margin,
        hypothesis,
        test_train_ratio,
        reference_se,
        tuple(gates),
        resolution=resolution,
        exact=exact,
    )
    alpha = _error_rate(confidence, looks)
    b = _error_rate(confidence if equal_confidence is None else equal_confidence, looks)
    if sample.is_fact:
        return _compare_all((sample,), confidence)
    difference, equivalence = _p_values((sample,))
    adjusted = min(1.0, difference * looks), min(1.0, equivalence * looks)
    return _decide((sample,), confidence, alpha / looks, b / looks, *adjusted)


def judge_family(
    claims: Sequence[Question], confidence: float = 0.95, looks: int = 1
) -> list[Verdict]:
    """Verdicts on a task's confirmatory claims, judged together: judge, sort (Holm,
    twice), judge at the local levels.

    A claim is a Sample, or a sequence of them: one per level, of which it needs all.
    Each kind of error, a wrong direction or a wrong "no difference", then happens in
    the whole family with at most 1 - ``confidence``. Facts are compared, each by
    itself, and are not part of the family.
    """
    alpha = _error_rate(confidence, looks)
    levels = [_levels_of(claim) for claim in claims]
    tested = [samples for samples in levels if not samples[0].is_fact]
    judged = iter(_judge_tested(tested, alpha, confidence, looks))
    return [
        _compare_all(samples, confidence) if samples[0].is_fact else next(judged)
        for samples in levels
    ]


def _compare_all(samples: tuple[Sample, ...], confidence: float) -> Verdict:
    """The verdict on a fact, outside of every family."""
    alpha = 1 - confidence
    return _decide(samples, confidence, alpha, alpha, math.nan, math.nan)


def _judge_tested(
    levels: Sequence[tuple[Sample, ...]], alpha: float, confidence: float, looks: int
) -> list[Verdict]:
    """The verdicts of claims that have enough blocks to be tested."""
    both = [_p_values(samples) for samples in levels]
    ps, equals = [p * looks for p, _ in both], [p * looks for _, p in both]
    numbers = zip(
        levels,
        holm_levels(ps, alpha),
        holm_levels(equals, alpha),
        holm_adjusted(ps),
        holm_adjusted(equals),
        strict=True,
    )
    return [
        _decide(samples, confidence, a / looks, b / looks, p, q)
        for samples, a, b, p, q in numbers
    ]


def judge_looks(
    claims: Sequence[Question], looks: Sequence[int], confidence: float = 0.95
) -> tuple[list[Verdict], int | None]:
    """Verdicts after the latest look whose blocks are all in, and that look (None: not
    even the first is complete).

    Looks are numbers of blocks, taken by index and fixed before the run, such as (6,
    10, 16). What is settled at one look keeps its data and its p-values; what is open
    continues. ``differences`` may be longer than a look or end before it. Before the
    first complete look, all data so far are shown, and nobody should act on them.
    """
    if list(looks) != sorted(set(looks)) or not looks or looks[0] < 2:
        raise UserError(
            f"looks={tuple(looks)}: give increasing numbers of blocks, from 2, such as "
            "(6, 10, 16)."
        )
    whole = [_levels_of(claim) for claim in claims]
    settled: dict[int, tuple[Sample, ...]] = {}
    verdicts, latest = None, None
    for blocks in looks:
        still_open = [samples for i, samples in enumerate(whole) if i not in settled]
        if any(_fewest_blocks(samples) < blocks for samples in still_open):
            break
        now = [
            settled.get(i, tuple(sample.first(blocks) for sample in samples))
            for i, samples in enumerate(whole)
        ]
        verdicts, latest = judge_family(now, confidence, len(looks)), blocks
        settled |= {
            i: now[i]
            for i, verdict in enumerate(verdicts)
            if verdict.answer != "inconclusive"
        }
    if verdicts is None:
        verdicts = judge_family(whole, confidence, len(looks))
    return verdicts, latest


def _fewest_blocks(samples: tuple[Sample, ...]) -> int:
    """The number of blocks at the level that has the fewest."""
    return min(sample.values.size for sample in samples)


def judge_again(verdict: Verdict, claim: Question) -> Verdict:
    """Another sample of the same claim (with other gates, without some blocks) at the
    levels it was judged at.
    """
    return _decide(
        _levels_of(claim),
        verdict.confidence,
        verdict.alpha,
        verdict.alpha_equivalence,
        verdict.p_holm,
        verdict.p_equivalence_holm,
    )


def _decide(
    samples: tuple[Sample, ...],
    confidence: float,
    a: float,
    b: float,
    p_holm: float,
    p_equivalence_holm: float,
) -> Verdict:
    """The verdict over all levels of a claim, which must agree."""
    each = tuple(
        _decide_one(sample, confidence, a, b, p_holm, p_equivalence_holm)
        for sample in samples
    )
    if len(each) == 1:
        return each[0]
    deciding = each[_deciding_level(samples)]
    answer = _joint_answer(each)
    judgeable = all(sample.judgeable for sample in samples)
    if judgeable and any(verdict.reason == "gate" for verdict in each):
        return replace(
            deciding,
            verdict="inconclusive",
            would_be=answer,
            reason="gate",
            by_level=each,
        )
    reason: Reason = ""
    if answer == "inconclusive":
        reason = deciding.reason or "levels_disagree"
    return replace(
        deciding, verdict=answer, would_be=None, reason=reason, by_level=each
    )


def _joint_answer(each: Sequence[Verdict]) -> Answer:
    """What all levels say; one that refutes is enough where they are instances."""
    answers = {verdict.answer for verdict in each}
    instances = each[0].sample.hypothesis == "always"
    if instances and "refuted" in answers:
        return "refuted"
    return answers.pop() if len(answers) == 1 else "inconclusive"


def _decide_one(
    sample: Sample,
    confidence: float,
    a: float,
    b: float,
    p_holm: float,
    p_equivalence_holm: float,
) -> Verdict:
    """The verdict at one level."""
    answer, reason = _table(sample, a, b)
    would_be: Answer | None = None
    if sample.judgeable and any(gate.failed for gate in sample.gates):
        answer, would_be, reason = "inconclusive", answer, "gate"
    return Verdict(
        answer, would_be, reason, sample, confidence, a, b, p_holm, p_equivalence_holm
    )


def _table(sample: Sample, a: float, b: float) -> tuple[Answer, Reason]:
    """The answer of rows 0 and 2 to 5, and why it is inconclusive."""
    if sample.is_fact:
        return _compare(sample)
    found, margin = sample.estimate, sample.margin
    if found.blocks < 2:
        return "inconclusive", "too_few_blocks"
    if not found.testable:
        return "inconclusive", "no_spread"
    low, high = found.interval(1 - a)
    equal_low, equal_high = found.interval(1 - 2 * b)
    equal = -margin < equal_low and equal_high < margin
    if sample.hypothesis == "equivalence":
        if equal:
            return "supported", ""
        outside = low > margin or high < -margin
        return ("refuted", "") if outside else ("inconclusive", "open")
    if sample.hypothesis == "no_worse":
        if equal_low > -margin:
            return "supported", ""
        return ("refuted", "") if high < -margin else ("inconclusive", "open")
    if equal:
        return "no_difference", ""
    if low > 0:
        return "supported", ""
    return ("refuted", "") if high < 0 else ("inconclusive", "open")


def _compare(sample: Sample) -> tuple[Answer, Reason]:
    """The answer of rows 2 to 4 to a fact, from its smallest and largest instance."""
    if not sample.judgeable:
        return "inconclusive", "too_few_blocks"
    margin = sample.margin
    low, high = sample.estimate.interval(1.0)
    if sample.hypothesis == "always":
        return ("supported" if low >= 0 else "refuted"), ""
    if sample.hypothesis == "no_worse":
        supported, refuted, equal = low > -margin, high <= -margin, False
    elif sample.hypothesis == "equivalence":
        supported = -margin < low and high < margin
        refuted, equal = low >= margin or high <= -margin, False
    else:
        equal = -margin < low and high < margin
        supported, refuted = low > 0, high < 0
    if equal:
        return "no_difference", ""
    if supported:
        return "supported", ""
    return ("refuted", "") if refuted else ("inconclusive", "instances_disagree")


def _p_values(samples: tuple[Sample, ...]) -> tuple[float, float]:
    """The claim's p-values in the two families: for a difference, and for equivalence.

    All levels must agree, so the largest p-value among them counts (Berger 1982),
    within one direction. For a claim of equivalence the difference tested is one beyond
    the margin, because that is what refutes it. A claim of no worse is tested on one
    side only: a difference that refutes it lies below the margin, and what supports it
    is the half of equivalence that lies above.
    """
    above = _largest(_p_above(sample) for sample in samples)
    below = _largest(_p_below(sample) for sample in samples)
    equivalence = _largest(_p_equivalence(sample) for sample in samples)
    if math.isnan(below):
        return math.nan, equivalence
    return min(1.0, 2 * min(above, below)), equivalence


def _p_above(sample: Sample) -> float:
    """The p-value of the null hypothesis that the effect is at most 0."""
    if sample.hypothesis == "no_worse":
        return 1.0  # being better refutes nothing
    return sample.estimate.p_above(_line(sample))


def _p_below(sample: Sample) -> float:
    """The p-value of the null hypothesis that the effect is at least 0."""
    return sample.estimate.p_below(-_line(sample))


def _p_equivalence(sample: Sample) -> float:
    """The p-value of the null hypothesis that the effect is as large as the margin."""
    if sample.hypothesis == "no_worse":
        return sample.estimate.p_above(-sample.margin)
    return sample.estimate.p_equivalence(sample.margin)


def _line(sample: Sample) -> float:
    """How far from 0 the difference must lie that is tested."""
    return 0.0 if sample.hypothesis == "difference" else sample.margin


def _largest(p_values: Iterable[float]) -> float:
    """The largest p-value, for a claim that must hold at every level; NaN if any of
    them is.
    """
    found = list(p_values)
    return math.nan if any(map(math.isnan, found)) else max(found)


def _deciding_level(samples: tuple[Sample, ...]) -> int:
    """The level furthest from agreeing with the others' answer: the largest p-value of
    the likeliest test.
    """
    if samples[0].is_fact:
        return _worst_instance(samples)
    if samples[0].hypothesis == "no_worse":
        ahead = [_p_equivalence(sample) for sample in samples]
        behind = [_p_below(sample) for sample in samples]
        return _likeliest([ahead, behind])
    tests = [
        [sample.estimate.p_above(0) for sample in samples],
        [sample.estimate.p_below(0) for sample in samples],
        [sample.estimate.p_equivalence(sample.margin) for sample in samples],
    ]
    return _likeliest(tests)


def _worst_instance(samples: tuple[Sample, ...]) -> int:
    """The level with the instance that contradicts the claim most; one without
    instances comes first.
    """
    worst = [
        sample.values.min() if sample.judgeable else -math.inf for sample in samples
    ]
    return int(np.argmin(worst))


def _likeliest(tests: list[list[float]]) -> int:
    """The level that is furthest from passing the test that comes closest to passing at
    all levels.
    """
    if np.isnan(tests[0]).any():
        return int(np.isnan(tests[0]).argmax())
    likeliest = min(tests, key=max)
    return int(np.argmax(likeliest))


def _levels_of(claim: Question) -> tuple[Sample, ...]:
    """The samples of a claim, one per level."""
    samples = (claim,) if isinstance(claim, Sample) else tuple(claim)
    if not samples or len({sample.hypothesis for sample in samples}) > 1:
        raise UserError("A claim needs one sample per level, all with one hypothesis.")
    return samples


def _error_rate(confidence: float, looks: int) -> float:
    """The error rate of one look: all looks together keep the campaign's."""
    if not 0.5 < confidence < 1:
        raise UserError(
            f"confidence={confidence}: give a number between 0.5 and 1, such as 0.95."
        )
    if looks < 1:
        raise UserError(f"looks={looks}: a claim is looked at least once.")
    return 1 - confidence

"""Claims judged together: Holm's adjustment, and interim looks at growing numbers of
blocks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from suite.verdicts.decision import Answer, Reason, Sample, Verdict
from suite.verdicts.gate import Gate
from suite.verdicts.kinds import Hypothesis
from suite.verdicts.statistics import (
    Interval,
    holm_adjusted,
    holm_levels,
    partial_conjunction,
)
from tasks import UserError

# a claim: at one level, or at several that must all agree
Question = Sample | Sequence[Sample]
Samples = tuple[Sample, ...]  # of one claim, one per level


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
    if equal_confidence is None:
        equal_confidence = confidence
    alpha_equivalence = _error_rate(equal_confidence, looks)
    if sample.is_fact:
        return _compare_all((sample,), confidence)
    difference, equivalence = _p_values((sample,))
    return _decide(
        (sample,),
        confidence,
        alpha / looks,
        alpha_equivalence / looks,
        min(1.0, difference * looks),
        min(1.0, equivalence * looks),
    )


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
    # Facts are taken out before Holm's procedure and put back in their places.
    levels = [_levels_of(claim) for claim in claims]
    tested = [samples for samples in levels if not samples[0].is_fact]
    judged = iter(_judge_tested(tested, alpha, confidence, looks))
    return [
        _compare_all(samples, confidence)
        if samples[0].is_fact
        else next(judged)
        for samples in levels
    ]


def _compare_all(samples: Samples, confidence: float) -> Verdict:
    """The verdict on a fact, outside of every family."""
    alpha = 1 - confidence
    return _decide(samples, confidence, alpha, alpha, math.nan, math.nan)


def _judge_tested(
    levels: Sequence[Samples], alpha: float, confidence: float, looks: int
) -> list[Verdict]:
    """The verdicts on a family of claims, none of them a fact. Those with too few
    blocks to be tested are members of it all the same.
    """
    # Bonferroni over looks first, and Holm over claims on what comes of it. To
    # compare p * looks with Holm's level is to compare p with level / looks.
    p_values = [_p_values(samples) for samples in levels]
    differences = [p * looks for p, _ in p_values]
    equivalences = [p * looks for _, p in p_values]
    numbers = zip(
        levels,
        holm_levels(differences, alpha),
        holm_levels(equivalences, alpha),
        holm_adjusted(differences),
        holm_adjusted(equivalences),
        strict=True,
    )
    return [
        _decide(
            samples,
            confidence,
            a / looks,
            b / looks,
            p_holm,
            p_equivalence_holm,
        )
        for samples, a, b, p_holm, p_equivalence_holm in numbers
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
    _check_looks(looks)
    whole = [_levels_of(claim) for claim in claims]
    settled: dict[int, Samples] = {}  # by the claim's index
    verdicts, latest = None, None
    for blocks in looks:
        # In order: a later look cannot stand in for one that is not complete.
        if not _all_reach(blocks, whole, settled):
            break
        now = [
            settled.get(index) or _first_blocks(samples, blocks)
            for index, samples in enumerate(whole)
        ]
        verdicts = judge_family(now, confidence, len(looks))
        latest = blocks
        for index, verdict in enumerate(verdicts):
            # Gates aside: no further block opens what a gate has closed.
            if verdict.answer != "inconclusive":
                settled[index] = now[index]
    if verdicts is None:
        verdicts = judge_family(whole, confidence, len(looks))
    return verdicts, latest


def _check_looks(looks: Sequence[int]) -> None:
    """Raise UserError unless the numbers of blocks increase, from 2."""
    increasing = list(looks) == sorted(set(looks))
    if not looks or not increasing or looks[0] < 2:
        raise UserError(
            f"looks={tuple(looks)}: give increasing numbers of blocks, from 2, such as "
            "(6, 10, 16)."
        )


def _all_reach(
    blocks: int, claims: Sequence[Samples], settled: Mapping[int, Samples]
) -> bool:
    """Whether every claim that is not settled has that many blocks."""
    still_open = [
        samples for index, samples in enumerate(claims) if index not in settled
    ]
    return all(_fewest_blocks(samples) >= blocks for samples in still_open)


def _first_blocks(samples: Samples, blocks: int) -> Samples:
    """The samples up to a number of blocks."""
    return tuple(sample.first(blocks) for sample in samples)


def _fewest_blocks(samples: Samples) -> int:
    """The number of blocks at the level that has the fewest."""
    return min(sample.values.size for sample in samples)


def judge_again(verdict: Verdict, claim: Question) -> Verdict:
    """Another sample of the same claim (with other gates, without some blocks) at the
    levels it was judged at.
    """
    return _decide(
        _levels_of(claim),
        verdict.confidence,
        # `alpha` is that of one level; `_decide` divides the claim's own again
        verdict.alpha * verdict.divisor,
        verdict.alpha_equivalence * verdict.divisor,
        verdict.p_holm,
        verdict.p_equivalence_holm,
    )


def _decide(
    samples: Samples,
    confidence: float,
    a: float,
    b: float,
    p_holm: float,
    p_equivalence_holm: float,
) -> Verdict:
    """The verdict over all levels of a claim, which must agree unless it needs some of
    them only.
    """
    if samples[0].levels_needed:
        p_values = p_holm, p_equivalence_holm
        return _decide_by_some(samples, confidence, a, b, *p_values)
    each = tuple(
        _decide_one(sample, confidence, a, b, p_holm, p_equivalence_holm)
        for sample in samples
    )
    if len(each) == 1:
        return each[0]
    deciding = each[_deciding_level(samples)]
    answer = _joint_answer(each)
    # A gate withholds an answer; without one, blocks are what is missing.
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


def _decide_by_some(
    samples: Samples,
    confidence: float,
    a: float,
    b: float,
    p_holm: float,
    p_equivalence_holm: float,
) -> Verdict:
    """The verdict on a claim that must hold at k of its n levels: each is tested at
    a / (n - k + 1) for the claim, and at a / k against it.
    """
    needed = samples[0].levels_needed
    enough_against = len(samples) - needed + 1

    def each_at(divisor: int) -> tuple[Verdict, ...]:
        """Each sample's verdict with the levels of the tests divided by that
        number.
        """
        alphas = a / divisor, b / divisor
        p_values = p_holm, p_equivalence_holm
        return tuple(
            replace(
                _decide_one(sample, confidence, *alphas, *p_values),
                divisor=divisor,
            )
            for sample in samples
        )

    # k levels for the claim leave n - k: one too few to decide against it.
    each, against = each_at(enough_against), each_at(needed)
    answer: Answer = "inconclusive"
    if _count(each, "supported") >= needed:
        answer = "supported"
    elif _count(against, "refuted") >= enough_against:
        answer, each = "refuted", against
    elif _count(against, "no_difference") >= enough_against:
        answer, each = "no_difference", against
    deciding = each[_needed_level(samples, answer)]
    judgeable = all(sample.judgeable for sample in samples)
    would_be, reason = None, deciding.reason
    if judgeable and any(verdict.reason == "gate" for verdict in each):
        answer, would_be, reason = "inconclusive", answer, "gate"
    elif answer == "inconclusive":
        reason = reason or "levels_disagree"
    else:
        reason = ""
    return replace(
        deciding,
        verdict=answer,
        would_be=would_be,
        reason=reason,
        by_level=each,
    )


def _count(each: Sequence[Verdict], answer: Answer) -> int:
    """At how many levels that is the answer, gates aside."""
    return sum(verdict.answer == answer for verdict in each)


def _needed_level(samples: Samples, answer: Answer) -> int:
    """The level that a claim about k of n hinges on: the k-th best; where it makes no
    difference, the (n - k + 1)-th closest to equal.
    """
    # By p-value, as partial conjunction ranks them; by effect without any.
    needed = samples[0].levels_needed
    if answer == "no_difference":
        needed = len(samples) - needed + 1
        doubts = [one.estimate.p_equivalence(one.margin) for one in samples]
        without_p = [abs(one.estimate.mean) for one in samples]
    else:
        # The k-th best is also the (n - k + 1)-th worst, which refutes.
        doubts = [one.estimate.p_above(0) for one in samples]
        without_p = [-one.estimate.mean for one in samples]
    if any(map(math.isnan, doubts)):
        doubts = without_p
    strongest_first = np.argsort(doubts, kind="stable")
    return int(strongest_first[needed - 1])


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
        answer,
        would_be,
        reason,
        sample,
        confidence,
        a,
        b,
        p_holm,
        p_equivalence_holm,
    )


def _table(sample: Sample, a: float, b: float) -> tuple[Answer, Reason]:
    """The answer of rows 0 and 2 to 5, and why it is inconclusive."""
    if sample.is_fact:
        return _compare(sample)
    if sample.estimate.blocks < 2:
        return "inconclusive", "too_few_blocks"
    if not sample.estimate.testable:
        return "inconclusive", "no_spread"
    difference = sample.estimate.interval(1 - a)
    equivalence = sample.estimate.interval(1 - 2 * b)
    if sample.hypothesis == "equivalence":
        return _equivalence(difference, equivalence, sample.margin)
    if sample.hypothesis == "no_worse":
        return _no_worse(difference, equivalence, sample.margin)
    return _difference(difference, equivalence, sample.margin)


def _difference(
    difference: Interval, equivalence: Interval, margin: float
) -> tuple[Answer, Reason]:
    """The answer to a claim that one side is ahead."""
    low, high = difference
    # Before the direction: an effect may be real, and yet too small to matter.
    if _lies_within(equivalence, margin):
        return "no_difference", ""
    if low > 0:
        return "supported", ""
    if high < 0:
        return "refuted", ""
    return "inconclusive", "open"


def _equivalence(
    difference: Interval, equivalence: Interval, margin: float
) -> tuple[Answer, Reason]:
    """The answer to a claim that both sides are equal."""
    low, high = difference
    if _lies_within(equivalence, margin):
        return "supported", ""
    if low > margin or high < -margin:
        return "refuted", ""
    return "inconclusive", "open"


def _no_worse(
    difference: Interval, equivalence: Interval, margin: float
) -> tuple[Answer, Reason]:
    """The answer to a claim that one side does not fall behind by the margin."""
    low, _ = equivalence
    _, high = difference
    if low > -margin:
        return "supported", ""
    if high < -margin:
        return "refuted", ""
    return "inconclusive", "open"


def _lies_within(interval: Interval, margin: float) -> bool:
    """Whether an interval lies strictly between -margin and margin."""
    low, high = interval
    return -margin < low and high < margin


def _compare(sample: Sample) -> tuple[Answer, Reason]:
    """The answer of rows 2 to 4 to a fact, from its smallest and largest instance."""
    if not sample.judgeable:
        return "inconclusive", "too_few_blocks"
    margin = sample.margin
    # the lowest and the highest instance at any confidence: see `Range`
    low, high = sample.estimate.interval(1.0)
    equal = False
    if sample.hypothesis == "always":
        return ("supported" if low >= 0 else "refuted"), ""
    if sample.hypothesis == "no_worse":
        supported, refuted = low > -margin, high <= -margin
    elif sample.hypothesis == "equivalence":
        supported = _lies_within((low, high), margin)
        refuted = low >= margin or high <= -margin
    else:
        equal = _lies_within((low, high), margin)
        supported, refuted = low > 0, high < 0
    if equal:
        return "no_difference", ""
    if supported:
        return "supported", ""
    if refuted:
        return "refuted", ""
    return "inconclusive", "instances_disagree"


def _p_values(samples: Samples) -> tuple[float, float]:
    """The claim's p-values in the two families: for a difference, and for equivalence.

    All levels must agree, so the largest p-value among them counts (Berger 1982),
    within one direction. For a claim of equivalence the difference tested is one beyond
    the margin, because that is what refutes it. A claim of no worse is tested on one
    side only: a difference that refutes it lies below the margin, and what supports it
    is the half of equivalence that lies above.
    """
    if samples[0].levels_needed:
        return _p_values_of_some(samples)
    # Direction by direction: half of the levels above 0 and half below are two
    # clear effects, and no agreement.
    above = _largest(_p_above(sample) for sample in samples)
    below = _largest(_p_below(sample) for sample in samples)
    equivalence = _largest(_p_equivalence(sample) for sample in samples)
    if math.isnan(below):
        return math.nan, equivalence
    return min(1.0, 2 * min(above, below)), equivalence


def _p_values_of_some(samples: Samples) -> tuple[float, float]:
    """The same of a claim that must hold at k of its n levels: it does at k, and does
    not at n - k + 1.
    """
    needed = samples[0].levels_needed
    enough_against = len(samples) - needed + 1
    above = partial_conjunction([_p_above(one) for one in samples], needed)
    below = partial_conjunction(
        [_p_below(one) for one in samples], enough_against
    )
    equal = [_p_equivalence(sample) for sample in samples]
    equivalence = partial_conjunction(equal, enough_against)
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


def _deciding_level(samples: Samples) -> int:
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


def _worst_instance(samples: Samples) -> int:
    """The level with the instance that contradicts the claim most; one without
    instances comes first.
    """
    worst = [
        sample.values.min() if sample.judgeable else -math.inf
        for sample in samples
    ]
    return int(np.argmin(worst))


def _likeliest(tests: list[list[float]]) -> int:
    """The level that is furthest from passing the test that comes closest to passing at
    all levels.
    """
    # A level without a test keeps the claim open, so it decides.
    if np.isnan(tests[0]).any():
        return int(np.isnan(tests[0]).argmax())
    likeliest = min(tests, key=max)
    return int(np.argmax(likeliest))


def _levels_of(claim: Question) -> Samples:
    """The samples of a claim, one per level."""
    samples = (claim,) if isinstance(claim, Sample) else tuple(claim)
    if not samples or len({sample.hypothesis for sample in samples}) > 1:
        raise UserError(
            "A claim needs one sample per level, all with one hypothesis."
        )
    return samples


def _error_rate(confidence: float, looks: int) -> float:
    """The error rate of all looks together. Raises UserError unless the confidence is
    between 0.5 and 1 and there is a look.
    """
    if not 0.5 < confidence < 1:
        raise UserError(
            f"confidence={confidence}: give a number between 0.5 and 1, such as 0.95."
        )
    if looks < 1:
        raise UserError(f"looks={looks}: a claim is judged at least once.")
    return 1 - confidence

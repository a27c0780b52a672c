"""From paired differences to a verdict: the decision table. Pure.

Let d be one difference per block in the claim's direction and m the margin. Let a and
b be the claim's local levels for the difference test and the equivalence test, I_d the
(1 - a) interval of the mean difference and I_e its (1 - 2b) interval. The first row
that matches decides:

===  =====================================  ==========================================
row  where                                  answer
===  =====================================  ==========================================
0    fewer than 2 blocks, or no spread and  inconclusive
     a metric of unknown resolution
1    an adequacy gate failed                inconclusive; ``would_be`` keeps what the
                                            rest of the table says
2    I_e lies strictly inside (-m, m)       no_difference
3    I_d lies above 0                       supported
4    I_d lies below 0                       refuted
5    else                                   inconclusive
===  =====================================  ==========================================

A claim of equivalence, that two arms are *equal*, is supported by row 2 and refuted
where I_d lies outside of [-m, m]. A claim that one arm is *no worse* than another is
half of that: supported where I_e lies above -m, refuted where I_d lies below. A claim
over several levels has a verdict where all levels agree on it.

A *fact* is compared and not tested. That an arm *always* keeps within a bound is
supported where it does in all instances (d >= 0) and refuted by a single one. A metric
that no chance enters, such as a number of parameters, is judged by rows 2 to 4 on the
smallest and the largest of its differences in place of an interval.

Within a task Holm's procedure is applied twice, once to the two-sided t-tests and once
to the equivalence tests, each at the full error rate; the local levels come from it
(suite.verdicts.family). Facts take no part in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from suite.verdicts.gate import Gate
from suite.verdicts.kinds import Hypothesis
from suite.verdicts.statistics import (
    Estimate,
    Floats,
    Interval,
    blocks_to_reach,
    blocks_to_settle,
    estimate,
    instances,
    sign_flip,
    upper_std,
)
from tasks import UserError

Answer = Literal["supported", "refuted", "no_difference", "inconclusive"]
# why an answer is inconclusive; "" if it is not
Reason = Literal[
    "too_few_blocks",
    "no_spread",
    "gate",
    "levels_disagree",
    "instances_disagree",
    "open",
    "incomplete",
    "",
]
Label = Literal["exploratory", "confirmatory"]
# Blocks; fewer are exploratory whatever they say. With 5 not even the same
# sign in all of them has an exact p-value below .05: it is 2 / 2**5 = .0625.
CONFIRMATORY = 6


@dataclass(frozen=True)
class Sample:
    """One claim at one level: a difference per block, positive where the claim holds,
    and how it is to be judged.

    Differences and margin share one unit. ``test_train_ratio`` is n_test / n_train
    where blocks share data; ``reference_se`` the standard error of a published figure
    that the differences are measured from; ``resolution`` the finest difference that
    can be measured, below which the standard deviation is never taken. What is
    ``exact`` has no chance in it.
    """

    differences: ArrayLike
    """One difference per block, in the claim's direction: (blocks,)."""

    margin: float
    """The smallest difference that matters, in the same unit; above 0."""

    hypothesis: Hypothesis = "difference"
    """What is tested: a difference, equivalence, no worse, or always."""

    test_train_ratio: float = 0.0
    """n_test / n_train where blocks share data, else 0."""

    reference_se: float = 0.0
    """The standard error of a published figure that differences are measured from."""

    gates: tuple[Gate, ...] = ()
    """The adequacy gates of the claim."""

    level: str = ""
    """The name of the level; empty over all levels."""

    resolution: float = 0.0
    """The finest difference that can be measured: no standard deviation is smaller."""

    exact: bool = False
    """Whether no chance enters the differences."""

    levels_needed: int = 0
    """At how many of its levels the claim must hold; 0 means at each of them."""

    def __post_init__(self) -> None:
        # Checked here, where numbers enter: everything below trusts them.
        d = np.asarray(self.differences, dtype=np.float64)
        if d.ndim != 1 or not np.isfinite(d).all():
            raise UserError(
                f"differences of shape {d.shape} with {int((~np.isfinite(d)).sum())} "
                "values that are not finite: give one finite number per block."
            )
        if not (math.isfinite(self.margin) and self.margin > 0):
            raise UserError(
                f"margin={self.margin}: give the smallest difference that matters, "
                "a number above 0."
            )
        for name in ("test_train_ratio", "reference_se", "resolution"):
            # not `< 0`, which NaN would pass
            if not getattr(self, name) >= 0:
                given = f"{name}={getattr(self, name)}"
                raise UserError(
                    f"{given}: give a number that is not negative."
                )
        object.__setattr__(self, "differences", d)

    @property
    def values(self) -> Floats:
        """The effects that are known, without NaN: (blocks,)."""
        assert isinstance(self.differences, np.ndarray)
        return self.differences

    @property
    def is_fact(self) -> bool:
        """Whether it is compared rather than tested."""
        return self.exact or self.hypothesis == "always"

    @property
    def judgeable(self) -> bool:
        """Whether there is enough to give an answer."""
        if self.is_fact:
            return self.values.size > 0
        return self.estimate.testable

    @cached_property
    def estimate(self) -> Estimate:
        """Mean, standard error and degrees of freedom of the effect."""
        # A claim that always holds is as good as its worst instance.
        if self.is_fact:
            return instances(self.values, worst=self.hypothesis == "always")
        return self.estimate_with(self.test_train_ratio, self.reference_se)

    def estimate_with(
        self, test_train_ratio: float, reference_se: float
    ) -> Estimate:
        """The same sample under another overlap or with an additional error."""
        return estimate(
            self.values, test_train_ratio, reference_se, self.resolution
        )

    def first(self, blocks: int) -> Sample:
        """The same claim on its first blocks only."""
        return replace(self, differences=self.values[:blocks])


@dataclass(frozen=True)
class Verdict:
    """What the blocks say of one claim, and every number that it follows from.

    ``interval`` is the plain one at the asked confidence; ``adjusted_interval`` (I_d)
    and ``equivalence_interval`` (I_e) are those that decide. P-values are unadjusted,
    NaN if there is nothing to test; ``p_holm`` and ``p_equivalence_holm`` are adjusted
    for family and looks. For a claim over several levels the numbers are those of the
    level that decides, the one furthest from agreeing, and ``by_level`` has all of
    them.
    """

    verdict: Answer
    """The answer."""

    would_be: Answer | None
    """The answer if no gate had failed; None if none did."""

    reason: Reason
    """Why the answer is inconclusive; empty if it is not."""

    sample: Sample = field(repr=False)
    """The differences that it was judged on."""

    confidence: float
    """The confidence that was asked for."""

    alpha: float
    """The local level of the two-sided test."""

    alpha_equivalence: float
    """The local level of the equivalence test."""

    p_holm: float
    """The p-value of a difference, adjusted for family and looks."""

    p_equivalence_holm: float
    """The p-value of equivalence, adjusted likewise."""

    by_level: tuple[Verdict, ...] = field(default=(), repr=False)
    """The verdicts of all levels, of a claim over several."""

    divisor: int = 1
    """Among how many levels the claim's own error rates were divided to get ``alpha``
    and ``alpha_equivalence``, where it must hold at some of them.
    """

    @property
    def answer(self) -> Answer:
        """The table's verdict without gates."""
        return self.would_be or self.verdict

    @property
    def gates(self) -> tuple[Gate, ...]:
        """The gates that were applied to the claim."""
        return self.sample.gates

    @property
    def margin(self) -> float:
        """The smallest effect that matters, on the claim's scale."""
        return self.sample.margin

    @property
    def blocks(self) -> int:
        """How many blocks have an effect."""
        return self.sample.estimate.blocks

    @property
    def label(self) -> Label:
        """Whether it counts as confirmatory, which takes six blocks or no chance."""
        enough = self.blocks >= CONFIRMATORY or self.sample.exact
        return "confirmatory" if enough else "exploratory"

    @property
    def level(self) -> str:
        """The level that decides, "" if there is one over all."""
        return self.sample.level

    @property
    def reference_se(self) -> float:
        """The standard error of a published figure that is compared with; 0 without
        one.
        """
        return self.sample.reference_se

    @property
    def effect(self) -> float:
        """The mean effect over blocks, on the claim's scale."""
        return self.sample.estimate.mean

    @property
    def std(self) -> float:
        """Standard deviation over blocks."""
        return self.sample.estimate.std

    @property
    def interval(self) -> Interval:
        """The unadjusted interval of the effect."""
        return self.sample.estimate.interval(self.confidence)

    @property
    def adjusted_interval(self) -> Interval:
        """The interval with Holm's level, which decides whether there is an effect."""
        return self.sample.estimate.interval(1 - self.alpha)

    @property
    def equivalence_interval(self) -> Interval:
        """The interval with Holm's level of the equivalence tests."""
        return self.sample.estimate.interval(1 - 2 * self.alpha_equivalence)

    @property
    def deciding_interval(self) -> Interval:
        """The one of both that the answer was read from: I_e where equality, or no
        worse, was found, else I_d. Where the answer is open, the wider one shows it.
        """
        of_difference, of_equality = (
            self.adjusted_interval,
            self.equivalence_interval,
        )
        # Both are centred on the effect: the upper ends tell the wider one.
        if self.answer == "inconclusive":
            wider = of_difference[1] >= of_equality[1]
            return of_difference if wider else of_equality
        found_equal = self.answer == "no_difference" or (
            self.answer == "supported"
            and self.sample.hypothesis != "difference"
        )
        return of_equality if found_equal else of_difference

    @property
    def fixed_split_interval(self) -> Interval:
        """The plain interval without regard to test_train_ratio: for these splits of
        this data set.
        """
        found = self.sample.estimate_with(0.0, self.sample.reference_se)
        return found.interval(self.confidence)

    @property
    def p(self) -> float:
        """Two-sided p-value of the paired t-test."""
        return self.sample.estimate.p()

    @property
    def p_equivalence(self) -> float:
        """P-value of the two one-sided tests for a difference smaller than the margin."""
        return self.sample.estimate.p_equivalence(self.margin)

    @cached_property
    def p_sign_flip(self) -> float:
        """Exact p-value under random signs: a check that assumes no distribution. It
        never decides.
        """
        return sign_flip(self.sample.values)

    @property
    def effect_size(self) -> float:
        """The mean difference in standard deviations of a difference."""
        return (
            self.effect / self.std
            if self.sample.estimate.testable
            else math.nan
        )

    @property
    def win_rate(self) -> float:
        """Share of blocks in which the claim holds; ties count half."""
        d = self.sample.values
        return (
            float((d > 0).mean() + 0.5 * (d == 0).mean())
            if d.size
            else math.nan
        )

    @property
    def meaningful(self) -> bool:
        """Supported or refuted by more than the margin, as the interval has it and not
        only the mean.
        """
        samples = [verdict.sample for verdict in self.by_level] or [
            self.sample
        ]
        # At the level of the test: what is called meaningful was tested.
        ends = [sample.estimate.interval(1 - self.alpha) for sample in samples]
        of_equivalence = self.sample.hypothesis == "equivalence"
        if (
            self.verdict == "supported"
            and self.sample.hypothesis == "difference"
        ):
            clear = [low > self.margin for low, _ in ends]
            return sum(clear) >= (self.sample.levels_needed or len(ends))
        if self.verdict == "refuted":
            # Equality is refuted on either side.
            clear = [
                high < -self.margin or (of_equivalence and low > self.margin)
                for low, high in ends
            ]
            # k of n levels cannot hold once n - k + 1 of them do not.
            needed = self.sample.levels_needed
            return sum(clear) >= (
                len(ends) - needed + 1 if needed else len(ends)
            )
        return False

    @property
    def negligible(self) -> bool:
        """A difference that is real (I_d excludes 0) and yet too small to matter."""
        low, high = self.adjusted_interval
        return _settled_as_equal(self) and not low <= 0 <= high

    @cached_property
    def blocks_to_settle(self) -> int | None:
        """Blocks at which no mean would leave this open; None if it is not open, or
        where no number is enough.
        """
        return self._blocks_for(self.std) if self.reason == "open" else None

    @cached_property
    def blocks_to_settle_cautious(self) -> int | None:
        """The same for the upper 80 % bound of the std, which so few blocks know
        only roughly.
        """
        if self.reason != "open":
            return None
        # A standard deviation of few blocks is more often too small than not.
        return self._blocks_for(upper_std(self.std, self.blocks))

    def _blocks_for(self, std: float) -> int | None:
        """How many blocks would decide the claim if effects had this standard
        deviation.
        """
        sample = self.sample
        if sample.hypothesis == "no_worse":
            return self._blocks_for_no_worse(std)
        return blocks_to_settle(
            std,
            sample.margin,
            self.alpha,
            self.alpha_equivalence,
            test_train_ratio=sample.test_train_ratio,
            reference_se=sample.reference_se,
        )

    def _blocks_for_no_worse(self, std: float) -> int | None:
        """Blocks needed for a decision if the mean does not change; a mean at the
        margin would never be decided.
        """
        sample = self.sample
        to_margin = self.effect + sample.margin
        # Support is a one-sided test, refutation half of a two-sided one.
        alpha = self.alpha_equivalence if to_margin > 0 else self.alpha / 2
        return blocks_to_reach(
            std,
            abs(to_margin),
            alpha,
            test_train_ratio=sample.test_train_ratio,
            reference_se=sample.reference_se,
        )


def _settled_as_equal(verdict: Verdict) -> bool:
    """Whether the two sides were found to be equal, which a claim of equivalence calls
    "supported".
    """
    return verdict.verdict == (
        "supported"
        if verdict.sample.hypothesis == "equivalence"
        else "no_difference"
    )

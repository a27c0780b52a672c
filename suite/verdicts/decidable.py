"""Whether any number of blocks can decide a claim, asked before the first run.

More blocks narrow an interval, but not below what they all share: the test examples
that re-splits of one data set have in common (Nadeau & Bengio, "Inference for the
generalization error", 2003), and the error of a published figure. Where what is left is
wider than the margin, only another design decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from scipy.special import ndtri, stdtrit

from suite.verdicts.decision import CONFIRMATORY
from suite.verdicts.kinds import kind_of
from suite.verdicts.message import Message, message
from tasks import Claim

# a test set shows multiples of 1/n; two examples are the least that can matter
MIN_EXAMPLES = 2
LARGEST_T = 5.0  # beyond it few blocks say nothing but of enormous effects


@dataclass(frozen=True)
class Prospect:
    """A claim and what is known of it before it runs.

    ``std`` is the standard deviation of a block's difference, and ``effect`` its mean,
    in the claim's direction, both on the claim's scale; None if nothing has shown them.
    ``test_examples`` is 0 where it is unknown; ``family`` is the number of the task's
    claims in Holm's procedure.
    """

    claim: Claim
    """The claim as it is planned."""

    blocks: int
    """How many blocks run at most."""

    looks: int
    """How often the claim is tested, 1 without interim looks."""

    family: int
    """How many claims of the task are tested together."""

    confidence: float
    """The campaign's confidence."""

    test_train_ratio: float
    """The number of test examples per training example; 0 with fresh data."""

    test_examples: int
    """The number of test examples; 0 if it is unknown."""

    is_share: bool
    """Whether the metric is a share of 1."""

    std: float | None = None
    """The standard deviation over blocks, if it is known or expected."""

    effect: float | None = None
    """The effect that an earlier campaign measured; None without one."""

    @property
    def t_needed(self) -> float:
        """The |t| that supports the claim, at each level that it needs, as the strictest
        of its task's; infinite with one block.
        """
        return self._t_needed(self.divisor)

    def _t_needed(self, divisor: int) -> float:
        """The same where each level has that part of the error rate."""
        if self.blocks < 2:
            return math.inf
        # Holm's first step, which a family's smallest p-value has to pass.
        tests = self.family * self.looks * divisor
        alpha = (1 - self.confidence) / tests
        return float(stdtrit(self.blocks - 1, 1 - alpha / 2))

    @property
    def divisor(self) -> int:
        """What supports the claim divides its error rate by: more than 1 where some of
        its levels are enough.
        """
        divisor, _ = kind_of(self.claim.kind).divisors(self.claim)
        return divisor

    @property
    def _least_divisor(self) -> int:
        """The same of the easier of the two ways to decide it."""
        return min(kind_of(self.claim.kind).divisors(self.claim))

    @property
    def is_exploratory(self) -> bool:
        """Whether there are too few blocks for a confirmatory verdict."""
        return self.blocks < CONFIRMATORY

    @property
    def reference_se(self) -> float:
        """The standard error of the published figure, if the claim compares with one;
        else 0.
        """
        return kind_of(self.claim.kind).reference_se(self.claim)

    @property
    def is_one_sided(self) -> bool:
        """Whether the decision is one-sided, with one bound rather than two."""
        return kind_of(self.claim.kind).hypothesis != "difference"

    def obstacles(self) -> tuple[Message, ...]:
        """What keeps the claim open however it turns out, each with what would change
        that; none if it can be decided.
        """
        if kind_of(self.claim.kind).hypothesis == "always":
            return ()  # one counterexample decides, without an interval
        return tuple(self._obstacles())

    def _obstacles(self) -> Iterator[Message]:
        """The messages, one by one."""
        # What the published figure leaves open if blocks did not vary at all.
        reference_floor = self._floor(0.0, one_sided=True)
        floor = self._floor(self.std or 0.0, self.is_one_sided)
        if self.reference_se and not self._stands_out(reference_floor):
            yield message(
                "undecidable-reference",
                margin=self.claim.margin,
                margin_floor=reference_floor,
                margin_se=self.reference_se,
            )
        elif self.test_train_ratio and not self._stands_out(floor):
            yield message(
                "undecidable-overlap",
                percent=self.test_train_ratio,
                margin=self.claim.margin,
                margin_floor=floor,
            )
        if not self._is_resolved:
            yield message(
                "undecidable-resolution",
                margin=self.claim.margin,
                margin_needed=MIN_EXAMPLES / self.test_examples,
                examples=self.test_examples,
                needed=math.ceil(MIN_EXAMPLES / self.claim.margin),
            )
        least_t = self._t_needed(self._least_divisor)
        if self.is_exploratory and least_t > LARGEST_T:
            yield self._too_few_blocks(least_t)

    def _too_few_blocks(self, least_t: float) -> Message:
        """Why so few blocks cannot decide the claim, and how many could."""
        if self.blocks < 2:
            return message("undecidable-one-block", confirmatory=CONFIRMATORY)
        return message(
            "undecidable-blocks",
            blocks=self.blocks,
            claims=self.family,
            number_t=least_t,
            confirmatory=CONFIRMATORY,
        )

    def _floor(self, std: float, one_sided: bool) -> float:
        """Half the width of the interval that no number of blocks narrows further."""
        # The normal quantile is the limit of Student's t. Neither Holm nor
        # looks are allowed for, so that an obstacle is one in any case.
        alpha = (1 - self.confidence) / self._least_divisor
        quantile = float(ndtri(1 - alpha if one_sided else 1 - alpha / 2))
        shared = std * math.sqrt(self.test_train_ratio)
        return quantile * math.hypot(shared, self.reference_se)

    def _stands_out(self, floor: float) -> bool:
        """Whether an interval that wide can settle the claim: because it fits into the
        margin, or because the effect that was seen lies clear of it.
        """
        margin = self.claim.margin
        # Equality can be found then, whatever the effect.
        if floor < margin:
            return True
        if self.effect is None:
            return False
        hypothesis = kind_of(self.claim.kind).hypothesis
        if hypothesis == "equivalence":
            return abs(self.effect) - margin > floor
        if hypothesis == "no_worse":
            return abs(self.effect + margin) > floor
        return abs(self.effect) > floor

    @property
    def _is_resolved(self) -> bool:
        """Whether the test set can show a difference as small as the margin."""
        counted = self.is_share and self.claim.scale == "points"
        if not counted or not self.test_examples:
            return True
        # Rounding must not refuse a margin of exactly two examples.
        return self.claim.margin * self.test_examples >= MIN_EXAMPLES - 1e-9

"""What a kind of claim is, and the registry of kinds."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from suite.verdicts.statistics import Floats
from tasks import Claim, unknown
from tasks.contract.claim import KINDS as names_of_kinds

Hypothesis = Literal["difference", "equivalence", "no_worse", "always"]
Places = Mapping[str, float | None]  # each level's x
# Between the two arms of a part that is a pair, better first; no name contains it.
ABOVE = " > "


@dataclass(frozen=True)
class Side:
    """One side of a comparison: arms, or a published figure."""

    arms: tuple[str, ...] = ()
    """The names of the arms."""

    reference: float | None = None
    """A published figure instead of arms."""

    levels: tuple[str, ...] = ()
    """The level of each arm; empty if both sides are at the same levels."""


class ClaimKind(ABC):
    """How one kind of claim is measured, tested and reported.

    A claim's effect in a block is a weighted sum over its arms (``weights``), at each
    level. It is judged level by level, or (``over_levels``) once over all of them by a
    single number per block, which ``effects`` finds.

    A kind holds no claim: it is registered once, and each method is told the claim. The
    sentences come from the report, which finds them by ``statement``, ``directions``
    and ``asks``.
    """

    name: str
    """What claims call it."""

    hypothesis: Hypothesis = "difference"
    """What is tested: see suite.verdicts.decision."""

    over_levels: bool = False
    """Whether it is judged once over all levels, not level by level."""

    statement: Literal["gap", "trend", "exponent"] = "gap"
    """How an effect is stated: one side is ahead ("gap"), it gains along the axis
    ("trend"), or the metric is a power of the axis ("exponent").
    """

    directions: str = "directions-ahead"
    """Begins the codes of what lies on either side of 0."""

    asks: str = "asks-difference"
    """The code of the sentence that says what such a claim asks."""

    has_opposite: bool = True
    """Whether a refuted claim means that its opposite holds."""

    as_recorded: bool = False
    """Whether values are taken as they are, neither scaled nor negated by ``better``."""

    pairwise: bool = False
    """Whether it is judged pair of arms by pair of arms, all at one level."""

    compares_rates: bool = True
    """Whether both sides are arms whose errors add up as those of two samples do."""

    @property
    def along_axis(self) -> bool:
        """Whether it is about a slope, so that levels need places on an axis."""
        return self.statement != "gap"

    def of(self, claim: Claim) -> ClaimKind:
        """The kind that judges this very claim."""
        return self

    def weights(self, claim: Claim) -> Floats:
        """The weight of each of the claim's arms in its effect: (arms,), or (levels,
        arms) where it depends on the level; (pairs, arms) of a pairwise kind.
        """
        better = np.array([arm == claim.better for arm in claim.arms])
        return np.where(better, 1.0, -1.0)

    def reference(self, claim: Claim) -> float | None:
        """The published figure that replaces a second side, if there is one."""
        return None

    def reference_se(self, claim: Claim) -> float:
        """That figure's standard error; 0 where none is compared with."""
        return 0.0

    def levels_needed(self, claim: Claim) -> int:
        """At how many levels the claim must hold; 0 means at each of them."""
        return 0

    def divisors(self, claim: Claim) -> tuple[int, int]:
        """What the error rate is divided by at each part: to support the claim, and to
        decide against it. 1 where all levels must agree (Berger, 1982); of k among n,
        n - k + 1 for the claim, and k against it.
        """
        needed = self.levels_needed(claim)
        if not needed:
            return 1, 1
        return len(self.parts(claim, claim.levels)) - needed + 1, needed

    def sides(self, claim: Claim) -> tuple[Side, Side]:
        """Who is to be ahead, and of whom or what."""
        return Side((claim.better,)), Side((claim.worse,))

    def parts(self, claim: Claim, levels: Sequence[str]) -> tuple[str, ...]:
        """What is judged one by one: the levels, or a single part named ""."""
        return ("",) if self.over_levels else tuple(levels)

    def effects(self, gaps: Floats, x: Sequence[float]) -> Floats:
        """(blocks, parts) from the gap at each level, (blocks, levels). ``x`` are the
        levels' places on the axis, given to a kind that judges over levels.
        """
        return gaps

    def in_favour(self, claim: Claim, found: Floats) -> Floats:
        """The effects in the claim's direction, minus ``at_least``."""
        return found - claim.at_least

    def resolution(self, finest: float, x: Sequence[float]) -> float:
        """The finest effect, where ``finest`` is the finest gap at a level."""
        return finest

    def check(self, claim: Claim, places: Places) -> None:
        """UserError if the claim lacks what its kind needs beyond what ``Claim`` itself
        asks for. ``places`` has the x of each level that decides it.
        """
        return


def pair_of_arms(part: str) -> tuple[str, str] | None:
    """The two arms of a part that is a pair, better first; None for a level."""
    better, above, worse = part.partition(ABOVE)
    return (better, worse) if above else None


KINDS: dict[str, ClaimKind] = {}


def register_kind(kind: ClaimKind) -> ClaimKind:
    """Make a kind of claim known by its name, so that claims can be of it."""
    KINDS[kind.name] = kind
    names_of_kinds.add(kind.name)
    return kind


def kind_of(name: str) -> ClaimKind:
    """The kind of that name. UserError if there is none."""
    if name not in KINDS:
        raise unknown("kind of claim", name, KINDS)
    return KINDS[name]

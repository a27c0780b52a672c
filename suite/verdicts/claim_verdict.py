"""The answer to a claim: its verdict, and all that a page or a report shows of it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from suite.training.metrics import SHARE, Better
from suite.verdicts.arm_training import ArmTraining
from suite.verdicts.decision import Answer, Label, Reason
from suite.verdicts.gate import Gate
from suite.verdicts.kinds import Side, kind_of, pair_of_arms
from suite.verdicts.message import Message
from suite.verdicts.placing import Place
from suite.verdicts.statistics import Crossover, Interval


@dataclass(frozen=True)
class Halved:
    """What the answer would be with the hyperparameters that half of the tuning trials
    would have chosen, or with half of the training.

    It is judged as the claim itself was, on the same blocks; its numbers are those of
    the same level. Of half the tuning, ``trials`` says how many trials that is, and
    ``retrained`` counts the cells where these chose other hyperparameters; the other
    cells' finals answer for both.
    """

    verdict: Answer
    """The answer."""

    effect: float
    """The effect at the level that decides the claim."""

    interval: Interval
    """The interval of that effect."""

    blocks: int
    """How many blocks it was judged on."""

    changes: bool
    """Whether the answer is another than with all of it."""

    trials: int | None = None
    """How many trials are half of the tuning; None for half of the training."""

    retrained: int | None = None
    """In how many cells half of the tuning chose other hyperparameters."""


@dataclass(frozen=True)
class ClaimVerdict:
    """A claim, its verdict, and all that a page or a report shows.

    Effects and intervals are on the claim's scale, in its direction, less what it
    promises (``at_least``): 0 is the line between for and against, +-``margin`` the
    band that does not matter. There is no prose in here: gates, notes and the
    population are messages, which suite.report.sentences writes out.
    """

    # what is claimed
    task: str
    """The name of the task."""

    claim: str
    """The name of the claim."""

    says: str
    """The claim as a sentence."""

    kind: str
    """The kind of claim: see ``suite.verdicts.kinds``."""

    metric: str
    """The name of the metric it is about."""

    metric_label: str
    """The metric's label, in English."""

    unit: str
    """The metric's unit: see ``suite.training.metrics``."""

    better_is: Better
    """Whether the higher or the lower value of the metric is better."""

    scale: str
    """The scale of its effect: see ``suite.verdicts.scales``."""

    better: str
    """The arm that is claimed to be better; may be empty."""

    worse: str
    """The arm that it is compared with; may be empty."""

    sides: tuple[Side, Side]
    """The arms that are claimed to be better, and those (or the figure) they are
    compared with.
    """

    levels: tuple[str, ...]
    """The levels that decide it."""

    margin: float
    """The smallest effect that matters."""

    at_least: float
    """The effect that is promised; 0 for any."""

    at_least_levels: int
    """At how many of the levels it must hold; 0 for each of them."""

    order: tuple[str, ...]
    """The arms of a ranking, the best first; empty for other kinds."""

    source: str
    """Where the claim is published."""

    reported: str
    """What was reported there."""

    matching_group: str
    """Claims of one group ask the same under different matchings."""

    lower_bound: float | None
    """The lower bound that always holds; None without one."""

    upper_bound: float | None
    """The upper bound that always holds; None without one."""

    equal_to: float | None
    """The value that always holds, within ``tolerance``; None without one."""

    tolerance: float
    """How far from ``equal_to`` rounding may lead."""

    # what is decided; with several levels, the numbers of the one that decides
    verdict: Answer
    """The answer; with several levels, numbers are those of the one that decides."""

    would_be: Answer | None
    """The answer if no gate had failed; None if none did."""

    reason: Reason
    """Why the answer is inconclusive; empty if it is not."""

    label: Label
    """"confirmatory" or "exploratory"."""

    meaningful: bool
    """Whether it was supported or refuted by more than the margin."""

    negligible: bool
    """Whether there is a difference, and one smaller than the margin."""

    level: str
    """The level that decides, or the pair of arms ("a > b"); empty if all are judged
    together.
    """

    effect: float
    """The mean effect over blocks."""

    interval: Interval
    """The unadjusted interval at the campaign's confidence."""

    adjusted_interval: Interval
    """The interval that decides whether there is a difference."""

    equivalence_interval: Interval
    """The interval that decides whether both are equal."""

    deciding_interval: Interval
    """The one of these two that the answer was read from."""

    fixed_split_interval: Interval | None
    """The interval for these splits of the data only."""

    new_test_interval: Interval | None
    """The interval for new test examples too, where all blocks share a test set."""

    p: float
    """The two-sided p-value of a difference, unadjusted."""

    p_equivalence: float
    """The p-value of equivalence, unadjusted."""

    p_sign_flip: float
    """The exact p-value without a model: see ``sign_flip``."""

    p_holm: float
    """``p`` adjusted for the family and for interim looks."""

    p_equivalence_holm: float
    """``p_equivalence`` adjusted likewise."""

    effect_size: float
    """The effect in standard deviations over blocks."""

    win_rate: float
    """The share of blocks whose effect is above 0."""

    reference_se: float
    """The standard error of a published figure that is compared with."""

    # what it was decided on
    blocks: int
    """How many blocks have an effect."""

    exact: bool
    """Whether no chance enters the numbers."""

    instances: int
    """How many blocks and levels were not the same run."""

    counterexamples: int
    """How many of these contradict the claim."""

    due: int
    """How many blocks run in any case."""

    planned: int
    """How many blocks run at most."""

    complete: bool
    """Whether all blocks that are due are in."""

    blocks_to_settle: int | None
    """How many blocks would decide it; None if no number would."""

    blocks_to_settle_cautious: int | None
    """The same if effects vary as much as they may."""

    per_block: tuple[Mapping[str, Any], ...] = field(repr=False)
    """Difference and both sides, by block and level."""

    # one entry a level; those of an interaction have the gap there
    by_level: tuple[Mapping[str, Any], ...] = field(repr=False)
    """One entry per level, or pair of arms; those of an interaction have the gap
    there.
    """

    places: tuple[Place, ...]
    """The places that each arm of a ranking may have, all of them right together."""

    ties: tuple[tuple[str, str], ...]
    """The pairs of a ranking's arms that differ by less than the margin, likewise."""

    crossover: Crossover | None
    """Where the gap of an interaction is 0."""

    half_budget: Halved | None
    """The answer with half of the tuning trials."""

    half_length: Halved | None
    """The answer with half of the training."""

    training: tuple[ArmTraining, ...]
    """How each arm trained, at each level."""

    attempt: int
    """Which campaign of this claim in the results folder it is, from 1."""

    # what else must be known of it
    gates: tuple[Gate, ...]
    """The adequacy gates that were applied."""

    population: tuple[Message, ...]
    """The population that the verdict generalises to."""

    notes: tuple[Message, ...]
    """What else must be known of it."""

    @property
    def is_share(self) -> bool:
        """Whether the metric is a share, which is shown in percent."""
        return self.unit == SHARE

    @property
    def claims_equality(self) -> bool:
        """Whether it is supported within the margin, and refuted beyond it on either
        side.
        """
        return kind_of(self.kind).hypothesis == "equivalence"

    def blocks_as_claimed(self, row: Mapping[str, Any] | None = None) -> float:
        """In how many blocks the claim is true: at the level of an entry of
        ``by_level``, or where the verdict is from. A tie counts one half.
        """
        level, win_rate, blocks = (
            (row["level"], row["win_rate"], row["blocks"])
            if row is not None
            else (self.level, self.win_rate, self.blocks)
        )
        if self.claims_equality:
            return self._blocks_within(level)
        return float(win_rate * blocks)

    def _blocks_within(self, level: str) -> int:
        """How many blocks differ by less than the margin at a level; of a claim over
        all levels, how many do at all.
        """
        return sum(
            abs(row["difference"]) < self.margin
            for row in self.per_block
            if row["level"] in (None, level)
        )

    @property
    def failed_gates(self) -> tuple[Gate, ...]:
        """The gates that failed, in display order."""
        return tuple(gate for gate in self.gates if gate.failed)

    @property
    def judged_levels(self) -> tuple[Mapping[str, Any], ...]:
        """The entries of ``by_level`` that have a verdict of their own."""
        return tuple(row for row in self.by_level if "verdict" in row)

    def sides_at(self, part: str) -> tuple[Side, Side]:
        """The two sides that the numbers at a part are about: the arms of a ranking's
        pair, and ``sides`` where a part is a level.
        """
        pair = pair_of_arms(part)
        if pair is None:
            return self.sides
        better, worse = pair
        return Side((better,)), Side((worse,))

    @property
    def level_shown(self) -> str:
        """The level that decides, or the last of all where that is none of them."""
        return self.level if self.level in self.levels else self.levels[-1]

    @property
    def training_shown(self) -> tuple[ArmTraining, ...]:
        """How the arms trained at the level that decides, or at the last of all."""
        level = self.level_shown
        return tuple(one for one in self.training if one.level == level)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; a number that is not finite becomes None."""
        plain: dict[str, Any] = _json_value(dataclasses.asdict(self))
        return plain


def _json_value(value: Any) -> Any:
    """The value as JSON can write it: NaN and infinity become None, tuples lists."""
    if isinstance(value, Mapping):
        return {name: _json_value(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_value(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value

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
from suite.verdicts.kinds import Side
from suite.verdicts.message import Message
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
    effect: float
    interval: Interval
    blocks: int
    changes: bool
    trials: int | None = None
    retrained: int | None = None


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
    claim: str
    says: str
    kind: str
    metric: str
    metric_label: str
    unit: str  # of the metric, see suite.training.metrics
    better_is: Better  # the metric's direction
    scale: str
    better: str
    worse: str
    sides: tuple[
        Side, Side
    ]  # the arms that are claimed to be better, and those (or the figure) they are compared with
    levels: tuple[str, ...]
    margin: float
    at_least: float
    source: str
    reported: str
    matching_group: str
    lower_bound: float | None  # of a claim that something always holds
    upper_bound: float | None
    equal_to: float | None
    tolerance: float

    # what is decided; with several levels, the numbers of the one that decides
    verdict: Answer
    would_be: Answer | None  # what it would be if no gate had failed
    reason: Reason  # why it is inconclusive
    label: Label
    meaningful: bool  # supported or refuted by more than the margin
    negligible: bool  # a real difference that is smaller than the margin
    level: str  # the one that decides, "" if there is one part over all
    effect: float
    interval: Interval  # the plain one, at the campaign's confidence
    adjusted_interval: Interval  # the one that decides a difference
    equivalence_interval: Interval  # the one that decides equality
    deciding_interval: Interval  # the one of both that this answer was read from
    fixed_split_interval: Interval | None  # for these splits only
    new_test_interval: Interval | None  # also for new examples, where all share a test
    p: float
    p_equivalence: float
    p_sign_flip: float
    p_holm: float
    p_equivalence_holm: float
    effect_size: float
    win_rate: float
    reference_se: float  # of a published figure that is compared with

    # what it was decided on
    blocks: int
    exact: bool  # whether there is no chance in it
    instances: int  # blocks and levels that were not the same run
    counterexamples: int  # those that contradict the claim
    due: int  # blocks that run in any case
    planned: int  # blocks at the most
    complete: bool  # whether all that were due are in
    blocks_to_settle: int | None
    blocks_to_settle_cautious: int | None
    per_block: tuple[Mapping[str, Any], ...] = field(repr=False)
    # one entry a level; those of an interaction have the gap there
    by_level: tuple[Mapping[str, Any], ...] = field(repr=False)
    crossover: Crossover | None  # where the gap of an interaction is 0
    half_budget: Halved | None  # with half of the tuning trials
    half_length: Halved | None  # with half of the training
    training: tuple[ArmTraining, ...]  # how each arm trained, at each level
    attempt: int  # which campaign of this claim in the results folder it is

    # what else must be known of it
    gates: tuple[Gate, ...]
    population: tuple[Message, ...]  # the population that it generalises to
    notes: tuple[Message, ...]

    @property
    def is_share(self) -> bool:
        """Whether the metric is a share, which is shown in percent."""
        return self.unit == SHARE

    @property
    def failed_gates(self) -> tuple[Gate, ...]:
        return tuple(gate for gate in self.gates if gate.failed)

    @property
    def judged_levels(self) -> tuple[Mapping[str, Any], ...]:
        """The entries of ``by_level`` that have a verdict of their own."""
        return tuple(row for row in self.by_level if "verdict" in row)

    @property
    def training_shown(self) -> tuple[ArmTraining, ...]:
        """How the arms trained at the level that decides, or at the last of all."""
        level = self.level or self.levels[-1]
        return tuple(one for one in self.training if one.level == level)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; a number that is not finite becomes None."""
        plain: dict[str, Any] = _plain(dataclasses.asdict(self))
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value

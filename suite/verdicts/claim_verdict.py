"""The answer to a claim: its verdict, and every number and word that a page, a report
or a terminal shows of it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from suite.verdicts.adequacy import Gate
from suite.verdicts.decision import Answer, Label
from suite.verdicts.statistics import Interval


@dataclass(frozen=True)
class HalfBudget:
    """What the answer would be with the hyperparameters that half of the tuning trials
    would have chosen.

    It is judged as the claim itself was, on the same blocks; its numbers are those of
    the same level. ``retrained`` counts the cells where half of the trials chose other
    hyperparameters; the other cells' finals answer for both.
    """

    trials: int
    verdict: Answer
    effect: float
    interval: Interval
    blocks: int
    retrained: int
    changes: bool


@dataclass(frozen=True)
class ClaimVerdict:
    """A claim, what the blocks say of it, and all that a page or a report shows.

    Effects and intervals are on the claim's scale, in its direction, less what it
    promises (``at_least``): 0 is the line between for and against, +-``margin`` the
    band that does not matter. ``interval`` is the plain one at the campaign's
    confidence, ``adjusted_interval`` the one that decides a difference and
    ``equivalence_interval`` the one that decides equality. ``fixed_split_interval``
    speaks for these splits only, ``new_test_interval`` also for new test examples where
    all blocks share one test set. With several levels the numbers are the deciding
    level's and ``by_level`` has one entry per level; an interaction's ``by_level`` has
    the gap at each level and ``crossover`` where it is 0. ``planned`` are blocks at the
    most. ``attempt`` counts the campaigns of this claim in the results folder.
    """

    task: str
    claim: str
    says: str
    kind: str
    metric: str
    metric_label: str
    unit_percent: bool
    scale: str
    better: str
    worse: str
    levels: tuple[str, ...]
    margin: float
    at_least: float
    verdict: Answer
    would_be: Answer | None
    label: Label
    meaningful: bool
    negligible: bool
    effect: float
    interval: Interval
    adjusted_interval: Interval
    equivalence_interval: Interval
    fixed_split_interval: Interval | None
    new_test_interval: Interval | None
    p: float
    p_equivalence: float
    p_sign_flip: float
    p_holm: float
    p_equivalence_holm: float
    effect_size: float
    win_rate: float
    blocks: int
    planned: int
    blocks_to_settle: int | None
    blocks_to_settle_cautious: int | None
    per_block: tuple[Mapping[str, Any], ...] = field(repr=False)
    by_level: tuple[Mapping[str, Any], ...] = field(repr=False)
    crossover: Mapping[str, Any] | None
    half_budget: HalfBudget | None
    attempt: int
    gates: tuple[Gate, ...]
    sentence: str
    population: str
    source: str
    reported: str
    matching_group: str
    notes: tuple[str, ...]
    complete: bool

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

"""Variance components of results and effects: the seed of a run, tuning, and the data.

They can be estimated only with extra runs: several finals per cell show the seed's
part, an arm that runs twice (see suite.verdicts.aa_test) has two studies on each split
and shows tuning's part, and the rest is the data's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from suite.records.results import Campaign
from suite.training.metrics import measured_metric
from suite.verdicts.case import Case
from suite.verdicts.effects import cell_values, effects
from suite.verdicts.message import Message, message
from suite.verdicts.statistics import Component, Floats, variance_split

# Even with 5 a standard deviation is known only up to a factor of .6 to 2.9.
MIN_BLOCKS = 5


@dataclass(frozen=True)
class VarianceSplit:
    """One arm at one level, by the task's first measure: its variance in parts, each
    with its 95 % interval.

    ``parts`` are called "seed", "tuning" and "data", or have two of these in one name
    where only their sum shows.
    """

    task: str
    """The name of the task."""

    level: str
    """The name of the level."""

    arm: str
    """The name of the arm."""

    metric: str
    """The metric that varies."""

    blocks: int
    """The number of blocks."""

    studies: int
    """The number of studies in each block."""

    finals: int
    """The number of finals of each study."""

    parts: tuple[Component, ...]
    """The variance components."""


def split_variance(campaign: Campaign, task: str) -> list[VarianceSplit]:
    """The split of every arm and level of a task that has at least 5 blocks and two
    finals or two studies in each.
    """
    manifest = campaign.manifest.task(task)
    metric = measured_metric(manifest.primary)
    # The copy of an A/A test is tuned by itself: a second study per split.
    second = {arm: name for name, arm in manifest.aa_test.items()}
    once = [arm for arm in manifest.arm_names if arm not in manifest.aa_test]
    found = []
    for level in manifest.level_names:
        for arm in once:
            studies = [arm, second[arm]] if arm in second else [arm]
            values = _values(campaign, task, level, studies, metric.column)
            blocks, each, finals = values.shape
            if blocks >= MIN_BLOCKS and each * finals > 1:
                parts = tuple(variance_split(values))
                found.append(
                    VarianceSplit(
                        task,
                        level,
                        arm,
                        metric.name,
                        blocks,
                        each,
                        finals,
                        parts,
                    )
                )
    return found


@dataclass(frozen=True)
class EffectSplit:
    """The variance of a claim's effect between blocks, in two parts."""

    seed: Component
    """What another initialisation and order of batches change in one final."""

    tuning_and_data: Component
    """What all finals of a block share."""

    finals: int
    """The number of finals of each cell."""

    @property
    def seed_dominates(self) -> bool:
        """Whether more finals would narrow the interval more than all else would."""
        # averaging finals divides the seed's part, and nothing else
        of_mean = self.seed.variance / self.finals
        return of_mean > self.tuning_and_data.variance

    @property
    def message(self) -> Message:
        """What the parts are, as standard deviations, and what would help most."""
        seed = math.sqrt(max(self.seed.variance, 0.0))
        if not self.tuning_and_data.separable:
            return message(
                "note-spread-seed", margin_seed=seed, finals=self.finals
            )
        rest = math.sqrt(self.tuning_and_data.variance)
        helps = "finals" if self.seed_dominates else "trials"
        return message(
            "note-spread",
            margin_seed=seed,
            margin_rest=rest,
            finals=self.finals,
            helps=helps,
        )


def split_effect(case: Case, part: str, examples: float) -> EffectSplit | None:
    """The split of a claim's effect at one of its parts; None with one final per cell,
    fewer than 5 complete blocks, or no chance in the effect.

    Finals of one number share their order of batches in all arms, so that they make a
    pair: each gives an effect of its own. ``examples`` is what a share was counted on.
    """
    finals = case.manifest.finals
    if finals < 2 or case.is_fact:
        return None
    index = case.parts.index(part)
    of_each = []
    for number in range(finals):
        rows = case.finals[case.finals["number"] == number]
        values = cell_values(case, rows, case.metric.column)
        of_each.append(effects(values, case, examples)[:, index])
    found = np.stack(of_each, axis=1)  # (blocks, finals)
    complete = found[np.isfinite(found).all(axis=1)]
    # Equal effects have no variance to split.
    if len(complete) < MIN_BLOCKS or not np.ptp(complete):
        return None
    seed, rest = variance_split(complete[:, np.newaxis, :])
    return EffectSplit(seed, rest, finals)


def _values(
    campaign: Campaign, task: str, level: str, studies: list[str], column: str
) -> Floats:
    """The measure of every final: (blocks, studies, finals), of blocks that have them
    all.
    """
    frame, manifest = campaign.finals, campaign.manifest.task(task)
    shape = manifest.blocks, len(studies), manifest.finals
    if column not in frame:
        return np.empty((0, *shape[1:]))
    here = (frame["task"] == task) & (frame["level"] == level)
    mine = frame[here & frame["arm"].isin(studies)]
    block = mine["block"].to_numpy(dtype=int)
    study = mine["arm"].map(studies.index).to_numpy(dtype=int)
    number = mine["number"].to_numpy(dtype=int)
    values = np.full(shape, math.nan)
    values[block, study, number] = mine[column].astype(float)
    complete: Floats = values[np.isfinite(values).all(axis=(1, 2))]
    return complete

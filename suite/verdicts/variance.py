"""Where results get their spread from: the seed of a run, the luck of tuning, or
the data.

It can be told only where extra runs were bought: several finals per cell show the
seed's part, an arm that runs twice (see suite.verdicts.aa_test) has two studies on each
split and shows tuning's part, and the rest is the data's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from suite.records.results import Campaign
from suite.verdicts.case import metric_of
from suite.verdicts.statistics import Component, Floats, variance_split

FEWEST = 5  # blocks


@dataclass(frozen=True)
class VarianceSplit:
    """One arm at one level, by the task's first measure: its variance in parts, each
    with its 95 % interval.

    ``parts`` are called "seed", "tuning" and "data", or have two of these in one name
    where only their sum shows.
    """

    task: str
    level: str
    arm: str
    metric: str
    blocks: int
    studies: int
    finals: int
    parts: tuple[Component, ...]


def split_variance(campaign: Campaign, task: str) -> list[VarianceSplit]:
    """The split of every arm and level of a task that has at least 5 blocks and two
    finals or two studies in each.
    """
    about = campaign.about["tasks"][task]
    aa_test = {arm: second for second, arm in about.get("aa_test", {}).items()}
    measure = metric_of(about["measures"][0]["name"], about["measures"])
    found = []
    for level in (level["name"] for level in about["levels"]):
        for arm in (
            arm["name"] for arm in about["arms"] if arm["name"] not in aa_test.values()
        ):
            studies = [arm, *([aa_test[arm]] if arm in aa_test else [])]
            values = _values(campaign, task, level, studies, about, measure.column)
            if len(values) >= FEWEST and math.prod(values.shape[1:]) > 1:
                parts = tuple(variance_split(values))
                blocks, each, finals = values.shape
                found.append(
                    VarianceSplit(
                        task, level, arm, measure.name, blocks, each, finals, parts
                    )
                )
    return found


def _values(
    campaign: Campaign,
    task: str,
    level: str,
    studies: list[str],
    about: Mapping[str, Any],
    column: str,
) -> Floats:
    """The measure of every final: (blocks, studies, finals), of blocks that have them
    all.
    """
    frame = campaign.finals
    if column not in frame:
        return np.empty((0, len(studies), 1))
    mine = frame[
        (frame["task"] == task) & (frame["level"] == level) & frame["arm"].isin(studies)
    ]
    finals = int(about["finals"])
    values = np.full((int(about["blocks"]), len(studies), finals), math.nan)
    place = (
        mine["block"].astype(int),
        mine["arm"].map(studies.index),
        mine["number"].astype(int),
    )
    values[tuple(index.to_numpy(dtype=int) for index in place)] = mine[column].astype(
        float
    )
    complete: Floats = values[np.isfinite(values).all(axis=(1, 2))]
    return complete

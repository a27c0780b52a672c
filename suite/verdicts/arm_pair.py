"""Any two arms of a task, compared by any metric that its runs recorded.

What is compared was chosen by someone who can see the results, so this explores: there
is an interval, which is adjusted for nothing, and never a verdict.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from suite.records.results import Campaign
from suite.training.metrics import Metric, metric_of
from suite.verdicts.case import Case, TaskRows
from suite.verdicts.measured import Measured
from suite.verdicts.statistics import Interval
from tasks import Claim, UserError, unknown

CONFIDENCE = 0.95


@dataclass(frozen=True)
class PairedBlock:
    """One block in which both arms have all their finals."""

    block: int
    """The number of the block, from 0."""

    first: float
    """The first arm's value, in the metric's own unit, averaged over its finals."""

    second: float
    """The second arm's value."""

    difference: float
    """How far the first arm is ahead; below 0 where it is behind."""


@dataclass(frozen=True)
class ArmPair:
    """Two arms at one level of a task, block by block.

    Differences are in the metric's own unit and positive where the first arm is better,
    so for a metric of which less is better they are the second's value less the
    first's.
    """

    task: str
    """The name of the task."""

    level: str
    """The name of the level."""

    first: str
    """The arm whose lead is measured."""

    second: str
    """The arm that it is compared with."""

    metric: Metric
    """What both are compared by."""

    blocks: tuple[PairedBlock, ...]
    """The blocks that are complete, in order."""

    planned: int
    """The number of blocks that the campaign plans."""

    effect: float
    """The mean difference over blocks; NaN without a complete block."""

    interval: Interval
    """Its t interval, of 95 % and adjusted for no other comparison unless another
    confidence was asked for; infinite below two blocks. For a metric without chance,
    the smallest and the largest difference.
    """


def compare_arms(
    campaign: Campaign,
    task: str,
    level: str,
    first: str,
    second: str,
    metric: str,
    confidence: float = CONFIDENCE,
) -> ArmPair:
    """Two arms compared by a metric at one level, with paired differences.

    ``confidence`` is that of the interval. UserError if the task has no such arm, level
    or metric, or if both arms are one.
    """
    shared = TaskRows(campaign, task)
    measured = measured_pair(shared, level, first, second, metric)
    return pair_of(measured, confidence)


def measured_pair(
    shared: TaskRows, level: str, first: str, second: str, metric: str
) -> Measured:
    """What two arms came to at one level. UserError as ``compare_arms`` raises it."""
    manifest = shared.manifest
    for arm in (first, second):
        if arm not in manifest.arm_names:
            raise unknown("arm", arm, manifest.arm_names)
    if level not in manifest.level_names:
        raise unknown("level", level, manifest.level_names)
    if first == second:
        raise UserError(
            f"An arm cannot be compared with itself: both are {first!r}. Choose "
            "another one."
        )
    known = {one.name: one for one in _comparable_metrics(shared)}
    if metric not in known:
        raise unknown("metric", metric, known)
    # A claim in form only, for effects to be found as those of claims are.
    claim = Claim(
        "pair", "", metric, better=first, worse=second, levels=(level,)
    )
    return Measured(Case(shared, claim, known[metric]), ())


def pair_of(measured: Measured, confidence: float) -> ArmPair:
    """The comparison of two arms, with an interval of that confidence."""
    case = measured.case
    values = measured.values[:, 0, :]  # (blocks, 2): there is one level
    differences = measured.effects[:, 0]
    complete = np.flatnonzero(np.isfinite(differences))
    blocks = tuple(
        PairedBlock(
            int(n), float(values[n, 0]), float(values[n, 1]), differences[n]
        )
        for n in complete
    )
    (sample,) = measured.samples()
    if blocks:
        effect, interval = (
            sample.estimate.mean,
            sample.estimate.interval(confidence),
        )
    else:
        effect, interval = math.nan, (-math.inf, math.inf)
    first, second = case.claim.arms
    return ArmPair(
        case.task,
        case.levels[0],
        first,
        second,
        case.metric,
        blocks,
        case.planned,
        effect,
        interval,
    )


def comparable_metrics(campaign: Campaign, task: str) -> list[Metric]:
    """What arms of a task can be compared by: every metric that a final recorded a
    value of, the task's measures on the test set first.
    """
    return _comparable_metrics(TaskRows(campaign, task))


def _comparable_metrics(shared: TaskRows) -> list[Metric]:
    """The metrics that at least one final has a finite number for, each column
    once.
    """
    finals = shared.finals
    # by column, so that no values are listed twice
    found: dict[str, Metric] = {}
    for metric in _metrics(shared, finals):
        if metric.column not in finals or metric.column in found:
            continue
        values = pd.to_numeric(finals[metric.column], errors="coerce")
        if np.isfinite(values.to_numpy(dtype=np.float64)).any():
            found[metric.column] = metric
    return list(found.values())


def _metrics(shared: TaskRows, finals: pd.DataFrame) -> Iterator[Metric]:
    """Measures by their bare names, then the metrics that columns are named after."""
    measures = shared.manifest.measures
    for name in (*(measure.name for measure in measures), *map(str, finals)):
        metric = metric_of(name, measures)
        if metric is not None:
            yield metric


def chosen_hyperparameters(
    campaign: Campaign, task: str, level: str, arm: str
) -> pd.DataFrame:
    """The hyperparameters that an arm's finals at a level ran with: a row per block, a
    column per hyperparameter by its name, and the block's number as the index.
    """
    finals = TaskRows(campaign, task).finals
    mine = finals[(finals["arm"] == arm) & (finals["level"] == level)]
    columns = [name for name in finals if str(name).startswith("param.")]
    used = [name for name in columns if mine[name].notna().any()]
    # one per block, as all finals of a cell share its hyperparameters
    first_finals = mine.sort_values(["block", "number"]).drop_duplicates(
        "block"
    )
    chosen = first_finals.set_index("block")[used]
    return chosen.rename(columns=lambda name: str(name).removeprefix("param."))

"""From cell values to one effect per block, in the claim's direction."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from suite.verdicts.case import Case
from suite.verdicts.statistics import Floats

Ints = NDArray[np.intp]


def cell_values(
    case: Case, frame: pd.DataFrame, column: str, needed: int = 1
) -> Floats:
    """The mean of a column in each cell: (blocks, levels, arms), for the planned blocks
    and the claim's arms.

    NaN if a cell has fewer than ``needed`` values: it is waited for, not averaged over
    what happens to be there. An arm that runs once has its value in every block.
    """
    blocks = case.planned
    shape = (blocks, len(case.levels), len(case.claim.arms))
    if column not in frame or frame.empty:
        return np.full(shape, math.nan)
    rows = _rows_of(case, frame, column)
    count, mean = _mean_by_cell(rows, shape)
    once = np.array([case.manifest.runs_once(arm) for arm in case.claim.arms])
    enough = np.where(once, 1, max(1, needed))  # (arms,)
    values = np.where(count >= enough, mean, math.nan)
    # Nothing varies between its blocks, so it ran in the first one alone.
    of_first_block = values[:1]
    return np.where(once, of_first_block, values)


class _Rows(NamedTuple):
    """The rows of a frame that belong to the claim's cells: one entry per row
    in each array.

    ``block`` is the number of the block; ``level`` and ``arm`` count in the
    claim's order.
    """

    block: Ints
    level: Ints
    arm: Ints
    value: Floats


def _rows_of(case: Case, frame: pd.DataFrame, column: str) -> _Rows:
    """The rows with a finite value that are of the claim's arms and levels,
    and of a planned block.
    """
    levels = pd.Index(case.levels)
    arms = pd.Index(case.claim.arms)
    block = frame["block"].to_numpy(dtype=int)
    # -1 where it is not the claim's
    level = levels.get_indexer(pd.Index(frame["level"]))
    arm = arms.get_indexer(pd.Index(frame["arm"]))
    value = frame[column].to_numpy(dtype=np.float64)
    of_claim = (level >= 0) & (arm >= 0)
    usable = of_claim & (block < case.planned) & np.isfinite(value)
    return _Rows(block[usable], level[usable], arm[usable], value[usable])


def _mean_by_cell(
    rows: _Rows, shape: tuple[int, int, int]
) -> tuple[Ints, Floats]:
    """How many values each cell has, and their mean, 0 without any: both
    (blocks, levels, arms), the ``shape``.
    """
    place = rows.block, rows.level, rows.arm
    cell = np.ravel_multi_index(place, shape)  # one number for each cell
    cells = math.prod(shape)
    count = np.bincount(cell, minlength=cells)
    total = np.bincount(cell, weights=rows.value, minlength=cells)
    mean = total / np.maximum(count, 1)
    return count.reshape(shape), mean.reshape(shape)


def block_mean(values: Floats) -> Floats:
    """The mean over blocks (the first axis), ignoring NaN; NaN if all are."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), math.nan)


def final_values(case: Case) -> Floats:
    """The claim's metric in each cell, its finals averaged: (blocks, levels, arms)."""
    finals = case.manifest.finals
    return cell_values(case, case.finals, case.metric.column, needed=finals)


def values_without_failures(case: Case) -> Floats:
    """The same from the finals that did not fail, where a cell has any:
    (blocks, levels, arms).
    """
    finals = case.finals
    finished = finals[finals["status"] == "finished"]
    return cell_values(case, finished, case.metric.column)


def half_budget_values(case: Case) -> Floats:
    """The claim's metric in each cell with the hyperparameters that half of the tuning
    trials would have chosen.

    Where those are the hyperparameters that all trials chose, the finals count for both
    budgets, as they do without tuning; elsewhere it is the half-budget final's value,
    NaN until that is in.
    """
    column = case.metric.column
    own_finals = cell_values(case, case.shared.half_budget_finals, column)
    share_of_same = cell_values(case, case.shared.same_choices, "same")
    same_choice = share_of_same == 1
    counts_for_both = same_choice | case.untuned
    # Its own where there is one: it was run because the choices differ.
    shared_finals = np.where(counts_for_both, final_values(case), math.nan)
    return np.where(np.isfinite(own_finals), own_finals, shared_finals)


def half_length_values(case: Case) -> Floats:
    """The claim's metric in each cell after half of the training; NaN if the
    half-length final is not in. An arm without updates is what it is.
    """
    column = case.metric.column
    halved = cell_values(case, case.shared.half_length_finals, column)
    learns = [case.manifest.arm(arm).has_length for arm in case.claim.arms]
    return np.where(learns, halved, final_values(case))


def average_half_values(case: Case, column: str) -> Floats:
    """A column of the trials, in each cell, with the trial that half of the tuning
    would have chosen, on average over the halves there are. The finals' where nothing
    is tuned; NaN until all trials are in.
    """
    trials = case.shared.half_chances
    if column not in trials or trials.empty:
        return np.full(final_values(case).shape, math.nan)
    weighted = trials.assign(part=trials["chance"] * trials[column])
    # a trial that is never chosen needs no value
    weighted.loc[trials["chance"] == 0, "part"] = 0.0
    place = ["level", "arm", "block"]
    # A cell without values has no mean, which is not 0: hence `min_count`.
    sums = weighted.groupby(place)["part"].sum(min_count=1).reset_index()
    finals = cell_values(case, case.finals, column)
    averages = cell_values(case, sums, "part")
    return np.where(case.untuned, finals, averages)


def on_scale(values: Floats, case: Case, examples: float) -> Floats:
    """Values on the claim's scale, turned so that more is better: what is subtracted
    between arms. ``examples`` is what a share was counted on.
    """
    return case.scale.transform(values, case.metric, examples)


def gaps(values: Floats, case: Case, examples: float) -> Floats:
    """How far better is ahead of worse on the claim's scale: (blocks, levels), or
    (blocks, pairs) of a pairwise claim, which is about one level.

    ``values`` are (blocks, levels, arms); ``examples`` are those of
    ``on_scale``.
    """
    weights = case.kind.weights(case.claim)
    if case.kind.as_recorded:
        return _weighted(values, weights)
    # Scaled first and weighted then: a difference of logarithms is that of a
    # ratio, while a difference itself may have no logarithm.
    scaled = on_scale(values, case, examples)
    found = _weighted(scaled, weights)
    reference = case.kind.reference(case.claim)
    if reference is not None:
        found = found - on_scale(np.array(reference), case, examples)
    return found


def _weighted(values: Floats, weights: Floats) -> Floats:
    """The weighted sum over arms: (blocks, levels), of values (blocks, levels,
    arms). A cell without weight is not waited for. Weights of pairs of arms
    (pairs, arms) meet the values of one level, and give (blocks, pairs).
    """
    weighted = np.where(weights == 0, 0.0, values * weights)
    total: Floats = weighted.sum(axis=-1)
    return total


def effects(values: Floats, case: Case, examples: float) -> Floats:
    """What the claim is judged on, positive where it holds: (blocks, parts), see
    ``Case.parts``. What the claim promises (``at_least``) is taken off.
    """
    x = case.x if case.kind.along_axis else []
    by_level = gaps(values, case, examples)
    found = case.kind.effects(by_level, x)
    return case.kind.in_favour(case.claim, found)


def pull(case: Case, arm: str, level: str) -> int:
    """The direction in which the effect would move if an arm did better at a level: +1,
    -1, or 0 if that depends on more.
    """
    if case.kind.along_axis:  # it depends on where on the axis the level lies
        return 0
    arm_index = case.claim.arms.index(arm)
    weights = case.kind.weights(case.claim)
    if case.kind.pairwise:
        # An arm in the middle of a ranking is ahead in one pair and behind in
        # the other, which cancel.
        return int(np.sign(weights[:, arm_index].sum()))
    shape = (len(case.levels), len(case.claim.arms))
    level_index = case.levels.index(level)
    weight = np.broadcast_to(weights, shape)[level_index, arm_index]
    return int(np.sign(weight))


def sides(values: Floats, case: Case) -> tuple[Floats, Floats]:
    """The two sides of the comparison, in the metric's own unit: (blocks,
    levels) each, or (blocks, pairs), the side that should be better first.
    """
    # What is added up is one side, and what is subtracted is the other.
    weights = case.kind.weights(case.claim)
    added = np.maximum(weights, 0)
    subtracted = np.maximum(-weights, 0)
    better = _weighted(values, added)
    worse = _weighted(values, subtracted)
    reference = case.kind.reference(case.claim)
    if reference is not None:
        worse = np.full_like(better, reference)
    return better, worse

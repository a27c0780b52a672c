"""From cell values to one effect per block, in the claim's direction."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from suite.verdicts.case import Case
from suite.verdicts.statistics import Floats


def cell_values(
    case: Case, frame: pd.DataFrame, column: str, needed: int = 1
) -> Floats:
    """The mean of a column in each cell: (blocks, levels, arms), for the planned blocks
    and the claim's arms.

    NaN if a cell has fewer than ``needed`` values: it is waited for, not averaged over
    what happens to be there. An arm that runs once has its value in every block.
    """
    shape = case.planned, len(case.levels), len(case.claim.arms)
    if column not in frame or frame.empty:
        return np.full(shape, math.nan)
    block, value = (
        frame["block"].to_numpy(dtype=int),
        frame[column].astype(float).to_numpy(),
    )
    level = pd.Index(case.levels).get_indexer(pd.Index(frame["level"]))
    arm = pd.Index(case.claim.arms).get_indexer(pd.Index(frame["arm"]))
    there = (level >= 0) & (arm >= 0) & (block < case.planned) & np.isfinite(value)
    cell = np.ravel_multi_index((block[there], level[there], arm[there]), shape)
    size = math.prod(shape)
    count, total = (
        np.bincount(cell, minlength=size),
        np.bincount(cell, value[there], size),
    )
    once = np.array([case.manifest.runs_once(arm) for arm in case.claim.arms])
    enough = np.where(once, 1, max(1, needed))  # (arms,)
    values = np.where(
        count.reshape(shape) >= enough,
        (total / np.maximum(count, 1)).reshape(shape),
        math.nan,
    )
    return np.where(once, values[:1], values)


def final_values(case: Case) -> Floats:
    """The claim's metric in each cell, its finals averaged: (blocks, levels, arms)."""
    finals = case.manifest.finals
    return cell_values(case, case.finals, case.metric.column, needed=finals)


def values_without_failures(case: Case) -> Floats:
    """The same from the finals that did not fail, where a cell has any."""
    finals = case.finals
    return cell_values(case, finals[finals["status"] == "finished"], case.metric.column)


def half_budget_values(case: Case) -> Floats:
    """The claim's metric in each cell with the hyperparameters that half of the tuning
    trials would have chosen.

    Where those are the hyperparameters that all trials chose, the finals count for both
    budgets, as they do without tuning; elsewhere it is the half-budget final's value,
    NaN until that is in.
    """
    others = cell_values(case, case.shared.half_budget_finals, case.metric.column)
    same = cell_values(case, case.shared.same_choices, "same") == 1
    same = same | case.untuned
    return np.where(
        np.isfinite(others), others, np.where(same, final_values(case), math.nan)
    )


def half_length_values(case: Case) -> Floats:
    """The claim's metric in each cell after half of the training; NaN if the
    half-length final is not in. An arm without updates is what it is.
    """
    halved = cell_values(case, case.shared.half_length_finals, case.metric.column)
    learns = [case.manifest.arm(arm).has_length for arm in case.claim.arms]
    return np.where(learns, halved, final_values(case))


def on_scale(values: Floats, case: Case, examples: float) -> Floats:
    """Values on the claim's scale, turned so that more is better: what is subtracted
    between arms. ``examples`` is what a share was counted on.
    """
    return case.scale.transform(values, case.metric, examples)


def gaps(values: Floats, case: Case, examples: float) -> Floats:
    """How far better is ahead of worse on the claim's scale: (blocks, levels)."""
    weights = case.kind.weights(case.claim)
    if case.kind.as_recorded:
        return _weighted(values, weights)
    found = _weighted(on_scale(values, case, examples), weights)
    reference = case.kind.reference(case.claim)
    if reference is not None:
        found = found - on_scale(np.array(reference), case, examples)
    return found


def _weighted(values: Floats, weights: Floats) -> Floats:
    """The weighted sum over arms: (blocks, levels). A cell without weight is not waited
    for.
    """
    weighted = np.where(weights == 0, 0.0, values * weights)
    total: Floats = weighted.sum(axis=-1)
    return total


def effects(values: Floats, case: Case, examples: float) -> Floats:
    """What the claim is judged on, positive where it holds: (blocks, parts), see
    ``Case.parts``. What the claim promises (``at_least``) is taken off.
    """
    x = case.x if case.kind.along_axis else []
    found = case.kind.effects(gaps(values, case, examples), x)
    return case.kind.in_favour(case.claim, found)


def sides(values: Floats, case: Case) -> tuple[Floats, Floats]:
    """The two sides of the comparison, in the metric's own unit: (blocks, levels) each."""
    weights = case.kind.weights(case.claim)
    better = _weighted(values, np.maximum(weights, 0))
    worse = _weighted(values, np.maximum(-weights, 0))
    reference = case.kind.reference(case.claim)
    if reference is not None:
        worse = np.full_like(better, reference)
    return better, worse

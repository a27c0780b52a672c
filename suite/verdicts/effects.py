"""From cell values to one effect per block, in the claim's direction."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from suite.verdicts.case import Case
from suite.verdicts.statistics import Floats, slopes
from tasks import UserError

# stands for an error of 0 where no number of examples says how small it may be
SMALLEST = 1e-12


def cell_values(
    case: Case, frame: pd.DataFrame, column: str, needed: int = 1
) -> Floats:
    """The mean of a column in each cell: (blocks, levels, arms), for the planned blocks
    and the claim's arms.

    NaN where a cell has fewer than ``needed`` values: it is waited for, not averaged
    over what happens to be there.
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
    return np.where(
        count >= max(1, needed), total / np.maximum(count, 1), math.nan
    ).reshape(shape)


def final_values(case: Case) -> Floats:
    """The claim's metric in each cell, its finals averaged: (blocks, levels, arms)."""
    return cell_values(
        case, case.finals, case.metric.column, needed=int(case.about["finals"])
    )


def values_without_failures(case: Case) -> Floats:
    """The same from the finals that did not fail, where a cell has any."""
    finals = case.finals
    return cell_values(case, finals[finals["status"] == "finished"], case.metric.column)


def half_values(case: Case) -> Floats:
    """The claim's metric in each cell with the hyperparameters that half of the tuning
    trials would have chosen.

    Where those are the hyperparameters that all trials chose, the finals speak for both
    budgets; elsewhere it is the half-budget final's value, NaN until that is in.
    """
    others = cell_values(case, case.shared.halves, case.metric.column)
    same = cell_values(case, case.shared.same_choices, "same") == 1
    return np.where(
        np.isfinite(others), others, np.where(same, final_values(case), math.nan)
    )


def on_scale(values: Floats, case: Case, examples: float) -> Floats:
    """Values on the claim's scale, turned so that more is better: what is subtracted
    between arms.

    ``log_error`` takes the logarithm of the error, floored at half an example of the
    ``examples`` it was counted on, because an error of 0 has none.
    """
    metric = case.metric
    if case.claim.scale == "points":
        return metric.sign * values
    if case.claim.scale == "log_ratio":
        return metric.sign * np.log(np.where(values > 0, values, math.nan))
    if metric.better == "higher" and not metric.percent:
        raise UserError(
            f"Claim {case.claim.name!r} asks for the error of {metric.name!r}, which is not a share of examples: "
            "use scale='log_ratio' or 'points'."
        )
    errors = 1 - values if metric.better == "higher" else values
    return -np.log(
        np.maximum(
            errors, 0.5 / examples if metric.percent and examples > 0 else SMALLEST
        )
    )


def gaps(values: Floats, case: Case, examples: float) -> Floats:
    """How far better is ahead of worse on the claim's scale: (blocks, levels)."""
    found: Floats = on_scale(values, case, examples) @ case.weights
    if case.claim.kind == "threshold":
        found = found - on_scale(np.array(case.reference), case, examples)
    return found


def effects(values: Floats, case: Case, examples: float) -> Floats:
    """What the claim is judged on, positive where it holds: (blocks, parts), see
    ``Case.parts``.

    An interaction has one part, the slope over log x, NaN where a block lacks a level.
    What the claim promises (``at_least``) is taken off.
    """
    found = gaps(values, case, examples)
    if case.claim.kind == "interaction":
        found = slopes(found, case.x)[1][:, np.newaxis]
    return found - case.claim.at_least


def sides(values: Floats, case: Case) -> tuple[Floats, Floats]:
    """What stands on either side of the comparison, in the metric's own unit: (blocks,
    levels) each.
    """
    weights = case.weights
    better, worse = values @ np.maximum(weights, 0), values @ np.maximum(-weights, 0)
    return better, np.full_like(
        better, case.reference
    ) if case.claim.kind == "threshold" else worse

"""Learning curves: finals averaged within a block, then mean and interval over blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from search.budget import Budget
from suite.report.charts.spec import INFINITE, Line
from suite.verdicts.case import Case
from suite.verdicts.statistics import Interval, t_band

MAX_POINTS = 60  # of a line on paper; more cannot be seen
AXES = {"step": "updates", "epoch": "epochs"}
SHARE: Interval = (0.0, 1.0)  # what a share, such as an accuracy, can be


def block_curves(
    curves: pd.DataFrame, value: pd.Series, examples: pd.Series | None = None
) -> pd.DataFrame:
    """One curve per arm and block: the mean over its finals at each step.

    ``curves`` are the finals of one task and level, ``value`` what is drawn,
    ``examples`` training examples per key. Columns: arm, block, step, epoch, seconds,
    examples, value, finals.
    """
    frame = curves[["key", "arm", "block", "step", "epoch", "seconds"]].assign(
        value=value.astype(float)
    )
    per_key = frame["key"].map(examples) if examples is not None else np.nan
    frame["examples"] = frame["epoch"] * per_key
    frame = frame.dropna(subset=["value"])
    grouped = frame.groupby(["arm", "block", "step"], sort=True)
    found = grouped[["epoch", "seconds", "examples", "value"]].mean()
    return found.assign(finals=grouped.size()).reset_index()


def mean_curves(
    blocks: pd.DataFrame, confidence: float = 0.95, bounds: Interval = INFINITE
) -> pd.DataFrame:
    """Mean and t interval over blocks at each step.

    Arms are independent: no arm's numbers depend on another's. Intervals are clipped at
    ``bounds``, what a value can be. Columns: arm, step, epoch, seconds, examples, mean,
    low, high (NaN with one block), blocks.
    """
    grouped = blocks.groupby(["arm", "step"], sort=True)
    found = grouped[["epoch", "seconds", "examples"]].mean()
    found["mean"] = grouped["value"].mean()
    found["blocks"] = grouped.size()
    low, high = t_band(
        found["mean"], grouped["value"].std(), found["blocks"], confidence
    )
    found["low"], found["high"] = np.clip(low, *bounds), np.clip(high, *bounds)
    return found.reset_index()


def lines_of(case: Case, level: str, column: str) -> tuple[list[Line], str]:
    """A line per arm of the claim at one level, and the axis they are drawn along.

    The axis is ``step`` or ``epoch``.
    """
    curves = case.rows(case.shared.curves)
    if column not in curves:
        return [], "step"
    finals = curves[(curves["level"] == level) & curves[column].notna()]
    along = common_axis(finals)
    means = mean_curves(block_curves(finals, finals[column]))
    places = _places(case)
    return [
        _line(means[means["arm"] == arm], along, case.label(arm), places[arm])
        for arm in case.claim.arms
        if arm in set(means["arm"])
    ], along


def tuning_lines(
    case: Case, level: str, found: Mapping[tuple[str, str], Sequence[Budget]]
) -> list[Line]:
    """The best validation value with smaller budgets of trials, a line per arm.

    ``found`` is by level and arm; an arm with one budget only has no line.
    """
    places = _places(case)
    lines = []
    for arm in case.claim.arms:
        budgets = found.get((level, arm), ())
        if len(budgets) > 1:
            lines.append(
                Line(
                    case.label(arm),
                    places[arm],
                    x=[float(budget.trials) for budget in budgets],
                    mean=[float(budget.mean) for budget in budgets],
                    low=[float(budget.low) for budget in budgets],
                    high=[float(budget.high) for budget in budgets],
                )
            )
    return lines


def _places(case: Case) -> dict[str, int]:
    """Each arm's place among those of its task, which decides its colour."""
    return {arm: place for place, arm in enumerate(case.manifest.arm_names)}


def common_axis(curves: pd.DataFrame) -> str:
    """``step`` or ``epoch``: the axis on which the arms end closest together.

    On it, each can be seen to its end.
    """

    def apart(axis: str) -> float:
        ends = curves.groupby("arm")[axis].max()
        if not len(ends) or ends.isna().any():
            return float("inf")
        return float(ends.max() / max(ends.min(), 1e-9))

    return min(AXES, key=apart)


def _line(means: pd.DataFrame, along: str, label: str, place: int) -> Line:
    wanted = np.linspace(0, len(means) - 1, MAX_POINTS).round().astype(int)
    shown = means.iloc[np.unique(wanted)]
    return Line(
        label,
        place,
        x=shown[along].astype(float).tolist(),
        mean=shown["mean"].tolist(),
        low=shown["low"].tolist(),
        high=shown["high"].tolist(),
    )

"""Learning curves: finals averaged within a block, then mean and interval over blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from search.budget import Budget
from suite.report.charts.looks import Look, looks_of
from suite.report.charts.spec import INFINITE, Line
from suite.verdicts.case import Case
from suite.verdicts.statistics import Interval, t_band, within_bounds

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
    columns = ["key", "arm", "block", "step", "epoch", "seconds"]
    frame = curves[columns].assign(value=value.astype(float))
    per_epoch = np.nan if examples is None else frame["key"].map(examples)
    frame["examples"] = frame["epoch"] * per_epoch
    # Evaluations that diverged have no number, and do not enter a mean.
    known = frame.dropna(subset=["value"])
    grouped = known.groupby(["arm", "block", "step"], sort=True)
    means = grouped[["epoch", "seconds", "examples", "value"]].mean()
    return means.assign(finals=grouped.size()).reset_index()


def mean_curves(
    blocks: pd.DataFrame, confidence: float = 0.95, bounds: Interval = INFINITE
) -> pd.DataFrame:
    """Mean and t interval over blocks at each step.

    Arms are independent: no arm's numbers depend on another's. Intervals keep within
    ``bounds``, what a value can be, by ``within_bounds``. Columns: arm, step, epoch,
    seconds, examples, mean, low, high (NaN with one block), blocks.
    """
    # First within blocks, then over them: finals of a block share its tuning
    # and its data, and are not independent.
    grouped = blocks.groupby(["arm", "step"], sort=True)
    values = grouped["value"]
    found = grouped[["epoch", "seconds", "examples"]].mean()
    found["mean"] = values.mean()
    found["blocks"] = grouped.size()
    low, high = t_band(
        found["mean"], values.std(), found["blocks"], confidence
    )
    found["low"], found["high"] = within_bounds(
        found["mean"], low, high, bounds
    )
    return found.reset_index()


def lines_of(
    case: Case, level: str, column: str, bounds: Interval = INFINITE
) -> tuple[list[Line], str]:
    """A line per arm of the claim at one level, and the axis they are drawn along.

    The axis is ``step`` or ``epoch``; ``bounds`` are those of ``mean_curves``.
    """
    curves = case.rows(case.shared.curves)
    if column not in curves:
        return [], "step"
    at_level = curves["level"] == level
    finals = curves[at_level & curves[column].notna()]
    axis = common_axis(finals)
    blocks = block_curves(finals, finals[column])
    means = mean_curves(blocks, bounds=bounds)
    look_of = looks_of(case.manifest)
    lines = []
    for arm in case.claim.arms:
        of_arm = means[means["arm"] == arm]
        if len(of_arm):
            lines.append(_line(of_arm, axis, case.label(arm), look_of[arm]))
    return lines, axis


def tuning_lines(
    case: Case, level: str, found: Mapping[tuple[str, str], Sequence[Budget]]
) -> list[Line]:
    """The best validation value with smaller budgets of trials, a line per arm.

    ``found`` is by level and arm; an arm with one budget only has no line.
    """
    look_of = looks_of(case.manifest)
    lines = []
    for arm in case.claim.arms:
        budgets = found.get((level, arm), ())
        # A single budget is a point, and says nothing of what more trials
        # bring.
        if len(budgets) > 1:
            line = _budget_line(budgets, case.label(arm), look_of[arm])
            lines.append(line)
    return lines


def _budget_line(budgets: Sequence[Budget], label: str, look: Look) -> Line:
    """One arm's best value, mean and interval, at each number of trials."""
    return Line(
        label,
        look,
        x=[float(budget.trials) for budget in budgets],
        mean=[float(budget.mean) for budget in budgets],
        low=[float(budget.low) for budget in budgets],
        high=[float(budget.high) for budget in budgets],
    )


def common_axis(curves: pd.DataFrame) -> str:
    """``step`` or ``epoch``: the axis on which the arms end closest together.

    On it, each can be seen to its end.
    """

    def ratio_of_ends(axis: str) -> float:
        """How many times further the longest arm goes than the shortest;
        infinite without an end of each.
        """
        ends = curves.groupby("arm")[axis].max()
        if not len(ends) or ends.isna().any():
            return float("inf")
        # An arm that made no update would divide by zero.
        shortest = max(ends.min(), 1e-9)
        return float(ends.max() / shortest)

    # Among equals the first, ``step``.
    return min(AXES, key=ratio_of_ends)


def _line(means: pd.DataFrame, axis: str, label: str, look: Look) -> Line:
    """One arm's mean and interval along an axis, thinned to ``MAX_POINTS``
    points.

    ``means`` are the arm's rows of ``mean_curves``, ``axis`` is one of its
    columns.
    """
    last = len(means) - 1
    wanted = np.linspace(0, last, MAX_POINTS).round().astype(int)
    # Rounding may name a point twice where there are few.
    shown = means.iloc[np.unique(wanted)]
    return Line(
        label,
        look,
        x=shown[axis].astype(float).tolist(),
        mean=shown["mean"].tolist(),
        low=shown["low"].tolist(),
        high=shown["high"].tolist(),
    )

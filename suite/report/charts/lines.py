"""Learning curves for the report: finals averaged within a block, then mean and
interval over blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from search.budget import Budget
from suite.report.charts.spec import Line
from suite.verdicts.case import Case
from suite.verdicts.statistics import t_band

MOST = 60  # points of a line; more cannot be seen
AXES = {"step": "updates", "epoch": "epochs"}


def lines_of(case: Case, level: str, column: str) -> tuple[list[Line], str]:
    """A line per arm of the claim at one level, and the axis they are drawn along:
    ``step`` or ``epoch``.
    """
    curves = case.rows(case.shared.curves)
    if column not in curves:
        return [], "step"
    finals = curves[(curves["level"] == level) & curves[column].notna()]
    along = common_axis(finals)
    places = [arm["name"] for arm in case.about["arms"]]
    arms = [arm for arm in case.claim.arms if arm in set(finals["arm"])]
    return [
        _line(
            finals[finals["arm"] == arm],
            along,
            column,
            case.label(arm),
            places.index(arm),
        )
        for arm in arms
    ], along


def tuning_lines(
    case: Case, level: str, found: Mapping[tuple[str, str], Sequence[Budget]]
) -> list[Line]:
    """The best validation value with smaller budgets of trials, a line per arm;
    ``found`` is by level and arm.
    """
    places = [arm["name"] for arm in case.about["arms"]]
    lines = []
    for arm in case.claim.arms:
        budgets = found.get((level, arm), ())
        if len(budgets) > 1:
            x, *y = (
                [float(getattr(b, name)) for b in budgets]
                for name in ("trials", "mean", "low", "high")
            )
            lines.append(Line(case.label(arm), places.index(arm), x, *y))
    return lines


def common_axis(curves: pd.DataFrame) -> str:
    """``step`` or ``epoch``: the axis on which the arms end closest together, so that
    each can be seen to its end.
    """

    def apart(axis: str) -> float:
        ends = curves.groupby("arm")[axis].max()
        return (
            float(ends.max() / max(ends.min(), 1e-9))
            if len(ends) and ends.notna().all()
            else float("inf")
        )

    return min(AXES, key=apart)


def _line(
    curves: pd.DataFrame, along: str, column: str, label: str, place: int
) -> Line:
    blocks = (
        curves.groupby(["block", "step"])[[along, column]].mean()
        if along != "step"
        else (curves.groupby(["block", "step"])[[column]].mean())
    )
    by_step = blocks[column].astype(float).unstack("block")  # (steps, blocks)
    by_step = by_step.iloc[
        np.unique(np.linspace(0, len(by_step) - 1, MOST).round().astype(int))
    ]
    count = by_step.notna().sum(axis=1).to_numpy()
    mean, spread = by_step.mean(axis=1).to_numpy(), by_step.std(axis=1).to_numpy()
    low, high = t_band(mean, spread, count)
    x = (
        by_step.index
        if along == "step"
        else blocks[along].groupby("step").mean().reindex(by_step.index)
    )
    return Line(
        label,
        place,
        np.asarray(x, float).tolist(),
        mean.tolist(),
        low.tolist(),
        high.tolist(),
    )

"""From the record to one effect per block: what a claim is measured on, in the claim's direction.

A *case* is a claim together with the campaign that decides it. Values are tables with a row per planned block and
a column per (level, arm); a cell whose finals are not all in is NaN, so an incomplete pair is never half a pair.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from suite.results import Campaign
from suite.statistics import slopes
from tasks import Claim, UserError

FIELDS = frozenset(field.name for field in dataclasses.fields(Claim))
COSTS = ("seconds", "cpu_seconds", "memory", "parameters")  # what a training costs, whatever it has learned
SMALLEST = 1e-12  # stands for an error of 0 where no number of examples says how small it may be


@dataclass(frozen=True)
class Metric:
    """What a claim is measured by. ``column`` holds its values; ``validation`` those on validation, if it has any."""

    name: str
    column: str
    validation: str | None
    better: Literal["higher", "lower"]
    percent: bool
    label: str

    @property
    def sign(self) -> int:
        return 1 if self.better == "higher" else -1

    @property
    def cost(self) -> bool:
        """Seconds, bytes, parameters, but not seconds *to* a target: nothing that a better search would change."""
        return self.name.startswith(COSTS) and "_to_" not in self.name


@dataclass(frozen=True)
class Case:
    """One claim and the campaign that decides it. ``about`` is the task's part of campaign.json."""

    campaign: Campaign
    task: str
    about: Mapping[str, Any]
    claim: Claim
    metric: Metric

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that decide the claim; one that names none means all."""
        return self.claim.levels or tuple(level["name"] for level in self.about["levels"])

    @property
    def planned(self) -> int:
        return int(self.about["blocks"])

    @property
    def x(self) -> list[float]:
        """The places of the claim's levels on the task's axis. UserError where that is no axis."""
        places = {level["name"]: level.get("x") for level in self.about["levels"]}
        found = [places.get(level) for level in self.levels]
        x = [float(place) for place in found if place is not None and place > 0]
        if len(x) < len(found) or len(set(x)) < 2:
            raise UserError(
                f"Claim {self.claim.name!r} of task {self.task!r} is an interaction over levels "
                f"{', '.join(self.levels)}, whose x are {found}: give at least two levels a different x above 0."
            )
        return x

    def label(self, arm: str) -> str:
        """The arm's name as people read it."""
        return next((a["label"] for a in self.about["arms"] if a["name"] == arm and a.get("label")), arm)

    def level_label(self, level: str) -> str:
        return next((v["label"] for v in self.about["levels"] if v["name"] == level and v.get("label")), level)

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows of a frame (trainings or curves) that belong to the claim's arms and levels."""
        chosen = frame["task"] == self.task
        return frame[chosen & frame["arm"].isin(self.claim.arms) & frame["level"].isin(self.levels)]

    @property
    def finals(self) -> pd.DataFrame:
        return self.rows(self.campaign.finals)

    @property
    def trials(self) -> pd.DataFrame:
        return self.rows(self.campaign.trainings.query("kind == 'trial'"))

    def examples(self, split: str) -> float:
        """Examples in the smallest split of that name ("test", "validation"); NaN where it is not on record."""
        finals = self.finals
        column = f"data.n_{split}"
        return float(finals[column].min()) if column in finals and len(finals) else math.nan


def cases(campaign: Campaign, task: str) -> list[Case]:
    """All claims of one task of a campaign, as they were fixed before it ran."""
    about = campaign.about["tasks"][task]
    found = []
    for values in about["claims"]:
        known = {name: value for name, value in values.items() if name in FIELDS}
        claim = Claim(**{**known, "levels": tuple(known.get("levels", ()))})
        found.append(Case(campaign, task, about, claim, metric_of(claim.metric, about["measures"])))
    return found


def metric_of(name: str, measures: list[dict[str, Any]]) -> Metric:
    """What a claim's ``metric`` stands for.

    A measure's bare name means its value on the sealed test, ``train.accuracy`` the one on that split. Anything
    else is a recorded cost: less is better, except for a throughput.
    """
    split, _, bare = name.rpartition(".")
    for measure in measures:
        if measure["name"] == bare:
            column, label = f"{split or 'test'}.{bare}", measure.get("label") or bare
            return Metric(name, column, f"validation.{bare}", measure["better"], bool(measure["percent"]), label)
    throughput = "throughput" in name or "_per_second" in name
    return Metric(name, name, None, "higher" if throughput else "lower", False, name.replace("_", " "))


# ----------------------------------------------------------------------------------------------------- per block


def cell_values(case: Case, frame: pd.DataFrame, column: str, needed: int = 1) -> pd.DataFrame:
    """The mean of a column in each cell: a row per planned block, a column per (level, arm).

    NaN where a cell has fewer than ``needed`` values: it is waited for, not averaged over what happens to be there.
    """
    columns = pd.MultiIndex.from_product([case.levels, case.claim.arms], names=["level", "arm"])
    blocks = pd.RangeIndex(case.planned, name="block")
    if column not in frame or frame.empty:
        return pd.DataFrame(math.nan, index=blocks, columns=columns)
    cells = frame.assign(value=frame[column].astype(float)).groupby(["block", "level", "arm"])["value"]
    values = cells.mean().where(cells.count() >= needed).unstack(["level", "arm"])
    return values.reindex(index=blocks, columns=columns)


def final_values(case: Case) -> pd.DataFrame:
    """The claim's metric of each cell, its finals averaged."""
    return cell_values(case, case.finals, case.metric.column, needed=int(case.about["finals"]))


def values_without_failures(case: Case) -> pd.DataFrame:
    """The same from the finals that did not fail, where a cell has any."""
    finals = case.finals
    return cell_values(case, finals[finals["status"] == "finished"], case.metric.column)


def on_scale(values: pd.DataFrame, case: Case, examples: float) -> pd.DataFrame:
    """Values on the claim's scale, turned so that more is better: what is subtracted between arms.

    ``log_error`` takes the logarithm of the error, floored at half an example of the ``examples`` it was counted
    on, because an error of 0 has none.
    """
    metric = case.metric
    if case.claim.scale == "points":
        return metric.sign * values
    if case.claim.scale == "log_ratio":
        return metric.sign * np.log(values.where(values > 0))
    if metric.better == "higher" and not metric.percent:
        raise UserError(
            f"Claim {case.claim.name!r} asks for the error of {metric.name!r}, which is not a share of examples: "
            "use scale='log_ratio' or 'points'."
        )
    errors = 1 - values if metric.better == "higher" else values
    floor = 0.5 / examples if metric.percent and examples > 0 else SMALLEST
    return -np.log(errors.clip(lower=floor))


def gaps(values: pd.DataFrame, case: Case, examples: float) -> pd.DataFrame:
    """How far better is ahead of worse at each level, on the claim's scale: a row per block, a column per level."""
    claim = case.claim
    heights = on_scale(values, case, examples)
    found = {}
    for level in case.levels:
        here = heights[level]
        if claim.kind == "contrast":
            found[level] = sum((weight * here[arm] for arm, weight in claim.weights.items()), start=0.0 * here.iloc[:, 0])
        elif claim.kind == "threshold":
            figure = pd.DataFrame({claim.better: [claim.figure]}, dtype=float)
            found[level] = here[claim.better] - float(on_scale(figure, case, examples).iloc[0, 0])
        else:
            found[level] = here[claim.better] - here[claim.worse]
    return pd.DataFrame(found)


def effects(values: pd.DataFrame, case: Case, examples: float) -> pd.DataFrame:
    """What the claim is judged on, one number per block and level, positive where it holds.

    An interaction has the slope over log x as its one column, "", and NaN where a block lacks a level. What the
    claim promises (``at_least``) is taken off.
    """
    found = gaps(values, case, examples)
    if case.claim.kind == "interaction":
        found = pd.DataFrame({"": slopes(found.to_numpy(), case.x)[1]}, index=found.index)
    return found - case.claim.at_least


def sides(values: pd.DataFrame, case: Case, level: str) -> tuple[pd.Series[float], pd.Series[float]]:
    """What stands on either side of the comparison, in the metric's own unit, for people to read."""
    claim, here = case.claim, values[level]
    if claim.kind == "contrast":
        both = []
        for side in (1, -1):
            weights = {arm: abs(weight) for arm, weight in claim.weights.items() if weight * side > 0}
            both.append(sum((weight * here[arm] for arm, weight in weights.items()), start=0.0 * here.iloc[:, 0]))
        return both[0], both[1]
    if claim.kind == "threshold":
        return here[claim.better], pd.Series(claim.figure, index=here.index, dtype=float)
    return here[claim.better], here[claim.worse]

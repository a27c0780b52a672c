"""From the record to one effect per block: what a claim is measured on, in the claim's
direction.

A *case* is a claim together with the campaign that decides it. Values are arrays
(blocks, levels, arms) over the planned blocks; a cell whose finals are not all in is
NaN, so an incomplete pair is never half a pair.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from suite.records.results import Campaign
from suite.training.job import JUDGED, Kind
from suite.verdicts.preregistration import edited_since
from suite.verdicts.statistics import Floats
from tasks import Claim, UserError

FIELDS = frozenset(field.name for field in dataclasses.fields(Claim))
COSTS = (
    "seconds",
    "cpu_seconds",
    "memory",
    "parameters",
)  # what a run costs, whatever it has learned
CELL = ["level", "arm", "block"]  # of one task
LATE = 0.9  # a best checkpoint after this share of the steps is a late one
THREE_QUARTERS = 0.75


@dataclass(frozen=True)
class Metric:
    """What a claim is measured by. ``column`` holds its values; ``validation`` those on
    validation, if it has any.
    """

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
        """Seconds, bytes, parameters, but not seconds *to* a target: nothing that a
        better search would change.
        """
        return self.name.startswith(COSTS) and "_to_" not in self.name


@dataclass(frozen=True)
class TaskRows:
    """A task's part of a campaign's frames, cut out and looked through once for all of
    its claims.
    """

    campaign: Campaign
    task: str

    @property
    def about(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.campaign.about["tasks"][self.task]
        return found

    @cached_property
    def runs(self) -> pd.DataFrame:
        frame = self.campaign.runs
        return frame[frame["task"] == self.task]

    @cached_property
    def finals(self) -> pd.DataFrame:
        return self._judged("final")

    @cached_property
    def halves(self) -> pd.DataFrame:
        """The half-budget finals that ended by their own doing."""
        return self._judged("half")

    @cached_property
    def trials(self) -> pd.DataFrame:
        """All trials, those that their machine failed too."""
        return self.runs[self.runs["kind"] == "trial"]

    @cached_property
    def curves(self) -> pd.DataFrame:
        """The curves of finals."""
        frame = self.campaign.curves
        return (
            frame[(frame["task"] == self.task) & (frame["kind"] == "final")]
            if "kind" in frame
            else frame
        )

    def chosen(self, budget: int) -> pd.DataFrame:
        """The trial that each cell's study would have chosen with its first ``budget``
        trials: a row per cell.
        """
        measure = self.about["measures"][0]
        column = f"validation.{measure['name']}"
        if column not in self.trials:
            return self.trials.iloc[:0]
        if budget not in self._chosen:
            told = self.told[self.told["number"] < budget].dropna(subset=[column])
            ranked = told.sort_values(
                [column, "number"], ascending=[measure["better"] == "lower", True]
            )
            self._chosen[budget] = ranked.drop_duplicates(CELL)
        return self._chosen[budget]

    def curve_ends(self, column: str, sign: int) -> pd.DataFrame:
        """Per final: its best value of ``column`` at three quarters of the steps
        (``early``) and at the end (``late``).

        ``came_late`` is 1 where the last improvement came in the last tenth of the
        steps, else 0.
        """
        if column not in self._ends:
            self._ends[column] = _curve_ends(self.curves, column, sign)
        return self._ends[column]

    @cached_property
    def _ends(self) -> dict[str, pd.DataFrame]:
        return {}

    @cached_property
    def same_choices(self) -> pd.DataFrame:
        """Per cell whose trials are all in: ``same``, 1 where half of them would have
        chosen the same hyperparameters.
        """
        told = self.told.groupby(CELL).size()
        complete = told.index[told == int(self.about["trials"])]
        budgets = int(self.about["half_budget_trials"]), int(self.about["trials"])
        half, full = (
            self.chosen(budget).set_index(CELL).reindex(complete) for budget in budgets
        )
        params = [name for name in full if str(name).startswith("param.")]
        equal = (half[params] == full[params]) | (
            half[params].isna() & full[params].isna()
        )
        return equal.all(axis=1).astype(float).rename("same").reset_index()

    @cached_property
    def told(self) -> pd.DataFrame:
        """The trials that ended by their own doing."""
        return self._judged("trial")

    @cached_property
    def _chosen(self) -> dict[int, pd.DataFrame]:
        return {}

    def _judged(self, kind: Kind) -> pd.DataFrame:
        frame = self.runs
        return frame[(frame["kind"] == kind) & frame["status"].isin(JUDGED)]


@dataclass(frozen=True)
class Case:
    """One claim and the results that decide it.

    ``exploratory`` says why the claim does not count as fixed beforehand (it was
    edited, or its results were known), and ``attempt`` which campaign of this claim
    this is: see suite.verdicts.preregistration.
    """

    shared: TaskRows
    claim: Claim
    metric: Metric
    exploratory: str = ""
    attempt: int = 1

    @property
    def campaign(self) -> Campaign:
        return self.shared.campaign

    @property
    def task(self) -> str:
        return self.shared.task

    @property
    def about(self) -> Mapping[str, Any]:
        """The task's part of campaign.json."""
        return self.shared.about

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that decide the claim; one that names none means all."""
        return self.claim.levels or tuple(
            level["name"] for level in self.about["levels"]
        )

    @property
    def parts(self) -> tuple[str, ...]:
        """What is judged one by one: the levels; an interaction has a single part,
        named "", over all of them.
        """
        return ("",) if self.claim.kind == "interaction" else self.levels

    @property
    def weights(self) -> Floats:
        """The weight of each of the claim's arms in the gap: (arms,)."""
        claim = self.claim
        if claim.kind == "contrast":
            return np.array(list(claim.weights.values()), dtype=np.float64)
        against = 0.0 if claim.kind == "threshold" else -1.0
        return np.array([1.0 if arm == claim.better else against for arm in claim.arms])

    @property
    def reference(self) -> float:
        """The figure that a threshold claim is to reach. UserError where it has none."""
        if self.claim.reference is None:
            raise UserError(
                f"Claim {self.claim.name!r} of task {self.task!r} is a threshold without a figure: give one."
            )
        return self.claim.reference

    @property
    def planned(self) -> int:
        """Blocks, at the most."""
        return int(self.about["blocks"])

    @property
    def looks(self) -> tuple[int, ...]:
        """The numbers of blocks after which the claim is looked at; empty where there
        is one look, at all of them.
        """
        return tuple(self.about.get("looks") or ())

    @property
    def due(self) -> int:
        """Blocks that run in any case, before anything is said."""
        return (*self.looks, self.planned)[0]

    @property
    def trials_of_half(self) -> int:
        """Trials that make half the tuning budget; 0 where the campaign has no
        half-budget finals.
        """
        return int(self.about.get("half_budget_trials") or 0)

    @property
    def x(self) -> list[float]:
        """The places of the claim's levels on the task's axis. UserError where that is
        no axis.
        """
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
        return next(
            (
                a["label"]
                for a in self.about["arms"]
                if a["name"] == arm and a.get("label")
            ),
            arm,
        )

    def level_label(self, level: str) -> str:
        return next(
            (
                v["label"]
                for v in self.about["levels"]
                if v["name"] == level and v.get("label")
            ),
            level,
        )

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows of one of the task's frames that belong to the claim's arms and
        levels.
        """
        return frame[
            frame["arm"].isin(self.claim.arms) & frame["level"].isin(self.levels)
        ]

    @cached_property
    def finals(self) -> pd.DataFrame:
        return self.rows(self.shared.finals)

    @cached_property
    def trials(self) -> pd.DataFrame:
        return self.rows(self.shared.trials)

    def examples(self, split: str) -> float:
        """Examples in the smallest split of that name ("test", "validation"); NaN where
        it is not on record.
        """
        finals = self.finals
        column = f"data.n_{split}"
        return (
            float(finals[column].min())
            if column in finals and len(finals)
            else math.nan
        )


def cases(campaign: Campaign, task: str) -> list[Case]:
    """All claims of one task of a campaign, as they were fixed before it ran."""
    shared = TaskRows(campaign, task)
    edited = edited_since(campaign.about, task)
    found = []
    for values in shared.about["claims"]:
        known = {name: value for name, value in values.items() if name in FIELDS}
        claim = Claim(**{**known, "levels": tuple(known.get("levels", ()))})
        metric = metric_of(claim.metric, shared.about["measures"])
        exploratory = str(values.get("exploratory") or "") or edited[claim.name]
        found.append(
            Case(shared, claim, metric, exploratory, int(values.get("attempt", 1)))
        )
    return found


def metric_of(name: str, measures: list[dict[str, Any]]) -> Metric:
    """What a claim's ``metric`` stands for.

    A measure's bare name means its value on the sealed test, ``train.accuracy`` the one
    on that split. Anything else is a recorded cost: less is better, except for a
    throughput.
    """
    split, _, bare = name.rpartition(".")
    for measure in measures:
        if measure["name"] == bare:
            column, label = f"{split or 'test'}.{bare}", measure.get("label") or bare
            return Metric(
                name,
                column,
                f"validation.{bare}",
                measure["better"],
                bool(measure["percent"]),
                label,
            )
    throughput = "throughput" in name or "_per_second" in name
    return Metric(
        name,
        name,
        None,
        "higher" if throughput else "lower",
        False,
        name.replace("_", " "),
    )


def _curve_ends(curves: pd.DataFrame, column: str, sign: int) -> pd.DataFrame:
    curves = curves[curves[column].notna()].sort_values(["key", "step"])
    key = curves["key"]
    best = (sign * curves[column].astype(float)).groupby(key).cummax()
    share = curves["step"] / curves["step"].groupby(key).transform("max")
    reached = best >= best.groupby(key).transform("last")
    curves = curves.assign(best=sign * best, share=share)
    ends = (
        curves.groupby("key")[["level", "arm", "block", "best"]]
        .last()
        .rename(columns={"best": "late"})
    )
    early = curves[share <= THREE_QUARTERS].groupby("key")["best"].last()
    first = curves[reached].groupby("key")["share"].first()
    return ends.assign(early=early, came_late=(first > LATE).astype(float)).dropna(
        subset=["early"]
    )

"""From the record to one effect per block: what a claim is measured on, in the claim's
direction.

A *case* is a claim together with the campaign that decides it. Values are arrays
(blocks, levels, arms) over the planned blocks; a cell whose finals are not all in is
NaN, so an incomplete pair is never half a pair.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from search.budget import chances_of_best
from suite.records.manifest import ClaimManifest, TaskManifest
from suite.records.results import Campaign
from suite.training.job import JUDGED, Kind
from suite.training.metrics import (
    DIAGNOSED,
    Metric,
    measured_metric,
    metric_of,
    unknown_metric,
)
from suite.verdicts.diagnosis import diagnosed
from suite.verdicts.kinds import ABOVE, ClaimKind, kind_of, pair_of_arms
from suite.verdicts.message import Message, message
from suite.verdicts.preregistration import UNKNOWN, Provenance
from suite.verdicts.scales import Scale, scale_of
from tasks import Claim
from tasks.contract.universe import base_of, is_universe

CELL = ["level", "arm", "block"]  # of one task
LATE = 0.9  # a best checkpoint after this share of the steps is a late one
THREE_QUARTERS = 0.75


@dataclass(frozen=True)
class TaskRows:
    """A task's part of a campaign's frames, cut out and looked through once for all of
    its claims.
    """

    campaign: Campaign
    """The campaign that has them."""

    task: str
    """The name of the task."""

    @property
    def manifest(self) -> TaskManifest:
        """What the campaign's manifest says of the task."""
        return self.campaign.manifest.task(self.task)

    @property
    def chooses_by(self) -> Metric:
        """The metric that hyperparameters are chosen by, on validation."""
        return measured_metric(self.manifest.primary, "validation")

    @cached_property
    def runs(self) -> pd.DataFrame:
        """The task's runs, whatever became of them."""
        frame = self.campaign.runs
        return frame[frame["task"] == self.task]

    @cached_property
    def finals(self) -> pd.DataFrame:
        """The finals that ended by their own doing."""
        return self._judged("final")

    @cached_property
    def half_budget_finals(self) -> pd.DataFrame:
        """The half-budget finals that ended by their own doing."""
        return self._judged("half_budget")

    @cached_property
    def half_length_finals(self) -> pd.DataFrame:
        """The half-length finals that ended by their own doing."""
        return self._judged("half_length")

    @cached_property
    def trials(self) -> pd.DataFrame:
        """All trials, those that their machine failed too."""
        return self.runs[self.runs["kind"] == "trial"]

    @cached_property
    def curves(self) -> pd.DataFrame:
        """The curves of finals."""
        frame = self.campaign.curves
        if "kind" not in frame:  # there is none yet
            return frame
        return frame[(frame["task"] == self.task) & (frame["kind"] == "final")]

    def chosen(self, budget: int) -> pd.DataFrame:
        """The trial that each cell's study would have chosen with its first ``budget``
        trials: a row per cell.
        """
        metric = self.chooses_by
        column = metric.column
        if column not in self.trials:
            return self.trials.iloc[:0]
        if budget not in self._chosen:
            trials = self.completed_trials
            # What a shorter run reached is not compared with whole ones.
            whole = trials[trials["status"] != "pruned"]
            first = whole[whole["number"] < budget].dropna(subset=[column])
            # of equal trials the earliest, whatever the budget
            lower_first = metric.better == "lower"
            ranked = first.sort_values(
                [column, "number"], ascending=[lower_first, True]
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
        """The ends of curves that were already computed, by column."""
        return {}

    @cached_property
    def same_choices(self) -> pd.DataFrame:
        """Per cell whose trials are all in: ``same``, 1 where half of them would have
        chosen the same hyperparameters.
        """
        # Arms differ in their trials: a grid has one per point, and one with
        # nothing to tune has none.
        trials = self.completed_trials.groupby(CELL).size()
        wanted = [
            self.manifest.trials_of(arm, level)
            for level, arm, _ in trials.index.to_list()
        ]
        complete = trials.index[trials >= np.array(wanted, dtype=int)]
        half = self._chosen_in(complete, self.manifest.half_budget_trials)
        full = self._chosen_in(complete, self.manifest.trials)
        params = [name for name in full if str(name).startswith("param.")]
        # Outside of its condition a hyperparameter is NaN, unequal to itself.
        both_unset = half[params].isna() & full[params].isna()
        equal = (half[params] == full[params]) | both_unset
        return equal.all(axis=1).astype(float).rename("same").reset_index()

    def _chosen_in(self, cells: pd.Index, budget: int) -> pd.DataFrame:
        """The best trial of each cell among its first ``budget`` ones."""
        return self.chosen(budget).set_index(CELL).reindex(cells)

    @cached_property
    def completed_trials(self) -> pd.DataFrame:
        """The trials that ended by their own doing."""
        return self._judged("trial")

    @cached_property
    def half_chances(self) -> pd.DataFrame:
        """The trials of each cell that has them all, with the ``chance`` that each is
        the best of half of them: see ``search.budget.chances_of_best``. Fixed grids are
        left out, of which half is another comparison.
        """
        metric, sampler = (
            self.chooses_by,
            self.campaign.manifest.profile.sampler,
        )
        trials = self.completed_trials
        if metric.column not in trials:
            return trials.iloc[:0].assign(chance=[])
        in_order = trials.sort_values("number")
        found = []
        for (level, arm, _), study in in_order.groupby(CELL, sort=False):
            values = study[metric.column].to_numpy(dtype=float)
            is_grid = self.manifest.space_of(str(arm), str(level)).points
            is_whole = len(values) == self.manifest.trials
            if is_whole and not is_grid and np.isfinite(values).all():
                half = len(values) // 2
                chances = chances_of_best(values, half, sampler, metric.better)
                found.append(study.assign(chance=chances))
        if not found:
            return trials.iloc[:0].assign(chance=[])
        return pd.concat(found)

    @cached_property
    def _chosen(self) -> dict[int, pd.DataFrame]:
        """The choices that were already computed, by budget."""
        return {}

    def _judged(self, kind: Kind) -> pd.DataFrame:
        """The runs of one kind that have a result."""
        # What its machine ended (lost, out of memory) says nothing of the arm.
        frame = self.runs
        return frame[(frame["kind"] == kind) & frame["status"].isin(JUDGED)]


@dataclass(frozen=True)
class Case:
    """One claim and the results that decide it.

    ``exploratory`` says why the claim does not count as pre-specified (it was
    edited, or its results were known), None if it does, and ``attempt`` which campaign
    of this claim this is: see suite.verdicts.preregistration.
    """

    shared: TaskRows
    """The rows of the claim's task."""

    claim: Claim
    """The claim, as it was fixed before the campaign."""

    metric: Metric
    """The metric that it is about."""

    exploratory: Message | None = None
    """Why it does not count as pre-specified; None if it does."""

    attempt: int = 1
    """Which campaign of the claim this is, from 1."""

    @property
    def campaign(self) -> Campaign:
        """The campaign that tested the claim."""
        return self.shared.campaign

    @property
    def task(self) -> str:
        """The name of the claim's task."""
        return self.shared.task

    @property
    def manifest(self) -> TaskManifest:
        """The task's part of campaign.json."""
        return self.shared.manifest

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that decide the claim; one that names none means all."""
        return self.claim.levels or tuple(self.manifest.level_names)

    @property
    def kind(self) -> ClaimKind:
        """The kind of the claim, with its weights."""
        return kind_of(self.claim.kind).of(self.claim)

    @property
    def scale(self) -> Scale:
        """The scale that the claim's effect is on."""
        return scale_of(self.claim.scale)

    @property
    def is_fact(self) -> bool:
        """Whether it is compared rather than tested: no search could change it, so no
        gate applies.
        """
        return self.exact or self.kind.hypothesis == "always"

    @property
    def exact(self) -> bool:
        """Whether no chance enters the metric, or none enters any of the arms."""
        return self.metric.exact or (self.metric.deterministic and self.once)

    @property
    def once(self) -> bool:
        """Whether one run per level of each arm counts for all blocks."""
        return all(self.manifest.runs_once(arm) for arm in self.claim.arms)

    @property
    def parts(self) -> tuple[str, ...]:
        """What is judged one by one: the levels, a single part named "" over all, or
        pairs of arms.
        """
        return self.kind.parts(self.claim, self.levels)

    def level_of(self, part: str) -> str:
        """The level that a part is about; empty where that is all of them."""
        # Pairs of arms are compared at one level.
        return self.levels[0] if self.kind.pairwise else part

    @property
    def planned(self) -> int:
        """Blocks, at the most."""
        return self.manifest.blocks

    @property
    def prunes(self) -> bool:
        """Whether trials are pruned against each other, so that half of them would be
        another search.
        """
        return bool(self.campaign.manifest.profile.pruner)

    @property
    def looks(self) -> tuple[int, ...]:
        """The numbers of blocks after which the claim is judged; empty if it is judged
        once, at the end.
        """
        return self.manifest.looks

    @property
    def due(self) -> int:
        """Blocks that run in any case, before anything is said."""
        # the first look; without looks, all that are planned
        return (*self.looks, self.planned)[0]

    @property
    def trials_of_half(self) -> int:
        """Trials that make half the tuning budget; 0 where the campaign has no
        half-budget finals, or none of the claim's arms is tuned.
        """
        return 0 if self.untuned.all() else self.manifest.half_budget_trials

    @cached_property
    def untuned(self) -> NDArray[np.bool_]:
        """Where nothing is tuned, so that there are no trials: (levels, arms)."""
        trials = [
            [self.manifest.trials_of(arm, level) for arm in self.claim.arms]
            for level in self.levels
        ]
        return np.array(trials, dtype=int) < 1

    @property
    def places(self) -> dict[str, float | None]:
        """The x of each of the claim's levels on the task's axis."""
        x = {level.name: level.x for level in self.manifest.levels}
        return {level: x.get(level) for level in self.levels}

    @property
    def x(self) -> list[float]:
        """The same, of a claim that is judged over levels, which has them all."""
        self.kind.check(self.claim, self.places)
        return [float(x) for x in self.places.values() if x is not None]

    def label(self, arm: str) -> str:
        """The arm's label, which pages show in place of its name."""
        return self.manifest.arm(arm).label

    def level_label(self, level: str) -> str:
        """The label of a level, or of the pair of arms that stands for one."""
        pair = pair_of_arms(level)
        if pair is not None:
            return ABOVE.join(map(self.label, pair))
        return self.manifest.level(level).label

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows of one of the task's frames that belong to the claim's arms and
        levels.
        """
        return frame[
            frame["arm"].isin(self.claim.arms)
            & frame["level"].isin(self.levels)
        ]

    @cached_property
    def finals(self) -> pd.DataFrame:
        """The finals of the claim's arms and levels; with the diagnosis of each where
        the claim is about that.
        """
        rows, metric = self.rows(self.shared.finals), self.metric
        if not metric.name.startswith(f"{DIAGNOSED}."):
            return rows
        # an arm's rivals are all arms of its level, not the claim's alone
        found = diagnosed(
            self.shared.finals, self.manifest, metric, self.claim.margin
        )
        return rows.assign(**{metric.column: found})

    @cached_property
    def trials(self) -> pd.DataFrame:
        """The trials of the claim's arms and levels."""
        return self.rows(self.shared.trials)

    def examples(self, split: str) -> float:
        """Examples in the smallest split of that name ("test", "validation"); NaN if it
        is not recorded.
        """
        finals = self.finals
        column = f"data.n_{split}"
        if column not in finals or finals.empty:
            return math.nan
        # Levels may differ in size; the smallest split has the coarsest steps.
        return float(finals[column].min())


def cases(
    campaign: Campaign, task: str, provenance: Provenance = UNKNOWN
) -> list[Case]:
    """All claims of one task of a campaign, as they were fixed before it ran."""
    shared = TaskRows(campaign, task)
    doubts = provenance.doubts(campaign.manifest, task)
    return [
        _case(shared, recorded, doubts.get(recorded.claim.name))
        for recorded in shared.manifest.claims
    ]


def _universes(shared: TaskRows, claim: Claim) -> int:
    """In how many universes the campaign judges the claim."""
    names = [
        base_of(one.name)
        for one in shared.manifest.tested
        if is_universe(one.name)
    ]
    return names.count(base_of(claim.name))


def _case(
    shared: TaskRows, recorded: ClaimManifest, doubt: Message | None
) -> Case:
    """The claim as it was preregistered, with the rows of its task."""
    claim = recorded.claim
    metric = metric_of(claim.metric, shared.manifest.measures)
    # Of several doubts one is shown, the last that applies. Known results come
    # last, since nothing can make up for them.
    if is_universe(claim.name) and doubt is None:
        doubt = message("note-universe", count=_universes(shared, claim))
    if recorded.known_from:
        doubt = message("note-known-before", campaign=recorded.known_from)
    return Case(
        shared,
        claim,
        # without values, so that the campaign's other claims can be shown
        metric or unknown_metric(claim.metric),
        doubt,
        recorded.attempt,
    )


def _curve_ends(curves: pd.DataFrame, column: str, sign: int) -> pd.DataFrame:
    """The ends of curves, one row per final: see ``TaskRows.curve_ends``."""
    curves = curves[curves[column].notna()].sort_values(["key", "step"])
    key = curves["key"]
    # The best so far and not the value, as the best checkpoint is kept.
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
    # A model that a library fitted has no early value, but one at the end.
    return ends.assign(
        early=early, came_late=(first > LATE).astype(float)
    ).dropna(subset=["early"])

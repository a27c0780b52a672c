"""How each arm trained, and what that points to: of a claim's arms by the claim's
metric, and of all arms of a campaign by their task's first measure.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from suite.records.results import Campaign
from suite.verdicts.case import Case, TaskRows
from suite.verdicts.diagnosis import (
    Diagnosis,
    Fit,
    Trained,
    best_of,
    diagnose_together,
    diagnosis,
    margin_of,
    rival_of,
    trained_models,
)
from suite.verdicts.effects import on_scale
from suite.verdicts.message import Message, message


@dataclass(frozen=True)
class ArmTraining:
    """How an arm trained at a level: means over blocks of a metric, in its own unit,
    and what they point to.

    ``rival`` is the arm with no more parameters that fitted its training set best, and
    ``rival_train`` how well; "" and NaN if there is none.
    """

    arm: str
    """The name of the arm."""

    level: str
    """The name of the level."""

    train: float
    """The metric on the training set, averaged over blocks."""

    validation: float
    """The metric on the validation set."""

    test: float
    """The metric on the test set."""

    rival: str
    """The arm with no more parameters that fits the training set best; empty if none.
    """

    rival_train: float
    """What that arm reaches on the training set; NaN if there is none."""

    diagnosis: Diagnosis
    """What these numbers point to."""

    @property
    def message(self) -> Message:
        """The same as a sentence's code and values."""
        return message(
            f"diagnosis-{self.diagnosis.replace('_', '-')}",
            arm=self.arm,
            arm_rival=self.rival,
            value_train=self.train,
            value_validation=self.validation,
            value_test=self.test,
            value_rival=self.rival_train,
        )


@dataclass(frozen=True)
class ArmDiagnosis(ArmTraining):
    """What keeps an arm of a campaign from doing better at a level, by the task's first
    measure.

    Its ``diagnosis`` is that of the mean over ``blocks``; in ``agreeing`` of them the
    block alone gives the same one. ``margin`` is the difference that counts.
    """

    task: str
    """The name of the task."""

    margin: float
    """The difference that counts."""

    blocks: int
    """In how many blocks the arm was trained."""

    agreeing: int
    """In how many of them the block alone gives the same diagnosis."""


def diagnose_arms(campaign: Campaign) -> tuple[ArmDiagnosis, ...]:
    """The diagnosis of every arm at every level that has finals, in the order of the
    manifest.

    Left out are tasks whose first measure is on no scale on which claims say what
    matters, and arms without figures on all three sets.
    """
    return tuple(
        found
        for task in campaign.manifest.tasks
        for found in diagnose_task(campaign, task)
    )


def diagnose_task(campaign: Campaign, name: str) -> Iterator[ArmDiagnosis]:
    """The same for the arms of one task."""
    rows = TaskRows(campaign, name)
    task, margin = rows.manifest, margin_of(rows.manifest)
    if not math.isfinite(margin):
        return
    best = best_of(task.primary)
    sign = 1.0 if task.primary.better == "higher" else -1.0
    by_level: dict[str, list[dict[str, Trained]]] = defaultdict(list)
    for level, _, models in trained_models(rows.finals, task):
        by_level[level].append(models)
    for level in (one for one in task.level_names if one in by_level):
        blocks = by_level[level]
        means = _mean_models(blocks)
        labels = diagnose_together(means, margin, best)
        # The diagnosis is that of the means; votes say how far blocks agree.
        votes = _votes(blocks, margin, best)
        for arm in (one for one in task.arm_names if one in means):
            label, rival = labels[arm]
            # Turned back: fits have more as better, pages show the measure.
            fit = means[arm].fit
            yield ArmDiagnosis(
                task=rows.task,
                level=level,
                arm=arm,
                train=sign * fit.train,
                validation=sign * fit.validation,
                test=sign * fit.test,
                rival=rival,
                rival_train=sign * means[rival].fit.train
                if rival
                else math.nan,
                diagnosis=label,
                margin=margin,
                blocks=votes[arm].total(),
                agreeing=votes[arm][label],
            )


def _mean_models(blocks: list[dict[str, Trained]]) -> dict[str, Trained]:
    """The means over blocks, by arm."""
    found = {}
    for arm in dict.fromkeys(arm for models in blocks for arm in models):
        models = [models[arm] for models in blocks if arm in models]
        fits = [[m.fit.train, m.fit.validation, m.fit.test] for m in models]
        fit = Fit(*map(float, np.mean(fits, axis=0)))
        # the largest, where a tuned width gives every block a size of its own
        parameters = float(np.max([model.parameters for model in models]))
        found[arm] = Trained(fit, parameters, models[0].shares_data)
    return found


def _votes(
    blocks: list[dict[str, Trained]], margin: float, best: float
) -> dict[str, Counter[Diagnosis]]:
    """How often each arm has each diagnosis, block by block."""
    votes: dict[str, Counter[Diagnosis]] = defaultdict(Counter)
    for models in blocks:
        for arm, (label, _) in diagnose_together(models, margin, best).items():
            votes[arm][label] += 1
    return votes


# --------------------------------------------------------------------- a claim's arms


@dataclass(frozen=True)
class _Mean:
    """The results of an arm at a level, over blocks: in the metric's own unit, and on
    the claim's scale.
    """

    raw: Fit
    scaled: Trained


def diagnose(case: Case, blocks: int) -> tuple[ArmTraining, ...]:
    """How each of a claim's arms trained at each level, over its first ``blocks``.

    Empty if the claim's metric is not measured on all three sets.
    """
    means = _means(case, blocks)
    return tuple(
        _trained(case, means[level], level, arm)
        for level in case.levels
        for arm in case.claim.arms
        if arm in means.get(level, {})
    )


def _means(case: Case, blocks: int) -> dict[str, dict[str, _Mean]]:
    """By level and arm, of all arms of the task that have such figures."""
    metric, finals = case.metric, case.shared.finals
    if metric.cost or metric.validation is None or metric.split != "test":
        return {}
    name = metric.validation.partition(".")[2]
    columns = [f"train.{name}", metric.validation, metric.column]
    if finals.empty or not set(columns) <= set(finals):
        return {}
    found: dict[str, dict[str, _Mean]] = defaultdict(dict)
    # the blocks of the verdict: with looks, others may have run since
    here = finals[finals["block"] < blocks]
    for (level, arm), rows in here.groupby(["level", "arm"]):
        raw = rows[columns].to_numpy(dtype=float).mean(axis=0)
        scaled = on_scale(raw, case, case.examples("validation"))
        parameters = math.nan
        if "parameters" in rows:
            parameters = float(rows["parameters"].astype(float).max())
        if np.isfinite(scaled).all():
            shares_data = not case.manifest.arm(str(arm)).own_training_data
            trained = Trained(
                Fit(*map(float, scaled)), parameters, shares_data
            )
            found[str(level)][str(arm)] = _Mean(Fit(*map(float, raw)), trained)
    return found


def _trained(
    case: Case, means: Mapping[str, _Mean], level: str, arm: str
) -> ArmTraining:
    """What one arm reached at one level, and what that points to."""
    # Compared on the claim's scale, as its margin is; shown in the unit.
    mine = means[arm]
    rival = rival_of(arm, {name: mean.scaled for name, mean in means.items()})
    found = diagnosis(
        mine.scaled.fit,
        _margin(case),
        rival=means[rival].scaled.fit if rival else None,
        best=_best(case),
    )
    return ArmTraining(
        arm=arm,
        level=level,
        train=mine.raw.train,
        validation=mine.raw.validation,
        test=mine.raw.test,
        rival=rival,
        rival_train=means[rival].raw.train if rival else math.nan,
        diagnosis=found,
    )


def _margin(case: Case) -> float:
    """The claim's margin at one level: for a slope, its change over the whole axis."""
    margin = case.claim.margin
    # per e-fold of x; training figures are those of a single level
    if case.kind.along_axis:
        margin *= math.log(max(case.x) / min(case.x))
    return margin


def _best(case: Case) -> float:
    """The best that can be reached on the claim's scale, where that is known."""
    # No error at all is infinitely far away on a logarithmic scale.
    if not case.metric.is_share or case.scale.logarithmic:
        return math.nan
    return 1.0 if case.metric.better == "higher" else 0.0

"""What kept an arm from doing better: its optimisation, its fit to few examples, its
data, or its model.

An answer about generalisation says little where an arm did not even fit its training
set. The order of the questions is Ng's ("Machine Learning Yearning", 2018, chapters
20-43), with one before them all: an arm that trains worse than one with no more
parameters has an optimiser that did not find what the model can do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from suite.verdicts.case import Case
from suite.verdicts.effects import on_scale

Diagnosis = Literal["optimisation", "overfitting", "mismatch", "model_bias", "healthy"]
NO_MORE = 1.05  # times another arm's parameters, which still count as no more


@dataclass(frozen=True)
class Fit:
    """How well a model does on its training set, on validation and on the test set, on
    a scale on which more is better.
    """

    train: float
    validation: float
    test: float


@dataclass(frozen=True)
class ArmTraining:
    """How an arm trained at a level: means over blocks of the claim's metric, in its
    own unit, and what they point to.

    ``rival`` is the arm with no more parameters that fitted its training set best, and
    ``rival_train`` how well; "" and NaN if there is none.
    """

    arm: str
    level: str
    train: float
    validation: float
    test: float
    rival: str
    rival_train: float
    diagnosis: Diagnosis


def diagnosis(
    fit: Fit, margin: float, *, rival_train: float = math.nan, best: float = math.nan
) -> Diagnosis:
    """What keeps a model from doing better. Pure.

    ``margin`` is the smallest difference that matters, ``rival_train`` how well another
    model with no more parameters fits its training set, ``best`` the best that can be
    reached; NaN if these are not known.

    ============  ==============================================================
    optimisation  the rival fits its training set better by more than the margin
    model_bias    the widest gap is that from the best to the training set
    overfitting   the widest gap is that from the training set to validation
    mismatch      the widest gap is that from validation to the test set
    healthy       no gap exceeds the margin
    ============  ==============================================================
    """
    if rival_train - fit.train > margin:
        return "optimisation"
    gaps: dict[Diagnosis, float] = {
        "model_bias": best - fit.train,
        "overfitting": fit.train - fit.validation,
        "mismatch": fit.validation - fit.test,
    }
    known = {name: gap for name, gap in gaps.items() if math.isfinite(gap)}
    widest = max(known, key=lambda name: known[name], default=None)
    if widest is None or known[widest] <= margin:
        return "healthy"
    return widest


@dataclass(frozen=True)
class _Mean:
    """The results of an arm at a level, over blocks: in the metric's own unit, and on
    the claim's scale.
    """

    raw: Fit
    scaled: Fit
    parameters: float


def diagnose(case: Case, blocks: int) -> tuple[ArmTraining, ...]:
    """How each of a claim's arms trained at each level, over its first ``blocks``.

    Empty if the claim's metric is not measured on all three sets.
    """
    means = _means(case, blocks)
    return tuple(
        _trained(case, means, level, arm)
        for level in case.levels
        for arm in case.claim.arms
        if (level, arm) in means
    )


def _means(case: Case, blocks: int) -> dict[tuple[str, str], _Mean]:
    """By level and arm, of all arms of the task that have such figures."""
    metric, finals = case.metric, case.shared.finals
    if metric.cost or metric.validation is None or metric.split != "test":
        return {}
    name = metric.validation.partition(".")[2]
    columns = [f"train.{name}", metric.validation, metric.column]
    if finals.empty or not set(columns) <= set(finals):
        return {}
    found = {}
    here = finals[finals["block"] < blocks]
    for (level, arm), rows in here.groupby(["level", "arm"]):
        raw = rows[columns].to_numpy(dtype=float).mean(axis=0)
        scaled = on_scale(raw, case, case.examples("validation"))
        parameters = math.nan
        if "parameters" in rows:
            parameters = float(rows["parameters"].astype(float).max())
        if np.isfinite(scaled).all():
            fits = Fit(*map(float, raw)), Fit(*map(float, scaled))
            found[str(level), str(arm)] = _Mean(*fits, parameters)
    return found


def _trained(
    case: Case, means: dict[tuple[str, str], _Mean], level: str, arm: str
) -> ArmTraining:
    mine = means[level, arm]
    rivals = {
        other: mean
        for (where, other), mean in means.items()
        if where == level
        and other != arm
        and mean.parameters <= NO_MORE * mine.parameters
    }
    rival = max(rivals, key=lambda other: rivals[other].scaled.train, default="")
    found = diagnosis(
        mine.scaled,
        _margin(case),
        rival_train=rivals[rival].scaled.train if rival else math.nan,
        best=_best(case),
    )
    return ArmTraining(
        arm=arm,
        level=level,
        train=mine.raw.train,
        validation=mine.raw.validation,
        test=mine.raw.test,
        rival=rival,
        rival_train=rivals[rival].raw.train if rival else math.nan,
        diagnosis=found,
    )


def _margin(case: Case) -> float:
    """The claim's margin at one level: for a slope, its change over the whole axis."""
    margin = case.claim.margin
    if case.kind.along_axis:
        margin *= math.log(max(case.x) / min(case.x))
    return margin


def _best(case: Case) -> float:
    """The best that can be reached on the claim's scale, where that is known."""
    if not case.metric.is_share or case.scale.logarithmic:
        return math.nan
    return 1.0 if case.metric.better == "higher" else 0.0

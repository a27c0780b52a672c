"""What keeps a model from doing better: its optimisation, its fit to few examples, its
data, or the model itself.

An answer about generalisation says little where a model did not even fit its training
set. The order of the questions is Ng's ("Machine Learning Yearning", 2018, chapters
20-43), with one before them all: a model that trains worse than one with no more
parameters has an optimiser that did not find what the model can do.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from suite.records.manifest import MeasureManifest, TaskManifest
from suite.training.metrics import DIAGNOSED, SPLITS, Metric
from suite.verdicts.kinds import kind_of
from tasks import Claim

Diagnosis = Literal[
    "optimisation", "overfitting", "mismatch", "model_bias", "healthy"
]
DIAGNOSES: tuple[Diagnosis, ...] = get_args(Diagnosis)
# times another model's parameters, which still count as no more
NO_MORE = 1.05
MARGIN_OF_SHARES = 0.02  # of a share, where no claim says what matters


@dataclass(frozen=True)
class Fit:
    """How well a model does on its training set, on validation and on the test set, on
    a scale on which more is better.
    """

    train: float
    """On the examples that it learned from."""

    validation: float
    """On those that hyperparameters are chosen by."""

    test: float
    """On those that decide claims."""


@dataclass(frozen=True)
class Trained:
    """A trained model: its fit, its parameters, and whether it learned from the same
    examples as others of its level.
    """

    fit: Fit
    """How well it does."""

    parameters: float = math.nan
    """The number of its parameters; NaN if it is not known."""

    shares_data: bool = True
    """Whether it learned from the same examples as others of its level."""


def diagnosis(
    fit: Fit,
    margin: float,
    *,
    rival: Fit | None = None,
    best: float = math.nan,
) -> Diagnosis:
    """What keeps a model from doing better. Pure.

    ``margin`` is the smallest difference that matters, ``rival`` the fit of another
    model with no more parameters, ``best`` the best that can be reached; NaN if that is
    not known.

    ============  ==============================================================
    optimisation  the rival fits its training set better by more than the margin
    model_bias    the widest gap is that from the best to the training set
    overfitting   the widest gap is that from the training set to validation
    mismatch      the widest gap is that from validation to the test set
    healthy       no gap exceeds the margin
    ============  ==============================================================

    A model that does better than the rival on validation by more than the margin was
    held back on purpose, as by a penalty, so that is no failure of its optimisation.
    """
    if rival is not None and _trains_worse(fit, rival, margin):
        return "optimisation"
    gaps: dict[Diagnosis, float] = {
        "model_bias": best - fit.train,
        "overfitting": fit.train - fit.validation,
        "mismatch": fit.validation - fit.test,
    }
    # Without a known best nothing can be said of the model itself.
    known = {name: gap for name, gap in gaps.items() if math.isfinite(gap)}
    widest = max(known, key=lambda name: known[name], default=None)
    if widest is None or known[widest] <= margin:
        return "healthy"
    return widest


def _trains_worse(fit: Fit, rival: Fit, margin: float) -> bool:
    """Whether the rival fits its training set better by more than the margin, and the
    model is not held back on purpose.
    """
    behind = rival.train - fit.train > margin
    regularised = fit.validation - rival.validation > margin
    return behind and not regularised


def rival_of(name: str, models: Mapping[str, Trained]) -> str:
    """Of the models that can be compared with ``models[name]``, the one that fits its
    training set best; "" if there is none.

    Such a model has no more parameters and learned from the same examples.
    """
    # Fewer or easier examples are fitted better by any model.
    mine = models[name]
    if not mine.shares_data:
        return ""
    comparable = {
        other: model.fit.train
        for other, model in models.items()
        if other != name
        and model.shares_data
        # false where a number is not known: NaN
        and model.parameters <= NO_MORE * mine.parameters
    }
    return max(comparable, key=lambda other: comparable[other], default="")


def diagnose_together(
    models: Mapping[str, Trained], margin: float, best: float = math.nan
) -> dict[str, tuple[Diagnosis, str]]:
    """The diagnosis of each of the models of one level, and its rival, "" if it has
    none. Pure.
    """
    found = {}
    for name, model in models.items():
        rival = rival_of(name, models)
        fit = models[rival].fit if rival else None
        found[name] = diagnosis(model.fit, margin, rival=fit, best=best), rival
    return found


# ------------------------------------------------------------------------- from records


def columns_of(measure: MeasureManifest) -> list[str]:
    """The columns of a measure on the training set, on validation and on the test."""
    return [f"{split}.{measure.name}" for split in SPLITS]


def best_of(measure: MeasureManifest) -> float:
    """The best that a measure can be, turned so that more is better; NaN if that is
    not known.
    """
    if not measure.percent:
        return math.nan
    return 1.0 if measure.better == "higher" else 0.0


def margin_of(task: TaskManifest) -> float:
    """The smallest difference of a task's first measure that matters: the smallest
    margin of its claims on that measure, or 2 points of a share. NaN if nobody says.
    """
    # Margins of slopes and exponents are no differences of the measure, and a
    # bound that always holds has none: what it carries is the default, which
    # nobody chose.
    name = task.primary.name
    margins = [
        one.claim.margin
        for one in task.claims
        if one.claim.metric.rpartition(".")[2] == name
        and one.claim.scale == "points"
        and _has_margin_in_its_unit(one.claim)
        and one.claim.margin > 0
    ]
    if margins:
        return min(margins)
    return MARGIN_OF_SHARES if task.primary.percent else math.nan


def _has_margin_in_its_unit(claim: Claim) -> bool:
    """Whether a claim's margin is a difference of its metric at one level."""
    kind = kind_of(claim.kind)
    return not kind.along_axis and kind.hypothesis != "always"


def trained_models(
    finals: pd.DataFrame, task: TaskManifest
) -> Iterator[tuple[str, Hashable, dict[str, Trained]]]:
    """Level, block, and the models that were trained there by arm, from a task's finals
    by its first measure. Models that lack a figure are left out.
    """
    columns = columns_of(task.primary)
    if finals.empty or not set(columns) <= set(finals):
        return
    # Finals of a block are averaged first, so that blocks count alike.
    sign = 1.0 if task.primary.better == "higher" else -1.0
    found = finals[["level", "block", "arm", *columns]].copy()
    found["parameters"] = finals.get("parameters", math.nan)
    numbers = [*columns, "parameters"]
    found[numbers] = found[numbers].astype(float)
    means = found.groupby(["level", "block", "arm"], sort=False)[
        numbers
    ].mean()
    known = means[np.isfinite(means[columns]).all(axis=1)]
    for (level, block), rows in known.groupby(["level", "block"], sort=False):
        models = {}
        for (*_, arm), row in zip(rows.index, rows.to_numpy(), strict=True):
            fit = Fit(*(sign * float(value) for value in row[:3]))
            shares_data = not task.arm(str(arm)).own_training_data
            models[str(arm)] = Trained(fit, float(row[3]), shares_data)
        yield str(level), block, models


def diagnosed(
    finals: pd.DataFrame, task: TaskManifest, metric: Metric, margin: float
) -> pd.Series:
    """1 for each final whose arm has, in its block, the diagnosis that the metric names
    (``diagnosed.overfitting``), 0 for others, and NaN where figures are missing.
    """
    wanted = metric.name.removeprefix(f"{DIAGNOSED}.")
    found = {}
    for level, block, models in trained_models(finals, task):
        labels = diagnose_together(models, margin, best_of(task.primary))
        for arm, (label, _) in labels.items():
            found[level, block, arm] = float(label == wanted)
    cells = zip(finals["level"], finals["block"], finals["arm"], strict=True)
    values = [found.get(cell, math.nan) for cell in cells]
    return pd.Series(values, index=finals.index, dtype=float)

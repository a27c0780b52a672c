"""The claim that learning curves are looked at for: its arms, what it measures, and the
difference that it claims.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd
from dash import html

from dashboard.components.charts import chart
from dashboard.components.text import note
from dashboard.data.view import View
from dashboard.figures.curves import GAP
from dashboard.figures.difference import (
    AXES,
    Claimed,
    difference_curve,
    paired_differences,
)
from suite.report.formatting import within_sentence
from suite.training.metrics import Metric, known_metric
from suite.verdicts.scales import scale_of
from tasks import Claim

NAME = "difference"  # of the chart and of its data
SPLITS = ("validation", "train")
HEIGHT = 320  # pixels
Curves = Mapping[str, pd.DataFrame]  # of blocks, by split


def claim_shown(view: View) -> Claim | None:
    """The claim that the address names; None for the curves of all arms alike."""
    names = [claim["name"] for claim in view.about["claims"]]
    name = view.chosen("claim", ["", *names], "")
    return view.claim_of(view.task, name) if name else None


def measure_of(claim: Claim | None, measures: list[str]) -> tuple[str, str]:
    """The split and the measure whose curves show what a claim is about; the first
    measure on validation where none does.
    """
    fallback = ("validation", measures[0])
    if claim is None:
        return fallback
    if claim.metric in measures:
        return "validation", claim.metric
    split, _, bare = claim.metric.partition(".")
    if split in (*SPLITS, GAP) and bare in measures:
        return split, bare
    return fallback


def difference_chart(
    view: View, claim: Claim, curves: Curves, says: str
) -> html.Section:
    """How far one arm of a claim is ahead of the other along the course of training."""
    metric = _metric(view, claim)
    claimed, along = _claimed(claim, metric), _along(view, claim, curves)
    better, worse = (
        view.arm_label(view.task, arm) for arm in (claim.better, claim.worse)
    )
    title = view.words("curves-difference", better=better, worse=worse)
    axis = _axis_title(view, claimed)
    bounds = (-math.inf, math.inf)
    if claimed.percent:
        bounds = (-1.0, 1.0)
    found = difference_curve(along, claimed, view.words, axis, bounds)
    return chart(view, NAME, found, title=title, says=says, height=HEIGHT)


def difference_frame(view: View, claim: Claim, curves: Curves) -> pd.DataFrame:
    """The differences of each block along each axis."""
    parts = [
        paired.assign(axis=axis)
        for axis, paired in _along(view, claim, curves).items()
    ]
    return pd.concat(parts, ignore_index=True)


def shows_difference(view: View, claim: Claim, curves: Curves) -> bool:
    """Whether the claim is about two arms and something that was measured more than
    once while they learned.
    """
    has_two_arms = bool(claim.better and claim.worse)
    if not (has_two_arms and _has_curves(view, claim, curves)):
        return False
    along = _along(view, claim, curves, AXES[:1]).values()
    return any(paired["x"].nunique() > 1 for paired in along)


def _has_curves(view: View, claim: Claim, curves: Curves) -> bool:
    measures = [one["name"] for one in view.about["measures"]]
    split, measure = measure_of(claim, measures)
    return split in curves and claim.metric in (measure, f"{split}.{measure}")


def claim_notes(view: View, claim: Claim, curves: Curves) -> list[html.P]:
    """What of the claim these curves cannot show."""
    found = []
    if claim.levels and view.level not in claim.levels:
        labels = [view.level_label(view.task, one) for one in claim.levels]
        text = view.words("curves-other-level", levels=", ".join(labels))
        found.append(note(text, "warn"))
    if not _has_curves(view, claim, curves):
        metric = _metric(view, claim)
        label = view.labels.metric_named(view.task, metric.name, metric.label)
        text = view.words("curves-not-measured", metric=within_sentence(label))
        found.append(note(text))
    return found


def _metric(view: View, claim: Claim) -> Metric:
    measures = view.campaign.manifest.task(view.task).measures
    return known_metric(claim.metric, measures)


def _claimed(claim: Claim, metric: Metric) -> Claimed:
    ratio = scale_of(claim.scale).logarithmic
    return Claimed(
        claim.at_least, claim.margin, ratio, metric.is_share and not ratio
    )


def _axis_title(view: View, claimed: Claimed) -> str:
    words = view.words
    if claimed.ratio:
        return words("blocks-axis", unit=words("unit-ratio"))
    if claimed.percent:
        return words("blocks-axis", unit=words("unit-points"))
    return words("curves-difference-axis")


def _along(
    view: View, claim: Claim, curves: Curves, axes: Sequence[str] = AXES
) -> dict[str, pd.DataFrame]:
    """The paired differences along each axis."""
    measures = [one["name"] for one in view.about["measures"]]
    split, _ = measure_of(claim, measures)
    metric = _metric(view, claim)
    transform = partial(
        scale_of(claim.scale).transform, metric=metric, examples=math.nan
    )
    # Once: each axis would look through all arms again.
    of_claim = curves[split]["arm"].isin([claim.better, claim.worse])
    shown = curves[split][of_claim]
    return {
        axis: paired_differences(
            shown, claim.better, claim.worse, axis, transform
        )
        for axis in axes
    }

"""All arms of a level against one of them, as a chart with simultaneous intervals."""

from __future__ import annotations

from functools import partial

import pandas as pd
from dash import html

from dashboard.components.charts import chart
from dashboard.data.view import View
from dashboard.figures.arms import ranking
from suite.report.formatting import within_sentence
from suite.training.metrics import Metric
from suite.verdicts.arm_ranking import ArmRanking, rank_arms


def ranking_name(metric: Metric) -> str:
    """The name of the chart and of its data."""
    return f"ranking-{metric.name}"


def ranked_of(view: View, reference: str, metric: Metric) -> ArmRanking:
    """All arms of the view's level against the reference."""
    return rank_arms(
        view.campaign, view.task, view.level, reference, metric.name
    )


def ranking_chart(
    view: View, ranked: ArmRanking, metric: Metric
) -> html.Section:
    """The arms, the best at the top, with intervals that hold together."""
    words = view.words
    label = partial(view.arm_label, view.task)
    named = view.labels.metric_named(view.task, metric.name, metric.label)
    unit = words("unit-points") if metric.is_share else metric.unit
    axis = words("ranking-axis", metric=within_sentence(named))
    found = ranking(ranked, label, f"{axis} ({unit})" if unit else axis)
    return chart(
        view,
        ranking_name(metric),
        found,
        title=words("ranking-title", arm=label(ranked.reference)),
        says=words("ranking-says", count=len(ranked.pairs)),
        # The chart's own height, which grows with the arms.
        height=int(found["height"]) if found else 0,
    )


def ranking_frame(ranked: ArmRanking) -> pd.DataFrame:
    """The lead and the ends of its interval of each arm, in the metric's own unit."""
    rows = [
        (pair.first, pair.second, pair.effect, *pair.interval)
        for pair in ranked.pairs
    ]
    return pd.DataFrame(
        rows, columns=["arm", "reference", "lead", "low", "high"]
    )

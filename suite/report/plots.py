"""The plots that tasks declare, computed from what a campaign recorded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from suite.records.manifest import PlotManifest, TaskManifest
from suite.records.results import Campaign
from suite.report.charts.looks import looks, looks_of
from suite.report.pictures import ArmPicture, Gathered
from suite.training.metrics import Metric, metric_of
from tasks import Axis, Curve, Heights, Picture

PREFIX = "plot-"  # of the name, before the plot's own


def plots_of(
    campaign: Campaign, task: str, language: str = "en"
) -> list[Gathered]:
    """The task's plots in a language, each with all its lines together. Those without a number
    to draw are left out.
    """
    about = campaign.manifest.task(task).in_language(language)
    found = []
    for plot in about.plots:
        metric = metric_of(plot.metric, about.measures)
        if metric is not None:
            drawn = _Drawn(campaign, task, about, plot, metric)
            found.append(drawn.gathered())
    return [one for one in found if one.of]


@dataclass(frozen=True)
class _Drawn:
    """One plot, and where its numbers are."""

    campaign: Campaign
    task: str
    about: TaskManifest
    plot: PlotManifest
    metric: Metric

    def gathered(self) -> Gathered:
        """The plot of all arms that have numbers; over the arms' own places, of all
        such levels.
        """
        if self.plot.over == "arms":
            name = PREFIX + self.plot.name
            return Gathered(name, tuple(self._levels()))
        look_of = looks_of(self.about)
        found = []
        for arm in self.plot.arms:
            picture = self._picture(arm)
            if picture is not None:
                found.append(ArmPicture(arm, look_of[arm], picture))
        name = PREFIX + self.plot.name
        return Gathered(name, tuple(found), squares=self.plot.is_map)

    def _picture(self, arm: str) -> Picture | None:
        """One arm's part; None if it has no numbers."""
        if self.plot.is_map:
            heights = self._heights(arm)
            return None if heights is None else self._titled((), heights)
        curves = tuple(self._curves(arm))
        return self._titled(curves) if curves else None

    def _levels(self) -> Iterator[ArmPicture]:
        """Each level's part, under its own label."""
        drawn = [
            one for one in self.about.levels if one.name in self.plot.places
        ]
        for level, look in zip(drawn, looks([None] * len(drawn)), strict=True):
            curves = tuple(self._over_arms(level.name))
            if curves:
                yield ArmPicture(level.label, look, self._titled(curves))

    def _titled(
        self, curves: tuple[Curve, ...], heights: Heights | None = None
    ) -> Picture:
        """What was found, with the plot's title and axes."""
        plot = self.plot
        return Picture(
            PREFIX + plot.name,
            plot.title,
            Axis(plot.x, plot.x_log),
            Axis(plot.y or self._metric_label, plot.y_log),
            curves,
            heights,
            plot.says,
        )

    @property
    def _metric_label(self) -> str:
        """What the metric is called, with its unit."""
        labels = {
            one.name: one.label or one.name for one in self.about.measures
        }
        label = labels.get(self.plot.metric, self.metric.label)
        label = label[:1].upper() + label[1:]
        return f"{label} [%]" if self.metric.is_share else label

    @property
    def _column(self) -> str:
        """Holds the metric: of finals on the test set, and elsewhere on validation."""
        if self.plot.over in ("levels", "arms"):
            return self.metric.column
        return self.metric.validation or self.metric.column

    def _numbers(
        self, frame: pd.DataFrame, kind: str, arm: str
    ) -> pd.DataFrame:
        """The arm's runs of a kind that have the metric, as ``value``."""
        # No run has recorded the metric yet.
        if self._column not in frame:
            return pd.DataFrame(columns=[*frame.columns, "value"])
        of_task = (frame["task"] == self.task) & (frame["kind"] == kind)
        of_arm = (frame["arm"] == arm) & frame["level"].isin(self.plot.places)
        rows: pd.DataFrame = frame[of_task & of_arm]
        unit = 100.0 if self.metric.is_share else 1.0
        values = unit * rows[self._column].astype(float)
        # A number that is missing or infinite has no place on an axis.
        rows = rows.assign(value=values.where(np.isfinite(values)))
        return rows.dropna(subset=["value"])

    def _curves(self, arm: str) -> Iterator[Curve]:
        """Points, and a line through their means where there is one."""
        if self.plot.over == "trials":
            return self._of_trials(arm)
        if self.plot.over == "updates":
            return self._over_updates(arm)
        return self._over_levels(arm)

    def _over_levels(self, arm: str) -> Iterator[Curve]:
        """Each block's mean over finals, and the mean over blocks, at each level."""
        rows = self._numbers(self.campaign.runs, "final", arm)
        yield from _means(rows.assign(x=rows["level"].map(self._x)))

    def _over_arms(self, level: str) -> Iterator[Curve]:
        """The same at each arm's own place, of one level."""
        places = {arm.name: arm.x for arm in self.about.arms}
        found = []
        for arm in self.plot.arms:
            rows = self._numbers(self.campaign.runs, "final", arm)
            found.append(rows[rows["level"] == level].assign(x=places[arm]))
        yield from _means(pd.concat(found))

    def _x(self, level: str) -> float:
        """A level's number along x, NaN if it has none."""
        x, _ = self.plot.places[level]
        return math.nan if x is None else x

    def _of_trials(self, arm: str) -> Iterator[Curve]:
        """A point for each trial, at its value of the hyperparameter."""
        rows = self._numbers(self.campaign.runs, "trial", arm)
        column = f"param.{self.plot.hyperparameter}"
        if column not in rows or rows.empty:
            return
        rows = rows.dropna(subset=[column]).sort_values(column)
        if len(rows):
            x = rows[column].astype(float)
            yield Curve(list(x), list(rows["value"]), "", "points")

    def _over_updates(self, arm: str) -> Iterator[Curve]:
        """The mean over blocks after each number of updates, at the first level."""
        rows = self._numbers(self.campaign.curves, "final", arm)
        levels = [
            name for name in self.plot.places if name in set(rows["level"])
        ]
        if not levels:
            return
        rows = rows[rows["level"] == levels[0]]
        blocks = rows.groupby(["step", "block"])["value"].mean()
        means = blocks.groupby("step").mean().sort_index()
        # Step 0 has no logarithm.
        if self.plot.x_log:
            means = means[means.index > 0]
        yield Curve(list(means.index), list(means), "", "line")

    def _heights(self, arm: str) -> Heights | None:
        """The mean over blocks for each pair of numbers that levels have."""
        rows = self._numbers(self.campaign.runs, "final", arm)
        if rows.empty:
            return None
        blocks = rows.groupby(["level", "block"])["value"].mean()
        by_level = blocks.groupby("level").mean()
        by_place = {
            self.plot.places[str(level)]: float(value)
            for level, value in by_level.items()
        }
        places = [at for at in self.plot.places.values() if None not in at]
        xs = sorted({x for x, _ in places if x is not None})
        ys = sorted({y for _, y in places if y is not None})
        # Levels need not fill the whole grid: NaN leaves a square out.
        z = [[by_place.get((x, y), math.nan) for x in xs] for y in ys]
        return Heights(xs, ys, z, self._metric_label)


def _means(rows: pd.DataFrame) -> Iterator[Curve]:
    """A line through the means over blocks at each ``x``, and a point for each block;
    nothing if there are no numbers.
    """
    rows = rows.dropna(subset=["x"])
    if rows.empty:
        return
    # Finals are averaged within their block first, as verdicts do.
    blocks = rows.groupby(["x", "block"])["value"].mean().reset_index()
    means = blocks.groupby("x")["value"].mean().sort_index()
    yield Curve(list(means.index), list(means), "", "line")
    yield Curve(list(blocks["x"]), list(blocks["value"]), "", "points")

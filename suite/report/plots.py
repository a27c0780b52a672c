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
        name = PREFIX + self.plot.name
        if self.plot.over == "arms":
            levels = tuple(self._levels())
            return Gathered(name, levels)
        arms = tuple(self._arms())
        return Gathered(name, arms, squares=self.plot.is_map)

    def _arms(self) -> Iterator[ArmPicture]:
        """Each arm's part, under its name."""
        look_of = looks_of(self.about)
        for arm in self.plot.arms:
            picture = self._picture(arm)
            if picture is not None:
                yield ArmPicture(arm, look_of[arm], picture)

    def _picture(self, arm: str) -> Picture | None:
        """One arm's part; None if it has no numbers."""
        if self.plot.is_map:
            heights = self._heights(arm)
            if heights is None:
                return None
            return self._titled((), heights)
        curves = tuple(self._curves(arm))
        if not curves:
            return None
        return self._titled(curves)

    def _levels(self) -> Iterator[ArmPicture]:
        """Each level's part, under its own label."""
        drawn = [
            one for one in self.about.levels if one.name in self.plot.places
        ]
        # Levels have no place among the arms, so their looks go by order.
        no_places = [None] * len(drawn)
        look_of_each = looks(no_places)
        for level, look in zip(drawn, look_of_each, strict=True):
            curves = tuple(self._over_arms(level.name))
            if curves:
                yield ArmPicture(level.label, look, self._titled(curves))

    def _titled(
        self, curves: tuple[Curve, ...], heights: Heights | None = None
    ) -> Picture:
        """What was found, with the plot's title and axes."""
        plot = self.plot
        x_axis = Axis(plot.x, plot.x_log)
        y_axis = Axis(plot.y or self._metric_label, plot.y_log)
        return Picture(
            PREFIX + plot.name,
            plot.title,
            x_axis,
            y_axis,
            curves,
            heights,
            plot.says,
        )

    @property
    def _metric_label(self) -> str:
        """What the metric is called, with its unit: ``Accuracy [%]``.

        A measure has the label that the task gives it, any other metric its
        own.
        """
        label = self.metric.label
        for measure in self.about.measures:
            if measure.name == self.plot.metric:
                label = measure.label or measure.name
        label = label[:1].upper() + label[1:]
        if self.metric.is_share:
            label = f"{label} [%]"
        return label

    @property
    def _column(self) -> str:
        """Holds the metric: of finals on the test set, and elsewhere on validation."""
        if self.plot.over in ("levels", "arms"):
            return self.metric.column
        return self.metric.validation or self.metric.column

    def _numbers(
        self, frame: pd.DataFrame, kind: str, arm: str
    ) -> pd.DataFrame:
        """The arm's runs of a kind that have the metric, as ``value``: finite,
        in percent where the metric is a share.

        ``frame`` has a row per run or per evaluation; its columns are kept.
        """
        # No run has recorded the metric yet.
        if self._column not in frame:
            return pd.DataFrame(columns=[*frame.columns, "value"])
        of_task = frame["task"] == self.task
        of_kind = frame["kind"] == kind
        of_arm = frame["arm"] == arm
        has_place = frame["level"].isin(self.plot.places)
        rows: pd.DataFrame = frame[of_task & of_kind & of_arm & has_place]
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
        """Each block's mean over finals, and the mean over blocks, at each
        level's number along x.
        """
        rows = self._numbers(self.campaign.runs, "final", arm)
        x = rows["level"].map(self._x)
        yield from _means(rows.assign(x=x))

    def _over_arms(self, level: str) -> Iterator[Curve]:
        """Each block's mean over finals, and the mean over blocks, at each
        arm's own place: those of one level.
        """
        places = {arm.name: arm.x for arm in self.about.arms}
        found = []
        for arm in self.plot.arms:
            rows = self._numbers(self.campaign.runs, "final", arm)
            at_level = rows[rows["level"] == level]
            found.append(at_level.assign(x=places[arm]))
        yield from _means(pd.concat(found))

    def _x(self, level: str) -> float:
        """A level's number along x, NaN if it has none."""
        x, _ = self.plot.places[level]
        return math.nan if x is None else x

    def _of_trials(self, arm: str) -> Iterator[Curve]:
        """A point for each trial, at its value of the hyperparameter, in one
        curve; none without trials that have a value.
        """
        rows = self._numbers(self.campaign.runs, "trial", arm)
        column = f"param.{self.plot.hyperparameter}"
        if column not in rows or rows.empty:
            return
        rows = rows.dropna(subset=[column]).sort_values(column)
        if len(rows):
            x = list(rows[column].astype(float))
            y = list(rows["value"])
            yield Curve(x, y, "", "points")

    def _over_updates(self, arm: str) -> Iterator[Curve]:
        """The mean over blocks after each number of updates, at the first level."""
        rows = self._numbers(self.campaign.curves, "final", arm)
        recorded = set(rows["level"])
        levels = [name for name in self.plot.places if name in recorded]
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
        """The mean over blocks for each pair of numbers that levels have: a
        row for each y and a column for each x, both ascending.
        """
        rows = self._numbers(self.campaign.runs, "final", arm)
        if rows.empty:
            return None
        blocks = rows.groupby(["level", "block"])["value"].mean()
        by_level = blocks.groupby("level").mean()
        by_place = {}
        for level, value in by_level.items():
            place = self.plot.places[str(level)]
            by_place[place] = float(value)
        xs, ys = self._grid()
        z = []
        for y in ys:
            # Levels need not fill the whole grid: NaN leaves a square out.
            row = [by_place.get((x, y), math.nan) for x in xs]
            z.append(row)
        return Heights(xs, ys, z, self._metric_label)

    def _grid(self) -> tuple[list[float], list[float]]:
        """The numbers that levels have along x and along y, each ascending
        and without repeats. A level that lacks one of the two is left out.
        """
        xs: set[float] = set()
        ys: set[float] = set()
        for x, y in self.plot.places.values():
            if x is not None and y is not None:
                xs.add(x)
                ys.add(y)
        return sorted(xs), sorted(ys)


def _means(rows: pd.DataFrame) -> Iterator[Curve]:
    """A line through the means over blocks at each ``x``, and a point for each
    block; nothing if there are no numbers.

    ``rows`` have the columns x, block and value; those without ``x`` are left
    out.
    """
    rows = rows.dropna(subset=["x"])
    if rows.empty:
        return
    # Finals are averaged within their block first, as verdicts do.
    blocks = rows.groupby(["x", "block"])["value"].mean().reset_index()
    means = blocks.groupby("x")["value"].mean().sort_index()
    yield Curve(list(means.index), list(means), "", "line")
    xs, values = list(blocks["x"]), list(blocks["value"])
    yield Curve(xs, values, "", "points")

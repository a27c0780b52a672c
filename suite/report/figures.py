"""Charts of a campaign by name, as SVG, for notebooks and slides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from suite.atomic import replace_file
from suite.records.results import Campaign
from suite.report.charts.build import block_chart, trend_chart
from suite.report.charts.pictures import picture_chart
from suite.report.charts.spec import BlockChart, PictureChart, TrendChart
from suite.report.charts.svg import draw_alone
from suite.report.labels import Labels, effect_unit
from suite.report.plots import plots_of
from suite.report.sentences import directions
from suite.verdicts.claim_verdict import ClaimVerdict
from tasks import unknown

Charts = dict[str, BlockChart | TrendChart | PictureChart]


@dataclass(frozen=True)
class Figure:
    """A chart, which a notebook shows by itself."""

    name: str
    """Its name within the campaign, such as ``deep_vs_wide/three_beat_one``."""

    svg: str
    """The text of an SVG file."""

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"Figure({self.name!r}, {len(self.svg):,} characters of SVG)"

    def save(self, path: Path | str) -> None:
        """Write it as a file, which a browser and a word processor open."""
        with replace_file(Path(path)) as partial:
            partial.write_text(self.svg, encoding="utf-8")


def figure_names(
    campaign: Campaign, verdicts: Sequence[ClaimVerdict]
) -> list[str]:
    """The names of all charts there are: ``TASK/CLAIM``, every block's difference;
    ``TASK/CLAIM/trend``, the gap over the levels; ``TASK/PLOT``, what a task plots.
    """
    return list(_charts(campaign, verdicts))


def figure_of(
    campaign: Campaign, verdicts: Sequence[ClaimVerdict], name: str
) -> Figure:
    """The chart of that name. UserError, with the nearest name, if there is none."""
    charts = _charts(campaign, verdicts)
    if name not in charts:
        raise unknown("figure", name, charts)
    drawn = draw_alone(charts[name], f"figure-{name.replace('/', '-')}")
    return Figure(name, drawn)


def _charts(campaign: Campaign, verdicts: Sequence[ClaimVerdict]) -> Charts:
    labels = Labels(campaign.manifest)
    found: Charts = {}
    for task in campaign.manifest.tasks:
        for plot in plots_of(campaign, task):
            chart = picture_chart(plot, task, labels, legend=True)
            found[f"{task}/{plot.name}"] = chart
    for verdict in verdicts:
        name = f"{verdict.task}/{verdict.claim}"
        blocks = _block_chart(verdict, labels)
        if blocks is not None:
            found[name] = blocks
        axis = campaign.manifest.task(verdict.task).axis or "the levels"
        trend = trend_chart(verdict, axis)
        if trend is not None:
            found[f"{name}/trend"] = trend
    return found


def _block_chart(verdict: ClaimVerdict, labels: Labels) -> BlockChart | None:
    """Every block's difference; None before any block."""

    def level_label(level: str) -> str:
        return labels.level(verdict.task, level)

    sides = directions(verdict, labels)
    unit = effect_unit(verdict, labels)
    return block_chart(verdict, sides, level_label, unit)

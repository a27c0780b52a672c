"""A task's plots and the pictures that its arms recorded, drawn for the report."""

from __future__ import annotations

from collections.abc import Iterator

from suite.records.results import Campaign
from suite.report.charts.pictures import picture_chart
from suite.report.charts.svg import draw, legend_style
from suite.report.html.view import Arm, PictureView
from suite.report.labels import Labels
from suite.report.pictures import Gathered, pictures_of
from suite.report.plots import plots_of

BLOCK = 0  # whose pictures are shown: the others are on the dashboard


def picture_views(campaign: Campaign, task: str) -> Iterator[PictureView]:
    """The task's plots, then each picture at each level, of the first block."""
    for gathered in plots_of(campaign, task):
        yield _view(campaign, task, gathered, "")
    for level in campaign.manifest.task(task).levels:
        for gathered in pictures_of(campaign, task, level.name, BLOCK):
            yield _view(campaign, task, gathered, level.name)


def _view(
    campaign: Campaign, task: str, gathered: Gathered, level: str
) -> PictureView:
    """One picture; ``level`` is where it was recorded, empty for a plot."""
    labels = Labels(campaign.manifest)
    chart = picture_chart(gathered, task, labels, level)
    # Panels carry the arms' names themselves.
    named = [] if len(chart.panels) > 1 else gathered.of
    arms = [
        Arm(labels.arm(task, one.arm), legend_style(one.look)) for one in named
    ]
    name = f"{task}-{level}-{gathered.name}"
    return PictureView(arms, draw(chart, name), gathered.first.says)

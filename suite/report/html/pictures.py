"""The pictures that a task's arms recorded, drawn for the report."""

from __future__ import annotations

from collections.abc import Iterator

from suite.records.manifest import LevelManifest
from suite.records.results import Campaign
from suite.report.charts.spec import PictureChart
from suite.report.charts.svg import draw, legend_style
from suite.report.html.view import Arm, PictureView
from suite.report.pictures import Gathered, pictures_of

BLOCK = 0  # whose pictures are shown: the others are on the dashboard


def picture_views(campaign: Campaign, task: str) -> Iterator[PictureView]:
    """Each picture at each level, of the first block."""
    for level in campaign.manifest.task(task).levels:
        for gathered in pictures_of(campaign, task, level.name, BLOCK):
            yield _view(campaign, task, level, gathered)


def _view(
    campaign: Campaign, task: str, level: LevelManifest, gathered: Gathered
) -> PictureView:
    first = gathered.first
    curves = tuple(
        (one.look, curve)
        for one in gathered.of
        for curve in one.picture.curves
    )
    title = f"{level.label}: {first.title}"
    chart = PictureChart(title, first.x, first.y, curves, first.heights)
    labels = campaign.manifest.task(task)
    arms = [
        Arm(labels.arm(one.arm).label, legend_style(one.look))
        for one in gathered.of
    ]
    name = f"{task}-{level.name}-{gathered.name}"
    return PictureView(arms, draw(chart, name), first.says)

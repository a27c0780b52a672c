"""From gathered pictures to the specification of their chart."""

from __future__ import annotations

from suite.report.charts.spec import PictureChart, PicturePanel
from suite.report.labels import Labels
from suite.report.pictures import ArmPicture, Gathered


def picture_chart(
    gathered: Gathered,
    task: str,
    labels: Labels,
    level: str = "",
    legend: bool = False,
) -> PictureChart:
    """A panel for each surface that arms move over, or one for all arms.

    ``level`` begins the title where there is one; with ``legend`` the chart names the
    arms itself.
    """
    first = gathered.first
    start = f"{labels.level(task, level)}: " if level else ""
    panels = gathered.panels
    is_alone = len(panels) == 1
    return PictureChart(
        start + first.title,
        first.x,
        first.y,
        tuple(_panel(panel, task, labels, is_alone) for panel in panels),
        gathered.squares,
        tuple(
            (one.look, labels.arm(task, one.arm))
            for one in gathered.of
            if legend and is_alone
        ),
    )


def _panel(
    arms: tuple[ArmPicture, ...], task: str, labels: Labels, is_alone: bool
) -> PicturePanel:
    """What these arms show, under their names unless there are no others."""
    names = [labels.arm(task, one.arm) for one in arms]
    curves = [
        (one.look, curve) for one in arms for curve in one.picture.curves
    ]
    return PicturePanel(
        "" if is_alone else ", ".join(names),
        tuple(curves),
        arms[0].picture.heights,
    )

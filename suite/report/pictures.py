"""Pictures that finals recorded, those of all arms gathered into one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from suite.records.results import Campaign
from suite.report.charts.looks import Look, looks_of
from tasks import Picture, UserError
from tasks.contract.picture import FILE, read_picture

# Bytes of a file that is read: a picture has some thousands of numbers, and
# one that a task of somebody else's recorded must not fill the memory of the
# dashboard.
MAX_PICTURE_BYTES = 2_000_000


@dataclass(frozen=True)
class ArmPicture:
    """What one arm recorded, and the look that the arm has in every chart."""

    arm: str
    """Its name; where a plot's lines are of levels, the level's label."""

    look: Look
    """Its colour and pattern."""

    picture: Picture
    """What it recorded."""


@dataclass(frozen=True)
class Gathered:
    """The pictures of one name, in the order of arms: at least one."""

    name: str
    of: tuple[ArmPicture, ...]

    squares: bool = False
    """Whether heights are a few numbers, drawn as squares, in place of contours."""

    @property
    def first(self) -> Picture:
        """That of the first arm, whose title and axes stand for all."""
        return self.of[0].picture

    @property
    def panels(self) -> list[tuple[ArmPicture, ...]]:
        """What is drawn in one coordinate system: arms with the same heights, in the
        order of arms. Without heights that is all of them.
        """
        found: list[list[ArmPicture]] = []
        for one in self.of:
            same = [panel for panel in found if _same_heights(panel[0], one)]
            # Squares hold one number each: those of two arms cannot share a
            # panel.
            if same and not self.squares:
                same[0].append(one)
            else:
                found.append([one])
        return [tuple(panel) for panel in found]


def _same_heights(one: ArmPicture, other: ArmPicture) -> bool:
    """Whether two arms move over the same surface, if over any."""
    first, second = one.picture.heights, other.picture.heights
    if first is None or second is None:
        # Both None: curves alone, which all share one panel.
        return first is second
    parts = ((first.x, second.x), (first.y, second.y), (first.z, second.z))
    return all(
        np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True)
        for a, b in parts
    )


def pictures_of(
    campaign: Campaign,
    task: str,
    level: str,
    block: int = 0,
    language: str = "en",
) -> list[Gathered]:
    """The pictures of a block's first finals at a level, by name. Those that cannot be
    read are left out.
    """
    by_name: dict[str, list[ArmPicture]] = {}
    for arm, look in looks_of(campaign.manifest.task(task)).items():
        for picture in _recorded(campaign, task, level, arm, block, language):
            found = ArmPicture(arm, look, picture)
            by_name.setdefault(picture.name, []).append(found)
    return [Gathered(name, tuple(of)) for name, of in sorted(by_name.items())]


def level_with_most(
    campaign: Campaign, task: str, level: str = "", block: int = 0
) -> str:
    """The level whose runs recorded the most pictures; ``level`` among equals, or else
    the first of them.
    """
    levels = campaign.manifest.task(task).level_names
    counts = {
        name: len(pictures_of(campaign, task, name, block)) for name in levels
    }
    most = max(counts.values())
    if counts.get(level) == most:
        return level
    return next(name for name in levels if counts[name] == most)


def _finals(campaign: Campaign, task: str) -> pd.DataFrame:
    """The finals of a task, a row each."""
    runs = campaign.runs
    return runs[(runs["task"] == task) & (runs["kind"] == "final")]


def _recorded(
    campaign: Campaign,
    task: str,
    level: str,
    arm: str,
    block: int,
    language: str,
) -> Iterator[Picture]:
    """The pictures that the first final of a cell recorded, in a language."""
    finals = _finals(campaign, task)
    mine = finals[(finals["level"] == level) & (finals["arm"] == arm)]
    mine = mine[mine["block"] == block].sort_values("number")
    # The first final alone; others would draw nearly the same again.
    for key in mine["key"].head(1):
        for path in campaign.artifacts(key):
            picture = (
                _read(path, language) if FILE.fullmatch(path.name) else None
            )
            if picture is not None:
                yield picture


def _read(path: Path, language: str) -> Picture | None:
    """The picture in a file; None if it is too large, damaged or gone."""
    try:
        if path.stat().st_size > MAX_PICTURE_BYTES:
            return None
        return read_picture(path.read_bytes(), language)
    except (OSError, UserError):
        return None

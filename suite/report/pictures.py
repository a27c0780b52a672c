"""Pictures that finals recorded, those of all arms gathered into one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from suite.records.results import Campaign
from suite.report.charts.looks import Look, looks_of
from tasks import Picture, UserError
from tasks.contract.picture import FILE, read_picture

LARGEST = 2_000_000  # bytes of a file that is read


@dataclass(frozen=True)
class ArmPicture:
    """What one arm recorded, and the look that the arm has in every chart."""

    arm: str
    look: Look
    picture: Picture


@dataclass(frozen=True)
class Gathered:
    """The pictures of one name, in the order of arms: at least one."""

    name: str
    of: tuple[ArmPicture, ...]

    @property
    def first(self) -> Picture:
        """That of the first arm, whose title, axes and heights stand for all."""
        return self.of[0].picture


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


def _finals(campaign: Campaign, task: str) -> pd.DataFrame:
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
    finals = _finals(campaign, task)
    mine = finals[(finals["level"] == level) & (finals["arm"] == arm)]
    mine = mine[mine["block"] == block].sort_values("number")
    for key in mine["key"].head(1):
        for path in campaign.artifacts(key):
            picture = (
                _read(path, language) if FILE.fullmatch(path.name) else None
            )
            if picture is not None:
                yield picture


def _read(path: Path, language: str) -> Picture | None:
    try:
        if path.stat().st_size > LARGEST:
            return None
        return read_picture(path.read_bytes(), language)
    except (OSError, UserError):
        return None

"""What the driver needs of whoever publishes the record, and what is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


class Publishing(Protocol):
    """What the driver needs of whoever publishes the record."""

    error: str | None

    def put(self, item: Any) -> None: ...
    @property
    def waiting(self) -> int: ...
    def close(self, seconds: float = ...) -> None: ...


Place = tuple[str, str, str, int]


@dataclass(frozen=True)
class CellDone:
    """A finished cell to publish: its place, the finals' mean metrics and the files
    that go with its run.
    """

    place: Place
    metrics: Mapping[str, float]
    files: tuple[Path, ...]


Item = Mapping[str, Any] | CellDone

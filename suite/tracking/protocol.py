"""What a tracker is, and what it is given to publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

CLOSE_TIMEOUT_S = 600.0

CellId = tuple[str, str, str, int]
"""Task, level, arm and block of a cell."""


@dataclass(frozen=True)
class CellDone:
    """A finished cell to publish."""

    cell_id: CellId
    """Which cell it is."""

    metrics: Mapping[str, float]
    """Means over its final runs, by metric."""

    files: tuple[Path, ...]
    """What is kept with its run."""

    params: Mapping[str, Any] = field(default_factory=dict)
    """The hyperparameters that its tuning study chose."""


Item = Mapping[str, Any] | CellDone
"""A line of the record (one run), or a finished cell."""


class Tracker(Protocol):
    """Publishes one campaign's record somewhere while it runs.

    The record on disk remains the source of truth. A tracker may fail, be slow or
    unreachable; it never raises from these methods, and the next `bakeoff run` puts
    every item again.
    """

    error: str | None
    """What is wrong with the store, in one line; None while all is well."""

    hint: str
    """What to do about ``error``; "" where waiting or trying again is enough."""

    @property
    def waiting(self) -> int:
        """Items that were put and not yet published."""

    def put(self, item: Item) -> None:
        """Take an item; returns at once."""

    def close(self, seconds: float = CLOSE_TIMEOUT_S) -> None:
        """Publish what is left, with a timeout in seconds."""

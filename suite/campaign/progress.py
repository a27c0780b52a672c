"""How far a campaign is, for whoever watches."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Tally:
    """How far a campaign is, for whoever watches."""

    planned: int
    done: int = 0
    replayed: int = 0
    trained: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    unlike: str = ""  # what differs between the machines that trained
    waiting: str = ""  # for what nodes
    in_flight: int = 0
    slots: int = 0
    problems: list[str] = field(default_factory=list)  # to tell the user at the end
    started: float = field(default_factory=time.time)
    began: float = field(
        default_factory=time.monotonic
    )  # the same, by a clock that nobody sets

    @property
    def rate(self) -> float:
        """Runs a second since this driver began training."""
        return self.trained / max(time.monotonic() - self.began, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        return (self.planned - self.done) / self.rate if self.trained >= 3 else None

"""The progress of a campaign, counted by its driver and passed to watchers."""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suite.records.files import replace_text
from suite.training.job import ENDED_WELL

# A rate over fewer runs is too noisy to estimate the remaining time.
RUNS_FOR_A_FORECAST = 3
CellPlace = tuple[str, str, str, int]  # task, level, arm, block
log = logging.getLogger("bakeoff")


@dataclass
class Tally:
    """The number of a campaign's runs by status, and what the campaign is doing."""

    planned: int
    """Runs of the whole campaign."""

    done: int = 0
    """Runs that ended: replayed ones and trained ones."""

    replayed: int = 0
    """Runs that were recorded before this driver started."""

    trained: int = 0
    """Runs that this driver had trained."""

    failed: dict[str, int] = field(default_factory=dict)
    """Runs that did not finish, by status."""

    unlike: str = ""
    """What differs between the machines that trained; "" if nothing does."""

    waiting: str = ""
    """The nodes that it waits for; "" if for none."""

    in_flight: int = 0
    """Workers that submitted jobs ask for."""

    slots: int = 0
    """Workers that there are."""

    cells_done: list[CellPlace] = field(default_factory=list)
    """The cells of which every run has a result, in the order in which they got it."""

    problems: list[str] = field(default_factory=list)
    """What to tell the user at the end."""

    published: bool = True
    """Whether the tracker has taken everything."""

    started: float = field(default_factory=time.time)
    """When this driver started, in seconds since the epoch of Unix."""

    # For rates: a clock that is set back while a campaign runs would make them
    # negative.
    began: float = field(default_factory=time.monotonic)
    """The same by the monotonic clock, which is never adjusted."""

    submitted: float | None = None
    """When the first job was submitted, by the monotonic clock."""

    @property
    def rate(self) -> float:
        """Runs per second since this driver began training."""
        return self.trained / max(time.monotonic() - self.began, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        """A forecast in seconds, from the mean rate so far; None until some runs are
        done.
        """
        if self.trained < RUNS_FOR_A_FORECAST:
            return None
        return (self.planned - self.done) / self.rate

    @property
    def running(self) -> int:
        """The number of busy workers: prefetched jobs still wait for one."""
        return min(self.in_flight, self.slots)

    @property
    def seconds_running(self) -> float:
        """Seconds since the first job was submitted; 0 before."""
        if self.submitted is None:
            return 0.0
        return time.monotonic() - self.submitted

    def begin(self) -> None:
        """Count time from now."""
        self.started, self.began = time.time(), time.monotonic()

    def add(self, status: str) -> None:
        """Count a run that is done."""
        self.done += 1
        if status not in ENDED_WELL:
            self.failed[status] = self.failed.get(status, 0) + 1

    def note_in_flight(self, workers: int, slots: int) -> None:
        """Store how many workers are wanted, and how many runs fit at once.

        The first call in which a worker is wanted starts the time of
        ``seconds_running``.
        """
        self.in_flight, self.slots = workers, slots
        if workers and self.submitted is None:
            self.submitted = time.monotonic()

    def add_problem(self, problem: str) -> None:
        """Store a message to show the user at the end, once."""
        if problem not in self.problems:
            self.problems.append(problem)


def write_state(folder: Path, state: str, tally: Tally, **more: Any) -> None:
    """Write state.json, from which other processes see how the campaign is doing.

    It only serves watchers, unlike the record, so a full disk is logged and no error.
    """
    about: Mapping[str, Any] = {
        "state": state,
        "updated": time.time(),
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "planned": tally.planned,
        "done": tally.done,
        "replayed": tally.replayed,
        "trained": tally.trained,
        "failed": tally.failed,
        "unlike": tally.unlike,
        "waiting": tally.waiting,
        "in_flight": tally.in_flight,
        "slots": tally.slots,
        "started": tally.started,
        "seconds_left": tally.seconds_left,
        **more,
    }
    try:
        replace_text(folder / "state.json", json.dumps(about))
    except OSError as error:
        log.warning("state.json cannot be written: %s", error)

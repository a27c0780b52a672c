"""The status of campaigns, read from small files next to their records, so it is fast
however long the records are.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import psutil

from suite.records.files import read_json
from suite.records.results import Results
from tasks import UserError

# Seconds without an update from a driver on another machine, whose process
# cannot be looked up, after which it counts as dead. It writes once a second.
SILENCE_S = 60.0
# The same for a driver whose process is there: it may be stopped, or wait for a
# disk, and planning a cell takes seconds.
HANGING_S = 30.0


@dataclass(frozen=True)
class Standing:
    """How far a campaign is. ``name`` is its profile's; ``state`` is what
    ``state.json`` says, or "interrupted" if its driver died without writing a state.
    """

    id: str
    """The campaign's id."""

    name: str
    """The name of its profile."""

    tasks: tuple[str, ...]
    """The names of its tasks."""

    state: str
    """"running", "done", and so on."""

    created: float
    """When it began, in seconds since 1970."""

    updated: float
    """When its state was last written, in seconds since 1970."""

    done: int
    """How many runs have ended."""

    planned: int
    """How many runs are planned."""

    failed: Mapping[str, int]
    """How many runs ended with which other status than "finished"."""

    rate: float | None
    """Runs per second lately; None if it is unknown."""

    seconds_left: float | None
    """How long the rest will take; None if it is unknown."""

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON can write it."""
        return asdict(self)


def standings(results: Results) -> list[Standing]:
    """All campaigns of a results folder, newest first."""
    return [standing(results, campaign) for campaign in results.ids()]


def standing(results: Results, campaign: str) -> Standing:
    """The status of one campaign. Raises UserError if its files are damaged."""
    folder = results.root / campaign
    about = read_json(folder / "campaign.json")
    state = read_json(folder / "state.json")
    try:
        return _standing(campaign, about, state)
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise UserError(
            f"{folder / 'state.json'} or campaign.json is damaged ({error}): restore it "
            "from a copy, or start again with --new."
        ) from error


def _standing(
    campaign: str, about: Mapping[str, Any], state: Mapping[str, Any]
) -> Standing:
    """The status in the contents of both files."""
    running = is_running(state)
    word = str(state.get("state", "prepared"))
    seconds = float(state.get("updated", 0.0)) - float(
        state.get("started", 0.0)
    )
    return Standing(
        id=campaign,
        name=str(about.get("name", campaign)),
        tasks=tuple(about.get("tasks", ())),
        # A driver that was killed could not write that it stopped.
        state="interrupted" if word == "running" and not running else word,
        created=float(about.get("created", 0.0)),
        updated=float(state.get("updated", about.get("created", 0.0))),
        done=int(state.get("done", 0)),
        planned=int(state.get("planned", 0)),
        failed=dict(state.get("failed", {})),
        # Of runs that this driver trained: replayed ones took no time.
        rate=int(state.get("trained", 0)) / seconds
        if running and seconds > 0
        else None,
        seconds_left=state.get("seconds_left") if running else None,
    )


def is_running(state: Mapping[str, Any]) -> bool:
    """Whether the driver that wrote this state is still running."""
    if state.get("state") != "running":
        return False
    try:
        # Only on the same machine does the process number mean anything.
        if state.get("host") == socket.gethostname():
            return psutil.pid_exists(int(state.get("pid", -1)))
        return time.time() - float(state.get("updated", 0.0)) < SILENCE_S
    except (
        OverflowError,
        TypeError,
        ValueError,
    ):
        # The file is damaged, so no driver is writing it.
        return False


def silent_since(state: Mapping[str, Any]) -> float | None:
    """When a running driver, which writes its state every second, last did so, in
    seconds since 1970; None unless that is ``HANGING_S`` ago or longer.
    """
    if not is_running(state):
        return None
    # A damaged time would not have passed for that of a running driver elsewhere.
    try:
        updated = float(state["updated"])
    except (KeyError, TypeError, ValueError):
        return None
    return updated if time.time() - updated >= HANGING_S else None

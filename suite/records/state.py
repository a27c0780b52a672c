"""What a driver says of itself in state.json, and whether it is still there to say so.

A driver that was killed, or whose node is gone, leaves the word "running" behind.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from suite.records.files import read_json

STATE = "state.json"
# Seconds without an update from a driver on another machine, whose process
# cannot be looked up, after which it counts as dead. It writes once a second.
SILENCE_S = 60.0
# The same for a driver whose process is there: it may be stopped, or wait for a
# disk, and planning a cell takes seconds.
HANGING_S = 30.0
# How far the clocks of machines may be apart before a time counts as wrong.
CLOCKS_APART_S = 60.0


def read_state(folder: Path) -> dict[str, Any]:
    """The state of the campaign in a folder, with ``written``: when its file was, in
    seconds since 1970. Empty if there is none; raises UserError if it is damaged.
    """
    state = read_json(folder / STATE)
    with suppress(OSError):
        # By the clock of the disk, which all machines share that use it.
        state["written"] = (folder / STATE).stat().st_mtime
    return state


def state_word(state: Mapping[str, Any], otherwise: str = "unknown") -> str:
    """The word that the driver wrote, "running" or "done" and so on; "interrupted" if
    it died without writing one; ``otherwise`` if there is no state.
    """
    word = str(state.get("state", otherwise))
    if word == "running" and not is_running(state):
        return "interrupted"
    return word


def is_running(state: Mapping[str, Any]) -> bool:
    """Whether the driver that wrote this state is still running."""
    if state.get("state") != "running":
        return False
    try:
        # Only on the same machine does the process number mean anything.
        if state.get("host") == socket.gethostname():
            return _is_process_there(state)
        return _silence(state) < SILENCE_S
    except (
        OverflowError,
        TypeError,
        ValueError,
    ):
        # The file is damaged, so no driver is writing it.
        return False


def _is_process_there(state: Mapping[str, Any]) -> bool:
    """Whether the driver's process exists, and not a later one of its number."""
    try:
        began = psutil.Process(int(state.get("pid", -1))).create_time()
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:  # of another user
        return True
    # After a restart of the machine, or of a container, numbers are given again.
    is_later = began > float(state.get("updated", 0.0)) + CLOCKS_APART_S
    return not is_later or _silence(state) < SILENCE_S


def silent_since(state: Mapping[str, Any]) -> float | None:
    """When a running driver, which writes its state every second, last did so, in
    seconds since 1970; None unless that is ``HANGING_S`` ago or longer.
    """
    if not is_running(state) or "updated" not in state:
        return None
    # A damaged time would not have passed for that of a running driver elsewhere.
    try:
        silence = _silence(state)
    except (TypeError, ValueError):
        return None
    return time.time() - silence if silence >= HANGING_S else None


def _silence(state: Mapping[str, Any]) -> float:
    """Seconds since the driver wrote last; infinity if nothing tells.

    Both the driver's own time and the file's may be by another machine's clock: one
    that lies ahead says nothing, as a dead driver would seem to live until then.
    """
    now = time.time()
    told = [float(state.get(key) or 0.0) for key in ("updated", "written")]
    ages = [now - moment for moment in told if moment]
    return min(
        (age for age in ages if age > -CLOCKS_APART_S), default=float("inf")
    )

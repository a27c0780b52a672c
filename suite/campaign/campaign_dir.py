"""A campaign's folder: is it fit for use, whose is it now, what is it about."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock, Timeout

from suite.planning.plan import CellPlan, Plan, about_cell
from suite.records.files import free_space, read_json, replace_text
from suite.records.versions import versions
from suite.tracking.connection import without_passwords
from suite.verdicts.preregistration import with_history
from tasks import UserError

ROOM = 50 * 2**20  # bytes that must be free before a campaign starts


def check_folder(folder: Path) -> None:
    """Make the campaign's folder. Raises UserError where it cannot be written or its
    disk is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / "probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise UserError(
            f"Results folder {folder} cannot be written ({error.strerror or error}): "
            "mend its permissions, or name another with --results."
        ) from error
    if free_space(folder) < ROOM:
        raise UserError(
            f"The disk of {folder} has less than {ROOM >> 20} MiB free: make room, or use --results."
        )


def locked(folder: Path) -> FileLock:
    """The campaign's lock, held. Raises UserError where another driver has it."""
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UserError(
            f"Campaign {folder.name} is being run already: `bakeoff status` shows it."
        ) from error
    return lock


def write_about(folder: Path, plan: Plan) -> None:
    """Write campaign.json once; a campaign that is resumed keeps its own."""
    if read_json(folder / "campaign.json"):
        return
    about = with_history(plan.about(), folder.parent)
    about |= {
        "created": time.time(),
        "versions": versions(),
        "command": [without_passwords(word) for word in sys.argv],
    }
    replace_text(folder / "campaign.json", json.dumps(about, indent=1, default=list))


def add_cells(folder: Path, cells: Iterable[CellPlan]) -> None:
    """Enter further cells into campaign.json. Its time stays: the newest campaign is
    the one begun last.
    """
    path = folder / "campaign.json"
    about, times = read_json(path), path.stat()
    rows = [about_cell(cell) for cell in cells]
    new = [row for row in rows if row not in about["cells"]]
    if new:
        replace_text(
            path, json.dumps({**about, "cells": about["cells"] + new}, indent=1)
        )
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

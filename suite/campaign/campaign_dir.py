"""A campaign's folder: checked, locked, and with its manifest."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock, Timeout

from suite.errors import without_passwords
from suite.planning.plan import CellPlan, Plan
from suite.records.files import free_space
from suite.records.manifest import FILE as MANIFEST
from suite.records.manifest import (
    manifest_of,
    read_manifest,
    write_manifest,
)
from suite.records.versions import versions
from suite.verdicts.preregistration import with_history
from tasks import UserError

MIN_FREE_BYTES = 50 * 2**20  # bytes that must be free before a campaign starts


def check_folder(folder: Path) -> None:
    """Make the campaign's folder. Raises UserError if it cannot be written or its disk
    is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Only a write tells: permission bits say nothing of a read-only mount
        # or of a network file system that maps users.
        probe = folder / "probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise UserError(
            f"Results folder {folder} cannot be written ({error.strerror or error}): "
            "fix its permissions, or name another with --results."
        ) from error
    if free_space(folder) < MIN_FREE_BYTES:
        raise UserError(
            f"The disk of {folder} has less than {MIN_FREE_BYTES >> 20} MiB free: "
            "make room, or use --results."
        )


def locked(folder: Path) -> FileLock:
    """Hold the campaign's lock, until it is released or this process ends.

    Raises UserError if another driver holds it.
    """
    lock = FileLock(folder / "lock")
    try:
        # The operating system releases the lock with its process, so that a
        # driver that was killed leaves none behind.
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UserError(
            f"Campaign {folder.name} is being run already: `bakeoff status` shows it."
        ) from error
    return lock


def begin(folder: Path, plan: Plan) -> None:
    """Write campaign.json once; a campaign that is resumed keeps its own.

    It says when and how the campaign was started, without passwords. Raises UserError
    if the file is there and damaged.
    """
    if (folder / MANIFEST).exists():
        # Read only to see that it can be: with a damaged manifest nobody could
        # judge what a resumed campaign records.
        read_manifest(folder)
        return
    planned = manifest_of(plan).model_copy(
        update={
            "created": time.time(),
            "versions": versions(),
            # The manifest is exported and shown, and an address on the command
            # line may hold a password.
            "command": tuple(without_passwords(word) for word in sys.argv),
        }
    )
    write_manifest(folder, with_history(planned, folder.parent))


def add_cells(folder: Path, cells: Iterable[CellPlan]) -> None:
    """Add further cells to campaign.json.

    The file keeps its modification time, since the newest campaign is the one that was
    started last.
    """
    known, times = read_manifest(folder), (folder / MANIFEST).stat()
    grown = known.with_cells(cells)
    if len(grown.cells) > len(known.cells):
        write_manifest(folder, grown)
        os.utime(folder / MANIFEST, ns=(times.st_atime_ns, times.st_mtime_ns))

"""Runs of other campaigns in the same results folder: a run with the same key is not
trained again.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from suite.records.files import is_own_file
from suite.records.journal import FILE, Record, parse_line
from suite.records.run_record import RunRecord
from suite.training.job import JUDGED
from tasks import UserError

KEY = re.compile(rb'"key":"([0-9a-f]{64})"')
TAKEN_FROM = "taken_from"  # in a line's worker: the campaign that trained it
log = logging.getLogger("bakeoff")


class OtherCampaigns:
    """The records of the other campaigns in a results folder, read lazily."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, key: str, cell: str, record: Record) -> RunRecord | None:
        """Copy a run that another campaign has finished to this record, with its files,
        and return its line; None if there is none. ``cell`` is the digest of the cell
        that it belongs to here.
        """
        found = self._find(key)
        if found is None:
            return None
        source, line = found
        # The campaign that trained it, also if this one had it from a third.
        origin = line["worker"].get(TAKEN_FROM, source.name)
        line["worker"] = {**line["worker"], TAKEN_FROM: origin}
        line["cell"] = cell
        # As in ``Record.append``: files before the line that speaks of them.
        copy_files(source, self._folder, key)
        record.append_line(line)
        return line

    def _find(self, key: str) -> tuple[Path, RunRecord] | None:
        """The folder of a campaign that has the run of that key with a result,
        and its line; None if none has.
        """
        for path, number, offset in self._places.get(key, ()):
            try:
                with path.open("rb") as file:
                    file.seek(offset)
                    line = parse_line(file.readline(), path, number)
            # Taking over only saves time: a damaged record of another campaign
            # must not stop this one.
            except (OSError, UserError) as error:
                log.warning("%s is not taken over: %s", key[:12], error)
                continue
            if line["status"] in JUDGED:
                return path.parent, line
        return None

    @cached_property
    def _places(self) -> dict[str, list[tuple[Path, int, int]]]:
        """File, line number and offset of each run, by its key."""
        found: dict[str, list[tuple[Path, int, int]]] = {}
        # Sorted, so that the same campaign is taken from every time.
        for path in sorted(self._folder.parent.glob(f"*/{FILE}")):
            if path.parent.name == self._folder.name:
                continue
            for key, number, offset in _keys(path):
                found.setdefault(key, []).append((path, number, offset))
        return found


def _keys(path: Path) -> Iterator[tuple[str, int, int]]:
    """Where each run's line lies in a record: key, line number and offset in bytes."""
    offset = 0
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            # Without parsing, as records may have many thousands of lines. The
            # key is the second field, long before the 200th byte.
            found = KEY.search(text, 0, 200)
            if found and text.endswith(b"\n"):
                yield found[1].decode(), number, offset
            offset += len(text)


def copy_files(source: Path, target: Path, key: str) -> None:
    """Copy a run's files: its artifacts and its checkpoint."""
    artifacts = source / "artifacts" / key
    if artifacts.is_dir():
        shutil.copytree(
            artifacts,
            target / "artifacts" / key,
            dirs_exist_ok=True,
            ignore=_links,
        )
    checkpoint = source / "checkpoints" / f"{key}.pt"
    if is_own_file(checkpoint):
        (target / "checkpoints").mkdir(exist_ok=True)
        shutil.copy2(checkpoint, target / "checkpoints" / checkpoint.name)


def _links(folder: str, names: list[str]) -> list[str]:
    """Those of the names that are links, whose targets may lie anywhere."""
    return [name for name in names if (Path(folder) / name).is_symlink()]

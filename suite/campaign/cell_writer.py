"""Writes finished cells on a background thread, so that slow disks delay no worker."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from search.study import Journal
from suite.campaign.cell import Cell
from suite.planning.plan import CellPlan
from suite.records.cell_file import is_cell, write_cell
from suite.tracking.protocol import CellDone, Tracker

log = logging.getLogger("bakeoff")


class CellWriter:
    """Exports a cell's study, writes its parquet file, and publishes both.

    A failure here does not stop the campaign: it is logged, passed to ``report_problem``,
    and the write is tried again when the campaign is resumed. Leaving the context waits
    for pending writes.
    """

    def __init__(
        self,
        folder: Path,
        journal: Path,
        tracker: Tracker | None,
        report_problem: Callable[[str], None],
    ) -> None:
        self._folder = folder
        self._journal_path = journal
        self._tracker = tracker
        self._report_problem = report_problem
        self._journal: Journal | None = None
        # A user may have moved the journal away, because it was damaged or too
        # large: then the studies of all cells are written, old ones, too.
        self._journal_is_new = not journal.exists()
        self._journal_is_broken = False
        # One thread: studies are added to the journal one after another, in
        # the order in which their cells finish.
        self._thread = ThreadPoolExecutor(1, "cell-writer")

    def __enter__(self) -> CellWriter:
        return self

    def __exit__(self, *error: object) -> None:
        # Waits for what is queued: after Ctrl-C, too, a cell whose last run is
        # recorded gets its file.
        self._thread.shutdown()

    def write(self, cell: Cell) -> None:
        """Write a finished cell; returns at once."""
        self._thread.submit(self._write, cell)

    def _write(self, cell: Cell) -> None:
        path = self._file_of(cell.cell_plan)
        try:
            self._write_files(cell, path)
        except Exception as error:
            log.exception("%s could not be written", cell.cell_plan)
            self._report_problem(
                f"Cells could not be written to {self._folder} ({error}): the same "
                "command tries again."
            )
        # Published after a failure, too, with the files that there are.
        if self._tracker:
            self._tracker.put(self._cell_done(cell, path))

    def _write_files(self, cell: Cell, path: Path) -> None:
        is_written = is_cell(path)
        # The study of a cell that has its file is in the journal already.
        if cell.trials and (self._journal_is_new or not is_written):
            self._export_study(cell)
        if not is_written:
            write_cell(path, cell.lines.values())

    def _file_of(self, cell: CellPlan) -> Path:
        relative = Path(cell.task, cell.level, cell.arm, str(cell.block))
        return self._folder / "cells" / relative / "cell.parquet"

    def _export_study(self, cell: Cell) -> None:
        """Add the cell's study to the Optuna journal, unless writing to it has failed
        before.
        """
        if self._journal_is_broken:
            return
        try:
            self._journal = self._journal or Journal(self._journal_path)
            self._journal.add(cell.study)
        except Exception as error:
            # Optuna raises errors of many kinds on a damaged file. The journal
            # only serves optuna-dashboard, so the campaign continues without.
            self._journal_is_broken = True
            log.warning("%s cannot be written: %r", self._journal_path, error)
            self._report_problem(
                f"{self._journal_path} cannot be written ({type(error).__name__}: "
                f"{error}). No result is lost: move it away, and the same command "
                "writes a new one."
            )

    def _cell_done(self, cell: Cell, path: Path) -> CellDone:
        files = [path]
        for line in cell.finals.values():
            folder = self._folder / "artifacts" / line["key"]
            files += [folder / name for name in line["artifacts"]]
        # The cell's own file is missing if it could not be written just now.
        existing = tuple(file for file in files if file.exists())
        chosen = cell.chosen_params
        metrics = cell.mean_metrics()
        return CellDone(cell.cell_plan.place, metrics, existing, chosen)

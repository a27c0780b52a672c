"""Interim looks of a group-sequential design: further blocks for open claims only."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from suite.campaign.campaign_dir import add_cells
from suite.campaign.cell import Cell
from suite.planning.plan import CellPlan, Plan
from suite.records.manifest import read_manifest
from suite.verdicts.judge import undecided

log = logging.getLogger("bakeoff")


class InterimLooks:
    """The interim looks that remain in a plan, task by task.

    A look is taken once all cells so far are done, and it reads nothing else: what it
    decides depends neither on the workers nor on the order in which they finish.
    """

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._folder = folder
        self._left = {
            name: list(plan.of(name).interim_looks) for name in plan.tasks
        }

    def take(self, task: str, cells: Sequence[Cell]) -> list[CellPlan]:
        """The cells of the next blocks, for the claims that a due look leaves open.

        Empty if no look is due. ``cells`` are all cells of the task so far.
        """
        left = self._left[task]
        # ``left`` begins with the look of the blocks that run now. If it is
        # the last, no further blocks could be added.
        if len(left) < 2:
            return []
        if not all(cell.done for cell in cells):
            return []
        begin, end = left[:2]
        del left[0]
        # Handed on as lines and not read from the record, which may have runs
        # of a further look from an earlier driver: the decision must be the
        # same when a campaign is resumed.
        finals = [line for cell in cells for line in cell.finals.values()]
        open_places = undecided(read_manifest(self._folder), task, finals)
        further = self._plan.further_cells(
            task, range(begin, end), open_places
        )
        log.info(
            "%s, interim look after %d blocks: %d cells continue to %d blocks",
            task,
            begin,
            len(open_places),
            end,
        )
        # Before any of their runs is recorded: readers know cells by the
        # manifest.
        if further:
            add_cells(self._folder, further)
        return further

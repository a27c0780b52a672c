"""Prints the verdict on each claim of a running campaign as soon as its last run is in."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from suite.campaign.progress import CellPlace, Tally
from suite.planning.plan import Plan
from suite.records.results import Results
from suite.report.formatting import asides, blocks_in, effect_and_interval
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.judge import judge_campaign
from suite.verdicts.preregistration import Provenance, provenance_of

# Judging takes at most this share of a core, however large the record is.
SHARE_OF_TIME = 0.05
log = logging.getLogger("bakeoff")


class EarlyVerdicts:
    """The claims whose verdict is yet to be printed.

    They are judged in a thread of their own, so that no worker waits. Of claims that
    had all of their runs when the campaign started nothing is printed, as all verdicts
    follow at its end; nor of a shard, which has only some blocks.
    """

    def __init__(
        self, plan: Plan, results: Path, say: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._results = Results(results)
        self._say = say
        # For each claim the cells that are not done.
        self._missing = {} if plan.shard else _cells_of_claims(plan)
        self._count = len(self._missing)
        # Printed, or with all of their runs when the campaign started
        self._settled = 0
        self._cells_seen = 0
        self._due: set[tuple[str, str]] = set()  # to be judged
        self._provenance: Provenance | None = None
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._judge_until_closed)

    def start(self) -> None:
        """Judge from now on."""
        self._thread.start()

    def close(self) -> None:
        """Judge no more; returns once nothing is printed any longer."""
        self._closed.set()
        self._changed.set()
        self._thread.join()

    def take(self, tally: Tally) -> None:
        """Take note of the cells that are done; called about once a second."""
        new = tally.cells_done[self._cells_seen :]
        if not new:
            return
        self._cells_seen += len(new)
        done = set(new)
        for claim, missing in list(self._missing.items()):
            missing -= done
            if missing:
                continue
            del self._missing[claim]
            if not tally.trained:
                self._settled += 1
                continue
            with self._lock:
                self._due.add(claim)
            self._changed.set()

    def _judge_until_closed(self) -> None:
        while True:
            self._changed.wait()
            self._changed.clear()
            if self._closed.is_set():
                return
            began = time.thread_time()
            try:
                self.judge_due()
            # Whatever is wrong with the record is said at the end, when all
            # claims are judged: a campaign does not stop for it.
            except Exception:
                log.exception("claims could not be judged early")
                return
            took = time.thread_time() - began
            self._closed.wait(took / SHARE_OF_TIME - took)

    def judge_due(self) -> None:
        """Print the verdicts that are due, if any are."""
        with self._lock:
            due, self._due = self._due, set()
        if not due:
            return
        campaign = self._results.load(self._plan.id)
        # The files of tasks are read once: what they say while it runs is what
        # they said when it began.
        if self._provenance is None:
            self._provenance = provenance_of(campaign.manifest)
        tasks = sorted({task for task, _ in due})
        for verdict in judge_campaign(campaign, self._provenance, tasks):
            # Interim looks may leave a claim open until further blocks are in.
            is_due = (verdict.task, verdict.claim) in due
            if is_due and verdict.complete and not self._closed.is_set():
                self._settled += 1
                self._say(
                    f"{self._settled} of {self._count} claims: {line(verdict)}"
                )


@contextmanager
def early_verdicts(
    plan: Plan, results: Path, say: Callable[[str], None]
) -> Iterator[EarlyVerdicts]:
    """Prints verdicts, with ``say``, until it is left."""
    early = EarlyVerdicts(plan, results, say)
    early.start()
    try:
        yield early
    finally:
        early.close()


def line(verdict: ClaimVerdict) -> str:
    """A verdict on one line.

    For example ``supported: deep_vs_wide: Three hidden layers beat one. +1.6 points
    (+0.2 to +2.9), 6 blocks``.
    """
    answer = verdict.verdict.replace("_", " ")
    limits = asides(verdict)
    if limits:
        answer += f" ({', '.join(limits)})"
    numbers = f"{effect_and_interval(verdict)}, {blocks_in(verdict)}"
    return f"{answer}: {verdict.task}: {verdict.says} {numbers}"


def _cells_of_claims(plan: Plan) -> dict[tuple[str, str], set[CellPlace]]:
    """For each claim, by task and name, the cells that it needs."""
    found = {}
    for task in plan.tasks:
        cells = [cell for cell in plan.cells if cell.task == task]
        for claim in plan.claims(task):
            places = plan.deciding([claim])
            found[task, claim.name] = {
                cell.place
                for cell in cells
                if (cell.level, cell.builds) in places
            }
    return found

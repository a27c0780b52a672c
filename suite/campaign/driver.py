"""The driver: takes every cell through its tuning study and its finals, and puts each
training on record.

It is the only part that knows the state of a campaign, and it keeps none that matters:
the record is the truth, and resumption is replay. Ask again; where a run's key is
on record, tell its result at once; train the rest.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from heapq import heappop, heappush, heapreplace
from itertools import count
from pathlib import Path
from typing import Any

from search.study import Journal
from suite.campaign.campaign_dir import add_cells, begin, check_folder, locked
from suite.campaign.cell import Cell
from suite.campaign.machines import MachineCensus
from suite.campaign.progress import Tally
from suite.cluster.protocol import Executor, JobOutcome
from suite.planning.cost import world_size_of
from suite.planning.plan import CellPlan, Plan
from suite.records.cell_file import is_cell, write_cell
from suite.records.files import read_json, replace_text
from suite.records.journal import Record
from suite.records.run_record import RunRecord
from suite.tracking.protocol import CellDone, Tracker
from suite.training import checkpoint
from suite.training.environment import SHORT
from suite.training.job import (
    JUDGED,
    CheckpointPolicy,
    Job,
    Member,
    Result,
    Status,
    digest,
)
from suite.training.resources import Resources
from suite.verdicts.judge import undecided
from tasks import UserError

ATTEMPTS = 3  # at a run that is lost with its worker, before its cell waits for `retry`
POLL = 1.0  # seconds between looks at the state of affairs
KEPT_EVERY = 60.0  # seconds between files from which a run that is lost goes on
log = logging.getLogger("bakeoff")


class Driver:
    """Runs one campaign to its end, or to an interruption from which the same command
    goes on.
    """

    def __init__(
        self,
        plan: Plan,
        results: Path,
        workers: Executor,
        publisher: Tracker | None = None,
        watch: Callable[[Tally], None] = lambda tally: None,
        retry: bool = False,
    ) -> None:
        self.plan, self.results, self.workers, self.publisher, self.watch = (
            plan,
            results,
            workers,
            publisher,
            watch,
        )
        self.folder = results / plan.id
        self.checkpoints = self._unfinished()
        self.retry = retry
        self.tally = Tally(planned=plan.runs)
        self._lost: dict[str, int] = {}
        self._exclusive: set[str] = set()
        self._machines = MachineCensus()
        self._queue: list[
            tuple[tuple[int, int, int], Cell, Member]
        ] = []  # a heap, the most urgent first
        self._queued = count()
        self._beside = 0  # workers that groups in flight have beside their first
        self._cells_by_key: dict[str, Cell] = {}
        self.cells: list[Cell] = []
        self._journal: Journal | None = None
        # Where the journal is new (moved away, perhaps), all studies go into it.
        self._new_journal = not (results / "optuna.journal").exists()
        self._journal_is_broken = False
        self._looked = -POLL
        self._looks = {
            name: len(plan.of(name).interim_looks) for name in plan.tasks
        }  # still to be taken

    def run(self) -> Tally:
        """Train what is not on record yet. Raises UserError where the folder is unfit,
        KeyboardInterrupt on Ctrl-C.
        """
        check_folder(self.folder)
        with locked(self.folder):
            begin(self.folder, self.plan)
            (self.folder / "cancel").unlink(
                missing_ok=True
            )  # a request that an earlier driver did not live to hear
            self.record = Record(self.folder)
            try:
                with ThreadPoolExecutor(1, "filing") as self._filing:
                    self._run()
            except BaseException:
                self._write_state("stopped")
                raise
            finally:
                self.workers.cancel()
                self.record.close()
            done = all(cell.done for cell in self.cells)
            if done:
                checkpoint.clear(self.checkpoints)
            self._write_state("done" if done else "incomplete")
        return self.tally

    def _run(self) -> None:
        groups = (
            self._world_sizes()
        )  # what is wrong with them need not wait for the workers
        self._prepare_cells()
        device = self._device()
        self.needs = {
            (name, size): self._need(name, device, size) for name, size in groups
        }
        for need, size in {
            digest([n.model_dump(), size]): (n, size)
            for (_, size), n in self.needs.items()
        }.values():
            self.workers.check(need, size)
            self.workers.warm(need, device)
        known = {line["key"]: line for line in self.record.lines()}
        self._note_machine(line["worker"] for line in known.values())
        self._keep = self._prepared(known.values())
        if self.publisher:
            for line in known.values():
                self.publisher.put(line)
        self.known, self._on = known, device
        self.tally.started, self.tally.began = time.time(), time.monotonic()
        self._write_state("running")
        self._add(self.plan.cells)
        while True:
            self._submit()
            if not self.workers.in_flight:
                break
            for done in self.workers.wait(POLL):
                self._collect(done)
            self._poll()

    # -- asking and settling

    def _add(self, places: Iterable[CellPlan]) -> None:
        """Take up these cells, and the blocks that they turn out to call for."""
        new: list[Cell] = []
        for place in sorted(places, key=lambda place: place.block):
            new.append(
                Cell(self.plan, place, self._on)
            )  # takes a moment: its data are read and fingerprinted
            self._advance(new[-1])
            self._submit()  # workers need not wait for the other cells
        self.cells += new
        self.tally.planned = sum(cell.planned for cell in self.cells)
        for task in {cell.place.task for cell in new}:
            self._take_interim_look(task)

    def _take_interim_look(self, task: str) -> None:
        """Where a look is due, hand out the next blocks to the claims that it leaves
        open.

        A look is taken once all cells so far are in, and it reads nothing else: what it
        decides does not depend on the workers, nor on the order in which they finish.
        """
        if self._looks[task] < 2:  # after the last look nothing follows
            return
        cells = [cell for cell in self.cells if cell.place.task == task]
        if not all(cell.done for cell in cells):
            return
        looks = self.plan.of(task).interim_looks
        begin, end = looks[-self._looks[task] :][:2]
        self._looks[task] -= 1
        finals = [line for cell in cells for line in cell.finals.values()]
        places = undecided(read_json(self.folder / "campaign.json"), task, finals)
        further = self.plan.further_cells(task, range(begin, end), places)
        log.info(
            "%s after %d blocks: %d cells go on to %d blocks",
            task,
            begin,
            len(places),
            end,
        )
        if further:
            add_cells(self.folder, further)
            self._add(further)

    def _advance(self, cell: Cell) -> None:
        """Hand out what the cell can do now; settle at once what is on record."""
        while not cell.stuck:
            asked = cell.ask()
            if not asked:
                break
            self.tally.planned += sum(member.kind == "half" for member in asked)
            for member in asked:
                line = self.known.get(member.key)
                if line is not None and (
                    line["status"] in JUDGED
                    or not (self.retry or line["status"] == "lost")
                ):
                    self.tally.replayed += 1
                    self._settle(cell, line)
                else:
                    self._cells_by_key[member.key] = cell
                    self._enqueue(cell, member)
        if cell.done:
            self._finish(cell)

    def _settle(self, cell: Cell, line: RunRecord) -> None:
        cell.settle(line)
        self.tally.done += 1
        if line["status"] != "finished":
            self.tally.failed[line["status"]] = (
                self.tally.failed.get(line["status"], 0) + 1
            )

    def _enqueue(self, cell: Cell, member: Member) -> None:
        heappush(
            self._queue,
            ((cell.place.block, -cell.left, next(self._queued)), cell, member),
        )

    def _submit(self) -> None:
        """CheckpointPolicy every slot busy and a little in hand: early blocks first,
        then the cells with most left.

        A group starts all at once. It waits until there is room for it, and nothing is
        in hand that could take its room.
        """
        while self._queue:
            (block, left, turn), cell, member = self._queue[0]
            if (
                -cell.left > left
                # its cell has got on since it was queued, so others may be more urgent
                # now
            ):
                heapreplace(self._queue, ((block, -cell.left, turn), cell, member))
                continue
            group = cell.recipe.world_size
            need = self.needs[cell.place.task, group]
            self.tally.slots = self.workers.slots(need)
            prefetch = self.workers.prefetch if group == 1 and not self._beside else 0
            if self._busy and self._busy + group > self.tally.slots + prefetch:
                break
            heappop(self._queue)
            self._beside += group - 1
            self.workers.submit(
                cell.job(member, self._keep),
                need,
                exclusive=member.key in self._exclusive,
            )
        self.tally.in_flight = self._busy

    @property
    def _busy(self) -> int:
        """Executor that are wanted by what is in flight."""
        return self.workers.in_flight + self._beside

    def _collect(self, done: JobOutcome) -> None:
        job = done.job
        self._beside -= job.world_size - 1
        if done.lost is not None:
            for member in job.members:
                self._retry_or_record_loss(job, member, done)
            return
        for member, result in zip(job.members, done.results, strict=True):
            self._check_sources(job, result)
            self._record(job, member, result)
            if (
                "resumed" in result.worker
                or result.ended - result.started >= KEPT_EVERY
            ):  # others leave nothing
                checkpoint.drop(self.checkpoints, member.key)

    def _check_sources(self, job: Job, result: Result) -> None:
        """Raise UserError where a worker runs other sources than this campaign: its
        results are another's.
        """
        mine, theirs = self.plan.sources[job.task][:SHORT], result.worker.get("sources")
        if theirs not in (None, mine):
            raise UserError(
                f"A worker on {result.worker['host']} trains {job.task} with other sources ({theirs}) than this "
                f"campaign has ({mine}): install the same version of Bakeoff on every node, or put back what was "
                "changed while it ran; then run the same command. Everything on record is kept."
            )

    def _note_machine(self, workers: Iterable[Mapping[str, Any]]) -> None:
        """Take note of the machines that trained, and say so where they are not of one
        kind.
        """
        if [worker for worker in workers if self._machines.add(worker)]:
            log.warning(
                "not all machines are of one kind: %s", self._machines.differences
            )

    def _retry_or_record_loss(self, job: Job, member: Member, done: JobOutcome) -> None:
        """A run whose worker went away is queued again; after so many attempts the
        loss goes on record.

        One that was stopped for want of memory may only have stood beside the one that
        ate it, so it is given a node to itself, once.
        """
        self._lost[member.key] = self._lost.get(member.key, 0) + 1
        if (
            member.key not in self._exclusive
            if done.out_of_memory
            else self._lost[member.key] < ATTEMPTS
        ):
            log.warning(
                "lost with its worker, trained again: %s (%s)",
                member.key[:12],
                done.lost,
            )
            self._exclusive |= {member.key} if done.out_of_memory else set()
            self._enqueue(self._cells_by_key[member.key], member)
            return
        status: Status = "out_of_memory" if done.out_of_memory else "lost"
        now = time.time()
        self._record(
            job,
            member,
            Result(member.key, status, error=done.lost, started=now, ended=now),
        )

    def _record(self, job: Job, member: Member, result: Result) -> None:
        """The record first, then everything else."""
        cell = self._cells_by_key[member.key]
        if result.data:
            result = replace(
                result, data={**result.data, "fingerprint": cell.identity["data"]}
            )
        try:
            line = self.record.append(job, member, result)
        except OSError as error:
            raise UserError(
                f"{self.folder} cannot be written ({error.strerror or error}): free some space or mend its "
                "permissions, then run the same command; everything on record is kept."
            ) from error
        if result.status != "finished":
            log.warning(
                "%s: %s/%s/%s block %d %s %d: %s",
                result.status,
                job.task,
                job.level,
                job.arm,
                member.block,
                member.kind,
                member.number,
                result.error,
            )
        self.tally.trained += 1
        self._note_machine([result.worker])
        if self.publisher:
            self.publisher.put(line)
        self._settle(cell, line)
        self._advance(cell)
        if cell.done:
            self._take_interim_look(cell.place.task)

    def _finish(self, cell: Cell) -> None:
        """Hand a finished cell to the thread that files it; a slow disk must not keep
        workers waiting.
        """
        self._filing.submit(self._file, cell)

    def _file(self, cell: Cell) -> None:
        """Export the cell's study, write its parquet file, publish both.

        Nothing that fails here stops the campaign: it is logged, told at the end, and
        made up for by the next run.
        """
        path = self._cell_file(cell.place)
        try:
            written = is_cell(path)
            if self._new_journal or not written:
                self._export_study(cell)
            if not written:
                write_cell(path, cell.lines.values())
        except Exception as error:
            log.exception("%s could not be filed", cell.place)
            self._add_problem(
                f"Cells could not be written to {self.folder} ({error}): the same "
                "command tries again."
            )
        if self.publisher:
            self.publisher.put(self._cell_done(cell, path))

    def _cell_file(self, place: CellPlan) -> Path:
        below = Path(place.task, place.level, place.arm, str(place.block))
        return self.folder / "cells" / below / "cell.parquet"

    def _export_study(self, cell: Cell) -> None:
        """Add the cell's study to the Optuna journal, as long as that takes studies."""
        path = self.results / "optuna.journal"
        if self._journal_is_broken:
            return
        try:
            self._journal = self._journal or Journal(path)
            self._journal.add(cell.study)
        except Exception as error:  # whatever Optuna makes of a damaged file
            self._journal_is_broken = True
            log.warning("%s takes no studies: %r", path, error)
            self._add_problem(
                f"{path} takes no studies ({type(error).__name__}: {error}). No result "
                "is lost: move it away, and the same command writes a new one."
            )

    def _cell_done(self, cell: Cell, path: Path) -> CellDone:
        artifacts = [
            self.folder / "artifacts" / line["key"] / name
            for line in cell.finals.values()
            for name in line["artifacts"]
        ]
        files = [file for file in (path, *artifacts) if file.exists()]
        chosen = cell.study.best().params
        return CellDone(cell.place.place, cell.means(), tuple(files), chosen)

    def _add_problem(self, problem: str) -> None:
        if problem not in self.tally.problems:
            self.tally.problems.append(problem)

    # -- circumstances

    def _unfinished(self) -> Path:
        """Where long runs leave what it takes to go on: in the campaign's folder,
        or a place all nodes see.
        """
        named = os.environ.get("BAKEOFF_CHECKPOINTS")
        return (
            Path(named) / self.plan.id
            if named
            else self.folder.resolve() / "checkpoints"
        )

    def _prepared(self, lines: Iterable[RunRecord]) -> CheckpointPolicy | None:
        try:
            checkpoint.prepare(
                self.checkpoints, (line["key"] for line in lines if line["worker"])
            )
        except OSError as error:
            log.warning(
                "%s cannot be used, so a long run that is lost starts anew: %s",
                self.checkpoints,
                error,
            )
            return None
        return CheckpointPolicy(str(self.checkpoints), KEPT_EVERY)

    def _world_sizes(self) -> list[tuple[str, int]]:
        """Every task, with how many workers train one model. Raises UserError where an
        arm cannot be shared.
        """
        places = dict.fromkeys(
            (cell.task, cell.level, cell.builds) for cell in self.plan.cells
        )
        return list(
            dict.fromkeys(
                (place[0], world_size_of(self.plan, *place)) for place in places
            )
        )

    def _prepare_cells(self) -> None:
        """Begin cells for as long as the workers are not there: data are read and
        fingerprinted, samplers imported.
        """
        first = {
            (place.task, place.level): place for place in reversed(self.plan.cells)
        }
        for place in reversed(first.values()):
            if not self.workers.starting:
                break
            Cell(self.plan, place, "cpu").ask()

    def _device(self) -> str:
        wanted = self.plan.profile.device
        if wanted != "auto":
            return wanted
        return "cuda" if self.workers.has_gpu() else "cpu"

    def _need(self, task: str, device: str, group: int) -> Resources:
        """What each worker of a group of that size asks for."""
        need = self.plan.of(task).resources
        if device == "cuda" and not need.gpus:
            need = need.model_copy(update={"gpus": 0.25 if group == 1 else 1})
        return need

    def _poll(self) -> None:
        """Once a second: tell watchers and the state file, and heed a request to stop."""
        now = time.monotonic()
        self.watch(self.tally)
        if now - self._looked < POLL:
            return
        self._looked = now
        self.tally.slots = max(
            self.workers.slots(need) for need in self.needs.values()
        )  # nodes come and go
        if (waiting := self.workers.waiting or "") != self.tally.waiting:
            self.tally.waiting = waiting
            log.info(
                "waiting for %s" if waiting else "%sno longer waiting for a node",
                waiting,
            )
        self._write_state("running")
        if (self.folder / "cancel").exists():
            (self.folder / "cancel").unlink()
            raise KeyboardInterrupt

    def _write_state(self, state: str) -> None:
        tally = self.tally
        tally.unlike = self._machines.differences
        about = {
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
            "ray_dashboard": self.workers.dashboard,
            "unpublished": self.publisher.waiting if self.publisher else 0,
        }
        try:
            replace_text(self.folder / "state.json", json.dumps(about))
        except OSError as error:  # the state is for watchers; the record is what counts
            log.warning("state.json cannot be written: %s", error)

"""The driver: runs the tuning study and the finals of every cell, and records each run.

It alone knows the state of a campaign, and none of that state needs saving: the record
is the only source of truth, and a campaign resumes by replaying it. The studies are
asked again; if a run's key is in the record, its result is told at once; the rest is
trained.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from suite.campaign.campaign_dir import begin, check_folder, locked
from suite.campaign.cell import Cell
from suite.campaign.cell_writer import CellWriter
from suite.campaign.interim import InterimLooks
from suite.campaign.machines import MachineCensus
from suite.campaign.needs import distinct, needs_of, world_sizes
from suite.campaign.progress import Tally, write_state
from suite.campaign.running import MachineLoads, Running, WorkerLoads
from suite.campaign.scheduler import Scheduler, claim_kinds
from suite.campaign.stacks import StackChoices
from suite.cluster.load import machine_load
from suite.cluster.protocol import Executor, JobOutcome
from suite.planning.plan import CellPlan, Plan
from suite.records.frames import Generations
from suite.records.journal import Record
from suite.records.reuse import OtherCampaigns
from suite.records.run_record import RunRecord
from suite.tracking.protocol import Tracker
from suite.training import checkpoint
from suite.training.environment import SHORT
from suite.training.job import (
    JUDGED,
    CheckpointPolicy,
    Job,
    Member,
    Result,
    Status,
    timed,
)
from tasks import UserError

# Between two writes of state.json, and two looks for a request to stop.
POLL_INTERVAL_S = 1.0
START_POLL_S = 0.1  # while the executor starts and there is nothing else to do
# Between checkpoints of a long run, which resumes from the last one if its
# worker is lost. Most runs are shorter, and never write one.
CHECKPOINT_INTERVAL_S = 60.0
T = TypeVar("T")
log = logging.getLogger("bakeoff")


class Driver:
    """Runs one campaign to its end, or to an interruption.

    The same command resumes it. ``watch`` is called with the tally about once a second;
    ``retry`` trains again what is recorded as crashed, timed out or out of memory.
    """

    def __init__(
        self,
        plan: Plan,
        results: Path,
        executor: Executor,
        tracker: Tracker | None = None,
        watch: Callable[[Tally], None] = lambda tally: None,
        retry: bool = False,
    ) -> None:
        self.plan = plan
        self.results = results
        self.folder = results / plan.id
        self.executor = executor
        self.tracker = tracker
        self.watch = watch
        self.retry = retry
        self.tally = Tally(planned=plan.runs)
        self._running = Running()
        self._worker_loads = WorkerLoads()
        self._machine_loads = MachineLoads()
        self.cells: list[Cell] = []
        self._is_adding = False  # cells
        self._others = OtherCampaigns(self.folder)
        self._scheduler = Scheduler(
            executor, self._job, plan.profile.stack, claim_kinds(plan)
        )
        self._stacks = StackChoices(plan, self.folder)
        self._interim_looks = InterimLooks(plan, self.folder)
        self._machines = MachineCensus()
        # To which cell the result of a queued run belongs, by the run's key.
        self._cells_by_key: dict[str, Cell] = {}
        self._known: dict[str, RunRecord] = {}  # lines of the record, by key
        self._plans = Generations()
        self._device = "cpu"
        self._checkpoint_folder = self._find_checkpoint_folder()
        self._checkpoints: CheckpointPolicy | None = None
        # Due at once, so that watchers see a state before the first second is
        # over.
        self._last_poll = -POLL_INTERVAL_S
        self._stop_request = self.folder / "cancel"

    def run(self) -> Tally:
        """Train what is not recorded yet.

        Raises UserError if the folder cannot be used or the executor lacks resources
        that runs require, and KeyboardInterrupt on Ctrl-C.
        """
        check_folder(self.folder)
        # Two drivers would append to one record, each not knowing what the
        # other has trained.
        with locked(self.folder):
            begin(self.folder, self.plan)
            # Left from an earlier driver that ended before it read this
            # request.
            self._stop_request.unlink(missing_ok=True)
            with closing(Record(self.folder)) as self._record:
                self._run_until_stopped()
            is_done = all(cell.done for cell in self.cells)
            # Otherwise the next driver's runs resume from them.
            if is_done:
                checkpoint.clear(self._checkpoint_folder)
            # A shard has only its own blocks: the campaign is whole once all
            # are imported.
            is_whole = is_done and self.plan.shard is None
            self._write_state("done" if is_whole else "incomplete")
        return self.tally

    def _run_until_stopped(self) -> None:
        """Run all cells until nothing is left to do. Whatever ends it early is
        raised again, once the state says that the campaign has stopped.
        """
        journal = self.results / "optuna.journal"
        problem = self.tally.add_problem
        try:
            with CellWriter(
                self.folder, journal, self.tracker, problem
            ) as self._writer:
                self._prepare()
                self._add_cells(self.plan.cells)
                self._collect_until_idle()
        # KeyboardInterrupt as well: `bakeoff status` must not show a driver
        # that is gone.
        except BaseException:
            self._write_state("stopped")
            raise
        finally:
            self.executor.cancel()

    # -- preparing

    def _prepare(self) -> None:
        """Everything before the first job: resources, device, the record."""
        # First, as an arm that cannot be split over its workers is a user's
        # error, and is reported before Ray has started.
        sizes = world_sizes(self.plan)
        self._warm_caches()
        self._await_executor()
        self._device = self._choose_device()
        needs = needs_of(self.plan, sizes, self._device)
        for need, world_size in distinct(needs):
            self.executor.check(need, world_size)
            self.executor.warm(need, self._device)

        self._stacks.settle(self._device)
        self._scheduler.needs = needs
        self._read_record()
        self.tally.begin()
        self._write_state("running")

    def _warm_caches(self) -> None:
        """Use the time until the executor has started.

        Data are read and fingerprinted, samplers imported.
        """
        first: dict[tuple[str, str], CellPlan] = {}
        for cell_plan in self.plan.cells:
            # One cell of each level is enough: the fingerprint is of the data
            # that seed 0 gives, whatever the block.
            first.setdefault((cell_plan.task, cell_plan.level), cell_plan)
        for cell_plan in first.values():
            # The workers are up. From here on preparing more would keep them
            # waiting; what is left is done as cells are added.
            if not self.executor.starting:
                break
            Cell(self.plan, cell_plan, "cpu").ask()

    def _await_executor(self) -> None:
        """Wait until the executor has started, and report what it waits for."""
        while self.executor.starting:
            self.tally.waiting = self.executor.waiting or ""
            self.watch(self.tally)
            time.sleep(START_POLL_S)
        self.tally.waiting = ""

    def _choose_device(self) -> str:
        """The device that runs take place on: the profile's own, or else a GPU
        where there is one.
        """
        wanted = self.plan.profile.device
        if wanted != "auto":
            return wanted
        return "cuda" if self.executor.has_gpu() else "cpu"

    def _read_record(self) -> None:
        """Take note of all that the record has, and hand it to the tracker."""
        for line in self._record.lines():
            self._note(line)
        lines = self._known.values()
        self._note_machines(line["worker"] for line in lines)
        self._checkpoints = self._prepare_checkpoints(
            line["key"] for line in lines if line["worker"]
        )
        for line in lines:
            self._publish(line)

    def _find_checkpoint_folder(self) -> Path:
        """In the campaign's folder, or where all nodes see it."""
        named = os.environ.get("BAKEOFF_CHECKPOINTS")
        if named:
            return Path(named) / self.plan.id
        return self.folder.resolve() / "checkpoints"

    def _prepare_checkpoints(
        self, finished: Iterable[str]
    ) -> CheckpointPolicy | None:
        """Where and how often long runs keep checkpoints, without those of
        runs that have finished; None if the folder cannot be used.
        """
        folder = self._checkpoint_folder
        try:
            checkpoint.prepare(folder, finished)
        except OSError as error:
            log.warning(
                "%s cannot be used, so a long run that is lost starts from scratch: %s",
                folder,
                error,
            )
            return None
        return CheckpointPolicy(str(folder), CHECKPOINT_INTERVAL_S)

    # -- asking cells

    def _add_cells(self, plans: Iterable[CellPlan]) -> None:
        """Start these cells, and those that interim looks then add."""
        new: list[Cell] = []
        self._is_adding = True
        for group in self._together(plans):
            self._collect_meanwhile()
            for cell_plan in group:
                # Takes a moment, as its data are read and fingerprinted.
                stacked = self._stacks.has(cell_plan)
                cell = Cell(self.plan, cell_plan, self._device, stacked)
                new.append(cell)
                self._advance(cell)
            # Workers need not wait for the other cells.
            self._submit()
        self.cells += new
        self.tally.planned = sum(cell.planned for cell in self.cells)
        self._is_adding = False
        # Of others, too: what came back meanwhile may have made one due.
        for task in {cell.cell_plan.task for cell in self.cells}:
            self._take_interim_look(task)

    def _together(self, plans: Iterable[CellPlan]) -> list[list[CellPlan]]:
        """Groups of cells that are added one after the other.

        By block, as the scheduler submits them: a claim needs all arms of a block, and
        can be judged once there are some blocks. Without stacks each cell is a group.
        With them the first group has all that can be told at once, and then each arm
        at a level is one, since measuring what a stack gains takes a second or two.
        """
        ordered = sorted(plans, key=lambda cell_plan: cell_plan.block)
        if self.plan.profile.stack == 1:
            return [[cell_plan] for cell_plan in ordered]
        groups: dict[Any, list[CellPlan]] = {}
        for cell_plan in ordered:
            place = cell_plan.task, cell_plan.level, cell_plan.builds
            group = None if self._stacks.is_settled(cell_plan) else place
            groups.setdefault(group, []).append(cell_plan)
        first = groups.pop(None, [])
        return [first, *groups.values()]

    def _collect_meanwhile(self) -> None:
        """Record what has come back while cells were added with measurements."""
        if self.plan.profile.stack > 1 and self.executor.in_flight:
            for outcome in self.executor.wait(0.0):
                self._collect(outcome)
            self._poll()

    def _take_interim_look(self, task: str) -> None:
        """If an interim look is due, add the next blocks of the claims that it leaves
        open.
        """
        if self._is_adding:
            return  # of a task's cells some are missing
        cells = [cell for cell in self.cells if cell.cell_plan.task == task]
        further = self._interim_looks.take(task, cells)
        if further:
            self._add_cells(further)

    def _advance(self, cell: Cell) -> None:
        """Queue the runs that the cell can start now; results that are recorded are
        added at once.
        """
        while not cell.needs_retry:
            self._note_ended_early(cell)
            asked = cell.ask()
            if not asked:
                break
            # The plan cannot count these: whether half of the trials choose
            # other hyperparameters, and which trials have a further round, is
            # known only while tuning.
            self.tally.planned += sum(
                member.kind in ("half_budget", "round") for member in asked
            )
            for member in asked:
                self._replay_or_queue(cell, member)
        if cell.done:
            self._writer.write(cell)
            self.tally.cells_done.append(cell.cell_plan.place)

    def _note_ended_early(self, cell: Cell) -> None:
        """Record the trials of a cell that a round has ended, and drop what they would
        have resumed from.
        """
        for trial, line in cell.take_ended_early().items():
            # Counted as a run that ended well: whether it diverged was counted
            # with its round.
            self.tally.add("finished")
            checkpoint.drop(self._checkpoint_folder, trial)
            if line["key"] in self._known:
                self.tally.replayed += 1
                continue
            self._write(partial(self._record.append_line, line))
            self._note(line)
            self._publish(line)

    def _publish(self, line: RunRecord) -> None:
        """Hand a line to the tracker; the rounds of a trial are part of the trial."""
        if self.tracker and line["kind"] != "round":
            self.tracker.put(line)

    def _replay_or_queue(self, cell: Cell, member: Member) -> None:
        """Tell the cell of a run that is recorded already, here or in another
        campaign; queue any other.
        """
        line = self._known.get(member.key) or self._taken_over(cell, member)
        if line is not None and self._is_settled(line):
            self.tally.replayed += 1
            self._tell(cell, self._of_this_plan(line, member))
        else:
            self._cells_by_key[member.key] = cell
            self._scheduler.add(cell, member)

    def _taken_over(self, cell: Cell, member: Member) -> RunRecord | None:
        """The result of a run that another campaign has finished, copied to this
        record.

        Not if a claim is about time, which depends on the machine's load, and not with
        ``--new``, which asks for new runs.
        """
        claims = self.plan.claims(cell.cell_plan.task)
        if self.plan.nonce or any(timed(claim.metric) for claim in claims):
            return None
        line = self._others.take(member.key, member.cell, self._record)
        if line is not None:
            self._note(line)
            self._publish(line)
        return line

    def _of_this_plan(self, line: RunRecord, member: Member) -> RunRecord:
        """A recorded run, recorded once more where another plan of its cell has been
        followed since: of each cell the newest plan counts.
        """
        counts = self._plans.newest(line) == member.cell
        if counts and line.get("cell") == member.cell:
            return line
        line = {**line, "cell": member.cell}
        self._write(partial(self._record.append_line, line))
        self._note(line)
        return line

    def _note(self, line: RunRecord) -> None:
        """Remember a line of the record."""
        self._known[line["key"]] = line
        self._plans.put(line)

    def _is_settled(self, line: RunRecord) -> bool:
        """Whether a recorded result is kept: lost runs never are, failed ones unless
        `retry` was asked for.
        """
        if line["status"] in JUDGED:
            return True
        return not self.retry and line["status"] != "lost"

    def _tell(self, cell: Cell, line: RunRecord) -> None:
        """Tell the cell, the tally and the scheduler of a run that has ended."""
        cell.tell(line)
        self.tally.add(line["status"])
        # Recorded runs count, too: a resumed campaign knows from the start
        # which tasks are fast.
        self._scheduler.note_seconds(cell, line["ended"] - line["started"])

    # -- jobs out, results in

    def _job(self, cell: Cell, members: Sequence[Member]) -> Job:
        """The job that trains some members, which count as running from now on."""
        job = cell.job(*members, checkpoints=self._checkpoints)
        self._running.add(job)
        return job

    def _submit(self) -> None:
        self._scheduler.submit()
        scheduler = self._scheduler
        self.tally.note_in_flight(scheduler.workers_busy, scheduler.slots)

    def _collect_until_idle(self) -> None:
        """Submit runs and record those that return, until none is in flight."""
        while True:
            self._submit()
            # The scheduler keeps at least one run in flight while any is
            # queued, so all cells are done, or wait for `bakeoff retry`.
            if not self.executor.in_flight:
                return
            for outcome in self.executor.wait(POLL_INTERVAL_S):
                self._collect(outcome)
            self._poll()

    def _collect(self, outcome: JobOutcome) -> None:
        """Record what came back from a worker: a result for each member of the
        job, or its loss.
        """
        job = outcome.job
        self._scheduler.note_return(job)
        self._running.remove(job)
        self._machine_loads.add(outcome.load)
        if outcome.lost is not None:
            for member in job.members:
                self._retry_or_record_loss(job, member, outcome)
            return

        for member, result in zip(job.members, outcome.results, strict=True):
            self._check_sources(job, result)
            self._record_result(job, member, result)
            self._drop_checkpoint(result)

    def _drop_checkpoint(self, result: Result) -> None:
        """Delete the checkpoint of a long run; short ones have none."""
        is_long = result.ended - result.started >= CHECKPOINT_INTERVAL_S
        if is_long or "resumed" in result.worker:
            checkpoint.drop(self._checkpoint_folder, result.key)

    def _check_sources(self, job: Job, result: Result) -> None:
        """Raise UserError if a worker runs different source code than this campaign:
        its results would belong to another campaign.
        """
        mine, theirs = (
            self.plan.sources[job.task][:SHORT],
            result.worker.get("sources"),
        )
        # None: the worker cannot import the task's module, so that it has no
        # sources to compare.
        if theirs not in (None, mine):
            raise UserError(
                f"A worker on {result.worker['host']} trains {job.task} with other "
                f"sources ({theirs}) than this campaign has ({mine}): install the same "
                "version of Bakeoff on every node, put back what was changed while it "
                "ran, or take constants that differ from process to process, such as a "
                "time, out of the task's file; then run the same command. Everything "
                "recorded is kept."
            )

    def _retry_or_record_loss(
        self,
        job: Job,
        member: Member,
        outcome: JobOutcome,
    ) -> None:
        """Queue a lost run again, or record it as lost once it was tried often
        enough.
        """
        cell = self._cells_by_key[member.key]
        if self._scheduler.retry(cell, member, outcome):
            return
        status: Status = "out_of_memory" if outcome.out_of_memory else "lost"
        now = time.time()
        result = Result(
            member.key, status, error=outcome.lost, started=now, ended=now
        )
        self._record_result(job, member, result)

    def _record_result(self, job: Job, member: Member, result: Result) -> None:
        """The record first, then everything else."""
        cell = self._cells_by_key[member.key]
        line = self._append(job, member, _with_fingerprint(result, cell))
        if result.status != "finished":
            _log_failure(job, member, result)
        self.tally.trained += 1
        self._note_machines([result.worker])
        self._worker_loads.add(result.worker)
        self._publish(line)
        self._tell(cell, line)
        # The result may complete a generation of the study, whose next one is
        # due then.
        self._advance(cell)
        if cell.done:
            self._take_interim_look(cell.cell_plan.task)

    def _append(self, job: Job, member: Member, result: Result) -> RunRecord:
        return self._write(partial(self._record.append, job, member, result))

    def _write(self, write: Callable[[], T]) -> T:
        """What ``write`` returns. Raises UserError if the disk refuses it."""
        try:
            return write()
        except OSError as error:
            raise UserError(
                f"{self.folder} cannot be written ({error.strerror or error}): free "
                "some space or fix its permissions, then run the same command; "
                "everything recorded is kept."
            ) from error

    def _note_machines(self, workers: Iterable[Mapping[str, Any]]) -> None:
        """Count the machines that trained, and log if they are not of one kind."""
        unlike = [worker for worker in workers if self._machines.add(worker)]
        if unlike:
            log.warning(
                "not all machines are of one kind: %s",
                self._machines.differences,
            )

    # -- reporting

    def _poll(self) -> None:
        """Notify watchers; once a second write the state and check for a stop request."""
        self.watch(self.tally)
        now = time.monotonic()
        if now - self._last_poll < POLL_INTERVAL_S:
            return
        self._last_poll = now
        # Asked for again each time, since the nodes of a cluster come and go.
        needs = self._scheduler.needs.values()
        self.tally.slots = max(self.executor.slots(need) for need in needs)
        self._note_waiting(self.executor.waiting or "")
        self._write_state("running")
        if self._stop_request.exists():
            # Removed first, or the same command would stop again as soon as it
            # resumed.
            self._stop_request.unlink()
            raise KeyboardInterrupt

    def _note_waiting(self, waiting: str) -> None:
        if waiting == self.tally.waiting:
            return
        self.tally.waiting = waiting
        if waiting:
            log.info("waiting for %s", waiting)
        else:
            log.info("no longer waiting for a node")

    def _write_state(self, state: str) -> None:
        """Write how far the campaign is to its folder; ``state`` is a word,
        such as "running".
        """
        self.tally.unlike = self._machines.differences
        write_state(
            self.folder,
            state,
            self.tally,
            running=self._running.current(self.tally.slots),
            machine=machine_load(),
            machines=self._machine_loads.known(),
            workers=self._worker_loads.current(),
            ray_dashboard=self.executor.dashboard,
            unpublished=self.tracker.waiting if self.tracker else 0,
        )


def _with_fingerprint(result: Result, cell: Cell) -> Result:
    """The result with the fingerprint of the data that it was trained on."""
    # A run that crashed before it had its data has none.
    if not result.data:
        return result
    fingerprint = cell.identity["data"]
    # Empty for an arm that measures a function and learns from no data.
    if not fingerprint:
        return result
    return replace(result, data={**result.data, "fingerprint": fingerprint})


def _log_failure(job: Job, member: Member, result: Result) -> None:
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

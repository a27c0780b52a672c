"""The driver: takes every cell through its tuning study and its finals, and puts each training on record.

It is the only part that knows the state of a campaign, and it keeps none that matters: the record is the truth, and
resumption is replay. Ask again; where a training's key is on record, tell its result at once; train the rest.
"""

from __future__ import annotations

import importlib.metadata
import json
import logging
import os
import platform
import socket
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from filelock import FileLock, Timeout

from search.study import Study
from suite.fingerprint import data_hash
from suite.job import JUDGED, Done, Job, Kind, Member, Result, Status, digest
from suite.plan import CellPlan, Plan
from suite.profile import Resources, TaskPlan
from suite.record import Record, free_space
from suite.results import read_json, write_cell
from suite.seeds import training_seeds, tuner_seed
from tasks import Task, UserError, source_of

LOOKAHEAD = 2  # jobs handed out beyond the free slots, so that no worker waits for the driver
ATTEMPTS = 3  # at a training that is lost with its worker, before its cell waits for `retry`
POLL = 1.0  # seconds between looks at the state of affairs
ROOM = 50 * 2**20  # bytes that must be free before a campaign starts
LIBRARIES = ("torch", "ray", "optuna", "mlflow", "numpy", "pandas", "scipy", "scikit-learn", "mnist1d", "mlxtend")

log = logging.getLogger("bakeoff")


class Workers(Protocol):
    """What the driver needs of whoever runs jobs: Ray, or this process in tests."""

    def has_gpu(self) -> bool: ...
    def slots(self, need: Resources) -> int: ...
    def check(self, need: Resources) -> None: ...
    def warm(self, need: Resources, device: str) -> None: ...
    def submit(self, job: Job, need: Resources) -> None: ...
    @property
    def flying(self) -> int: ...
    def wait(self, seconds: float) -> list[Done]: ...
    def cancel(self) -> None: ...
    def close(self) -> None: ...


class Publishing(Protocol):
    """What the driver needs of whoever publishes the record."""

    error: str | None

    def put(self, item: Any) -> None: ...
    @property
    def waiting(self) -> int: ...
    def close(self, seconds: float = ...) -> None: ...


@dataclass
class Tally:
    """How far a campaign is, for whoever watches."""

    planned: int
    done: int = 0
    replayed: int = 0
    trained: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    flying: int = 0
    slots: int = 0
    started: float = field(default_factory=time.time)

    @property
    def rate(self) -> float:
        """Trainings a second since this driver began training."""
        return self.trained / max(time.time() - self.started, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        return (self.planned - self.done) / self.rate if self.trained >= 3 else None


class Cell:
    """One cell on its way: a tuning study, then finals with the settings it chose."""

    def __init__(self, plan: Plan, place: CellPlan, identity: Mapping[str, Any]) -> None:
        self.place = place
        self.task: Task = plan.tasks[place.task]
        self.plan: TaskPlan = plan.of(place.task)
        self.root = plan.profile.root_seed
        self.identity = identity
        procedure = self.task.procedure_of(self.task.arm(place.builds))
        self.chooser = procedure.measures[0]
        self.study = Study(
            self.task.space_of(self.task.arm(place.builds)),
            seed=tuner_seed(self.root, *self._where, place.arm),
            trials=self.plan.trials or 1,
            sampler=plan.profile.sampler,
            name=f"{plan.id}/{place.task}/{place.level}/{place.arm}/{place.block}",
            root_seed=self.root,
        )
        self.finals: dict[int, Mapping[str, Any]] = {}
        self.lines: dict[str, Mapping[str, Any]] = {}
        self.open: dict[str, Member] = {}
        self.stuck = False
        self._finals_asked = False

    @property
    def _where(self) -> tuple[str, str, int]:
        return self.place.task, self.place.level, self.place.block

    @property
    def done(self) -> bool:
        return len(self.finals) == (self.plan.finals or 1)

    @property
    def left(self) -> int:
        """Trainings still to go."""
        return (self.plan.trials or 1) - self.study.trials_told + (self.plan.finals or 1) - len(self.finals)

    def ask(self) -> list[Member]:
        """The trainings that can start now, each handed out once."""
        if not self.study.done:
            asked = [self._member("trial", p.number, p.settings) for p in self.study.ask()]
        elif not self._finals_asked:
            self._finals_asked = True
            best = self.study.best().settings
            asked = [self._member("final", number, best) for number in range(self.plan.finals or 1)]
        else:
            asked = []
        self.open |= {member.key: member for member in asked}
        return asked

    def settle(self, line: Mapping[str, Any]) -> None:
        """Take in what a training came to. One that its machine failed leaves the cell waiting for `retry`."""
        self.lines[line["key"]] = line
        if line["status"] not in JUDGED:
            self.stuck = True
            return
        member = self.open.pop(line["key"])
        if member.kind == "final":
            self.finals[member.number] = line
        else:
            value = -self.chooser.sign * line["metrics"][f"validation.{self.chooser.name}"]
            self.study.tell(member.number, value, failed=line["status"] == "diverged", key=line["key"])

    def _member(self, kind: Kind, number: int, settings: Mapping[str, Any]) -> Member:
        task, level, block = self._where
        seeds = training_seeds(self.root, task, level, block, self.place.arm, kind, number)
        decides = {**self.identity, "kind": kind, "settings": dict(settings), "seeds": seeds}
        return Member(digest(decides), kind, block, number, dict(settings), seeds)

    def means(self) -> dict[str, float]:
        """Mean of each metric over the cell's finals."""
        if not self.finals:
            return {}
        names = next(iter(self.finals.values()))["metrics"]
        return {name: sum(line["metrics"].get(name, 0.0) for line in self.finals.values()) / len(self.finals)
                for name in names}


class Driver:
    """Runs one campaign to its end, or to an interruption from which the same command goes on."""

    def __init__(
        self,
        plan: Plan,
        results: Path,
        workers: Workers,
        publisher: Publishing | None = None,
        watch: Callable[[Tally], None] = lambda tally: None,
        retry: bool = False,
    ) -> None:
        self.plan, self.results, self.workers, self.publisher, self.watch = plan, results, workers, publisher, watch
        self.folder = results / plan.id
        self.retry = retry
        self.tally = Tally(planned=plan.trainings)
        self._lost: dict[str, int] = {}
        self._queue: list[tuple[Cell, Member]] = []
        self._cells_by_key: dict[str, Cell] = {}
        self._looked = 0.0

    def run(self) -> Tally:
        """Train what is not on record yet. Raises UserError where the folder cannot be used, KeyboardInterrupt on Ctrl-C."""
        check_folder(self.folder)
        with locked(self.folder):
            _write_about(self.folder, self.plan)
            self.record = Record(self.folder)
            try:
                self._run()
            except BaseException:
                self._say("stopped")
                raise
            finally:
                self.workers.cancel()
                self.record.close()
        return self.tally

    def _run(self) -> None:
        device = self._device()
        self.needs = {name: self._need(name, device) for name in self.plan.tasks}
        for need in {digest(n.model_dump()): n for n in self.needs.values()}.values():
            self.workers.check(need)
            self.workers.warm(need, device)
        self.device = device
        known = {line["key"]: line for line in self.record.lines()}
        if self.publisher:
            for line in known.values():
                self.publisher.put(line)
        self.cells = [Cell(self.plan, place, self._identity(place, device)) for place in self.plan.cells]
        self.known = known
        for cell in self.cells:
            self._advance(cell)
        self.tally.started = time.time()
        self._say("running")
        while True:
            self._submit()
            if not self.workers.flying:
                break
            for done in self.workers.wait(POLL):
                self._land(done)
            self._look_around()
        self._say("done" if all(cell.done for cell in self.cells) else "incomplete")

    # -- asking and settling

    def _advance(self, cell: Cell) -> None:
        """Hand out what the cell can do now; settle at once what is on record."""
        while not cell.stuck:
            asked = cell.ask()
            if not asked:
                break
            for member in asked:
                line = self.known.get(member.key)
                if line is not None and (line["status"] in JUDGED or not (self.retry or line["status"] == "lost")):
                    self.tally.replayed += 1
                    self._settle(cell, line)
                else:
                    self._cells_by_key[member.key] = cell
                    self._queue.append((cell, member))
        if cell.done:
            self._finish(cell)

    def _settle(self, cell: Cell, line: Mapping[str, Any]) -> None:
        cell.settle(line)
        self.tally.done += 1
        if line["status"] != "finished":
            self.tally.failed[line["status"]] = self.tally.failed.get(line["status"], 0) + 1

    def _submit(self) -> None:
        """Keep every slot busy and a little in hand: early blocks first, then the cells with most left."""
        self._queue.sort(key=lambda item: (item[0].place.block, -item[0].left))
        while self._queue:
            cell, member = self._queue[0]
            need = self.needs[cell.place.task]
            self.tally.slots = self.workers.slots(need)
            if self.workers.flying >= self.tally.slots + LOOKAHEAD:
                break
            self._queue.pop(0)
            self.workers.submit(self._job(cell, member), need)
        self.tally.flying = self.workers.flying

    def _job(self, cell: Cell, member: Member) -> Job:
        place, plan = cell.place, cell.plan
        return Job(
            task=place.task,
            level=place.level,
            arm=place.arm,
            members=(member,),
            effort=plan.effort or 1.0,
            examples=plan.examples,
            recipe=plan.recipe,
            device=self.device,
            threads=self.plan.profile.threads,
            time_limit=plan.time_limit,
            source=source_of(place.task),
            builds=place.builds,
        )

    def _land(self, done: Done) -> None:
        job = done.job
        if done.lost is not None:
            for member in job.members:
                self._lose(job, member, done)
            return
        for member, result in zip(job.members, done.results, strict=True):
            self._take(job, member, result)

    def _lose(self, job: Job, member: Member, done: Done) -> None:
        """A training whose worker went away is queued again; after so many attempts the loss goes on record."""
        self._lost[member.key] = self._lost.get(member.key, 0) + 1
        if self._lost[member.key] < ATTEMPTS and not done.out_of_memory:
            log.warning("lost with its worker, trained again: %s (%s)", member.key[:12], done.lost)
            self._queue.insert(0, (self._cells_by_key[member.key], member))
            return
        status: Status = "out_of_memory" if done.out_of_memory else "lost"
        now = time.time()
        self._take(job, member, Result(member.key, status, error=done.lost, started=now, ended=now))

    def _take(self, job: Job, member: Member, result: Result) -> None:
        """The record first, then everything else."""
        try:
            line = self.record.append(job, member, result)
        except OSError as error:
            raise UserError(
                f"{self.folder} cannot be written ({error.strerror or error}): free some space or mend its permissions, "
                "then run the same command; everything on record is kept."
            ) from error
        if result.status != "finished":
            log.warning("%s: %s/%s/%s block %d %s %d: %s", result.status, job.task, job.level, job.arm, member.block,
                        member.kind, member.number, result.error)  # fmt: skip
        self.tally.trained += 1
        if self.publisher:
            self.publisher.put(line)
        cell = self._cells_by_key[member.key]
        self._settle(cell, line)
        self._advance(cell)

    def _finish(self, cell: Cell) -> None:
        """Write the cell's parquet file, export its study and publish both."""
        from suite.tracking import CellDone

        place = cell.place
        path = self.folder / "cells" / place.task / place.level / place.arm / str(place.block) / "cell.parquet"
        if not path.exists():
            write_cell(path, cell.lines.values())
        if self.publisher:
            evidence = [
                self.folder / "evidence" / line["key"] / name
                for line in cell.finals.values()
                for name in line["evidence"]
            ]
            self.publisher.put(CellDone(place.place, cell.means(), (path, *evidence)))

    # -- circumstances

    def _device(self) -> str:
        wanted = self.plan.profile.device
        if wanted != "auto":
            return wanted
        return "cuda" if self.workers.has_gpu() else "cpu"

    def _need(self, task: str, device: str) -> Resources:
        need = self.plan.of(task).resources or Resources()  # type: ignore[call-arg]
        if device == "cuda" and not need.gpus:
            need = need.model_copy(update={"gpus": 0.25})
        return need

    def _identity(self, place: CellPlan, device: str) -> dict[str, Any]:
        """All that decides a training's result, but for what differs between trainings of the cell."""
        task, plan = self.plan.tasks[place.task], self.plan.of(place.task)
        level, arm = task.level(place.level), task.arm(place.builds)
        return {
            "task": place.task,
            "level": place.level,
            "arm": place.arm,
            "builds": place.builds,
            "recipe": asdict(task.recipe_of(level, arm).with_changes(plan.recipe)),
            "effort": plan.effort,
            "examples": plan.examples,
            "data": data_hash(place.task, place.level, plan.examples),
            "source": self.plan.sources[place.task],
            "torch": torch.__version__,
            "device": device,
            "threads": self.plan.profile.threads,
            "stacked": False,
        }

    def _look_around(self) -> None:
        """Once a second: tell watchers and the state file, and heed a request to stop."""
        now = time.time()
        self.watch(self.tally)
        if now - self._looked < POLL:
            return
        self._looked = now
        self._say("running")
        if (self.folder / "cancel").exists():
            (self.folder / "cancel").unlink()
            raise KeyboardInterrupt

    def _say(self, state: str) -> None:
        tally = self.tally
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
            "flying": tally.flying,
            "slots": tally.slots,
            "started": tally.started,
            "seconds_left": tally.seconds_left,
            "unpublished": self.publisher.waiting if self.publisher else 0,
        }
        try:
            _replace(self.folder / "state.json", json.dumps(about))
        except OSError as error:  # the state is for watchers; the record is what counts
            log.warning("state.json cannot be written: %s", error)


def check_folder(folder: Path) -> None:
    """Make the campaign's folder. Raises UserError where it cannot be written or its disk is full."""
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
        raise UserError(f"The disk of {folder} has less than {ROOM >> 20} MiB free: make room, or use --results.")


def locked(folder: Path) -> FileLock:
    """The campaign's lock, held. Raises UserError where another driver has it."""
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UserError(f"Campaign {folder.name} is being run already: `bakeoff status` shows it.") from error
    return lock


def _write_about(folder: Path, plan: Plan) -> None:
    """Write campaign.json once; a campaign that is resumed keeps its own."""
    if read_json(folder / "campaign.json"):
        return
    about = plan.about() | {"created": time.time(), "versions": versions(), "command": sys.argv}
    _replace(folder / "campaign.json", json.dumps(about, indent=1, default=list))


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that results may depend on."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def results_digest(lines: Iterable[Mapping[str, Any]]) -> str:
    """A hash over everything that must not depend on workers, order or interruptions; times and hosts are left out."""
    timed = ("seconds", "cpu_seconds", "seconds_per_update", "seconds_per_epoch")
    kept = {}
    for line in lines:
        metrics = {name: value for name, value in line["metrics"].items() if name not in timed}
        curve = [{name: value for name, value in row.items() if name != "seconds"} for row in line["curve"]]
        same = {name: line[name] for name in ("settings", "seeds", "status", "losses", "best_step", "parameters")}
        kept[line["key"]] = {**same, "metrics": metrics, "curve": curve, "evidence": line["evidence"]}
    return digest(kept)

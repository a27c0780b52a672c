"""How long a profile takes on 2 to 256 workers, how long they idle, and when
the first verdict is due: the campaign's own scheduler on a simulated clock.

    python ci/bench/schedule.py [--profile standard] [--workers 2 32 256]

Nothing is trained. A run takes as long as `bakeoff plan` measures for its arm
at its level, times a random factor of up to a fifth, the same for any number
of workers. The start of a cluster, data and MLflow cost nothing here.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(
    0, str(ROOT)
)  # started as a file: the packages are two folders up

from suite.campaign.cell import Cell  # noqa: E402
from suite.campaign.scheduler import Scheduler, claim_kinds  # noqa: E402
from suite.cluster.serial import SerialExecutor  # noqa: E402
from suite.planning.cost import Costs, costs  # noqa: E402
from suite.planning.plan import Plan  # noqa: E402
from suite.planning.profile import read_profile  # noqa: E402
from suite.training.job import Job, Member  # noqa: E402
from suite.training.resources import Resources  # noqa: E402


class Simulated(SerialExecutor):
    """Workers on a clock of their own: a job ends when its seconds are over."""

    def __init__(self, slots: int, costs: Costs) -> None:
        super().__init__(slots)
        self.clock = 0.0
        self.worked = 0.0  # seconds, by all workers together
        self._costs = costs
        # What runs, by the time when it ends; the key breaks ties.
        self._ends: list[tuple[float, str, Job]] = []

    @property
    def in_flight(self) -> int:
        return len(self._jobs) + len(self._ends)

    def submit(
        self, job: Job, need: Resources, exclusive: bool = False
    ) -> None:
        super().submit(job, need, exclusive)
        self._start()

    def _start(self) -> None:
        while self._jobs and len(self._ends) < self._slots:
            job = self._jobs.pop(0)
            seconds = self.seconds(job)
            self.worked += seconds
            end = self.clock + seconds
            heappush(self._ends, (end, job.members[0].key, job))

    def seconds(self, job: Job) -> float:
        """How long this job takes, whenever and wherever it runs."""
        cost = self._costs[job.task, job.level, job.builds]
        member = job.members[0]
        if member.kind == "half_length":
            cost = cost.halved()
        return cost.seconds * random.Random(member.key).uniform(0.8, 1.2)

    def next(self) -> tuple[Job, float]:
        """The job that ends next, and how long it took; the clock moves on."""
        self.clock, _, job = heappop(self._ends)
        self._start()
        return job, self.seconds(job)


@dataclass
class Simulation:
    """What one number of workers makes of a plan. All times are in seconds."""

    workers: int
    runs: int
    work: float
    """The sum over all runs."""

    bound: float
    """What no schedule can beat: the work of all workers, or the longest cell."""

    duration: float
    first_verdict: float
    half_verdicts: float
    """When half of the claims had all their cells."""

    tail: float
    """How long, at the end, less than half of the workers had a run."""

    @property
    def idle(self) -> float:
        """The share of the workers' time in which they had no run."""
        return 1 - self.work / (self.workers * self.duration)


def simulate(plan: Plan, found: Costs, workers: int) -> Simulation:
    executor = Simulated(workers, found)
    scheduler = Scheduler(
        executor,
        lambda cell, members: cell.job(*members),
        claims=claim_kinds(plan),
    )
    cells = [Cell(plan, cell, "cpu") for cell in plan.cells]
    scheduler.needs = {(cell.cell_plan.task, 1): Resources() for cell in cells}
    owner: dict[str, Cell] = {}

    def advance(cell: Cell) -> None:
        for member in cell.ask():
            owner[member.key] = cell
            scheduler.add(cell, member)

    for cell in cells:
        advance(cell)
    ended: dict[tuple[str, str, str, int], float] = {}
    longest: Counter[int] = Counter()
    busy: list[tuple[float, int]] = []
    runs = 0
    scheduler.submit()
    while executor.in_flight:
        job, seconds = executor.next()
        (member,) = job.members
        cell = owner[member.key]
        cell.tell(_line(cell, member, seconds))
        scheduler.note_seconds(cell, seconds)
        scheduler.note_return(job)
        runs += 1
        advance(cell)
        if cell.done:
            ended[cell.cell_plan.place] = executor.clock
            longest[id(cell)] = 0
        scheduler.submit()
        busy.append((executor.clock, executor.in_flight))
    verdicts = _verdict_times(plan, ended)
    chains = [
        rounds_of(cell)
        * found[
            cell.cell_plan.task, cell.cell_plan.level, cell.cell_plan.builds
        ].seconds
        for cell in cells
    ]
    full = [when for when, jobs in busy if jobs >= workers / 2]
    return Simulation(
        workers=workers,
        runs=runs,
        work=executor.worked,
        bound=max(executor.worked / workers, *chains),
        duration=executor.clock,
        first_verdict=verdicts[0],
        half_verdicts=verdicts[len(verdicts) // 2],
        tail=executor.clock - (full[-1] if full else 0.0),
    )


def rounds_of(cell: Cell) -> int:
    """How many runs of a cell have to follow one another, from its start."""
    return (1 if cell.trials else 0) + 1


def _line(cell: Cell, member: Member, seconds: float) -> Any:
    """A finished run, as the record would have it, with made-up scores."""
    procedure = cell.task.procedure_of(cell.task.arm(cell.cell_plan.builds))
    score = random.Random(member.key).random()
    metrics = {
        f"validation.{measure.name}": score for measure in procedure.measures
    }
    return {
        "key": member.key,
        "kind": member.kind,
        "status": "finished",
        "metrics": metrics,
        "curve": [],
        "started": 0.0,
        "ended": seconds,
    }


def _verdict_times(
    plan: Plan, ended: dict[tuple[str, str, str, int], float]
) -> list[float]:
    """When each claim had all of its cells, in the order of time."""
    found = []
    for claim in claim_kinds(plan):
        found.append(
            max(
                when
                for (task, level, arm, _), when in ended.items()
                if (task, level, arm) in claim
            )
        )
    return sorted(found)


def shown(one: Simulation) -> str:
    cells = [
        f"{one.workers}",
        f"{one.duration:,.0f}",
        f"{one.duration / one.bound:.2f}",
        f"{100 * one.idle:.0f} %",
        f"{one.tail:,.0f}",
        f"{one.first_verdict:,.0f}",
        f"{one.half_verdicts:,.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--profile", default="quick")
    parser.add_argument(
        "--workers", type=int, nargs="+", default=[2, 8, 32, 64, 128, 256]
    )
    parser.add_argument(
        "--results", type=Path, help="where timings are kept for the next call"
    )
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    profile, _ = read_profile(given.profile, ())
    plan = Plan(profile)
    with tempfile.TemporaryDirectory() as scratch:
        found = costs(plan, given.results or Path(scratch))
    began = time.process_time()
    simulated = [simulate(plan, found, count) for count in given.workers]
    print(
        f"{given.profile}: {simulated[0].runs:,} runs, {simulated[0].work:,.0f} "
        f"seconds of work; simulated in {time.process_time() - began:.0f} CPU s"
    )
    print(
        "| workers | s | times the bound | idle | tail, s | first verdict, s "
        "| half of the verdicts, s |"
    )
    print("|--:" * 7 + "|")
    for one in simulated:
        print(shown(one))
    if given.json:
        rows = [{**vars(one), "idle": one.idle} for one in simulated]
        given.json.write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()

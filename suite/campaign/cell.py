"""One cell on its way: a tuning study, then finals with the hyperparameters it chose.

Where the profile asks for it there is one more: a final with the hyperparameters that
half of the trials would have chosen. Where those are the same hyperparameters the
finals themselves answer for half the budget, and nothing is trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search.study import Study
from suite.planning.identity import cell_identity
from suite.planning.plan import CellPlan, Plan
from suite.planning.resolved import ResolvedTask, deciding
from suite.records.run_record import RunRecord
from suite.training.job import JUDGED, CheckpointPolicy, Job, Kind, Member, digest
from suite.training.seeds import run_seeds, tuner_seed
from tasks import Task, source_of


class Cell:
    """Asks for the runs of one cell as they become due, and takes in what they
    came to.
    """

    def __init__(self, plan: Plan, place: CellPlan, device: str) -> None:
        self.place, self.device, self.threads = place, device, plan.profile.threads
        self.task: Task = plan.tasks[place.task]
        self.plan: ResolvedTask = plan.of(place.task)
        self.recipe = plan.recipe(place.task, place.level, place.builds)
        self.root = plan.profile.root_seed
        self.identity = cell_identity(plan, place, device)
        self.chooser = self.task.procedure_of(self.task.arm(place.builds)).measures[0]
        self.study = Study(
            self.task.space_of(self.task.arm(place.builds)),
            seed=tuner_seed(self.root, *self._where, place.arm),
            trials=self.plan.trials,
            sampler=plan.profile.sampler,
            name=f"{plan.id}/{place.task}/{place.level}/{place.arm}/{place.block}",
            root_seed=self.root,
        )
        self.finals: dict[int, RunRecord] = {}
        self.half: RunRecord | None = None
        self.lines: dict[str, RunRecord] = {}
        self.open: dict[str, Member] = {}
        self.stuck = False
        # finals, with the half-budget one once it is known to be needed
        self._due = self.plan.finals
        self._finals_asked = False

    @property
    def _where(self) -> tuple[str, str, int]:
        return self.place.task, self.place.level, self.place.block

    @property
    def done(self) -> bool:
        return self._finals_left == 0

    @property
    def planned(self) -> int:
        """Runs in all, as far as is known by now."""
        return self.plan.trials + self._due

    @property
    def left(self) -> int:
        """Runs still to go."""
        return self.plan.trials - self.study.trials_told + self._finals_left

    @property
    def _finals_left(self) -> int:
        return self._due - len(self.finals) - (self.half is not None)

    def ask(self) -> list[Member]:
        """The runs that can start now, each handed out once."""
        if not self.study.done:
            asked = [
                self._member("trial", p.number, p.params) for p in self.study.ask()
            ]
        elif not self._finals_asked:
            self._finals_asked = True
            asked = self._all_finals()
            self._due = len(asked)
        else:
            asked = []
        self.open |= {member.key: member for member in asked}
        return asked

    def _all_finals(self) -> list[Member]:
        best = self.study.best().params
        finals = [
            self._member("final", number, best) for number in range(self.plan.finals)
        ]
        trials = self.plan.half_budget_trials
        half = self.study.best(among=trials).params if trials else best
        return finals if half == best else [*finals, self._member("half", 0, half)]

    def settle(self, line: RunRecord) -> None:
        """Take in what a run came to. One that its machine failed leaves the cell
        waiting for `retry`.
        """
        self.lines[line["key"]] = line
        if line["status"] not in JUDGED:
            self.stuck = True
            return
        member = self.open.pop(line["key"])
        if member.kind == "final":
            self.finals[member.number] = line
        elif member.kind == "half":
            self.half = line
        else:
            value = (
                -self.chooser.sign * line["metrics"][f"validation.{self.chooser.name}"]
            )
            self.study.tell(
                member.number,
                value,
                line["status"] == "diverged",
                self._told_curve(line),
                line["key"],
            )

    def _told_curve(self, line: RunRecord) -> list[tuple[int, float]]:
        name = f"validation.{self.chooser.name}"
        seen = ((row["step"], row.get(name)) for row in line["curve"])
        return [
            (int(step or 0), -self.chooser.sign * value)
            for step, value in seen
            if value is not None
        ]

    def _member(self, kind: Kind, number: int, params: Mapping[str, Any]) -> Member:
        task, level, block = self._where
        seeds = run_seeds(self.root, task, level, block, self.place.arm, kind, number)
        decides = {
            **self.identity,
            "kind": kind,
            "params": dict(params),
            "seeds": seeds,
        }
        return Member(digest(decides), kind, block, number, dict(params), seeds)

    def job(self, member: Member, checkpoints: CheckpointPolicy | None = None) -> Job:
        """What a worker needs to run this run."""
        return Job(
            task=self.place.task,
            level=self.place.level,
            arm=self.place.arm,
            members=(member,),
            recipe=self.plan.recipe,
            device=self.device,
            threads=self.threads,
            time_limit=self.plan.time_limit,
            source=source_of(self.place.task),
            builds=self.place.builds,
            checkpoints=checkpoints,
            world_size=self.recipe.world_size,
            **deciding(self.plan),
        )

    def means(self) -> dict[str, float]:
        """Mean of each metric over the cell's finals."""
        if not self.finals:
            return {}
        names = next(iter(self.finals.values()))["metrics"]
        return {
            name: sum(line["metrics"].get(name, 0.0) for line in self.finals.values())
            / len(self.finals)
            for name in names
        }

"""One cell as it runs: a tuning study, then finals with the hyperparameters it chose.

A cell with nothing to tune has no trials, and begins with its finals.

Where the profile asks for it there are two more. The half-budget final has the
hyperparameters that half of the trials would have chosen; where those are the same
hyperparameters the finals themselves answer for half the budget, and nothing is
trained. The half-length final has the finals' hyperparameters and half of their updates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from search.study import Proposal, Study
from suite.planning.identity import cell_identity
from suite.planning.plan import CellPlan, Plan
from suite.planning.resolved import ResolvedTask, deciding
from suite.records.run_record import RunRecord
from suite.training.job import (
    JUDGED,
    CheckpointPolicy,
    Job,
    Kind,
    Member,
    digest,
)
from suite.training.seeds import run_seeds, tuner_seed
from tasks import Arm, FitOnce, Task, TrainsItself, source_of


class Cell:
    """The state machine of one cell: proposes its runs as they become due, and takes
    their results.

    ``study`` holds its trials, ``finals`` the record's lines of its finals, ``further``
    those of half-budget and half-length finals by kind, ``lines`` those of all.
    ``needs_retry`` says that a machine failed one of them, so that the cell advances
    only once `bakeoff retry` has repeated it.
    """

    def __init__(
        self,
        plan: Plan,
        cell_plan: CellPlan,
        device: str,
        stacked: bool = False,
    ) -> None:
        self.cell_plan = cell_plan
        self.stacked = stacked
        self.device = device
        self.threads = plan.profile.threads
        self.task: Task = plan.tasks[cell_plan.task]
        self.resolved: ResolvedTask = plan.of(cell_plan.task)
        # An arm of an A/A test has a name and seeds of its own; ``builds`` is
        # the arm whose code it runs.
        built = cell_plan.task, cell_plan.level, cell_plan.builds
        self.trials = plan.trials(*built)
        self.half_budget_trials = plan.half_budget_trials(*built)
        self.finals_wanted = plan.finals(cell_plan.task, cell_plan.builds)
        self.half_length = plan.half_length(cell_plan.task, cell_plan.builds)
        self.recipe = plan.recipe(*built)
        self.identity = cell_identity(plan, cell_plan, device, stacked)
        arm = self.task.arm(cell_plan.builds)
        self.space = plan.space(*built)
        # Runs that were recorded with another digest are superseded: see
        # ``suite.records.frames.Generations``.
        self.digest = digest({**self.identity, "space": repr(self.space)})
        self.fixed_params = plan.fixed_params(*built)
        self._seeds_arm = self._arm_of_seeds(arm)
        self.study = self._new_study(plan)
        self.finals: dict[int, RunRecord] = {}
        self.further: dict[Kind, RunRecord] = {}
        self.lines: dict[str, RunRecord] = {}
        self.needs_retry = False
        self._root_seed = plan.profile.root_seed
        self._open: dict[str, Member] = {}  # asked for, and without a result
        self._rounds_asked = 0
        # The newest round of each trial, by number, until the whole trial is in.
        self._rounds: dict[int, tuple[Member, RunRecord]] = {}
        self._ended_early: set[int] = set()  # trials, by number
        # With the half-budget one once that is known to be needed.
        self._finals_planned = self.finals_wanted + self.half_length
        self._finals_asked = False
        measure = self.task.procedure_of(arm).measures[0]
        # Tuning sees validation alone; only a final opens the test set.
        self._objective = f"validation.{measure.name}"
        self._sign = measure.sign  # the study minimises

    def _arm_of_seeds(self, built: Arm) -> str:
        """The name that the seeds of tuner, initialisation and dropout depend on."""
        named = self.cell_plan.arm
        # The second of an A/A test is to be independent of the first.
        if named != built.name:
            return named
        return built.seeds_of or named

    def _new_study(self, plan: Plan) -> Study:
        task, level, arm, block = self.cell_plan.place
        root = plan.profile.root_seed
        return Study(
            self.space,
            seed=tuner_seed(root, task, level, block, self._seeds_arm),
            trials=self.trials,
            sampler=plan.profile.sampler,
            name=f"{plan.id}/{task}/{level}/{arm}/{block}",
            root_seed=root,
            pruner=plan.profile.pruner if self._can_prune else "",
            rounds=plan.profile.pruning_rounds,
        )

    @property
    def _can_prune(self) -> bool:
        """Whether the suite's own loop trains the arm, on one worker, which can end a
        run and resume it; and its trials are a search, not a fixed grid.
        """
        arm = self.task.arm(self.cell_plan.builds)
        procedure = self.task.procedure_of(arm)
        by_steps = arm.measure is None and not isinstance(
            procedure, FitOnce | TrainsItself
        )
        return (
            by_steps and self.recipe.world_size == 1 and not self.space.points
        )

    @property
    def done(self) -> bool:
        """Whether every run of the cell has a result."""
        return self._finals_left == 0

    @property
    def planned(self) -> int:
        """Total number of runs, as far as it is known by now."""
        return self.trials + self._rounds_asked + self._finals_planned

    @property
    def left(self) -> int:
        """Number of runs that remain."""
        rounds_open = sum(
            member.kind == "round" for member in self._open.values()
        )
        trials_left = self.trials - self.study.trials_told
        return trials_left + rounds_open + self._finals_left

    @property
    def rounds_left(self) -> int:
        """How many of the runs that remain have to follow one another."""
        return self.study.generations_left + (1 if self._finals_left else 0)

    @property
    def _finals_left(self) -> int:
        return self._finals_planned - len(self.finals) - len(self.further)

    def ask(self) -> list[Member]:
        """The runs that can start now; each is returned once.

        These are trials while the study has some to propose, then all finals. Empty
        while it waits for the results of what it proposed.
        """
        if not self.study.done:
            asked = []
            for trial in self.study.ask():
                asked.append(self._trial_member(trial))
        elif not self._finals_asked:
            asked = self._all_finals()
            self._finals_asked = True
            self._finals_planned = len(asked)
        else:
            asked = []
        self._open |= {member.key: member for member in asked}
        return asked

    @property
    def chosen_params(self) -> dict[str, Any]:
        """The hyperparameters that tuning chose; empty if nothing was tuned."""
        return self.study.best().params if self.trials else {}

    def _all_finals(self) -> list[Member]:
        best = self.chosen_params
        finals = []
        for number in range(self.finals_wanted):
            finals.append(self._member("final", number, best))
        if self.half_length:
            finals.append(self._member("half_length", 0, best))
        trials = self.half_budget_trials
        half = self.study.best(among=trials).params if trials else best
        if half != best:
            finals.append(self._member("half_budget", 0, half))
        return finals

    def tell(self, line: RunRecord) -> None:
        """Add the result of a run, as its line of the record.

        One that a machine failed counts for nothing, and sets ``needs_retry``.
        """
        # A round is part of its trial, which has a line of its own.
        if line["kind"] != "round":
            self.lines[line["key"]] = line
        # A timeout or a crash says something about a machine or a bug, nothing
        # about the arm. Telling the study would make its next proposals depend
        # on it.
        if line["status"] not in JUDGED:
            self.needs_retry = True
            return
        member = self._open.pop(line["key"])
        if member.kind == "final":
            self.finals[member.number] = line
        elif member.kind in ("trial", "round"):
            self._tell_trial(member, line)
        else:
            self.further[member.kind] = line

    def _trial_member(self, trial: Proposal) -> Member:
        """The run of a proposal: a trial, or a round of one."""
        whole = self._member("trial", trial.number, trial.params)
        if trial.share == 1.0:
            return whole
        self._rounds_asked += 1
        key = digest([whole.key, "up to", trial.share])
        return replace(
            whole, key=key, kind="round", share=trial.share, trial=whole.key
        )

    def take_ended_early(self) -> dict[str, RunRecord]:
        """The lines of the trials that ended with a round, since this was asked last:
        those that the pruner ended, and those that diverged. By the key of the whole
        trial, which will not run.

        A line is that of the round, under a key of its own.
        """
        found = {}
        for number, (member, line) in sorted(self._rounds.items()):
            if not self.study.has_ended(number) or number in self._ended_early:
                continue
            self._ended_early.add(number)
            ended = self._ended_with(line)
            self.lines[ended["key"]] = ended
            found[member.trial] = ended
        return found

    def _ended_with(self, line: RunRecord) -> RunRecord:
        """The line of a trial that ended with this round."""
        if line["status"] == "diverged":
            key = digest([line["key"], "diverged"])
            return {**line, "key": key, "kind": "trial"}
        # Whether a trial is pruned follows from all results that the pruner
        # compared.
        cohort = sorted(one["key"] for _, one in self._rounds.values())
        key = digest([line["key"], "pruned among", cohort])
        return {**line, "key": key, "kind": "trial", "status": "pruned"}

    def _tell_trial(self, member: Member, line: RunRecord) -> None:
        if member.kind == "round":
            self._rounds[member.number] = member, line
        else:
            # The pruner has let it run to its end.
            self._rounds.pop(member.number, None)
        curve = []
        for row in line["curve"]:
            step = int(row["step"] or 0)
            value = row.get(self._objective)
            # None where the model had diverged, as JSON has no infinity.
            if value is not None:
                curve.append((step, -self._sign * value))
        reached = line["metrics"][self._objective]
        self.study.tell(
            member.number,
            -self._sign * reached,
            # It counts, with the worst finite value: hyperparameters that
            # diverge are bad ones, and an arm gets no extra trial for them.
            failed=line["status"] == "diverged",
            curve=curve,
            key=line["key"],
        )

    def _member(
        self, kind: Kind, number: int, tuned: Mapping[str, Any]
    ) -> Member:
        params = {**self.fixed_params, **tuned}
        task, level, _, block = self.cell_plan.place
        seeds = run_seeds(
            self._root_seed, task, level, block, self._seeds_arm, kind, number
        )
        decides = {
            **self.identity,
            **self._deciding(kind),
            "kind": kind,
            "params": params,
            "seeds": seeds,
        }
        key = digest(decides)
        return Member(key, kind, block, number, params, seeds, self.digest)

    def job(
        self,
        *members: Member,
        checkpoints: CheckpointPolicy | None = None,
    ) -> Job:
        """What a worker needs to execute these runs: the job with those members.

        There is one, unless the cell is stacked: then there may be more, and some of
        other blocks. ``checkpoints`` says where they may leave some; None: nowhere.
        """
        return Job(
            task=self.cell_plan.task,
            level=self.cell_plan.level,
            arm=self.cell_plan.arm,
            members=members,
            recipe=self.resolved.recipe,
            device=self.device,
            threads=self.threads,
            time_limit=self.resolved.time_limit,
            source=source_of(self.cell_plan.task),
            builds=self.cell_plan.builds,
            checkpoints=checkpoints,
            world_size=self.recipe.world_size,
            stacked=self.stacked,
            **self._deciding(members[0].kind),
        )

    def _deciding(self, kind: Kind) -> dict[str, Any]:
        """The values of the profile that decide a run of this kind."""
        resolved = self.resolved
        if kind == "half_length":
            # A schedule is relative to the run's length, so this is a shorter
            # run, and not a long one that is cut off.
            half = resolved.length_factor / 2
            resolved = replace(resolved, length_factor=half)
        return deciding(resolved)

    def mean_metrics(self) -> dict[str, float]:
        """The mean of each metric over the cell's finals; empty before there are any."""
        finals = [line["metrics"] for line in self.finals.values()]
        if not finals:
            return {}
        means = {}
        for name in finals[0]:
            total = sum(metrics.get(name, 0.0) for metrics in finals)
            means[name] = total / len(finals)
        return means

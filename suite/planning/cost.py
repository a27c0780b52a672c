"""What a plan will cost: hours and bytes, from a few timed steps of every arm on this
machine.

Timings are kept in the results folder and hold for as long as the sources, the data's
size, the libraries and the machine stay the same.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch

import tasks
from suite.atomic import replace_file
from suite.planning.plan import Plan
from suite.planning.profile import Profile
from suite.planning.resolved import ResolvedTask, deciding
from suite.training.advice import with_advice
from suite.training.data_parallel import check_data_parallel
from suite.training.evaluate import Evaluation, training_sample
from suite.training.function import call
from suite.training.instantiate import build_model, load_splits
from suite.training.job import canonical, digest, finite
from suite.training.loop import fit_once
from suite.training.own import training as new_training
from suite.training.seeds import run_seeds
from tasks import (
    Arm,
    FitOnce,
    Level,
    Params,
    Recipe,
    Split,
    Splits,
    Task,
    UserError,
)
from tasks.contract.recipe import FULL_LENGTH

FILE = "calibration.json"
# Steps are timed for this long, which tells arms apart and keeps `bakeoff
# plan` short; of very cheap steps, so many are enough.
TIMED_SECONDS = 0.1
MAX_STEPS = 200
# An evaluation that would take longer is measured on a few examples alone.
FEW_EXAMPLES = 100
FEW_SECONDS = 2.0
# Steps that take so many seconds are timed once, not again after a warm-up.
SLOW_STEP = 0.25
RUN_OVERHEAD_S = 0.06  # seconds of overhead per run: dispatch, record, MLflow
# Until a data-parallel group of two trains on two cores: five new processes,
# each time.
GROUP_START_S = 18.0
STARTUP_S = 12.0  # seconds until the first run starts: Ray, imports, data
LINE_BYTES = 1_200  # a line of the record without its curve
COPIES = 3.1  # the record, cell.parquet, and the same among the artifacts
RUN_BYTES = 5_000  # an MLflow run without its metrics
# One value of a metric in MLflow's SQLite store, with its indexes.
METRIC_BYTES = 290


@dataclass(frozen=True)
class Cost:
    """What one run of an arm at a level takes: seconds an update and an
    evaluation, and what it leaves behind.
    """

    update: float
    """Seconds per update."""

    evaluation: float
    """Seconds per evaluation."""

    updates: int
    """The number of updates of one run."""

    evaluations: int
    """The number of evaluations of one run."""

    parameters: int
    """The number of the model's parameters."""

    row_bytes: int
    """The size of one evaluation in the record."""

    values: int
    """The number of metrics in one evaluation."""

    test_train_ratio: float
    """That of the blocks' data: see ``Splits.test_train_ratio``."""

    test_examples: int
    """The number of test examples; 0 where there are none, as of a function."""

    world_size: int = 1
    """The number of workers that train one model together."""

    @property
    def seconds(self) -> float:
        """One run, with what it costs around it. A data-parallel group shares the
        updates; one evaluates while others wait.
        """
        updating = self.updates * self.update / self.world_size
        # One more, of the model before its first update.
        evaluating = (self.evaluations + 1) * self.evaluation
        starting = GROUP_START_S if self.world_size > 1 else 0.0
        return updating + evaluating + RUN_OVERHEAD_S + starting

    @property
    def work(self) -> float:
        """Seconds that it occupies workers, one or a data-parallel group."""
        return self.seconds * self.world_size

    def halved(self) -> Cost:
        """What a half-length final takes: as many evaluations, and half the updates."""
        return replace(self, updates=max(1, self.updates // 2))

    def bytes(self, final: bool) -> float:
        """What one run writes to the disk; a ``final`` keeps its checkpoint."""
        rows = self.evaluations + 1
        published = RUN_BYTES + rows * self.values * METRIC_BYTES
        recorded = COPIES * (LINE_BYTES + rows * self.row_bytes)
        # A checkpoint holds the parameters as 32-bit floats.
        return recorded + published + (4 * self.parameters if final else 0)


Costs = dict[tuple[str, str, str], Cost]  # by task, level and arm


@dataclass(frozen=True)
class Estimate:
    """The duration of a whole plan on that many workers like this machine's."""

    hours: float
    """The duration."""

    workers: int
    """The number of workers that it holds for."""

    bytes: int
    """What it writes to the disk."""


def estimate(
    plan: Plan, costs: Costs, workers: int, most: bool = False
) -> Estimate:
    """The runs that are certain, or (``most``) with all blocks that claims may need and
    every half-budget final.
    """
    work, size = 0.0, 0.0
    for cell in plan.all_cells if most else plan.cells:
        place = cell.task, cell.level, cell.builds
        cost = costs[place]
        half_budget_finals = (
            1 if most and plan.half_budget_trials(*place) else 0
        )
        # Neither kind of half final leaves a checkpoint, no more than a trial
        # does.
        without_checkpoint = plan.trials(*place)
        without_checkpoint += half_budget_finals
        finals = plan.finals(cell.task, cell.builds)
        work += (without_checkpoint + finals) * cost.work
        size += without_checkpoint * cost.bytes(final=False)
        size += finals * cost.bytes(final=True)
        if plan.half_length(cell.task, cell.builds):
            work += cost.halved().work
            size += cost.bytes(final=False)
    # More workers than runs would have nothing to do.
    runs = plan.max_runs if most else plan.runs
    busy = max(1, min(workers, runs))
    return Estimate((STARTUP_S + work / busy) / 3600, workers, round(size))


def costs(
    plan: Plan,
    results: Path,
    watch: Callable[[int, int], None] = lambda done, planned: None,
) -> Costs:
    """The cost of every arm at every level; ``watch`` is called with the number of those
    measured so far, and of all that are to be.

    Trains a few steps in this process, at most once per machine and state of the
    sources: what was measured is kept in the results folder, if that can be written,
    even where this is stopped before its end.
    """
    device = device_of(plan.profile)
    # As in a worker: with more threads than the profile allows, steps would
    # seem faster than they will be.
    torch.set_num_threads(plan.profile.threads)
    places = list(
        dict.fromkeys(
            (cell.task, cell.level, cell.builds) for cell in plan.cells
        )
    )
    known = _read(results / FILE)
    keys = {place: _identity(plan, *place, device) for place in places}
    missing = [place for place in places if keys[place] not in known]
    try:
        for number, place in enumerate(missing):
            watch(number, len(missing))
            cost = _measured_or_refused(plan, *place, device)
            known[keys[place]] = asdict(cost)
    finally:
        # Also where it is stopped: hundreds of arms take minutes.
        _keep(results / FILE, known)
    return {place: Cost(**known[key]) for place, key in keys.items()}


def _measured_or_refused(
    plan: Plan, task_name: str, level_name: str, arm_name: str, device: str
) -> Cost:
    """The cost of one run. Raises UserError where the task's own code fails."""
    try:
        return _measured(plan, task_name, level_name, arm_name, device)
    except UserError:
        raise
    # A task's own code may do anything, and call ``exit`` as well.
    except (Exception, SystemExit) as error:
        path = tasks.module_of(task_name).__file__
        raise UserError(
            f"Arm {arm_name!r} of {task_name} cannot be trained at level "
            f"{level_name!r}: {with_advice(error)}. `bakeoff check {path}` looks for "
            "more."
        ) from error


def _measured(
    plan: Plan, task_name: str, level_name: str, arm_name: str, device: str
) -> Cost:
    """The cost of one run of an arm at a level, from training a few steps."""
    task, of = plan.tasks[task_name], plan.of(task_name)
    level, arm = task.level(level_name), task.arm(arm_name)
    if arm.measure is not None:
        return _of_function(task, arm, level)
    splits = load_splits(
        task_name, level_name, 0, of.examples, device, arm=arm_name
    )
    recipe = plan.recipe(task_name, level_name, arm_name)
    world_size = world_size_of(plan, task_name, level_name, arm_name)
    timed = _Timed(plan, task, level, arm, device)
    if isinstance(task.procedure_of(arm), FitOnce):
        update, evaluation, values, parameters = timed.fit()
        updates = evaluations = 1
    else:
        update, evaluation, values, parameters = timed.steps()
        updates, evaluations = _lengths(arm, recipe, len(splits.train), of)
    # With default hyperparameters a run may diverge, and a row of the record
    # has None where there is no number: its size is measured as it would be
    # written.
    recorded = {name: finite(value) for name, value in values.items()}
    # Numbers of typical length: only the size of the row counts.
    row = {"step": updates, "epoch": 1.5, "seconds": 1.234567, **recorded}
    return Cost(
        update,
        evaluation,
        updates,
        evaluations,
        parameters,
        len(canonical(row)),
        len(values),
        splits.test_train_ratio,
        len(splits.sealed),
        world_size,
    )


def _lengths(
    arm: Arm, recipe: Recipe, examples: int, of: ResolvedTask
) -> tuple[int, int]:
    """Updates and evaluations of a run, those of a stage before its own included."""
    parts: tuple[Recipe, ...] = (recipe,)
    if arm.before is not None:
        parts = arm.before.recipes(recipe, examples)
    updates = [part.updates(examples, of.length_factor) for part in parts]
    evaluations = [
        min(made, max(1, part.evaluations))
        for made, part in zip(updates, parts, strict=True)
    ]
    return sum(updates), sum(evaluations)


def _of_function(task: Task, arm: Arm, level: Level) -> Cost:
    """One call is a whole run."""
    params = task.default_params(arm, level)
    found = call(task.procedure_of(arm), arm, level, params, seed=0)
    values = {name: finite(value) for name, value in found.values.items()}
    row = {"step": 1, "epoch": 1.0, "seconds": 1.234567, **values}
    return Cost(
        update=found.cpu_seconds,
        evaluation=0.0,
        updates=1,
        evaluations=1,
        parameters=0,
        row_bytes=len(canonical(row)),
        values=len(found.values),
        test_train_ratio=0.0,
        test_examples=0,
    )


@dataclass(frozen=True)
class _Timed:
    """A few steps of one arm with its default hyperparameters."""

    plan: Plan
    task: Task
    level: Level
    arm: Arm
    device: str

    def fit(self) -> tuple[float, float, dict[str, float], int]:
        """As ``steps``, for a procedure that fits at once: the fit counts as one
        update.
        """
        splits = self._splits
        procedure = self.task.procedure_of(self.arm)
        assert isinstance(procedure, FitOnce)
        began = self._now()
        model, progress = fit_once(
            procedure, splits, splits.shape, self._params, self._seeds
        )
        fitting = self._spent(progress)
        # ``fit_once`` evaluates twice: on training and on validation data.
        evaluation = (self._now() - began - fitting) / 2
        parameters = sum(p.numel() for p in model.parameters())
        return fitting, evaluation, progress.values, parameters

    def steps(self) -> tuple[float, float, dict[str, float], int]:
        """Seconds an update and an evaluation, the values of one evaluation, and the
        parameters.
        """
        whole = self._splits.validation
        few = whole.limited(FEW_EXAMPLES)
        # The first steps of a process pay for imports, buffers and caches,
        # which are a small part only of slow ones.
        first = self._train(2, few)
        update, evaluation, *_ = first
        # A translator that has learned nothing writes on until it is stopped:
        # where a few examples take long, all of them would take minutes.
        share = self._share_evaluated(few)
        if evaluation < FEW_SECONDS * share:
            few, share = whole, 1.0
        elif update > SLOW_STEP:
            return update, evaluation / share, *first[2:]
        update, *_ = self._train(4, few)
        wanted = int(TIMED_SECONDS / max(update, 1e-6))
        steps = max(4, min(MAX_STEPS, wanted))
        update, evaluation, values, parameters = self._train(steps, few)
        return update, evaluation / share, values, parameters

    def _share_evaluated(self, few: Split) -> float:
        """Which part of the examples of an evaluation is evaluated if there are so few
        for validation: those from training are as many as ever.
        """
        procedure = self.task.procedure_of(self.arm)
        splits = self._splits
        sample = training_sample(
            procedure, splits.train, self._seeds["evaluation"]
        )
        return (len(sample) + len(few)) / (
            len(sample) + len(splits.validation)
        )

    def _train(
        self, steps: int, validation: Split
    ) -> tuple[float, float, dict[str, float], int]:
        """Train for a number of steps, with these examples to evaluate: see
        ``steps``.
        """
        splits = self._splits
        model = build_model(self.arm, self.level, splits, self._params, 0).to(
            self.device
        )
        recipe = self.plan.recipe(
            self.task.name, self.level.name, self.arm.name
        )
        recipe = recipe.with_changes(
            {**FULL_LENGTH, "steps": steps, "evaluations": 2}
        )
        loop = new_training(
            self.task.procedure_of(self.arm),
            model,
            splits.train,
            validation,
            recipe,
            self._params,
            self._seeds,
        )
        began = self._now()
        curve = list(loop)
        evaluating = self._now() - began - self._spent(curve[-1])
        # The first steps are slow, so time is counted from the second
        # evaluation; a run that diverges at once has only one.
        first = curve[1] if len(curve) > 2 else curve[0]
        spent = self._spent(curve[-1]) - self._spent(first)
        update = spent / (curve[-1].step - first.step)
        parameters = sum(p.numel() for p in model.parameters())
        return update, evaluating / len(curve), curve[-1].values, parameters

    @property
    def _splits(self) -> Splits:
        """The data of the first block."""
        return load_splits(
            self.task.name,
            self.level.name,
            0,
            self._of.examples,
            self.device,
            arm=self.arm.name,
        )

    def _now(self) -> float:
        """Seconds of this process where it does the work itself: the load of other
        processes must not count.
        """
        if self.device == "cpu":
            return time.process_time() / self.plan.profile.threads
        return time.perf_counter()

    def _spent(self, progress: Evaluation) -> float:
        """The time that training took, without evaluations, measured as ``_now`` does."""
        if self.device == "cpu":
            return progress.cpu_seconds / self.plan.profile.threads
        return progress.seconds

    @property
    def _of(self) -> ResolvedTask:
        """The task's part of the profile."""
        return self.plan.of(self.task.name)

    @property
    def _params(self) -> Params:
        """The default hyperparameters."""
        return self.task.default_params(self.arm, self.level)

    @property
    def _seeds(self) -> dict[str, int]:
        """The seeds of the first trial."""
        return run_seeds(
            0, self.task.name, self.level.name, 0, self.arm.name, "trial", 0
        )


def world_size_of(plan: Plan, task: str, level: str, arm: str) -> int:
    """How many workers train an arm together. Raises UserError if that many would not
    train the same model as one.
    """
    recipe = plan.recipe(task, level, arm)
    if recipe.world_size > 1:
        found, splits = (
            plan.tasks[task].arm(arm),
            load_splits(task, level, 0, plan.of(task).examples, arm=arm),
        )
        place = plan.tasks[task].level(level)
        params = plan.tasks[task].default_params(found, place)
        model = build_model(found, place, splits, params, seed=0)
        try:
            check_data_parallel(
                plan.tasks[task].procedure_of(found), model, recipe
            )
        except UserError as error:
            raise UserError(f"{task}/{level}/{arm}: {error}") from error
    return recipe.world_size


def device_of(profile: Profile) -> str:
    """The device that the campaign's runs will use."""
    if profile.device != "auto":
        return profile.device
    return "cuda" if torch.cuda.is_available() else "cpu"


def _identity(plan: Plan, task: str, level: str, arm: str, device: str) -> str:
    """What a measured cost depends on, as a key of the cache."""
    of, profile = plan.of(task), plan.profile
    machine = [
        socket.gethostname(),
        platform.machine(),
        os.cpu_count(),
        device,
        profile.threads,
        torch.__version__,
    ]
    # A cache written before a column was added has no value for it.
    columns = [column.name for column in fields(Cost)]
    return digest(
        [
            plan.arm_sources[task][arm],
            level,
            arm,
            deciding(of),
            dict(of.recipe),
            machine,
            columns,
        ]
    )


def _read(path: Path) -> dict[str, Any]:
    """The cached costs; empty if the file cannot be read."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        # A cache that is damaged costs the seconds that measuring again takes.
        return {}
    return known if isinstance(known, dict) else {}


def _keep(path: Path, known: dict[str, Any]) -> None:
    """Write the cache, if the disk allows it."""
    try:
        with replace_file(path) as partial:
            partial.write_text(json.dumps(known), encoding="utf-8")
    except OSError:
        # `bakeoff plan` works in a results folder that is read-only.
        pass

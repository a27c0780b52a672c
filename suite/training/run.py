"""One run: builds, trains and measures a member of a job, and returns a Result."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from suite.training.checkpoint import Checkpointer
from suite.training.data_parallel import DataParallelGroup, check_data_parallel
from suite.training.evaluate import (
    Evaluation,
    FinalEvaluation,
    all_finite,
    measure_on_test,
    snapshot,
    worst_values,
)
from suite.training.function import run_function
from suite.training.instantiate import (
    build_model,
    load_splits,
    load_splits_before,
    resolve,
)
from suite.training.job import OPENING, Job, Member, Result, finite
from suite.training.loop import TrainingLoop, fit_once, losses_digest
from suite.training.metrics import GAP
from suite.training.own import OwnTraining, training
from suite.training.stages import EarlierTraining, train_stage
from tasks import (
    FitOnce,
    HasThroughput,
    Procedure,
    Recipe,
    Splits,
    Stage,
    updates_to,
)
from tasks.contract.target import reached

MIN_SECONDS = 1e-9  # seconds per epoch, where a clock is too coarse to see any


@dataclass(frozen=True)
class Setup:
    """The initial objects of a run."""

    job: Job
    """The task, level and arm, and the limits of the run."""

    member: Member
    """The run itself: its kind, hyperparameters and seeds."""

    procedure: Procedure
    """How the arm is trained and measured."""

    recipe: Recipe
    """The task's recipe for this level and arm, with the job's changes."""

    splits: Splits
    """The data of the block, on the device of the job."""

    model: nn.Module
    """The model, initialised, on the same device."""

    group: DataParallelGroup | None
    """The workers that train it together; None where there is one."""

    stage: Stage | None = None
    """The stage that is trained; None where the arm has none."""

    @property
    def leads(self) -> bool:
        """Whether this worker evaluates and records: the only one, or a group's
        first.
        """
        return self.group is None or self.group.rank == 0

    @property
    def opens_test(self) -> bool:
        """Whether the run is measured on the sealed test set, as no trial is."""
        return self.member.kind in OPENING

    @property
    def is_final(self) -> bool:
        """Whether it is a final proper, which alone leaves artifacts and weights."""
        return self.member.kind == "final"


@dataclass(frozen=True)
class Trained:
    """The result of training."""

    model: nn.Module
    """The model with the parameters that ``best`` is of."""

    curve: list[Evaluation]
    """Every evaluation, in order."""

    best: Evaluation
    """The evaluation that the result is taken from."""

    losses: str | None
    """The digest of all training losses; None for a model that a library fitted."""

    seconds_per_update: float
    """The mean time of an update, evaluations left out."""

    updates_per_epoch: int
    """Updates in one pass over the training examples."""

    length: int
    """Updates that were declared, which a run may end before."""

    before: EarlierTraining = field(default_factory=EarlierTraining)
    """What the earlier stages of the run took."""

    snapshots: dict[str, bytes] = field(default_factory=dict)
    """Contents of the files made during training, by file name."""

    resumed_at: int | None = None
    """The update at which another worker's checkpoint was resumed; None: none was."""

    @property
    def parameters(self) -> int:
        """The number of the model's parameters, frozen ones included."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    @property
    def diverged(self) -> bool:
        """Whether the last evaluation was not finite, whatever the best one was."""
        return self.curve[-1].diverged


def train_member(
    job: Job,
    member: Member,
    group: DataParallelGroup | None = None,
) -> Result:
    """The result of one run, without its times and its machine.

    Of a group's workers only the first one's result says more than that it finished.
    Raises whatever goes wrong; TimeoutError where the job's limit is passed.
    """
    task, arm, level = resolve(job)
    if arm.measure is not None:
        return run_function(task.procedure_of(arm), arm, level, member)
    setup = set_up(job, member, group)
    if isinstance(setup.procedure, FitOnce):
        trained = _fit(setup, setup.procedure)
    else:
        trained = _train(setup)
    if not setup.leads:
        return Result(member.key, "finished")
    # One that diverged counts with the worst values, without any test.
    final = None
    if setup.opens_test and not trained.diverged:
        final = measure_on_test(
            setup.procedure,
            trained.model,
            setup.splits,
            member.seeds["evaluation"],
            artifacts=setup.is_final,
        )
    return result_of(setup, trained, final)


def set_up(job: Job, member: Member, group: DataParallelGroup | None) -> Setup:
    """The data, the recipe and a fresh model of a run, on the job's device."""
    task, arm, level = resolve(job)
    procedure = task.procedure_of(arm)
    recipe = task.recipe_of(level, arm).with_changes(job.recipe)
    seeds = member.seeds
    splits = load_splits(
        job.task,
        job.level,
        seeds["split"],
        job.examples,
        job.device,
        # an arm under a second name has the data of the first
        arm=job.builds or job.arm,
    )
    model = build_model(
        arm, level, splits, member.params, seeds["initialisation"]
    )
    model = model.to(job.device)
    if group:
        check_data_parallel(procedure, model, recipe)
    return Setup(
        job, member, procedure, recipe, splits, model, group, arm.before
    )


def _fit(setup: Setup, procedure: FitOnce) -> Trained:
    """Have a library fit the model, in one call."""
    splits, member = setup.splits, setup.member
    model, found = fit_once(
        procedure, splits, splits.shape, member.params, member.seeds
    )
    return Trained(
        model=model,
        curve=[found],
        best=found,
        losses=None,
        seconds_per_update=found.seconds,
        updates_per_epoch=1,
        length=1,
    )


def _train(setup: Setup) -> Trained:
    """Train step by step, or resume from another worker's checkpoint. A stage that
    comes before is part of no checkpoint: it is trained again.
    """
    job, member = setup.job, setup.member
    # One file a run: a group's first worker writes it and tells the others.
    checkpointer = Checkpointer(
        job.checkpoints if setup.leads else None, member.trial or member.key
    )
    before, recipe = _train_before(setup, checkpointer)
    loop = training(
        setup.procedure,
        setup.model,
        setup.splits.train,
        setup.splits.validation,
        recipe,
        member.params,
        member.seeds,
        job.length_factor,
        setup.group,
    )
    snapshots = checkpointer.resume(loop)
    resumed_at = loop.curve[-1].step if loop.curve else None

    def watch(found: Evaluation) -> None:
        if setup.is_final and setup.leads:
            snapshots.update(snapshot_of(setup, found, loop.steps))
        # Over all attempts, so that a run which keeps resuming ends, too.
        check_time(checkpointer.seconds, job.time_limit, found.step)
        # What follows a round resumes from its end.
        ends_here = loop.reaches(found, member.share)
        checkpointer.save(loop, snapshots, now=ends_here)

    loop.run(watch, member.share)
    return Trained(
        model=setup.model,
        curve=before.whole_curve(loop.curve),
        best=before.followed_by(loop.best or loop.curve[-1]),
        losses=_losses_digest(before, loop),
        seconds_per_update=loop.seconds_per_update(),
        updates_per_epoch=loop.updates_per_epoch,
        length=before.steps + loop.steps,
        before=before,
        snapshots=snapshots,
        resumed_at=resumed_at,
    )


def _losses_digest(before: EarlierTraining, loop: TrainingLoop) -> str | None:
    if isinstance(loop, OwnTraining):
        return None  # it need not have losses
    return losses_digest(before.all_losses(loop.losses))


def _train_before(
    setup: Setup, checkpointer: Checkpointer
) -> tuple[EarlierTraining, Recipe]:
    """Train the stage before the arm's own training, if there is one; and the recipe
    of what is left.
    """
    job, member, stage = setup.job, setup.member, setup.stage
    if stage is None:
        return EarlierTraining(), setup.recipe
    recipe, own = stage.recipes(setup.recipe, len(setup.splits.train))
    splits = load_splits_before(
        job.task,
        job.level,
        member.seeds["split"],
        job.examples,
        job.device,
        arm=job.builds or job.arm,
    )
    task, _, _ = resolve(job)

    def watch(found: Evaluation) -> None:
        check_time(checkpointer.seconds, job.time_limit, found.step)

    before = train_stage(
        stage.procedure or task.procedure,
        setup.model,
        splits,
        recipe,
        {**member.params, **stage.params},
        member.seeds,
        job.length_factor,
        watch,
    )
    return before, own


def snapshot_of(
    setup: Setup, found: Evaluation, steps: int
) -> dict[str, bytes]:
    """The files that a final leaves at an evaluation, by name: see ``snapshot``."""
    seed = setup.member.seeds["evaluation"]
    validation = setup.splits.validation
    return snapshot(
        setup.procedure, setup.model, validation, seed, found, steps
    )


def check_time(seconds: float, limit: float | None, step: int) -> None:
    """Raise TimeoutError where a run has taken longer than its limit."""
    if limit is not None and seconds > limit:
        raise TimeoutError(
            f"longer than the limit of {limit:g} s after step {step}"
        )


def result_of(
    setup: Setup, trained: Trained, final: FinalEvaluation | None
) -> Result:
    """What is recorded of a run that was trained; ``final`` is its evaluation on the
    test set, if it had one.
    """
    member, splits = setup.member, setup.splits
    # A model may fail on the test examples alone: a failure like any other.
    failed_on_test = final is not None and not all_finite(final.values)
    diverged = trained.diverged or failed_on_test
    artifacts: dict[str, bytes] = {}
    if final is not None and setup.is_final:
        artifacts = trained.snapshots | final.artifacts
    resumed = (
        {} if trained.resumed_at is None else {"resumed": trained.resumed_at}
    )
    return Result(
        key=member.key,
        status="diverged" if diverged else "finished",
        metrics=_metrics(setup, trained, final),
        curve=[_row(found) for found in trained.curve],
        best_step=trained.best.step,
        losses=trained.losses,
        parameters=trained.parameters,
        data=_about_data(splits),
        test_opened=splits.sealed.opened,
        error="the loss or a measure was not finite" if diverged else None,
        worker=resumed,
        artifacts=artifacts,
        checkpoint=_weights(trained.model) if setup.is_final else None,
    )


def _metrics(
    setup: Setup,
    trained: Trained,
    final: FinalEvaluation | None,
) -> dict[str, float]:
    """All metrics of a run, each finite: failures count as the procedure's worst
    values.
    """
    worst = worst_values(setup.procedure, setup.splits.shape)
    metrics = _costs(trained)
    metrics |= _throughput(setup, metrics["seconds_per_epoch"])
    metrics |= _updates_to_targets(setup, trained)
    # A run may diverge after its best evaluation. It counts as failed all the
    # same, with finite values, so that the search can rank it last.
    metrics |= _finite(trained.best.values)
    if trained.diverged:
        splits = ["train", "validation"]
        if setup.opens_test:
            splits.append("test")
        for split in splits:
            for name, value in worst.items():
                metrics[f"{split}.{name}"] = value
    if final is not None:
        # Value by value: a model may fail by one measure alone.
        for name, value in final.values.items():
            is_finite = finite(value) is not None
            metrics[f"test.{name}"] = value if is_finite else worst[name]
    return metrics | _gaps(setup.procedure, metrics)


def _gaps(
    procedure: Procedure, metrics: Mapping[str, float]
) -> dict[str, float]:
    """By how much each measure is better on the training examples than on the test."""
    gaps = {}
    for measure in procedure.measures:
        on_test = metrics.get(f"test.{measure.name}")
        if on_test is not None:
            on_train = metrics[f"train.{measure.name}"]
            gaps[f"{GAP}.{measure.name}"] = measure.sign * (on_train - on_test)
    return gaps


def _costs(trained: Trained) -> dict[str, float]:
    last = trained.curve[-1]
    per_update = trained.seconds_per_update
    of_stage = {}
    if trained.before.steps:
        of_stage = {
            "stage_steps": trained.before.steps,
            "stage_cpu_seconds": trained.before.cpu_seconds,
        }
    return {
        **of_stage,
        "seconds": last.seconds,
        "cpu_seconds": last.cpu_seconds,
        "steps": last.step,
        "epochs": last.epoch,
        "seconds_per_update": per_update,
        "seconds_per_epoch": per_update * trained.updates_per_epoch,
    }


def _updates_to_targets(setup: Setup, trained: Trained) -> dict[str, float]:
    """For each of the recipe's targets the updates until an evaluation found it
    reached, and whether one did.

    A run that did not get there counts one update more than its declared length, which
    is the least that it could have taken.
    """
    measures = {measure.name: measure for measure in setup.procedure.measures}
    found: dict[str, float] = {}
    for name, value in setup.recipe.targets:
        measure = measures[name.removeprefix("train.")]
        column = name if name in trained.best.values else f"validation.{name}"
        there = [
            one.step
            for one in trained.curve
            if one.step > 0
            and measure.sign * (one.values[column] - value) >= 0
        ]
        found[updates_to(name, value)] = (
            there[0] if there else trained.length + 1
        )
        found[reached(name, value)] = float(bool(there))
    return found


def _throughput(setup: Setup, seconds_per_epoch: float) -> dict[str, float]:
    procedure = setup.procedure
    if not isinstance(procedure, HasThroughput):
        return {}
    units = procedure.count(setup.splits.train)
    seconds = max(seconds_per_epoch, MIN_SECONDS)
    return {f"{procedure.unit}_per_second": units / seconds}


def _finite(values: Mapping[str, float]) -> dict[str, float]:
    return {
        name: value
        for name, value in values.items()
        if finite(value) is not None
    }


def _about_data(splits: Splits) -> dict[str, str | int | float]:
    return {
        "population": splits.population,
        "test_train_ratio": splits.test_train_ratio,
        "n_train": len(splits.train),
        "n_validation": len(splits.validation),
        "n_test": len(splits.sealed),
    }


def _row(found: Evaluation) -> dict[str, float | None]:
    """An evaluation as a row of the result's curve."""
    return {
        "step": found.step,
        "epoch": found.epoch,
        "seconds": found.seconds,
        **{name: finite(value) for name, value in found.values.items()},
    }


def _weights(model: nn.Module) -> bytes:
    """The model's parameters and running statistics in PyTorch's format."""
    buffer = io.BytesIO()
    tensors = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in model.state_dict().items()
    }
    torch.save(tensors, buffer)
    return buffer.getvalue()

"""What a worker does: turn a Job into one Result per member. No Ray, no Optuna, no
MLflow, no campaign.

Every run ends in a typed status; nothing that a task does wrong gets out of here
as an exception.
"""

from __future__ import annotations

import io
import signal
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any

import torch
from torch import nn

from suite.training.checkpoint import Checkpointer
from suite.training.data_parallel import (
    DataParallelGroup,
    PeerLost,
    RankFailed,
    check_data_parallel,
)
from suite.training.environment import worker_info
from suite.training.evaluate import Evaluation
from suite.training.instantiate import build_model, load_splits, resolve
from suite.training.job import JUDGED, OPENING, Job, Member, Result, Status, finite
from suite.training.loop import TrainingLoop, fit_once, losses_digest
from suite.training.rng import make_generator
from tasks import (
    FitOnce,
    HasSnapshots,
    HasThroughput,
    Procedure,
    Splits,
)

SNAPSHOTS = 8  # evaluations of a final at which a watched procedure shows what it does
NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
)  # in words of CUDA, Linux, others
GRACE = (
    1.1,
    5.0,
)  # times the limit, and seconds: a run that comes to an evaluation tells how far it got


def run_job(job: Job) -> list[Result]:
    """Train every member of the job and return their results, in the order of the
    members.
    """
    torch.set_num_threads(job.threads)
    return [_run_member(job, member) for member in job.members]


def run_rank(job: Job) -> Result:
    """What one worker of a group does for the one run of the job; the first
    worker's result is the run's.

    Raises RankFailed where this worker fails, and PeerLost where another one did:
    either ends the group.
    """
    (member,) = job.members
    started = time.time()
    trained: Future[Result] = Future()

    def train() -> None:
        try:
            if job.device.startswith("cuda"):
                torch.cuda.set_device(job.device)
            torch.set_num_threads(job.threads)
            trained.set_result(_run_member(job, member, DataParallelGroup()))
        except BaseException as error:
            trained.set_exception(error)

    # Not the main thread's work, and so no signal interrupts it: one that hangs is left
    # behind, and ends with the group.
    threading.Thread(target=train, name="training", daemon=True).start()
    try:
        result = trained.result(timeout=job.time_limit and _patience(job.time_limit))
    except TimeoutError:
        limit = job.time_limit or 0.0
        result = Result(
            member.key, "timed_out", error=_hanging(limit), worker=worker_info(job)
        )
        result = replace(result, started=started, ended=started + _patience(limit))
    if result.status not in JUDGED:
        raise RankFailed(result)
    return result


def _run_member(
    job: Job, member: Member, group: DataParallelGroup | None = None
) -> Result:
    started, began = time.time(), time.monotonic()
    status: Status = "crashed"
    error, trace = None, None
    try:
        with _interrupted_after(job.time_limit):
            result = _train(job, member, group)
    except (torch.OutOfMemoryError, MemoryError) as caught:
        status, error = "out_of_memory", str(caught)
    except TimeoutError as caught:
        status, error = "timed_out", str(caught)
    except PeerLost:
        raise
    except Exception as caught:
        if any(words in str(caught).lower() for words in NO_MEMORY):
            status = "out_of_memory"
        error, trace = f"{type(caught).__name__}: {caught}", traceback.format_exc()
    if error is not None:
        result = Result(member.key, status, error=error, traceback=trace)
    ended = (
        started + time.monotonic() - began
    )  # never before it started, whoever sets the clock meanwhile
    return replace(
        result,
        started=started,
        ended=ended,
        worker={**worker_info(job), **result.worker},
    )


@contextmanager
def _interrupted_after(limit: float | None) -> Iterator[None]:
    """Raise TimeoutError in whatever hangs, in the middle of it. Only a main thread, as
    a worker's is, can be so.
    """
    if (
        limit is None
        or threading.current_thread() is not threading.main_thread()
        or not hasattr(signal, "setitimer")
    ):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(_hanging(limit))

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, _patience(limit))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _patience(limit: float) -> float:
    return limit * GRACE[0] + GRACE[1]


def _hanging(limit: float) -> str:
    return f"longer than the limit of {limit:g} s, and hanging"


def _train(job: Job, member: Member, group: DataParallelGroup | None) -> Result:
    task, arm, level = resolve(job)
    procedure, recipe = (
        task.procedure_of(arm),
        task.recipe_of(level, arm).with_changes(job.recipe),
    )
    splits = load_splits(
        job.task, job.level, member.seeds["split"], job.examples, job.device
    )
    model = build_model(
        arm, level, splits, member.params, member.seeds["initialisation"]
    ).to(job.device)
    if group:
        check_data_parallel(procedure, model, recipe)
    first = (
        group is None or group.rank == 0
    )  # of the workers: it alone evaluates and keeps
    parameters = sum(p.numel() for p in model.parameters())
    snapshots: dict[str, bytes] = {}
    resumed: dict[str, Any] = {}
    if isinstance(procedure, FitOnce):
        model, progress = fit_once(
            procedure, splits, splits.shape, member.params, member.seeds
        )
        parameters = sum(p.numel() for p in model.parameters())
        curve, best, losses = [progress], progress, None
        seconds_per_update = progress.seconds
        updates_per_epoch = 1
    else:
        training = TrainingLoop(
            procedure,
            model,
            splits.train,
            splits.validation,
            recipe,
            member.params,
            member.seeds,
            job.length_factor,
            group,
        )
        checkpoints = Checkpointer(job.checkpoints if first else None, member.key)
        snapshots |= checkpoints.resume(training)
        if training.curve:
            resumed = {"resumed": training.curve[-1].step}
        for progress in training:
            if member.kind == "final" and first:
                snapshots |= _snapshot(
                    procedure, model, splits, member, progress, training.steps
                )
            if job.time_limit is not None and checkpoints.seconds > job.time_limit:
                raise TimeoutError(
                    f"longer than the limit of {job.time_limit:g} s after step {progress.step}"
                )
            checkpoints.save(training, snapshots)
        curve = training.curve
        if not first:
            return Result(member.key, "finished")  # the first one tells the rest
        best = training.best or curve[-1]
        losses = losses_digest(training.losses)
        seconds_per_update = training.seconds_per_update(curve)
        updates_per_epoch = -(-len(splits.train) // recipe.batch(len(splits.train)))
    diverged = curve[-1].diverged
    metrics: dict[str, float] = {
        "seconds": curve[-1].seconds,
        "cpu_seconds": curve[-1].cpu_seconds,
        "steps": curve[-1].step,
        "epochs": curve[-1].epoch,
        "seconds_per_update": seconds_per_update,
        "seconds_per_epoch": seconds_per_update * updates_per_epoch,
    }
    if isinstance(procedure, HasThroughput):
        units, seconds = procedure.count(splits.train), metrics["seconds_per_epoch"]
        metrics[f"{procedure.unit}_per_second"] = units / max(
            seconds, 1e-9
        )  # a clock may be too coarse to see a step
    metrics |= {
        name: value for name, value in best.values.items() if finite(value) is not None
    }
    if diverged:
        metrics |= {
            f"{split}.{m.name}": m.worst(splits.shape)
            for m in procedure.measures
            for split in _splits(member)
        }
    sealed = splits.sealed
    artifacts: dict[str, bytes] = {}
    if member.kind in OPENING and not diverged:
        test = sealed.open()
        noise = make_generator(member.seeds["evaluation"], job.device)
        with torch.no_grad():
            seen = procedure.evaluate(model.eval(), test, noise)
        worst = {m.name: m.worst(splits.shape) for m in procedure.measures}
        metrics |= {
            f"test.{name}": value if finite(value) is not None else worst[name]
            for name, value in seen.items()
        }
        diverged = any(
            finite(value) is None for value in seen.values()
        )  # on the test alone: a failure like any other
        if member.kind == "final":
            artifacts = snapshots | procedure.artifacts(
                model, test, make_generator(member.seeds["evaluation"], job.device)
            )
    return Result(
        key=member.key,
        status="diverged" if diverged else "finished",
        metrics=metrics,
        curve=[_row(progress) for progress in curve],
        best_step=best.step,
        losses=losses,
        parameters=parameters,
        data={
            "population": splits.population,
            "test_train_ratio": splits.test_train_ratio,
            "n_train": len(splits.train),
            "n_validation": len(splits.validation),
            "n_test": len(sealed),
        },
        test_opened=sealed.opened,
        error="the loss or a measure was not finite" if diverged else None,
        worker=resumed,
        artifacts=artifacts,
        checkpoint=_checkpoint(model) if member.kind == "final" else None,
    )


def _snapshot(
    procedure: Procedure,
    model: nn.Module,
    splits: Splits,
    member: Member,
    progress: Evaluation,
    steps: int,
) -> dict[str, bytes]:
    if not isinstance(procedure, HasSnapshots) or progress.diverged:
        return {}
    due = [round(steps * i / SNAPSHOTS) for i in range(SNAPSHOTS + 1)]
    if min(abs(progress.step - step) for step in due) > steps / (4 * SNAPSHOTS):
        return {}
    noise = make_generator(member.seeds["evaluation"], splits.train.x.device)
    with torch.no_grad():
        shown = procedure.snapshot(model, splits.validation, noise)
    return {
        f"step-{progress.step:07d}-{name}": content for name, content in shown.items()
    }


def _splits(member: Member) -> Iterator[str]:
    yield from (
        ("train", "validation", "test")
        if member.kind in OPENING
        else ("train", "validation")
    )


def _row(progress: Evaluation) -> dict[str, float | None]:
    row: dict[str, float | None] = {
        "step": progress.step,
        "epoch": progress.epoch,
        "seconds": progress.seconds,
    }
    return row | {name: finite(value) for name, value in progress.values.items()}


def _checkpoint(model: nn.Module) -> bytes:
    buffer = io.BytesIO()
    torch.save(
        {
            name: tensor.detach().cpu().contiguous()
            for name, tensor in model.state_dict().items()
        },
        buffer,
    )
    return buffer.getvalue()

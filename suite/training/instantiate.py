"""From names in a job to objects: the task, its arm and level, its data, its untrained
model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch
from torch import nn

import tasks
from suite.training.job import Job
from tasks import (
    Arm,
    Level,
    Split,
    Splits,
    Task,
    UserError,
)
from tasks.contract.checks import brief
from tasks.contract.task import TrainingData


def resolve(job: Job) -> tuple[Task, Arm, Level]:
    """The task, arm and level that a job names, with the arm under the name it runs by."""
    task = (
        tasks.load_source(job.task, *job.source)
        if job.source
        else tasks.get(job.task)
    )
    return (
        task,
        replace(task.arm(job.builds or job.arm), name=job.arm),
        task.level(job.level),
    )


def load_splits(
    task: str,
    level: str,
    seed: int,
    examples: int | None = None,
    device: str = "cpu",
    arm: str | None = None,
) -> Splits:
    """The block's splits on the device, freshly sealed; of an ``arm`` with training
    data of its own, with those. The last few are kept in memory.
    """
    if arm is not None and tasks.get(task).arm(arm).training_data is None:
        arm = None  # it shares the block's splits with others
    source = tasks.source_of(task)
    splits = _prepared(task, source, level, arm, seed, examples, device)
    # Runs share what is cached, but not the seal: whether it is broken is on
    # record, and says whether this very run has seen the test set.
    return replace(splits, test=splits.sealed.resealed())


def load_splits_before(
    task: str,
    level: str,
    seed: int,
    examples: int | None,
    device: str,
    arm: str,
) -> Splits:
    """The block's splits with what the stage before the arm's own training learns
    from.
    """
    found = tasks.get(task)
    shared = _loaded(task, tasks.source_of(task), level, seed)
    splits = with_training_data_before(
        found.arm(arm), found.level(level), shared, seed
    )
    return splits.limited(examples).to(device)


def forget_data() -> None:
    """Have data loaded again, as their files may have changed."""
    _prepared.cache_clear()
    _loaded.cache_clear()


# The caches are small, because an entry holds whole splits, perhaps on the
# GPU. `source` is in their keys alone: task files may be edited meanwhile.
@lru_cache(maxsize=4)
def _prepared(
    task: str,
    source: tuple[str, str] | None,
    level: str,
    arm: str | None,
    seed: int,
    examples: int | None,
    device: str,
) -> Splits:
    splits = _loaded(task, source, level, seed)
    if arm is not None:
        found = tasks.get(task)
        splits = with_own_training_data(
            found.arm(arm), found.level(level), splits, seed
        )
    return splits.limited(examples).to(device)


@lru_cache(maxsize=2)
def _loaded(
    task: str, source: tuple[str, str] | None, level: str, seed: int
) -> Splits:
    """What all arms of a block share."""
    found = tasks.get(task)
    return found.load(found.level(level), seed)


def with_own_training_data(
    arm: Arm, level: Level, splits: Splits, seed: int
) -> Splits:
    """The splits with what the arm learns from, where it has training data of its own.

    Raises UserError if these do not fit the task, or if the arm's function changes
    examples in place, which other arms share.
    """
    return _with_train_of(arm, arm.training_data, level, splits, seed)


def with_training_data_before(
    arm: Arm, level: Level, splits: Splits, seed: int
) -> Splits:
    """The splits with what the stage before an arm's own training learns from."""
    assert arm.before is not None
    return _with_train_of(arm, arm.before.training_data, level, splits, seed)


def _with_train_of(
    arm: Arm,
    training_data: TrainingData | None,
    level: Level,
    splits: Splits,
    seed: int,
) -> Splits:
    if training_data is None:
        return splits
    # torch counts the in-place changes of a tensor; comparing contents would
    # take a copy of all examples.
    shared = _tensors(splits)
    before = [tensor._version for tensor in shared]
    try:
        found = splits.with_train(training_data(splits.train, level, seed))
    except UserError as error:
        raise UserError(f"Arm {arm.name!r}, training_data: {error}") from error
    if [tensor._version for tensor in shared] != before:
        raise UserError(
            f"Arm {arm.name!r}: training_data changes examples in place, which other "
            "arms share: work on a clone() and return new tensors."
        )
    return found


def _tensors(splits: Splits) -> list[torch.Tensor]:
    """All examples and answers in memory. A seal of its own is broken: nothing is looked at."""
    test = splits.sealed.resealed().open()
    parts: list[Split] = [splits.train, splits.validation, test]
    held = [part for part in parts if part.in_memory]
    return [tensor for part in held for tensor in (part.x, part.y)]


def build_model(
    arm: Arm,
    level: Level,
    splits: Splits,
    params: Mapping[str, Any],
    seed: int,
) -> nn.Module:
    """The arm's untrained model, initialised from its own stream; the caller's random
    numbers are left alone. An empty one where a library makes the model.

    Raises UserError if ``build`` returns something else.
    """
    if arm.build is None:
        return nn.Identity()
    # On the CPU, so that a seed gives the same weights on every device.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = arm.build(splits.shape, level, params)
    if not isinstance(model, nn.Module):
        raise UserError(
            f"Arm {arm.name!r}: build returned {brief(model)}, of type "
            f"{type(model).__name__}: return a torch.nn.Module."
        )
    return model

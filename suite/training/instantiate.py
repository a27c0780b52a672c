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
    Splits,
    Task,
)


def resolve(job: Job) -> tuple[Task, Arm, Level]:
    """The task, arm and level that a job names, with the arm under the name it runs by."""
    task = (
        tasks.load_source(job.task, *job.source) if job.source else tasks.get(job.task)
    )
    return (
        task,
        replace(task.arm(job.builds or job.arm), name=job.arm),
        task.level(job.level),
    )


def load_splits(
    task: str, level: str, seed: int, examples: int | None = None, device: str = "cpu"
) -> Splits:
    """The block's splits on the device, freshly sealed. The last few are kept in
    memory.
    """
    splits = _loaded(task, tasks.source_of(task), level, seed, examples, device)
    return replace(splits, test=splits.sealed.resealed())


@lru_cache(maxsize=4)
def _loaded(
    task: str,
    source: tuple[str, str] | None,
    level: str,
    seed: int,
    examples: int | None,
    device: str,
) -> Splits:
    found = tasks.get(task)
    return found.load_data(found.level(level), seed).limited(examples).to(device)


def build_model(
    arm: Arm, level: Level, splits: Splits, params: Mapping[str, Any], seed: int
) -> nn.Module:
    """The arm's untrained model, initialised from its own stream; the caller's random
    numbers are left alone. An empty one where a library makes the model.
    """
    if arm.build is None:
        return nn.Identity()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return arm.build(splits.shape, level, params)

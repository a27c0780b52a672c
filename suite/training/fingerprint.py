"""What decides a run's result, as hashes: the code it runs and the data it sees.

Not the commit, nor the task's file: a comment, a margin, a claim's text, another arm, a
page or another task must not make finished runs stale.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import tasks
from suite.training.instantiate import load_splits, load_splits_before
from suite.training.job import digest
from suite.training.reach import Reach, tensor_hash
from tasks import Arm, Splits, StoredSplit, Stream, Task

ROOT = Path(__file__).resolve().parents[2]
DECIDING = (
    "computation",
    "data_parallel",
    "evaluate",
    "flat_parameters",
    "function",
    "instantiate",
    "learner",
    "loop",
    "optimizer",
    "own",
    "rng",
    "run",
    "stages",
)
"""The modules of ``suite.training`` that decide a run's result. The others start and
watch runs, keep their checkpoints, or say where they took place.
"""

STACKED = (
    "batch_norm",
    "batches",
    "gradients",
    "job",
    "looks",
    "member",
    "recorder",
    "simplify",
    "stack",
    "updates",
)
"""The modules of ``suite.training.stacks`` that decide the result of a run in a stack."""


def source_hash(task: str) -> str:
    """SHA-256 over all code that runs of the task reach, whatever their arm."""
    return digest(_code(task))


def arm_hash(task: str, arm: str) -> str:
    """SHA-256 over the code that runs of one arm reach, and over the values that it is
    made with.

    That is all first-party code: its build and procedure, ``load_data``, what these
    mention in helper modules, and the modules that decide how a run goes. Raises
    UserError if the source or the content of something cannot be determined.
    """
    reach = _new_reach(task)
    found = tasks.get(task)
    if found.arm(arm).measure is None:
        # A copy, as following all of it again for each arm takes a second in all.
        reach = _reach_of_training(reach.own).copy()
    values = _describe_arm(reach, found, arm)
    return digest({"values": values, "code": reach.code})


@cache
def stacked_hash() -> str:
    """SHA-256 over the code that trains several runs as one batched model."""
    return _stacks_hash(STACKED)


@cache
def gain_hash() -> str:
    """The same, together with the code that measures what a stack gains."""
    return _stacks_hash((*STACKED, "gain"))


def _stacks_hash(modules: Iterable[str]) -> str:
    names = tuple(f"stacks.{name}" for name in modules)
    reach = Reach("", (*DECIDING, *names))
    for name in names:
        reach.add_module(f"suite.training.{name}")
    return digest(reach.code)


def level_values(task: str, level: str) -> Any:
    """What a level passes to an arm and to ``load_data``, JSON-serialisable.

    Raises UserError if the content of a factor cannot be determined.
    """
    found = tasks.get(task).level(level)
    passed = [dict(found.factors), found.x]
    return _new_reach(task).describe(passed, f"Level {level!r}")


def _code(task: str) -> dict[str, str]:
    found = tasks.get(task)
    reach = _new_reach(task)
    for arm in found.arms:
        _describe_arm(reach, found, arm.name)
    return reach.code


def _new_reach(task: str) -> Reach:
    # A task in an installed package would pass for a library's code; its own
    # package is first-party all the same.
    own = tasks.module_of(task).__name__.partition(".")[0]
    return Reach("" if own == "tasks" else own, DECIDING)


@cache
def _reach_of_training(own: str) -> Reach:
    """The code that every trained run reaches, whatever its arm."""
    reach = Reach(own, DECIDING)
    for module in DECIDING:
        reach.add_module(f"suite.training.{module}")
    return reach


def _describe_arm(reach: Reach, task: Task, name: str) -> Any:
    arm = task.arm(name)
    who = f"Arm {name!r}"
    # A function trains nothing, so its results do not depend on the loop.
    if arm.measure is not None:
        reach.add_module("suite.training.function")
        return reach.describe(arm.measure, who)
    for module in DECIDING:
        reach.add_module(f"suite.training.{module}")
    described = [
        reach.describe(arm.build, who),
        reach.describe(task.procedure_of(arm), f"{who}: the procedure"),
        reach.describe(task.load_data, "load_data"),
        reach.describe(arm.training_data, f"{who}: training_data"),
        reach.describe(arm.before, f"{who}: before"),
    ]
    for rule in _rules(task, arm):
        described.append(reach.describe(rule, f"{who}: the recipe"))
    return described


def _rules(task: Task, arm: Arm) -> list[Any]:
    """The functions in the arm's recipes, such as an optimiser of the user's own."""
    # By identity: callables need not be hashable, and levels share them.
    rules = {}
    for level in task.levels:
        recipe = task.recipe_of(level, arm)
        for value in vars(recipe).values():
            if callable(value):
                rules[id(value)] = value
    return list(rules.values())


def forget_hashes() -> None:
    """Have data hashed again, as their files may have changed."""
    _data_hash.cache_clear()


def data_hash(
    task: str,
    level: str,
    examples: int | None = None,
    arm: str | None = None,
) -> str:
    """SHA-256 over the splits that seed 0 gives, metadata included: it changes when the
    data or the way of splitting them does. Of an arm with training data of its own, it
    is over those.

    Raises UserError if metadata hold something whose content cannot be determined.
    """
    source = tasks.source_of(task)
    if arm is None:
        return _data_hash(task, source, level, examples, None)
    # An arm without data of its own shares the task's hash, which is cached.
    found = tasks.get(task).arm(arm)
    own = None if found.training_data is None else arm
    if found.before is None:
        return _data_hash(task, source, level, examples, own)
    before = load_splits_before(task, level, 0, examples, "cpu", arm)
    hashes = [
        _data_hash(task, source, level, examples, own),
        _splits_hash(_new_reach(task), before),
    ]
    return digest(hashes)


# `source` is in the cache's key alone: a task file that was edited meanwhile,
# as in a notebook, must not be answered with the hash of what it was.
@lru_cache(maxsize=256)
def _data_hash(
    task: str,
    source: tuple[str, str] | None,
    level: str,
    examples: int | None,
    arm: str | None,
) -> str:
    splits = load_splits(task, level, 0, examples, arm=arm)
    return _splits_hash(_new_reach(task), splits)


def _splits_hash(reach: Reach, splits: Splits) -> str:
    about = f"{splits.population} {splits.pool} {splits.classes}"
    found = hashlib.sha256(about.encode())
    # A seal of its own is broken: nothing is trained on seed 0 here.
    test = splits.sealed.resealed().open()
    for split in (splits.train, splits.validation, test):
        if isinstance(split, StoredSplit | Stream):
            found.update(split.content_hash().encode())
            continue
        for tensor in (split.x, split.y):
            shape = tuple(tensor.shape)
            found.update(f"{shape} {tensor.dtype}".encode())
            found.update(tensor_hash(tensor).encode())
    # Metadata may hold objects with code of their own, as a tokenizer.
    metadata = reach.describe(dict(splits.metadata), "The data's metadata")
    found.update(digest([metadata, reach.code]).encode())
    return found.hexdigest()

"""Checks of a task's data."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from suite.checks.finding import CheckFailed, NotApplicable
from suite.checks.registry import register_check
from suite.report.formatting import counted
from suite.training.instantiate import (
    with_own_training_data,
    with_training_data_before,
)
from suite.training.job import digest
from tasks import Arm, Level, Split, Splits, Task

# The share of test examples that may be training examples too, as in some
# published data sets.
MAX_DUPLICATE_SHARE = 0.001
SAMPLED_EXAMPLES = 1000  # examples that stand for those that are not in memory
PAIRS = (
    ("training", "test"),
    ("validation", "test"),
    ("training", "validation"),
)


@register_check("data depend on the seed alone", of_data=True)
def data_depend_on_the_seed(task: Task) -> str:
    """The same seed gives the same data, whatever the state of the global generators,
    and another seed gives others.
    """
    for level in task.light:
        # ``noise`` is the state of the global generators, which must make no
        # difference.
        first = _digest(_loaded(task, level, seed=0, noise=0))
        again = _digest(_loaded(task, level, seed=0, noise=1))
        other = _digest(_loaded(task, level, seed=1, noise=2))
        if first != again:
            raise CheckFailed(
                f"at {level.name}, seed 0 gives other data the second time",
                "draw every random number in load_data from a generator made of its seed",
            )
        if first == other:
            raise CheckFailed(
                f"at {level.name}, seeds 0 and 1 give the same data",
                "use the seed in load_data",
            )
    return counted(len(task.light), "level")


@register_check("other random numbers left alone", of_data=True)
def others_are_left_alone(task: Task) -> str:
    """Loading data leaves the global generators as they were: they belong to whoever
    calls.
    """
    before = _global_state()
    task.load(task.light[0], 3)
    if _global_state() != before:
        raise CheckFailed(
            "load_data draws from, or seeds, the global generators",
            "use torch.Generator().manual_seed(seed)",
        )
    return "load_data draws from generators of its own"


@register_check("splits share no example", of_data=True)
def splits_are_disjoint(task: Task) -> str:
    """No example is in two of training, validation and test, but for a few doubles."""
    for level in task.light:
        splits = task.load(level, 0)
        parts = {
            "training": splits.train,
            "validation": splits.validation,
            "test": _test(splits),
        }
        rows = {name: _rows(split) for name, split in parts.items()}
        for one, other in PAIRS:
            shared = len(rows[one] & rows[other])
            if shared > MAX_DUPLICATE_SHARE * len(rows[other]):
                raise CheckFailed(
                    f"at {level.name}, {shared:,} of {len(parts[other]):,} {other} "
                    f"examples are {one} examples too",
                    "split before you copy or augment, and keep equal examples together",
                )
    sizes = " / ".join(f"{len(split):,}" for split in parts.values())
    return f"{sizes} examples"


@register_check("blocks differ as they say", of_data=True)
def blocks_differ(task: Task) -> str:
    """Blocks must share test examples as the task says they do: the width of every
    interval rests on it.
    """
    for level in task.light:
        here = task.load(level, 0)
        there = task.load(level, 1)
        test = _rows(_test(here))
        elsewhere = _rows(_test(there))
        # Whatever the next block uses an example for, it is not a fresh one.
        others = elsewhere | _rows(there.train) | _rows(there.validation)
        shared = len(test & others) / len(test)
        # Half, since small or discrete data repeat some examples by chance.
        if here.population == "fresh" and shared > 0.5:
            raise CheckFailed(
                f"at {level.name}, {shared:.0%} of a block's test examples are in the "
                "next block's data too",
                'give Splits population="resplit" (one finite pool) or '
                '"official" (one given test set)',
            )
        if here.population == "official" and test != elsewhere:
            raise CheckFailed(
                f"at {level.name}, the official test set differs between blocks",
                "give all blocks one",
            )
    return f"{here.population}, test/train ratio {here.test_train_ratio:.2g}"


@register_check("arms change training data alone", of_data=True)
def arms_change_training_data_alone(task: Task) -> str:
    """An arm with training data of its own is measured on the same examples as others,
    and has seen none of them.
    """
    sources = [source for arm in task.arms for source in _sources_of(arm)]
    if not sources:
        raise NotApplicable("no arm has training data of its own")
    sizes = []
    for level in task.light:
        splits = task.load(level, 0)
        before = _digest(splits)
        for source in sources:
            own = source.splits(level, splits, noise=1)
            # Arms of a block share their splits: one that changes them changes
            # what the others learn from.
            if _digest(splits) != before:
                raise CheckFailed(
                    f"{source.arm.name} at {level.name}: training_data changes examples "
                    "in place",
                    "work on a clone() and return new tensors",
                )
            _check_source(source, level, splits, own)
            sizes.append(len(own.train))
    arms = {source.arm.name for source in sources}
    return f"{counted(len(arms), 'arm')}, {min(sizes):,} to {max(sizes):,} examples"


@dataclass(frozen=True)
class _Source:
    """What an arm learns from, by itself or in the stage before."""

    arm: Arm
    made: Callable[[Arm, Level, Splits, int], Splits]

    def splits(self, level: Level, splits: Splits, noise: int) -> Splits:
        with _other_random_numbers(noise):
            return self.made(self.arm, level, splits, 0)


def _sources_of(arm: Arm) -> Iterator[_Source]:
    if arm.training_data is not None:
        yield _Source(arm, with_own_training_data)
    if arm.before is not None:
        yield _Source(arm, with_training_data_before)


def _check_source(
    source: _Source, level: Level, splits: Splits, own: Splits
) -> None:
    where = f"{source.arm.name} at {level.name}"
    rows = _digest_of(own.train)
    again = source.splits(level, splits, noise=2)
    if _digest_of(again.train) != rows:
        raise CheckFailed(
            f"{where}: training_data gives other examples the second time",
            "draw every random number from a generator made of its seed",
        )
    is_own = source.made is with_own_training_data
    if is_own and rows == _digest_of(splits.train):
        raise CheckFailed(
            f"{where}: training_data gives the block's training examples unchanged",
            "leave it out, or change them",
        )
    held_out = {"validation": splits.validation, "test": _test(splits)}
    for name, split in held_out.items():
        shared = len(_rows(own.train) & _rows(split))
        if shared > MAX_DUPLICATE_SHARE * len(split):
            raise CheckFailed(
                f"{where}: {shared:,} of {len(split):,} {name} examples are in its "
                "training data too",
                "make them of the training examples, or of a pool apart from the others",
            )


def _loaded(task: Task, level: Level, seed: int, noise: int) -> Splits:
    """The splits, loaded with all global random generators in another state."""
    with _other_random_numbers(noise):
        return task.load(level, seed)


@contextmanager
def _other_random_numbers(noise: int) -> Iterator[None]:
    """All global random generators in another state."""
    with torch.random.fork_rng(devices=[]):
        # Without ``devices`` it would initialise every GPU.
        torch.manual_seed(noise)
        of_python = random.getstate()
        of_numpy = np.random.get_state()
        random.seed(noise)
        np.random.seed(noise)
        try:
            yield
        finally:
            random.setstate(of_python)
            np.random.set_state(of_numpy)


def _global_state() -> str:
    of_torch = torch.get_rng_state().tolist()
    of_numpy = np.random.get_state(legacy=False)["state"]["key"].tolist()
    _, of_python, _ = random.getstate()
    return digest([of_torch, of_numpy, of_python])


def _test(splits: Splits) -> Split:
    # A seal of our own: nothing is trained here.
    return splits.sealed.resealed().open()


def _digest(splits: Splits) -> str:
    parts = (splits.train, splits.validation, _test(splits))
    return digest([_digest_of(split) for split in parts])


def _digest_of(split: Split) -> str:
    # Sorted, as a set has no order, and that of the examples does not matter.
    return digest(sorted(_rows(split)))


def _rows(split: Split) -> set[str]:
    """Each example's bytes, its answer included; of examples that are not in memory,
    of the first ones.
    """
    if not split.in_memory:
        split = split.head(SAMPLED_EXAMPLES)
    inputs = _flat(split.x).numpy()  # (examples, numbers)
    answers = _flat(split.y).numpy()
    rows = set()
    for x, y in zip(inputs, answers, strict=True):
        rows.add(x.tobytes().hex() + y.tobytes().hex())
    return rows


def _flat(values: torch.Tensor) -> torch.Tensor:
    return values.detach().cpu().contiguous().reshape(len(values), -1)

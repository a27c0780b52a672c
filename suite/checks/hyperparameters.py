"""Checks that every hyperparameter is read by something."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from suite.checks.finding import CheckFailed, NotApplicable
from suite.checks.registry import register_check
from suite.checks.short_run import SHORT
from suite.training.function import call
from suite.training.instantiate import build_model
from suite.training.loop import TrainingLoop
from suite.training.own import training
from suite.training.seeds import run_seeds
from tasks import Arm, FitOnce, Level, Splits, Task, TrainsItself
from tasks.contract.errors import nearest

EXAMPLES = 64  # that a model is made for


class Recorded(Mapping[str, Any]):
    """Hyperparameters that note in ``asked`` which names were looked up, whether they
    are there or not.
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._params = dict(params)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return self._params[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._params)

    def __len__(self) -> int:
        return len(self._params)

    @property
    def unread(self) -> list[str]:
        """Those that nothing looked up."""
        return [name for name in self._params if name not in self.asked]


@register_check("hyperparameters are read", of_data=True)
def hyperparameters_are_read(task: Task) -> str:
    """One that nothing reads is a misspelt one, or tuned in vain."""
    read: set[str] = set()
    for level in _different(task):
        splits = task.load(level, 0).limited(EXAMPLES)
        for arm in task.arms:
            is_own = isinstance(task.procedure_of(arm), FitOnce | TrainsItself)
            if arm.measure is not None or is_own:
                # A library has named what it takes; the others are called,
                # or trained, for the check below.
                continue
            read |= _read_by(task, level, arm, splits)
    if not read:
        raise NotApplicable("no arm is trained step by step")
    return ", ".join(sorted(read))


@register_check("own code reads its hyperparameters", trains=True)
def own_code_reads_hyperparameters(task: Task) -> str:
    """What a function, or a procedure that trains by itself, is given and never looks
    up is a misspelt name, or tuned in vain.
    """
    read: set[str] = set()
    level = task.light[0]
    for arm in task.arms:
        if arm.measure is not None:
            read |= _read_by_function(task, level, arm)
        elif isinstance(task.procedure_of(arm), TrainsItself):
            read |= _read_by_own_loop(task, level, arm)
    if not read:
        raise NotApplicable(
            "no function, and no procedure that trains by itself, has any"
        )
    return ", ".join(sorted(read))


def _read_by_function(task: Task, level: Level, arm: Arm) -> set[str]:
    def call_it(params: Recorded) -> None:
        call(task.procedure_of(arm), arm, level, params, seed=0)

    return _read_at_any(task, level, arm, call_it)


def _read_by_own_loop(task: Task, level: Level, arm: Arm) -> set[str]:
    splits = task.load(level, 0).limited(EXAMPLES)

    def train_it(params: Recorded) -> None:
        model = build_model(arm, level, splits, params, seed=0)
        loop = training(
            task.procedure_of(arm),
            model,
            splits.train,
            splits.validation,
            task.recipe_of(level, arm).with_changes(SHORT),
            params,
            run_seeds(0, task.name, level.name, 0, arm.name, "trial", 0),
        )
        for _ in loop:
            pass

    return _read_at_any(task, level, arm, train_it)


def _read_at_any(
    task: Task, level: Level, arm: Arm, use: Callable[[Recorded], None]
) -> set[str]:
    """The hyperparameters that ``use`` reads at one point or another. CheckFailed if it
    reads some at none.
    """
    names: set[str] = set()
    asked: set[str] = set()
    for point in _points_and_ends(task, level, arm):
        params = Recorded(point)
        names |= set(params)
        if names <= asked:
            continue
        use(params)
        asked |= params.asked
    unread = sorted(names - asked)
    if unread:
        where = "the function" if arm.measure else "train"
        raise _unread(arm, level, unread[0], asked - names, where)
    return names


def _points_and_ends(
    task: Task, level: Level, arm: Arm
) -> Iterator[dict[str, Any]]:
    """Those of ``_points``, and both ends of all ranges: what code reads may depend on
    the values.
    """
    yield from _points(task, level, arm)
    space, fixed = task.space_of(arm, level), task.fixed_params(arm, level)
    for end in (0, -1):
        ends = {name: tuned.extremes[end] for name, tuned in space.items()}
        yield space.active(ends) | fixed


def _different(task: Task) -> list[Level]:
    """The first light level, and those that change hyperparameters."""
    first, *others = task.light
    return [first, *(level for level in others if level.params or level.space)]


def _read_by(task: Task, level: Level, arm: Arm, splits: Splits) -> set[str]:
    """The hyperparameters that a run reads. CheckFailed if it leaves one out."""
    read: set[str] = set()
    for point in _points(task, level, arm):
        read |= _read_at(task, level, arm, splits, point)
    return read


def _points(task: Task, level: Level, arm: Arm) -> Iterator[dict[str, Any]]:
    """The defaults, and these with each value that another hyperparameter needs."""
    yield task.default_params(arm, level)
    space, fixed = task.space_of(arm, level), task.fixed_params(arm, level)
    for tuned in space.values():
        if tuned.when:
            yield space.active({**space.first_values, **tuned.when}) | fixed


def _read_at(
    task: Task,
    level: Level,
    arm: Arm,
    splits: Splits,
    point: Mapping[str, Any],
) -> set[str]:
    """Those that a run reads with these values. CheckFailed if it leaves one out."""
    params = Recorded(point)
    model = build_model(arm, level, splits, params, seed=0)
    # Made, and not run: it has looked up rates, weight decay and the recipe's
    # fields.
    TrainingLoop(
        task.procedure_of(arm),
        model,
        splits.train,
        splits.validation,
        task.recipe_of(level, arm),
        params,
        run_seeds(0, task.name, level.name, 0, arm.name, "trial", 0),
    )
    if params.unread:
        wanted = params.asked - set(params)
        raise _unread(arm, level, params.unread[0], wanted, "build")
    return set(params)


def _unread(
    arm: Arm, level: Level, name: str, wanted: set[str], where: str
) -> CheckFailed:
    """The failure for a name that nothing reads, where others are ``wanted``."""
    hint = nearest(name, wanted) if wanted else "take it out"
    return CheckFailed(
        f"arm {arm.name} at level {level.name} has a hyperparameter {name!r} that "
        "nothing reads",
        f"{hint}, or read params[{name!r}] in {where}",
    )

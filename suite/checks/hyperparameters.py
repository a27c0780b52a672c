"""A check that every hyperparameter is read by something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from suite.checks.finding import CheckFailed, NotApplicable
from suite.checks.registry import register_check
from suite.training.instantiate import build_model
from suite.training.loop import TrainingLoop
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
                # A function or a library may keep them for later.
                continue
            read |= _read_by(task, level, arm, splits)
    if not read:
        raise NotApplicable("no arm is trained step by step")
    return ", ".join(sorted(read))


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
        name = params.unread[0]
        wanted = params.asked - set(params)
        hint = f"{nearest(name, wanted)}" if wanted else "take it out"
        raise CheckFailed(
            f"{arm.name} at {level.name} has a hyperparameter {name!r} that nothing "
            "reads",
            f"{hint}, or read params[{name!r}] in build",
        )
    return set(params)

"""What a task is: one comparison, written down as a value.

A task says *what* is compared: the data, the arms, what is held equal, the
hyperparameters that may be tuned, and the claims, fixed before anything runs. How it is
run, recorded and judged is the suite's business, so nothing here knows of Ray, Optuna
or MLflow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from tasks.contract.errors import UserError, unknown

if TYPE_CHECKING:
    from torch import nn
from tasks.contract.claim import Claim
from tasks.contract.data import Shape, Splits
from tasks.contract.procedure import Measure, Procedure
from tasks.contract.recipe import Recipe
from tasks.contract.space import Params, Space

Build: TypeAlias = "Callable[[Shape, Level, Params], nn.Module]"


@dataclass(frozen=True)
class Arm:
    """One alternative under comparison.

    ``build(shape, level, hyperparameters)`` makes the untrained model. ``x`` is the
    arm's place where arms lie on an axis (a depth, a batch size). ``recipe``, ``space``
    and ``procedure`` override the task's, field by field for the first two;
    hyperparameters named in ``without`` are not tuned for this arm.
    """

    name: str
    build: Build
    label: str = ""
    x: float | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    space: Space = field(default_factory=Space)
    without: tuple[str, ...] = ()
    procedure: Procedure | None = None

    @property
    def title(self) -> str:
        return self.label or self.name


@dataclass(frozen=True)
class Level:
    """One value of a task's sweep axis: ``factors`` are what differs, ``x`` its place
    on the axis if it is a number.

    ``recipe`` overrides fields of the task's recipe at this level (a matching rule such
    as equal steps). A ``heavy`` one asks for a download, much memory or a GPU: only
    profiles that name it run it, and proofs pass it over.
    """

    name: str
    factors: Mapping[str, Any] = field(default_factory=dict)
    x: float | None = None
    label: str = ""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    heavy: bool = False

    def __getitem__(self, factor: str) -> Any:
        if factor not in self.factors:
            raise unknown(f"factor of level {self.name!r}", factor, self.factors)
        return self.factors[factor]

    @property
    def title(self) -> str:
        return self.label or self.name


@dataclass(frozen=True)
class Task:
    """One comparison: question, data, arms, what is matched, what may be tuned, and the
    claims.

    ``load_data(level, seed)`` returns the block's splits: a function of its arguments
    alone. ``matched`` says in words what is held equal; ``parameters_within`` is the
    relative tolerance on parameter counts across arms of a level that the suite asserts
    (``None``: they are not matched). ``axis`` and ``arms_axis`` name what the ``x`` of
    levels and of arms counts, for charts. ``label`` is the task's heading (the name
    where there is none). ``name`` is set by whoever finds the task: the name of its
    file. All that people read may be a ``Text``, in several languages.
    """

    question: str
    load_data: Callable[[Level, int], Splits]
    arms: tuple[Arm, ...]
    procedure: Procedure
    recipe: Recipe
    space: Space
    claims: tuple[Claim, ...]
    levels: tuple[Level, ...] = (Level("all"),)
    topic: str = ""
    matched: str = ""
    axis: str = ""
    arms_axis: str = ""
    parameters_within: float | None = None
    sources: tuple[str, ...] = ()
    label: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        arms, levels = (
            [arm.name for arm in self.arms],
            [level.name for level in self.levels],
        )
        for kind, names in (
            ("arm", arms),
            ("level", levels),
            ("claim", [claim.name for claim in self.claims]),
        ):
            twice = {name for name in names if names.count(name) > 1}
            if twice:
                raise UserError(
                    f"Task {self.name or self.question!r} has two {kind}s named {min(twice)!r}: rename one."
                )
        for claim in self.claims:
            for arm in claim.arms:
                if arm not in arms:
                    raise unknown(f"arm (claim {claim.name!r})", arm, arms)
            for level in claim.levels:
                if level not in levels:
                    raise unknown(f"level (claim {claim.name!r})", level, levels)

    def arm(self, name: str) -> Arm:
        for arm in self.arms:
            if arm.name == name:
                return arm
        raise unknown(
            f"arm of task {self.name!r}", name, (arm.name for arm in self.arms)
        )

    def level(self, name: str) -> Level:
        for level in self.levels:
            if level.name == name:
                return level
        raise unknown(
            f"level of task {self.name!r}", name, (level.name for level in self.levels)
        )

    @property
    def light(self) -> tuple[Level, ...]:
        """The levels that any machine can run."""
        return tuple(level for level in self.levels if not level.heavy)

    def procedure_of(self, arm: Arm) -> Procedure:
        return arm.procedure or self.procedure

    def recipe_of(self, level: Level, arm: Arm) -> Recipe:
        """The task's recipe with the level's changes, then the arm's."""
        return self.recipe.with_changes(level.recipe).with_changes(arm.recipe)

    def space_of(self, arm: Arm) -> Space:
        """The task's space with the arm's changes and without what the arm does not
        tune.
        """
        merged = {**self.space, **arm.space}
        return Space(
            **{name: value for name, value in merged.items() if name not in arm.without}
        )

    def measure(self, name: str) -> Measure | None:
        """The procedure's measure of that name, or None where the name is a recorded
        cost such as seconds.
        """
        return next((m for m in self.procedure.measures if m.name == name), None)

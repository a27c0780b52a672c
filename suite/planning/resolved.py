"""A profile's settings for one task, with all defaults resolved."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Annotated, Any, get_type_hints

from suite.training.resources import Resources


class Role(Enum):
    """How a value of a profile affects the result of a run."""

    DECIDES = "stands in the key of every run as it is"
    DECIDES_THROUGH = "decides by way of something else that is in the key"
    SELECTS = (
        "says which runs there are, or where they run, not what they come to"
    )


@dataclass(frozen=True)
class ResolvedTask:
    """One task of a profile. ``Profile.of`` makes it.

    ``arms`` None means all of the task's, ``levels`` None all light ones, ``examples``
    and ``time_limit`` None no limit, ``tuned`` None all hyperparameters of its space.
    ``blocks`` is the last of ``interim_looks`` where there are any.

    Each field has a ``Role``, so that a new one cannot be left out of a run's key by
    mistake.
    """

    arms: Annotated[tuple[str, ...] | None, Role.SELECTS]
    """The arms to run; None for all of the task's."""

    levels: Annotated[tuple[str, ...] | None, Role.SELECTS]
    """The levels to run; None for all light ones."""

    blocks: Annotated[int, Role.SELECTS]
    """The number of blocks, at most."""

    interim_looks: Annotated[tuple[int, ...], Role.SELECTS]
    """The numbers of blocks after which claims are judged; empty without looks."""

    trials: Annotated[int, Role.SELECTS]
    """The number of trials per arm and cell."""

    finals: Annotated[int, Role.SELECTS]
    """The number of finals per cell."""

    tuned: Annotated[tuple[str, ...] | None, Role.DECIDES_THROUGH]
    """The hyperparameters to tune; None for all of the space. The hyperparameters
    themselves are in the key.
    """

    half_budget: Annotated[bool, Role.SELECTS]
    """Whether half-budget finals run."""

    all_cells: Annotated[bool, Role.SELECTS]
    """Whether cells run that no claim reads."""

    half_length: Annotated[bool, Role.SELECTS]
    """Whether half-length finals run."""

    length_factor: Annotated[float, Role.DECIDES]
    """What multiplies the length of every recipe."""

    examples: Annotated[int | None, Role.DECIDES]
    """The most examples of a split; None without a limit."""

    recipe: Annotated[Mapping[str, Any], Role.DECIDES_THROUGH]
    """Changes to the recipe, which is in the key as a whole."""

    aa_test: Annotated[tuple[str, ...], Role.SELECTS]
    """The arms that run twice."""

    resources: Annotated[Resources, Role.SELECTS]
    """What each run asks of the cluster."""

    time_limit: Annotated[float | None, Role.SELECTS]
    """Seconds after which a run is stopped; one cut short is not judged. None for
    never.
    """

    @property
    def first_blocks(self) -> int:
        """How many blocks are certain to run."""
        return self.interim_looks[0] if self.interim_looks else self.blocks

    @property
    def half_budget_trials(self) -> int:
        """The number of trials in half the budget; 0 without half-budget finals, or if
        the budget cannot be halved.
        """
        return self.trials // 2 if self.half_budget else 0


def deciding(values: ResolvedTask) -> dict[str, Any]:
    """The values that are part of every run's key, by name.

    Raises TypeError where a field of the type has no ``Role``.
    """
    names = deciding_names(type(values))  # type: ignore[arg-type]
    return {name: getattr(values, name) for name in names}


@cache
def deciding_names(kind: type[Any]) -> tuple[str, ...]:
    """The fields whose values decide what a run computes."""
    # Annotations are strings here (``from __future__``), so they are resolved
    # first.
    hints = get_type_hints(kind, include_extras=True)
    names = [field.name for field in dataclasses.fields(kind)]
    roles = {name: _role(name, hints[name]) for name in names}
    return tuple(name for name in names if roles[name] is Role.DECIDES)


def _role(name: str, hint: Any) -> Role:
    """The role that a field's annotation gives it."""
    found = [
        one
        for one in getattr(hint, "__metadata__", ())
        if isinstance(one, Role)
    ]
    # A field without a role might decide results and be missing from the key:
    # two different runs would then pass for one.
    if len(found) != 1:
        raise TypeError(
            f"{name}: say with a Role whether it decides the results of runs."
        )
    return found[0]

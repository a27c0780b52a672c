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
    SELECTS = "says which runs there are, or where they run, not what they come to"


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
    levels: Annotated[tuple[str, ...] | None, Role.SELECTS]
    blocks: Annotated[int, Role.SELECTS]
    interim_looks: Annotated[tuple[int, ...], Role.SELECTS]
    trials: Annotated[int, Role.SELECTS]
    finals: Annotated[int, Role.SELECTS]
    # the hyperparameters themselves are in the key
    tuned: Annotated[tuple[str, ...] | None, Role.DECIDES_THROUGH]
    half_budget: Annotated[bool, Role.SELECTS]
    all_cells: Annotated[bool, Role.SELECTS]
    half_length: Annotated[bool, Role.SELECTS]
    length_factor: Annotated[float, Role.DECIDES]
    examples: Annotated[int | None, Role.DECIDES]
    recipe: Annotated[Mapping[str, Any], Role.DECIDES_THROUGH]  # the arm's whole recipe
    aa_test: Annotated[tuple[str, ...], Role.SELECTS]
    resources: Annotated[Resources, Role.SELECTS]
    time_limit: Annotated[float | None, Role.SELECTS]  # a run cut short is not judged

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
    return {name: getattr(values, name) for name in deciding_names(type(values))}  # type: ignore[arg-type]


@cache
def deciding_names(kind: type[Any]) -> tuple[str, ...]:
    hints = get_type_hints(kind, include_extras=True)
    names = [field.name for field in dataclasses.fields(kind)]
    roles = {name: _role(name, hints[name]) for name in names}
    return tuple(name for name in names if roles[name] is Role.DECIDES)


def _role(name: str, hint: Any) -> Role:
    found = [one for one in getattr(hint, "__metadata__", ()) if isinstance(one, Role)]
    if len(found) != 1:
        raise TypeError(
            f"{name}: say with a Role whether it decides the results of runs."
        )
    return found[0]

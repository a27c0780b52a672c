"""Registries of named implementations, which other packages can extend."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from tasks.contract.checks import NAME
from tasks.contract.errors import UserError, unknown

T = TypeVar("T", bound=Callable[..., Any])


class Registry(Generic[T]):
    """The implementations of one ``kind``, by name.

    ``built_in`` names are valid before the module that implements them is imported.
    """

    def __init__(self, kind: str, built_in: Iterable[str] = ()) -> None:
        self.kind = kind
        self._built_in = frozenset(built_in)
        self._known: dict[str, T] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._built_in or name in self._known

    def names(self) -> list[str]:
        """All names that are valid, sorted."""
        return sorted(self._built_in | self._known.keys())

    def is_built_in(self, name: str) -> bool:
        """Whether the name is one of ours, and not registered from outside."""
        return name in self._built_in

    def implemented(self) -> dict[str, T]:
        """What has been registered so far, by name."""
        return dict(self._known)

    def register(self, name: str, thing: T) -> None:
        """Register ``thing`` as ``name``.

        A file that is loaded again may register the same thing again; UserError if the
        name is taken.
        """
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise UserError(
                f"The {self.kind} name {name!r} is not valid: use letters, digits, "
                "'_', '-' and '.', and do not begin with a dot."
            )
        known = self._known.get(name)
        # By origin and not by identity: a file that is loaded again, as in a
        # notebook, defines new objects.
        if known is not None and _origin(known) != _origin(thing):
            raise UserError(
                f"The {self.kind} name {name!r} belongs to {_origin(known)}: register "
                f"{_origin(thing)} under another one."
            )
        self._known[name] = thing

    def get(self, name: str) -> T:
        """The implementation of that name. UserError, with the nearest name, if there
        is none.
        """
        if name not in self._known:
            raise unknown(self.kind, name, self.names())
        return self._known[name]


def _origin(thing: Any) -> str:
    name = getattr(thing, "__qualname__", type(thing).__qualname__)
    return f"{getattr(thing, '__module__', '?')}.{name}"


# What a recipe may name. The rules are elsewhere, and register themselves: those of
# optimisers in suite.training.optimizer, those of schedules in tasks.contract.schedule.
OPTIMIZERS: Registry[Callable[..., Any]] = Registry(
    "optimizer",
    ("adagrad", "adam", "adamw", "momentum", "nesterov", "rmsprop", "sgd"),
)
SCHEDULES: Registry[Callable[..., float]] = Registry(
    "schedule",
    ("constant", "cosine", "linear", "noam", "one_cycle", "plateau", "step"),
)

"""Registries of named implementations, which other packages can extend."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from tasks.contract.checks import NAME
from tasks.contract.errors import UserError, unknown

T = TypeVar("T", bound=Callable[..., Any])


class Registry(Generic[T]):
    """The implementations of one ``kind``, by name.

    ``declared`` names are valid before the module that implements them is imported.
    """

    def __init__(self, kind: str, declared: Iterable[str] = ()) -> None:
        self.kind = kind
        self._declared = frozenset(declared)
        self._known: dict[str, T] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._declared or name in self._known

    def names(self) -> list[str]:
        """All names that are valid, sorted."""
        return sorted(self._declared | self._known.keys())

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

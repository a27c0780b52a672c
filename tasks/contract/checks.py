"""Checks of the values that a task is written with, made where a value is made.

Every refusal is a ``UserError`` of one form: what was given, what is wrong, what would
work.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tasks.contract.errors import UserError, nearest

# also the name of a file or folder
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
# of 255 bytes that a file system allows, 250 that MLflow does
LONGEST_NAME = 120


NAME_RULE = "letters, digits, '_', '-' and '.' that does not begin with a dot"
NO_TEXT = (
    "it has a character that files and databases cannot hold (half of a surrogate "
    "pair, or NUL): leave it out"
)


def is_text(value: str) -> bool:
    """Whether UTF-8, and the databases of trackers, can hold it."""
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


def plain(value: Any) -> Any:
    """The plain Python number in a NumPy scalar or a 0-d array or tensor; anything else
    unchanged.
    """
    # bool comes before int, of which it is a subclass.
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            # numpy.float64, for one, is a subclass of float
            return kind(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return value.item()
    return value


def is_number(value: Any) -> bool:
    """Whether it is an int or a float, and not a bool."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(value: Any) -> bool:
    """Whether it is an int of 64 bits, as tensors and databases hold them, and no
    bool.
    """
    is_int = isinstance(value, int) and not isinstance(value, bool)
    return is_int and -(2**63) <= value < 2**63


def is_finite(value: Any) -> bool:
    """Whether it is a number that a float can hold: not NaN, infinite, or an int beyond
    the largest float.
    """
    try:
        return is_number(value) and math.isfinite(value)
    except OverflowError:
        return False


def refuse(owner: str, given: str, advice: str) -> UserError:
    """The error for one argument of ``owner``, as in ``Recipe(warmup=5): give ...``."""
    end = "" if advice.endswith("?") else "."
    return UserError(f"{owner}({given}): {advice}{end}")


def brief(value: Any) -> str:
    """The value as code, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python writes out no int of more than 4,300 digits
        text = f"({type(value).__name__} too long to show)"
    return text if len(text) <= 80 else f"{text[:77]}..."


class FieldChecks:
    """Checks the fields of a frozen dataclass from its ``__post_init__``.

    Each method takes a field's name, and raises UserError if the field's value is not
    of the kind that the method is named after. NumPy scalars become plain numbers, and
    lists become tuples. ``advice`` ends the message: what the value means.
    """

    def __init__(self, checked: Any) -> None:
        self._checked = checked
        self._owner = type(checked).__name__
        self._named = ""
        name = getattr(checked, "name", None)
        if isinstance(name, str) and name:
            self._named = f"{name!r}, "

    def error(self, field: str, advice: str) -> UserError:
        """The error for a field: its owner, the name, what was given, then the
        advice.
        """
        value = getattr(self._checked, field)
        named = "" if field == "name" else self._named
        return refuse(self._owner, f"{named}{field}={brief(value)}", advice)

    def value(self, field: str) -> Any:
        """The field's value."""
        return getattr(self._checked, field)

    def replace(self, field: str, value: Any) -> None:
        """Give the field another value, although its dataclass is frozen."""
        # A frozen dataclass refuses plain assignment; this runs before anyone
        # has seen the object.
        object.__setattr__(self._checked, field, value)

    def given(self, field: str) -> bool:
        """Whether the field has a value: None means that it was left out."""
        return getattr(self._checked, field) is not None

    def whole(self, field: str, least: int, advice: str = "") -> None:
        """A whole number of at least ``least``; a float without a fraction
        becomes one.
        """
        value = plain(getattr(self._checked, field))
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # 1e4 is a common way to write 10,000
        self.replace(field, value)
        if not is_whole(value) or value < least:
            wanted = f"give a whole number, {least} or more"
            raise self.error(field, _joined(wanted, advice))

    def number(
        self,
        field: str,
        least: float = -math.inf,
        most: float = math.inf,
        advice: str = "",
        above: float = -math.inf,
        below: float = math.inf,
    ) -> None:
        """``least`` and ``most`` may be reached; ``above`` and ``below`` may not."""
        value = plain(getattr(self._checked, field))
        self.replace(field, value)
        inside = is_finite(value)
        if inside:
            inside = least <= value <= most and above < value < below
        if not inside:
            wanted = "give a number" + _range(least, most, above, below)
            raise self.error(field, _joined(wanted, advice))

    def flag(self, field: str) -> None:
        """True or False, and not 1 or 0."""
        value = plain(getattr(self._checked, field))
        self.replace(field, value)
        if not isinstance(value, bool):
            raise self.error(field, "give True or False")

    def text(self, field: str, advice: str = "", empty: bool = True) -> None:
        """A string that files and databases can hold; with ``empty`` it may be
        blank.
        """
        value = getattr(self._checked, field)
        if isinstance(value, str) and not is_text(value):
            raise self.error(field, NO_TEXT)
        if not isinstance(value, str) or not (value.strip() or empty):
            wanted = (
                "give a text" if empty else "give a text that is not empty"
            )
            raise self.error(field, _joined(wanted, advice))

    def name(self, field: str = "name", more: str = "") -> None:
        """A name is also the name of a file, a folder, a tag and part of an address.

        ``more`` are further characters that it may have.
        """
        value = getattr(self._checked, field)
        if not isinstance(value, str) or not NAME.fullmatch(
            _without(more, value)
        ):
            raise self.error(
                field,
                f"give a name of {NAME_RULE}; a label may be any text",
            )
        if len(value) > LONGEST_NAME:
            raise self.error(
                field,
                f"give a name of at most {LONGEST_NAME} characters, which is also one "
                "of folders; a label may be longer",
            )

    def choice(self, field: str, known: Iterable[str]) -> None:
        """One of the ``known`` names; the error offers the nearest."""
        value = getattr(self._checked, field)
        names = list(known)
        if not isinstance(value, str) or value not in names:
            raise self.error(field, nearest(brief(value), names))

    def function(self, field: str, advice: str) -> None:
        """Something that can be called."""
        if not callable(getattr(self._checked, field)):
            raise self.error(field, f"give a function, {advice}")

    def instance(self, field: str, kind: type, advice: str) -> None:
        """An object of that type."""
        if not isinstance(getattr(self._checked, field), kind):
            raise self.error(field, advice)

    def items(
        self, field: str, kind: type, advice: str, least: int = 0
    ) -> None:
        """A tuple whose items are all of one type; a list is turned into one."""
        value = getattr(self._checked, field)
        if isinstance(value, list):
            value = tuple(value)
            self.replace(field, value)
        right = isinstance(value, tuple) and all(
            isinstance(v, kind) for v in value
        )
        if not right or len(value) < least:
            raise self.error(field, advice)

    def names(self, field: str) -> None:
        """A tuple of strings; a list is turned into one."""
        self.items(
            field, str, f"give names in a tuple, as in {field}=('first',)"
        )

    def mapping(self, field: str, advice: str) -> None:
        """A mapping whose keys are strings."""
        value = getattr(self._checked, field)
        if not isinstance(value, Mapping) or not all(
            isinstance(k, str) for k in value
        ):
            raise self.error(field, advice)

    def known(self, field: str, names: Iterable[str]) -> None:
        """A mapping whose keys are all among ``names``."""
        for key in getattr(self._checked, field):
            if key not in names:
                raise self.error(
                    field, f"{key!r} is unknown; {nearest(key, names)}"
                )

    def missing(self, field: str, members: Iterable[str]) -> list[str]:
        """Which of ``members`` the field's value does not have."""
        value = getattr(self._checked, field)
        return [member for member in members if not hasattr(value, member)]


def no_two_alike(owner: str, kind: str, names: Iterable[str]) -> None:
    """Raise UserError if two parts of ``owner`` have one name, or names that are one
    folder where upper and lower case are not told apart, as on a Mac.
    """
    seen: dict[str, str] = {}
    for name in names:
        other = seen.get(name.lower())
        if other is not None:
            both = repr(name) if other == name else f"{other!r} and {name!r}"
            raise UserError(
                f"{owner} has two {kind}s named {both}: rename one."
            )
        seen[name.lower()] = name


def field_names(kind: type) -> tuple[str, ...]:
    """The names of a dataclass's fields, in their order."""
    return tuple(field.name for field in dataclasses.fields(kind))


def _range(least: float, most: float, above: float, below: float) -> str:
    parts = []
    if least > -math.inf and most < math.inf:
        return f" from {least:g} to {most:g}"
    if least > -math.inf:
        parts.append(f"of at least {least:g}")
    if above > -math.inf:
        parts.append(f"above {above:g}")
    if most < math.inf:
        parts.append(f"of at most {most:g}")
    if below < math.inf:
        parts.append(f"below {below:g}")
    return " " + " and ".join(parts) if parts else " that is finite"


def _without(characters: str, text: str) -> str:
    return text.translate(str.maketrans("", "", characters))


def _joined(wanted: str, advice: str) -> str:
    return f"{wanted}: {advice}" if advice else wanted

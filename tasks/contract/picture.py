"""Pictures that a run draws of itself: curves and points in a plane, from numbers that
it recorded.

A function returns them in an ``Outcome``; a procedure puts ``Picture.artifact`` among
its artifacts. The same picture of several arms becomes one, each arm in its colour: on
the dashboard's page of samples, and in the report.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tasks.contract.checks import FieldChecks
from tasks.contract.errors import UserError
from tasks.contract.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

Numbers: TypeAlias = "Sequence[float] | NDArray[Any]"
PREFIX = "figure-"  # of the file's name, before the picture's own
FILE = re.compile(re.escape(PREFIX) + r"([A-Za-z0-9_.-]+)\.json")
MOST_POINTS = 2000  # of a curve: more cannot be seen, and slow a page down
DIGITS = 6


@dataclass(frozen=True)
class Axis:
    """What lies along one side of a picture."""

    label: str
    """What it is, with its unit in brackets where there is one: ``Distance [m]``."""

    log: bool = False
    """Values are above 0 and spaced by their ratios."""

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.text("label", "what lies along the axis", empty=False)
        check.flag("log")


@dataclass(frozen=True)
class Curve:
    """Points, joined by a line or not."""

    x: Numbers
    y: Numbers
    name: str = ""
    """What tells it from others of the same arm."""

    mode: Literal["line", "points"] = "line"

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.text("name")
        check.choice("mode", ("line", "points"))
        if len(self.x) != len(self.y):
            raise check.error("y", f"give one for each of the {len(self.x)} x")
        if len(self.x) > MOST_POINTS:
            raise check.error("x", f"give {MOST_POINTS:,} points at most")


@dataclass(frozen=True)
class Heights:
    """A third number over the plane, such as a loss, drawn as contours behind curves."""

    x: Numbers
    y: Numbers
    z: Sequence[Sequence[float]] | NDArray[Any]
    """A row for each y, with a number for each x."""

    label: str = ""

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.text("label")
        widths = {len(row) for row in self.z}
        if len(self.z) != len(self.y) or widths != {len(self.x)}:
            shape = f"{len(self.y)} rows of {len(self.x)} numbers"
            raise check.error(
                "z", f"give {shape}: a row for each y, a number for each x"
            )


@dataclass(frozen=True)
class Picture:
    """What one run shows of itself. Raises UserError for a value that cannot be."""

    name: str
    """Letters, digits, ``_``, ``-`` and ``.``: arms whose pictures have the same name
    are drawn together.
    """

    title: str
    x: Axis
    y: Axis
    curves: tuple[Curve, ...]
    heights: Heights | None = None
    says: str = ""
    """What there is to see, in a sentence."""

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.name()
        check.text("title", "what is shown", empty=False)
        check.text("says")
        check.instance("x", Axis, "give an Axis, such as Axis('Updates')")
        check.instance(
            "y", Axis, "give an Axis, such as Axis('Loss', log=True)"
        )
        check.items("curves", Curve, "give each Curve, in a tuple")
        if self.heights is not None:
            check.instance("heights", Heights, "give Heights, or none")

    @property
    def file_name(self) -> str:
        """The name of its file among a run's artifacts."""
        return f"{PREFIX}{self.name}.json"

    @property
    def artifact(self) -> dict[str, bytes]:
        """Its file among a run's artifacts, by name."""
        text = json.dumps(_plain(vars(self)), ensure_ascii=False)
        return {self.file_name: text.encode()}


def read_picture(content: bytes, language: str = "en") -> Picture:
    """The picture of a file, its texts in that language. UserError if it is none."""
    try:
        found = _worded(json.loads(content), language)
        heights = found.pop("heights")
        curves = tuple(Curve(**curve) for curve in found.pop("curves"))
        return Picture(
            x=Axis(**found.pop("x")),
            y=Axis(**found.pop("y")),
            curves=curves,
            heights=Heights(**heights) if heights else None,
            **found,
        )
    # The file may come from a folder that somebody sent: anything may be in
    # it.
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
    ) as error:
        raise UserError(f"This is no picture: {error!r}") from error


def no_pictures() -> tuple[Picture, ...]:
    """None: what an ``Outcome`` shows where nothing is given."""
    return ()


@dataclass(frozen=True)
class Outcome:
    """What a function found: its numbers, and pictures of how it came to them."""

    values: Mapping[str, float]
    """A number for each of the task's measures, by name."""

    pictures: Callable[[], Iterable[Picture]] = no_pictures
    """Called for finals alone, when the clock has stopped."""

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.mapping("values", "give numbers by name")
        check.function("pictures", "without arguments, that returns Pictures")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outcome) and self.values == other.values

    # Values are a mapping, which has no hash.
    __hash__ = None  # type: ignore[assignment]


def outcome_of(found: Mapping[str, float] | Outcome) -> Outcome:
    """What a function returned, which may be its numbers alone."""
    return found if isinstance(found, Outcome) else Outcome(found)


def _plain(value: Any) -> Any:
    """As JSON has it: texts in all their languages, numbers rounded, None for what is
    not finite.
    """
    if isinstance(value, Text):
        return {"$text": str(value), **value.translations}
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, Axis | Curve | Heights):
        return _plain(vars(value))
    if hasattr(value, "__iter__"):
        return [_plain(each) for each in value]
    number = float(value)
    return float(f"{number:.{DIGITS}g}") if math.isfinite(number) else None


def _worded(value: Any, language: str) -> Any:
    """The same with texts in one language, and numbers that are not finite as NaN."""
    if isinstance(value, dict) and "$text" in value:
        return value.get(language, value["$text"])
    if isinstance(value, dict):
        return {key: _worded(each, language) for key, each in value.items()}
    if isinstance(value, list):
        return [math.nan if v is None else _worded(v, language) for v in value]
    return value

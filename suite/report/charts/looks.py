"""How arms look in charts, the same on pages and in the report.

Arms that lie on an axis (``Arm.x``: a depth, a batch size) are shades of one ramp, the
smallest darkest on light. Others differ in hue. Patterns of lines tell arms apart
without colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from suite.records.manifest import TaskManifest

HUES = 6  # arm1 ... arm6
SHADES = 6  # step1 ... step6
PATTERNS = 6
FEWEST_ORDERED = 3  # places on an axis that make a ramp
BESIDE_A_RAMP = (2, 5)  # hues that are far from all of its shades


class Look(NamedTuple):
    """The name of an arm's colour, and the number of its line's pattern, from 0."""

    color: str
    pattern: int


def looks(places: Sequence[float | None]) -> list[Look]:
    """A look for each arm of a task; ``places`` are theirs on the arms' axis, None for
    an arm without one.

    Up to 36 arms differ in colour or in pattern: patterns are shifted by one where hues
    come round again.
    """
    on_axis = sorted({place for place in places if place is not None})
    # Two shades of one colour would suggest an order, and be hard to tell
    # apart.
    if len(on_axis) < FEWEST_ORDERED:
        hues = [number % HUES + 1 for number in range(len(places))]
        colors = [f"arm{hue}" for hue in hues]
    else:
        colors = _beside_ramp(places, on_axis)
    return [Look(color, _pattern(n)) for n, color in enumerate(colors)]


def looks_of(task: TaskManifest) -> dict[str, Look]:
    """The look of each arm of a task, by name."""
    found = looks([arm.x for arm in task.arms])
    return dict(zip(task.arm_names, found, strict=True))


def _beside_ramp(
    places: Sequence[float | None], on_axis: Sequence[float]
) -> list[str]:
    """Shades for arms on the axis, and hues for those that have no place on it."""
    colors, without = [], 0
    for place in places:
        if place is not None:
            colors.append(_shade(on_axis.index(place), len(on_axis)))
            continue
        colors.append(f"arm{BESIDE_A_RAMP[without % len(BESIDE_A_RAMP)]}")
        without += 1
    return colors


def _shade(rank: int, count: int) -> str:
    """The shade of the arm at that rank, from 0: both ends of the ramp are used."""
    return f"step{round(rank * (SHADES - 1) / (count - 1)) + 1}"


def _pattern(place: int) -> int:
    """The number of the pattern, from 0, of the arm at a place in the task's
    order.
    """
    # The seventh arm has the first one's hue again, so it gets another pattern
    # than the first.
    rounds = place // HUES
    return (place + rounds) % PATTERNS

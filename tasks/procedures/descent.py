"""Gradient descent from many starts at once, on surfaces whose minima are known."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tasks import Axis, Curve, Heights, Level, Outcome, Params, Picture, Text
from tasks.models.surfaces import (
    LECTURE_X,
    LECTURE_Y,
    Array,
    Surface,
    random_quadratic,
    straight_line,
    two_valleys,
)

STARTS = 16
SHOWN = 6  # of them, in pictures of what the start decides
FEW = 2000  # updates of paths that are short enough to show several
GRID = 40  # heights along each side of a picture
POINTS = 200  # of a path in pictures
SMALLEST = 1e-16  # a share of the distance that rounding hides
GOAL = 1e-3  # of the starting distance: where "updates" stops counting
ESCAPED = 1e12  # times the starting distance: where a diverging path stops
Start = tuple[Surface, Array]


def kappa(condition: float, rng: np.random.Generator) -> Start:
    """A random quadratic in 20 dimensions of that condition number, and normal
    starts.
    """
    return random_quadratic(condition, 20, rng), rng.normal(size=(STARTS, 20))


def regression(rng: np.random.Generator) -> Start:
    """From around the lecture's start, b = -120 and w = -4."""
    starts = np.array([-120.0, -4.0]) + rng.normal(size=(STARTS, 2)) * [
        5.0,
        0.5,
    ]
    return straight_line(LECTURE_X, LECTURE_Y), starts


def valleys(rng: np.random.Generator) -> Start:
    """Two valleys, and starts spread evenly over both."""
    return two_valleys(), rng.uniform(-1.5, 1.5, size=(STARTS, 2))


SURFACES: dict[str, Callable[[np.random.Generator], Start]] = {
    "kappa_10": partial(kappa, 10),
    "kappa_1000": partial(kappa, 1000),
    "regression": regression,
    "two_valleys": valleys,
}


def gradient_descent(
    share: float, surface: Surface, starts: Array, updates: int
) -> Array:
    """The path with a rate of that share of the critical one, (updates + 1, starts,
    dimensions); shorter if it diverges.
    """
    rate = share * surface.critical_rate
    far = ESCAPED * np.abs(starts - surface.minimum).max()
    path = [starts]
    while len(path) <= updates and np.abs(path[-1]).max() < far:
        path.append(path[-1] - rate * surface.gradient(path[-1]))
    return np.array(path)


def closed_form(
    share: float, surface: Surface, starts: Array, updates: int
) -> Array:
    """Start and end of that path by (I - ηH)ᵗ, in the eigenvectors of H."""
    eigenvalues, vectors = np.linalg.eigh(surface.hessian)
    shrunk = (1 - share * surface.critical_rate * eigenvalues) ** updates
    away = (starts - surface.minimum) @ vectors * shrunk @ vectors.T
    return np.array([starts, surface.minimum + away])


def adagrad(
    rate: float, surface: Surface, starts: Array, updates: int
) -> Array:
    """The path of Adagrad from each start, (updates + 1, starts, dimensions),
    as torch has it, without decay.
    """
    path, squares = [starts], np.zeros_like(starts)
    for _ in range(updates):
        gradient = surface.gradient(path[-1])
        squares += gradient**2
        # The constant keeps a slope that has always been 0 from dividing 0 by
        # 0.
        path.append(path[-1] - rate * gradient / np.sqrt(squares + 1e-20))
    return np.array(path)


def measure(
    walk: Callable[[Surface, Array, int], Array],
    level: Level,
    params: Params,
    seed: int,
) -> Outcome:
    """How near a walk comes to the minimum, after how many updates, and how
    far apart its ends lie.
    """
    surface, starts = SURFACES[level["surface"]](np.random.default_rng(seed))
    path = walk(surface, starts, level["updates"])
    away = np.linalg.norm(path - surface.minimum, axis=2)
    # of the start that is farthest behind
    shares = (away / away[0]).max(axis=1)
    reached = np.flatnonzero(shares <= GOAL)
    losses = surface.loss(path[-1])
    values = {
        "log_distance": math.log10(max(shares[-1], SMALLEST)),
        # Never reached counts one update more than there were, as in other
        # tasks.
        "updates": float(reached[0] if len(reached) else level["updates"] + 1),
        "spread": float(np.ptp(losses) / np.ptp(surface.loss(starts))),
    }
    return Outcome(values, partial(pictures, surface, path, shares))


def pictures(surface: Surface, path: Array, shares: Array) -> list[Picture]:
    """The distance over the updates; in two dimensions, the paths themselves, too."""
    # The closed form has a start and an end alone.
    shown = [] if len(path) == 2 else [distances(shares)]
    if path.shape[2] == 2 and len(path) > 2:
        shown.append(paths(surface, path))
    return shown


def distances(shares: Array) -> Picture:
    """The share of the starting distance left after each update, on log axes."""
    at = _thinned(len(shares))[1:]
    return Picture(
        "distance",
        Text("Distance to the minimum", zh="到最小值的距离"),
        Axis(Text("Updates", zh="更新次数"), log=True),
        Axis(
            Text("Share of the distance left", zh="剩余距离的比例"), log=True
        ),
        (Curve(at, np.maximum(shares[at], SMALLEST)),),
        says=Text(
            "Of the start that is farthest behind; below 1 it has come nearer.",
            zh="取最落后的起点；小于 1 表示更近了。",
        ),
    )


def paths(surface: Surface, path: Array) -> Picture:
    """The paths of a few starts over the loss's contours."""
    at = _thinned(len(path))
    shown = SHOWN if len(path) <= FEW else 1
    # room to overshoot: as far beyond the minimum as the starts are before it
    opposite = 2 * surface.minimum - path[0, :shown]
    seen = np.concatenate([path[0], opposite, surface.minimum[None]])
    low, high = seen.min(axis=0), seen.max(axis=0)
    room = 0.15 * (high - low)
    low, high = low - room, high + room
    x, y = (np.linspace(*ends, GRID) for ends in zip(low, high, strict=True))
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    losses = surface.loss(points)
    # Above the lowest by a thousandth of the range, so that the logarithm is
    # finite and contours do not crowd around the minimum.
    heights = np.log10(losses - losses.min() + 1e-3 * np.ptp(losses)).reshape(
        GRID, GRID
    )
    minimum = Curve(
        surface.minimum[:1], surface.minimum[1:], "minimum", "points"
    )
    drawn = []
    for start in range(shown):
        inside = _until_outside(path[at, start], low, high)
        name = f"start {start + 1}"
        drawn.append(Curve(inside[:, 0], inside[:, 1], name))
    return Picture(
        "paths",
        Text("Paths on the loss's surface", zh="损失曲面上的路径"),
        Axis(surface.names[0]),
        Axis(surface.names[1]),
        (*drawn, minimum),
        Heights(x, y, heights, Text("Loss (log10)", zh="损失（log10）")),
        says=Text(
            "Lines join points of equal loss. The mark is the point of least loss.",
            zh="等高线连接损失相等的点，标记处损失最小。",
        ),
    )


def _until_outside(path: Array, low: Array, high: Array) -> Array:
    """The points of a path up to the first that is outside of these limits, which is
    the last one drawn.
    """
    outside = np.flatnonzero(((path < low) | (path > high)).any(axis=1))
    return path[: outside[0] + 1] if len(outside) else path


def _thinned(length: int) -> NDArray[np.intp]:
    """Places along a path: all early ones, and later ones spaced by their ratios."""
    later = np.geomspace(1, max(length - 1, 1), POINTS).round()
    return np.unique(np.concatenate([[0], later])).astype(np.intp)

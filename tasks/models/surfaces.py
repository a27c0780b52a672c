"""Loss surfaces whose minima and Hessians are known in closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = "NDArray[np.float64]"

# Ten points to be fitted by y = b + w x: those of the lecture's demonstration (combat
# power of Pokémon before and after evolution), from public copies of its code.
LECTURE_X = np.array(
    [338, 333, 328, 207, 226, 25, 179, 60, 208, 606], dtype=np.float64
)
LECTURE_Y = np.array(
    [640, 633, 619, 393, 428, 27, 193, 66, 226, 1591], dtype=np.float64
)
TILT = 0.3  # by which one of two valleys lies deeper than the other


@dataclass(frozen=True)
class Surface:
    """A loss of ``points``, (starts, dimensions), and what is known of it."""

    loss: Callable[[Array], Array]
    """(starts,)"""

    gradient: Callable[[Array], Array]
    """(starts, dimensions)"""

    minimum: Array
    """The point of least loss, (dimensions,)."""

    hessian: Array
    """The second derivatives there, (dimensions, dimensions)."""

    names: tuple[str, ...] = ()
    """What two dimensions are called."""

    @cached_property
    def largest_eigenvalue(self) -> float:
        """λmax of the Hessian at the minimum: the steepest curvature."""
        return float(np.linalg.eigvalsh(self.hessian)[-1])

    @property
    def critical_rate(self) -> float:
        """2/λmax: the learning rate from which gradient descent diverges."""
        return 2 / self.largest_eigenvalue


def quadratic(
    minimum: Array,
    hessian: Array,
    least: float = 0.0,
    names: tuple[str, ...] = (),
) -> Surface:
    """½ (x - m)ᵀ H (x - m) + ``least``, with a symmetric H."""

    def loss(points: Array) -> Array:
        away = points - minimum
        height: Array = least + ((away @ hessian) * away).sum(axis=1) / 2
        return height

    def gradient(points: Array) -> Array:
        slope: Array = (points - minimum) @ hessian
        return slope

    return Surface(loss, gradient, minimum, hessian, names)


def random_quadratic(
    condition: float, dimensions: int, rng: np.random.Generator
) -> Surface:
    """A quadratic with its minimum at 0, whose eigenvalues lie evenly in their
    logarithms from 1/condition to 1, along random directions.
    """
    # The Q of a normal matrix has directions that are evenly distributed.
    directions, _ = np.linalg.qr(rng.normal(size=(dimensions, dimensions)))
    eigenvalues = np.geomspace(1 / condition, 1, dimensions)
    hessian = (directions * eigenvalues) @ directions.T
    # Made symmetric to the last bit, which the product is not after rounding.
    return quadratic(np.zeros(dimensions), (hessian + hessian.T) / 2)


def straight_line(x: Array, y: Array) -> Surface:
    """The summed squared error of y = b + w x over points (b, w)."""
    inputs = np.stack([np.ones_like(x), x], axis=1)
    solution, residual, *_ = np.linalg.lstsq(inputs, y, rcond=None)
    minimum = solution.astype(np.float64)
    return quadratic(
        minimum, 2 * inputs.T @ inputs, float(residual[0]), ("b", "w")
    )


def two_valleys() -> Surface:
    """(u² - 1)² + 0.3 u + v² over points (u, v): not convex, with one minimum in each
    of two valleys, the deeper one at negative u.
    """

    def loss(points: Array) -> Array:
        u, v = points.T
        height: Array = (u**2 - 1) ** 2 + TILT * u + v**2
        return height

    def gradient(points: Array) -> Array:
        u, v = points.T
        return np.stack([4 * u * (u**2 - 1) + TILT, 2 * v], axis=1)

    # the least of the real roots of 4u³ - 4u + 0.3
    u = float(np.roots([4, 0, -4, TILT]).real.min())
    minimum, hessian = np.array([u, 0.0]), np.diag([12 * u**2 - 4, 2.0])
    return Surface(loss, gradient, minimum, hessian, ("u", "v"))

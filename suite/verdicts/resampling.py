"""What a smaller experiment could have found: means of fewer blocks, drawn again from
those on record.

Drawing with replacement is Efron's bootstrap ("Bootstrap methods: another look at the
jackknife", 1979). All draws are enumerated where they are few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb, factorial, prod

import numpy as np
from numpy.typing import NDArray

MOST_ENUMERATED = 20_000  # kinds of draws; beyond that, as many random ones
SEED = 20_211_104  # a page shows the same numbers each time
SAME = 1e-12  # of the largest value: sums in another order differ by less

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """The means of all draws of so many blocks, and how likely each is."""

    means: Floats
    """One mean for each kind of draw."""

    weights: Floats
    """How likely each is; they add up to 1."""

    exact: bool
    """Whether these are all draws that there are, and not random ones."""

    def share_opposite(self, full: float, zero: float = 0.0) -> float:
        """How likely the mean of a draw lies on the other side of ``zero`` than
        ``full`` does, from 0 to 1; a mean of exactly ``zero`` counts half. NaN where
        ``full`` is ``zero``, which has no other side.
        """
        sides = np.sign(self._centred(zero))
        side = np.sign(full - zero)
        if side == 0:
            return float("nan")
        opposite = np.where(
            sides == -side, 1.0, np.where(sides == 0, 0.5, 0.0)
        )
        return float(opposite @ self.weights)

    def _centred(self, zero: float) -> Floats:
        """The means less ``zero``, where rounding alone makes no difference."""
        centred = self.means - zero
        largest = float(np.max(np.abs(self.means), initial=abs(zero)))
        return np.where(np.abs(centred) <= SAME * largest, 0.0, centred)


def draws_of(values: Sequence[float], count: int) -> Draws:
    """The means of ``count`` of these values, drawn with replacement.

    ``values`` are finite and at least one, ``count`` is at least 1; ValueError
    otherwise.
    """
    if not values or count < 1:
        raise ValueError(f"{count} of {len(values)} values cannot be drawn")
    given = np.asarray(values, dtype=np.float64)
    if comb(len(values) + count - 1, count) > MOST_ENUMERATED:
        return _random(given, count)
    times = np.array(list(_compositions(count, len(values))), dtype=np.float64)
    # the multinomial coefficient: in how many orders the same values are drawn
    ways = [
        factorial(count) // prod(map(factorial, row))
        for row in times.astype(int)
    ]
    weights = np.array(ways, dtype=np.float64) / float(len(values)) ** count
    return Draws(times @ given / count, weights, exact=True)


def _random(values: Floats, count: int) -> Draws:
    """As many random draws as are enumerated at most."""
    generator = np.random.default_rng(SEED)
    places = generator.integers(0, len(values), (MOST_ENUMERATED, count))
    weights = np.full(MOST_ENUMERATED, 1.0 / MOST_ENUMERATED)
    return Draws(values[places].mean(axis=1), weights, exact=False)


def _compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """All ways to write ``total`` as a sum of ``parts`` whole numbers from 0, in order:
    how often each value is drawn.
    """
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _compositions(total - first, parts - 1):
            yield (first, *rest)

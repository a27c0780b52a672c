"""A weighted sum of arms, or of arms at levels, is above 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from suite.verdicts.kinds.base import ClaimKind, Places, Side
from suite.verdicts.statistics import Floats
from tasks import Claim, UserError


class Contrast(ClaimKind):
    """The sum of ``weights[arm] * metric`` is above 0 at every level, such as one arm
    against the mean of two others.

    The claim gives the weights; at least one is above 0 and one below.
    """

    name = "contrast"
    asks = "asks-contrast"
    # With weights the variances of two error rates no longer simply add up.
    compares_rates = False

    def of(self, claim: Claim) -> ClaimKind:
        """A ``CellContrast`` where the weights name levels, too."""
        return CellContrast() if claim.weights_of_cells else self

    def weights(self, claim: Claim) -> Floats:
        """The claim's own weights, in the order of its arms: (arms,)."""
        return np.array(list(claim.weights.values()), dtype=np.float64)

    def sides(self, claim: Claim) -> tuple[Side, Side]:
        """The arms with a weight above 0, and those with one below."""
        ahead = tuple(
            arm for arm, weight in claim.weights.items() if weight > 0
        )
        behind = tuple(
            arm for arm, weight in claim.weights.items() if weight < 0
        )
        return Side(ahead), Side(behind)

    def check(self, claim: Claim, places: Places) -> None:
        """Raise UserError unless some weight is above 0 and some other one below."""
        weights = claim.weights.values()
        if min(weights) >= 0 or max(weights) <= 0:
            raise UserError(
                f"Claim {claim.name!r} is a contrast with weights "
                f"{dict(claim.weights)}: give at least one arm a weight above 0 and "
                "one a weight below."
            )


class CellContrast(Contrast):
    """A contrast whose weights name an arm at a level each, such as a gain at one level
    less the gain at another: judged once over all of them.
    """

    over_levels = True

    def weights(self, claim: Claim) -> Floats:
        """The weight of each arm at each level, most of them 0: (levels, arms)."""
        found = np.zeros((len(claim.levels), len(claim.arms)))
        for (arm, level), weight in claim.weights_of_cells.items():
            found[claim.levels.index(level), claim.arms.index(arm)] = weight
        return found

    def effects(self, gaps: Floats, x: Sequence[float]) -> Floats:
        """The sum over levels, whose gaps are weighted already: (blocks, 1)."""
        # Arms were added up at each level; this adds up the levels.
        total: Floats = gaps.sum(axis=1, keepdims=True)
        return total

    def sides(self, claim: Claim) -> tuple[Side, Side]:
        """The arms with a weight above 0, and those with one below, each with its
        level.
        """
        cells = claim.weights_of_cells.items()
        ahead = [cell for cell, weight in cells if weight > 0]
        behind = [cell for cell, weight in cells if weight < 0]
        return _side(ahead), _side(behind)


def _side(cells: Sequence[tuple[str, str]]) -> Side:
    """The arms of one side, with levels where weights name them."""
    arms = tuple(arm for arm, _ in cells)
    return Side(arms, levels=tuple(level for _, level in cells))

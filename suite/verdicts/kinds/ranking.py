"""The arms come in one order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from suite.verdicts.kinds.base import ABOVE, ClaimKind, Places, Side
from suite.verdicts.statistics import Floats
from tasks import Claim, UserError


class Ranking(ClaimKind):
    """Each arm of ``order`` beats the one after it, at one level.

    Neighbours are tested: n arms make n - 1 pairs, all of which must hold, each at the
    full error rate (an intersection-union test; Berger, 1982). One that holds the other
    way round, or that makes no difference, is enough against the claim, tested at an
    (n - 1)-th of the rate. The pair that decides is the weakest. Which arms tie, and
    between which places each lies, is in ``suite.verdicts.placing``.
    """

    name = "ranking"
    asks = "asks-ranking"
    has_opposite = False
    pairwise = True
    compares_rates = False

    def weights(self, claim: Claim) -> Floats:
        """1 for the better and -1 for the worse arm of each pair: (pairs, arms)."""
        arms = np.eye(len(claim.order))
        return arms[:-1] - arms[1:]

    def levels_needed(self, claim: Claim) -> int:
        """All pairs."""
        return len(claim.order) - 1

    def parts(self, claim: Claim, levels: Sequence[str]) -> tuple[str, ...]:
        """The pairs of neighbours, in order."""
        return tuple(ABOVE.join(pair) for pair in pairwise(claim.order))

    def sides(self, claim: Claim) -> tuple[Side, Side]:
        """The first arm, and all others."""
        return Side(claim.order[:1]), Side(claim.order[1:])

    def check(self, claim: Claim, places: Places) -> None:
        """Raise UserError unless one level decides it."""
        if len(places) != 1:
            raise UserError(
                f"Claim {claim.name!r} is a ranking at {', '.join(places)}: name one "
                "level in levels, and write one ranking for each."
            )

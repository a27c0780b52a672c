"""The kinds of claim. A new one is a file in this folder and a line below."""

from __future__ import annotations

from collections.abc import Iterable

from suite.training.metrics import MeasureLike, known_metric
from suite.verdicts.kinds.always import Always
from suite.verdicts.kinds.base import (
    ABOVE,
    KINDS,
    ClaimKind,
    Hypothesis,
    Places,
    Side,
    kind_of,
    pair_of_arms,
    register_kind,
)
from suite.verdicts.kinds.contrast import Contrast
from suite.verdicts.kinds.difference import Difference
from suite.verdicts.kinds.equal import Equal
from suite.verdicts.kinds.interaction import Interaction
from suite.verdicts.kinds.no_worse import NoWorse
from suite.verdicts.kinds.partial_conjunction import PartialConjunction
from suite.verdicts.kinds.power_law import PowerLaw
from suite.verdicts.kinds.ranking import Ranking
from suite.verdicts.kinds.threshold import Threshold
from suite.verdicts.scales import scale_of
from tasks import Claim, UserError

__all__ = [
    "ABOVE",
    "KINDS",
    "ClaimKind",
    "Hypothesis",
    "Side",
    "check_claim",
    "kind_of",
    "pair_of_arms",
    "register_kind",
]

for _kind in (
    Difference(),
    Equal(),
    NoWorse(),
    PartialConjunction(),
    PowerLaw(),
    Always(),
    Contrast(),
    Interaction(),
    Ranking(),
    Threshold(),
):
    register_kind(_kind)


def check_claim(
    claim: Claim, places: Places, measures: Iterable[MeasureLike]
) -> None:
    """UserError if a claim could not be judged however many runs there were.

    ``places`` has the x of each level of the claim's task; ``measures`` are the task's.
    """
    who = f"metric (claim {claim.name!r})"
    metric = known_metric(claim.metric, measures, who)
    levels = claim.levels or tuple(places)
    decides = {level: places.get(level) for level in levels}
    kind_of(claim.kind).check(claim, decides)
    # A scale knows the metric alone: the claim's name is added here.
    try:
        scale_of(claim.scale).check(metric)
    except UserError as error:
        raise UserError(f"Claim {claim.name!r}: {error}") from None

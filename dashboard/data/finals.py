"""The finals that decide a claim."""

from __future__ import annotations

import pandas as pd

from dashboard.data.view import View
from suite.verdicts.claim_verdict import ClaimVerdict


def deciding_finals(view: View, verdict: ClaimVerdict) -> pd.DataFrame:
    """The finals of the claim's arms at its levels, by block; in a block the arm that
    is to be ahead comes first.
    """
    claim = view.claim_of(verdict.task, verdict.claim)
    finals = view.campaign.finals
    decides = (
        finals["task"].eq(verdict.task)
        & finals["arm"].isin(claim.arms)
        & finals["level"].isin(verdict.levels)
    )
    places = {arm: place for place, arm in enumerate(claim.arms)}
    found = finals[decides]
    placed = found.assign(order=found["arm"].map(places))
    return placed.sort_values(["block", "order", "arm", "number"])

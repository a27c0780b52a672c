"""The finals that decide a claim."""

from __future__ import annotations

import pandas as pd

from dashboard.data.view import View


def deciding_finals(view: View, task: str, claim_name: str) -> pd.DataFrame:
    """The finals of the claim's arms at its levels, by block; in a block the arm that
    is claimed to be better comes first. Once the claim is judged, those of blocks that
    its verdict leaves out are left out here too.
    """
    claim = view.claim_of(task, claim_name)
    levels = claim.levels or view.campaign.manifest.task(task).level_names
    finals = view.campaign.finals
    decides = (
        finals["task"].eq(task)
        & finals["arm"].isin(claim.arms)
        & finals["level"].isin(levels)
    )
    if verdict := view.verdict_of(task, claim_name):
        blocks = {row["block"] for row in verdict.per_block}
        decides &= finals["block"].isin(blocks)
    places = {arm: place for place, arm in enumerate(claim.arms)}
    order = finals["arm"].map(places)
    placed = finals.assign(order=order)[decides]
    ordered = placed.sort_values(["block", "order", "arm", "number"])
    return ordered.drop(columns="order")

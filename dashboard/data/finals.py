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
    is_deciding = (
        finals["task"].eq(task)
        & finals["arm"].isin(claim.arms)
        & finals["level"].isin(levels)
    )
    if verdict := view.verdict_of(task, claim_name):
        blocks = {row["block"] for row in verdict.per_block}
        is_deciding &= finals["block"].isin(blocks)
    positions = {arm: position for position, arm in enumerate(claim.arms)}
    order = finals["arm"].map(positions)
    deciding = finals.assign(order=order)[is_deciding]
    ordered = deciding.sort_values(["block", "order", "arm", "number"])
    return ordered.drop(columns="order")

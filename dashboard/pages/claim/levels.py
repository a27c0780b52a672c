"""The verdict at each level, where a claim has several."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dash import html

from dashboard.components.charts import table
from dashboard.components.text import Children, badge, card
from dashboard.data.view import View
from dashboard.locale.numbers import measuring, percent, plain
from suite.report.formatting import probability
from suite.verdicts.claim_verdict import ClaimVerdict


def levels_card(view: View, verdict: ClaimVerdict) -> html.Section | None:
    """A row per level with its own verdict and numbers; None for a claim on
    one level.
    """
    rows = verdict.judged_levels
    if not rows:
        return None
    words, title = view.words, view.words("claim-levels")
    columns = [
        words("choose-level"),
        words("forest-verdict"),
        words("fact-effect"),
        words("fact-interval"),
        words("fact-local"),
        words("fact-effect-size"),
        words("fact-won"),
        words("fact-p"),
    ]
    body = [_row(view, verdict, row) for row in rows]
    numbers = range(2, len(columns))
    return card(
        table(columns, body, label=title, numeric=numbers),
        title=title,
        says=words("claim-levels-says"),
    )


def _row(
    view: View, verdict: ClaimVerdict, row: Mapping[str, Any]
) -> tuple[Children, ...]:
    scale = measuring(verdict, view.words)
    return (
        view.level_label(verdict.task, str(row["level"])),
        badge(str(row["verdict"]), view.words),
        scale.full(row["effect"]),
        scale.interval(row["interval"]),
        scale.interval(row["adjusted_interval"]),
        plain(row["effect_size"], 2),
        percent(_share_as_claimed(verdict, row), 0),
        probability(row["p"]),
    )


def _share_as_claimed(verdict: ClaimVerdict, row: Mapping[str, Any]) -> float:
    """The share of blocks at a level of which the claim is true."""
    if not row["blocks"]:
        return math.nan
    return verdict.blocks_as_claimed(row) / int(row["blocks"])

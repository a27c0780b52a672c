"""The single blocks as a table, each with its finals' MLflow runs."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import saved, table
from dashboard.components.controls import arm_key
from dashboard.components.text import Children, action, aria, card
from dashboard.data.finals import deciding_finals
from dashboard.data.view import View
from dashboard.locale.numbers import measuring, percent, plain
from dashboard.pages.claim.charts import levels_of
from suite.report.sentences import side
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.kinds import pair_of_arms

# runs in one URL: proxies and browsers limit its length
MAX_COMPARED = 60


def blocks_card(view: View, verdict: ClaimVerdict) -> html.Section | None:
    """A row per block with both values, their difference and links to its
    runs; None before the first block is in.
    """
    if not verdict.per_block:
        return None
    words, title = view.words, view.words("blocks-title")
    finals = deciding_finals(view, verdict.task, verdict.claim)
    # The column of levels, which stands before the numbers, may be absent.
    first_number = 1 + _has_levels(verdict)
    rows = table(
        _columns(view, verdict),
        [_row(view, verdict, row, finals) for row in verdict.per_block],
        label=title,
        numeric=range(first_number, first_number + 3),
    )
    says = (
        words("blocks-says")
        if _published(view)
        else words("blocks-unpublished")
    )
    return card(
        rows,
        _compare(view, finals),
        title=title,
        says=says,
        id="blocks",
        files=saved(view, "blocks"),
    )


def _has_levels(verdict: ClaimVerdict) -> bool:
    return len(levels_of(verdict)) > 1


def _published(view: View) -> bool:
    return bool(view.campaign.mlflow_runs)


def _columns(view: View, verdict: ClaimVerdict) -> list[str]:
    words = view.words
    columns = [words("blocks-block")]
    if _has_levels(verdict):
        columns.append(words("choose-level"))
    columns += [*sides(view, verdict), words("fact-difference")]
    if _published(view):
        columns.append(words("blocks-runs"))
    return columns


def sides(view: View, verdict: ClaimVerdict) -> tuple[str, str]:
    """What the two columns of values are headed: the arms that are claimed to be
    better, and those, or the published figure, that they are compared with.
    """
    if len(verdict.order) > 2:  # each row of a ranking has its own pair
        return view.words("blocks-better"), view.words("blocks-worse")
    ahead, behind = verdict.sides
    return side(verdict, ahead, view.labels), side(
        verdict, behind, view.labels
    )


def _row(
    view: View,
    verdict: ClaimVerdict,
    row: Mapping[str, Any],
    finals: pd.DataFrame,
) -> tuple[Children, ...]:
    cells: list[Children] = [f"{row['block']}"]
    if _has_levels(verdict):
        cells.append(view.level_label(verdict.task, str(row["level"])))
    cells += [_value(verdict, row["better"]), _value(verdict, row["worse"])]
    cells.append(measuring(verdict, view.words).full(row["difference"]))
    if _published(view):
        mine = finals[_of_block(finals, row)]
        cells.append(list(_runs(view, verdict.task, mine)) or "–")
    return tuple(cells)


def _value(verdict: ClaimVerdict, value: float | None) -> str:
    return percent(value, 2) if verdict.is_share else plain(value, 4)


def _of_block(finals: pd.DataFrame, row: Mapping[str, Any]) -> pd.Series:
    found = finals["block"].eq(row["block"])
    pair = pair_of_arms(row["level"] or "")
    if pair is not None:
        return found & finals["arm"].isin(pair)
    # A row without a level is of a claim over all of them.
    return found & finals["level"].eq(row["level"]) if row["level"] else found


def _runs(view: View, task: str, finals: pd.DataFrame) -> Iterator[html.Span]:
    """A link per final to its MLflow run, by arm; with their levels where there are
    several.
    """
    several = finals["level"].nunique() > 1
    for arm, mine in finals.groupby("arm", sort=False):
        links = [
            _run(view, task, str(arm), final, several)
            for final in mine[["key", "number", "level"]].to_dict("records")
        ]
        found = [link for link in links if link is not None]
        if found:
            label = arm_key(view, task, str(arm))
            yield html.Span([label, *found], className="runs")


def _run(
    view: View,
    task: str,
    arm: str,
    final: Mapping[Hashable, Any],
    with_level: bool,
) -> html.A | None:
    address = view.run_link(str(final["key"]))
    if address is None:
        return None
    label, number = view.arm_label(task, arm), final["number"]
    text = f"{number}"
    if with_level:
        level = view.level_label(task, str(final["level"]))
        label, text = f"{label}, {level}", f"{level}: {number}"
    return html.A(
        f"{text}↗",
        href=address,
        target="_blank",
        rel="noopener noreferrer",
        **aria(label=view.words("blocks-final", arm=label, number=number)),
    )


def _compare(view: View, finals: pd.DataFrame) -> Component | None:
    """The link to MLflow's comparison of these finals."""
    address = view.compare_link(finals["key"].head(MAX_COMPARED))
    if address is None:
        return None
    link = action(view.words("blocks-compare"), address, outside=True)
    return html.Div(link, className="actions")

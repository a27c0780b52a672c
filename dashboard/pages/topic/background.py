"""What stands behind a topic: limits, literature, data, and the arms' sizes."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import table
from dashboard.components.code import task_file
from dashboard.components.controls import arm_key
from dashboard.components.literature import literature
from dashboard.components.text import Children, card, coded, facts, foreign
from dashboard.data.view import View
from dashboard.locale.numbers import plain
from suite.report.formatting import NONE
from suite.report.topic import limits_of
from suite.verdicts.claim_verdict import ClaimVerdict
from tasks.contract.universe import is_universe


def limits_card(
    view: View, verdicts: Sequence[ClaimVerdict]
) -> Component | None:
    """What was held equal, whom the answers speak for, and what stands against them."""
    said = limits_of(view.task, verdicts, view.labels)
    if not said:
        return None
    items = [html.Li(coded(text)) for text in said]
    return card(
        html.Ul(items, className="bullets"), title=view.words("topic-limits")
    )


def literature_card(view: View) -> Component | None:
    """What to read, with links."""
    works = literature(view)
    if works is None:
        return None
    return card(works, title=view.words("topic-literature"))


def data_card(view: View) -> html.Section:
    """The data, and each arm's number of parameters by level."""
    words, language = view.words, view.words.language
    sources = [
        html.Div(foreign(str(one), language)) for one in view.about["sources"]
    ]
    rows: list[tuple[str, Children]] = [(words("topic-data"), sources or NONE)]
    if code := task_file(view):
        rows.append((words("topic-code"), code))
    return card(
        facts(rows, "facts tall"),
        _sizes(view),
        title=words("topic-behind"),
    )


def _sizes(view: View) -> Component | None:
    """A row per arm with its number of parameters at each level; None where runs have
    none.
    """
    runs = view.campaign.runs
    if "parameters" not in runs:
        return None
    mine = runs[(runs["task"] == view.task) & runs["parameters"].notna()]
    if mine.empty:
        return None
    # The largest, because hyperparameters may change the size from run to run.
    counts = mine.groupby(["arm", "level"])["parameters"].max().to_dict()
    words = view.words
    levels = [
        level
        for level in view.about["levels"]
        if not is_universe(level["name"])
    ]
    if not levels:
        return None
    columns = [words("choose-arm")]
    columns += [str(level.get("label") or level["name"]) for level in levels]
    body = [
        (
            arm_key(view, view.task, arm["name"]),
            *(
                plain(counts.get((arm["name"], level["name"]), float("nan")))
                for level in levels
            ),
        )
        for arm in view.about["arms"]
    ]
    label = words("topic-parameters")
    return html.Div(
        [
            html.H3(label),
            table(columns, body, label=label, numeric=range(1, len(columns))),
        ]
    )

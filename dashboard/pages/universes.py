"""Where a varied claim holds, and where it does not: its effect in each universe, above
the conditions that each has.
"""

from __future__ import annotations

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import chart, table
from dashboard.components.controls import choose_task, controls
from dashboard.components.outcome import status_badge
from dashboard.components.text import card, empty, foreign, head
from dashboard.data.view import View
from dashboard.figures.blocks import unit_of
from dashboard.figures.universes import universe_curve
from suite.report.universes import (
    UniverseRow,
    claim_text,
    specification_curve,
    universe_rows,
    where,
)
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.universes import Multiverse, Universe

PATH, TITLE = "/universes", "universes-title"


def layout(view: View) -> Component:
    """Each varied claim of the task with its specification curve and its universes."""
    words, varied = view.words, view.multiverses
    heading = head(words("universes-title"), words("universes-says"))
    if view.judging:
        waits = empty(words("judging-title"), words("judging-says"))
        return html.Div([heading, waits])
    if not varied:
        nothing = empty(words("universes-none"), words("universes-none-says"))
        return html.Div([heading, nothing])
    tasks = list(dict.fromkeys(one.task for one in varied))
    # Any task may be named; the page begins with the first that varies a
    # claim.
    task = view.chosen("task", view.tasks, tasks[0])
    mine = [one for one in varied if one.task == task]
    parts = [_claim(view, one) for one in mine] or [
        empty(words("universes-none-here"), words("universes-none-says"))
    ]
    # The drop-down shows the task that is shown, which the address may not
    # name.
    shown = view.at_task(task)
    return html.Div(
        [heading, controls(choose_task(shown, view.tasks)), *parts]
    )


def frames(view: View) -> dict[str, pd.DataFrame]:
    """A row per universe of each varied claim, by the claim's name."""
    return {
        _name(found): pd.DataFrame([_flat(one) for one in found.universes])
        for found in view.multiverses
    }


def _name(found: Multiverse) -> str:
    return f"{found.task}-{found.claim}"


def _flat(universe: Universe) -> dict[str, object]:
    verdict = universe.verdict
    low, high = verdict.deciding_interval
    return {
        **universe.values,
        "verdict": verdict.verdict,
        "effect": verdict.effect,
        "low": low,
        "high": high,
        "blocks": verdict.blocks,
    }


def _claim(view: View, found: Multiverse) -> html.Section:
    """A claim with the sentence that says where it holds, the chart and the table."""
    language = view.words.language
    says = foreign(claim_text(found, view.labels), language)
    return html.Section(
        [
            html.H2(says),
            html.P(where(found, language), className="answer big"),
            _curve(view, found),
            _table(view, found),
        ],
        id=found.claim,
        className="universe-claim",
    )


def _curve(view: View, found: Multiverse) -> html.Section:
    words, drawn = view.words, specification_curve(found, view.labels)
    unit = unit_of(found.universes[0].verdict, words)
    spec = universe_curve(drawn, unit, words) if drawn else None
    return chart(
        view,
        _name(found),
        spec,
        title=words("universes-curve"),
        says=words("universes-curve-says"),
        height=int(spec["height"]) if spec else 240,
        level=3,
    )


def _table(view: View, found: Multiverse) -> html.Section:
    """A row per universe, which leads to all that is behind its verdict."""
    words, conditions = view.words, list(found.conditions)
    columns = [
        words("forest-verdict"),
        words("fact-effect"),
        *conditions,
        words("findings-blocks"),
    ]
    written = universe_rows(found, words.language)
    rows = [
        _row(view, one.verdict, row)
        for one, row in zip(found.universes, written, strict=True)
    ]
    label = words("universes-table")
    last = len(columns) - 1
    return card(
        table(columns, rows, label=label, numeric=(last,), tall=True),
        title=label,
    )


def _row(
    view: View, verdict: ClaimVerdict, row: UniverseRow
) -> tuple[Component | str, ...]:
    to = view.link("/claim", task=verdict.task, claim=verdict.claim)
    return (
        status_badge(view, verdict),
        html.A(row.effect, href=to, className="num whole"),
        *row.values,
        row.blocks,
    )

"""How far every cell is: tasks by arms, a square per block in each level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import saved
from dashboard.components.controls import arm_key
from dashboard.components.text import aria, card, glyph, hidden
from dashboard.data.view import View
from dashboard.locale import Words
from dashboard.theme import STATES

FEW_TASKS = 3  # whose cells fit on a screen


def matrix(view: View) -> html.Section:
    """The state of every block, arm by arm and level by level; folded where
    the campaign has many tasks.
    """
    words, cells = view.words, view.campaign.cells
    tables = [
        _task(view, str(task), group)
        for task, group in cells.groupby("task", sort=False)
    ]
    return card(
        html.Details(
            [
                html.Summary(words("matrix-show", tasks=len(tables))),
                html.Div(_key(words), className="cell-key"),
                html.Div(tables, className="matrices"),
            ],
            className="cell-details",
            open=len(tables) <= FEW_TASKS,
        ),
        title=words("matrix-title"),
        says=words("matrix-says"),
        id="cells",
        files=saved(view, "cells"),
    )


def _key(words: Words) -> list[html.Span]:
    """A square of each state with its name."""
    return [
        html.Span([_square(state), words.of("state", state)])
        for state in STATES
    ]


def _square(state: str) -> html.I:
    return html.I(
        STATES[state], className=f"cell {state}", **aria(hidden="true")
    )


def _task(view: View, task: str, cells: pd.DataFrame) -> html.Div:
    title = view.title(task)
    levels = [level["name"] for level in view.tasks[task]["levels"]]
    # Grouped once, rather than searched for each of many cells.
    by_arm_and_level = dict(iter(cells.groupby(["arm", "level"], sort=False)))
    heads = [
        html.Th(view.level_label(task, level), scope="col") for level in levels
    ]
    rows = []
    for arm in (one["name"] for one in view.tasks[task]["arms"]):
        strips = [
            html.Td(_strip(view, by_arm_and_level.get((arm, level))))
            for level in levels
        ]
        name = html.Th(arm_key(view, task, arm), scope="row")
        rows.append(html.Tr([name, *strips]))
    body = html.Div(
        html.Table(
            [html.Thead(html.Tr([html.Td(), *heads])), html.Tbody(rows)]
        ),
        className="scroll",
        tabIndex=0,
        role="region",
        **aria(label=title),
    )
    return html.Div([html.H3(title), body], className="matrix")


def _strip(view: View, cells: pd.DataFrame | None) -> Component:
    """The blocks of one arm at one level; a link to their runs. A dash where none are
    planned.
    """
    if cells is None:
        says = view.words("matrix-not-planned")
        return html.Span(
            [glyph("–"), hidden(says)], className="unplanned", title=says
        )
    task, arm, level = (
        str(cells[name].iloc[0]) for name in ("task", "arm", "level")
    )
    says = _counted(view.words, cells)
    place = f"{view.arm_label(task, arm)}, {view.level_label(task, level)}"
    return html.A(
        [hidden(f"{place}: {says}"), *_squares(cells)],
        href=view.link("/runs", task=task, arm=arm, level=level),
        className="strip",
        title=says,
    )


def _counted(words: Words, cells: pd.DataFrame) -> str:
    """How many blocks are in which state, the most common first."""
    counts = Counter(cells["state"].tolist()).most_common()
    return ", ".join(
        f"{count} {words.of('state', state).lower()}"
        for state, count in counts
    )


def _squares(cells: pd.DataFrame) -> Iterator[html.I]:
    for state in cells.sort_values("block")["state"]:
        yield _square(str(state))

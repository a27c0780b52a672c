"""How was each arm tuned? Budgets, history, importance, slices, and whether all had the
same number of trials.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import chart, table
from dashboard.components.controls import (
    arm_key,
    choose_level,
    choose_task,
    controls,
    select,
)
from dashboard.components.text import card, head, note
from dashboard.data.view import View, capital
from dashboard.figures.search import (
    budget_chart,
    budgets_frame,
    history_chart,
    importance_chart,
    importance_of,
    parallel_chart,
    slices_chart,
    space_of,
    studies,
)
from dashboard.locale.numbers import plain
from dashboard.theme import arm_color
from search.budget import Better
from search.ranges import edges
from suite.training.job import JUDGED

PATH, TITLE = "/search", "search-title"


def layout(view: View) -> Component:
    words, arm, measure = view.words, _arm(view), _measure(view)
    names = [one["name"] for one in view.about["arms"]]
    color = arm_color(names.index(arm))
    better: Better = measure["better"]
    column, percent = _column(view), bool(measure["percent"])
    title = words("curves-axis-validation", measure=measure["label"])
    mine = _trials(view)
    mine = mine[mine["arm"] == arm]
    blocks, space = studies(mine, column), space_of(_space(view, arm))
    budgets = budgets_frame(_trials(view), column, better)
    budget = budget_chart(budgets, view.about["arms"], title, words, percent)
    shares = _importance(view, blocks)
    arms = [
        (one["name"], one.get("label") or one["name"]) for one in view.about["arms"]
    ]
    chosen = [choose_task(view), choose_level(view)]
    return html.Div(
        [
            head(words("search-title"), words("search-says")),
            controls(*[part for part in chosen if part is not None]),
            chart(
                view,
                "budget",
                budget,
                title=words("search-budget"),
                says=words("search-budget-says"),
                height=380,
            ),
            _equal_budgets(view),
            controls(select(view, "arm", arms, arm, words("choose-arm"))),
            note(words("search-not-tuned")) if not len(space) else None,
            html.Div(
                [
                    chart(
                        view,
                        "history",
                        history_chart(
                            blocks, column, better, color, title, words, percent
                        ),
                        title=words("search-history"),
                        says=words("search-history-says"),
                        height=320,
                    ),
                    chart(
                        view,
                        "importance",
                        importance_chart(shares, words),
                        title=words("search-importance"),
                        says=words("search-importance-says"),
                        height=320,
                    )
                    if shares is not None
                    else card(
                        html.P(words("search-working")),
                        title=words("search-importance"),
                    ),
                ],
                className="grid two",
            ),
            chart(
                view,
                "slices",
                slices_chart(blocks, column, space, color, title, percent),
                title=words("search-slices"),
                says=words("search-slices-says"),
                height=330,
            ),
            chart(
                view,
                "parallel",
                parallel_chart(blocks, column, space, better, words),
                title=words("search-parallel"),
                says=words("search-parallel-says"),
                height=360,
            ),
            _edges(view, mine, blocks, column, better),
        ]
    )


def _importance(
    view: View, blocks: list[pd.DataFrame], patience: float = 0.0
) -> dict[str, float] | None:
    """The hyperparameters' shares; None while they are being computed."""
    key = (
        "importance",
        view.campaign.id,
        view.campaign.revision,
        view.task,
        view.level,
        _arm(view),
        _column(view),
    )
    space, column = space_of(_space(view, _arm(view))), _column(view)
    found: dict[str, float] | None = view.snapshots.compute_in_background(
        key, lambda: importance_of(blocks, column, space), patience
    )
    return found


def frames(view: View) -> dict[str, pd.DataFrame]:
    """Budgets of all arms, the chosen arm's trials, and its hyperparameters'
    importance.
    """
    arm, measure, trials = _arm(view), _measure(view), _trials(view)
    mine = trials[trials["arm"] == arm]
    kept = [
        "block",
        "number",
        "status",
        _column(view),
        *(f"param.{name}" for name in _space(view, arm)),
    ]
    points = mine[[name for name in kept if name in mine]].sort_values(
        ["block", "number"]
    )
    shares = _importance(view, studies(mine, _column(view)), patience=60.0) or {}
    return {
        "budget": budgets_frame(trials, _column(view), measure["better"]),
        "history": points,
        "slices": points,
        "parallel": points,
        "importance": pd.DataFrame(
            {"setting": list(shares), "importance": list(shares.values())}
        ),
    }


def _arm(view: View) -> str:
    return view.chosen("arm", [arm["name"] for arm in view.about["arms"]])


def _measure(view: View) -> dict[str, Any]:
    """The measure that hyperparameters are chosen by: the task's first."""
    found = dict(view.about["measures"][0])
    return {**found, "label": capital(str(found.get("label") or found["name"]))}


def _column(view: View) -> str:
    return f"validation.{_measure(view)['name']}"


def _space(view: View, arm: str) -> dict[str, dict[str, Any]]:
    aa_test = view.about.get("aa_test") or {}
    return dict(view.about.get("space", {}).get(aa_test.get(arm, arm), {}))


def _trials(view: View) -> pd.DataFrame:
    frame = view.campaign.runs
    return frame[
        (frame["task"] == view.task)
        & (frame["level"] == view.level)
        & (frame["kind"] == "trial")
    ]


def _equal_budgets(view: View) -> html.Section:
    """Completed trials of each arm: every block of every arm must have as many."""
    words, trials = view.words, _trials(view)
    done = trials[trials["status"].isin(JUDGED)]
    counts = done.groupby(["arm", "block"]).size()
    planned, rows, uneven = int(view.about["trials"]), [], False
    for arm in view.about["arms"]:
        mine = counts[counts.index.get_level_values("arm") == arm["name"]]
        low, high = (int(mine.min()), int(mine.max())) if len(mine) else (0, 0)
        uneven = uneven or low != planned or high != planned
        count = str(high) if low == high else f"{low}–{high}"
        diverged = int(
            (done.loc[done["arm"] == arm["name"], "status"] == "diverged").sum()
        )
        rows.append(
            (
                arm_key(view, view.task, arm["name"]),
                f"{len(mine)}",
                f"{count} / {planned}",
                f"{diverged}",
            )
        )
    says = words("search-uneven") if uneven else words("search-even", trials=planned)
    columns = [
        words("choose-arm"),
        words("search-studies"),
        words("search-completed"),
        words("status-diverged"),
    ]
    return card(
        table(columns, rows, label=words("search-equal"), numeric=(1, 2, 3)),
        title=words("search-equal"),
        says=says,
    )


def _edges(
    view: View,
    trials: pd.DataFrame,
    blocks: list[pd.DataFrame],
    column: str,
    better: Better,
) -> Component | None:
    """Where each block's best trial lies in its ranges."""
    words, space = view.words, space_of(_space(view, _arm(view)))
    if not blocks or not len(space):
        return None
    best = [
        study.sort_values(column, ascending=better == "lower").iloc[0]
        for study in blocks
    ]
    chosen = [{name: row[f"param.{name}"] for name in space} for row in best]
    rows = [
        (
            edge.hyperparameter,
            words.of("search-end", edge.end),
            plain(edge.bound),
            f"{edge.near_bound} / {edge.blocks}",
            words("search-crowded") if edge.at_boundary else words("search-fine"),
        )
        for edge in edges(space, chosen)
    ]
    columns = [
        words("search-setting"),
        words("search-end"),
        words("search-bound"),
        words("search-there"),
        words("search-crowding"),
    ]
    return card(
        table(columns, rows, label=words("search-edges"), numeric=(2, 3)),
        title=words("search-edges"),
        says=words("search-edges-says"),
    )

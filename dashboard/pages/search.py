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
from dashboard.components.text import card, empty, head, note
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
    waiting_chart,
)
from dashboard.locale.numbers import plain
from search.budget import Better
from search.ranges import edges
from suite.training.job import JUDGED
from tasks import Space

PATH, TITLE = "/search", "search-title"


def layout(view: View) -> Component:
    """How the hyperparameters of each arm were chosen, and whether all arms
    had the same budget.
    """
    words, arm = view.words, _arm(view)
    trials = _trials(view)
    mine = trials[trials["arm"] == arm]
    space = space_of(_space(view, arm))
    arms = [
        (one["name"], one.get("label") or one["name"])
        for one in view.about["arms"]
    ]
    chosen = [choose_task(view), choose_level(view)]
    top = [
        head(words("search-title"), words("search-says")),
        controls(*[part for part in chosen if part is not None]),
    ]
    if trials.empty and not _any_space(view):
        nothing = words("search-nothing")
        return html.Div([*top, empty(nothing, words("search-nothing-says"))])
    tuned = _Tuned(view, mine, space)
    return html.Div(
        [
            *top,
            _budget(view, trials),
            _equal_budgets(view),
            controls(select(view, "arm", arms, arm, words("choose-arm"))),
            note(words("search-not-tuned")) if not len(space) else None,
            html.Div(
                [tuned.history(), tuned.importance()],
                className="grid two",
            ),
            tuned.slices(),
            tuned.parallel(),
            tuned.edges(),
        ]
    )


def _any_space(view: View) -> bool:
    """Whether any arm of the task has hyperparameters to search."""
    arms = (one["name"] for one in view.about["arms"])
    return any(len(space_of(_space(view, arm))) for arm in arms)


def _budget(view: View, trials: pd.DataFrame) -> Component:
    """The best value of every arm by the number of trials."""
    words, measure = view.words, _measure(view)
    frame = budgets_frame(trials, _column(view), measure["better"])
    spec = budget_chart(
        frame,
        view.about["arms"],
        _title(view),
        words,
        bool(measure["percent"]),
    )
    return chart(
        view,
        "budget",
        spec,
        title=words("search-budget"),
        says=words("search-budget-says"),
        height=380,
    )


class _Tuned:
    """The charts of how one arm was tuned.

    ``trials`` are the arm's, ``space`` is what was tuned, and ``blocks`` has the trials
    of each block.
    """

    def __init__(self, view: View, trials: pd.DataFrame, space: Space) -> None:
        self.view = view
        self.words = view.words
        self.space = space
        self.column = _column(view)
        self.blocks = studies(trials, self.column)
        measure = _measure(view)
        self.better: Better = measure["better"]
        self.percent = bool(measure["percent"])
        self.title = _title(view)
        self.color = view.look(view.task, _arm(view)).color

    def history(self) -> Component:
        spec = history_chart(
            self.blocks,
            self.column,
            self.better,
            self.color,
            self.title,
            self.words,
            self.percent,
        )
        titles = "search-history", "search-history-says"
        return self._chart("history", spec, titles, height=320)

    def importance(self) -> Component:
        shares = _importance(self.view, self.blocks)
        spec = (
            waiting_chart(self.words)
            if shares is None
            else importance_chart(shares, self.words)
        )
        titles = "search-importance", "search-importance-says"
        return self._chart("importance", spec, titles, height=320)

    def slices(self) -> Component:
        spec = slices_chart(
            self.blocks,
            self.column,
            self.space,
            self.color,
            self.title,
            self.words,
            self.percent,
        )
        titles = "search-slices", "search-slices-says"
        return self._chart("slices", spec, titles, height=330)

    def parallel(self) -> Component:
        spec = parallel_chart(
            self.blocks,
            self.column,
            self.space,
            self.better,
            self.words,
        )
        titles = "search-parallel", "search-parallel-says"
        return self._chart("parallel", spec, titles, height=360)

    def edges(self) -> Component | None:
        return _edges(self.view, self.blocks, self.column, self.better)

    def _chart(
        self,
        name: str,
        spec: Any,
        titles: tuple[str, str],
        height: int,
    ) -> Component:
        title, says = titles
        return chart(
            self.view,
            name,
            spec,
            title=self.words(title),
            says=self.words(says),
            height=height,
        )


def _title(view: View) -> str:
    """The title of the axis that has the value."""
    return view.words(
        "curves-axis-validation", measure=_measure(view)["label"]
    )


def _importance(
    view: View, blocks: list[pd.DataFrame], patience: float = 0.0
) -> dict[str, float] | None:
    """The hyperparameters' shares; None while they are being computed."""
    # The revision is in the key: new trials change the importance.
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
    shares = (
        # A download is not rendered again, so it waits for the result.
        _importance(view, studies(mine, _column(view)), patience=60.0) or {}
    )
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
    return {
        **found,
        "label": capital(str(found.get("label") or found["name"])),
    }


def _column(view: View) -> str:
    return f"validation.{_measure(view)['name']}"


def _space(view: View, arm: str) -> dict[str, dict[str, Any]]:
    # The arm of an A/A test is a copy of another one and is tuned over its
    # space.
    aa_test = view.about.get("aa_test") or {}
    return dict(view.about.get("space", {}).get(aa_test.get(arm, arm), {}))


def _trials(view: View) -> pd.DataFrame:
    frame = view.campaign.runs
    return frame[
        (frame["task"] == view.task)
        & (frame["level"] == view.level)
        & (frame["kind"] == "trial")
    ]


def _planned(view: View) -> dict[str, int]:
    """The trials that each block of an arm is to have at the level, by arm."""
    cells = view.campaign.cells
    mine = cells[(cells["task"] == view.task) & (cells["level"] == view.level)]
    found = mine.groupby("arm")["trials_planned"].max()
    return {str(arm): int(count) for arm, count in found.items()}


def _equal_budgets(view: View) -> html.Section:
    """Completed trials of each arm: every block of every arm must have as many."""
    words, trials = view.words, _trials(view)
    # Trials that diverged count: they used up the budget, and the study was
    # told a worst value.
    done = trials[trials["status"].isin(JUDGED)]
    counts = done.groupby(["arm", "block"]).size()
    rows, uneven = [], False
    planned_of = _planned(view)
    for arm in view.about["arms"]:
        planned = planned_of.get(arm["name"], 0)
        if not planned:
            continue  # it does not run at this level, or is not tuned
        mine = counts[counts.index.get_level_values("arm") == arm["name"]]
        low, high = (int(mine.min()), int(mine.max())) if len(mine) else (0, 0)
        uneven = uneven or low != planned or high != planned
        count = str(high) if low == high else f"{low}–{high}"
        diverged = int(
            (
                done.loc[done["arm"] == arm["name"], "status"] == "diverged"
            ).sum()
        )
        rows.append(
            (
                arm_key(view, view.task, arm["name"]),
                f"{len(mine)}",
                f"{count} / {planned}",
                f"{diverged}",
            )
        )
    says = (
        words("search-uneven")
        if uneven
        else words("search-even", trials=max(planned_of.values(), default=0))
    )
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
    blocks: list[pd.DataFrame],
    column: str,
    better: Better,
) -> Component | None:
    """Where each block's best trial lies in its ranges."""
    words, space = view.words, space_of(_space(view, _arm(view)))
    if not blocks or not len(space):
        return None
    best = [
        # On validation, as hyperparameters were chosen.
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
            words("search-crowded")
            if edge.at_boundary
            else words("search-fine"),
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

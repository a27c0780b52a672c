"""What a table of runs calls tasks, levels, arms and columns."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from dashboard.data.view import View

# The columns that every table of runs has, by the key of their title.
TITLES = {
    "task": "choose-task",
    "level": "choose-level",
    "arm": "choose-arm",
    "block": "block",
    "kind": "choose-kind",
    "number": "runs-number",
    "status": "choose-status",
    "mlflow": "runs-mlflow",
}
# What a measure was taken on, by the key of its column's title.
MEASURED_ON = {
    "test": "sweep-test",
    "validation": "curves-axis-validation",
}


def label_runs(view: View, runs: pd.DataFrame) -> pd.DataFrame:
    """The runs with the labels of tasks, levels, arms, kinds and statuses in place of
    their names.
    """
    words = view.words
    return runs.assign(
        task=_each(runs["task"], view.title),
        level=_each_of_task(runs, "level", view.level_label),
        arm=_each_of_task(runs, "arm", view.arm_label),
        kind=_each(runs["kind"], lambda kind: words.of("kind", kind)),
        status=_each(runs["status"], lambda end: words.of("status", end)),
    )


def column_title(view: View, name: str) -> str:
    """The title of a column: its name where it has no other."""
    if name in TITLES:
        return view.words(TITLES[name])
    split, _, measure = name.partition(".")
    label = _measure_label(view, measure)
    if split in MEASURED_ON and label:
        return view.words(MEASURED_ON[split], measure=label)
    return name


def _each(values: pd.Series, label: Callable[[str], str]) -> pd.Series:
    # Few values in many rows: each is labelled once.
    labels = {value: label(value) for value in values.dropna().unique()}
    return values.map(labels)


def _each_of_task(
    runs: pd.DataFrame, column: str, label: Callable[[str, str], str]
) -> list[str]:
    """The labels of levels or arms, which are those of their task."""
    pairs = list(zip(runs["task"], runs[column], strict=True))
    labels = {pair: label(*pair) for pair in set(pairs)}
    return [labels[pair] for pair in pairs]


def _measure_label(view: View, name: str) -> str:
    """What the task of the page calls a measure, or the first task that has it."""
    chosen = view.query.get("task", "")
    of_chosen = [view.tasks[chosen]] if chosen in view.tasks else []
    for about in (*of_chosen, *view.tasks.values()):
        for measure in about["measures"]:
            if measure["name"] == name:
                return str(measure["label"])
    return ""

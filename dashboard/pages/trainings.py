"""Every training on record, to sort, filter and open."""

from __future__ import annotations

from collections import Counter
from typing import Any

import dash_ag_grid as dag
import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.parts import aria, card, controls, head, select
from dashboard.view import View, task_title

PATH, TITLE = "/trainings", "trainings.title"
FIRST = ["task", "level", "arm", "block", "kind", "number", "status"]
CLIENT_ROWS = 20_000  # rows that the browser holds; beyond, the first so many and the file has all


def layout(view: View) -> Component:
    words, found = view.words, frames(view)["trainings"]
    shown = found.head(CLIENT_ROWS)
    failed = found[(found["status"] != "finished")]
    says = words("trainings.count", count=f"{len(found):,}", failed=f"{len(failed):,}")
    if len(found) > len(shown):
        says += " " + words("table.cut", shown=f"{len(shown):,}", all=f"{len(found):,}")
    files = html.Div(
        [
            html.A(kind, href=view.data_link("trainings", kind.lower()), download="", className="file")
            for kind in ("CSV", "Parquet")
        ],
        className="files",
        role="group",
        **aria(label=words("chart.save")),
    )
    return html.Div(
        [
            head(words("trainings.title"), says, files),
            controls(*_filters(view)),
            card(_grid(shown), className="grid-card"),
            _errors(view, failed),
        ]
    )


def frames(view: View) -> dict[str, pd.DataFrame]:
    """The trainings that the address asks for, without columns that are empty for all of them."""
    frame = view.campaign.trainings
    for name in ("task", "level", "arm", "kind", "status"):
        wanted = view.query.get(name)
        if wanted:
            frame = frame[frame[name] == wanted]
    frame = frame.dropna(axis=1, how="all") if len(frame) else frame
    first = [name for name in FIRST if name in frame]
    names = [str(name) for name in frame]
    measured = sorted(name for name in names if name.startswith(("test.", "validation.")))
    settings = sorted(name for name in names if name.startswith("setting."))
    chosen = [*first, *measured, *settings]
    return {"trainings": frame[[*chosen, *(name for name in frame if name not in chosen)]]}


def _filters(view: View) -> list[Any]:
    words = view.words
    task = view.chosen("task", ["", *view.tasks], "")
    every = ("", words("trainings.all"))
    found = [
        select(view, "task", [every, *((name, task_title(name)) for name in view.tasks)], task, words("choose.task"))
    ]
    if task:
        for name, items in (("level", view.tasks[task]["levels"]), ("arm", view.tasks[task]["arms"])):
            options = [every, *((item["name"], item.get("label") or item["name"]) for item in items)]
            value = view.chosen(name, [key for key, _ in options], "")
            found.append(select(view, name, options, value, words(f"choose.{name}")))
    kinds = [every, ("trial", words("kind.trial")), ("final", words("kind.final"))]
    found.append(
        select(view, "kind", kinds, view.chosen("kind", ["", "trial", "final"], ""), words("choose.kind"), 150)
    )
    statuses = sorted({str(s) for s in view.campaign.trainings["status"].dropna()})
    options = [every, *((status, words(f"status.{status}")) for status in statuses)]
    found.append(
        select(view, "status", options, view.chosen("status", ["", *statuses], ""), words("choose.status"), 170)
    )
    return found


def _grid(frame: pd.DataFrame) -> Component:
    columns = [
        _column(str(name), frame[name]) for name in frame.columns if name not in ("traceback", "losses", "error")
    ]
    names = [column["field"] for column in columns]
    data = frame.drop(columns=[name for name in ("traceback", "losses", "error") if name in frame])
    data.columns = pd.Index(names)
    floats = data.select_dtypes("float").columns
    data = data.assign(**{name: data[name].map(_short) for name in floats})
    rows = data.astype(object).where(data.notna(), None).to_dict("records")
    grid: Component = dag.AgGrid(
        id="trainings-grid",
        rowData=rows,
        columnDefs=columns,
        columnSize="autoSize",
        defaultColDef={"sortable": True, "resizable": True, "filter": True},
        dashGridOptions={
            "theme": {"function": "bakeoffGrid(theme)"},
            "pagination": True,
            "paginationPageSize": 50,
            "paginationPageSizeSelector": [50, 200, 1000],
            "enableCellTextSelection": True,
            "suppressColumnVirtualisation": False,
        },
        style={"height": "620px"},
    )
    return grid


def _column(name: str, values: pd.Series) -> dict[str, Any]:
    """A grid's column; a dot in a field's name would be read as a path."""
    column: dict[str, Any] = {"field": name.replace(".", "_"), "headerName": name}
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        column |= {"filter": "agNumberColumnFilter", "type": "rightAligned"}
    if name in FIRST[:3]:
        column["pinned"] = "left" if name == "task" else None
    return column


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def _errors(view: View, failed: pd.DataFrame) -> Component | None:
    """What went wrong, each message once with its count."""
    if failed.empty or "error" not in failed:
        return None
    words = view.words
    counts = Counter(zip(failed["status"].astype(str), failed["error"].fillna("").astype(str), strict=True))
    items = [
        html.Li([html.B(words(f"status.{status}")), f" × {count} ", html.Code(error[:400])])
        for (status, error), count in counts.most_common(20)
    ]
    return card(html.Ul(items, className="errors"), title=words("trainings.errors"))

"""Every recorded run, to sort, filter and open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
import pandas as pd
from dash import (
    ClientsideFunction,
    Dash,
    Input,
    Output,
    State,
    html,
    no_update,
)
from dash.development.base_component import Component

from dashboard.components.charts import saved
from dashboard.components.controls import controls, select
from dashboard.components.text import aria, card, data, head
from dashboard.data.finals import deciding_finals
from dashboard.data.run_labels import column_title, label_runs
from dashboard.data.snapshots import Snapshots
from dashboard.data.view import View, view_of
from suite.training.job import ENDED_WELL

PATH, TITLE = "/runs", "runs-title"
# long texts and lists, which fit in no cell
LEFT_OUT = ("traceback", "losses", "error")
KINDS = ("trial", "round", "final", "half_budget", "half_length")
FIRST = ["task", "level", "arm", "block", "kind", "number", "status", "mlflow"]
# rows that the browser holds; above that, it requests them while scrolling
CLIENT_ROWS = 5_000


def layout(view: View) -> Component:
    """A table of every run that the address selects, and below it what failed."""
    words, found = view.words, frames(view)["runs"]
    failed = found[~found["status"].isin(ENDED_WELL)]
    says = words(
        "runs-count", count=f"{len(found):,}", failed=f"{len(failed):,}"
    )
    return html.Div(
        [
            head(words("runs-title"), says, saved(view, "runs")),
            controls(*_filters(view)),
            _column_chooser(view, found),
            card(_grid(found, view), className="grid-card"),
            _errors(view, failed),
        ]
    )


def frames(view: View) -> dict[str, pd.DataFrame]:
    """The runs that the URL selects, without columns that are empty for all of them."""
    frame = _deciding(view) if view.query.get("claim") else view.campaign.runs
    for name in ("task", "level", "arm", "kind", "status"):
        wanted = view.query.get(name)
        if wanted:
            frame = frame[frame[name] == wanted]
    frame = frame.sort_values("kind", key=_kind_order, kind="stable")
    mlflow_runs = view.campaign.mlflow_runs
    places = [
        f"experiments/{mlflow_runs[key].experiment}/runs/{mlflow_runs[key].run}"
        if key in mlflow_runs
        else None
        for key in frame["key"]
    ]
    frame = frame.assign(
        mlflow=pd.Series(places, index=frame.index, dtype="str")
    )
    # With no rows every column counts as empty, and the table would lose its
    # head.
    frame = frame.dropna(axis=1, how="all") if len(frame) else frame
    # What identifies a run, then what it measured, then what it was run with,
    # then the rest.
    first = [name for name in FIRST if name in frame]
    names = [str(name) for name in frame]
    measured = sorted(
        name for name in names if name.startswith(("test.", "validation."))
    )
    params = sorted(name for name in names if name.startswith("param."))
    chosen = [*first, *measured, *params]
    return {
        "runs": frame[
            [*chosen, *(name for name in frame if name not in chosen)]
        ]
    }


def _deciding(view: View) -> pd.DataFrame:
    """The finals that decide the claim that the URL names."""
    claims = [claim["name"] for claim in view.about["claims"]]
    return deciding_finals(view, view.task, view.chosen("claim", claims))


def _kind_order(kinds: pd.Series) -> pd.Series:
    """Finals come first: trials have nothing in the columns of the test set."""
    return kinds.ne("final")


def _filters(view: View) -> list[Component]:
    words = view.words
    tasks = [(name, view.title(name)) for name in view.tasks]
    kinds = [(kind, words.of("kind", kind)) for kind in KINDS]
    found = [_filter(view, "task", tasks)]
    if view.query.get("task"):
        found += _task_filters(view)
    statuses = sorted({str(s) for s in view.campaign.runs["status"].dropna()})
    named = [(status, words.of("status", status)) for status in statuses]
    return [
        *found,
        _filter(view, "kind", kinds, width=200),
        _filter(view, "status", named, width=170),
    ]


def _task_filters(view: View) -> list[Component]:
    """What can be chosen once a task is."""
    about = view.about
    claims = [(claim["name"], claim["says"]) for claim in about["claims"]]
    return [
        _filter(view, "level", [_named(item) for item in about["levels"]]),
        _filter(view, "arm", [_named(item) for item in about["arms"]]),
        _filter(view, "claim", claims, width=320),
    ]


def _named(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["name"], item.get("label") or item["name"]


def _filter(
    view: View, name: str, choices: Sequence[tuple[str, str]], width: int = 240
) -> Component:
    """A drop-down with "all" at its top."""
    options = [("", view.words("runs-all")), *choices]
    value = view.chosen(name, [key for key, _ in options], "")
    label = view.words.of("choose", name)
    found: Component = select(view, name, options, value, label, width)
    return found


def add_callbacks(app: Dash, snapshots: Snapshots) -> None:
    """Columns to choose, and rows on demand, where there are too many for the
    browser.
    """
    app.clientside_callback(
        ClientsideFunction("bakeoff", "columns"),
        Output("sink-columns", "data"),
        Input("runs-columns", "value"),
        State("runs-grid", "columnDefs"),
    )
    app.clientside_callback(
        ClientsideFunction("bakeoff", "everyColumn"),
        Output("runs-columns", "value"),
        Input("runs-columns-all", "n_clicks"),
        State("runs-grid", "columnDefs"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output("runs-grid", "getRowsResponse"),
        Input("runs-grid", "getRowsRequest"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def rows(request: dict[str, Any] | None, search: str) -> Any:
        if not request:
            return no_update
        view = view_of(snapshots, PATH, search)
        return rows_of(label_runs(view, frames(view)["runs"]), request)


def rows_of(frame: pd.DataFrame, request: Mapping[str, Any]) -> dict[str, Any]:
    """The rows that a grid asks for: filtered by the text or number in its columns,
    sorted, then cut.
    """
    fields = {_field(str(name)): str(name) for name in frame.columns}
    for field, wanted in (request.get("filterModel") or {}).items():
        if field in fields:
            frame = frame[_passes(frame[fields[field]], wanted)]
    order = [
        item
        for item in request.get("sortModel") or []
        if item.get("colId") in fields
    ]
    if order:
        # A stable sort keeps equal rows in place between requests: pages of
        # an unstable one could repeat a row and lose another.
        names, ascending = (
            [fields[item["colId"]] for item in order],
            [item.get("sort") != "desc" for item in order],
        )
        frame = frame.sort_values(names, ascending=ascending, kind="stable")
    start, end = (
        int(request.get("startRow") or 0),
        int(request.get("endRow") or 100),
    )
    return {
        # The request comes from a browser, or from anybody: it gets no more
        # than a thousand rows at once.
        "rowData": _rows(frame.iloc[start : min(end, start + 1000)]),
        "rowCount": len(frame),
    }


def _passes(values: pd.Series, wanted: Mapping[str, Any]) -> pd.Series:
    """Whether each value fits one filter of the grid; an unknown filter passes all."""
    given, kind = wanted.get("filter"), wanted.get("type")
    if wanted.get("filterType") == "number" and given is not None:
        compare = {
            "equals": values.eq,
            "greaterThan": values.gt,
            "lessThan": values.lt,
            "notEqual": values.ne,
        }
        return (
            compare[kind](float(given)) if kind in compare else values.notna()
        )
    text = values.astype(str).str.lower()
    found: dict[Any, Callable[[str], Any]] = {
        "equals": text.eq,
        "startsWith": text.str.startswith,
        "endsWith": text.str.endswith,
    }
    sought = str(given or "").lower()
    return (
        found[kind](sought)
        if kind in found
        # A reader types text; as a pattern, "(" would be an error.
        else text.str.contains(sought, regex=False)
    )


def _rows(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """Rows for the grid: short numbers, gaps as None, no dots in names."""
    kept = frame[[name for name in frame.columns if name not in LEFT_OUT]]
    kept = kept.rename(columns=lambda name: _field(str(name)))
    kept = kept.assign(
        **{
            name: kept[name].map(_short)
            for name in kept.select_dtypes("float").columns
        }
    )
    # JSON has no NaN, and only columns of objects can hold None instead.
    rows: list[dict[Any, Any]] = (
        kept.astype(object).where(kept.notna(), None).to_dict("records")
    )
    return rows


def _column_chooser(view: View, frame: pd.DataFrame) -> html.Details:
    """A box to tick for every column. The browser remembers which are hidden, by name:
    other tasks have other columns.
    """
    names = _columns_of(frame)
    boxes = [
        dmc.Checkbox(
            label=column_title(view, name), value=_field(name), size="xs"
        )
        for name in names
    ]
    words = view.words
    group = dmc.CheckboxGroup(
        html.Div(boxes, className="boxes"),
        id="runs-columns",
        value=[_field(name) for name in names],
        **aria(label=words("runs-columns")),
    )
    # The browser counts what it prints.
    counted = ("rows", "allRows", "columns", "allColumns")
    cut = {name.lower(): f"{{{name}}}" for name in counted}
    every = html.Button(
        words("runs-columns-all"),
        id="runs-columns-all",
        n_clicks=0,
        className="button",
    )
    return html.Details(
        [html.Summary(words("runs-columns")), group, every],
        className="columns",
        **data(cut=words("runs-cut", **cut)),
    )


def _columns_of(frame: pd.DataFrame) -> list[str]:
    return [str(name) for name in frame.columns if name not in LEFT_OUT]


def _grid(frame: pd.DataFrame, view: View) -> Component:
    run = {
        "cellRenderer": "RunLink",
        "cellRendererParams": {"base": f"{view.snapshots.mlflow_url}/#/"},
        # What is shown is a link, not the identifier in the cell.
        "filter": False,
    }
    columns = [
        _column(name, frame[name], column_title(view, name))
        for name in _columns_of(frame)
    ]
    columns = [
        column | run if column["field"] == "mlflow" else column
        for column in columns
    ]
    many = len(frame) > CLIENT_ROWS
    rows = (
        {"rowModelType": "infinite"}
        if many
        else {"rowData": _rows(label_runs(view, frame))}
    )
    options = {
        "theme": {"function": "bakeoffGrid(themeQuartz)"},
        "enableCellTextSelection": True,
    }
    # AG Grid's own texts are English.
    options["localeText"] = dict(view.words.grid)
    if many:
        options |= {"cacheBlockSize": 200, "maxBlocksInCache": 20}
    else:
        options |= {
            "pagination": True,
            "paginationPageSize": 50,
            "paginationPageSizeSelector": [50, 200, 1000],
        }
    grid: Component = dag.AgGrid(
        id="runs-grid",
        columnDefs=columns,
        columnSize="autoSize",
        defaultColDef={"sortable": True, "resizable": True, "filter": True},
        dashGridOptions=options,
        style={"height": "620px"},
        **rows,
    )
    return grid


def _field(name: str) -> str:
    """A column's name for the grid, which would read a dot as a path."""
    return name.replace(".", "_")


def _column(name: str, values: pd.Series, title: str) -> dict[str, Any]:
    column: dict[str, Any] = {
        "field": _field(name),
        "headerName": title,
        # Its name in the files.
        "headerTooltip": name,
    }
    # pandas counts bools among the numbers.
    if pd.api.types.is_numeric_dtype(
        values
    ) and not pd.api.types.is_bool_dtype(values):
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
    counts = Counter(
        zip(
            failed["status"].astype(str),
            failed["error"].fillna("").astype(str),
            strict=True,
        )
    )
    items = [
        html.Li(
            [
                html.B(words.of("status", status)),
                f" × {count} ",
                html.Code(error[:400]),
            ]
        )
        for (status, error), count in counts.most_common(20)
    ]
    return card(html.Ul(items, className="errors"), title=words("runs-errors"))

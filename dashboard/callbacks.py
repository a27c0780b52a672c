"""The callbacks that every page shares: routing, refreshing, grids."""

from __future__ import annotations

from typing import Any

from dash import (
    ALL,
    MATCH,
    ClientsideFunction,
    Dash,
    Input,
    Output,
    State,
    ctx,
    html,
    no_update,
)
from dash.development.base_component import Component

from dashboard.data.snapshots import Snapshots
from dashboard.data.view import view_of
from dashboard.locale import Words
from dashboard.pages import page_at
from dashboard.rendering import Rendered, Shown, render, update
from dashboard.server.prefix import prefixed, strip_prefix
from tasks import UserError


def add_callbacks(app: Dash, snapshots: Snapshots, prefix: str = "/") -> None:
    """Add all of them; ``prefix`` is the path prefix at a reverse proxy."""
    _add_showing(app, snapshots, prefix)
    _add_polling(app, snapshots)
    _add_tables(app, snapshots, prefix)
    _add_charts(app)
    _add_address(app)
    _add_header(app)


def _add_showing(app: Dash, snapshots: Snapshots, prefix: str) -> None:
    """The page of the address, and what changes on it."""

    @app.callback(
        Output("main", "children"),
        Output("nav", "children"),
        Output("about", "children"),
        Output("tools", "children"),
        Output("head", "data"),
        Output("shown", "data"),
        Output("skip", "children"),
        Output("changes", "data"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("news", "data"),
        State("shown", "data"),
    )
    def show(
        path: str,
        search: str,
        news: dict[str, Any] | None,
        shown: Shown | None,
    ) -> tuple[Any, ...]:
        if ctx.triggered_id != "news" or not news:
            # A reader who follows a link gets the whole page.
            return page_of(path, search)
        # One who only watches gets what has changed, and keeps zoom, focus and
        # open menus. It is compared with the page as it came: view options
        # chosen since are the browser's, and no change.
        shown = shown or {}
        before = shown.get("search", search)
        newest = page_of(path, before)
        sent = update(snapshots, newest, shown, bool(news.get("busy")))
        now = news.get("search", search)
        # The whole page comes with the options that have been chosen by now.
        if sent is newest and now != before:
            return page_of(path, now)
        return sent

    def page_of(path: str | None, search: str) -> Rendered:
        rendered = render(snapshots, strip_prefix(path or "/", prefix), search)
        return rendered._replace(
            main=prefixed(rendered.main, prefix),
            navigation=prefixed(rendered.navigation, prefix),
            about=prefixed(rendered.about, prefix),
        )


def _add_polling(app: Dash, snapshots: Snapshots) -> None:
    """Whether there is something new, asked at every pulse."""

    @app.callback(
        Output("etag", "data"),
        Input("pulse", "n_intervals"),
        State("shown", "data"),
        prevent_initial_call=True,
    )
    def look(_: int, shown: dict[str, str] | None) -> Any:
        shown = shown or {}
        # A campaign that is gone or cannot be read is news, too: the page says
        # so.
        try:
            etag = snapshots.etag(shown.get("campaign") or None)
        except UserError:
            etag = ""
        return etag if etag != shown.get("etag") else no_update


def _add_tables(app: Dash, snapshots: Snapshots, prefix: str) -> None:
    """A chart's data as a table, once it is opened."""

    @app.callback(
        Output({"type": "table", "name": MATCH}, "children"),
        Input({"type": "table-open", "name": MATCH}, "n_clicks"),
        State({"type": "table-open", "name": MATCH}, "id"),
        State("url", "pathname"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def fill_table(
        clicks: int, which: dict[str, str], path: str, search: str
    ) -> Any:
        if not clicks:
            return no_update
        path = strip_prefix(path, prefix)
        view = view_of(snapshots, path, search)
        page = page_at(path)
        assert page is not None  # it has the button
        frame = page.frames(view).get(which["name"])
        return no_update if frame is None else _grid(frame, view.words)


def _add_charts(app: Dash) -> None:
    """Painting charts, view options, and charts as files."""
    clientside(
        app,
        "paint",
        Output({"type": "chart", "name": MATCH}, "figure"),
        Input({"type": "spec", "name": MATCH}, "data"),
        Input({"type": "option", "option": ALL}, "value"),
        Input("scheme-now", "data"),
        State({"type": "option", "option": ALL}, "id"),
        State("tokens", "data"),
        State({"type": "chart", "name": MATCH}, "id"),
    )
    clientside(
        app,
        "remember",
        Output("sink-options", "data"),
        Input({"type": "option", "option": ALL}, "value"),
        State({"type": "option", "option": ALL}, "id"),
        State({"type": "option", "option": ALL}, "data-first"),
        State({"type": "option", "option": ALL}, "data-values"),
    )
    clientside(
        app,
        # Nothing is computed here: the browser has drawn the chart and can
        # save it.
        "picture",
        Output(
            {"type": "picture", "name": MATCH, "format": MATCH}, "data-done"
        ),
        Input({"type": "picture", "name": MATCH, "format": MATCH}, "n_clicks"),
        State({"type": "picture", "name": MATCH, "format": MATCH}, "id"),
        prevent_initial_call=True,
    )


def _add_address(app: Dash) -> None:
    """Choices and languages in the address, and changes of what it shows."""
    clientside(
        app,
        "choose",
        Output("url", "search"),
        Input({"type": "choice", "name": ALL}, "value"),
        State({"type": "choice", "name": ALL}, "data-shown"),
        State({"type": "choice", "name": ALL}, "id"),
    )
    clientside(
        app,
        "speak",
        Output("url", "search", allow_duplicate=True),
        Input({"type": "language", "lang": ALL}, "n_clicks"),
        State({"type": "language", "lang": ALL}, "id"),
        prevent_initial_call=True,
    )
    clientside(app, "address", Output("news", "data"), Input("etag", "data"))
    clientside(
        app,
        "change",
        Output("shown", "data", allow_duplicate=True),
        Input("changes", "data"),
        State("shown", "data"),
        prevent_initial_call=True,
    )


def _add_header(app: Dash) -> None:
    """The title of the tab, and the header's buttons."""
    clientside(
        app, "announce", Output("sink-head", "data"), Input("head", "data")
    )
    clientside(
        app,
        "copy",
        Output("sink-copy", "data"),
        Input("copy", "n_clicks"),
        State("copy", "children"),
        State("copy", "data-copied"),
    )
    clientside(
        app,
        "pause",
        Output("pulse", "disabled"),
        Output("pause", "children"),
        Output("pause", "aria-pressed"),
        Input("pause", "n_clicks"),
    )
    clientside(
        app,
        "burger",
        Output("burger", "aria-expanded"),
        Input("burger", "n_clicks"),
        Input("url", "pathname"),
    )


def clientside(app: Dash, function: str, *parts: Any, **more: Any) -> None:
    """Register a function of ``assets/bakeoff.js`` as a callback, which runs
    in the browser without a request; ``parts`` are its outputs, inputs and
    states.
    """
    app.clientside_callback(
        ClientsideFunction("bakeoff", function), *parts, **more
    )


def _grid(frame: Any, words: Words) -> Component:
    """A frame as a sortable table; text stays text."""
    import dash_ag_grid as dag

    # AG Grid reads a dot in a field's name as a path into nested objects.
    columns = [
        {"field": str(name).replace(".", "_"), "headerName": str(name)}
        for name in frame.columns
    ]
    shown = frame.rename(
        columns=lambda name: str(name).replace(".", "_")
        # The browser holds all rows of this table; what is longer is for
        # downloads.
    ).head(2000)
    # JSON has no NaN. Only columns of objects can hold None instead.
    rows = shown.astype(object).where(shown.notna(), None).to_dict("records")
    note = (
        html.P(
            words("table-cut", shown=f"{len(shown):,}", all=f"{len(frame):,}")
        )
        if len(frame) > len(shown)
        else None
    )
    grid = dag.AgGrid(
        rowData=rows,
        columnDefs=columns,
        className="grid-theme",
        columnSize="autoSize",
        defaultColDef={"sortable": True, "resizable": True, "filter": True},
        dashGridOptions={
            "theme": {"function": "bakeoffGrid(themeQuartz)"},
            "domLayout": "normal",
            "enableCellTextSelection": True,
            "localeText": dict(words.grid),
        },
        style={"height": f"{min(420, 96 + 34 * len(shown))}px"},
    )
    return html.Div([note, grid])

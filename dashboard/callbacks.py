"""The callbacks that every page shares: routing, refreshing, grids."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import ModuleType
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

from dashboard.components.text import action, coded, command, empty
from dashboard.data.snapshots import Snapshots
from dashboard.data.view import STICKY, View, language_of, read_query
from dashboard.locale import TAGS, Words
from dashboard.pages import PAGES
from dashboard.shell import about_panel, navigation_bar, tail_of, tools_bar
from suite.tracking.connection import without_passwords
from suite.tracking.mirror import Mirror
from tasks import UserError

log = logging.getLogger("bakeoff.dashboard")
BY_PATH: Mapping[str, ModuleType] = {page.PATH: page for page in PAGES}


def view_of(snapshots: Snapshots, path: str, search: str | None) -> View:
    """What the page at that address is given. UserError where the address names no
    campaign, or there is none.
    """
    query = read_query(search)
    snapshot = snapshots.get(query.get("campaign") or None)
    return View(snapshots, snapshot, query, Words(language_of(query)), path)


def add_callbacks(app: Dash, snapshots: Snapshots) -> None:
    @app.callback(
        Output("main", "children"),
        Output("nav", "children"),
        Output("about", "children"),
        Output("tools", "children"),
        Output("head", "data"),
        Output("shown", "data"),
        Output("skip", "children"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("news", "data"),
    )
    def show(path: str, search: str, news: dict[str, str] | None) -> tuple[Any, ...]:
        if ctx.triggered_id == "news" and news:
            search = news["search"]
        return render(snapshots, path or "/", search)

    @app.callback(
        Output("etag", "data"),
        Input("pulse", "n_intervals"),
        State("shown", "data"),
        prevent_initial_call=True,
    )
    def look(_: int, shown: dict[str, str] | None) -> Any:
        shown = shown or {}
        try:
            etag = snapshots.etag(shown.get("campaign") or None)
        except UserError:
            etag = ""
        return etag if etag != shown.get("etag") else no_update

    @app.callback(
        Output({"type": "table", "name": MATCH}, "children"),
        Input({"type": "table-open", "name": MATCH}, "n_clicks"),
        State({"type": "table-open", "name": MATCH}, "id"),
        State("url", "pathname"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def fill_table(clicks: int, which: dict[str, str], path: str, search: str) -> Any:
        if not clicks:
            return no_update
        view = view_of(snapshots, path, search)
        frame = BY_PATH[path].frames(view).get(which["name"])
        return no_update if frame is None else _grid(frame, view.words)

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
    clientside(app, "announce", Output("sink-head", "data"), Input("head", "data"))
    clientside(app, "address", Output("news", "data"), Input("etag", "data"))
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
        "burger",
        Output("burger", "aria-expanded"),
        Input("burger", "n_clicks"),
        Input("url", "pathname"),
    )
    clientside(
        app,
        "picture",
        Output({"type": "picture", "name": MATCH, "format": MATCH}, "data-done"),
        Input({"type": "picture", "name": MATCH, "format": MATCH}, "n_clicks"),
        State({"type": "picture", "name": MATCH, "format": MATCH}, "id"),
        prevent_initial_call=True,
    )


def clientside(app: Dash, function: str, *parts: Any, **more: Any) -> None:
    app.clientside_callback(ClientsideFunction("bakeoff", function), *parts, **more)


def render(snapshots: Snapshots, path: str, search: str | None) -> tuple[Any, ...]:
    """The page at that address, with header and navigation, title and language, and
    what state it shows.
    """
    query = read_query(search)
    words = Words(language_of(query))
    page = BY_PATH.get(path)
    about: list[Component] = []
    content: Component
    shown = {"campaign": query.get("campaign", ""), "etag": ""}
    try:
        shown["etag"] = snapshots.etag(query.get("campaign") or None)
        view = view_of(snapshots, path, search)
        about = about_panel(view)
        asked = (
            shown["etag"],
            view.campaign.id,
            len(view.campaign.mlflow_runs),
            path,
            tuple(sorted(query.items())),
        )
        if page is not None and (made := snapshots.pages.get(asked)) is not None:
            content = made
        elif page is None:
            says = words("error-no-page-says", path=path[:80])
            content = html.Div(
                [html.H1("Bakeoff"), empty(words("error-no-page"), says)]
            )
        else:
            content = page.layout(view)
            if (
                snapshots.etag(query.get("campaign") or None) == shown["etag"]
            ):  # else something came in between
                snapshots.pages.put(asked, content)
    except UserError as error:
        any_campaign = bool(snapshots.results.ids())
        if snapshots.mirror is not None and not any_campaign:
            content = _nothing_fetched(snapshots.mirror, words)
        else:
            query = {
                name: query[name]
                for name in STICKY
                if name in query and (name != "campaign" or about)
            }
            title, again = (words(page.TITLE), page.PATH) if page else ("Bakeoff", "/")
            content = _explained(
                error, words, any_campaign, title, again + tail_of(query)
            )
    except Exception:
        log.exception("page %s?%s", path, search)
        content = html.Div(
            [html.H1("Bakeoff"), empty(words("error-title"), words("error-says"))]
        )
    title = f"{words(page.TITLE)} · Bakeoff" if page else "Bakeoff"
    head = {"title": title, "lang": TAGS[words.language]}
    return (
        content,
        navigation_bar(path, query, words),
        about,
        tools_bar(words),
        head,
        shown,
        words("skip"),
    )


def _explained(
    error: UserError, words: Words, any_campaign: bool, title: str, again: str
) -> Component:
    """What is wrong and what to do; without any campaign, how to start one. ``again``
    is the page without choices.
    """
    if any_campaign:
        way_on = html.Div(action(words("error-again"), again), className="actions")
        return html.Div(
            [
                html.H1(title),
                empty(
                    words("error-not-there"),
                    html.Span(coded(str(error)), lang="en"),
                    way_on,
                ),
            ]
        )
    steps = html.Ol(
        [
            html.Li([command("make demo"), " ", words("none-demo")]),
            html.Li([command("bakeoff run quick"), " ", words("none-run")]),
        ]
    )
    return html.Div(
        [
            html.H1(words("none-title")),
            empty(words("none-what"), words("none-says"), steps),
        ]
    )


def _nothing_fetched(mirror: Mirror, words: Words) -> Component:
    """A server that is away, or has no campaign yet."""
    says = words(
        "server-unseen" if mirror.trouble else "server-none",
        server=without_passwords(mirror.uri),
    )
    said = html.Code(mirror.trouble[:400], className="reason")
    reason = (
        html.Details([html.Summary(words("server-said")), said])
        if mirror.trouble
        else None
    )
    return html.Div(
        [html.H1(words("none-title")), empty(words("server-title"), says, reason)]
    )


def _grid(frame: Any, words: Words) -> Component:
    """A frame as a sortable table; text stays text."""
    import dash_ag_grid as dag

    columns = [
        {"field": str(name).replace(".", "_"), "headerName": str(name)}
        for name in frame.columns
    ]
    shown = frame.rename(columns=lambda name: str(name).replace(".", "_")).head(2000)
    rows = shown.astype(object).where(shown.notna(), None).to_dict("records")
    note = (
        html.P(words("table-cut", shown=f"{len(shown):,}", all=f"{len(frame):,}"))
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

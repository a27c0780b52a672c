"""The application: one address, one page. ``create_app`` gets its data as an argument; ``serve`` shows it."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
import flask
from dash import ALL, MATCH, ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from dashboard import theme
from dashboard.compression import compressing
from dashboard.downloads import add_routes
from dashboard.numbers import duration
from dashboard.pages import PAGES
from dashboard.parts import action, aria, command, data, empty, select
from dashboard.security import is_local, read_auth, safe_link, secure
from dashboard.snapshots import MLFLOW_URL, Snapshots
from dashboard.view import STICKY, View, language_of, read_query
from dashboard.words import LANGUAGES, NAMES, TAGS, Words
from suite.remote import Mirror
from suite.results import Results
from suite.tracking import without_passwords
from tasks import UserError

log = logging.getLogger("bakeoff.dashboard")

THREADS = 8
POLL = 4000  # milliseconds between looks at the campaign's revision
BY_PATH: Mapping[str, ModuleType] = {page.PATH: page for page in PAGES}
INDEX = """<!DOCTYPE html>
<html lang="en" data-mantine-color-scheme="light">
<head>
<script>(function () {
  var root = document.documentElement, query = new URLSearchParams(location.search), scheme = "auto";
  try { scheme = localStorage.getItem("mantine-color-scheme-value") || "auto"; } catch (e) {}
  if (scheme === "auto") scheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.setAttribute("data-mantine-color-scheme", scheme);
  if (query.get("lang") === "zh") root.lang = "zh-CN";
})();</script>
{%metas%}<title>{%title%}</title>{%favicon%}{%css%}
<style>VARIABLES</style>
</head>
<body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body>
</html>"""


def create_app(
    results: Results,
    *,
    auth: tuple[str, str] | None = None,
    refresh: bool = True,
    mlflow_url: str = MLFLOW_URL,
    mirror: Mirror | None = None,
) -> Dash:
    """The dashboard of these results. With ``auth`` every page asks for user and password.

    ``mlflow_url`` is where MLflow's own pages are, for links to runs; UserError where that is no web address.
    ``mirror`` keeps the results current from an MLflow server, and pages say how it is.
    """
    if safe_link(mlflow_url) is None:
        raise UserError(f"--mlflow-url {mlflow_url!r} is no web address: give one like {MLFLOW_URL}.")
    snapshots = Snapshots(results, mlflow_url, mirror)
    if refresh:
        snapshots.start()
    app = Dash(
        "dashboard",
        server=compressing(flask.Flask("dashboard")),  # type: ignore[arg-type]
        title="Bakeoff",
        update_title=None,  # type: ignore[arg-type]
        assets_folder=os.path.join(os.path.dirname(__file__), "assets"),
        compress=True,
        pages_folder="",
        suppress_callback_exceptions=True,
        health_endpoint="healthz",
        index_string=INDEX.replace("VARIABLES", theme.css_variables()),
        on_error=_log_error,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    server: flask.Flask = app.server
    server.config["SNAPSHOTS"] = snapshots
    secure(server, auth)
    add_routes(
        server,
        lambda path, search: view_of(snapshots, path, search),
        {page.PATH.strip("/") or "overview": page.frames for page in PAGES if hasattr(page, "frames")},
    )
    app.layout = _shell()
    _add_callbacks(app, snapshots)
    for page in PAGES:
        if hasattr(page, "add_callbacks"):
            page.add_callbacks(app, snapshots)
    return app


def serve(
    results: Results,
    host: str = "127.0.0.1",
    port: int = 8050,
    *,
    mlflow_url: str = MLFLOW_URL,
    mirror: Mirror | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Show these results until the process ends, and call ``ready`` once it answers.

    UserError where the address cannot be used, or is not protected.
    """
    import waitress

    auth = read_auth(os.environ, host)
    listener = _listen(host, port)
    app = create_app(results, auth=auth, mlflow_url=mlflow_url, mirror=mirror)
    warm(app)
    server = waitress.create_server(
        app.server, sockets=[listener], threads=THREADS, ident=None, clear_untrusted_proxy_headers=True
    )
    ready()
    server.run()


def warm(app: Dash) -> None:
    """Answer one request before threads can race to be the first, and begin to read the newest campaign."""
    with app.server.test_client() as client:
        health = client.get("/healthz")
        assert health.status_code == 200, health.text
    app._setup_server()
    try:
        app.server.config["SNAPSHOTS"].get()
    except UserError as error:
        log.info("nothing to show yet: %s", error)


def _listen(host: str, port: int) -> socket.socket:
    """A socket bound to that address. UserError naming a free port where it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        with socket.socket(family) as probe:
            probe.bind((host.strip("[]") if is_local(host) else "", 0))
            free = probe.getsockname()[1]
        raise UserError(
            f"Port {port} of {host} cannot be used ({error.strerror or error}): "
            f"stop what is using it, or take a free one, for example --port {free}."
        ) from error
    return listener


def view_of(snapshots: Snapshots, path: str, search: str | None) -> View:
    """What the page at that address is given. UserError where the address names no campaign, or there is none."""
    query = read_query(search)
    snapshot = snapshots.get(query.get("campaign") or None)
    return View(snapshots, snapshot, query, Words(language_of(query)), path)


# ------------------------------------------------------------------------------------------------------- the shell


def _shell() -> Component:
    """What stays while pages come and go."""
    shell: Component = dmc.MantineProvider(
        defaultColorScheme="auto",
        theme={
            "fontFamily": theme.FONT,
            "primaryColor": "blue",
            "defaultRadius": "md",
            "components": {"Select": {"defaultProps": {"comboboxProps": {"shadow": "none"}}}},
        },
        children=[
            dcc.Location(id="url", refresh=False),
            dcc.Interval(id="pulse", interval=POLL),
            dcc.Store(id="shown"),
            dcc.Store(id="mark"),
            dcc.Store(id="news"),
            dcc.Store(id="head"),
            dcc.Store(id="scheme-now"),
            dcc.Store(id="tokens", data=dict(theme.TOKENS)),
            *[dcc.Store(id=f"sink-{name}") for name in ("options", "head", "copy", "picture")],
            html.A("Skip to content", href="#main", className="skip", id="skip"),
            html.Header(
                [
                    html.Button(
                        [html.I(), html.I(), html.I()],
                        id="burger",
                        n_clicks=0,
                        **aria(label="Menu", expanded="false", controls="nav"),
                    ),
                    html.A(
                        [html.Span("◧", className="logo", **aria(hidden="true")), "Bakeoff"],
                        href="/",
                        className="brand",
                    ),
                    html.Div(id="about", className="about"),
                    html.Div(id="tools", className="tools"),
                    dmc.ColorSchemeToggle(
                        id="scheme",
                        lightIcon="☀",
                        darkIcon="☾",
                        variant="default",
                        size="lg",
                        **aria(label="Light or dark / 明暗"),
                    ),
                ]
            ),
            html.Nav(id="nav", **aria(label="Pages")),
            html.Main(html.Div(className="loading", **aria(hidden="true")), id="main", tabIndex=-1),
        ],
    )
    return shell


def _navigation(path: str, query: Mapping[str, str], words: Words) -> list[Component]:
    """Links to all pages, and on narrow screens what the header has no room for."""
    kept = {name: query[name] for name in ("campaign", "lang") if name in query}
    tail = _tail(kept)
    links = []
    for page in PAGES:
        here = aria(current="page") if path == page.PATH else {}
        links.append(html.Li(html.A(words(page.TITLE), href=page.PATH + tail, **here)))
    return [html.Ul(links)]


def _tail(values: Mapping[str, str]) -> str:
    return f"?{urlencode(values)}" if values else ""


def _tools(words: Words) -> list[Component]:
    """Copy-link button and languages."""
    languages = [
        html.Button(
            NAMES[name],
            id={"type": "language", "lang": name},
            n_clicks=0,
            lang=TAGS[name],
            **aria(pressed="true" if name == words.language else "false"),
        )
        for name in LANGUAGES
    ]
    return [
        html.Button(words("copy"), id="copy", n_clicks=0, className="button", **data(copied=words("copied"))),
        html.Div(languages, className="languages", role="group", **aria(label=words("language"))),
    ]


def _about(view: View) -> list[Component]:
    """Which campaign is shown, and how it is."""
    words, state = view.words, view.campaign.state
    ids = view.snapshots.results.ids()
    parts: list[Component] = [
        select(view, "campaign", [(name, name) for name in ids], view.campaign.id, "", 220),
    ]
    if view.snapshot.synthetic:
        parts.append(html.Span(words("synthetic"), className="tag synthetic", title=words("synthetic.says")))
    if view.snapshot.state == "running":
        left = state.get("seconds_left")
        text = words("live", done=f"{int(state.get('done') or 0):,}", planned=f"{int(state.get('planned') or 0):,}")
        parts.append(
            html.Span(
                [
                    html.I(className="dot", **aria(hidden="true")),
                    text,
                    f" · {words('progress.left', left=duration(left))}" if left else "",
                ],
                className="tag live",
            )
        )
    if (mirror := view.snapshots.mirror) is not None:
        parts.append(_server(mirror, words))
    if state.get("updated") and not (mirror and mirror.trouble):
        parts.append(html.Span(words("fresh", when=_when(float(state["updated"]))), className="fresh muted num"))
    if view.snapshot.trouble:
        parts.append(html.Span(words("stale"), className="tag warn", title=view.snapshot.trouble))
    return parts


def _when(seconds: float) -> str:
    """A time of day, with the date where it is not today's."""
    then, now = time.localtime(seconds), time.localtime()
    return time.strftime("%H:%M:%S" if then[:3] == now[:3] else "%Y-%m-%d %H:%M", then)


def _server(mirror: Mirror, words: Words) -> Component:
    """Where the results come from, and how old they are where that server is away."""
    if mirror.fetched is None and not mirror.trouble:
        return html.Span(words("server.fetching"), className="tag")
    if mirror.fetched is None:
        return html.Span(words("server.away_never"), className="tag warn", title=mirror.trouble)
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(mirror.fetched))
    if mirror.trouble:
        age = duration(time.time() - mirror.fetched)
        return html.Span(words("server.away", when=when, age=age), className="tag warn", title=mirror.trouble)
    return html.Span(
        words("server.from"), className="tag", title=words("server.from_says", server=without_passwords(mirror.uri))
    )


# ------------------------------------------------------------------------------------------------------- callbacks


def _add_callbacks(app: Dash, snapshots: Snapshots) -> None:
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
        Output("mark", "data"), Input("pulse", "n_intervals"), State("shown", "data"), prevent_initial_call=True
    )
    def look(_: int, shown: dict[str, str] | None) -> Any:
        shown = shown or {}
        try:
            mark = snapshots.mark(shown.get("campaign") or None)
        except UserError:
            mark = ""
        return mark if mark != shown.get("mark") else no_update

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
    clientside(app, "address", Output("news", "data"), Input("mark", "data"))
    clientside(
        app,
        "copy",
        Output("sink-copy", "data"),
        Input("copy", "n_clicks"),
        State("copy", "children"),
        State("copy", "data-copied"),
    )
    clientside(app, "burger", Output("burger", "aria-expanded"), Input("burger", "n_clicks"), Input("url", "pathname"))
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
    """The page at that address, with header and navigation, title and language, and what state it shows."""
    query = read_query(search)
    words = Words(language_of(query))
    page = BY_PATH.get(path)
    about: list[Component] = []
    content: Component
    shown = {"campaign": query.get("campaign", ""), "mark": ""}
    try:
        shown["mark"] = snapshots.mark(query.get("campaign") or None)
        view = view_of(snapshots, path, search)
        about = _about(view)
        asked = shown["mark"], view.campaign.id, len(view.campaign.runs), path, tuple(sorted(query.items()))
        if page is not None and (made := snapshots.pages.get(asked)) is not None:
            content = made
        elif page is None:
            says = words("error.no_page_says", path=path[:80])
            content = html.Div([html.H1("Bakeoff"), empty(words("error.no_page"), says)])
        else:
            content = page.layout(view)
            if snapshots.mark(query.get("campaign") or None) == shown["mark"]:  # else something came in between
                snapshots.pages.put(asked, content)
    except UserError as error:
        any_campaign = bool(snapshots.results.ids())
        if snapshots.mirror is not None and not any_campaign:
            content = _nothing_fetched(snapshots.mirror, words)
        else:
            query = {name: query[name] for name in STICKY if name in query and (name != "campaign" or about)}
            title, again = (words(page.TITLE), page.PATH) if page else ("Bakeoff", "/")
            content = _explained(error, words, any_campaign, title, again + _tail(query))
    except Exception:
        log.exception("page %s?%s", path, search)
        content = html.Div([html.H1("Bakeoff"), empty(words("error.title"), words("error.says"))])
    title = f"{words(page.TITLE)} · Bakeoff" if page else "Bakeoff"
    head = {"title": title, "lang": TAGS[words.language]}
    return content, _navigation(path, query, words), about, _tools(words), head, shown, words("skip")


def _explained(error: UserError, words: Words, any_campaign: bool, title: str, again: str) -> Component:
    """What is wrong and what to do; without any campaign, how to start one. ``again`` is the page without choices."""
    if any_campaign:
        way_on = html.Div(action(words("error.again"), again), className="actions")
        return html.Div([html.H1(title), empty(words("error.not_there"), html.Span(str(error), lang="en"), way_on)])
    steps = html.Ol(
        [
            html.Li([command("make demo"), " ", words("none.demo")]),
            html.Li([command("bakeoff run quick"), " ", words("none.run")]),
        ]
    )
    return html.Div([html.H1(words("none.title")), empty(words("none.what"), words("none.says"), steps)])


def _nothing_fetched(mirror: Mirror, words: Words) -> Component:
    """A server that is away, or has no campaign yet."""
    says = words("server.unseen" if mirror.trouble else "server.none", server=without_passwords(mirror.uri))
    said = html.Code(mirror.trouble[:400], className="reason")
    reason = html.Details([html.Summary(words("server.said")), said]) if mirror.trouble else None
    return html.Div([html.H1(words("none.title")), empty(words("server.title"), says, reason)])


def _grid(frame: Any, words: Words) -> Component:
    """A frame as a sortable table; text stays text."""
    import dash_ag_grid as dag

    columns = [{"field": str(name).replace(".", "_"), "headerName": str(name)} for name in frame.columns]
    shown = frame.rename(columns=lambda name: str(name).replace(".", "_")).head(2000)
    rows = shown.astype(object).where(shown.notna(), None).to_dict("records")
    note = (
        html.P(words("table.cut", shown=f"{len(shown):,}", all=f"{len(frame):,}")) if len(frame) > len(shown) else None
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


def _log_error(error: Exception) -> None:
    log.error("callback failed", exc_info=error)

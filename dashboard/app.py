"""The application: one URL per page. ``create_app`` gets its data as an argument;
``serve`` shows it.
"""

from __future__ import annotations

import logging
import os

import flask
from dash import (
    Dash,
)

from dashboard import theme
from dashboard.callbacks import add_callbacks
from dashboard.data.snapshots import MLFLOW_URL, Snapshots
from dashboard.data.view import view_of
from dashboard.pages import PAGES
from dashboard.server.compression import compressing
from dashboard.server.downloads import add_routes
from dashboard.server.prefix import (
    no_dash_variables,
    normalized_prefix,
    prefixed,
    without_prefix,
)
from dashboard.server.security import safe_link, secure
from dashboard.shell import shell_layout
from suite.records.results import Results
from suite.tracking.mirror import Mirror
from tasks import UserError

log = logging.getLogger("bakeoff.dashboard")


# The script in the head runs before anything is painted, so that a page in
# dark mode does not flash white and a Chinese one is not announced as English.
# It repeats what Mantine and the callbacks do later, from the same storage
# key.
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
    prefix: str = "/",
) -> Dash:
    """The dashboard of these results. With ``auth`` every page asks for user and
    password.

    ``mlflow_url`` is where MLflow's own pages are, for links to runs; UserError if that
    is not an HTTP URL. ``mirror`` keeps the results current from an MLflow server, and
    pages say how it is. ``prefix`` is the path prefix at a reverse proxy; UserError if
    that is not a path.
    """
    # Options are checked before the refresher's thread starts: a bad one would
    # leave it running.
    prefix = normalized_prefix(prefix)
    if safe_link(mlflow_url) is None:
        raise UserError(
            f"--mlflow-url {mlflow_url!r} is not a web address: give one like {MLFLOW_URL}."
        )
    snapshots = Snapshots(results, mlflow_url, mirror)
    if refresh:
        snapshots.start()
    app = _dash(prefix)
    server: flask.Flask = app.server
    server.config["SNAPSHOTS"] = snapshots
    secure(server, auth)
    add_routes(
        server,
        lambda path, search: view_of(snapshots, path, search),
        {
            page.PATH.strip("/") or "overview": page.frames
            for page in PAGES
            if hasattr(page, "frames")
        },
    )
    # Dash itself knows routes without the prefix only: some proxies strip it
    # from requests and some do not, and both kinds must work.
    server.wsgi_app = without_prefix(server.wsgi_app, prefix)  # type: ignore
    app.layout = prefixed(shell_layout(), prefix)
    add_callbacks(app, snapshots, prefix)
    for page in PAGES:
        if hasattr(page, "add_callbacks"):
            page.add_callbacks(app, snapshots)
    return app


def _dash(prefix: str) -> Dash:
    # Dash reads its environment variables while it is constructed.
    with no_dash_variables():
        return Dash(
            "dashboard",
            requests_pathname_prefix=prefix,
            routes_pathname_prefix="/",
            # Compression reads its settings when Dash adds it to the server.
            server=compressing(flask.Flask("dashboard")),  # type: ignore[arg-type]
            title="Bakeoff",
            # The tab's title belongs to the script `announce`; Dash would put
            # "Updating..." there at every poll.
            update_title=None,  # type: ignore[arg-type]
            assets_folder=os.path.join(os.path.dirname(__file__), "assets"),
            compress=True,
            # Pages are listed in `PAGES`. Dash's folder discovery would import
            # each a second time, under another name.
            pages_folder="",
            # Callbacks name components of pages that are not in the first
            # layout.
            suppress_callback_exceptions=True,
            health_endpoint="healthz",
            index_string=INDEX.replace("VARIABLES", theme.css_variables()),
            on_error=_log_error,
            meta_tags=[
                {
                    "name": "viewport",
                    "content": "width=device-width, initial-scale=1",
                }
            ],
        )


def _log_error(error: Exception) -> None:
    log.error("callback failed", exc_info=error)

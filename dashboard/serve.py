"""Serve the dashboard."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dash import Dash
from werkzeug.serving import WSGIRequestHandler, make_server

from dashboard.app import create_app
from dashboard.data.snapshots import MLFLOW_URL
from dashboard.server.security import read_auth
from suite.cli.servers import listen
from suite.records.results import Results
from suite.tracking.mirror import Mirror
from tasks import UserError

log = logging.getLogger("bakeoff.dashboard")


THREADS = 8


def serve(
    results: Results,
    host: str = "127.0.0.1",
    port: int = 8050,
    *,
    mlflow_url: str = MLFLOW_URL,
    mirror: Mirror | None = None,
    prefix: str = "/",
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Show these results until the process ends, and call ``ready`` once it answers.

    UserError if the address cannot be used, or is not protected.
    """
    import waitress

    # What a user can fix is checked first, and the port is bound before the
    # application is made: an error then appears at once, not after seconds.
    auth = read_auth(os.environ, host)
    listener = listen(host, port)
    app = create_app(
        results, auth=auth, mlflow_url=mlflow_url, mirror=mirror, prefix=prefix
    )
    warm(app)
    server = waitress.create_server(
        app.server,
        sockets=[listener],
        threads=THREADS,
        # No Server header: what answers is nobody's business.
        ident=None,
        clear_untrusted_proxy_headers=True,
    )
    # The address is printed once the port answers: a browser that is opened at
    # once must not be refused.
    ready()
    server.run()


class _Quiet(WSGIRequestHandler):
    # Keeps connections, as the server of `serve` does.
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None: ...


@contextmanager
def in_background(app: Dash) -> Iterator[str]:
    """The address of the application on a free port, which threads of this process
    serve: for tests and for pictures of pages.
    """
    warm(app)
    server = make_server(
        "127.0.0.1", 0, app.server, threaded=True, request_handler=_Quiet
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.server.config["SNAPSHOTS"].stop()


def warm(app: Dash) -> None:
    """Answer one request before threads can race to be the first, and begin to read the
    newest campaign.
    """
    with app.server.test_client() as client:
        # Dash registers its routes at the first request. Two threads that both
        # are the first can answer 500 (plotly/dash#3971).
        health = client.get("/healthz")
        assert health.status_code == 200, health.text
    app._setup_server()
    try:
        app.server.config["SNAPSHOTS"].get()
    # An empty or damaged results folder is shown by pages; the server starts.
    except UserError as error:
        log.info("nothing to show yet: %s", error)

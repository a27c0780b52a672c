"""``python -m dashboard``: show a results folder in a browser until Ctrl-C.

``bakeoff dashboard`` is this program.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from suite.campaign.signals import run_program

LAST_PORT = 65535


def main(words: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM; the exit code."""
    # Here and below rather than at the top, as signals are handled from then on.
    from suite.cli.console import USAGE, complain, ctrl_c_is_fine
    from tasks import UserError

    given = _parser().parse_args(words)
    try:
        with ctrl_c_is_fine():
            _serve(given)
    except UserError as error:
        complain(str(error))
        return USAGE
    return 0


def _serve(given: argparse.Namespace) -> None:
    from dashboard.serve import serve
    from suite.records.results import Results
    from suite.tracking.mirror import Mirror

    # With a tracking server the results folder is a cache that the mirror
    # fills, so pages read local files in either case.
    mirror = None
    if given.tracking_uri:
        mirror = Mirror(given.tracking_uri, given.results)
    serve(
        mirror.results if mirror else Results(given.results),
        given.host,
        given.port,
        mlflow_url=given.mlflow_url or _mlflow_pages(given.tracking_uri),
        mirror=mirror,
        prefix=given.prefix,
        ready=lambda: print(
            f"Dashboard: http://{given.host}:{given.port}  (Ctrl-C ends it)",
            flush=True,
        ),
    )


def _mlflow_pages(tracking_uri: str | None) -> str:
    """The URL of MLflow's own pages: on its server, or where ``bakeoff mlflow`` puts
    them.
    """
    from suite.cli.options import MLFLOW_PORT
    from suite.errors import without_passwords

    # A tracking URI may hold a password; this one becomes the links of pages
    # that anybody may read.
    if tracking_uri and tracking_uri.startswith("http"):
        return without_passwords(tracking_uri)
    return f"http://127.0.0.1:{MLFLOW_PORT}"


def _parser() -> argparse.ArgumentParser:
    from suite.cli.options import PORT

    parser = argparse.ArgumentParser(
        prog="python -m dashboard",
        description="Show recorded campaigns in a browser.",
    )
    parser.add_argument(
        "--results", type=Path, default=Path("results"), metavar="DIR"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=PORT)
    parser.add_argument(
        "--tracking-uri",
        metavar="URI",
        help="an MLflow server to read campaigns from",
    )
    parser.add_argument(
        "--mlflow-url",
        metavar="URL",
        help="where links to MLflow's pages lead",
    )
    parser.add_argument(
        "--prefix",
        default="/",
        metavar="PATH",
        help="the path below which a reverse proxy shows it, such as /bakeoff/",
    )
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= LAST_PORT:
        raise argparse.ArgumentTypeError(
            f"{port} is not between 1 and {LAST_PORT}"
        )
    return port


if __name__ == "__main__":
    run_program(main)

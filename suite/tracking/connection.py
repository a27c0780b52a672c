"""Connect to an MLflow store, and explain what is wrong where that fails."""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from suite.errors import named_line, without_passwords
from tasks import UserError

TAG = "bakeoff."
CAMPAIGNS = "bakeoff"  # the experiment with one run per campaign
_IMPORTING = threading.Lock()
PAGE_SIZE = 5000  # runs in one answer of a search

LOOPBACK = ("127.0.0.1", "localhost", "::1")

NEWER_STORE = (
    "a newer MLflow made this store. Install that version of MLflow, or use another "
    "store with --tracking."
)
HINTS = (  # (what a store answers, what to do about it)
    (
        r"\b401\b|Unauthorized",
        "it asks for a login: set MLFLOW_TRACKING_USERNAME and "
        "MLFLOW_TRACKING_PASSWORD.",
    ),
    (
        r"\b403\b|Invalid Host",
        "name this host in the server's --allowed-hosts, or give this user the "
        "permission.",
    ),
    (r"\b404\b", "something else answers there: check host, port and path."),
    (
        r"password authentication failed|no password supplied",
        "correct the user or the password in the address.",
    ),
    (r"database .* does not exist", "create it first: `createdb NAME`."),
    (
        r"No module named 'psycopg",
        "install its driver: `pip install 'psycopg[binary]'`.",
    ),
    (
        r"out-of-date database schema",
        "an older MLflow made this store. Make a copy of it, then run "
        "`mlflow db upgrade '{uri}'` and the same command again.",
    ),
    (r"Can't locate revision", NEWER_STORE),
)


def with_small_scheme(uri: str) -> str:
    """The address with its scheme in small letters, as ``HTTP://`` is ``http://``.

    Only URLs say that case does not matter there: databases' addresses are compared
    letter by letter.
    """
    scheme, colon, rest = uri.partition(":")
    return scheme.lower() + colon + rest


def mlflow_client(uri: str) -> Any:
    """An MlflowClient for this store, quiet, and past any proxy on this machine.

    It repeats no request by itself. Raises what MLflow raises where the address cannot
    be used.
    """
    # ``setdefault``, as a user's own setting goes first.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # MLflow must not repeat a request by itself: the first may have made a
    # run.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    reach_loopback_directly()
    # They announce every migration of a new store on the terminal.
    for name in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # The import takes a second; here it runs in the publisher's thread. Two threads that
    # import it at once, as where a mirror reads what is being published, would see
    # modules of it half made.
    with _IMPORTING:
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=uri)
    remove_stray_folder(uri)
    return client


def remove_stray_folder(uri: str) -> None:
    """Remove the empty folder that MLflow creates next to a SQLite store.

    It creates the store's parent folder from the URL as written, with ``a%b``
    percent-encoded as ``a%25b``, but opens the file at the decoded path.
    """
    if not uri.startswith("sqlite:///"):
        return
    written = Path(uri.removeprefix("sqlite:///")).parent
    meant = Path(unquote(str(written)))
    needed = {meant, *meant.parents}
    for folder in (written, *written.parents):
        if folder in needed:
            return
        try:
            folder.rmdir()
        except OSError:
            # It is not there, or not empty, and then it is not MLflow's.
            return


def reach_loopback_directly() -> None:
    """Exempt this machine's own addresses from the proxies in the environment.

    A proxy set by ``http_proxy`` cannot reach our 127.0.0.1; ``no_proxy`` exempts it
    for this process and for those that it starts.
    """
    listed = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    hosts = [host.strip() for host in listed.split(",") if host.strip()]
    if "*" in hosts:
        return
    hosts += [host for host in LOOPBACK if host not in hosts]
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(hosts)


def search_runs(
    client: Any, experiments: list[str], query: str
) -> Iterator[Any]:
    """All runs that a query finds, page by page, as MLflow's ``Run`` objects.

    ``experiments`` are ids; without any nothing is found. ``query`` is in MLflow's
    search syntax, such as ``tags.`name` = 'value'``.
    """
    token = None
    while experiments:
        page = client.search_runs(
            experiments, query, max_results=PAGE_SIZE, page_token=token
        )
        yield from page
        token = page.token
        if not token:
            break


def check(uri: str) -> str:
    """Where the store at this address keeps artifacts.

    Raises UserError, with what to do, where no store answers.
    """
    uri = with_small_scheme(uri)
    try:
        if uri.startswith("postgresql"):
            _connect_once(uri)
        client = mlflow_client(uri)
        client.search_experiments(max_results=1)
        return str(client.get_experiment("0").artifact_location)
    except Exception as error:
        todo = hint(error, uri) or "start it, or leave --tracking out."
        raise UserError(
            f"No MLflow store at {without_passwords(uri)} ({named_line(error)}): {todo}"
        ) from error


def hint(error: Exception, uri: str) -> str:
    """What to do about a store's error, where that is known; "" elsewhere."""
    return hint_on(str(error), uri)


def hint_on(message: str, uri: str) -> str:
    """The same on what a store says, be it an error's message or a server's log."""
    if _is_of_newer_mlflow(message):
        return NEWER_STORE
    for pattern, advice in HINTS:
        if re.search(pattern, message):
            return advice.replace("{uri}", without_passwords(uri))
    return ""


def _is_of_newer_mlflow(message: str) -> bool:
    """Whether a message is about a store whose version this MLflow has never had.

    MLflow calls any version but its own out of date, and an upgrade of a newer store
    fails.
    """
    named = re.search(r"database schema \(found version (\w+)", message)
    mlflow = find_spec("mlflow")
    if named is None or mlflow is None or mlflow.origin is None:
        return False
    # A migration to each version it ever had, in a file that begins with its name.
    folder = Path(mlflow.origin).parent / "store" / "db_migrations"
    versions = folder / "versions"
    return versions.is_dir() and not any(versions.glob(f"{named[1]}_*.py"))


def _connect_once(uri: str) -> None:
    """Raise at once where a database refuses us; MLflow alone would try for minutes."""
    from mlflow.store.db.utils import create_sqlalchemy_engine

    engine: Any = create_sqlalchemy_engine(uri)  # type: ignore[no-untyped-call]
    try:
        engine.connect().close()
    finally:
        engine.dispose()

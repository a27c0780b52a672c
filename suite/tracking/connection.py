"""Connect to an MLflow store, and explain what is wrong where that fails."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from typing import Any

from tasks import UserError

TAG = "bakeoff."
CAMPAIGNS = "bakeoff"  # the experiment with a run per campaign
HINTS = (  # what a store says, and what to do about it
    (
        r"\b401\b|Unauthorized",
        "it asks for a login: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.",
    ),
    (
        r"\b403\b|Invalid Host",
        "name this host in the server's --allowed-hosts, or give this user the permission.",
    ),
    (r"\b404\b", "something else answers there: look at host, port and path."),
    (
        r"password authentication failed|no password supplied",
        "mend user or password in the address.",
    ),
    (r"database .* does not exist", "make it first: `createdb NAME`."),
    (
        r"No module named 'psycopg",
        "install its driver: `pip install 'psycopg[binary]'`.",
    ),
)


def search_runs(client: Any, experiments: list[str], query: str) -> Iterator[Any]:
    """All runs that a query finds, page by page."""
    token = None
    while experiments:
        page = client.search_runs(
            experiments, query, max_results=5000, page_token=token
        )
        yield from page
        token = page.token
        if not token:
            break


def check(uri: str) -> str:
    """Where the store that answers at this address keeps artifacts. Raises UserError
    where none does.
    """
    try:
        if uri.startswith("postgresql"):
            _knock(uri)
        client = mlflow_client(uri)
        client.search_experiments(max_results=1)
        return str(client.get_experiment("0").artifact_location)
    except Exception as error:
        says = str(error)
        hints = (hint for pattern, hint in HINTS if re.search(pattern, says))
        raise UserError(
            f"No MLflow store at {without_passwords(uri)} ({first_line(error)}): "
            f"{next(hints, 'start it, or leave --tracking out.')}"
        ) from error


def _knock(uri: str) -> None:
    """Raise at once where a database does not let us in; MLflow itself would try for
    two minutes.
    """
    from mlflow.store.db.utils import create_sqlalchemy_engine

    engine: Any = create_sqlalchemy_engine(uri)  # type: ignore[no-untyped-call]
    try:
        engine.connect().close()
    finally:
        engine.dispose()


def without_passwords(text: str) -> str:
    """A text, less the user and password in every address that it holds."""
    return re.sub(r"://[^/\s]*@", "://", text)


def first_line(error: Exception) -> str:
    """An error in a line, less passwords."""
    said = str(error).strip().splitlines()
    return without_passwords(
        f"{type(error).__name__}: {said[0][:300]}" if said else type(error).__name__
    )


def mlflow_client(uri: str) -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault(
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0"
    )  # a call sent again may make a run again
    logging.getLogger("alembic").setLevel(logging.ERROR)
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.ERROR)
    from mlflow import (
        MlflowClient,  # takes a second: in the writer's thread, once runs are out
    )

    return MlflowClient(tracking_uri=uri)

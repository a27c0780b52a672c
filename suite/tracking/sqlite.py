"""The default MLflow store: a SQLite file in the results folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import time
from importlib.metadata import version
from pathlib import Path

from suite.tracking.connection import mlflow_client
from tasks.data._fetch import cache_folder

STORE = "mlflow.db"


def default_uri(results: Path) -> str:
    """The SQLite store in the results folder."""
    return f"sqlite:///{results.resolve() / STORE}"


def make_store(path: Path) -> None:
    """Make an empty SQLite store, whole or not at all: one whose tables a kill left
    half made never opens again.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(
        f"{path.name}.{time.time_ns():x}.part"
    )  # another name each time: MLflow keeps stores open
    blank = cache_folder() / f"mlflow-{version('mlflow')}.db"
    if not _copied(blank, fresh):
        _lay_tables(fresh)
        _keep_blank(fresh, blank)
    os.replace(fresh, path)


def _copied(blank: Path, fresh: Path) -> bool:
    """Copy the tables that an earlier store of this MLflow began with: to lay them
    takes seconds.
    """
    try:
        shutil.copyfile(blank, fresh)
        with contextlib.closing(sqlite3.connect(fresh)) as connection:
            return bool(connection.execute("PRAGMA quick_check").fetchone() == ("ok",))
    except (OSError, sqlite3.Error):
        return False


def _lay_tables(fresh: Path) -> None:
    fresh.unlink(missing_ok=True)
    client = mlflow_client(f"sqlite:///{fresh}")
    client.search_experiments(max_results=1)
    # the file is to be closed before it gets its name
    client._tracking_client.store.engine.dispose()
    with contextlib.closing(sqlite3.connect(fresh)) as connection:
        connection.execute(
            "DELETE FROM experiments"
        )  # MLflow's own, at a path of today: it makes another
        connection.commit()  # the mode cannot change before
        connection.execute(
            "PRAGMA journal_mode=WAL"
        )  # readers no longer block the writer; stays in the file


def _keep_blank(fresh: Path, blank: Path) -> None:
    part = blank.with_name(f"{blank.name}.{os.getpid()}.part")
    with contextlib.suppress(
        OSError
    ):  # a cache that cannot be written costs the next store its seconds
        try:
            blank.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(fresh, part)
            os.replace(part, blank)
        finally:
            part.unlink(missing_ok=True)

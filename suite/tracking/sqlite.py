"""The default MLflow store: a SQLite file in the results folder.

Its artifacts are next to it, in ``artifacts/``. MLflow stores absolute URIs of
artifacts; if the folder was moved or copied, they are rewritten.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from suite.atomic import replace_file
from suite.tracking.connection import CAMPAIGNS, mlflow_client
from tasks import UserError
from tasks.data._fetch import cache_folder

STORE = "mlflow.db"
ARTIFACTS = "artifacts"


def default_uri(results: Path) -> str:
    """The address of the SQLite store in the results folder."""
    return sqlite_uri(results.resolve() / STORE)


def sqlite_uri(path: Path) -> str:
    """A SQLite file as a database URI; `%`, `?` and spaces in it are quoted."""
    from sqlalchemy.engine import URL

    return URL.create("sqlite", database=str(path)).render_as_string()


def artifact_root(results: Path) -> str:
    """The address of the folder that holds the default store's artifacts."""
    return (results.resolve() / ARTIFACTS).as_uri()


def prepare_store(results: Path) -> str:
    """Make the store in a results folder fit for use, and give back its address.

    It is made where it is missing; where the folder was moved, its artifacts' addresses
    follow. Raises UserError for a file that is no store.
    """
    path = results.resolve() / STORE
    make_store(path)
    try:
        move_artifacts(path, artifact_root(results))
    except sqlite3.Error as error:
        raise UserError(
            f"{path} cannot be used as an MLflow store ({error}): move it away, and "
            "the next `bakeoff run` of each campaign publishes its runs again."
        ) from error
    return sqlite_uri(path)


def make_store(path: Path) -> None:
    """Create an empty SQLite store atomically.

    A store with incomplete tables, after a kill, could never be opened again.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # Another name each time: MLflow keeps stores open by their address.
    part = path.with_name(f"{path.name}.{time.time_ns():x}.part")
    blank = cache_folder() / f"mlflow-{version('mlflow')}.db"
    if not _copied(blank, part):
        _create_tables(part)
        _cache(part, blank)
    os.replace(part, path)


def move_artifacts(path: Path, root: str) -> None:
    """Have a store find its artifacts below ``root``, wherever they were before.

    Only addresses of our own experiments are touched, and only in ``file:`` folders
    called ``artifacts``.
    """
    with _transaction(path) as connection:
        rows = connection.execute(
            "SELECT name, artifact_location FROM experiments "
            "WHERE name = ? OR name LIKE ?",
            (CAMPAIGNS, f"{CAMPAIGNS}/%"),
        )
        for old in sorted(
            {_root_of(name, location) for name, location in rows}
        ):
            if old.endswith(f"/{ARTIFACTS}") and old != root:
                _replace_prefix(
                    connection, "experiments", "artifact_location", old, root
                )
                _replace_prefix(connection, "runs", "artifact_uri", old, root)


def experiment_folder(name: str) -> str:
    """The folder of an experiment below the artifacts' root."""
    return (
        "campaigns"
        if name == CAMPAIGNS
        else name.removeprefix(f"{CAMPAIGNS}/")
    )


def _root_of(experiment: str, location: str | None) -> str:
    """The root that an experiment's artifact address was made from; "" if not ours."""
    suffix = f"/{experiment_folder(experiment)}"
    if not location or not location.startswith("file:"):
        return ""
    return location.removesuffix(suffix) if location.endswith(suffix) else ""


def _replace_prefix(
    connection: sqlite3.Connection,
    table: str,
    column: str,
    old: str,
    new: str,
) -> None:
    """Write ``new`` for ``old`` in all paths of a column that lie in the
    folder ``old``.
    """
    connection.execute(
        # Compared by ``substr`` and not by LIKE, as a path may hold ``%`` and
        # ``_``.
        f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
        f"WHERE substr({column}, 1, ?) = ?",
        (new, len(old) + 1, len(old) + 1, f"{old}/"),
    )


@contextlib.contextmanager
def _transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection whose changes are committed at the end, or undone after an
    error; it is closed in either case.
    """
    with (
        # A connection's own context commits or rolls back, and does not close
        # it.
        contextlib.closing(sqlite3.connect(path, timeout=60)) as connection,
        connection,
    ):
        # A file from somebody else may have triggers: they call no function that
        # does more than compute.
        connection.execute("PRAGMA trusted_schema = OFF")
        yield connection


def _copied(blank: Path, part: Path) -> bool:
    """Copy a blank store of this MLflow version: to create its tables takes seconds."""
    try:
        shutil.copyfile(blank, part)
        with contextlib.closing(sqlite3.connect(part)) as connection:
            # The cached store may have been damaged since it was written.
            answer = connection.execute("PRAGMA quick_check").fetchone()
    except (OSError, sqlite3.Error):
        return False
    return bool(answer == ("ok",))


def _create_tables(part: Path) -> None:
    """Make an empty store at ``part``, with MLflow's tables and without an
    experiment.
    """
    part.unlink(missing_ok=True)
    client = mlflow_client(sqlite_uri(part))
    client.search_experiments(max_results=1)
    # The file must be closed before it gets its final name.
    client._tracking_client.store.engine.dispose()
    with contextlib.closing(sqlite3.connect(part)) as connection:
        # MLflow's default experiment notes this folder's path; it makes
        # another.
        connection.execute("DELETE FROM experiments")
        connection.commit()  # the journal mode cannot change within a transaction
        # Write-ahead logging: readers do not block the writer. It stays in the
        # file.
        connection.execute("PRAGMA journal_mode=WAL")


def _cache(part: Path, blank: Path) -> None:
    """Copy an empty store to ``blank``, from which the next one is made."""
    # A cache that cannot be written costs the next store a few seconds, no
    # more.
    with contextlib.suppress(OSError), replace_file(blank) as copy:
        shutil.copyfile(part, copy)

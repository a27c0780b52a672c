"""Which tracker serves an address: chosen by its URI scheme."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from suite.errors import without_passwords
from suite.tracking.connection import with_small_scheme
from suite.tracking.protocol import CLOSE_TIMEOUT_S, Item, Tracker
from suite.tracking.publisher import Publisher
from suite.tracking.sqlite import default_uri
from tasks import UserError

NO_TRACKER = "none"
MLFLOW_SCHEMES = (
    "sqlite",
    "postgresql",
    "mysql",
    "mssql",
    "http",
    "https",
    "file",
    "databricks",
)

OpenTracker = Callable[[str, Path, str], Tracker]
"""Opens a tracker from an address, the results folder and the campaign's id."""

_TRACKERS: dict[str, OpenTracker] = {}


def register_tracker(scheme: str, opens: OpenTracker) -> None:
    """Have addresses ``scheme:...`` opened by ``opens``."""
    _TRACKERS[scheme] = opens


def open_tracker(uri: str | None, results: Path, campaign: str) -> Tracker:
    """The tracker for an address; None means the MLflow store in the results folder.

    Raises UserError if no tracker knows the address's scheme.
    """
    uri = store_uri(uri, results)
    scheme = scheme_of(uri)
    if scheme not in _TRACKERS:
        known = ", ".join(sorted(_TRACKERS))
        raise UserError(
            f"--tracking {without_passwords(uri)}: {scheme!r} is not a known kind of "
            f"address. Known kinds: {known}."
        )
    return _TRACKERS[scheme](uri, results, campaign)


def store_uri(uri: str | None, results: Path) -> str:
    """The address of a store: of the one in the results folder where None is given."""
    return default_uri(results) if uri is None else with_small_scheme(uri)


def scheme_of(uri: str) -> str:
    """``postgresql`` of ``postgresql+psycopg://...``; a bare word is its own scheme."""
    scheme, _, _ = uri.partition(":")
    dialect, _, _ = scheme.partition("+")
    return dialect


class NullTracker:
    """Publishes nothing: `--tracking none`."""

    error: str | None = None
    hint = ""
    waiting = 0

    def put(self, item: Item) -> None:
        """Drop the item: it is in the record."""

    def close(self, seconds: float = CLOSE_TIMEOUT_S) -> None:
        """Nothing is left to publish."""


register_tracker(NO_TRACKER, lambda uri, results, campaign: NullTracker())
for mlflow_scheme in MLFLOW_SCHEMES:
    register_tracker(mlflow_scheme, Publisher)

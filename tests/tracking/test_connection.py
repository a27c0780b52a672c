"""How a store is reached: past proxies, and by a tracker chosen by its address."""

import http.server
import os
import re
import sqlite3
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from suite.tracking import registry, sqlite
from suite.tracking.connection import (
    check,
    reach_loopback_directly,
    with_small_scheme,
)
from suite.tracking.protocol import Item
from tasks import UserError

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment whose proxy does not answer."""
    for name in PROXIES:
        monkeypatch.setenv(name.upper(), "")  # restored after the test
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "intranet.example")


@pytest.fixture
def page() -> Iterator[str]:
    """A page on this machine."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_this_machine_is_reached_past_any_proxy(proxied, page):
    with pytest.raises(requests.exceptions.ProxyError):
        requests.get(page, timeout=10)
    reach_loopback_directly()

    assert requests.get(page, timeout=10).status_code == 200
    # An opener of its own: the shared one keeps the proxy of its first use, also for
    # tests that come later.
    opener = urllib.request.build_opener()
    with opener.open(page, timeout=10) as answer:
        assert answer.status == 200
    assert os.environ["no_proxy"].split(",")[0] == "intranet.example"


def test_hosts_are_exempted_once(proxied):
    reach_loopback_directly()
    once = os.environ["no_proxy"]
    reach_loopback_directly()

    assert os.environ["no_proxy"] == once


class Notebook:
    """A tracker as a third party would write it."""

    error: str | None = None
    hint = ""
    waiting = 0

    def __init__(self, uri: str, results: Path, campaign: str) -> None:
        self.uri, self.items, self.closed = uri, list[Item](), False

    def put(self, item: Item) -> None:
        self.items.append(item)

    def close(self, seconds: float = 1.0) -> None:
        self.closed = True


def test_another_tracker_is_chosen_by_its_scheme(
    tiny_plan, run_inline, monkeypatch
):
    monkeypatch.setattr(registry, "_TRACKERS", dict(registry._TRACKERS))
    opened: list[Notebook] = []

    def opens(uri: str, results: Path, campaign: str) -> Notebook:
        opened.append(Notebook(uri, results, campaign))
        return opened[-1]

    registry.register_tracker("notebook", opens)
    run_inline(tiny_plan, tracking_uri="notebook:mine")

    (tracker,) = opened
    assert tracker.uri == "notebook:mine"
    assert tracker.closed
    assert len(tracker.items) == 32 + 8  # runs and cells


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("SQLite:////R/Store.db", "sqlite:////R/Store.db"),
        ("HTTP://Host:5000", "http://Host:5000"),
        ("PostgreSQL+psycopg://U@h/D", "postgresql+psycopg://U@h/D"),
        ("None", "none"),
    ],
)
def test_the_case_of_a_scheme_does_not_matter(given, meant):
    assert with_small_scheme(given) == meant


def test_an_unknown_scheme_is_refused_with_those_that_are_known(tmp_path):
    with pytest.raises(
        UserError, match=r"'wandb' is not a known .* none, .* sqlite"
    ):
        registry.open_tracker("wandb://ada:secret@host/x", tmp_path, "c")


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("0c779009ac13", "an older MLflow made this store.* db upgrade 'uri'"),
        ("ffffffffffff", "a newer MLflow made this store"),
    ],
)
def test_a_store_of_another_mlflow_is_told_with_its_cure(
    version, says, tmp_path
):
    """By what MLflow itself says of it."""
    store = tmp_path / sqlite.STORE
    sqlite.make_store(store)
    with closing(sqlite3.connect(store)) as database, database:
        database.execute(
            "UPDATE alembic_version SET version_num = ?", (version,)
        )
    with pytest.raises(UserError) as told:
        check(sqlite.sqlite_uri(store))
    message = str(told.value).replace(sqlite.sqlite_uri(store), "uri")

    assert re.search(says, message)


def test_a_file_that_is_no_store_is_told(tmp_path):
    (tmp_path / sqlite.STORE).write_text("hello " * 400)

    with pytest.raises(UserError, match=r"not a database.*: move it away"):
        sqlite.prepare_store(tmp_path)

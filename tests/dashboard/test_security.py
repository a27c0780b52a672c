"""Who may look at the dashboard, and what a browser may do with what it gets."""

import re
import socket
import sys
import threading
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard.app import create_app
from dashboard.serve import serve
from dashboard.server.compression import Compressed
from dashboard.server.security import policy, read_auth, safe_link
from suite.records.results import Results
from tasks import UserError


@pytest.mark.parametrize("algorithm", ["zstd", "br", "gzip"])
def test_scripts_of_components_are_compressed_once(
    client, monkeypatch, algorithm
):
    from flask_compress import flask_compress

    compressed, compress = [], flask_compress._compress_data
    monkeypatch.setattr(
        flask_compress,
        "_compress_data",
        lambda *given: compressed.append(given) or compress(*given),
    )
    accepts = {"Accept-Encoding": algorithm}
    first, again = (
        client.get(
            "/_dash-component-suites/dash/dcc/async-graph.js", headers=accepts
        )
        for _ in range(2)
    )
    pages = [client.get("/_dash-layout", headers=accepts) for _ in range(2)]

    assert (
        first.headers["Content-Encoding"]
        == again.headers["Content-Encoding"]
        == algorithm
    )
    assert first.data == again.data
    assert [page.status_code for page in pages] == [200, 200]
    assert (
        len(compressed) == 1 + 2
    )  # the script once; what may be another each time, each time


def test_scripts_asked_for_under_many_names_do_not_fill_the_memory(
    monkeypatch,
):
    monkeypatch.setattr("dashboard.server.compression.MOST", 10)
    kept = Compressed()
    for number in range(9):
        kept.set(f"br;/_dash-component-suites/a.v{number}.js", b"12345")

    assert [
        kept.get(f"br;/_dash-component-suites/a.v{number}.js")
        for number in range(3)
    ] == [b"12345"] * 2 + [None]


def test_scripts_may_be_kept_by_many_threads_at_once():
    """Browsers ask for all scripts at once, and a server answers each in a thread."""
    kept = Compressed()
    begins = threading.Barrier(4)

    def keep(worker: int) -> None:
        begins.wait()
        for number in range(1000):
            kept.set(f"br;{worker}-{number}", b"1")

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads meet far more often than they would
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(keep, range(4)))
    finally:
        sys.setswitchinterval(before)

    assert kept.get("br;3-999") == b"1"


def test_the_page_runs_no_script_but_its_own(client):
    answer = client.get("/")
    rules = dict(
        rule.split(" ", 1)
        for rule in answer.headers["Content-Security-Policy"].split("; ")
    )

    assert "unsafe" not in rules["script-src"]
    assert rules["script-src"].count("'sha256-") == len(
        re.findall(
            r"<script(?![^>]*(?:src=|application/json))[^>]*>", answer.text
        )
    )
    assert rules["frame-ancestors"] == "'none'"
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_hashes_are_those_of_the_inline_scripts():
    # of alert('Hello, world.');, from the CSP spec
    expected = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"

    assert expected in policy("<script>alert('Hello, world.');</script>")
    assert "sha256" not in policy(
        '<script src="/a.js"></script><script type="application/json">{}</script>'
    )


def test_pages_name_no_foreign_host(client):
    text = client.get("/").text + client.get("/_dash-layout").text

    assert not re.findall(r"(?:src|href)=[\"'](?:https?:)?//", text)


def test_another_name_for_this_machine_is_refused(client):
    """A foreign page whose name is made to point here must not read the results."""
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403
    assert (
        client.get("/", headers={"Host": "localhost:8050"}).status_code == 200
    )


def test_a_password_is_asked_for_where_there_is_one(campaigns):
    guarded = create_app(
        Results(campaigns), auth=("ada", "s:cret"), refresh=False
    ).server.test_client()

    def ask(user, password):
        token = b64encode(f"{user}:{password}".encode()).decode()
        return guarded.get(
            "/", headers={"Authorization": f"Basic {token}"}
        ).status_code

    assert guarded.get("/").status_code == 401
    assert guarded.get("/_dash-layout").status_code == 401
    assert guarded.get("/healthz").status_code == 200
    assert ask("ada", "s:cret") == 200
    assert ask("ada", "wrong") == 401
    assert ask("eve", "s:cret") == 401


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::"])
def test_other_addresses_need_a_password(host):
    with pytest.raises(
        UserError, match="BAKEOFF_DASHBOARD_AUTH=user:password"
    ):
        read_auth({}, host)

    assert read_auth({"BAKEOFF_DASHBOARD_AUTH": "ada:x"}, host) == ("ada", "x")


@pytest.mark.parametrize("given", ["ada", "ada:", ":x"])
def test_half_a_password_is_no_password(given):
    with pytest.raises(UserError, match="must be user:password"):
        read_auth({"BAKEOFF_DASHBOARD_AUTH": given}, "127.0.0.1")


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "",
        None,
        "ftp://a.example",
    ],
)
def test_only_web_addresses_become_links(address):
    assert safe_link(address) is None


def test_runs_are_linked_at_a_web_address_alone(campaigns):
    with pytest.raises(
        UserError,
        match=r"--mlflow-url 'javascript:alert\(1\)' is not a web address",
    ):
        create_app(
            Results(campaigns), refresh=False, mlflow_url="javascript:alert(1)"
        )


def test_a_busy_port_is_one_clear_message_with_a_free_one(campaigns):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            UserError,
            match=rf"Port {port} of 127\.0\.0\.1 cannot be used .*--port \d+",
        ):
            serve(Results(campaigns), port=port)

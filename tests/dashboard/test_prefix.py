"""Behind a reverse proxy that shows the dashboard below a path of its own."""

import json
import logging
import os

import pytest
from dash._utils import to_json

from dashboard.app import create_app
from dashboard.data.snapshots import Snapshots
from dashboard.pages import PAGES
from dashboard.rendering import render
from dashboard.server.prefix import normalized_prefix, prefixed, strip_prefix
from suite.records.results import Results
from tasks import UserError

PREFIX = "/bakeoff/"


def links(content):
    """All addresses of links and pictures, as the browser gets them."""
    stack, found = [json.loads(to_json(content))], []
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            found += [
                node[name]
                for name in ("href", "src")
                if isinstance(node.get(name), str)
            ]
            stack += node.values()
        elif isinstance(node, list):
            stack += node
    return found


@pytest.mark.parametrize(
    "given", ["bakeoff", "/bakeoff", "bakeoff/", "/bakeoff/"]
)
def test_a_prefix_may_be_written_with_and_without_slashes(given):
    assert normalized_prefix(given) == PREFIX
    assert normalized_prefix("/") == normalized_prefix("") == "/"
    assert normalized_prefix("/lab/bakeoff") == "/lab/bakeoff/"


@pytest.mark.parametrize("given", ["http://x/y", "/a b/", "/a?b/", '/"/'])
def test_a_prefix_that_is_no_path_is_refused(given):
    with pytest.raises(UserError, match="--prefix"):
        normalized_prefix(given)


def test_an_address_loses_its_prefix_where_it_has_one():
    assert strip_prefix("/bakeoff/claim", PREFIX) == "/claim"
    assert (
        strip_prefix("/bakeoff/", PREFIX)
        == strip_prefix("/bakeoff", PREFIX)
        == "/"
    )
    assert strip_prefix("/claim", PREFIX) == "/claim"
    assert strip_prefix("/bakeoffs/", PREFIX) == "/bakeoffs/"
    assert strip_prefix("/claim", "/") == "/claim"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.PATH)
def test_all_links_of_a_page_begin_with_the_prefix(snapshots, page):
    own = Snapshots(snapshots.results)
    own.get()
    own.refresh()
    for _ in range(2):  # a page that is shown again comes from memory
        rendered = render(own, page.PATH, "")
        parts = [rendered.main, rendered.navigation, rendered.about]
        found = links(prefixed(parts, PREFIX))

        assert found
        for link in found:
            assert link.startswith((PREFIX, "http://", "https://", "#")), link
            assert not link.startswith(PREFIX + "bakeoff/"), link


@pytest.fixture
def client(results_folder):
    app = create_app(Results(results_folder), refresh=False, prefix="bakeoff")
    return app.server.test_client()


@pytest.fixture
def results_folder(tmp_path, synthetic, small):
    synthetic.write_campaign(tmp_path, small())
    return tmp_path


@pytest.mark.parametrize(
    "below", [PREFIX, "/"], ids=["kept by the proxy", "taken away"]
)
def test_requests_are_answered_with_the_prefix_and_without(client, below):
    page = client.get(below)
    config = json.loads(
        page.text.partition('type="application/json">')[2].partition("<")[0]
    )

    assert page.status_code == 200
    assert config["requests_pathname_prefix"] == PREFIX
    assert 'src="/bakeoff/_dash-component-suites/' in page.text
    assert client.get(below + "healthz").status_code == 200
    with client.get(below + "assets/bakeoff.css") as sheet:
        assert sheet.status_code == 200
    assert client.get(below + "data/overview/verdicts.csv").status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "DASH_REQUESTS_PATHNAME_PREFIX",
        "DASH_ROUTES_PATHNAME_PREFIX",
        "DASH_URL_BASE_PATHNAME",
        "DASH_APP_NAME",
        "DASH_DEBUG",
    ],
)
@pytest.mark.parametrize("value", ["/lab/", "lab"])
def test_dash_variables_are_ignored_and_named_in_the_log(
    results_folder, monkeypatch, caplog, name, value
):
    monkeypatch.setenv(name, value)
    with caplog.at_level(logging.WARNING, "bakeoff.dashboard"):
        app = create_app(Results(results_folder), refresh=False)

    assert app.config.requests_pathname_prefix == "/"
    assert app.server.test_client().get("/").status_code == 200
    assert f"{name} is ignored" in caplog.text
    assert os.environ[name] == value

"""The dashboard where it is used otherwise than alone, on one machine, in one zone."""

import json
import re
import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dashboard.app import create_app
from dashboard.components.text import timed
from dashboard.data.snapshots import KEPT, Snapshots
from dashboard.locale import Words
from dashboard.rendering import render
from suite.records.manifest import FILE
from suite.records.results import Results
from suite.report.html.appendix import utc

# Where clocks skipped an hour, repeated one, or a day was left out.
ODD_HOURS = [
    ("America/New_York", (2026, 3, 8, 1, 59)),
    ("Europe/Berlin", (2026, 10, 25, 2, 30)),
    ("Australia/Lord_Howe", (2026, 4, 5, 1, 45)),
    ("Pacific/Apia", (2011, 12, 29, 23, 59)),
]


@pytest.mark.parametrize(("zone", "moment"), ODD_HOURS)
def test_the_zone_of_the_machine_and_its_summer_time_change_no_time(
    zone, moment, monkeypatch
):
    at = datetime(*moment, tzinfo=ZoneInfo(zone))
    expected = f"{at.astimezone(ZoneInfo('UTC')):%Y-%m-%d %H:%M} UTC"
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        _, shown, _ = timed(Words("en"), "lost-since", at.timestamp())
        reported = utc(at.timestamp())
    finally:
        monkeypatch.undo()
        time.tzset()

    assert shown.children == expected
    assert reported == expected
    told = datetime.fromisoformat(shown.dateTime)
    assert (told.utcoffset(), told.timestamp()) == (
        timedelta(),
        at.timestamp(),
    )


def test_two_dashboards_show_one_folder_alike_and_write_nothing_there(
    campaigns,
):
    before = {path: path.stat().st_mtime_ns for path in campaigns.rglob("*")}
    shown = []
    for snapshots in (Snapshots(Results(campaigns)) for _ in range(2)):
        snapshots.get()
        snapshots.refresh()
        pages = [render(snapshots, path, "") for path in ("/", "/runs")]
        shown.append([page.main.to_plotly_json() for page in pages])

    assert json.dumps(shown[0], default=repr) == json.dumps(
        shown[1], default=repr
    )
    after = {path: path.stat().st_mtime_ns for path in campaigns.rglob("*")}
    assert after == before


def test_a_proxy_may_speak_tls_to_the_browser(campaigns):
    """No link names a scheme or a host, so that all stay with the proxy's."""
    app = create_app(Results(campaigns), refresh=False)
    answer = app.server.test_client().get(
        "/", headers={"X-Forwarded-Proto": "https"}
    )

    assert answer.status_code == 200
    assert not re.search(r'(href|src|action)="?http:', answer.text)


JUPYTER = "/user/ann%40uni.example/proxy/8050/"


def test_jupyters_proxy_shows_it_on_this_machine(campaigns):
    """jupyter-server-proxy takes the prefix off the path."""
    app = create_app(Results(campaigns), refresh=False, prefix=JUPYTER)
    client = app.server.test_client()
    page = client.get("/", headers={"Host": "localhost:8888"})

    assert page.status_code == 200
    assert f'src="{JUPYTER}_dash-component-suites/' in page.text
    # A proxy that leaves it there hands over what its letters stand for.
    kept = client.get("/user/ann@uni.example/proxy/8050/healthz")
    assert kept.status_code == 200


def test_on_a_hub_jupyters_proxy_needs_a_password_and_says_so(campaigns):
    """It hands on the hub's name, by which any page in the browser could ask."""
    results, hub = Results(campaigns), {"Host": "hub.uni.example"}
    closed = create_app(results, refresh=False, prefix=JUPYTER)
    refused = closed.server.test_client().get("/", headers=hub)
    ann = ("ann", "a password")
    open_to_ann = create_app(results, refresh=False, prefix=JUPYTER, auth=ann)
    client = open_to_ann.server.test_client()

    assert refused.status_code == 403
    assert "BAKEOFF_DASHBOARD_AUTH=user:password" in refused.text
    assert client.get("/", headers=hub).status_code == 401
    assert client.get("/", headers=hub, auth=ann).status_code == 200


def test_of_fifty_campaigns_each_can_be_opened(
    campaigns, tmp_path, monkeypatch
):
    """And no more are kept in memory than a few, nor read again and again."""
    source = min(campaigns.iterdir())
    ids = [f"{source.name}-{number}" for number in range(50)]
    for name in ids:
        _copy(source, tmp_path / name)
    snapshots = Snapshots(Results(tmp_path))

    assert set(snapshots.results.ids()) == set(ids)
    for name in ids[:12]:
        assert snapshots.get(name).campaign.id == name
    read = []
    monkeypatch.setattr(snapshots, "_load", read.append)
    monkeypatch.setattr(snapshots, "_judge", lambda held: None)
    snapshots.refresh()
    assert (len(snapshots._held), read) == (KEPT, [])
    assert ids[-1] in str(render(snapshots, "/", f"?campaign={ids[11]}"))


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target)
    manifest = json.loads((target / FILE).read_text())
    (target / FILE).write_text(json.dumps(manifest | {"id": target.name}))

"""Campaigns that cannot be read or judged, or are gone: told on their own pages alone."""

import json
import shutil
from dataclasses import replace

import pytest
from dash._utils import to_json

from dashboard.app import create_app
from dashboard.data.snapshots import Snapshots, Unreadable
from dashboard.locale import Words
from dashboard.rendering import render
from dashboard.serve import warm
from suite.records.journal import FILE
from suite.records.results import Results

TWO = {"odd": 1, "sound": 2}  # campaigns by their names, with their seeds


@pytest.fixture
def two(tmp_path, synthetic, small):
    """The ids of two campaigns in one results folder, the odd one the newest."""
    ids = {}
    for name, seed in reversed(TWO.items()):
        size = replace(small(), seed=seed)
        ids[name] = synthetic.write_campaign(tmp_path, size, name)
    return ids


def without(path, key, line=3):
    """Take a key out of one line of a record."""
    lines = path.read_text().splitlines()
    values = json.loads(lines[line])
    del values[key]
    lines[line] = json.dumps(values)
    path.write_text("\n".join(lines) + "\n")


def page(snapshots, search=""):
    """Main part and header of the overview, as the browser gets them."""
    rendered = render(snapshots, "/", search)
    return to_json(rendered.main), to_json(rendered.about)


@pytest.mark.parametrize(
    "key", ["key", "metrics", "curve", "params", "task", "status"]
)
def test_a_record_line_without_a_key_costs_no_other_campaign_its_page(
    tmp_path, two, key
):
    without(tmp_path / two["odd"] / FILE, key)
    held = Snapshots(Results(tmp_path))
    first = page(held)  # the newest campaign: the odd one
    main, about = page(held, f"?campaign={two['sound']}")
    held.refresh()

    assert Words()("error-unreadable") in first[0]
    assert "line 4" in first[0]
    assert two["sound"] in first[1], "the way to the other campaign"
    assert Words()("error-unreadable") not in main
    assert held.get(two["sound"]).verdicts
    assert two["odd"] in about
    with pytest.raises(Unreadable):
        held.get(two["odd"])


def test_the_server_starts_where_the_newest_campaign_is_damaged(tmp_path, two):
    without(tmp_path / two["odd"] / FILE, "metrics")
    app = create_app(Results(tmp_path), refresh=False)

    warm(app)
    assert app.server.test_client().get("/").status_code == 200


def test_a_line_that_is_damaged_later_leaves_what_was_read(tmp_path, two):
    held = Snapshots(Results(tmp_path))
    held.get(two["odd"])
    held.refresh()
    with (tmp_path / two["odd"] / FILE).open("a") as file:
        file.write("{}\n")
    held.refresh()
    main, about = page(held, f"?campaign={two['odd']}")

    assert held.get(two["odd"]).verdicts
    assert held.get(two["odd"]).trouble
    assert Words()("stale") in about
    assert '"H1"' in main


def test_a_campaign_that_cannot_be_judged_says_so_and_the_others_are(
    tmp_path, two, monkeypatch
):
    from dashboard.data import snapshots as module

    judge = module.judge_campaign

    def odd(campaign, *known):
        if campaign.id == two["odd"]:
            raise ZeroDivisionError("an odd task")
        return judge(campaign)

    monkeypatch.setattr(module, "judge_campaign", odd)
    held = Snapshots(Results(tmp_path))
    for name in two.values():
        held.get(name)
    held.refresh()
    main, _ = page(held, f"?campaign={two['odd']}")

    assert held.get(two["odd"]).verdicts == ()
    assert "ZeroDivisionError: an odd task" in main
    assert Words()("judging-title") not in main
    assert held.get(two["sound"]).verdicts
    assert not held.get(two["sound"]).problem


def test_work_that_fails_does_not_keep_other_work_from_being_done(
    tmp_path, two
):
    held = Snapshots(Results(tmp_path))
    held._thread = object()  # as if the refresher ran

    def fails():
        raise ValueError("odd")

    assert held.compute_in_background("odd", fails) is None
    assert held.compute_in_background("sound", lambda: 5) is None
    held._work()
    assert held.compute_in_background("sound", lambda: 6) == 5


def test_a_deleted_campaign_is_shown_as_it_was_with_since_when_it_is_gone(
    tmp_path, two
):
    held = Snapshots(Results(tmp_path))
    address = f"?campaign={two['odd']}"
    before = held.etag(two["odd"])
    held.refresh()
    folder, aside = tmp_path / two["odd"], tmp_path.with_name("aside")
    shutil.move(folder, aside)
    main, _ = page(held, address)

    assert held.etag(two["odd"]) != before
    assert "Not connected since " in main
    assert '"data-at"' in main
    assert '"H1"' in main
    assert "未连接" in json.dumps(
        json.loads(page(held, address + "&lang=zh")[0]), ensure_ascii=False
    )

    shutil.move(aside, folder)
    held.get(two["odd"])
    held.refresh()
    assert not held.get(two["odd"]).problem
    assert "Not connected since " not in page(held, address)[0]


def test_a_campaign_that_was_never_there_is_not_found(tmp_path, two):
    main, about = page(Snapshots(Results(tmp_path)), "?campaign=nowhere")

    assert Words()("error-not-there") in main
    assert two["sound"] in about

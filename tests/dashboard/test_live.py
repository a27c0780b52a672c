"""What is sent to a page that is already there: what differs, and no more."""

import pytest
from dash import dcc, html

from dashboard.data.snapshots import Snapshots
from dashboard.live import changes, give_places
from dashboard.pages import PAGES
from dashboard.rendering import render, update
from dashboard.shell import shell_layout
from suite.records.results import Results

SHOWN = {"type": "spec", "name": "one"}


def placed(*children):
    page = html.Div(list(children))
    give_places(page, "main")
    return page


def test_the_same_page_sends_nothing():
    assert changes(placed(html.P("a")), placed(html.P("a"))) == []


def test_another_text_is_sent_to_the_innermost_part_around_it():
    old = placed(html.Ul([html.Li("a"), html.Li(html.B("b"))]), html.P("c"))
    new = placed(html.Ul([html.Li("a"), html.Li(html.B("d"))]), html.P("c"))

    (change,) = changes(old, new)
    assert change[0] == "main-0-1"
    assert change[1]["children"].children == "d"


def test_a_part_with_more_children_gets_all_of_them():
    old, new = (
        placed(html.Ul([html.Li("a")])),
        placed(html.Ul([html.Li("a"), html.Li("b")])),
    )

    ((where, sent),) = changes(old, new)
    assert where == "main-0"
    assert len(sent["children"]) == 2


def test_the_data_of_a_chart_are_sent_without_what_stands_around():
    def chart(value):
        details = html.Details(html.Summary("View as table"))
        return placed(
            html.Section([dcc.Store(id=SHOWN, data=[value]), details])
        )

    assert changes(chart(1), chart(2)) == [(SHOWN, {"data": [2]})]


def test_a_chart_that_comes_takes_a_whole_page():
    old = placed(html.Section(html.P("Nothing yet")))
    new = placed(html.Section(dcc.Store(id=SHOWN, data=[1])))

    assert changes(old, new) is None


def test_a_property_that_is_gone_is_taken_away():
    old, new = placed(html.P("a", className="warn")), placed(html.P("a"))

    ((_, sent),) = changes(old, new)
    assert sent == {"className": None}


@pytest.mark.parametrize("path", [page.PATH for page in PAGES])
def test_a_growing_campaign_sends_less_than_a_page(
    synthetic, small, tmp_path, path
):
    size = small(done=0.5)
    campaign = synthetic.write_campaign(tmp_path, size)
    held = Snapshots(Results(tmp_path))
    held.get()
    held.refresh()
    first = render(held, path, "")
    synthetic.append(tmp_path, campaign, size, 2)
    held.refresh()
    *others, sent = update(held, render(held, path, ""), first.shown)

    assert {type(other).__name__ for other in others} == {"NoUpdate"}
    assert sent["page"] == first.shown["page"]
    assert sent["shown"]["etag"] != first.shown["etag"]
    assert sent["changes"]


@pytest.mark.parametrize("path", [page.PATH for page in PAGES])
def test_no_two_elements_have_the_same_id(snapshots, path):
    page = render(snapshots, path, "")
    parts = html.Div(
        [shell_layout(), page.main, *page.about, *page.navigation, *page.tools]
    )
    ids = [
        str(part.id) for part in parts._traverse() if getattr(part, "id", None)
    ]

    assert len(ids) == len(set(ids))


def test_a_browser_whose_page_is_forgotten_gets_all_of_it(snapshots):
    new = render(snapshots, "/", "")

    before = {"page": "long gone"}
    *_, sent = update(snapshots, new, before, busy=True)

    assert update(snapshots, new, before) == new
    assert sent["changes"] is None


def test_a_busy_reader_is_told_of_a_page_that_would_come_anew(
    synthetic, small, tmp_path
):
    size = small(done=0.0)
    campaign = synthetic.write_campaign(tmp_path, size)
    held = Snapshots(Results(tmp_path))
    held.get()
    held.refresh()
    before = render(held, "/curves", "").shown
    synthetic.append(tmp_path, campaign, size, 40)
    held.refresh()
    new = render(held, "/curves", "")
    *others, sent = update(held, new, before, busy=True)

    # Charts come, which takes the whole page.
    assert update(held, new, before) == new
    assert {type(other).__name__ for other in others} == {"NoUpdate"}
    assert sent["changes"] is None
    assert sent["runs"] == 40

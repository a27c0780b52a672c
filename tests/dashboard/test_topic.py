"""A topic's page says what is claimed, what we found, why, and what to read."""

import json
import re
from dataclasses import replace

import pytest
from dash import html
from dash._utils import to_json

from dashboard.data.snapshots import Snapshots
from dashboard.data.view import view_of
from dashboard.locale import LANGUAGES, Words
from dashboard.pages import topic
from suite.records.results import Results
from suite.report.answers import answer
from suite.report.topic import limits_of

TASK = "logistic_regression"
WORK = "Keskar et al., On large-batch training (2017), doi:10.48550/arXiv.1609.04836"


@pytest.fixture
def view(snapshots, finished):
    return view_of(snapshots, "/topic", f"?campaign={finished}&task={TASK}")


def asked(view, **query):
    """The same page with more in its address."""
    return replace(view, query={**view.query, **query})


def parts(component, kind, name=""):
    """All elements of a kind, with a class where one is named."""
    return [
        one
        for one in component._traverse()
        if isinstance(one, kind) and name in (getattr(one, "className", "") or "")
    ]


def read(component):
    """The page's text as the browser gets it."""
    return json.dumps(json.loads(to_json(component)), ensure_ascii=False)


@pytest.fixture
def written(tmp_path, synthetic, small):
    """A campaign of two tasks; the first says why, and names a work with a DOI."""
    size = small(tasks=(TASK, "batch_size"), trials=2)
    campaign = synthetic.write_campaign(tmp_path, size)
    path = tmp_path / campaign / "campaign.json"
    about = json.loads(path.read_text())
    task = about["tasks"][TASK]
    task["why"] = "It is convex."
    task["literature"] = [WORK, "Bishop, Pattern recognition (2006)"]
    task["translations"]["zh"]["why"] = "它是凸的。"
    path.write_text(json.dumps(about))
    held = Snapshots(Results(tmp_path))
    held.get()
    held.refresh()
    return held


def test_each_claim_stands_with_its_verdict_and_leads_to_it(view):
    page = topic.layout(view)

    (rows,) = (table for table in parts(page, html.Table) if parts(table, html.A))
    links = [link.href for link in parts(rows, html.A)]
    assert links == [
        view.link("/claim", task=TASK, claim=verdict.claim) for verdict in view.verdicts
    ]
    assert len(parts(rows, html.Span, "outcome")) == len(view.verdicts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_the_answer_and_the_limits(view, language):
    shown = replace(view, words=Words(language))
    page = topic.layout(shown)

    (said,) = parts(page, html.P, "answer")
    assert said.children == answer(shown.verdicts, shown.labels)
    for limit in limits_of(TASK, shown.verdicts, shown.labels):
        assert limit.split("`")[0] in read(page)


@pytest.mark.parametrize(("language", "why"), [("en", "convex"), ("zh", "它是凸的。")])
def test_the_page_says_why_in_the_readers_language(written, language, why):
    page = topic.layout(view_of(written, "/topic", f"?task={TASK}&lang={language}"))

    (said,) = parts(page, html.P, "why")
    assert why in said.children


def test_a_doi_is_a_link_and_a_book_is_text(written):
    page = topic.layout(view_of(written, "/topic", f"?task={TASK}"))

    links = [link.href for link in parts(page, html.A) if "doi.org" in link.href]
    assert links == ["https://doi.org/10.48550/arXiv.1609.04836"]
    assert "Bishop, Pattern recognition (2006)" in read(page)


def test_topics_lead_to_each_other(written):
    def ways(task):
        page = topic.layout(view_of(written, "/topic", f"?task={task}&present=1"))
        links = parts(parts(page, html.Nav)[0], html.A)
        return {link.rel: link.href for link in links if hasattr(link, "rel")}

    first, second = list(view_of(written, "/topic", "").tasks)
    assert ways(first) == {"next": f"/topic?task={second}&present=1"}
    assert ways(second) == {"prev": f"/topic?task={first}&present=1"}


def test_a_presentation_has_nothing_to_choose_and_a_way_out(view):
    page = topic.layout(asked(view, present="1"))

    assert "present" in page.className.split()
    assert not re.search('"name": "task"', read(page))
    (leave,) = (one for one in parts(page, html.A) if getattr(one, "id", "") == "leave")
    assert "present" not in leave.href


def test_a_quiz_shows_no_verdict_before_a_prediction(view):
    page = topic.layout(asked(view, quiz="1"))

    hidden = parts(page, html.Div, "reveal")
    assert len(hidden) == 2 * len(view.verdicts)
    assert all(one.className == "reveal" for one in hidden)
    shown = len(parts(page, html.Span, "outcome"))
    assert shown == sum(len(parts(one, html.Span, "outcome")) for one in hidden)


def test_charts_have_their_data_for_downloads(view):
    page = topic.layout(view)

    names = set(re.findall('"type": "spec", "name": "([^"]+)"', read(page)))
    names |= set(re.findall('"name": "([^"]+)", "type": "spec"', read(page)))
    assert names
    assert names <= topic.frames(view).keys()

"""A topic's page says what is claimed, what we found, why, and what to read."""

import json
import re
from dataclasses import replace

import pytest
from dash import html
from dash._utils import to_json

from dashboard.components.text import coded
from dashboard.data.snapshots import Snapshots
from dashboard.data.view import view_of
from dashboard.locale import LANGUAGES, Words
from dashboard.pages import claim, topic
from dashboard.pages.topic import once
from dashboard.pages.topic.diagnosis import QUESTIONS
from suite.records.results import Results
from suite.report.answers import answer
from suite.report.sentences import arm_diagnosis
from suite.report.topic import limits_of
from suite.verdicts.arm_training import diagnose_task

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
        if isinstance(one, kind)
        and name in (getattr(one, "className", "") or "")
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

    (rows,) = (
        table for table in parts(page, html.Table) if parts(table, html.A)
    )
    links = [link.href for link in parts(rows, html.A)]
    assert [link for link in links if not link.startswith("#term-")] == [
        view.link("/claim", task=TASK, claim=verdict.claim)
        for verdict in view.verdicts
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


@pytest.mark.parametrize(
    ("language", "why"), [("en", "convex"), ("zh", "它是凸的。")]
)
def test_the_page_says_why_in_the_readers_language(written, language, why):
    page = topic.layout(
        view_of(written, "/topic", f"?task={TASK}&lang={language}")
    )

    (said,) = parts(page, html.P, "why")
    assert why in said.children


@pytest.mark.parametrize("shown", [topic, claim])
def test_a_doi_is_a_link_and_a_book_is_text(written, shown):
    page = shown.layout(view_of(written, shown.PATH, f"?task={TASK}"))

    links = [
        link.href for link in parts(page, html.A) if "doi.org" in link.href
    ]
    assert links == ["https://doi.org/10.48550/arXiv.1609.04836"]
    assert "Bishop, Pattern recognition (2006)" in read(page)


def test_topics_lead_to_each_other(written):
    def ways(task):
        page = topic.layout(
            view_of(written, "/topic", f"?task={task}&present=1")
        )
        links = parts(parts(page, html.Nav)[0], html.A)
        return {link.rel: link.href for link in links if hasattr(link, "rel")}

    first, second = list(view_of(written, "/topic", "").tasks)
    assert ways(first) == {"next": f"/topic?task={second}&present=1"}
    assert ways(second) == {"prev": f"/topic?task={first}&present=1"}


def test_a_presentation_has_nothing_to_choose_and_a_way_out(view):
    page = topic.layout(asked(view, present="1"))

    assert "present" in page.className.split()
    assert not re.search('"name": "task"', read(page))
    (leave,) = (
        one for one in parts(page, html.A) if getattr(one, "id", "") == "leave"
    )
    assert "present" not in leave.href


def test_a_quiz_shows_no_verdict_before_a_prediction(view):
    page = topic.layout(asked(view, quiz="1"))

    hidden = parts(page, html.Div, "reveal")
    assert len(hidden) == 2 * len(view.verdicts)
    assert all(one.className == "reveal" for one in hidden)
    shown = len(parts(page, html.Span, "outcome"))
    assert shown == sum(
        len(parts(one, html.Span, "outcome")) for one in hidden
    )


def test_charts_have_their_data_for_downloads(view):
    page = topic.layout(view)

    names = set(re.findall('"type": "spec", "name": "([^"]+)"', read(page)))
    names |= set(re.findall('"name": "([^"]+)", "type": "spec"', read(page)))
    assert names
    assert names <= topic.frames(view).keys()


def test_one_run_is_wrong_as_often_as_its_blocks_are(view):
    one = view.verdicts[0]
    differences = [0.2, 0.1, -0.05, 0.3]
    blocks = [
        {
            "block": n,
            "level": None,
            "better": 0.0,
            "worse": 0.0,
            "difference": value,
        }
        for n, value in enumerate(differences)
    ]
    verdict = replace(one, level="", per_block=tuple(blocks), by_level=())

    found = once.shares_opposite(verdict)

    assert list(found) == list(once.COUNTS)
    assert found[1] == 0.25
    assert found[10] < found[3] < found[1]


def test_bars_are_all_draws_and_the_line_lies_between_two_of_them(view):
    page = topic.layout(view)
    (chart,) = (
        one
        for one in page._traverse()
        if getattr(one, "id", None) == {"type": "spec", "name": once.NAME}
    )

    (bars,) = chart.data["traces"]
    zero = chart.data["layout"]["shapes"][0]["x0"]
    for count in once.COUNTS:
        assert sum(bars["y"][str(count)]) == pytest.approx(1, abs=1e-3)
    nearest = min(abs(middle - zero) for middle in bars["x"])
    assert nearest == pytest.approx(
        (bars["x"][1] - bars["x"][0]) / 2, rel=1e-2
    )


def test_a_quiz_does_not_give_the_answer_away(view):
    assert '"once"' not in read(topic.layout(asked(view, quiz="1")))
    assert '"once"' in read(topic.layout(view))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_diagnosed_arm_stands_once_on_the_tree(view, language):
    shown = replace(view, words=Words(language))
    found = list(diagnose_task(view.campaign, TASK))

    (tree,) = parts(topic.layout(shown), html.Ol, "tree")
    placed = [
        one.title
        for leaf in parts(tree, html.Ul, "placed")
        for one in leaf.children
    ]

    assert found
    assert sorted(placed) == sorted(
        arm_diagnosis(one, shown.labels) for one in found
    )
    for leaf in parts(tree, html.Ul, "placed"):
        assert leaf.children
    names = [read(one) for one in parts(tree, html.P, "leaf")]
    assert names == [
        read(html.P(coded(shown.words.of("tree-leaf", one)), className="leaf"))
        for one in (*QUESTIONS, "healthy")
    ]

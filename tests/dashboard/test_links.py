"""Links open what they say: the same task, level, arm and claim, and the finals that
decide it.
"""

from urllib.parse import parse_qsl, urlsplit

import pytest

from dashboard.data.snapshots import Snapshots
from dashboard.data.view import view_of
from dashboard.pages import PAGES, runs
from dashboard.rendering import render
from suite.records.results import Results

TASK = "batch_size"


@pytest.fixture(scope="module")
def levels(synthetic, small, tmp_path_factory):
    """A campaign of a task with several levels, judged, and one of another task."""
    root = tmp_path_factory.mktemp("levels")
    synthetic.write_campaign(
        root, small(tasks=("logistic_regression",), seed=1)
    )
    synthetic.write_campaign(
        root, small(tasks=(TASK, "logistic_regression"), seed=2)
    )
    held = Snapshots(Results(root))
    for name in held.results.ids():
        held.get(name)
    held.refresh()
    return held


def links_in(node):
    """Every address that a page links to: path and query."""
    if isinstance(node, (list, tuple)):
        for child in node:
            yield from links_in(child)
        return
    if href := getattr(node, "href", None):
        parts = urlsplit(href)
        yield parts.path, dict(parse_qsl(parts.query))
    if (children := getattr(node, "children", None)) is not None:
        yield from links_in(children)


def verdicts_of(held, task=TASK):
    return [v for v in held.get().verdicts if v.task == task]


def test_pages_behind_a_verdict_open_at_its_task_and_level(levels):
    for verdict in verdicts_of(levels):
        page = render(
            levels, "/claim", f"?task={TASK}&claim={verdict.claim}"
        ).main
        behind = [
            query
            for path, query in links_in(page)
            if path in {"/curves", "/search", "/sweep"}
        ]

        assert len(behind) == 3
        for query in behind:
            assert query["task"] == TASK
            assert query["level"] == verdict.levels[0]


def test_the_finals_behind_a_verdict_are_those_that_decide_it(levels):
    campaign = levels.get().campaign
    for verdict in verdicts_of(levels):
        search = f"?task={TASK}&claim={verdict.claim}"
        page = render(levels, "/claim", search).main
        asked = next(
            query for path, query in links_in(page) if path == "/runs"
        )
        shown = runs.frames(
            view_of(
                levels, "/runs", "&".join(f"{k}={v}" for k, v in asked.items())
            )
        )["runs"]
        claim = next(
            c
            for c in campaign.manifest.task(TASK).tested
            if c.name == verdict.claim
        )

        assert set(shown["kind"]) == {"final"}
        assert set(shown["arm"]) == set(claim.arms)
        assert set(shown["level"]) == set(verdict.levels)
        assert (
            len(shown)
            == len(claim.arms) * len(verdict.levels) * verdict.blocks
        )


@pytest.mark.parametrize("path", [page.PATH for page in PAGES])
def test_the_navigation_keeps_task_and_level(levels, path):
    level = levels.get().campaign.manifest.task(TASK).level_names[-1]
    navigation = render(levels, path, f"?task={TASK}&level={level}").navigation

    found = list(links_in(navigation))
    assert len(found) == len(PAGES)
    assert all(query == {"task": TASK, "level": level} for _, query in found)


def test_the_navigation_keeps_the_level_of_a_claim(levels):
    verdict = verdicts_of(levels)[-1]
    search = f"?task={TASK}&claim={verdict.claim}"

    for _, query in links_in(render(levels, "/claim", search).navigation):
        assert query["level"] == verdict.levels[0]


def test_another_campaign_shows_the_same_claim_where_it_has_it(levels):
    newest, other = levels.results.ids()
    claim = verdicts_of(levels, "logistic_regression")[-1].claim
    search = f"?campaign={other}&from={newest}&task=logistic_regression&claim={claim}"
    view = view_of(levels, "/claim", search)

    assert (view.task, view.query["claim"]) == ("logistic_regression", claim)


def test_another_campaign_without_the_claim_shows_its_first(levels):
    newest, other = levels.results.ids()
    claim = verdicts_of(levels)[0].claim
    search = (
        f"?campaign={other}&from={newest}&task={TASK}&claim={claim}&level=no"
    )
    view = view_of(levels, "/claim", search)

    assert view.task == "logistic_regression"
    assert view.query.keys() == {"campaign"}

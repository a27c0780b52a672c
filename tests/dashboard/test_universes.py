"""A varied claim stands on a page of its own, in the report, and in short elsewhere."""

import json

import pytest
from dash._utils import to_json

import tasks
from dashboard.data.snapshots import Snapshots
from dashboard.data.view import view_of
from dashboard.figures.universes import SYMBOLS, universe_curve
from dashboard.locale import LANGUAGES, Words
from dashboard.pages import claim, overview, topic, universes
from dashboard.rendering import render
from suite.campaign.launch import launch
from suite.cluster.serial import SerialExecutor
from suite.planning.plan import Plan
from suite.planning.profile import Profile
from suite.records.results import Results
from suite.report.html.page import render as render_report
from suite.report.universes import specification_curve

# gold wins by 2 under sgd, and by nothing otherwise
KNOWN = """
import random

from tasks import Arm, Claim, Level, Measure, Task


def gold(level, params, seed):
    there = level["optimiser"] == "sgd"
    return {"score": random.Random(f"{seed} gold").gauss(2.0 * there, 0.1)}


def lead(level, params, seed):
    return {"score": random.Random(f"{seed} lead").gauss(0.0, 0.1)}


TASK = Task(
    question="Is gold better?",
    arms=(Arm.function("gold", gold), Arm.function("lead", lead)),
    measures=(Measure("score", "higher"),),
    levels=(Level("digits", {"optimiser": "adam", "width": 16}),),
    claims=(
        Claim(
            "gold_wins", "Gold wins.", "score",
            better="gold", worse="lead", margin=0.5,
        ),
    ),
)
"""
VARY = {
    "claim": "metals/gold_wins",
    "optimiser": ["sgd", "adam"],
    "width": [16, 64],
}
WHERE = "It holds where optimiser = sgd (2 of 2)."


@pytest.fixture(scope="module")
def varied(tmp_path_factory):
    folder = tmp_path_factory.mktemp("varied")
    (folder / "metals.py").write_text(KNOWN, encoding="utf-8")
    before = dict(tasks._registry._FILES)
    tasks.load_file(folder / "metals.py")
    values = {"name": "many", "blocks": 3, "trials": 1, "tuned": []}
    profile = Profile.model_validate({**values, "vary": [VARY]})
    launch(
        Plan(profile),
        folder / "results",
        executor=SerialExecutor(),
        tracking_uri="none",
    )
    held = Snapshots(Results(folder / "results"))
    held.get()
    held.refresh()
    tasks._registry._FILES.clear()
    tasks._registry._FILES.update(before)
    return held


def read(page):
    return json.dumps(json.loads(to_json(page)), ensure_ascii=False)


@pytest.mark.parametrize("page", [overview, topic, universes])
def test_pages_say_where_a_varied_claim_holds(varied, page):
    assert WHERE in read(page.layout(view_of(varied, page.PATH, "")))


def test_the_page_has_each_universe_with_its_verdict(varied):
    view = view_of(varied, "/universes", "")
    (frame,) = universes.frames(view).values()

    assert len(frame) == 4
    assert set(frame.loc[frame["verdict"] == "supported", "optimiser"]) == {
        "sgd"
    }
    assert frame["effect"].is_monotonic_increasing


def test_each_universe_has_a_mark_on_each_of_its_conditions(varied):
    view = view_of(varied, "/universes", "")
    (found,) = view.multiverses
    spec = universe_curve(
        specification_curve(found, view.labels), "points", Words("en")
    )
    below = [one for one in spec["traces"] if one.get("yaxis") == "y2"]
    places = [
        (x, y)
        for one in below
        for x, y in zip(one["x"], one["y"], strict=True)
    ]

    assert spec["layout"]["yaxis2"]["ticktext"] == [
        "optimiser = adam",
        "optimiser = sgd",
        "width = 16",
        "width = 64",
    ]
    assert len(set(places)) == 4 * 2  # universes x conditions
    assert len(set(SYMBOLS.values())) == len(SYMBOLS)


def test_a_universe_leads_to_all_others(varied):
    name = varied.get().verdicts[0].claim
    view = view_of(varied, "/claim", f"?claim={name}")

    assert "/universes?task=metals#gold_wins" in read(claim.layout(view))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_campaign_that_varies_nothing_says_how_to(
    snapshots, finished, language
):
    search = f"?campaign={finished}&lang={language}"
    page = read(render(snapshots, "/universes", search)[0])

    assert Words(language)("universes-none") in page
    assert "[[vary]]" in page


def test_the_report_draws_universes_once_and_no_article_for_each(varied):
    report = render_report(varied.get().campaign)

    assert report.count("<article") == 1
    assert WHERE in report
    assert report.count('class="dot"') == 4
    assert "var(--supported)" in report

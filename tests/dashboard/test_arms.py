"""Any two arms: what the page shows is an exploration that never reads as a verdict."""

import pytest
from dash import html

from dashboard.components.text import note
from dashboard.data.view import view_of
from dashboard.locale import LANGUAGES, Words
from dashboard.pages import arms
from dashboard.rendering import render
from dashboard.theme import VERDICTS
from suite.verdicts.arm_pair import compare_arms

TASK = "logistic_regression"


@pytest.fixture
def place(snapshots, finished):
    """The task's last two arms at its first level, which no claim is about."""
    task = snapshots.get(finished).campaign.manifest.task(TASK)
    claimed = {frozenset(claim.arms) for claim in task.tested}
    free = [
        (one, other)
        for one in task.arm_names
        for other in task.arm_names
        if one != other and frozenset((one, other)) not in claimed
    ]
    first, second = free[0]
    return {"level": task.level_names[0], "first": first, "second": second}


def page(snapshots, finished, place, **more):
    asked = {"campaign": finished, "level": place["level"], "task": TASK}
    asked |= {
        "arm": place["first"],
        "other": place["second"],
        "metric": "accuracy",
    }
    asked |= more
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return view_of(snapshots, "/arms", f"?{query}")


def elements(component, kind):
    return [one for one in component._traverse() if isinstance(one, kind)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_verdict_is_given_on_arms_that_no_claim_is_about(
    snapshots, finished, place, language
):
    shown = arms.layout(page(snapshots, finished, place, lang=language))
    spans = elements(shown, html.Span)
    named = [getattr(one, "className", None) or "" for one in spans]
    classes = set(" ".join(named).split())

    remark = note(Words(language)("arms-exploratory"))
    assert str(remark) in [str(one) for one in elements(shown, html.P)]
    assert classes & VERDICTS.keys() == set()


def test_the_table_and_its_file_have_the_blocks(snapshots, finished, place):
    view = page(snapshots, finished, place)
    pair = compare_arms(view.campaign, TASK, metric="accuracy", **place)

    frame = arms.frames(view)["arm-blocks"]

    assert list(frame["difference"]) == [one.difference for one in pair.blocks]
    assert list(frame.columns) == ["block", "first", "second", "difference"]


def test_a_claim_about_the_pair_is_linked_with_its_verdict(
    snapshots, finished
):
    (verdict, *_) = [
        one
        for one in snapshots.get(finished).verdicts
        if one.better and one.worse
    ]
    place = {
        "level": verdict.levels[0],
        "first": verdict.worse,
        "second": verdict.better,
    }
    shown = arms.layout(
        page(snapshots, finished, place, metric=verdict.metric)
    )
    links = [one.href for one in elements(shown, html.A)]

    assert any(f"claim={verdict.claim}" in link for link in links)


def test_choosing_the_second_arm_as_the_first_compares_it_with_another(
    snapshots, finished, place
):
    same = {**place, "second": place["first"]}

    title = render(
        snapshots,
        "/arms",
        f"?campaign={finished}&task={TASK}&arm={same['first']}&other={same['second']}",
    )[0]

    assert Words("en")("error-title") not in str(title)

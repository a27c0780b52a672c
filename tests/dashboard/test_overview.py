"""The overview answers each question in a line, opens to its claims, and draws them on
one scale whose unit it names.
"""

from dataclasses import replace

import pytest
from dash import html

from dashboard.components.forest import margin_axis, whiskers
from dashboard.data.view import view_of
from dashboard.locale import LANGUAGES, Words
from dashboard.pages.claim import layout as claim_page
from dashboard.pages.overview import choices
from dashboard.pages.overview import layout as overview
from dashboard.pages.overview.forest import FEW_CLAIMS
from suite.report.answers import answer

TASK = "logistic_regression"


@pytest.fixture
def view(snapshots, finished):
    return view_of(snapshots, "/", f"?campaign={finished}")


def planted(view, verdicts, **query):
    """The view of the same campaign with other verdicts."""
    return replace(
        view,
        snapshot=replace(view.snapshot, verdicts=tuple(verdicts)),
        query=query,
    )


def many(view):
    """More claims than are shown at once."""
    one = view.verdicts[0]
    return [replace(one, claim=f"claim_{n}") for n in range(FEW_CLAIMS + 1)]


def parts(component, kind, name=""):
    """All elements of a kind, with a class where one is named."""
    return [
        one
        for one in component._traverse()
        if isinstance(one, kind)
        and name in (getattr(one, "className", "") or "")
    ]


def texts(component, kind, name=""):
    return [one.children for one in parts(component, kind, name)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_question_has_its_answer(view, language):
    shown = replace(view, words=Words(language))

    answers = texts(overview(shown), html.Span, "answer")

    assert answers == [answer(shown.verdicts, shown.labels)]


def test_few_claims_stand_open_and_many_behind_their_question(view):
    few = planted(view, many(view)[:FEW_CLAIMS])
    more = planted(view, many(view))

    assert [
        one.open for one in parts(overview(few), html.Details, "question")
    ] == [True]
    assert [
        one.open for one in parts(overview(more), html.Details, "question")
    ] == [False]


def test_whoever_asks_for_one_verdict_sees_its_claims(view):
    verdicts = many(view)
    for number, verdict in enumerate(verdicts):
        answered = "supported" if number else "refuted"
        verdicts[number] = replace(verdict, complete=True, verdict=answered)
    asked = planted(view, verdicts, verdict="supported")

    (question,) = parts(overview(asked), html.Details, "question")

    assert question.open
    assert len(parts(question, html.Li, "forest-row")) == FEW_CLAIMS


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_scale_names_its_unit(view, language):
    words = Words(language)

    shown = overview(replace(view, words=words))

    assert texts(shown, html.Div, "axis-label") == [words("forest-margins")]


@pytest.mark.parametrize(
    ("span", "labels"),
    [
        (2.0, ["−2", "−1", "0", "+1", "+2"]),
        (10.0, ["−10", "−5", "±1", "+5", "+10"]),
    ],
)
def test_one_margin_is_marked_on_every_scale(span, labels):
    assert [tick.children for tick in margin_axis(span).children] == labels


def test_one_margin_stands_where_the_band_ends():
    ticks = {
        tick.children: tick.style["left"] for tick in margin_axis(4.0).children
    }
    (band,) = parts(
        html.Div(whiskers(0, (0, 0), (0, 0), 1, 4.0)), html.I, "band"
    )

    assert ticks["−1"] == "37.50%"
    assert band.style["left"] == "37.500%"


@pytest.mark.parametrize(
    ("effect", "place", "label"),
    [(7.0, "100.000%", "+7"), (-12.34, "0.000%", "−12.3")],
)
def test_a_dot_beyond_the_scale_is_pinned_with_its_number(
    effect, place, label
):
    ends = (effect - 0.5, effect + 0.5)
    marks = html.Div(whiskers(effect, ends, ends, 1.0, 4.0))

    (dot,) = parts(marks, html.I, "mean")
    assert dot.style["left"] == place
    assert texts(marks, html.Span, "off-scale") == [label]


def test_an_interval_that_runs_past_the_scale_has_an_arrow_and_no_number():
    marks = html.Div(whiskers(3.0, (1.0, 5.0), (0.5, 5.5), 1.0, 4.0))

    assert len(parts(marks, html.I, "beyond high")) == 1
    assert texts(marks, html.Span, "off-scale") == []


def test_claims_of_one_matching_group_link_to_each_other(view):
    first, second, other = view.verdicts[:3]
    grouped = [
        replace(first, matching_group="matching"),
        replace(second, matching_group="matching"),
        replace(other, matching_group="another"),
    ]
    asked = planted(view, grouped, task=TASK, claim=first.claim)

    links = parts(claim_page(asked), html.Ul, "matchings")

    assert len(links) == 1
    assert [one.href for one in parts(links[0], html.A)] == [
        asked.link("/claim", task=TASK, claim=second.claim)
    ]


def test_a_claim_without_a_matching_group_has_no_such_links(view):
    first, second = (
        replace(one, matching_group="") for one in view.verdicts[:2]
    )
    asked = planted(view, [first, second], task=TASK, claim=first.claim)

    assert parts(claim_page(asked), html.Ul, "matchings") == []


# ---------------------------------------------------------------- search, filter, sort


def listed(view, **query):
    return [one.claim for one in choices.listed(replace(view, query=query))]


def test_a_search_finds_claims_by_all_of_its_words_in_any_case(view):
    claims = [one.claim for one in view.verdicts]
    one = view.verdicts[0]
    first, *_, last = one.says.strip(".").split()

    assert listed(view) == claims
    assert one.claim in listed(view, q=f"{last.upper()} {first.lower()}")
    assert listed(view, q=f"{first} no-such-word") == []


def test_a_search_finds_arms_by_their_labels(view):
    one = next(each for each in view.verdicts if each.better)
    label = view.labels.arm(one.task, one.better)

    assert one.claim in listed(view, q=label)


def test_one_task_and_one_verdict_can_be_asked_for(view):
    verdicts = [replace(one, complete=True) for one in view.verdicts]
    verdicts[0] = replace(verdicts[0], verdict="refuted")
    verdicts[1:] = [replace(one, verdict="supported") for one in verdicts[1:]]
    shown = planted(view, verdicts)

    assert listed(shown, only=TASK) == [one.claim for one in verdicts]
    assert listed(shown, only=TASK, verdict="refuted") == [verdicts[0].claim]


def test_claims_are_sorted_by_effect_in_margins(view):
    effects = [0.01, -0.05, 0.03]
    verdicts = [
        replace(
            view.verdicts[0], claim=f"claim_{n}", effect=effect, margin=0.01
        )
        for n, effect in enumerate(effects)
    ]
    verdicts[2] = replace(verdicts[2], margin=0.03)  # as large as what matters

    shown = planted(view, verdicts)

    assert listed(shown, sort="effect") == ["claim_1", "claim_0", "claim_2"]


def test_a_filter_keeps_what_else_is_chosen(view):
    asked = replace(
        view, query={"q": view.verdicts[0].claim, "sort": "effect"}
    )

    links = [one.href for one in parts(overview(asked), html.A, "filter")]

    assert links
    assert all("q=" in link and "sort=effect" in link for link in links)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_search_that_finds_nothing_says_so_and_leads_back(view, language):
    words = Words(language)
    shown = overview(replace(view, query={"q": "no-such-word"}, words=words))

    assert words("overview-none-found") in texts(shown, html.H2)
    (back,) = [
        one for one in parts(shown, html.A, "button") if one.href == "/"
    ]
    assert back.children == words("overview-show-all")

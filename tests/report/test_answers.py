"""The answer to a question in one line, from verdicts that are planted."""

from dataclasses import replace

import pytest

from suite.report.answers import answer
from suite.report.formatting import amounts
from suite.report.sentences import Labels

YES_OR_NO, WHICH = "Does deep beat wide?", "Which is better, and when?"
HELD, FAILED, EQUAL, OPEN = (
    "supported",
    "refuted",
    "no_difference",
    "inconclusive",
)


@pytest.fixture(scope="module")
def campaign(snapshots, finished):
    return snapshots.get(finished)


@pytest.fixture(scope="module")
def one(campaign):
    """Any verdict in points; tests replace what matters."""
    found = next(v for v in campaign.verdicts if amounts(v).percent)
    return replace(found, label="confirmatory")


def said(campaign, one, verdicts, question=YES_OR_NO, language="en"):
    """The answer where claims without a matching group have these verdicts."""
    lone = [
        replace(
            one,
            verdict=verdict,
            complete=True,
            matching_group="",
            says="It does.",
        )
        for verdict in verdicts
    ]
    return answer(lone, labelled(campaign, one, question, language))


def labelled(campaign, one, question=YES_OR_NO, language="en"):
    manifest = campaign.campaign.manifest
    task = manifest.tasks[one.task].model_copy(update={"question": question})
    tasks = {**manifest.tasks, one.task: task}
    return Labels(manifest.model_copy(update={"tasks": tasks}), language)


@pytest.mark.parametrize(
    ("verdicts", "text"),
    [
        ([HELD] * 3, "Yes: 3 of 3 claims held."),
        ([HELD], "Yes: 1 of 1 claim held."),
        ([FAILED] * 2, "No: 0 of 2 claims held, 2 failed."),
        (
            [HELD, HELD, FAILED, OPEN],
            'It depends: 2 of 4 claims held, 1 failed, 1 open. Not so: "It does."',
        ),
        (
            [HELD, OPEN],
            "Yes so far: 1 of 2 claims held, 1 open.",
        ),
        ([OPEN] * 2, "Open: 0 of 2 claims held, 2 open."),
        (
            [EQUAL],
            "No difference that matters: 0 of 1 claim held, "
            "1 without a difference that matters.",
        ),
        ([], ""),
    ],
)
def test_an_answer_leads_and_then_counts(campaign, one, verdicts, text):
    assert said(campaign, one, verdicts) == text


@pytest.mark.parametrize(
    ("question", "yes"),
    [
        (YES_OR_NO, True),
        ("At the same number of parameters, is deep better than wide?", True),
        (WHICH, False),
        ("Does ours equal theirs, and when does a hidden layer pay?", False),
        ("How many heads should attention have?", False),
    ],
)
def test_yes_answers_only_what_takes_a_yes(campaign, one, question, yes):
    text = said(campaign, one, [HELD], question)

    assert text.startswith("Yes:" if yes else "As claimed:")


def test_a_claim_that_waits_for_blocks_is_open(campaign, one):
    waiting = replace(one, verdict=FAILED, complete=False, matching_group="")

    text = answer([waiting], labelled(campaign, one))

    assert text == "Open: 0 of 1 claim held, 1 open."


def test_an_answer_says_how_many_decided_claims_are_exploratory(campaign, one):
    sure = replace(
        one, verdict=HELD, complete=True, matching_group="", says="It does."
    )
    hints = [
        replace(sure, verdict=verdict, label="exploratory")
        for verdict in (HELD, FAILED, OPEN)
    ]

    text = answer([sure, *hints], labelled(campaign, one))

    # the open one says nothing that could be mistaken for an answer
    assert text == (
        "It depends: 2 of 4 claims held, 1 failed, 1 open, 2 exploratory. "
        'Not so: "It does."'
    )


def group(one, *verdicts):
    """Claims of one matching group, each at a level of its own."""
    effects = {HELD: 0.031, FAILED: -0.049, OPEN: 0.001}
    return [
        replace(
            one,
            verdict=verdict,
            effect=effects[verdict],
            at_least=0.0,
            complete=True,
            matching_group="Deep beats wide",
            levels=(f"Level {number}",),
        )
        for number, verdict in enumerate(verdicts, 1)
    ]


def test_it_depends_on_the_matching_where_the_first_claims_disagree(
    campaign, one
):
    text = answer(group(one, HELD, FAILED, OPEN), labelled(campaign, one))

    assert text == (
        "It depends on the matching: yes (level 1, +3.1 points), "
        "no (level 2, \N{MINUS SIGN}4.9 points), open (level 3). "
        "1 of 3 claims held, 1 failed, 1 open."
    )


def test_a_group_that_agrees_does_not_depend_on_the_matching(campaign, one):
    assert answer(group(one, HELD, HELD), labelled(campaign, one)).startswith(
        "Yes:"
    )


def test_a_group_that_the_question_is_not_about_is_counted(campaign, one):
    first = replace(one, verdict=HELD, complete=True, matching_group="")
    verdicts = [first, *group(one, HELD, FAILED)]

    text = answer(verdicts, labelled(campaign, one))

    assert text.startswith("It depends: 2 of 3 claims held, 1 failed.")


def test_up_to_two_claims_that_came_out_otherwise_are_named(campaign, one):
    two = said(campaign, one, [HELD, FAILED, EQUAL])
    three = said(campaign, one, [HELD, FAILED, FAILED, EQUAL])

    assert two.endswith('Not so: "It does." No difference: "It does."')
    assert three.endswith("1 without a difference that matters.")


def test_a_claim_is_named_in_the_language_of_the_answer(campaign, one):
    held = replace(one, verdict=HELD, complete=True, matching_group="")
    failed = replace(held, verdict=FAILED)

    text = answer([held, failed], labelled(campaign, one, language="zh"))

    task = campaign.campaign.manifest.task(one.task)
    own = task.claim_text(one.claim, "says", "zh")
    assert own
    assert text.endswith(f"不成立的是：“{own}”")


def test_chinese_answers_are_chinese(campaign, one):
    text = answer(
        group(one, HELD, FAILED), labelled(campaign, one, language="zh")
    )

    assert text == (
        "取决于匹配方式：是（level 1，+3.1 个百分点）、"
        "否（level 2，\N{MINUS SIGN}4.9 个百分点）。2 个论断中 1 个成立、1 个不成立。"
    )


@pytest.mark.parametrize(
    ("language", "label"), [("en", "all"), ("zh", "全部")]
)
def test_the_one_level_of_a_task_without_levels_is_called_all(
    campaign, one, language, label
):
    labels = labelled(campaign, one, language=language)

    assert labels.level(one.task, "all") == label

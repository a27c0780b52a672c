"""What one page says in several places agrees: sentence, headline, gates, and what
would change the verdict.
"""

import math
from dataclasses import replace

import pytest

from dashboard.components.outcome import (
    agreeing_blocks,
    effect_text,
    status_of,
)
from dashboard.data.snapshots import Snapshots
from dashboard.data.view import view_of
from dashboard.locale import LANGUAGES, Words
from dashboard.locale.numbers import measuring
from dashboard.pages.claim.blocks import sides
from dashboard.pages.claim.changes import changes_card
from dashboard.pages.claim.gates import gates_card
from dashboard.pages.claim.verdict import verdict_card
from dashboard.pages.overview import layout as overview
from suite.records.results import Results
from suite.report.sentences import gate_name
from suite.verdicts.gate import Gate
from suite.verdicts.kinds import Side
from suite.verdicts.message import message

TASK = "logistic_regression"


@pytest.fixture
def view(snapshots, finished):
    return view_of(snapshots, "/claim", f"?campaign={finished}&task={TASK}")


@pytest.fixture
def verdict(view):
    return next(v for v in view.verdicts if v.task == TASK and v.complete)


def with_state(view, state, **changes):
    """The view of a campaign in that state."""
    campaign = replace(
        view.campaign, state={**view.campaign.state, "state": state}
    )
    return replace(
        view, snapshot=replace(view.snapshot, campaign=campaign, **changes)
    )


def test_blocks_are_counted_in_the_direction_that_the_mean_has(verdict):
    six = {"kind": "difference", "blocks": 6, "at_least": 0.0}

    assert agreeing_blocks(
        replace(verdict, effect=0.1, win_rate=5 / 6, **six)
    ) == (
        "for",
        "5",
    )
    assert agreeing_blocks(
        replace(verdict, effect=-0.1, win_rate=0.0, **six)
    ) == (
        "against",
        "6",
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_columns_of_a_contrast_are_headed_by_its_arms(
    snapshots, finished, verdict, language
):
    query = f"?campaign={finished}&task={TASK}&lang={language}"
    view = view_of(snapshots, "/claim", query)
    first, *others = verdict.sides[0].arms + verdict.sides[1].arms
    both = Side((first,)), Side((*others, first))
    heads = sides(view, replace(verdict, kind="contrast", sides=both))

    labels = [view.arm_label(TASK, arm) for arm in (first, *others)]
    assert heads[0] == labels[0]
    assert all(label in heads[1] for label in labels)


def equality(one, differences, **changes):
    """A claim of equality whose blocks differ by these amounts; 1 matters."""
    blocks = [
        {"block": block, "level": None, "difference": value}
        for block, value in enumerate(differences)
    ]
    return replace(
        one, kind="equal", margin=1.0, per_block=tuple(blocks), **changes
    )


def test_blocks_of_a_claim_of_equality_are_counted_within_the_margin(verdict):
    alike = equality(verdict, [-0.5, 0.2, -0.9, 1.5], effect=-0.2)

    assert agreeing_blocks(alike) == ("within", "3")


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_sides_of_0_are_against_a_claim_of_equality(
    snapshots, finished, verdict, language
):
    view = view_of(snapshots, "/claim", f"?campaign={finished}")
    words = Words(language)
    view = replace(view, words=words)
    alike = equality(verdict, [-0.5, 0.2], verdict="supported")

    card = str(verdict_card(view, alike).to_plotly_json())

    assert words("forest-for-equal") in card
    assert words("forest-for") not in card


@pytest.mark.parametrize(
    ("answer", "interval", "told"),
    [
        ("supported", (-0.6, 0.4), "within 0.6 of what is claimed"),
        ("refuted", (-1.9, -1.25), "closer to what is claimed by more"),
    ],
)
def test_what_changes_a_claim_of_equality_is_its_distance_from_the_margin(
    snapshots, finished, verdict, answer, interval, told
):
    view = view_of(snapshots, "/claim", f"?campaign={finished}")
    alike = equality(
        verdict,
        [],
        verdict=answer,
        complete=True,
        gates=(),
        equivalence_interval=interval,
        adjusted_interval=interval,
    )

    shown = str(changes_card(view, alike).to_plotly_json())

    assert told in shown
    assert ("0.25" in shown) == (answer == "refuted")  # 1.25 beyond 1


def test_blocks_of_a_promise_are_counted_as_claimed(verdict):
    promised = replace(
        verdict,
        kind="difference",
        effect=-0.1,
        win_rate=0.5,
        at_least=0.05,
        blocks=6,
    )

    assert agreeing_blocks(promised) == ("for", "3")


def test_a_factor_below_one_is_told_both_ways(verdict):
    words = Words()
    fewer = replace(
        verdict,
        scale="log_error",
        effect=-math.log(5.65),
        at_least=0.0,
        kind="difference",
    )
    more = replace(fewer, effect=math.log(5.65))

    assert (
        effect_text(measuring(fewer, words), fewer)
        == "×0.177 (5.65 times less)"
    )
    assert effect_text(measuring(more, words), more) == "×5.65"


@pytest.mark.parametrize("state", ["running", "stopped", "interrupted"])
def test_a_claim_that_waits_for_blocks_has_no_verdict_yet(
    view, verdict, state
):
    waiting = replace(
        verdict, complete=False, blocks=2, planned=6, verdict="inconclusive"
    )
    running = with_state(view, state, verdicts=(waiting,))

    assert status_of(running, waiting) == "pending"
    for shown in (
        verdict_card(running, waiting),
        overview(replace(running, query={})),
    ):
        assert "Pending, 2 of 6 blocks" in str(shown)
        assert "Inconclusive" not in str(shown)


def test_blocks_of_an_ended_campaign_are_not_to_come(view, verdict):
    missing = replace(
        verdict, complete=False, blocks=0, planned=6, verdict="inconclusive"
    )
    for state in ("done", "incomplete"):
        ended = with_state(view, state)

        says = str(changes_card(ended, missing))
        assert "still to come" not in says
        assert "bakeoff retry" in says
        assert "Incomplete, 0 of 6 blocks" in str(verdict_card(ended, missing))


@pytest.mark.parametrize(
    ("label", "says_data"), [("exploratory", False), ("confirmatory", True)]
)
def test_what_would_settle_a_claim_agrees_with_its_sentence(
    view, verdict, label, says_data
):
    """The sentence of an exploratory claim asks for six blocks, not for other data."""
    open_ = replace(
        verdict,
        verdict="inconclusive",
        gates=(),
        by_level=(),
        blocks_to_settle=None,
        label=label,
    )
    card = str(changes_card(view, open_))

    assert ("More or other data" in card) is says_data
    assert ("at least 6 blocks" in card) is not says_data


def test_levels_that_disagree_are_said_to(view, verdict):
    levels = ({"verdict": "supported"}, {"verdict": "refuted"})
    open_ = replace(verdict, verdict="inconclusive", gates=(), by_level=levels)

    assert "Levels that agree" in str(changes_card(view, open_))


def test_a_gate_that_was_not_asked_has_no_tick(view, verdict):
    seen = (message("seen-fixed-budget"),)
    gate = Gate("still-improving", failed=False, seen=seen, asked=False)
    card = str(gates_card(view, replace(verdict, gates=(gate,))))

    assert "not asked" in card
    assert "✓" not in card


def test_titles_of_passed_gates_promise_no_more_than_was_seen():
    """Half the tuning may leave a decided claim open, and still pass."""
    passed = Gate("tuning-budget", failed=False)

    assert gate_name(passed) == "Half the tuning does not reverse it"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_campaign_without_a_finished_run_does_not_judge(
    synthetic, small, tmp_path, language
):
    synthetic.write_campaign(tmp_path, small(done=0.0))
    held = Snapshots(Results(tmp_path))
    held.get()
    held.refresh()
    page = str(overview(view_of(held, "/", f"?lang={language}")))

    assert Words(language).of("verdict", "inconclusive") not in page
    assert Words(language).of("verdict", "pending") in page

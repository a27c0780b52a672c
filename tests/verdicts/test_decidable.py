"""Claims that no number of blocks can decide are told before the first run."""

import math
from dataclasses import replace
from functools import cache

import pytest
from scipy import stats

import tasks
from suite.planning.plan import Plan
from suite.planning.profile import load_profile
from suite.report.messages import LANGUAGES
from suite.report.sentences import obstacle
from suite.training.instantiate import load_splits
from suite.verdicts.decidable import Prospect
from suite.verdicts.decision import Sample
from suite.verdicts.family import judge_family
from suite.verdicts.power import TestData, _power, prospect_of
from suite.verdicts.statistics import estimate
from tasks import Claim, UserError

BETTER = Claim("c", "A beats B.", "accuracy", "a", "b", ("all",), margin=0.02)
EQUAL = replace(BETTER, kind="equal")
NO_WORSE = replace(BETTER, kind="no_worse")
REACHES = replace(BETTER, kind="threshold", worse="", reference=0.68)


def prospect(claim=BETTER, **changes):
    values = {
        "blocks": 10,
        "looks": 1,
        "family": 3,
        "confidence": 0.95,
        "test_train_ratio": 0.0,
        "test_examples": 1000,
        "is_share": True,
    }
    return Prospect(claim, **(values | changes))


def codes(found):
    return [one.code for one in found.obstacles()]


def test_fresh_data_and_enough_blocks_can_decide():
    assert codes(prospect(std=0.5)) == []


# ------------------------------------------------------------------- data in common


@pytest.mark.parametrize(
    ("claim", "quantile"), [(BETTER, 0.975), (EQUAL, 0.95), (NO_WORSE, 0.95)]
)
def test_the_floor_is_where_the_interval_of_very_many_blocks_ends(
    claim, quantile
):
    std, ratio = 0.03, 0.25
    floor = stats.norm.ppf(quantile) * std * math.sqrt(ratio)
    # the interval as verdicts have it, of 10,000 blocks with that spread
    d = stats.norm.ppf([(i + 0.5) / 10_000 for i in range(10_000)]) * std
    low, high = estimate(d, ratio).interval(2 * quantile - 1)

    assert (high - low) / 2 == pytest.approx(floor, rel=1e-3)
    for margin, left in (
        (1.01 * floor, []),
        (0.99 * floor, ["undecidable-overlap"]),
    ):
        one = prospect(
            replace(claim, margin=margin), std=std, test_train_ratio=ratio
        )
        assert codes(one) == left


def test_an_unknown_spread_is_no_obstacle():
    assert codes(prospect(test_train_ratio=0.25)) == []


@pytest.mark.parametrize(
    ("claim", "effect"), [(BETTER, -0.5), (EQUAL, 0.5), (NO_WORSE, 0.5)]
)
def test_an_effect_that_was_seen_far_off_decides_all_the_same(claim, effect):
    wide = {"std": 0.26, "test_train_ratio": 0.25}

    assert codes(prospect(claim, **wide, effect=0.0)) == [
        "undecidable-overlap"
    ]
    assert codes(prospect(claim, **wide, effect=effect)) == []


# --------------------------------------------------------------- a published figure


@pytest.mark.parametrize(("se", "left"), [(0.0121, 0), (0.0122, 1)])
def test_a_figure_that_is_not_known_to_the_margin_decides_nothing(se, left):
    # 1.645 × 0.0121 < 0.02 < 1.645 × 0.0122
    found = codes(prospect(replace(REACHES, reference_se=se)))

    assert found == ["undecidable-reference"] * left


# ------------------------------------------------------------------------ few blocks


@pytest.mark.parametrize(
    ("blocks", "family", "t", "left"),
    [(3, 3, 7.65, 1), (3, 4, 8.86, 1), (5, 1, 2.78, 0), (6, 3, 3.53, 0)],
)
def test_few_blocks_and_many_claims_ask_for_enormous_effects(
    blocks, family, t, left
):
    found = prospect(blocks=blocks, family=family)

    assert found.t_needed == pytest.approx(
        t, abs=0.01
    )  # tables of Student's t
    assert codes(found) == ["undecidable-blocks"] * left
    assert found.is_exploratory == (blocks < 6)


SOME = replace(
    BETTER,
    kind="partial_conjunction",
    levels=("a", "b", "c", "d"),
    at_least_levels=2,
)


def at_level(t, blocks=6):
    """Differences of that t statistic."""
    normal = stats.norm.ppf([(i + 0.5) / blocks for i in range(blocks)])
    std = normal.std(ddof=1)
    return Sample(normal + t * std / math.sqrt(blocks), margin=1e-9)


def test_of_four_levels_two_must_pass_a_test_at_a_third_of_the_error_rate():
    found = prospect(SOME, blocks=6, family=1)
    t = stats.t.ppf(1 - 0.05 / 3 / 2, 5)

    assert found.t_needed == pytest.approx(t)
    for above, answer in ((0.99, "inconclusive"), (1.01, "supported")):
        levels = [at_level(above * t)] * 2 + [at_level(0.0)] * 2
        levels = [replace(one, levels_needed=2) for one in levels]
        (verdict,) = judge_family([levels])
        assert verdict.answer == answer


def test_plans_allow_for_the_tests_of_several_levels():
    alone = _power("t", prospect(SOME, blocks=6, family=3), None)
    of_nine = _power("t", prospect(blocks=6, family=9), None)

    # a third of the error rate in a family of three is one of nine claims'
    assert alone["in_family"] == pytest.approx(of_nine["in_family"])
    assert alone["t_needed"] == pytest.approx(of_nine["t_needed"])


@pytest.mark.parametrize(
    ("needed", "blocks", "left"), [(1, 4, 0), (2, 4, 1), (2, 5, 0), (4, 4, 0)]
)
def test_the_easier_of_supporting_and_refuting_says_whether_blocks_are_enough(
    needed, blocks, left
):
    # Student's t with 3 degrees of freedom at .05, twice .05 / 2: 3.18, 4.18;
    # in a family of two 4.18, 5.39; with 4 degrees of freedom 4.31
    found = prospect(
        replace(SOME, at_least_levels=needed), blocks=blocks, family=2
    )

    assert codes(found) == ["undecidable-blocks"] * left


def test_what_must_hold_in_every_instance_needs_no_interval():
    always = replace(BETTER, kind="always", worse="", lower_bound=0.0)

    assert codes(prospect(always, blocks=1)) == []


def test_one_block_decides_nothing():
    assert codes(prospect(blocks=1)) == ["undecidable-one-block"]


# ------------------------------------------------------------------------ resolution


@pytest.mark.parametrize(("examples", "left"), [(100, 0), (99, 1), (0, 0)])
def test_a_margin_of_less_than_two_test_examples_is_too_fine(examples, left):
    found = codes(prospect(test_examples=examples))  # the margin is 0.02

    assert found == ["undecidable-resolution"] * left


def test_only_shares_in_points_are_counted_in_examples():
    assert codes(prospect(test_examples=10, is_share=False)) == []
    ratio = replace(BETTER, scale="log_error")
    assert codes(prospect(ratio, test_examples=10)) == []


# ----------------------------------------------------------------------------- words


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "found",
    [
        prospect(std=0.1, test_train_ratio=0.25),
        prospect(replace(REACHES, reference_se=0.015)),
        prospect(blocks=3),
        prospect(blocks=1),
        prospect(test_examples=20),
        prospect(
            replace(BETTER, scale="log_ratio"), std=1.0, test_train_ratio=0.5
        ),
    ],
)
def test_every_obstacle_says_what_to_change(found, language):
    (only,) = found.obstacles()

    assert (
        len(obstacle(only, found.is_share, found.claim.scale, False, language))
        > 20
    )


def test_amounts_are_written_on_the_claims_scale():
    (found,) = prospect(std=0.1, test_train_ratio=0.25).obstacles()

    assert "±9.8 points" in obstacle(found, True, "points")
    assert "25 %" in obstacle(found, True, "points")


# ------------------------------------------------------------- what a claim expects


def test_a_claim_may_expect_a_standard_deviation():
    assert (
        Claim("c", "A.", "accuracy", "a", "b", expected_sd=0.03).expected_sd
        == 0.03
    )
    with pytest.raises(UserError, match="expected_sd"):
        Claim("c", "A.", "accuracy", "a", "b", expected_sd=-1.0)


# ------------------------------------------------------------------ what is shipped


@cache
def data(task, level):
    if any(arm.measure is not None for arm in tasks.get(task).arms):
        return TestData(0, 0.0)  # a function has no test set
    splits = load_splits(task, level, 0, None)
    return TestData(len(splits.sealed), splits.test_train_ratio)


# smoke asks whether everything runs: its one block judges nothing
@pytest.mark.parametrize("name", ["quick", "topics", "standard", "full"])
def test_no_shipped_profile_has_a_claim_that_cannot_be_decided(name):
    plan = Plan(load_profile(name))
    found = {}
    for task in plan.tasks:
        for claim in plan.claims(task):
            known = {
                (task, level): data(task, level) for level in claim.levels
            }
            obstacles = prospect_of(plan, known, task, claim).obstacles()
            if obstacles:
                found[f"{task}/{claim.name}"] = [one.code for one in obstacles]

    assert not found

"""The decision table: worked cases, rules that hold for all data, and how often
verdicts are wrong.
"""

import importlib.util
import itertools
import math
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from suite.records.journal import FILE, read_lines
from suite.verdicts.aa_test import run_aa_tests
from suite.verdicts.decision import Sample
from suite.verdicts.family import judge, judge_family, judge_looks
from suite.verdicts.gate import Gate
from tasks import UserError

FAILED = Gate("range-edge", True)
OPPOSITE = {"supported": "refuted", "refuted": "supported"}

differences = st.lists(
    st.floats(-10, 10).map(lambda x: round(x, 3)), min_size=2, max_size=12
)
margins = st.floats(0.01, 10)


def spread(mean, half):
    """Six differences with that mean, whose 95 % t interval has that half-width."""
    shape = np.array([-1, 1, -1, 1, -1, 1]) / math.sqrt(
        6 / 5
    )  # standard deviation 1
    return mean + shape * half / (stats.t(5).ppf(0.975) / math.sqrt(6))


@pytest.mark.parametrize(
    ("mean", "half", "expected", "meaningful"),
    [
        (3.0, 0.5, "supported", True),
        (
            1.2,
            0.5,
            "supported",
            False,
        ),  # the interval reaches below the margin: not from the point estimate
        (-3.0, 0.5, "refuted", True),
        (-1.2, 0.5, "refuted", False),
        (0.1, 0.5, "no_difference", False),
        (0.7, 3.0, "inconclusive", False),
        (
            0.7,
            0.3,
            "no_difference",
            False,
        ),  # row 2 comes before row 3: real but negligible
    ],
)
def test_each_row_of_the_table(mean, half, expected, meaningful):
    verdict = judge(spread(mean, half), margin=1)

    assert (verdict.verdict, verdict.meaningful) == (expected, meaningful)
    assert verdict.interval == pytest.approx((mean - half, mean + half))
    assert verdict.negligible == (expected == "no_difference" and mean > half)


@pytest.mark.parametrize(
    ("mean", "half", "expected"),
    [
        (0.1, 0.5, "supported"),
        (3.0, 0.5, "refuted"),
        (-3.0, 0.5, "refuted"),
        (1.2, 0.5, "inconclusive"),
    ],
)
def test_equal_is_supported_inside_the_margin_and_refuted_outside(
    mean, half, expected
):
    assert (
        judge(spread(mean, half), margin=1, hypothesis="equivalence").verdict
        == expected
    )


@pytest.mark.parametrize(
    ("given_differences", "reason"),
    [
        ([], "too_few_blocks"),
        ([5.0], "too_few_blocks"),
        ([5.0, 5.0, 5.0], "no_spread"),
        ([0.1 + 0.2, 0.3], "no_spread"),
    ],
)
def test_without_spread_there_is_no_verdict(given_differences, reason):
    verdict = judge(given_differences, margin=1, gates=[FAILED])

    assert (verdict.verdict, verdict.reason, verdict.would_be) == (
        "inconclusive",
        reason,
        None,
    )
    assert math.isnan(verdict.p)


def test_a_failed_gate_keeps_what_would_be():
    verdict = judge(spread(3, 0.5), margin=1, gates=[FAILED])

    assert (verdict.verdict, verdict.would_be, verdict.meaningful) == (
        "inconclusive",
        "supported",
        False,
    )
    assert verdict.blocks_to_settle is None  # more blocks do not mend it


def test_fewer_than_six_blocks_are_exploratory():
    assert judge([1, 2, 3, 4, 5], margin=1).label == "exploratory"
    assert judge([1, 2, 3, 4, 5, 6], margin=1).label == "confirmatory"


def test_overlap_widens_by_nadeau_and_bengio():
    d = np.array([1.0, 2.0, 0.5, 1.5, 3.0, 1.0])
    verdict = judge(d, margin=1, test_train_ratio=0.125)
    low, high = verdict.interval
    half = stats.t(5).ppf(0.975) * d.std(ddof=1) * math.sqrt(1 / 6 + 0.125)

    assert (high - low) / 2 == pytest.approx(half)
    assert verdict.fixed_split_interval == judge(d, margin=1).interval


def test_a_published_figures_own_error_widens_too():
    d = [1.0, 2.0, 0.5, 1.5, 3.0, 1.0]
    low, high = judge(d, margin=1, reference_se=2.0).interval
    half = stats.t(5).ppf(0.975) * math.hypot(stats.sem(d), 2.0)

    assert (high - low) / 2 == pytest.approx(half)


def test_ties_count_half():
    assert judge([1, 0, 0, -1, 2, 3], margin=1).win_rate == pytest.approx(
        4 / 6
    )


def test_what_is_open_says_how_many_blocks_would_settle_it():
    verdict = judge(spread(0.7, 3.0), margin=1)

    assert verdict.blocks_to_settle is not None
    assert verdict.blocks_to_settle_cautious is not None
    assert (
        verdict.blocks_to_settle_cautious
        > verdict.blocks_to_settle
        > verdict.blocks
    )
    assert judge(spread(3, 0.5), margin=1).blocks_to_settle is None


@given(differences, margins)
def test_turning_all_signs_turns_the_verdict(d, margin):
    verdict, turned = judge(d, margin), judge(-np.array(d), margin)

    assert turned.verdict == OPPOSITE.get(verdict.verdict, verdict.verdict)
    assert turned.p == pytest.approx(verdict.p, nan_ok=True)
    assert turned.win_rate == pytest.approx(1 - verdict.win_rate)


@given(differences, margins, st.sampled_from([0.25, 8.0, 1024.0]))
def test_units_do_not_matter(d, margin, factor):
    assert (
        judge(np.array(d) * factor, margin * factor).verdict
        == judge(d, margin).verdict
    )


@given(differences, st.permutations(range(12)))
def test_the_order_of_blocks_does_not_matter(d, order):
    shuffled = [d[i] for i in order if i < len(d)]

    assert judge(shuffled, 1).effect == pytest.approx(judge(d, 1).effect)
    assert judge(shuffled, 1).p == pytest.approx(judge(d, 1).p, nan_ok=True)


@given(differences, margins, st.floats(1, 100))
def test_a_wider_margin_only_ever_adds_equality(d, margin, factor):
    narrow, wide = judge(d, margin), judge(d, margin * factor)

    assert wide.verdict in (narrow.verdict, "no_difference")
    assert not (wide.meaningful and not narrow.meaningful)


@given(differences, margins, st.floats(0.01, 5))
def test_overlap_never_makes_anything_surer(d, margin, ratio):
    plain, corrected = (
        judge(d, margin),
        judge(d, margin, test_train_ratio=ratio),
    )

    assert (
        corrected.verdict in (plain.verdict, "inconclusive")
        or plain.verdict == "no_difference"
    )
    assert not corrected.p < plain.p


@given(differences, margins)
def test_picture_and_verdict_agree(d, margin):
    verdict = judge(d, margin, confidence=0.99, equal_confidence=0.9)
    low, high = verdict.adjusted_interval
    equal_low, equal_high = verdict.equivalence_interval
    assume(verdict.reason not in ("too_few_blocks", "no_spread"))
    inside = -margin < equal_low and equal_high < margin

    assert (verdict.verdict == "no_difference") == inside
    assert (verdict.verdict == "supported") == (low > 0 and not inside)
    assert (verdict.verdict == "refuted") == (high < 0 and not inside)


@given(differences, margins)
def test_enough_blocks_leave_nothing_open(d, margin):
    found = judge(d, margin)
    assume(
        found.reason == "open"
        and found.blocks_to_settle is not None
        and found.blocks_to_settle < 500
    )
    blocks = found.blocks_to_settle + 2 - found.blocks_to_settle % 2
    signs = np.tile([1.0, -1.0], blocks // 2)
    same_spread = found.effect + found.std * signs * math.sqrt(
        (blocks - 1) / blocks
    )

    assert judge(same_spread, margin).verdict != "inconclusive"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.0, 2.0]], 1), "one finite number per block"),
        (([1.0, math.nan], 1), "1 values that are not finite"),
        (([1.0, 2.0], 0), "a number above 0"),
        (([1.0, 2.0], 1, 1.5), "between 0.5 and 1"),
        (([1.0, 2.0], 1, 0.95, 0), "at least once"),
    ],
)
def test_what_cannot_be_judged_is_refused(arguments, message):
    with pytest.raises(UserError, match=message):
        judge(*arguments)


# ---------------------------------------------------------------------------- families


def test_holm_is_applied_to_both_tests_apart():
    claims = [
        spread(3.0, 0.5),
        spread(0.0, 0.5),
        spread(0.5, 0.55),
        spread(0.7, 3),
    ]
    verdicts = judge_family([Sample(d, 1.0) for d in claims])
    ps = [stats.ttest_1samp(d, 0).pvalue for d in claims]

    assert [v.verdict for v in verdicts] == [
        "supported",
        "no_difference",
        "inconclusive",
        "inconclusive",
    ]
    assert [v.p for v in verdicts] == pytest.approx(ps)
    assert verdicts[0].alpha == pytest.approx(0.05 / 4)  # the smallest of four
    assert verdicts[2].alpha == pytest.approx(
        0.05 / 3
    )  # the second smallest fails ...
    assert verdicts[3].alpha == pytest.approx(
        0.05 / 3
    )  # ... and stops the others
    assert verdicts[1].alpha_equivalence == pytest.approx(0.05 / 4)
    assert verdicts[0].p_holm == pytest.approx(4 * ps[0])


def test_what_one_claim_shows_alone_may_drown_in_a_family():
    hit, nothing = spread(0.9, 0.8), spread(0.0, 5.0)

    assert judge(hit, 0.5).verdict == "supported"
    assert (
        judge_family([Sample(hit, 0.5)] + [Sample(nothing, 0.5)] * 9)[
            0
        ].verdict
        == "inconclusive"
    )


@given(st.lists(differences, min_size=1, max_size=5), margins)
def test_a_family_never_says_more_than_each_claim_alone(family, margin):
    for d, verdict in zip(
        family, judge_family([Sample(d, margin) for d in family]), strict=True
    ):
        alone = judge(d, margin).verdict
        assert (
            verdict.verdict in (alone, "inconclusive")
            or alone == "no_difference"
        )


@given(st.lists(differences, min_size=1, max_size=5), margins)
def test_turning_all_signs_of_a_family_turns_its_verdicts(family, margin):
    verdicts = judge_family([Sample(d, margin) for d in family])
    turned = judge_family([Sample(-np.array(d), margin) for d in family])

    assert [v.verdict for v in turned] == [
        OPPOSITE.get(v.verdict, v.verdict) for v in verdicts
    ]
    assert [v.p_holm for v in turned] == pytest.approx(
        [v.p_holm for v in verdicts], nan_ok=True
    )


def test_looks_count_in_holms_order_too():
    first, second = (
        Sample(spread(0.7, 0.5), 0.1),
        Sample(spread(0.0, 0.5), 0.1),
    )
    p = first.estimate.p()
    verdicts = judge_family([first, second], looks=3)

    assert 0.05 / 6 < p < 0.05 / 2  # it would pass but for the looks ...
    assert verdicts[0].p_holm == pytest.approx(6 * p)
    assert verdicts[1].alpha == pytest.approx(
        0.05 / 6
    )  # ... so the other is not tested at the full rate


def test_a_claim_over_levels_needs_all_of_them():
    def at(*means):
        return judge_family(
            [[Sample(spread(m, 0.5), 1.0, level=f"level {m}") for m in means]]
        )[0]

    assert at(3.0, 2.0).verdict == "supported"
    assert at(3.0, 2.0).sample.level == "level 2.0"  # the weakest decides
    assert at(-3.0, -2.0).verdict == "refuted"
    assert at(0.1, 0.2).verdict == "no_difference"
    assert (at(3.0, -3.0).verdict, at(3.0, -3.0).reason) == (
        "inconclusive",
        "levels_disagree",
    )
    assert at(3.0, 0.1).verdict == "inconclusive"
    assert [one.verdict for one in at(3.0, 0.1).by_level] == [
        "supported",
        "no_difference",
    ]


def test_levels_are_tested_without_adjustment_inside():
    levels = [Sample(spread(0.55, 0.5), 0.1), Sample(spread(0.9, 0.8), 0.1)]

    assert judge_family([levels])[0].verdict == "supported"
    assert judge_family([levels])[0].p_holm == pytest.approx(
        max(sample.estimate.p() for sample in levels)
    )


# ------------------------------------------------------------------------------- looks


def test_a_look_takes_its_part_of_the_error_rate():
    d = spread(0.52, 0.5)

    assert judge(d, 0.1).verdict == "supported"
    assert judge(d, 0.1, looks=3).verdict == "inconclusive"
    assert judge(d, 0.1, looks=3).alpha == pytest.approx(0.05 / 3)


def test_what_is_settled_at_a_look_keeps_its_data():
    clear, rng = spread(3.0, 0.5), np.random.default_rng(0)
    settled = Sample(
        np.concatenate([clear, [-50.0] * 10]), 1.0
    )  # later blocks would turn it round
    still_open = Sample(rng.normal(0.0, 1.0, 16), 0.1)
    verdicts, latest = judge_looks([settled, still_open], (6, 10, 16))

    assert latest == 16
    assert (verdicts[0].verdict, verdicts[0].blocks) == ("supported", 6)
    assert verdicts[1].blocks == 16


def test_a_look_waits_for_its_blocks():
    verdicts, latest = judge_looks(
        [Sample(spread(0.7, 3.0), 1.0)], (6, 10, 16)
    )
    assert (latest, verdicts[0].blocks) == (6, 6)

    _, latest = judge_looks([Sample([1.0, 2.0], 1.0)], (6, 10, 16))
    assert latest is None


def test_looks_must_grow():
    with pytest.raises(UserError, match="increasing numbers of blocks"):
        judge_looks([Sample([1.0, 2.0], 1.0)], (10, 6))


# ------------------------------------------------------------------------- error rates


def load_simulation():
    path = Path(__file__).parents[2] / "ci" / "simulate.py"
    spec = importlib.util.spec_from_file_location("simulate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["simulate"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


SIMULATION = load_simulation()


@pytest.mark.parametrize("table", SIMULATION.TABLES)
def test_verdicts_err_as_rarely_as_they_say_and_find_what_is_there(table):
    """The tables of ci/SIMULATION.md with fewer experiments and a fixed seed."""
    _, make = SIMULATION.TABLES[table]
    figures = list(make(400, np.random.default_rng(7)))

    assert [figure for figure in figures if not figure.fine] == []


@pytest.mark.slow
def test_two_hundred_arms_differ_from_themselves_as_often_as_chance_has_it(
    tmp_path,
):
    campaign = SIMULATION.against_itself(200, 3, tmp_path)
    lines = list(read_lines(campaign.folder / FILE))
    p = [check.p for check in run_aa_tests(campaign, SIMULATION.ITSELF)]

    assert len(lines) == 200 * 2 * 6 * 3
    assert (
        stats.binomtest(sum(value < 0.05 for value in p), 200, 0.05).pvalue
        > 0.001
    )
    assert stats.kstest(p, "uniform").pvalue > 0.001
    assert (
        max(
            Counter(line["seeds"]["initialisation"] for line in lines).values()
        )
        == 1
    )
    pairs: dict[tuple[Any, ...], dict[str, Any]] = {}
    for line in lines:
        pairs.setdefault(
            tuple(line[name] for name in ("level", "block", "kind", "number")),
            {},
        )[line["arm"]] = line
    for first, again in (
        (pair["linear"], pair["linear_again"]) for pair in pairs.values()
    ):
        shared = {
            name
            for name, seed in first["seeds"].items()
            if again["seeds"][name] == seed
        }
        assert shared == {"split", "order", "evaluation"}
        assert first["losses"] != again["losses"]


def test_a_judge_that_never_decides_fails_the_simulation(monkeypatch):
    monkeypatch.setattr(
        SIMULATION,
        "judge_family",
        lambda family: [judge([0.0], 1.0) for _ in family],
    )
    figures = list(
        itertools.islice(SIMULATION.power(50, np.random.default_rng(0)), 2)
    )

    assert not any(figure.fine for figure in figures)


def test_a_judge_without_holm_fails_the_simulation(monkeypatch):
    monkeypatch.setattr(
        SIMULATION,
        "judge_family",
        lambda family: [judge(s.differences, s.margin) for s in family],
    )
    figures = SIMULATION.families(200, np.random.default_rng(0))

    assert not all(figure.fine for figure in figures)


def test_one_table_can_be_simulated_anew_and_leaves_the_others_as_they_are():
    written = (Path(__file__).parents[2] / "ci" / "SIMULATION.md").read_text(
        encoding="utf-8"
    )

    assert SIMULATION.merged(written, written) == written
    with pytest.raises(ValueError, match="other --experiments"):
        SIMULATION.merged(
            written,
            written.replace("--experiments 10000", "--experiments 100"),
        )


@pytest.mark.parametrize(
    "hypothesis", ["difference", "equivalence", "no_worse"]
)
def test_the_deciding_interval_never_contradicts_the_answer(hypothesis):
    rng, margin = np.random.default_rng(0), 0.8
    seen = set()
    for _ in range(100):
        samples = [
            Sample(rng.normal(mean, 1, 8), margin, hypothesis)
            for mean in rng.uniform(-2.5, 2.5, 4)
        ]
        for verdict in judge_family(samples):
            low, high = verdict.deciding_interval
            holds = {
                "difference": (low > 0, high < 0),
                "equivalence": (
                    -margin < low and high < margin,
                    low > margin or high < -margin,
                ),
                "no_worse": (low > -margin, high < -margin),
            }[hypothesis]
            seen.add(verdict.verdict)
            if verdict.verdict == "no_difference":
                assert -margin < low
                assert high < margin
            elif verdict.verdict == "inconclusive":
                assert not any(holds)
                assert not (-margin < low and high < margin)
            else:
                assert holds == (
                    verdict.verdict == "supported",
                    verdict.verdict == "refuted",
                )
    assert {"supported", "refuted", "inconclusive"} <= seen

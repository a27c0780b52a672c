"""Campaigns, written down by hand, and what is said of their claims."""

import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from suite.report import sentences
from suite.report.sentences import Labels
from suite.verdicts.judge import (
    Sample,
    judge_campaign,
    judge_looks,
    run_aa_tests,
    undecided,
)
from suite.verdicts.statistics import crossover, recommended_trials
from tasks import Claim, UserError

ACCURACY = {
    "name": "accuracy",
    "better": "higher",
    "percent": True,
    "label": "accuracy",
}
LOSS = {
    "name": "loss",
    "better": "lower",
    "percent": False,
    "label": "log loss",
}

DEEPER = Claim(
    "deeper",
    "Deeper is better.",
    "accuracy",
    better="deep",
    worse="wide",
    margin=0.02,
    source="A lecture",
)
TUNED = {"lr": {"low": -9.0, "high": 9.0, "log": False}}  # far from its ends
WIDE = [0.80, 0.82, 0.81, 0.79, 0.83, 0.80]
AHEAD = [0.05, 0.04, 0.06, 0.05, 0.04, 0.06]
LEVEL = [0.004, -0.003, 0.002, -0.004, 0.003, -0.002]
TORN = [0.05, -0.04, 0.06, -0.01, 0.04, -0.02]


def deep(ahead):
    return [wide + more for wide, more in zip(WIDE, ahead, strict=True)]


def finals(values, *, level="all", metric="test.accuracy", **columns):
    """One row per (arm, block) of finals, from arm -> values by block (None: not there
    yet).
    """
    rows = [
        {"arm": arm, "block": block, "level": level, metric: value, **columns}
        for arm, found in values.items()
        for block, value in enumerate(found)
        if value is not None
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def campaign(written_campaign):
    def build(
        *frames,
        claims=(DEEPER,),
        blocks=6,
        levels=(("all", None),),
        repeats=1,
        aa_test=None,
        looks=(),
        half=0,
        half_length=False,
        length_factor=1.0,
        **extra,
    ):
        runs = pd.concat(frames, ignore_index=True)
        arms = dict.fromkeys(("deep", "wide", *runs["arm"]))
        return written_campaign(
            runs,
            claims,
            arms=[{"name": arm, "label": arm.title()} for arm in arms],
            levels=[{"name": name, "label": "", "x": x} for name, x in levels],
            measures=[ACCURACY, LOSS],
            claims=[{**vars(claim), **extra} for claim in claims],
            space={"deep": TUNED, "wide": TUNED} if half else {},
            aa_test=aa_test or {},
            axis="training examples",
            blocks=blocks,
            looks=list(looks),
            half_budget_trials=half,
            half_length=half_length,
            length_factor=length_factor,
            trials=4,
            finals=repeats,
        )

    return build


@pytest.fixture(scope="session")
def judged(campaign):
    def build(*frames, **options):
        return judge_campaign(campaign(*frames, **options))

    return build


@pytest.fixture(scope="session")
def labels(campaign):
    def build():
        """What the tests' campaigns call their arms."""
        return Labels(campaign(finals({"deep": WIDE, "wide": WIDE})).manifest)

    return build


@pytest.fixture(scope="session")
def said(labels):
    def build(verdict):
        return sentences.sentence(verdict, labels())

    return build


@pytest.fixture(scope="session")
def noted(labels):
    def build(verdict):
        return sentences.notes(verdict, labels())

    return build


@pytest.fixture(scope="session")
def seen(labels):
    def build(gate, verdict):
        return sentences.gate_text(gate, verdict, labels())

    return build


def test_a_clear_difference_is_supported_and_said_plainly(judged, said):
    (verdict,) = judged(finals({"deep": deep(AHEAD), "wide": WIDE}))

    assert (verdict.verdict, verdict.meaningful, verdict.label) == (
        "supported",
        True,
        "confirmatory",
    )
    assert verdict.effect == pytest.approx(0.05)
    assert verdict.p == pytest.approx(
        stats.ttest_rel(deep(AHEAD), WIDE).pvalue
    )
    assert said(verdict) == (
        "Yes: Deep was ahead of Wide by 5.0 points in accuracy (likely between 4.1 and 5.9); it was as claimed in "
        "6 of 6 repetitions. That is more than the 2 points that matter, even at the cautious end."
    )
    assert verdict.per_block[1] == {
        "block": 1,
        "level": "all",
        "better": pytest.approx(0.86),
        "worse": pytest.approx(0.82),
        "difference": pytest.approx(0.04),
    }


def test_arms_are_compared_within_blocks(judged):
    values = {"deep": deep(AHEAD), "wide": WIDE}
    shuffled = finals(values).sample(frac=1, random_state=0)

    assert judged(shuffled)[0].effect == judged(finals(values))[0].effect


@pytest.mark.parametrize(
    ("ahead", "expected", "starting"),
    [
        (
            [-gap for gap in AHEAD],
            "refuted",
            "No, rather the opposite: Wide was ahead of Deep by 5.0 points",
        ),
        (
            LEVEL,
            "no_difference",
            "No difference that matters: Deep and Wide differ by less than 2 points in accuracy",
        ),
        (
            TORN,
            "inconclusive",
            "Inconclusive: Deep may be anywhere from 3.1 points behind Wide to 5.7 points ahead in accuracy. At most ",
        ),
    ],
)
def test_the_other_answers(ahead, expected, starting, judged, said):
    (verdict,) = judged(finals({"deep": deep(ahead), "wide": WIDE}))

    assert verdict.verdict == expected
    assert said(verdict).startswith(starting)


def test_less_is_better_where_the_measure_says_so(judged, said):
    claim = Claim("loss", "", "loss", better="deep", worse="wide", margin=0.01)
    (verdict,) = judged(
        finals({"deep": WIDE, "wide": deep(AHEAD)}, metric="test.loss"),
        claims=[claim],
    )

    assert verdict.verdict == "supported"
    assert "Deep was ahead of Wide by 0.05 in log loss" in said(verdict)


def test_times_are_compared_as_ratios(judged, said):
    claim = Claim(
        "faster",
        "",
        "seconds_per_epoch",
        better="deep",
        worse="wide",
        margin=0.1,
        scale="log_ratio",
    )
    seconds = {
        "deep": [1.0, 2.0, 1.5, 1.0, 2.0, 3.0],
        "wide": [2.0, 4.2, 3.1, 1.9, 3.9, 6.1],
    }
    (verdict,) = judged(
        finals(seconds, metric="seconds_per_epoch"), claims=[claim]
    )

    assert verdict.effect == pytest.approx(
        np.log(np.divide(seconds["wide"], seconds["deep"])).mean()
    )
    assert said(verdict).startswith(
        "Yes: Wide had 2.01 times the seconds per epoch of Deep (likely between 1.93 and"
    )


def test_a_throughput_is_better_when_higher(judged):
    claim = Claim(
        "faster",
        "",
        "examples_per_second",
        better="deep",
        worse="wide",
        margin=1,
    )
    values = {
        "deep": [20.0, 22, 21, 20, 23, 21],
        "wide": [10.0, 11, 10, 10, 12, 11],
    }

    assert (
        judged(finals(values, metric="examples_per_second"), claims=[claim])[
            0
        ].verdict
        == "supported"
    )


def test_an_error_of_zero_counts_as_half_an_example(judged, said):
    claim = Claim(
        "errors",
        "",
        "accuracy",
        better="deep",
        worse="wide",
        margin=0.1,
        scale="log_error",
    )
    values = {
        "deep": [1.0, 0.98, 0.99, 0.97, 0.98, 0.99],
        "wide": [0.9, 0.92, 0.91, 0.93, 0.9, 0.92],
    }
    (verdict,) = judged(finals(values, **{"data.n_test": 100}), claims=[claim])

    assert verdict.per_block[0]["difference"] == pytest.approx(
        math.log(0.1 / 0.005)
    )
    assert "Wide made" in said(verdict)
    assert "times as many errors as Deep" in said(verdict)


def test_at_least_is_a_difference_less_what_is_promised(judged, said):
    claim = Claim(
        "much deeper",
        "",
        "accuracy",
        better="deep",
        worse="wide",
        margin=0.005,
        at_least=0.1,
    )
    (verdict,) = judged(
        finals({"deep": deep(AHEAD), "wide": WIDE}), claims=[claim]
    )

    assert verdict.verdict == "refuted"
    assert verdict.effect == pytest.approx(-0.05)
    assert said(verdict).startswith(
        "No: Deep was ahead of Wide by 5.0 points in accuracy (likely between 4.1 and 5.9), where at least 10 points "
        "were claimed; it was as claimed in 0 of 6 repetitions."
    )


def test_equal_arms_support_a_claim_of_equality(judged, said):
    claim = Claim(
        "same",
        "",
        "accuracy",
        better="deep",
        worse="wide",
        margin=0.02,
        kind="equal",
    )
    same = judged(finals({"deep": deep(LEVEL), "wide": WIDE}), claims=[claim])[
        0
    ]
    other = judged(
        finals({"deep": deep(AHEAD), "wide": WIDE}), claims=[claim]
    )[0]

    assert (same.verdict, other.verdict) == ("supported", "refuted")
    assert said(same).startswith(
        "Yes, they are as good as equal: Deep and Wide differ by less than 2 points"
    )


def test_a_contrast_weighs_arms(judged):
    claim = Claim(
        "midway",
        "",
        "accuracy",
        kind="contrast",
        weights={"deep": 1.0, "mid": -0.5, "wide": -0.5},
        margin=0.01,
    )
    mid = [0.79, 0.83, 0.80, 0.80, 0.82, 0.80]
    (verdict,) = judged(
        finals({"deep": deep(AHEAD), "wide": WIDE, "mid": mid}), claims=[claim]
    )
    expected = np.array(deep(AHEAD)) - (np.array(WIDE) + mid) / 2

    assert verdict.effect == pytest.approx(expected.mean())
    assert verdict.per_block[0]["worse"] == pytest.approx((0.80 + 0.79) / 2)
    assert verdict.verdict == "supported"


def test_a_threshold_carries_its_figures_own_error(judged, said):
    claim = Claim(
        "reach",
        "",
        "accuracy",
        better="deep",
        kind="threshold",
        reference=0.80,
        margin=0.01,
    )
    sure = judged(finals({"deep": deep(AHEAD)}), claims=[claim])[0]
    unsure = judged(
        finals({"deep": deep(AHEAD)}),
        claims=[Claim(**{**vars(claim), "reference_se": 0.1})],
    )[0]

    assert (sure.verdict, unsure.verdict) == ("supported", "inconclusive")
    assert said(sure).startswith(
        "Yes: Deep was ahead of the published 80.0 by 5.8 points in accuracy"
    )


# ------------------------------------------------------------------------------ levels

TWO = (("few", 100.0), ("many", 1000.0))


@pytest.fixture(scope="session")
def over_levels(judged):
    def build(few, many, claim=DEEPER, **options):
        frames = [
            finals({"deep": deep(gap), "wide": WIDE}, level=name)
            for name, gap in (("few", few), ("many", many))
        ]
        return judged(*frames, claims=[claim], levels=TWO, **options)[0]

    return build


def test_a_claim_over_levels_needs_all_and_shows_the_weakest(
    noted, over_levels
):
    verdict = over_levels(AHEAD, [0.05, 0.0, 0.04, 0.02, 0.01, 0.03])

    assert verdict.verdict == "supported"
    assert verdict.effect == pytest.approx(0.025)
    assert [one["effect"] for one in verdict.by_level] == pytest.approx(
        [0.05, 0.025]
    )
    assert len(verdict.per_block) == 12
    assert "The numbers are those at many, the level that decides." in noted(
        verdict
    )


def test_levels_that_disagree_settle_nothing(over_levels, said):
    verdict = over_levels(AHEAD, [-gap for gap in AHEAD])

    assert verdict.verdict == "inconclusive"
    assert (
        said(verdict)
        == "Inconclusive as a whole, because levels disagree: supported at few, refuted at many."
    )


def test_an_interaction_is_the_slope_of_the_gap_over_log_x(over_levels, said):
    claim = Claim(
        "gap closes",
        "",
        "accuracy",
        better="deep",
        worse="wide",
        kind="interaction",
        margin=0.005,
    )
    many = [-gap for gap in AHEAD[::-1]]
    verdict = over_levels(AHEAD, many, claim)
    slopes = [
        (late - early) / math.log(10)
        for early, late in zip(AHEAD, many, strict=True)
    ]

    assert verdict.verdict == "refuted"
    assert [row["difference"] for row in verdict.per_block] == pytest.approx(
        slopes
    )
    assert verdict.p == pytest.approx(stats.ttest_1samp(slopes, 0).pvalue)
    assert [(one["x"], one["effect"]) for one in verdict.by_level] == [
        (100, pytest.approx(0.05)),
        (1000, pytest.approx(-0.05)),
    ]
    assert verdict.crossover is not None
    assert verdict.crossover.state == "located"
    assert verdict.crossover.at == pytest.approx(
        crossover(np.transpose([AHEAD, many]), [100, 1000]).at
    )
    assert "loses ground to" in said(verdict)


def test_the_gap_of_an_interaction_keeps_within_100_points(over_levels):
    claim = Claim(
        "gap closes",
        "",
        "accuracy",
        better="deep",
        worse="wide",
        kind="interaction",
        margin=0.005,
    )
    early = [0.98, 0.6, 0.99, 0.97, 0.98, 0.98]
    verdict = over_levels(early, AHEAD, claim)
    low, high = verdict.by_level[0]["interval"]
    plain = stats.ttest_1samp(early, 0).confidence_interval(0.95)
    mean = np.mean(early)
    half = (plain.high - mean) / (1 - mean**2)  # of Fisher's transformation

    assert plain.high > 1
    assert low == pytest.approx(math.tanh(math.atanh(mean) - half))
    assert high == pytest.approx(math.tanh(math.atanh(mean) + half))


def test_an_interaction_needs_every_level_of_a_block(judged):
    claim = Claim(
        "gap closes",
        "",
        "accuracy",
        better="deep",
        worse="wide",
        kind="interaction",
        margin=0.005,
    )
    frames = [
        finals({"deep": deep(AHEAD), "wide": WIDE}, level="few"),
        finals({"deep": [*deep(AHEAD)[:5], None], "wide": WIDE}, level="many"),
    ]
    (verdict,) = judged(*frames, claims=[claim], levels=TWO)

    assert (verdict.complete, verdict.blocks) == (False, 5)


def test_an_interaction_over_what_is_no_axis_is_refused(judged):
    claim = Claim(
        "gap closes",
        "",
        "accuracy",
        better="deep",
        worse="wide",
        kind="interaction",
        margin=0.005,
    )
    with pytest.raises(
        UserError, match="give at least two levels a different x"
    ):
        judged(finals({"deep": WIDE, "wide": WIDE}), claims=[claim])


# ---------------------------------------------------------- waiting, failing, checking


def test_a_missing_pair_is_waited_for(judged, noted, said):
    (verdict,) = judged(
        finals({"deep": [*deep(AHEAD)[:5], None], "wide": WIDE})
    )

    assert (verdict.verdict, verdict.complete, verdict.would_be) == (
        "inconclusive",
        False,
        None,
    )
    assert verdict.blocks == 5
    assert verdict.effect == pytest.approx(0.048)  # the numbers so far
    assert "Incomplete: 5 of 6 blocks." in noted(verdict)
    assert said(verdict).startswith(
        "Not finished: 5 of 6 repetitions are in. So far Deep may be ahead of Wide by anything between"
    )


def test_an_empty_campaign_has_verdicts_too(judged):
    empty = finals({"deep": WIDE, "wide": WIDE}).iloc[:0]
    (verdict,) = judged(empty)

    assert (verdict.verdict, verdict.blocks, verdict.complete) == (
        "inconclusive",
        0,
        False,
    )
    assert (
        json.loads(json.dumps(verdict.as_dict(), allow_nan=False))["effect"]
        is None
    )


def test_what_is_settled_is_not_taken_back_when_others_arrive(judged):
    other = Claim(
        "other", "", "loss", better="wide", worse="deep", margin=0.02
    )
    frame = finals({"deep": deep(AHEAD), "wide": WIDE})
    clearer = [
        0.0500,
        0.0501,
        0.0499,
        0.0500,
        0.0501,
        0.0500,
    ]  # its p-value would come first in Holm's order
    frame["test.loss"] = [*deep(clearer), *WIDE[:5], None]
    while_waiting = judged(frame, claims=[DEEPER, other])
    assert while_waiting[0].p_holm == pytest.approx(
        2 * while_waiting[0].p
    )  # as if the other showed nothing
    assert (while_waiting[1].verdict, while_waiting[1].complete) == (
        "inconclusive",
        False,
    )

    for arrived in (AHEAD, TORN):
        frame["test.loss"] = [*deep(arrived), *WIDE]
        later = judged(frame, claims=[DEEPER, other])[0]
        assert later.verdict == while_waiting[0].verdict == "supported"
        assert later.p_holm <= while_waiting[0].p_holm


def test_a_cells_finals_are_averaged_and_waited_for(judged):
    values = [
        finals({"deep": deep(AHEAD), "wide": WIDE}),
        finals(
            {"deep": [value + 0.02 for value in deep(AHEAD)], "wide": WIDE},
            number=1,
        ),
    ]

    assert judged(*values, repeats=2)[0].effect == pytest.approx(0.06)
    assert judged(values[0], repeats=2)[0].blocks == 0


@pytest.mark.parametrize(
    "status", ["out_of_memory", "timed_out", "crashed", "lost"]
)
def test_what_the_machine_failed_is_waited_for(status, judged):
    frame = finals({"deep": deep(AHEAD), "wide": WIDE})
    frame["status"] = ["finished"] * 11 + [status]

    assert judged(frame)[0].complete is False


def test_a_verdict_that_hinges_on_failures_is_none(judged, said):
    frame = finals({"deep": [*deep(AHEAD)[:5], 0.1], "wide": WIDE})
    frame["status"] = ["finished"] * 5 + ["diverged"] + ["finished"] * 6
    (verdict,) = judged(frame)

    assert (verdict.verdict, verdict.would_be) == (
        "inconclusive",
        "inconclusive",
    )
    assert verdict.gates[-1].code == "hinges-on-failures"
    assert "without them the answer would be: supported" in said(verdict)

    frame.loc[5, "test.accuracy"] = (
        0.84  # it failed late: the answer is the same without it
    )
    (verdict,) = judged(frame)
    assert verdict.verdict == "supported"
    assert not verdict.gates[-1].failed


def test_an_arm_that_always_fails_is_not_dropped(judged, seen):
    frame = finals({"deep": [0.1] * 6, "wide": WIDE})
    frame["status"] = ["diverged"] * 6 + ["finished"] * 6
    (verdict,) = judged(frame)

    assert (verdict.blocks, verdict.complete) == (6, True)
    assert verdict.effect == pytest.approx(0.1 - np.mean(WIDE))
    assert (verdict.verdict, verdict.would_be) == ("inconclusive", "refuted")
    assert verdict.gates[-1].failed
    assert (
        "6 finals failed, and without them the answer would be: inconclusive"
        in seen(verdict.gates[-1], verdict)
    )


def test_hopelessly_wide_intervals_are_not_quoted(judged, said):
    (verdict,) = judged(
        finals({"deep": [0.9, 0.2], "wide": [0.3, 0.7]}), blocks=2
    )

    assert said(verdict) == (
        "Inconclusive: repetitions differ so much from each other that nothing "
        "can be said of them together. It takes more repetitions, 6 at the least."
    )


def test_an_uncertain_figure_is_not_blamed_on_the_data(judged, said):
    claim = Claim(
        "reach",
        "",
        "accuracy",
        better="deep",
        kind="threshold",
        reference=0.85,
        reference_se=0.1,
        margin=0.01,
    )
    (verdict,) = judged(finals({"deep": deep(AHEAD)}), claims=[claim])

    assert said(verdict).endswith(
        "because the published figure is itself too uncertain."
    )


def test_few_blocks_are_a_first_hint(judged, said):
    (verdict,) = judged(
        finals({"deep": deep(AHEAD)[:3], "wide": WIDE[:3]}), blocks=3
    )

    assert (verdict.verdict, verdict.label) == ("supported", "exploratory")
    assert said(verdict).startswith(
        "A first hint, from 3 repetitions only. Yes:"
    )


def test_an_edited_claim_is_exploratory_and_outside_of_the_family(
    judged, noted
):
    torn = Claim(
        "other", "", "accuracy", better="wide", worse="deep", margin=0.02
    )
    frame = finals({"deep": deep(AHEAD), "wide": WIDE})
    edited = judged(
        frame,
        claims=[DEEPER, torn],
        known_from="an earlier campaign",
        attempt=3,
    )

    assert {verdict.label for verdict in edited} == {"exploratory"}
    assert edited[0].p_holm == edited[0].p
    assert "Campaign 3 of this claim." in noted(edited[0])


def test_looks_judge_the_blocks_that_were_declared(judged, noted):
    claim = Claim(
        "deeper", "", "accuracy", better="deep", worse="wide", margin=0.005
    )
    wide = WIDE + WIDE[:5]
    values = {
        "deep": [
            w + gap for w, gap in zip(wide, AHEAD + TORN[:5], strict=True)
        ],
        "wide": wide,
    }
    (clear,) = judged(
        finals(values), claims=[claim], blocks=16, looks=[6, 10, 16]
    )
    assert (clear.verdict, clear.blocks, clear.complete) == (
        "supported",
        6,
        True,
    )
    assert [row["block"] for row in clear.per_block] == [0, 1, 2, 3, 4, 5]

    values["deep"] = [
        w + gap for w, gap in zip(wide, TORN + TORN[:5], strict=True)
    ]
    (unsettled,) = judged(
        finals(values), claims=[claim], blocks=16, looks=[6, 10, 16]
    )
    assert (unsettled.verdict, unsettled.blocks) == ("inconclusive", 10)
    assert (
        "Looked at 10 of at most 16 blocks; the next look is at 16."
        in noted(unsettled)
    )


def test_blocks_handed_out_look_by_look_give_the_verdicts_of_the_simulated_looks(
    campaign,
):
    """What the driver does with ``undecided`` against what ci/simulate.py simulates:
    ``judge_looks`` on all blocks.
    """
    looks, rng, used = [6, 10, 16], np.random.default_rng(0), set()
    levels = [("one", None), ("two", None), ("three", None)]
    claims = [
        Claim(
            name,
            "",
            "accuracy",
            better="deep",
            worse="wide",
            levels=(name,),
            margin=0.02,
        )
        for name, _ in levels
    ]
    for _ in range(12):
        gaps = dict(
            zip(
                ("one", "two", "three"),
                rng.normal([[0.05], [0.02], [0.0]], 0.04, (3, 16)),
                strict=True,
            )
        )
        whole = {level: [*gap] for level, gap in gaps.items()}
        released, blocks = (
            {level for level, _ in levels},
            dict.fromkeys(gaps, 6),
        )
        for look in looks:
            blocks |= dict.fromkeys(released, look)
            frames = [
                finals(
                    {"deep": whole[level][:count], "wide": [0.0] * count},
                    level=level,
                )
                for level, count in blocks.items()
            ]
            record = campaign(
                *frames, claims=claims, blocks=16, levels=levels, looks=looks
            )
            released = {
                level
                for level, _ in undecided(
                    record.manifest, "depth", as_lines(frames)
                )
            }
        found = judge_campaign(record)
        simulated, _ = judge_looks(
            [Sample(gaps[claim.name], 0.02) for claim in claims], looks
        )

        assert (
            [one.blocks for one in found]
            == [one.blocks for one in simulated]
            == list(blocks.values())
        )
        assert [one.verdict for one in found] == [
            one.verdict for one in simulated
        ]
        assert [one.p_holm for one in found] == pytest.approx(
            [one.p_holm for one in simulated]
        )
        used |= set(blocks.values())
    assert used == {6, 10, 16}


def as_lines(frames):
    """The lines of a record that these finals come from."""
    for row in pd.concat(frames).to_dict("records"):
        place = {name: row[name] for name in ("arm", "block", "level")}
        line = {
            "key": str(place),
            "task": "depth",
            "kind": "final",
            "number": 0,
            "status": "finished",
        }
        yield {
            **line,
            **place,
            "params": {},
            "curve": [],
            "metrics": {"test.accuracy": row["test.accuracy"]},
        }


def test_it_depends_on_the_matching_where_one_is_supported_and_one_refuted(
    judged, noted
):
    claims = [
        Claim(
            name,
            "",
            "accuracy",
            better="deep",
            worse="wide",
            levels=(name,),
            margin=0.02,
            matching_group="matching",
        )
        for name in ("few", "many")
    ]
    frames = [
        finals({"deep": deep(AHEAD), "wide": WIDE}, level="few"),
        finals(
            {"deep": deep([-gap for gap in AHEAD]), "wide": WIDE}, level="many"
        ),
    ]
    for verdict in judged(*frames, claims=claims, levels=TWO):
        assert (
            "Depends on the matching: supported for 'few', refuted for 'many'."
            in noted(verdict)
        )


# ------------------------------------------------------------------- what it holds for


def test_splits_of_one_pool_widen_the_interval(judged, labels):
    frame = finals(
        {"deep": deep(AHEAD), "wide": WIDE},
        **{"data.population": "resplit", "data.test_train_ratio": 0.125},
    )
    (verdict,) = judged(frame)
    (plain,) = judged(finals({"deep": deep(AHEAD), "wide": WIDE}))

    assert verdict.interval[0] < plain.interval[0]
    assert verdict.fixed_split_interval == plain.interval
    assert "split the same examples again" in sentences.population(
        verdict, labels()
    )


def test_each_level_has_its_own_overlap(judged, labels):
    frames = [
        finals(
            {"deep": deep(AHEAD), "wide": WIDE},
            level="few",
            **{"data.population": "fresh", "data.test_train_ratio": 0.0},
        ),
        finals(
            {"deep": deep(AHEAD), "wide": WIDE},
            level="many",
            **{"data.population": "resplit", "data.test_train_ratio": 0.2},
        ),
    ]
    (verdict,) = judged(*frames, levels=TWO)

    assert (
        verdict.by_level[0]["interval"][0] > verdict.by_level[1]["interval"][0]
    )
    assert sentences.population(verdict, labels()).startswith(
        "few: Holds for new data from the same source"
    )
    assert "many: Holds for new data like these" in sentences.population(
        verdict, labels()
    )


def test_one_official_test_set_has_a_second_interval_for_new_examples(
    judged, labels
):
    facts = {
        "data.population": "official",
        "data.test_train_ratio": 0.0,
        "data.n_test": 1000,
    }
    (verdict,) = judged(finals({"deep": deep(AHEAD), "wide": WIDE}, **facts))
    errors = (1 - np.mean(deep(AHEAD))) + (1 - np.mean(WIDE))
    half = stats.t(5).ppf(0.975) * math.hypot(
        stats.sem(AHEAD), math.sqrt(errors / 1000)
    )

    assert verdict.new_test_interval == pytest.approx(
        (0.05 - half, 0.05 + half)
    )
    assert "this one test set" in sentences.population(verdict, labels())


def test_fresh_data_speak_for_new_data(judged, labels):
    (verdict,) = judged(
        finals(
            {"deep": deep(AHEAD), "wide": WIDE}, **{"data.population": "fresh"}
        )
    )

    assert sentences.population(verdict, labels()).startswith(
        "Holds for new data"
    )


# ------------------------------------------------------------------------- A/A test


@pytest.mark.parametrize(
    ("differences", "state", "verdict"),
    [
        (TORN, "quiet", "supported"),
        ([0.01, 0.02, 0.0, 0.01, 0.03, 0.01], "note", "supported"),
        (AHEAD, "failure", "inconclusive"),
    ],
)
def test_an_arm_that_differs_from_itself_raises_the_alarm(
    differences, state, verdict, campaign
):
    second = [
        value - gap
        for value, gap in zip(deep(AHEAD), differences, strict=True)
    ]
    record = campaign(
        finals({"deep": deep(AHEAD), "wide": WIDE, "deep_again": second}),
        aa_test={"deep_again": "deep"},
    )
    (check,) = run_aa_tests(record, "depth")
    (judged_claim,) = judge_campaign(record)

    assert check.state == state
    assert check.p == pytest.approx(stats.ttest_1samp(differences, 0).pvalue)
    assert judged_claim.verdict == verdict
    assert (
        judged_claim.p_holm == judged_claim.p
    )  # it takes no place in the family


def test_an_arm_against_itself_waits_for_its_blocks(campaign):
    record = campaign(
        finals({"deep": deep(AHEAD), "wide": WIDE, "deep_again": WIDE[:4]}),
        aa_test={"deep_again": "deep"},
    )

    assert run_aa_tests(record, "depth")[0].state == "waiting"


def test_an_arm_is_compared_with_itself_only_where_it_ran_twice(campaign):
    rows = {"deep": deep(AHEAD), "wide": WIDE}
    record = campaign(
        finals({**rows, "deep_again": WIDE}, level="few"),
        finals(rows, level="many"),
        claims=(replace(DEEPER, levels=("few", "many")),),
        levels=(("few", None), ("many", None)),
        aa_test={"deep_again": "deep"},
    )

    assert [check.level for check in run_aa_tests(record, "depth")] == ["few"]


def test_as_dict_is_what_verdict_json_prints(judged):
    printed = json.loads(
        json.dumps(
            judged(finals({"deep": deep(AHEAD), "wide": WIDE}))[0].as_dict(),
            allow_nan=False,
        )
    )

    assert {
        "task",
        "claim",
        "verdict",
        "effect",
        "interval",
        "blocks",
        "gates",
    } <= printed.keys()
    assert printed["verdict"] == "supported"
    assert len(printed["interval"]) == 2


# --------------------------------------------------------------------- half the budget

ONE_BAD_HALF = [0.05, 0.04, 0.06, 0.05, 0.04, -0.30]


def tuned(*, change, half, full=None):
    """Trials and half-budget finals of ``deep``: in blocks where ``change`` holds, the
    best trial is the last of four, by too little to matter.

    ``half`` is by how much deep is then ahead with half of the tuning (None: not
    trained yet).
    """
    accuracy = {
        number: [
            0.9
            if number == 0
            else 0.903
            if number == 3 and arm == "deep" and changed
            else 0.5
            for arm in ("deep", "wide")
            for changed in change
        ]
        for number in range(4)
    }
    trials = [
        finals(
            {"deep": values[:6], "wide": values[6:]},
            metric="validation.accuracy",
            kind="trial",
            number=number,
            **{"param.lr": 0.1 * number},
        )
        for number, values in accuracy.items()
    ]
    chosen = [0.3 * changed for changed in change]
    values = {"deep": deep(AHEAD) if full is None else full, "wide": WIDE}
    judged_ones = finals(values).assign(**{"param.lr": [*chosen, *[0.0] * 6]})
    others = [
        wide + gap if changed and gap is not None else None
        for wide, gap, changed in zip(WIDE, half, change, strict=True)
    ]
    return [
        *trials,
        judged_ones,
        finals({"deep": others}, kind="half_budget", **{"param.lr": 0.0}),
    ]


@pytest.mark.parametrize(
    ("half", "answer", "verdict", "failed"),
    [
        (AHEAD, "supported", "supported", False),
        (TORN, "inconclusive", "supported", False),
        ([-gap for gap in AHEAD], "refuted", "inconclusive", True),
    ],
)
def test_the_verdict_says_what_half_of_the_tuning_would_have_said(
    half, answer, verdict, failed, judged, noted
):
    (found,) = judged(*tuned(change=[True] * 6, half=half), half=2)
    gate = next(gate for gate in found.gates if gate.code == "tuning-budget")

    assert (found.verdict, gate.failed) == (verdict, failed)
    assert found.half_budget is not None
    assert found.half_budget.verdict == answer
    assert found.half_budget.effect == pytest.approx(np.mean(half))
    low, high = stats.t.interval(0.95, 5, np.mean(half), stats.sem(half))
    assert found.half_budget.interval == pytest.approx((low, high))
    assert found.half_budget.changes == (answer != "supported")
    assert any(
        "With half of the tuning the answer would be" in note
        for note in noted(found)
    ) == (answer != "supported")
    assert found.as_dict()["half_budget"]["verdict"] == answer


def test_where_half_of_the_trials_chose_the_same_the_finals_answer_for_both(
    judged,
):
    (found,) = judged(
        *tuned(change=[False] * 5 + [True], half=ONE_BAD_HALF), half=2
    )

    assert found.half_budget is not None
    assert found.half_budget.retrained == 1
    assert found.half_budget.effect == pytest.approx(
        np.mean([*AHEAD[:5], -0.30])
    )


def test_half_the_budget_is_waited_for_and_until_then_validation_answers(
    judged, seen
):
    (found,) = judged(
        *tuned(change=[False] * 5 + [True], half=[*AHEAD[:5], None]), half=2
    )

    assert (found.verdict, found.complete, found.half_budget) == (
        "supported",
        True,
        None,
    )
    assert [
        seen(gate, found)
        for gate in found.gates
        if gate.code == "tuning-budget"
    ] == ["Half of the tuning trials would have put the same arm ahead."]


def test_looks_freeze_half_the_budget_too(judged):
    frames = tuned(
        change=[True] * 6, half=[0.05, 0.04, 0.06, -0.30, -0.30, -0.30]
    )
    claim = Claim(
        "deeper", "", "accuracy", better="deep", worse="wide", margin=0.005
    )
    (found,) = judged(*frames, claims=[claim], half=2, looks=[3, 6])

    assert (found.blocks, found.half_budget.blocks) == (3, 3)
    assert found.half_budget.verdict == found.verdict == "supported"


# Depth 3 minus depth 1, in points, by trials: an independent program's means over six
# blocks at 2, 4, 8 and 16 trials.
BY_TRIALS = [-7.7, -4.4, -2.3, 0.6]
NOISE = np.array([0.4, -0.6, 0.2, -0.3, 0.5, -0.2])  # of mean 0


def points(effect):
    """The differences of six blocks around a mean that is given in points."""
    return (effect + NOISE) / 100


@pytest.mark.parametrize(
    ("before", "after", "moves"),
    [
        *((*pair, True) for pair in itertools.pairwise(BY_TRIALS)),
        (0.6, 1.4, False),  # less than the margin of 2 points
    ],
)
def test_an_effect_that_more_trials_move_past_the_margin_is_no_answer(
    before, after, moves, judged, seen
):
    frames = tuned(
        change=[True] * 6, half=points(before), full=deep(points(after)[::-1])
    )
    (found,) = judged(*frames, half=2)
    gate = gate_of(found, "moving-with-tuning")

    assert gate.failed == moves
    assert (found.reason == "gate") == moves
    if moves:
        assert "still moves with the tuning budget" in seen(gate, found)
        assert "with 2 of 4 trials" in seen(gate, found)
        assert "8 trials should be enough" in seen(gate, found)


@pytest.mark.parametrize(
    ("trials", "change", "expected"),
    [
        (4, 3.3, 8),  # 1.65 points still to come after eight
        (4, -3.3, 8),
        (2, 9.0, 16),  # 4.5, 2.25, 1.1
        (16, 2.0, 16),
    ],
)
def test_trials_are_recommended_until_less_than_the_margin_is_to_come(
    trials, change, expected
):
    assert recommended_trials(trials, change, margin=2.0) == expected


def test_a_move_in_one_block_is_chance(judged):
    frames = tuned(change=[True] * 6, half=[*AHEAD[:5], -0.30])
    (found,) = judged(
        *frames, half=2
    )  # 6 points on average, from a single block

    assert not gate_of(found, "moving-with-tuning").failed


def half_length(ahead):
    """Finals, and half-length finals in which deep is so far ahead."""
    full = finals({"deep": deep(AHEAD), "wide": WIDE})
    short = [
        None if more is None else wide + more
        for wide, more in zip(WIDE, ahead, strict=True)
    ]
    return full, finals({"deep": short, "wide": WIDE}, kind="half_length")


@pytest.mark.parametrize(
    ("ahead", "answer", "moves", "flips"),
    [
        (AHEAD[::-1], "supported", False, False),
        ([0.11, 0.12, 0.10, 0.11, 0.12, 0.11], "supported", True, False),
        ([-gap for gap in AHEAD], "refuted", True, True),
        (
            TORN,
            "inconclusive",
            False,
            False,
        ),  # 4 points on average, and by chance
    ],
)
def test_the_verdict_says_what_half_of_the_training_would_have_said(
    ahead, answer, moves, flips, judged, noted
):
    (found,) = judged(*half_length(ahead), half_length=True)

    assert found.half_length is not None
    assert found.half_length.verdict == answer
    assert found.half_length.effect == pytest.approx(np.mean(ahead))
    assert gate_of(found, "moving-with-length").failed == moves
    assert gate_of(found, "training-length").failed == flips
    assert found.verdict == ("inconclusive" if moves or flips else "supported")
    told = [
        note for note in noted(found) if "With half of the training" in note
    ]
    assert bool(told) == (answer != "supported")


def test_a_claim_about_a_fixed_budget_is_told_and_not_asked(judged):
    claim = replace(DEEPER, fixed_budget=True)
    (found,) = judged(
        *half_length([-gap for gap in AHEAD]), claims=[claim], half_length=True
    )

    assert (found.verdict, found.half_length.verdict) == (
        "supported",
        "refuted",
    )
    assert not gate_of(found, "moving-with-length").asked


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_another_length_is_told_of_a_claim_about_a_fixed_budget(
    fixed, factor, judged, noted
):
    claim = replace(DEEPER, fixed_budget=fixed)
    runs = finals({"deep": deep(AHEAD), "wide": WIDE})

    (found,) = judged(runs, claims=[claim], length_factor=factor)

    told = any("which the profile changes" in note for note in noted(found))
    assert told == (fixed and factor != 1)


def test_half_length_finals_are_waited_for(judged):
    (found,) = judged(*half_length([*AHEAD[:5], None]), half_length=True)

    assert (found.verdict, found.half_length) == ("supported", None)


def gate_of(found, code):
    return next(gate for gate in found.gates if gate.code == code)


# --------------------------------------------------------- what the effect varies with


def two_finals(effects):
    """Finals of both arms with these effects: (blocks, 2)."""
    pairs = np.transpose(effects)
    return [
        finals({"deep": deep(pair), "wide": WIDE}, number=number)
        for number, pair in enumerate(pairs)
    ]


def test_two_finals_split_the_spread_of_an_effect_into_seed_and_the_rest(
    judged, noted
):
    """Against the one-way analysis of variance, blocks being the groups."""
    shared = [0.01, 0.06, 0.11, 0.03, 0.09, 0.05]
    seed = [0.004, -0.003, 0.002, -0.004, 0.003, -0.002]
    found = [[a + b, a - b] for a, b in zip(shared, seed, strict=True)]
    (verdict,) = judged(*two_finals(found), repeats=2)
    within = np.mean(np.var(found, axis=1, ddof=1))
    between = stats.f_oneway(*found).statistic * within
    rest = math.sqrt((between - within) / 2)

    (note,) = [one for one in verdict.notes if one.code == "note-spread"]
    assert note.values["margin_seed"] == pytest.approx(math.sqrt(within))
    assert note.values["margin_rest"] == pytest.approx(rest)
    assert note.values["helps"] == "trials"
    (text,) = [one for one in noted(verdict) if "vary with the seed" in one]
    assert f"{100 * rest:.1f} points" in text
    assert "more trials and blocks" in text


def test_blocks_that_vary_no_more_than_seeds_do_are_said_not_to(judged):
    shared = [0.00, 0.06, 0.12, 0.03, 0.09, 0.05]
    found = [[a + 0.15, a - 0.15] for a in shared]
    (verdict,) = judged(*two_finals(found), repeats=2)

    (note,) = [
        one for one in verdict.notes if one.code.startswith("note-spread")
    ]
    assert (
        note.code == "note-spread-seed"
    )  # blocks vary less than chance has it
    assert note.values["margin_seed"] == pytest.approx(0.15 * math.sqrt(2))


def test_one_final_does_not_tell_seed_from_tuning(judged):
    (verdict,) = judged(finals({"deep": deep(AHEAD), "wide": WIDE}))

    assert not [
        one for one in verdict.notes if one.code.startswith("note-spread")
    ]

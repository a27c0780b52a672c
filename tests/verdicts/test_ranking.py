"""Claims that arms come in one order, which of them tie, and where each lies."""

import itertools

import numpy as np
import pytest
from scipy import stats

from suite.report import sentences
from suite.report.sentences import Labels
from suite.verdicts.decision import Sample
from suite.verdicts.family import judge_family
from suite.verdicts.judge import judge_campaign
from suite.verdicts.kinds import check_claim
from suite.verdicts.placing import (
    Place,
    differences_of_pairs,
    place_arms,
)
from suite.verdicts.statistics import estimate
from tasks import Claim, Measure, UserError

ACCURACY = Measure("accuracy", "higher", lambda shape: 0.0, percent=True)
ORDER = ("adam", "momentum", "sgd")
CLAIM = Claim(
    "order", "", "accuracy", kind="ranking", order=ORDER, margin=0.02
)
NOISE = np.array([0.0, 0.004, -0.003, 0.002, -0.004, 0.001])
FAR = {"adam": 0.9, "momentum": 0.8, "sgd": 0.7}
TIED = {"adam": 0.9, "momentum": 0.801, "sgd": 0.8}
SWAPPED = {"adam": 0.9, "momentum": 0.7, "sgd": 0.8}


@pytest.fixture
def judged(written_campaign):
    def judge(means, claim=CLAIM):
        """The verdict where arms have these means, each with noise of its own."""
        rows = [
            {"arm": arm, "block": block, "test.accuracy": mean + noise}
            for shift, (arm, mean) in enumerate(means.items())
            for block, noise in enumerate(np.roll(NOISE, shift))
        ]
        described = {"name": "accuracy", "better": "higher", "percent": True}
        record = written_campaign(rows, [claim], measures=[described])
        (verdict,) = judge_campaign(record)
        return verdict, record

    return judge


@pytest.mark.parametrize(
    ("means", "answer", "pair"),
    [
        (FAR, "supported", None),
        (TIED, "no_difference", "momentum > sgd"),
        (SWAPPED, "refuted", "momentum > sgd"),
    ],
)
def test_a_ranking_holds_where_every_neighbour_does(
    means, answer, pair, judged
):
    verdict, _ = judged(means)

    assert verdict.verdict == answer
    assert pair in (None, verdict.level)
    assert [row["level"] for row in verdict.by_level] == [
        "adam > momentum",
        "momentum > sgd",
    ]


def test_each_pair_of_a_ranking_is_scipys_paired_t_test(judged):
    verdict, record = judged(TIED)
    values = record.runs.pivot(
        index="block", columns="arm", values="test.accuracy"
    )

    for row, (one, other) in zip(
        verdict.by_level, itertools.pairwise(ORDER), strict=True
    ):
        peer = stats.ttest_rel(values[one], values[other])
        assert row["p"] == pytest.approx(peer.pvalue)
        assert row["effect"] == pytest.approx(
            (values[one] - values[other]).mean()
        )


def test_one_pair_is_enough_against_a_ranking_at_its_part_of_the_rate():
    """Bonferroni: n - 1 pairs could each say so by chance."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.01, (3, 8))
    for shift in np.linspace(-0.02, 0, 9):
        samples = [
            Sample(row, 0.001, level=f"{number}", levels_needed=3)
            for number, row in enumerate(
                noise + np.array([[0.05], [0.05], [shift]])
            )
        ]
        (found,) = judge_family([samples])
        p = stats.ttest_1samp(samples[2].values, 0, alternative="less").pvalue

        assert (found.verdict == "refuted") == (3 * p < 0.025)


def test_ties_and_places_come_with_the_verdict_in_both_languages(judged):
    verdict, record = judged(TIED)
    english, chinese = (Labels(record.manifest, one) for one in ("en", "zh"))
    told = " ".join(sentences.notes(verdict, english))

    assert verdict.ties == (("momentum", "sgd"),)
    assert verdict.places == (
        Place("adam", 1, 1),
        Place("momentum", 2, 3),
        Place("sgd", 2, 3),
    )
    assert "Adam 1, Momentum 2 to 3, Sgd 2 to 3" in told
    assert "less than 2 points apart: Momentum and Sgd" in told
    assert " ".join(sentences.ranking(verdict, english)) in told
    assert "名次" in " ".join(sentences.notes(verdict, chinese))


def test_a_ranking_that_holds_names_its_order_and_the_closest_pair(judged):
    verdict, record = judged({**FAR, "sgd": 0.75})
    said = sentences.sentence(verdict, Labels(record.manifest))

    assert "in this order: Adam > Momentum > Sgd" in said
    assert "Momentum was ahead of Sgd by 5.0 points" in said
    assert verdict.places == tuple(
        Place(arm, number, number) for number, arm in enumerate(ORDER, 1)
    )


def test_places_follow_from_scipys_intervals_by_bonferroni():
    values = np.random.default_rng(1).normal(0, 1, (10, 4)) + np.array(
        [1.2, 0.4, 0, -1]
    )
    pairs = [estimate(one) for one in differences_of_pairs(values)]
    found = place_arms("abcd", pairs, 0.1, 0.95).places
    better = dict.fromkeys("abcd", 0)
    for one, other in itertools.permutations(range(4), 2):
        difference = values[:, one] - values[:, other]
        low, _ = stats.t.interval(
            1 - 0.05 / 6, 9, difference.mean(), stats.sem(difference)
        )
        better["abcd"[other]] += low > 0

    assert {place.arm: place.first - 1 for place in found} == better


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"order": ("a",)}, "two arms or more, the best first"),
        ({"order": ("a", "b", "a")}, "name each arm once"),
        ({"better": "a"}, "about the arms in order: leave it out"),
        ({"reference": 0.5}, "about the arms in order: leave it out"),
        ({"at_least": 0.1}, "has a margin for that"),
        ({"levels": ("few", "many")}, "about one level"),
        ({"kind": "difference"}, "only a ranking has an order"),
    ],
)
def test_a_ranking_names_its_arms_in_order_and_one_level(values, complaint):
    given = {"kind": "ranking", "order": ("a", "b"), **values}
    with pytest.raises(UserError, match=complaint):
        Claim("order", "", "accuracy", **given)


def test_a_ranking_at_all_of_several_levels_is_refused():
    with pytest.raises(UserError, match="name one level"):
        check_claim(CLAIM, {"few": 1.0, "many": 2.0}, [ACCURACY])

"""All arms against one of them: intervals that hold together."""

import pytest
from scipy import stats

from dashboard.components.ranking import ranking_frame
from dashboard.figures.arms import ranking
from suite.records.results import Results
from suite.verdicts.arm_pair import compare_arms
from suite.verdicts.arm_ranking import rank_arms
from tasks import UserError

TASK = "logistic_regression"


@pytest.fixture(scope="module")
def campaign(campaigns):
    results = Results(campaigns)
    return results.load(results.ids()[-1])


@pytest.fixture(scope="module")
def place(campaign):
    about = campaign.manifest.task(TASK)
    return about.level_names[0], about.arm_names[0]


def test_intervals_are_those_of_paired_t_tests_at_bonferronis_level(
    campaign, place
):
    level, reference = place
    ranked = rank_arms(campaign, TASK, level, reference, "accuracy")
    confidence = 1 - 0.05 / len(ranked.pairs)

    assert len(ranked.pairs) >= 2
    for pair in ranked.pairs:
        first, second = zip(
            *((block.first, block.second) for block in pair.blocks),
            strict=True,
        )
        peer = stats.ttest_rel(first, second).confidence_interval(confidence)
        assert pair.interval == pytest.approx((peer.low, peer.high))


def test_the_best_arm_is_first_whichever_way_the_metric_counts(
    campaign, place
):
    level, reference = place
    ranked = rank_arms(campaign, TASK, level, reference, "loss")

    leads = [pair.effect for pair in ranked.pairs]
    assert leads == sorted(leads, reverse=True)
    assert all(pair.second == reference for pair in ranked.pairs)
    best = ranked.pairs[0]
    (found,) = {
        compare_arms(
            campaign, TASK, level, best.first, reference, "loss"
        ).effect
    }
    assert best.effect == pytest.approx(found)


def test_the_chart_has_a_row_for_each_arm_with_its_interval(campaign, place):
    level, reference = place
    ranked = rank_arms(campaign, TASK, level, reference, "accuracy")

    found = ranking(ranked, str.upper, "Lead")
    frame = ranking_frame(ranked)

    (dots,) = found["traces"]
    assert dots["y"] == [name.upper() for name in frame["arm"]]
    assert dots["x"] == pytest.approx(list(100 * frame["lead"]), abs=0.01)
    right = [
        mean + up
        for mean, up in zip(dots["x"], dots["error_x"]["array"], strict=True)
    ]
    assert right == pytest.approx(
        list(100 * frame["high"].clip(upper=1)), abs=0.01
    )


def test_an_unknown_reference_is_refused(campaign, place):
    with pytest.raises(UserError, match="arm"):
        rank_arms(campaign, TASK, place[0], "nobody", "accuracy")

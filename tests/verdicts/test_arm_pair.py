"""Any two arms are compared in pairs, by whatever their runs recorded."""

import numpy as np
import pytest
from scipy import stats

from suite.records.results import Results
from suite.verdicts.arm_pair import (
    chosen_hyperparameters,
    comparable_metrics,
    compare_arms,
)
from tasks import UserError

TASK = "logistic_regression"


@pytest.fixture(scope="module")
def campaign(campaigns):
    results = Results(campaigns)
    return results.load(results.ids()[-1])


@pytest.fixture(scope="module")
def manifest(campaign):
    return campaign.manifest.task(TASK)


def finals(campaign, level, arm, column):
    """The values of an arm's finals at a level, by block, straight from the record."""
    runs = campaign.runs
    mine = runs[
        (runs["task"] == TASK)
        & (runs["kind"] == "final")
        & (runs["level"] == level)
        & (runs["arm"] == arm)
    ]
    return mine.groupby("block")[column].mean()


@pytest.mark.parametrize(
    ("metric", "column", "sign"),
    [
        ("accuracy", "test.accuracy", 1),
        ("train.accuracy", "train.accuracy", 1),
        ("loss", "test.loss", -1),
    ],
)
def test_the_difference_is_that_of_a_paired_t_test(
    campaign, manifest, metric, column, sign
):
    level, (first, second) = manifest.level_names[0], manifest.arm_names[:2]
    one, other = (
        finals(campaign, level, arm, column) for arm in (first, second)
    )
    peer = stats.ttest_rel(sign * one, sign * other)

    pair = compare_arms(campaign, TASK, level, first, second, metric)

    assert len(pair.blocks) == pair.planned == 6
    assert [block.first for block in pair.blocks] == pytest.approx(list(one))
    assert [block.second for block in pair.blocks] == pytest.approx(
        list(other)
    )
    assert pair.effect == pytest.approx(np.mean(sign * (one - other)))
    assert pair.interval == pytest.approx(
        tuple(peer.confidence_interval(0.95))
    )


def test_the_other_way_round_is_the_same_with_the_other_sign(
    campaign, manifest
):
    level, (first, second) = manifest.level_names[0], manifest.arm_names[:2]

    one = compare_arms(campaign, TASK, level, first, second, "accuracy")
    other = compare_arms(campaign, TASK, level, second, first, "accuracy")

    assert one.effect == pytest.approx(-other.effect)
    assert one.interval == pytest.approx(
        tuple(-end for end in other.interval[::-1])
    )


def test_arms_are_compared_by_what_has_values_and_by_each_thing_once(
    campaign, manifest
):
    metrics = comparable_metrics(campaign, TASK)
    columns = [metric.column for metric in metrics]

    assert metrics[0].name == manifest.primary.name
    assert {"test.accuracy", "train.accuracy", "seconds"} <= set(columns)
    assert len(columns) == len(set(columns))
    for column in columns:
        assert campaign.finals[column].notna().any()


def test_chosen_hyperparameters_are_those_of_the_finals(campaign, manifest):
    level, arm = manifest.level_names[0], manifest.arm_names[0]

    chosen = chosen_hyperparameters(campaign, TASK, level, arm)

    assert list(chosen.index) == list(range(6))
    for name in chosen:
        of_finals = finals(campaign, level, arm, f"param.{name}")
        assert list(chosen[name]) == pytest.approx(list(of_finals))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"first": "nobody"}, "no arm 'nobody'"),
        ({"level": "nowhere"}, "no level 'nowhere'"),
        ({"metric": "beauty"}, "no metric 'beauty'"),
        ({"second": None}, "with itself"),
    ],
)
def test_what_cannot_be_compared_is_said(campaign, manifest, changed, said):
    first, second = manifest.arm_names[:2]
    asked = {
        "level": manifest.level_names[0],
        "first": first,
        "second": second,
        "metric": "accuracy",
    }
    asked |= {name: value or first for name, value in changed.items()}

    with pytest.raises(UserError) as refused:
        compare_arms(campaign, TASK, **asked)
    assert said.lower() in str(refused.value).lower()

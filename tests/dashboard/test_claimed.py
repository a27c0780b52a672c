"""The curves of a claim: its difference, paired by block, and its arms in front."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dashboard.data.snapshots import Snapshots
from dashboard.data.view import view_of
from dashboard.figures.curves import learning_curves
from dashboard.figures.difference import (
    Claimed,
    difference_curve,
    mean_differences,
    paired_differences,
)
from dashboard.locale import LANGUAGES, Words
from dashboard.pages import curves
from dashboard.pages.claim.verdict import verdict_card
from suite.records.results import Results

TASK = "logistic_regression"
ARMS = [{"name": name} for name in ("ahead", "behind", "other")]


def unchanged(values):
    return values


def blocks_of(arms):
    """Block curves: arm -> block -> [(step, value), ...]."""
    rows = [
        (arm, block, step, step / 10, step / 2, step * 8, value, 1)
        for arm, blocks in arms.items()
        for block, points in blocks.items()
        for step, value in points
    ]
    columns = ["arm", "block", "step", "epoch", "seconds", "examples"]
    return pd.DataFrame(rows, columns=[*columns, "value", "finals"])


def test_arms_measured_at_different_steps_are_compared_where_both_are_known():
    # along straight lines, interpolation is exact: 3x - x at every place
    twice = {0: [(step, 3.0 * step) for step in (0, 1, 2, 3, 4)]}
    once = {0: [(step, 1.0 * step) for step in (1, 3, 6)]}
    blocks = blocks_of({"ahead": twice, "behind": once})

    found = paired_differences(blocks, "ahead", "behind", "step", unchanged)

    assert list(found["x"]) == [1, 3, 4]
    assert list(found["value"]) == [2, 6, 8]


def test_every_place_has_all_blocks_even_where_one_stopped_early():
    ahead = {
        n: [(step, 1.0) for step in range(end)] for n, end in ((0, 9), (1, 4))
    }
    behind = {n: [(step, 0.5) for step in range(9)] for n in (0, 1)}
    blocks = blocks_of({"ahead": ahead, "behind": behind})

    found = paired_differences(blocks, "ahead", "behind", "step", unchanged)

    assert found["x"].max() == 3
    assert found.groupby("x")["block"].nunique().eq(2).all()


def test_arms_without_a_common_block_or_place_have_no_difference():
    apart = blocks_of({"ahead": {0: [(0, 1.0)]}, "behind": {1: [(0, 1.0)]}})
    beyond = blocks_of({"ahead": {0: [(0, 1.0)]}, "behind": {0: [(5, 1.0)]}})

    for blocks in (apart, beyond):
        found = paired_differences(
            blocks, "ahead", "behind", "step", unchanged
        )
        assert found.empty


def test_the_interval_is_that_of_paired_differences():
    rng = np.random.default_rng(0)
    ahead, behind = rng.normal(size=(2, 5))
    blocks = blocks_of(
        {
            "ahead": {n: [(1, value)] for n, value in enumerate(ahead)},
            "behind": {n: [(1, value)] for n, value in enumerate(behind)},
        }
    )
    paired = paired_differences(blocks, "ahead", "behind", "step", unchanged)
    test = stats.ttest_rel(ahead, behind).confidence_interval(0.95)

    (found,) = mean_differences(paired).itertuples()

    assert (found.low, found.high) == pytest.approx((test.low, test.high))
    assert found.blocks == 5
    (alone,) = mean_differences(paired.head(1)).itertuples()
    assert np.isnan([alone.low, alone.high]).all()


@pytest.mark.parametrize(
    ("ratio", "percent", "drawn"),
    [(False, True, 20.0), (True, False, np.exp(0.2)), (False, False, 0.2)],
)
def test_differences_are_drawn_in_points_or_as_factors(ratio, percent, drawn):
    paired = pd.DataFrame({"block": [0, 0], "x": [1.0, 2.0], "value": 0.2})
    claimed = Claimed(0.0, 0.1, ratio, percent)

    spec = difference_curve({"step": paired}, claimed, Words(), "y")

    (mean,) = [one for one in spec["traces"] if "hovertemplate" in one]
    assert mean["y"]["step"] == pytest.approx([drawn, drawn], rel=1e-4)


def test_arms_of_a_claim_are_named_and_the_others_are_faint():
    points = [(step, step / 10) for step in range(9)]
    blocks = blocks_of({arm["name"]: {0: points, 1: points} for arm in ARMS})

    spec = learning_curves(
        blocks, ARMS, Words(), "y", focus=("ahead", "behind")
    )

    labels = [one["$label"] for one in spec["traces"] if "$label" in one]
    faint = spec["traces"][0]["line"]["color"]
    assert labels == ["ahead", "behind"]
    assert faint == "arm3/0.45"
    # the first quarter of the updates is left out: from 0.2 to 0.8, and air
    low, high = spec["layout"]["yaxis"]["range"]["linear"]
    assert 0.1 < low < 0.2
    assert 0.8 < high < 0.9


def claims(snapshots, finished, metrics):
    """Claims of the task about two arms and one of these metrics."""
    task = snapshots.get(finished).campaign.manifest.task(TASK)
    return [
        one
        for one in task.tested
        if one.metric in metrics and one.better and one.worse
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_claim_leads_to_the_curve_of_its_difference(
    snapshots, finished, language
):
    claim = claims(snapshots, finished, ("accuracy", "loss"))[0]
    asked = f"?campaign={finished}&lang={language}&task={TASK}"
    view = view_of(snapshots, "/claim", f"{asked}&claim={claim.name}")
    card = verdict_card(view, view.verdict_of(TASK, claim.name))

    links = [getattr(one, "href", None) or "" for one in card._traverse()]
    (link,) = [one for one in links if one.startswith("/curves")]
    view = view_of(snapshots, "/curves", link.partition("/curves")[2])

    assert f"claim={claim.name}" in link
    shown = curves.frames(view)["difference"]
    assert set(shown["axis"]) >= {"step", "epoch"}
    names = [
        one.id["name"]
        for one in curves.layout(view)._traverse()
        if isinstance(getattr(one, "id", None), dict)
        and one.id.get("type") == "chart"
    ]
    assert names[0] == "difference"


def test_what_curves_cannot_show_of_a_claim_is_said(
    tmp_path, synthetic, small
):
    size = small(tasks=("batch_size",), trials=2, blocks=2)
    campaign = synthetic.write_campaign(tmp_path, size)
    held = Snapshots(Results(tmp_path))
    task = held.get(campaign).campaign.manifest.task("batch_size")
    claim = next(
        one for one in task.tested if one.metric.startswith("seconds")
    )
    search = f"?task=batch_size&claim={claim.name}"
    elsewhere = next(
        name for name in task.level_names if name not in claim.levels
    )
    view = view_of(held, "/curves", f"{search}&level={elsewhere}")

    text = str(curves.layout(view))

    assert "difference" not in curves.frames(view)
    assert "has no curve" in text
    assert (
        f"is about {view.level_label('batch_size', claim.levels[0])}" in text
    )

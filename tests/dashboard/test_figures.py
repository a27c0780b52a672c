"""Charts and their numbers: pure functions from frames to specifications."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dashboard.figures import rounded
from dashboard.figures.blocks import differences, plotly_axis
from dashboard.figures.cluster import (
    busy_seconds,
    gantt,
    joined,
    running_spans,
    spans,
    workers,
)
from dashboard.figures.curves import (
    GAP,
    block_curves,
    bounds_of,
    learning_curves,
    mean_curves,
    values_of,
)
from dashboard.figures.search import (
    budget_chart,
    budgets_frame,
    parallel_chart,
    space_of,
)
from dashboard.figures.sweep import (
    log_ticks,
    matched,
    over_blocks,
    sweep,
    to_target,
)
from dashboard.locale import Words
from dashboard.locale.numbers import Measuring, plain
from suite.report.charts.build import block_chart
from suite.report.charts.lines import common_axis
from suite.report.charts.spec import Axis, Tick
from suite.report.formatting import Amounts, duration

# ----------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (42, "42 s"),
        (725, "12 min 05 s"),
        (11_230, "3 h 07 min"),
        (100 * 3600, "4 d 4 h"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_durations_have_two_units(seconds, text):
    assert duration(seconds) == text


def test_effects_carry_sign_and_unit():
    english = Words("en")

    points, chinese = Amounts(True, False, False, 0.0), Words("zh")

    assert Measuring(points, english).full(0.032) == "+3.2 points"
    assert Measuring(points, english).full(-0.0004) == "−0.04 points"
    assert Measuring(points, english).amount(0.01) == "1 point"
    assert Measuring(points, chinese).amount(0.01) == "1 个百分点"
    assert (
        Measuring(Amounts(False, True, False, 0.0), english).full(
            math.log(1.35)
        )
        == "×1.35"
    )
    assert (
        Measuring(Amounts(True, False, True, 0.0), english).full(0.1)
        == "+6.9 points per doubling"
    )  # 10 ln 2
    assert (
        Measuring(Amounts(True, False, False, 0.25), english).full(0.087)
        == "+33.7 points"
    )  # what was promised too
    assert [
        plain(12_345),
        plain(-170.3, 2),
        plain(0.0299),
        plain(99.96),
        plain(1.5e-7),
    ] == (["12,345", "−170", "0.0299", "100", "1.5e−07"])


# ----------------------------------------------------------------------------- figures


def curves_of(values: dict[str, dict[int, float]]) -> pd.DataFrame:
    """Block curves with one step: arm -> block -> value."""
    rows = [
        {
            "key": f"{arm}{block}",
            "arm": arm,
            "block": block,
            "step": 1,
            "epoch": 0.1,
            "seconds": 1.0,
            "value": value,
        }
        for arm, blocks in values.items()
        for block, value in blocks.items()
    ]
    frame = pd.DataFrame(rows)
    return block_curves(frame, frame["value"])


def test_the_interval_is_students_over_blocks():
    found = mean_curves(curves_of({"a": {0: 0.5, 1: 0.7, 2: 0.9}})).iloc[0]
    half = (
        stats.t.ppf(0.975, 2) * 0.2 / math.sqrt(3)
    )  # the standard deviation of .5, .7, .9 is .2

    assert found["mean"] == pytest.approx(0.7)
    assert (found["low"], found["high"]) == pytest.approx(
        (0.7 - half, 0.7 + half)
    )
    assert found["blocks"] == 3


def test_finals_of_a_block_are_averaged_before_blocks_are():
    frame = pd.DataFrame(
        {
            "key": ["x", "y", "z"],
            "arm": "a",
            "block": [0, 0, 1],
            "step": 1,
            "epoch": 1.0,
            "seconds": 1.0,
        }
    )
    blocks = block_curves(frame, pd.Series([0.2, 0.4, 0.9]))

    assert list(blocks["value"]) == pytest.approx([0.3, 0.9])
    assert list(blocks["finals"]) == [2, 1]


def test_the_gap_has_an_interval_of_its_own():
    """Where training and validation go up and down together, their gap is known better
    than either.
    """
    frame = pd.DataFrame(
        {
            "key": ["x", "y"],
            "arm": "a",
            "block": [0, 1],
            "step": 1,
            "epoch": 1.0,
            "seconds": 1.0,
            "train.accuracy": [0.9, 0.7],
            "validation.accuracy": [0.8, 0.6],
        }
    )
    found = mean_curves(
        block_curves(frame, values_of(frame, "accuracy", GAP))
    ).iloc[0]

    assert (found["low"], found["mean"], found["high"]) == pytest.approx(
        (0.1, 0.1, 0.1)
    )
    assert values_of(frame, "loss", GAP) is None


values = st.dictionaries(st.integers(0, 9), st.floats(0, 1), min_size=1)


@settings(deadline=None, max_examples=30)  # of a busy machine
@given(values, values)
def test_showing_another_arm_never_changes_the_figures_of_those_shown(
    mine, others
):
    alone = mean_curves(curves_of({"a": mine}))
    together = mean_curves(curves_of({"a": mine, "b": others}))

    pd.testing.assert_frame_equal(
        alone, together[together["arm"] == "a"].reset_index(drop=True)
    )


def drawn(spec, color):
    """All numbers that a chart draws in that colour."""

    def ink(trace):
        return {
            str(part.get("color", "")).split("/")[0]
            for part in (trace.get("line", {}), trace.get("marker", {}))
        }

    return [
        (
            trace["x"],
            trace["y"],
            trace.get("error_y", {}).get("array"),
            trace.get("customdata"),
        )
        for trace in spec["traces"]
        if color in ink(trace)
    ]


@pytest.mark.parametrize("others", [1, 2, 5])
def test_no_chart_changes_what_it_draws_of_an_arm_when_others_are_shown(
    others,
):
    arms = [{"name": f"arm{number}"} for number in range(others + 1)]
    random = np.random.default_rng(0)
    cells = pd.DataFrame(
        [
            {
                "level": level,
                "arm": arm["name"],
                "block": block,
                "test.accuracy": random.random(),
                "parameters": 100.0,
            }
            for arm in arms
            for level in ("small", "large")
            for block in range(3)
        ]
    )
    trials = cells[cells["level"] == "small"].assign(
        number=0, status="finished"
    )
    curves = curves_of(
        {
            arm["name"]: {block: random.random() for block in range(3)}
            for arm in arms
        }
    )

    def charts(shown):
        mine = cells[cells["arm"].isin(shown)]
        means, places = (
            over_blocks(mine, "test.accuracy"),
            {"small": 1.0, "large": 2.0},
        )
        budgets = budgets_frame(
            trials[trials["arm"].isin(shown)], "test.accuracy", "higher"
        )
        return [
            learning_curves(
                curves[curves["arm"].isin(shown)], arms, Words(), "y"
            ),
            sweep(
                [("y", means, {})], arms, "level", places, "arm", "x", Words()
            ),
            matched(
                mine[mine["level"] == "small"],
                "test.accuracy",
                arms,
                "y",
                None,
                Words(),
                True,
            ),
            budget_chart(budgets, arms, "y", Words(), True),
        ]

    alone, together = charts(["arm0"]), charts([arm["name"] for arm in arms])
    for one, all_ in zip(alone, together, strict=True):
        assert drawn(one, "arm1")
        assert drawn(one, "arm1") == drawn(all_, "arm1")


def test_an_arm_of_another_size_is_flagged():
    cells = pd.DataFrame(
        {
            "level": "l",
            "arm": ["a", "b", "c"],
            "block": 0,
            "test.accuracy": 0.5,
            "parameters": [1000.0, 1005.0, 1100.0],
        }
    )
    spec = matched(
        cells,
        "test.accuracy",
        [{"name": name} for name in "abc"],
        "y",
        0.05,
        Words(),
        True,
    )
    (tolerance,) = spec["layout"]["shapes"]

    assert [
        trace["marker"]["symbol"] == "x-open" for trace in spec["traces"]
    ] == [
        False,
        False,
        False,
    ]
    assert tolerance["x0"] < 1000 < 1100 < tolerance["x1"]
    spec = matched(
        cells,
        "test.accuracy",
        [{"name": name} for name in "abc"],
        "y",
        0.01,
        Words(),
        True,
    )
    assert [
        trace["marker"]["symbol"] == "x-open" for trace in spec["traces"]
    ] == [
        True,
        True,
        True,
    ]
    hover = [trace["hovertemplate"] for trace in spec["traces"]]
    said = "a: %{y:.1%} with 1,000 parameters ⚠<extra></extra>"
    assert hover[0] == said


def test_the_best_of_few_trials_stands_out_at_the_top():
    trials = pd.DataFrame(
        {
            "block": 0,
            "number": [0, 1, 2],
            "validation.accuracy": [0.5, 0.9, 0.7],
        }
    )
    trials["param.lr"] = [0.01, 0.1, 1.0]
    space = space_of({"lr": {"low": 0.01, "high": 1.0, "log": True}})
    spec = parallel_chart(
        [trials], "validation.accuracy", space, "higher", Words()
    )
    (best,) = [
        trace for trace in spec["traces"] if trace["line"]["color"] == "arm1"
    ]

    assert best["y"] == [
        0.5,
        1.0,
        None,
    ]  # 0.1 is half way from 0.01 to 1; the best rank is the top


def test_curves_begin_on_the_axis_on_which_arms_end_together():
    equal_epochs = pd.DataFrame(
        {
            "arm": ["a", "a", "b", "b"],
            "step": [10, 1000, 1, 100],
            "epoch": [0.1, 10, 0.1, 10],
        }
    )
    equal_updates = pd.DataFrame(
        {
            "arm": ["a", "a", "b", "b"],
            "step": [1, 100, 1, 100],
            "epoch": [0.1, 10, 1, 100],
        }
    )

    assert common_axis(equal_epochs) == "epoch"
    assert common_axis(equal_updates) == "step"
    assert (
        common_axis(equal_updates.head(2))
        == common_axis(equal_updates.head(0))
        == "step"
    )  # nothing to choose by


def test_an_arm_keeps_its_colour_whoever_else_is_shown():
    arms = [{"name": "a", "label": "A"}, {"name": "b", "label": "B"}]
    both = learning_curves(
        curves_of({"a": {0: 0.1}, "b": {0: 0.2}}), arms, Words(), "y"
    )
    one = learning_curves(curves_of({"b": {0: 0.2}}), arms, Words(), "y")

    def colour(spec):
        return next(
            trace["line"]["color"]
            for trace in spec["traces"]
            if trace.get("$label") == "B"
        )

    assert colour(both) == colour(one) == "arm2"


def test_the_target_is_reached_where_the_curve_first_meets_it():
    curves = pd.DataFrame(
        {
            "key": ["k", "k", "k", "never"],
            "level": "l",
            "arm": "a",
            "block": [0, 0, 0, 1],
            "step": [10, 20, 30, 10],
            "seconds": [1.0, 2.0, 3.0, 1.0],
            "validation.accuracy": [0.5, 0.9, 0.8, 0.1],
        }
    )
    found = to_target(
        curves, "validation.accuracy", 0.8, higher=True
    ).set_index("key")

    assert found.loc["k", "steps_to_target"] == 20
    assert math.isnan(found.loc["never", "seconds_to_target"])


@pytest.mark.parametrize(
    ("mean", "low", "high", "labels"),
    [
        ([1, 1000], [], [], ["1", "10", "100", "1,000"]),
        (
            [3],
            [2],
            [4.4],
            ["2", "2.5", "3", "4"],
        ),  # an axis of less than a decade has its own round numbers
        (
            [1, 1e9],
            [],
            [],
            ["1", "100", "10,000", "1,000,000", "100,000,000"],
        ),  # every second one is enough
        (
            [0.05],
            [-0.01],
            [0.1],
            ["0.05", "0.06", "0.07", "0.08", "0.09", "0.1"],
        ),  # at or below 0 is no place
        ([0.0, math.nan], [], [], []),
        (
            [1.23],
            [],
            [],
            ["0.8", "0.9", "1", "1.2", "1.5"],
        ),  # there is room on both sides of a single value
    ],
)
def test_logarithmic_axes_are_labelled_with_few_round_numbers(
    mean, low, high, labels
):
    rows = [*mean, *low, *high]
    frame = pd.DataFrame(
        {
            "mean": pd.Series(mean),
            "low": pd.Series(low),
            "high": pd.Series(high),
        },
        index=range(len(rows)),
    )
    ticks = log_ticks(frame.astype(float))

    assert ticks.get("ticktext", []) == labels
    assert len(ticks.get("tickvals", [])) == len(labels)


def test_overlapping_runs_on_one_worker_count_once():
    frame = pd.DataFrame({"start": [0.0, 1.0, 5.0], "length": [3.0, 1.0, 1.0]})

    assert busy_seconds(frame) == 4.0


def test_thousands_of_bars_are_joined_and_none_is_lost():
    count = 4000
    frame = pd.DataFrame(
        {
            "worker": "h:1",
            "task": ["a"] * 2000 + ["b"] * 2000,
            "status": ["finished"] * 3000 + ["crashed"] + ["finished"] * 999,
            "start": np.arange(count, dtype=float),
            "length": 1.0,
        }
    )
    bars = joined(frame)

    assert bars["count"].tolist() == [2000, 1000, 1, 999]
    assert bars["length"].sum() == count
    assert len(joined(frame.head(100))) == 100


def test_runs_that_failed_stand_out():
    row = {
        "worker": "h:1",
        "task": "t",
        "arm": "a",
        "level": "l",
        "block": 0,
        "kind": "trial",
        "number": 0,
    }
    frame = pd.DataFrame(
        [
            {**row, "status": status, "start": 0.0, "length": 1.0}
            for status in ("finished", "crashed")
        ]
    )
    fine, failed = (
        trace["marker"] for trace in gantt(frame, ["t"], Words())["traces"]
    )

    assert (fine["color"], fine["pattern"]["shape"]) == ("arm1", "")
    assert (
        failed["color"] == failed["pattern"]["bgcolor"] == "text"
    )  # without a ground the pattern is all there is


def test_what_runs_now_has_rows_below_the_workers_since_when_it_began():
    run = {"task": "t", "arm": "a", "level": "l", "block": 0, "kind": "final"}
    ended = spans(
        pd.DataFrame(
            [
                {
                    **run,
                    "worker": "h:1",
                    "number": 0,
                    "status": "finished",
                    "started": 100.0,
                    "ended": 110.0,
                }
            ]
        )
    )
    now = running_spans([{**run, "since": 112.0}], 115.0, ended, Words())

    figure = gantt(ended, ["t"], Words(), running=now)

    done, running = figure["traces"]
    assert (done["y"], running["y"]) == (["h:1"], ["Running 1"])
    assert (running["base"], running["x"]) == ([12.0], [3.0])
    assert figure["layout"]["xaxis"]["range"] == [0, 15.0]
    assert running["marker"]["color"] == done["marker"]["color"]
    assert running["marker"]["pattern"]["shape"] != ""
    assert "runs now" in running["$parts"]


def test_what_runs_first_is_drawn_before_anything_has_ended():
    ended = spans(pd.DataFrame(columns=["worker", "started", "ended"]))
    run = {"task": "t", "since": 112.0}

    now = running_spans([run], 115.0, ended, Words())
    (running,) = gantt(ended, ["t"], Words(), running=now)["traces"]

    assert (running["base"], running["x"]) == ([0.0], [3.0])


def test_idle_share_is_measured_from_the_first_start_to_the_last_end():
    runs = pd.DataFrame(
        {
            "worker": ["h:1", "h:2"],
            "host": "h",
            "device": "cpu",
            "task": "t",
            "status": "finished",
            "started": [100.0, 100.0],
            "ended": [110.0, 104.0],
        }
    )
    found = workers(spans(runs)).set_index("worker")

    assert found.loc["h:1", "idle"] == 0
    assert found.loc["h:2", "idle"] == pytest.approx(0.6)


def test_numbers_that_are_not_finite_become_gaps():
    assert rounded(math.nan) is None
    assert rounded(np.float64(0.123456789)) == 0.12346


# -------------------------------------------------------- one specification, two renderers


def test_axes_of_specifications_become_plotlys():
    straight = Axis("points", -2.0, 2.0, (Tick(0.0, "0"), Tick(1.0, "+1")))
    log = Axis("examples", 10.0, 1000.0, (Tick(100.0, "100"),), log=True)

    assert plotly_axis(straight) == {
        "title": "points",
        "type": "linear",
        "range": [-2.0, 2.0],
        "tickvals": [0.0, 1.0],
        "ticktext": ["0", "+1"],
    }
    assert plotly_axis(log)["range"] == [1.0, 3.0]  # powers of ten
    assert plotly_axis(log)["tickvals"] == [100.0]


def test_blocks_are_drawn_as_the_report_draws_them(snapshots, finished):
    words, seen = Words("en"), 0
    for verdict in snapshots.get(finished).verdicts:
        chart = block_chart(verdict)
        for row in chart.rows if chart else ():
            found = differences(verdict, row.level, words)
            (dots,) = found["traces"]
            assert dots["x"] == [rounded(dot.value) for dot in row.dots]
            assert found["layout"]["xaxis"]["ticktext"] == [
                tick.label for tick in chart.axis.ticks
            ]
            seen += 1

    assert seen > 3


def test_intervals_of_shares_and_of_gaps_end_where_these_do():
    frame = pd.DataFrame(
        {
            "key": ["a", "b"],
            "arm": ["wide", "wide"],
            "block": [0, 1],
            "step": [1, 1],
            "epoch": [1.0, 1.0],
            "seconds": [1.0, 1.0],
        }
    )
    blocks = block_curves(frame, pd.Series([0.9, 0.99]))
    half = stats.t.ppf(0.975, 1) * 0.045  # of 0.9 and 0.99: the mean is 0.945
    (of_share,) = mean_curves(
        blocks, bounds=bounds_of(True, "validation")
    ).itertuples()
    (of_gap,) = mean_curves(blocks, bounds=bounds_of(True, "gap")).itertuples()

    logit = math.log(0.945 / 0.055)
    ends = [logit - half / (0.945 * 0.055), logit + half / (0.945 * 0.055)]
    assert (of_share.low, of_share.high) == pytest.approx(
        [1 / (1 + math.exp(-end)) for end in ends]
    )
    z = math.atanh(0.945)  # Fisher's transformation
    width = half / (1 - 0.945**2)
    assert (of_gap.low, of_gap.high) == pytest.approx(
        [math.tanh(z - width), math.tanh(z + width)]
    )
    assert bounds_of(False, "validation") == (-math.inf, math.inf)


def test_costs_have_a_geometric_mean_and_measures_an_arithmetic_one():
    cells = pd.DataFrame(
        {
            "level": "l",
            "arm": "a",
            "block": [0, 1, 2],
            "seconds": [1.0, 2.0, 8.0],
        }
    )
    (cost,) = over_blocks(cells, "seconds", positive=True).itertuples()
    (plain,) = over_blocks(cells, "seconds").itertuples()
    theirs = stats.ttest_1samp(
        np.log(cells["seconds"]), 0
    ).confidence_interval(0.95)

    assert cost.mean == pytest.approx(stats.gmean(cells["seconds"]))
    assert (cost.low, cost.high) == pytest.approx(
        (math.exp(theirs.low), math.exp(theirs.high))
    )
    assert plain.mean == pytest.approx(11 / 3)


def test_a_swept_accuracy_keeps_within_0_and_100_percent():
    cells = pd.DataFrame(
        {
            "level": "l",
            "arm": "a",
            "block": [0, 1, 2],
            "test.accuracy": [0.99, 1, 0.8],
        }
    )
    (row,) = over_blocks(
        cells, "test.accuracy", bounds=(0.0, 1.0)
    ).itertuples()

    assert 0 < row.low < row.mean < row.high < 1


def test_curves_of_one_evaluation_are_marks():
    curves = pd.DataFrame(
        {
            "arm": "wide",
            "block": [0, 1],
            "step": 1,
            "epoch": 1.0,
            "seconds": 1.0,
            "examples": 9.0,
            "value": [0.5, 0.7],
            "finals": 1,
        }
    )
    spec = learning_curves(curves, [{"name": "wide"}], Words(), "Accuracy")
    (main,) = [one for one in spec["traces"] if one.get("name") == "wide"]

    assert main["mode"] == "markers"
    assert main["y"] == [0.6]


def test_curves_say_in_words_what_the_pointer_is_at():
    def rows(arm, blocks):
        return pd.DataFrame(
            {
                "arm": arm,
                "block": blocks,
                "step": 4,
                "epoch": 1.5,
                "seconds": 1.0,
                "examples": 9.0,
                "value": 0.5,
                "finals": 1,
            }
        )

    curves = pd.concat([rows("one", [0]), rows("two", [0, 1])])
    arms = [{"name": "one"}, {"name": "two"}]
    spec = learning_curves(curves, arms, Words(), "Accuracy", percent=True)
    said = {
        trace["name"]: trace["hovertemplate"]
        for trace in spec["traces"]
        if "name" in trace
    }
    heading = spec["layout"]["xaxis"]["unifiedhovertitle"]["text"]

    assert heading["epoch"] == "After %{x:.3~g} epochs"
    # One block has no interval, which would be shown as a gap in a sentence.
    assert said["one"] == ["%{y:.1%}"]
    assert said["two"] == (
        "%{y:.1%} (95 % interval %{customdata[0]:.1%} to "
        "%{customdata[1]:.1%}, %{customdata[2]} blocks)"
    )

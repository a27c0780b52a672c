"""Chart specifications, and the SVG that is drawn from them."""

import math
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suite.report.charts.build import clipped, curve_chart
from suite.report.charts.looks import PATTERNS, looks
from suite.report.charts.spec import (
    Axis,
    BlockChart,
    BlockRow,
    Dot,
    ForestStrip,
    Line,
    Tick,
    TrendChart,
    TrendPoint,
)
from suite.report.charts.svg import DASHES, draw, legend_style
from suite.report.charts.ticks import around, factor_ticks, linear_ticks

HOSTILE = '<script>alert(1)</script> & "x" \' $\\frac{1}{2}$ 100 % _a_'
POINTS = Axis("points", -5, 5, (Tick(0, "0"), Tick(4, "+4")))
ROW = BlockRow(
    level="few",
    label="Few",
    dots=(
        Dot(0, 1.0, "+1 point"),
        Dot(1, 3.0, "+3 points"),
        Dot(2, 3.0, "+3 points"),
    ),
    effect=2.0,
    interval=(0.5, 3.5),
    adjusted=(0.0, 4.0),
)
BLOCKS = BlockChart(
    "Wide wins.", "supported", POINTS, (ROW,), (-1.0, 1.0), 0.0, ("a", "b")
)
X = Axis("examples", 50, 400, (Tick(64, "64"), Tick(256, "256")), log=True)
TREND = TrendChart(
    "The gap grows.",
    "refuted",
    X,
    POINTS,
    (TrendPoint(64, 1.0, (0.5, 1.5)), TrendPoint(256, 2.0, None)),
)
STRIP = ForestStrip(
    "An effect", "supported", 4.0, 9.0, (8.0, 10.0), (7.0, 11.0)
)
NOT_KNOWN = [math.nan, math.nan]
CURVES = curve_chart(
    [
        Line(
            "wide",
            looks([None, None])[1],
            [0.0, 10.0],
            [0.5, 0.9],
            NOT_KNOWN,
            NOT_KNOWN,
        )
    ],
    "few: training",
    "epochs",
    "Accuracy",
    percent=True,
)
CHARTS = {"blocks": BLOCKS, "trend": TREND, "strip": STRIP, "curves": CURVES}


# ---------------------------------------------------------------------------- ticks


@given(
    low=st.floats(-1e3, 1e3),
    length=st.floats(1e-3, 1e3),
    about=st.integers(3, 8),
)
def test_ticks_are_evenly_spaced_inside_the_axis(low, length, about):
    ticks = linear_ticks(low, low + length, about)

    assert 1 <= len(ticks) <= about + 1
    for tick in ticks:
        assert low - 1e-6 * length <= tick <= low + length * (1 + 1e-6)
    assert np.diff(ticks, 2) == pytest.approx(
        0, abs=1e-6 * (length + abs(low))
    )


@given(low=st.floats(-5, 5), length=st.floats(0.05, 12))
def test_ticks_of_factors_keep_apart(low, length):
    ticks = factor_ticks(math.exp(low), math.exp(low + length))

    assert 1 <= len(ticks) <= 9
    assert ticks == sorted(ticks)


def test_ticks_are_round():
    assert linear_ticks(0, 1) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert factor_ticks(0.5, 20) == pytest.approx([0.5, 1, 2, 5, 10, 20])
    assert factor_ticks(0.9, 1.25) == pytest.approx([0.9, 1, 1.1, 1.2])


def test_alike_values_get_room_around_them():
    assert around([2.0, 2.0], room=0.0) == (1.0, 3.0)
    assert around([0.0], room=0.0) == (-0.5, 0.5)


# ------------------------------------------------------------------- specifications


def test_intervals_are_clipped_at_what_is_possible():
    assert clipped((0.64, 1.18), (0.0, 1.0)) == (0.64, 1.0)
    assert clipped((-125.0, -1.4), (-100.0, 100.0)) == (-100.0, -1.4)
    assert clipped((math.nan, 1.0), (0.0, 1.0)) is None


def test_a_share_is_never_drawn_beyond_0_and_100_percent():
    line = Line(
        "wide",
        looks([None])[0],
        [0.0, 1.0],
        [0.9, 0.95],
        [-0.2, math.nan],
        [1.4, math.nan],
    )
    chart = curve_chart([line], "few", "epochs", "Accuracy", percent=True)

    (drawn,) = chart.lines
    assert (drawn.low[0], drawn.high[0]) == (0.0, 1.0)
    assert math.isnan(drawn.low[1])
    assert chart.y.high <= 1.02
    assert all(0 <= tick.value <= 1.001 for tick in chart.y.ticks)


def test_other_measures_have_no_bounds():
    line = Line(
        "wide",
        looks([None])[0],
        [0.0, 1.0],
        [3.0, 2.0],
        [-1.0, -1.0],
        [7.0, 5.0],
    )
    (drawn,) = curve_chart(
        [line], "few", "epochs", "Loss", percent=False
    ).lines

    assert list(drawn.low) == [-1.0, -1.0]


# ---------------------------------------------------------------------------- drawing


@pytest.mark.parametrize("kind", CHARTS)
def test_a_drawing_is_the_same_each_time(kind):
    assert draw(CHARTS[kind], "here") == draw(CHARTS[kind], "here")


@pytest.mark.parametrize("kind", CHARTS)
def test_a_drawing_has_text_and_the_colours_of_its_page(kind):
    svg = draw(CHARTS[kind], "here")

    assert svg.startswith("<svg viewBox=")
    assert not re.search(r"#[0-9a-f]{6}\b", svg)  # only CSS variables
    assert "var(--" in svg
    assert "<style" not in svg
    assert "http" not in svg
    assert "20" not in re.findall(r"\b20\d\d-", svg)  # no date
    assert f"<title>{CHARTS[kind].title}</title>" in svg


def test_labels_stay_text():
    svg = draw(BLOCKS, "here")

    for text in ("+4", "points", "← a", "b →"):
        assert f">{text}</text>" in svg


def test_a_dot_per_block_tells_its_number():
    svg = draw(BLOCKS, "here")

    assert svg.count('class="dot"') == 3
    assert "<title>Block 1: +3 points</title>" in svg


def test_names_within_two_drawings_differ():
    def names(svg):
        return set(re.findall(r' id="([^"]+)"', svg))

    one, other = draw(BLOCKS, "one"), draw(BLOCKS, "other")

    assert names(one)
    assert not names(one) & names(other)


@pytest.mark.parametrize("kind", CHARTS)
def test_what_people_wrote_cannot_become_code(kind):
    chart = replace(CHARTS[kind], title=HOSTILE)
    if kind == "blocks":
        dots = (Dot(0, 1.0, HOSTILE),)
        row = replace(ROW, label=HOSTILE, dots=dots)
        sides = (HOSTILE, HOSTILE)
        chart = replace(
            chart, rows=(row, replace(row, level="many")), sides=sides
        )
    if kind in ("trend", "curves"):
        chart = replace(chart, x=replace(chart.x, title=HOSTILE))
    svg = draw(chart, HOSTILE)

    assert "<script" not in svg
    assert kind == "strip" or r"$\frac{1}{2}$" in svg.partition("</title>")[2]
    assert "&lt;script&gt;" in svg


def test_arms_look_in_the_legend_as_in_the_charts():
    second = looks([None, None])[1]

    assert "var(--arm2)" in draw(CURVES, "here")
    assert "var(--arm2)" in legend_style(second)
    assert "stroke-dasharray: 8 3.5" in legend_style(second)
    assert "stroke-dasharray: 8,3.5" in draw(CURVES, "here")
    assert len(set(DASHES)) == PATTERNS


def test_the_command_line_does_not_wait_for_matplotlib():
    code = (
        "import sys, suite.cli.main, suite.cli.results, suite.report.html.page\n"
        "sys.exit('matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)

    assert done.returncode == 0

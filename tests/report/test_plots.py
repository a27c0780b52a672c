"""Plots that a task declares show what its campaign recorded."""

import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import tasks
from dashboard.figures.pictures import picture_frame, picture_spec
from suite.campaign.launch import launch
from suite.campaign.plans import plan_of
from suite.cli.main import app
from suite.cluster.serial import SerialExecutor
from suite.planning.profile import Profile, TaskPlan
from suite.records.results import Results
from suite.report.charts.looks import Look
from suite.report.charts.squares import shade
from suite.report.charts.svg import ALONE
from suite.report.html.pictures import picture_views
from suite.report.pictures import ArmPicture, Gathered
from suite.report.plots import plots_of
from tasks import Axis, Curve, Heights, Picture, Plot, UserError

ROOT = Path(__file__).resolve().parents[2]
SIZES = """
import random
from functools import partial

from tasks import Arm, Axis, Claim, Float, Level, Measure, Plot, Space, Task, Text


def measure(best, level, params, seed):
    noise = random.Random(str(seed)).gauss(0, 0.01)
    return {"height": best * level["size"] + params["heat"] + noise}


def at(size, depth):
    return Level(f"{size}_{depth}", {"size": size, "depth": depth}, x=size)


TASK = Task(
    "How high?",
    arms=(
        Arm.function("low", partial(measure, 1.0), label="Low & wide", x=10),
        Arm.function("high", partial(measure, 2.0), label="High up", x=20),
        Arm.function("none", partial(measure, 2.0)),
    ),
    levels=(at(1, 1), at(2, 1), at(2, 8)),
    space=Space(heat=Float(0.1, 10.0, log=True)),
    measures=(Measure("height", "higher", label="Height"),),
    claims=(Claim("higher", "Higher.", "height", better="high", worse="low"),),
    plots=(
        Plot("sizes", Text("By size", zh="按大小"), "height", Axis("Size", log=True),
             levels=("1_1", "2_1"), says="It grows."),
        Plot("heats", "By heat", "height", Axis("Heat", log=True), along="heat",
             arms=("high",)),
        Plot("map", "By both", "height", Axis("Size"), along="size",
             y=Axis(Text("Depth", zh="深度")), by="depth"),
        Plot("arms", "By arm", "height", Axis("Factor"), along="arms",
             levels=("1_1", "2_8")),
        Plot("lost", "Nothing", "gap.height", Axis("Size")),
    ),
)
"""


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plots")
    path = folder / "sizes.py"
    path.write_text(SIZES, encoding="utf-8")
    before = dict(tasks._registry._FILES)
    name = tasks.load_file(path).name
    values = {"name": "drawn", "blocks": 3, "trials": 2}
    values["tasks"] = {name: TaskPlan()}
    plan = plan_of(Profile.model_validate(values), folder)
    launch(plan, folder, executor=SerialExecutor(), tracking_uri="none")
    tasks._registry._FILES.clear()
    tasks._registry._FILES.update(before)
    return Results(folder).load(plan.id)


@pytest.fixture(scope="module")
def drawn(campaign):
    found = plots_of(campaign, "sizes")
    return {one.name.removeprefix("plot-"): one for one in found}


def values_of(campaign, arm, level, kind="final", column="test.height"):
    runs = campaign.runs
    mine = (runs["arm"] == arm) & (runs["level"] == level)
    return list(runs[mine & (runs["kind"] == kind)][column])


def test_over_levels_there_is_a_point_for_each_block_and_a_line_through_means(
    campaign, drawn
):
    assert [one.arm for one in drawn["sizes"].of] == ["low", "high"]
    line, points = drawn["sizes"].of[1].picture.curves
    expected = [values_of(campaign, "high", level) for level in ("1_1", "2_1")]

    assert list(line.x) == [1, 2]
    assert list(line.y) == pytest.approx([np.mean(one) for one in expected])
    assert sorted(points.y) == pytest.approx(sorted(expected[0] + expected[1]))


def test_over_arms_there_is_a_line_for_each_level_at_the_arms_own_places(
    campaign, drawn
):
    labels = [level.label for level in campaign.manifest.task("sizes").levels]
    first, last = drawn["arms"].of
    line, points = last.picture.curves
    expected = [values_of(campaign, arm, "2_8") for arm in ("low", "high")]

    assert [first.arm, last.arm] == [labels[0], labels[2]]
    assert first.look != last.look
    assert list(line.x) == [10, 20]
    assert list(line.y) == pytest.approx([np.mean(one) for one in expected])
    assert sorted(points.y) == pytest.approx(sorted(expected[0] + expected[1]))


def test_each_trial_is_a_point_at_its_hyperparameter(campaign, drawn):
    (high,) = drawn["heats"].of
    (points,) = high.picture.curves
    runs = campaign.runs
    trials = runs[(runs["arm"] == "high") & (runs["kind"] == "trial")]

    assert list(points.x) == pytest.approx(sorted(trials["param.heat"]))
    assert sorted(points.y) == pytest.approx(
        sorted(trials["validation.height"])
    )


def test_a_map_has_the_mean_over_blocks_where_there_is_a_level(
    campaign, drawn
):
    heights = drawn["map"].of[0].picture.heights
    assert (list(heights.x), list(heights.y)) == ([1, 2], [1, 8])
    means = [
        np.mean(values_of(campaign, "low", level))
        for level in ("1_1", "2_1", "2_8")
    ]

    assert np.ravel(heights.z)[[0, 1, 3]] == pytest.approx(means)
    assert np.isnan(heights.z[1][0])  # no level is there


def test_a_plot_without_numbers_is_left_out(drawn):
    assert sorted(drawn) == ["arms", "heats", "map", "sizes"]


def test_plots_have_the_readers_language(campaign):
    sizes, _, by_both, _ = plots_of(campaign, "sizes", "zh")

    assert sizes.first.title == "按大小"
    assert by_both.first.y.label == "深度"
    assert by_both.first.x.label == "Size"  # there is no other


def test_the_page_has_a_panel_for_each_map_and_a_table_of_its_squares(drawn):
    spec = picture_spec(drawn["map"], str.upper)
    frame = picture_frame(drawn["map"], str.upper)

    assert spec["panels"]["titles"] == ["LOW", "HIGH"]
    assert len(spec["layout"]["shapes"]) == len(frame) == 6
    assert [trace["xaxis"] for trace in spec["traces"]] == ["x", "x2"]
    assert list(frame["y"][:3]) == [1, 1, 8]


def test_the_report_has_each_plot_and_says_what_there_is_to_see(campaign):
    views = list(picture_views(campaign, "sizes"))

    assert [view.says for view in views] == ["It grows.", "", "", ""]
    assert [len(view.arms) for view in views] == [
        2,
        1,
        0,
        2,
    ]  # maps have titles
    assert "High up" in views[2].drawing


def test_topics_writes_plots_as_files_that_name_the_arms(campaign, tmp_path):
    folder = str(campaign.folder.parent)
    given = ["topics", "--results", folder, "-o", str(tmp_path)]
    result = CliRunner().invoke(app, given)
    assert result.exit_code == 0, result.output
    page = (tmp_path / "sizes.zh.md").read_text("utf-8")
    names = re.findall(r"\]\((\S+\.svg)\)", page)
    first = (tmp_path / names[0]).read_text("utf-8")

    assert names == [
        "sizes.zh.svg",
        "sizes.zh.2.svg",
        "sizes.zh.3.svg",
        "sizes.zh.4.svg",
    ]
    assert "按大小" in first
    assert "Low &amp; wide" in first
    assert "var(--" not in first


def test_files_have_the_light_colours_of_the_report():
    css = (ROOT / "suite/report/html/report.css").read_text("utf-8")
    light = css.partition("prefers-color-scheme")[0]

    for name, color in ALONE.items():
        assert f"--{name}: {color}" in light


def test_arms_that_move_over_different_surfaces_have_a_panel_each():
    def arm(place, height):
        heights = Heights([0, 1], [0, 1], [[0, height], [0, 1]])
        curves = (Curve([0], [0], mode="points"),)
        picture = Picture("p", "t", Axis("x"), Axis("y"), curves, heights)
        look = Look("arm1", place)
        return ArmPicture(f"arm{place}", look, picture)

    arms = (arm(0, 1.0), arm(1, 2.0), arm(2, 1.0))
    panels = Gathered("p", arms).panels

    assert [[one.arm for one in panel] for panel in panels] == [
        ["arm0", "arm2"],
        ["arm1"],
    ]
    spec = picture_spec(Gathered("p", arms), str)
    assert spec["panels"]["titles"] == ["arm0, arm2", "arm1"]


def test_the_largest_number_has_the_darkest_square():
    shades = [shade(value, (1.0, 3.0)) for value in (1.0, 2.0, 3.0)]

    assert shades == sorted(shades)
    assert shades[1] == pytest.approx((shades[0] + shades[2]) / 2)
    assert 0 < shade(5.0, (5.0, 5.0)) < 1


PLAIN = {"title": "t", "metric": "height", "x": Axis("x")}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"title": ""}, "what is shown"),
        ({"x": "Size"}, "give an Axis"),
        ({"along": "size", "by": "size"}, "lies along x already"),
        ({"along": "updates", "by": "size"}, "no map"),
        ({"by": "depth"}, "name it"),
        ({"by": "depth", "along": "arms", "y": Axis("y")}, "shows one arm"),
    ],
)
def test_a_plot_that_cannot_be_is_refused(changes, says):
    with pytest.raises(UserError, match=says):
        Plot("p", **{**PLAIN, **changes})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"along": "hight"}, "no level has as a number"),
        ({"along": "arms", "arms": ("none",)}, "none of them has a place"),
        ({"arms": ("lo",)}, "did you mean 'low'"),
        ({"levels": ("3_1",)}, "3_1"),
        ({"along": "size", "by": "dept", "y": Axis("y")}, "levels need"),
    ],
)
def test_a_task_refuses_a_plot_of_what_it_does_not_have(
    changes, says, tmp_path, monkeypatch
):
    monkeypatch.setattr(tasks._registry, "_FILES", {})
    path = tmp_path / "wrong.py"
    plot = f"plots=(Plot('p', 't', 'height', Axis('x'), **{changes!r}),)"
    text = SIZES[: SIZES.index("    plots=(")] + f"    {plot},\n)\n"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(UserError, match=says):
        tasks.load_file(path)


def test_a_metric_that_nothing_records_is_refused_before_the_first_run(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(tasks._registry, "_FILES", {})
    path = tmp_path / "unknown.py"
    text = SIZES.replace('"gap.height"', '"hieght"')
    path.write_text(text, encoding="utf-8")
    name = tasks.load_file(path).name
    values = {"name": "none", "blocks": 2, "trials": 1, "tasks": {name: {}}}

    with pytest.raises(UserError, match=r"plot 'lost'.*did you mean 'height'"):
        plan_of(Profile.model_validate(values), tmp_path)

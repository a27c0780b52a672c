"""Pictures: what a run records of itself is what pages and the report draw."""

import json
import math

import numpy as np
import pytest

import tasks
from dashboard.figures.pictures import picture_frame, picture_spec
from suite.campaign.plans import plan_of
from suite.planning.profile import Profile, TaskPlan
from suite.records.results import Results
from suite.report.html.pictures import picture_views
from suite.report.pictures import pictures_of
from tasks import Axis, Curve, Heights, Outcome, Picture, Text, UserError
from tasks.contract.picture import MOST_POINTS, outcome_of, read_picture

LINE = Curve([1, 2], [3.0, 4.5], "rise")
PICTURE = Picture(
    "rise",
    Text("A rise", zh="上升"),
    Axis(Text("Time [s]", zh="时间 [s]"), log=True),
    Axis("Height [m]"),
    (LINE, Curve(np.array([1.0]), np.array([math.inf]), mode="points")),
    Heights([0, 1], [0, 1, 2], np.arange(6.0).reshape(3, 2)),
)
DRAWING = """
from tasks import Arm, Axis, Curve, Measure, Outcome, Picture, Task


def draw(height, level, params, seed):
    def pictures():
        yield Picture("rise", "A rise", Axis("x"), Axis("y"), (Curve([0, 1], [0, height]),))

    return Outcome({"height": height}, pictures)


def low(level, params, seed):
    return draw(1.0, level, params, seed)


def high(level, params, seed):
    return draw(2.0, level, params, seed)


TASK = Task(
    "How high?",
    arms=(Arm.function("low", low), Arm.function("high", high, label="High up")),
    measures=(Measure("height", "higher"),),
)
"""


def test_a_picture_is_read_as_it_was_written_in_each_language():
    (content,) = PICTURE.artifact.values()
    english, chinese = (read_picture(content, tag) for tag in ("en", "zh"))

    assert (english.title, chinese.title) == ("A rise", "上升")
    assert (english.x.label, chinese.x.label) == ("Time [s]", "时间 [s]")
    assert english.x.log
    assert list(english.curves[0].y) == [3.0, 4.5]
    assert math.isnan(english.curves[1].y[0])  # JSON has no infinity
    assert english.heights is not None
    assert list(english.heights.z[2]) == [4.0, 5.0]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Curve([1, 2], [1]), "one for each of the 2 x"),
        (
            lambda: Curve([0] * (MOST_POINTS + 1), [0] * (MOST_POINTS + 1)),
            "at most",
        ),
        (lambda: Curve([1], [1], mode="bars"), "points"),  # type: ignore[arg-type]
        (lambda: Heights([1, 2], [1], [[1]]), "1 rows of 2 numbers"),
        (lambda: Axis(""), "what lies along the axis"),
        (lambda: Picture("a/b", "t", Axis("x"), Axis("y"), ()), "a/b"),
        (lambda: read_picture(b"[]"), "no picture"),
        (lambda: read_picture(b'{"name": "x"}'), "no picture"),
    ],
)
def test_a_picture_that_cannot_be_is_refused(make, says):
    with pytest.raises(UserError, match=says):
        make()


def test_numbers_alone_are_an_outcome_without_pictures():
    outcome = outcome_of({"height": 1.0})

    assert outcome == Outcome({"height": 1.0})
    assert list(outcome.pictures()) == []


@pytest.fixture
def campaign(run_inline, tmp_path):
    path = tmp_path / "drawing.py"
    path.write_text(DRAWING, encoding="utf-8")
    name = tasks.load_file(path).name
    profile = Profile.model_validate(
        {
            "name": "drawn",
            "blocks": 2,
            "trials": 1,
            "tasks": {name: TaskPlan()},
        }
    )
    plan = plan_of(profile, tmp_path)
    run_inline(plan, tmp_path)
    return Results(tmp_path).load(plan.id)


def test_the_same_picture_of_all_arms_becomes_one(campaign):
    (gathered,) = pictures_of(campaign, "drawing", "all", block=1)
    spec = picture_spec(gathered, str.upper)
    frame = picture_frame(gathered, str.upper)

    assert [one.arm for one in gathered.of] == ["low", "high"]
    assert [trace["y"] for trace in spec["traces"]] == [[0, 1], [0, 2]]
    assert [trace["name"] for trace in spec["traces"]] == ["LOW", "HIGH"]
    assert frame["y"].tolist() == [0, 1, 0, 2]


def test_the_report_draws_each_picture_with_its_arms(campaign):
    (view,) = picture_views(campaign, "drawing")

    assert [arm.label for arm in view.arms] == ["low", "High up"]
    assert view.drawing.count("<svg") == 1


def test_a_damaged_picture_is_left_out(campaign):
    for path in campaign.folder.glob("artifacts/*/figure-rise.json"):
        path.write_text(json.dumps({"name": "rise"}), encoding="utf-8")

    assert pictures_of(campaign, "drawing", "all") == []

"""From Python: a task, a file or a profile in, tables out."""

import importlib
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from suite import run
from tasks import Arm, Claim, Measure, Task, UserError

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = {"workers": 0, "tracking_uri": "none", "trials": 1}
SCRIPT = """
from suite import run
from tasks import Arm, Claim, Measure, Task

OFFSET = 5.0

def high(level, params, seed):
    return {"score": OFFSET + seed % 7}

def low(level, params, seed):
    return {"score": seed % 5}

TASK = Task(
    "Is high higher?",
    arms=(Arm.function("high", high), Arm.function("low", low)),
    measures=(Measure("score", "higher"),),
    claims=(Claim("higher", "High is higher.", "score", "high", "low"),),
)
campaign = run(TASK, "results", blocks=2, trials=1, workers=0, tracking_uri="none")
print(list(campaign.verdicts["claim"]), set(campaign.runs["block"]), len(repr(campaign)))
"""


def high(level, params, seed):
    return {"score": 10.0 + seed % 7}


def low(level, params, seed):
    return {"score": seed % 5}


def task():
    return Task(
        "Is high higher?",
        arms=(Arm.function("high", high), Arm.function("low", low)),
        measures=(Measure("score", "higher"),),
        claims=(Claim("higher", "High is higher.", "score", "high", "low"),),
    )


def test_a_task_gives_a_table_of_verdicts(tmp_path):
    campaign = run(task(), tmp_path, blocks=6, **OPTIONS)

    assert list(campaign.verdicts["verdict"]) == ["supported"]
    assert set(campaign.runs["task"]) == {"is_high_higher"}
    assert "is_high_higher" in repr(campaign)
    assert len(repr(campaign)) < 500
    assert "<table" in campaign._repr_html_()


def test_figures_have_names(tmp_path):
    campaign = run(task(), tmp_path, blocks=3, **OPTIONS)
    assert campaign.figures == ["is_high_higher/higher"]

    figure = campaign.figure("is_high_higher/higher")
    figure.save(tmp_path / "chart.svg")

    root = ElementTree.parse(tmp_path / "chart.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "High is higher." in figure._repr_svg_()
    assert len(repr(figure)) < 100
    with pytest.raises(
        UserError, match="did you mean 'is_high_higher/higher'"
    ):
        campaign.figure("is_high_higher/hihger")


@pytest.mark.parametrize(("progress", "shown"), [(True, True), (None, False)])
def test_progress_is_a_line_that_is_rewritten(
    tmp_path, capsys, progress, shown
):
    run(task(), tmp_path, blocks=2, progress=progress, **OPTIONS)

    told = capsys.readouterr().err
    assert ("\r4/4 runs" in told) is shown
    assert told.endswith("\n") is shown


def test_a_value_that_no_profile_has_is_told_in_one_line(tmp_path):
    with pytest.raises(UserError, match="blocks = -3: give at least 1"):
        run(task(), tmp_path, blocks=-3)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a task file, its helper module and a file of data."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "helper_of_it.py").write_text("OFFSET = 5.0\n")
    (tmp_path / "data.txt").write_text("1.0")
    (tmp_path / "own_files.py").write_text(OWN_FILES)
    yield tmp_path
    sys.modules.pop("helper_of_it", None)


OWN_FILES = """
from pathlib import Path
import helper_of_it
from tasks import Arm, Claim, Measure, Task

SCALE = float(Path(__file__).with_name("data.txt").read_text())

def high(level, params, seed):
    return {"score": helper_of_it.OFFSET + SCALE * (seed % 7)}

def low(level, params, seed):
    return {"score": seed % 5}

TASK = Task(
    "Is high higher?",
    arms=(Arm.function("high", high), Arm.function("low", low)),
    measures=(Measure("score", "higher"),),
    claims=(Claim("higher", "High is higher.", "score", "high", "low"),),
)
"""


def test_a_second_run_sees_what_has_changed_in_files(folder):
    def scores():
        file = folder / "own_files.py"
        found = run("quick", folder, task_file=file, blocks=2, **OPTIONS)
        return list(found.finals.query("arm == 'high'")["test.score"])

    first, again = scores(), scores()
    (folder / "data.txt").write_text("2.0")
    doubled = scores()

    assert again == first
    assert doubled == [5 + 2 * (score - 5) for score in first]

    (folder / "helper_of_it.py").write_text("OFFSET = 7.0\n")
    with pytest.raises(UserError, match=r"reload\(helper_of_it\) first"):
        scores()
    importlib.reload(sys.modules["helper_of_it"])
    assert scores() == [score + 2 for score in doubled]


def test_a_task_defined_in_a_script_runs(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "['higher'] {0, 1}" in done.stdout, done.stderr


def test_a_task_file_takes_the_place_of_a_profile_s_tasks(tiny_file, tmp_path):
    campaign = run("quick", tmp_path, task_file=tiny_file, blocks=1, **OPTIONS)

    assert set(campaign.runs["task"]) == {"tiny"}


def test_an_unknown_option_is_named(tmp_path):
    with pytest.raises(UserError, match="blocks"):
        run("quick", tmp_path, block=3)


def test_what_cannot_be_run_is_told(tmp_path):
    with pytest.raises(
        UserError, match=r"run\(int\): give the name of a profile"
    ):
        run(3, tmp_path)

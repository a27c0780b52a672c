"""What machines, file systems and other programs leave in the way of a campaign changes
neither its results nor what is said of them.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan
from suite.records.journal import FILE, read_lines, results_digest
from suite.records.results import Results
from suite.tracking import payload
from suite.verdicts.judge import judge_campaign
from tasks import UserError

ROOT = Path(__file__).resolve().parents[2]
# What users, schedulers and other programs set.
VARIABLES = {
    "CUDA_VISIBLE_DEVICES": "",
    "HOME": "/nonexistent",
    "http_proxy": "http://127.0.0.1:9",
    "LC_ALL": "C",
    "MKL_NUM_THREADS": "3",
    "MLFLOW_EXPERIMENT_NAME": "theirs",
    "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
    "OMP_NUM_THREADS": "many",
    "PYTHONHASHSEED": "7",
    "PYTHONUNBUFFERED": "1",
    "TZ": "Pacific/Apia",
}


@pytest.fixture
def plan(tiny):
    """Two arms, two levels, one block, one trial and one final: 8 runs."""
    tasks = {tiny: TaskPlan()}
    values = {"name": "tiny", "blocks": 1, "trials": 1, "tasks": tasks}
    return Plan(Profile.model_validate(values))


def digest_of(results: Path, campaign: str) -> str:
    return results_digest(read_lines(results / campaign / FILE))


def test_variables_of_the_environment_change_no_result(
    tiny_file, plan, run_inline, tmp_path
):
    run_inline(plan)
    temporary = tmp_path / "tmp [x] 50% 名"
    temporary.mkdir()
    profile, results = tmp_path / "tiny.toml", tmp_path / "set"
    profile.write_text('name = "tiny"\nblocks = 1\ntrials = 1\n[tasks.tiny]\n')
    words = ["-m", "suite", "run", profile, "--task-file", tiny_file]
    words += ["--workers", "0", "--results", results, "--tracking", "none"]
    environment = {**os.environ, **VARIABLES, "TMPDIR": str(temporary)}
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=ROOT,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert digest_of(results, plan.id) == digest_of(
        tmp_path / "results", plan.id
    )


def test_a_lock_that_a_crash_or_another_host_has_left_holds_nothing_up(
    plan, run_inline, tmp_path
):
    """Only a process that lives holds it, whatever the file says."""
    folder = tmp_path / "results" / plan.id
    folder.mkdir(parents=True)
    (folder / "lock").write_text("1 elsewhere.example")

    assert run_inline(plan).trained == plan.runs


@pytest.fixture
def recorded(plan, run_inline, tmp_path):
    """A finished campaign: its results, its record and its verdicts."""
    run_inline(plan)
    results = Results(tmp_path / "results")
    verdicts = judge_campaign(results.load())
    return results, tmp_path / "results" / plan.id / FILE, verdicts


def test_lines_that_are_there_twice_count_once(recorded, plan, run_inline):
    """As a copy that was started again, or a file system, may leave them."""
    results, record, verdicts = recorded
    lines = record.read_text().splitlines(keepends=True)
    record.write_text("".join([*lines, *lines[3:9]]))
    again = Results(results.root)

    assert len(again.load().runs) == plan.runs
    assert judge_campaign(again.load()) == verdicts
    assert run_inline(plan).trained == 0


def test_a_record_of_mixed_schemas_names_the_line(recorded):
    results, record, _ = recorded
    lines = record.read_text().splitlines(keepends=True)
    older = json.dumps(json.loads(lines[4]) | {"schema": 1})
    record.write_text("".join([*lines[:4], f"{older}\n", *lines[5:]]))

    with pytest.raises(UserError, match=r"line 5, was written by Bakeoff 0"):
        Results(results.root).load()


@pytest.mark.parametrize("how", [shutil.copytree, shutil.move])
def test_results_that_were_moved_or_copied_go_on_and_say_the_same(
    how, recorded, plan, run_inline, tmp_path
):
    results, _, verdicts = recorded
    how(results.root, tmp_path / "elsewhere" / "名 50%")
    there = Results(tmp_path / "elsewhere" / "名 50%")

    assert judge_campaign(there.load()) == verdicts
    assert run_inline(plan, there.root).trained == 0


def test_a_machine_without_git_and_a_user_without_a_name_are_published(
    monkeypatch,
):
    def nobody():
        raise KeyError("uid not found")

    monkeypatch.setattr(payload.getpass, "getuser", nobody)
    monkeypatch.setenv("PATH", "/nonexistent")

    assert payload._user() == ""
    assert payload._git_commit(ROOT) == ""


def test_a_folder_for_checkpoints_that_cannot_be_made_stops_no_campaign(
    tiny_plan, run_inline, tmp_path, monkeypatch
):
    """As one that all nodes are to share, and that is not mounted on this one."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BAKEOFF_CHECKPOINTS", str(tmp_path / "file" / "all"))

    assert run_inline(tiny_plan).trained == tiny_plan.runs
    log = (tmp_path / "results" / tiny_plan.id / "log.txt").read_text()
    assert "a long run that is lost starts from scratch" in log

"""Examples: short, found where the README says, and run to a verdict."""

from pathlib import Path

import pytest

import tasks
from suite.checks.soundness import findings
from suite.planning.plan import Plan
from suite.planning.profile import Profile
from suite.records.results import Results
from suite.verdicts.judge import judge_campaign

FOLDER = Path(tasks.__file__).parent / "examples"
FILES = sorted(
    path for path in FOLDER.glob("*.py") if path.name != "__init__.py"
)
VERDICTS = {"supported", "refuted", "equivalent", "inconclusive"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_runs_to_a_verdict(path, run_inline, tmp_path):
    task = tasks.load_file(path)
    plan = Plan(
        Profile.model_validate(
            {
                "name": "tiny",
                "blocks": 2,
                "trials": 1,
                "finals": 1,
                "length_factor": 0.2,
                "tasks": {path.stem: {}},
            }
        )
    )

    run_inline(plan)

    campaign = Results(tmp_path / "results").load()
    runs = campaign.runs
    assert set(runs["arm"]) == {arm.name for arm in task.arms}
    assert (runs["status"] == "finished").all()
    verdicts = judge_campaign(campaign)
    assert {found.claim for found in verdicts} == {
        claim.name for claim in task.claims
    }
    for found in verdicts:
        assert found.verdict in VERDICTS, found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_passes_the_fast_checks(path):
    task = tasks.load_file(path)

    wrong = [found for found in findings(task, fast=True) if found.ok is False]

    assert not wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_is_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 60


def test_examples_are_no_tasks_of_the_catalogue():
    assert not {path.stem for path in FILES} & set(tasks.names())

"""`bakeoff new task`: what is compared, with options or asked on a terminal, and a file
that runs.
"""

import pytest

import suite.cli.tasks as commands
import tasks
from suite.cli.tasks import QUESTIONS, new_task
from suite.planning.plan import Plan
from suite.planning.profile import Profile
from suite.records.results import Results
from tasks import UserError


@pytest.fixture
def answers(monkeypatch):
    """Someone at a terminal who answers in this order; returns what was asked."""
    asked = []

    def given(*replies):
        left = list(replies)

        def prompt(question, default):
            asked.append(question)
            return left.pop(0) or default

        monkeypatch.setattr(commands, "is_interactive", lambda: True)
        monkeypatch.setattr(commands.typer, "prompt", prompt)
        return asked

    return given


@pytest.mark.parametrize("compare", QUESTIONS)
def test_each_comparison_is_a_file_that_runs(compare, run_inline, tmp_path):
    name = f"new_{compare}"
    new_task(name, tmp_path, compare, "Is it so?", 0.05)
    task = tasks.load_file(tmp_path / f"{name}.py")
    profile = {"name": "tiny", "blocks": 1, "trials": 1, "length_factor": 0.05}
    run_inline(Plan(Profile.model_validate({**profile, "tasks": {name: {}}})))
    runs = Results(tmp_path / "results").load().runs

    assert task.question == "Is it so?"
    assert {claim.margin for claim in task.claims} == {0.05}
    assert set(runs["arm"]) == {arm.name for arm in task.arms}
    assert (runs["status"] == "finished").all()


def test_on_a_terminal_it_asks_what_no_option_says(answers, tmp_path):
    asked = answers("losses", "", "0.1")
    new_task("asked", tmp_path)
    text = (tmp_path / "asked.py").read_text()

    assert len(asked) == 3
    assert QUESTIONS["losses"] in text
    assert "margin=0.1," in text


def test_what_options_say_is_not_asked(answers, tmp_path):
    asked = answers("")
    new_task("asked", tmp_path, compare="function", margin=0.1)

    assert asked == ["Which question does it answer?"]


def test_unattended_it_asks_nothing_and_writes_the_defaults(tmp_path):
    new_task("quiet", tmp_path)

    assert QUESTIONS["models"] in (tmp_path / "quiet.py").read_text()


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"compare": "optimiser"}, "did you mean 'optimizers'"),
        ({"margin": 0.0}, "above 0"),
        ({"question": 'Is "it" so?'}, "without double quotes"),
        ({"question": " "}, "give one line"),
    ],
)
def test_a_wrong_answer_is_refused_and_nothing_is_written(
    values, complaint, tmp_path
):
    with pytest.raises(UserError, match=complaint):
        new_task("wrong", tmp_path, **values)

    assert not list(tmp_path.iterdir())


def test_a_margin_that_is_no_number_is_refused(answers, tmp_path):
    answers("", "", "little")
    with pytest.raises(UserError, match="give a number above 0"):
        new_task("wrong", tmp_path)

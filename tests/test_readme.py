"""What the README shows works as it stands."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

import tasks
from suite.checks.soundness import findings
from suite.cli import main
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan, load_profile
from suite.records.results import Results
from suite.verdicts.judge import judge_campaign

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.fixture
def example(tmp_path: Path) -> str:
    """The task of the README, saved and loaded as a reader would."""
    (text,) = re.findall(
        r"tests/test_readme.py -->\n```python\n(.*?)```",
        README,
        flags=re.DOTALL,
    )
    path = tmp_path / "activation.py"
    path.write_text(text, encoding="utf-8")
    tasks.load_file(path)
    return "activation"


def test_the_example_is_short(example):
    source = tasks.source_of(example)
    assert source is not None
    lines = source[1].splitlines()
    assert 30 <= len(lines) <= 60
    assert max(map(len, lines)) <= 88


def test_the_example_is_sound(example):
    found = list(findings(tasks.get(example)))

    assert len(found) >= 8
    assert not [finding for finding in found if finding.ok is False]


def test_the_example_runs_and_is_judged(example, run_inline, tmp_path):
    profile = {
        "name": "mine",
        "blocks": 2,
        "trials": 1,
        "length_factor": 0.05,
        "tasks": {example: TaskPlan()},
    }
    plan = Plan(Profile.model_validate(profile))
    run_inline(plan)
    verdicts = judge_campaign(Results(tmp_path / "results").load(plan.id))

    assert {verdict.claim for verdict in verdicts} == {
        "needed_when_deep",
        "not_when_shallow",
    }
    assert all(
        verdict.blocks == 2 and verdict.label == "exploratory"
        for verdict in verdicts
    )


def test_a_notebook_gets_frames(example, tmp_path, monkeypatch):
    from suite import run

    profile = Profile.model_validate(
        {
            "name": "mine",
            "blocks": 1,
            "trials": 1,
            "length_factor": 0.05,
            "tasks": {example: TaskPlan(levels=("shallow",))},
        }
    )
    campaign = run(
        profile, tmp_path / "results", workers=0, tracking_uri="none"
    )

    assert len(campaign.runs) == 4
    assert campaign.state["state"] == "done"


def test_commands_that_the_readme_shows_exist_with_their_options():
    known = get_command(main.app)
    shown = re.findall(
        r"(?:bin/|\$ |; |`)bakeoff ([a-z].*?)(?:  |`|;|$)",
        README,
        flags=re.MULTILINE,
    )

    assert len(shown) > 15
    for words in map(str.split, shown):
        command = known
        for word in words:
            command = getattr(command, "commands", {}).get(word, command)
        assert command is not known, words
        options = {
            name for parameter in command.params for name in parameter.opts
        }
        assert {word for word in words if word.startswith("-")} <= options, (
            words
        )


def test_files_that_are_named_are_there():
    folders = "ci|tasks|suite|search|dashboard|tests"
    named = set()
    for text in (README, CONTRIBUTING):
        named |= set(re.findall(rf"`((?:{folders})/[\w./-]*)`", text))
        named |= set(re.findall(r"\]\(((?!http)[^)]+)\)", text))
    named.remove("tasks/NAME.py")

    assert len(named) >= 20
    assert not {name for name in named if not (ROOT / name).exists()}


def test_the_table_of_folders_is_complete():
    listed = set(re.findall(r"^\| `suite/(\w+)/` \|", README, re.MULTILINE))

    assert listed == {
        path.parent.name for path in ROOT.glob("suite/*/__init__.py")
    }


def test_the_numbers_of_quick_are_those_of_its_plan():
    plan = Plan(load_profile("quick"))

    assert f"{plan.runs:,} runs in {len(plan.cells):,} cells" in README


# ----------------------------------------------------------------------- in Chinese


def without_comment(line: str) -> str:
    return re.split(r"\s+# |^# ", line)[0]


def commands(text: str) -> list[str]:
    """The commands that a text shows at a prompt, without their comments."""
    shown = re.findall(r"^\$ (.*)$", text, re.MULTILINE)
    return [without_comment(line) for line in shown]


def sources(text: str) -> list[list[str]]:
    """The lines of its blocks of Python and TOML, without their comments."""
    found = re.findall(r"```(?:python|toml)\n(.*?)```", text, re.DOTALL)
    return [
        [without_comment(line) for line in block.splitlines()]
        for block in found
    ]


def in_code(text: str) -> list[str]:
    """What is written as code within sentences and tables."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return sorted(set(re.findall(r"`([^`\n]+)`", prose)))


def test_the_chinese_readme_shows_the_commands_of_the_english_one():
    assert len(commands(README)) > 25
    assert commands(CHINESE) == commands(README)
    assert sources(CHINESE) == sources(README)


def test_the_chinese_readme_has_the_parts_the_names_and_the_links_of_the_english_one():
    for pattern in ("^(#+) ", "^(\\|)"):  # headings, rows of tables
        parts = [
            re.findall(pattern, text, re.MULTILINE)
            for text in (CHINESE, README)
        ]
        assert parts[0] == parts[1]
    links = [
        set(re.findall(r"\]\(([^)]+)\)", text))
        - {"README.md", "README.zh-CN.md"}
        for text in (CHINESE, README)
    ]
    assert links[0] == links[1]
    assert in_code(CHINESE) == in_code(README)


def test_each_readme_leads_to_the_other():
    assert "](README.zh-CN.md)" in README
    assert "](README.md)" in CHINESE

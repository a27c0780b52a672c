"""Pages of documentation that `bakeoff topics` writes from a recorded campaign."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

import tasks
from suite.campaign.launch import launch
from suite.cli.main import app
from suite.cluster.serial import SerialExecutor
from suite.planning.plan import Plan
from suite.planning.profile import Profile
from suite.records.results import Results
from suite.report.effect_amounts import deciding_effect
from suite.report.labels import Labels
from suite.report.topic import limits_of
from suite.verdicts.judge import judge_campaign
from suite.verdicts.message import message

DICE = '''
"""Two dice."""

import random

from tasks import Arm, Claim, Measure, Task, Text


def throw(mean):
    return lambda level, params, seed: {"pips": random.Random(f"{seed} {mean}").gauss(mean, 1.0)}


TASK = Task(
    question="Is one die better?",
    arms=(Arm.function("loaded", throw(5.0)), Arm.function("fair", throw(3.5))),
    measures=(Measure("pips", "higher"),),
    matched="The hand",
    why=Text("Lead | is heavy.", zh="铅很重。"),
    literature=("Cardano, Liber de ludo aleae (1663), doi:10.1000/182",),
    claims=(
        Claim(
            "loaded_wins",
            Text("A loaded die | wins.", zh="灌铅的骰子赢。"),
            "pips",
            better="loaded",
            worse="fair",
            margin=0.5,
            source="Cardano (1564)",
            reported="by 1.5 pips",
        ),
    ),
)
'''


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A results folder with three campaigns: of dice, of more dice, and of cubes."""
    folder = tmp_path_factory.mktemp("topics")
    before = dict(tasks._registry._FILES)
    for name, blocks in (("cubes", 6), ("dice", 7), ("dice", 6)):
        (folder / f"{name}.py").write_text(DICE, encoding="utf-8")
        tasks.load_file(folder / f"{name}.py")
        values = {"blocks": blocks, "trials": 1, "tasks": {name: {}}}
        plan = Plan(Profile.model_validate({"name": name, **values}))
        launch(
            plan,
            folder / "results",
            executor=SerialExecutor(),
            tracking_uri="none",
        )
    tasks._registry._FILES.clear()
    tasks._registry._FILES.update(before)
    return folder / "results"


def topics(results, output, *arguments):
    given = ["topics", *arguments, "--results", str(results)]
    return CliRunner().invoke(app, [*given, "-o", str(output)])


@pytest.fixture(scope="module")
def written(results):
    """The folder of pages, and the campaign that they are written from: the newest."""
    pages = results.parent / "pages"
    assert topics(results, pages).exit_code == 0
    return pages, Results(results).load()


@pytest.mark.parametrize("suffix", ["", ".zh"])
def test_a_table_leads_to_the_pages_with_answers_and_cpu_seconds(
    written, suffix
):
    pages, campaign = written
    text = (pages / f"README{suffix}.md").read_text("utf-8")
    row, last = text.splitlines()[-2:]
    seconds = campaign.runs["cpu_seconds"].sum()

    assert campaign.id in text
    assert f"](dice{suffix}.md)" in row
    assert (pages / f"dice{suffix}.md").exists()
    for line in (row, last):
        *_, runs, cost, _ = (cell.strip() for cell in line.split("|"))
        assert runs == str(len(campaign.runs))
        assert float(cost) == round(seconds)


def test_a_page_has_claims_literature_results_limits_and_the_campaign(written):
    pages, campaign = written
    (verdict,) = judge_campaign(campaign)
    text = (pages / "dice.md").read_text("utf-8")
    effect = deciding_effect(verdict)

    for part in (
        "Is one die better?",
        "Cardano (1564)",
        "by 1.5 pips",
        "The hand",
    ):
        assert part in text
    assert effect in text
    assert verdict.verdict in text
    assert campaign.id in text


def test_a_page_is_in_chinese_too_and_a_bar_does_not_break_its_table(written):
    pages, _ = written
    english, chinese = (
        (pages / name).read_text("utf-8") for name in ("dice.md", "dice.zh.md")
    )

    assert "灌铅的骰子赢。" in chinese
    assert r"A loaded die \| wins." in english
    rows = [line for line in english.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


def test_a_page_says_why_and_links_the_literature(written):
    pages, _ = written
    english, chinese = (
        (pages / name).read_text("utf-8") for name in ("dice.md", "dice.zh.md")
    )

    assert r"Lead \| is heavy." in english
    assert "铅很重。" in chinese
    for text in (english, chinese):
        assert (
            "aleae (1663) [doi:10.1000/182](https://doi.org/10.1000/182)"
            in text
        )


def test_a_pages_picture_is_a_file_that_needs_no_style_sheet(written):
    pages, campaign = written
    text = (pages / "dice.svg").read_text("utf-8")

    assert (
        ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    )
    assert "var(" not in text
    assert text.count("<title>Block") == campaign.manifest.task("dice").blocks


def test_a_limit_of_some_claims_names_them(written):
    _, campaign = written
    labels = Labels(campaign.manifest, "en")
    (verdict,) = judge_campaign(campaign)
    common = limits_of("dice", [verdict], labels)
    universe = message("note-universe", count=2)
    reserved = replace(verdict, notes=(*verdict.notes, universe))
    (own,) = set(limits_of("dice", [reserved], labels)) - set(common)

    def limits(plain, with_note):
        verdicts = [verdict] * plain + [reserved] * with_note
        return limits_of("dice", verdicts, labels)

    assert limits(1, 1) == [*common, f"{own} (Claim: A loaded die | wins.)"]
    assert limits(1, 4) == [*common, f"{own} (4 of 5 claims)"]


def test_campaigns_of_different_tasks_share_a_table(results, tmp_path):
    cubes, dice = Results(results).load("cubes"), Results(results).load()
    chosen = ("--campaign", cubes.id, "--campaign", dice.id)
    assert topics(results, tmp_path, *chosen).exit_code == 0
    text = (tmp_path / "README.md").read_text("utf-8")
    *_, first, second, last = text.splitlines()

    assert f"campaigns: `{cubes.id}`, `{dice.id}`." in text
    assert "](cubes.md)" in first
    assert "](dice.md)" in second
    assert last.split("|")[-3].strip() == str(len(cubes.runs) + len(dice.runs))


def test_a_page_is_of_one_campaign(results, tmp_path):
    few, many = (one for one in Results(results).ids() if "dice" in one)
    found = topics(results, tmp_path, "--campaign", few, "--campaign", many)

    assert found.exit_code == 2
    message = " ".join(found.output.split())
    assert f"Task dice is in {few} and in {many}" in message
    assert not any(tmp_path.iterdir())


def test_a_task_that_the_campaign_does_not_have_gets_the_nearest_one(
    written, tmp_path
):
    _, campaign = written
    found = topics(campaign.folder.parent, tmp_path, "dices")

    assert found.exit_code == 2
    assert "did you mean 'dice'" in found.output

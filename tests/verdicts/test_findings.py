"""All campaigns of a claim: none is chosen, and only equal ones are pooled."""

import json
from types import SimpleNamespace

import pytest
from dash._utils import to_json
from rich.cells import cell_len
from typer.testing import CliRunner

import tasks
from dashboard.data.snapshots import Snapshots
from dashboard.data.view import view_of
from dashboard.pages import findings as pages
from dashboard.rendering import render
from suite.campaign.launch import launch
from suite.cli.main import app
from suite.cluster.serial import SerialExecutor
from suite.planning.plan import Plan
from suite.planning.profile import Profile
from suite.records.results import Results
from suite.report.findings import findings_as_json, together
from suite.verdicts.findings import CONDITIONS, findings
from suite.verdicts.power import claim_power
from suite.verdicts.statistics import estimate
from tasks import UserError

COIN = '''
"""Two biased coins."""

import random

from tasks import Arm, Claim, Measure, Task


def toss(mean):
    return lambda level, params, seed: {"heads": random.Random(f"{seed} {mean}").gauss(mean, 1.0)}


TASK = Task(
    question="Is one coin better?",
    arms=(Arm.function("gold", toss(2.0)), Arm.function("lead", toss(0.0))),
    measures=(Measure("heads", "higher"),),
    claims=(
        Claim("gold_wins", "Gold wins.", "heads", better="gold", worse="lead", margin=0.5),
    ),
)
'''


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Seeds 0 to 2 with six blocks each; seed 0 again with three, and seed 3 with two
    finals a cell.
    """
    folder = tmp_path_factory.mktemp("findings")
    path = folder / "coin.py"
    path.write_text(COIN, encoding="utf-8")
    before = dict(tasks._registry._FILES)
    tasks.load_file(path)
    for changes in (
        {"root_seed": 0},
        {"root_seed": 1},
        {"root_seed": 2},
        {"root_seed": 0, "blocks": 3},
        {"root_seed": 3, "finals": 2},
    ):
        values = {
            "name": "coin",
            "blocks": 6,
            "trials": 1,
            "tasks": {"coin": {}},
        }
        plan = Plan(Profile.model_validate({**values, **changes}))
        launch(
            plan,
            folder / "results",
            executor=SerialExecutor(),
            tracking_uri="none",
        )
    tasks._registry._FILES.clear()
    tasks._registry._FILES.update(before)
    return Results(folder / "results")


def test_a_plan_takes_the_spread_from_the_newest_campaign_of_a_claim(root):
    newest = root.load(root.ids()[0])
    finals = newest.runs.groupby(["block", "arm"])["test.heads"].mean()
    gaps = finals.unstack()["gold"] - finals.unstack()["lead"]
    tasks.load_file(root.root.parent / "coin.py")
    plan = Plan(newest.manifest.profile)
    no_data = SimpleNamespace(test_examples=0, test_train_ratio=0.0)
    costs = {("coin", "all", arm): no_data for arm in ("gold", "lead")}

    (planned,) = claim_power(plan, costs, root.root)

    assert planned["sd_from"] == newest.id
    assert planned["sd"] == pytest.approx(gaps.std())


def test_all_attempts_are_shown_and_only_equal_ones_are_pooled(root):
    found = findings(root)

    assert [len(one.attempts) for one in found] == [4, 1]
    assert [len(one.counted) for one in found] == [3, 1]
    assert found[0].differing == found[1].differing == ("finals",)
    assert found[0].pooled.campaigns == 3
    assert found[1].pooled is None


def test_a_campaign_that_repeats_seeds_does_not_count_twice(root):
    attempts = findings(root)[0].attempts
    reasons = {
        (one.campaign.manifest.root_seed, one.blocks): one.left_out
        for one in attempts
    }

    assert reasons == {
        (0, 6): "",
        (1, 6): "",
        (2, 6): "",
        (0, 3): "same_blocks",
    }


def test_an_attempt_has_the_numbers_of_its_verdict(root):
    for one in findings(root)[0].attempts:
        differences = [row["difference"] for row in one.verdict.per_block]

        assert one.effect == pytest.approx(estimate(differences).mean)
        assert one.interval == pytest.approx(one.verdict.interval)


def test_every_condition_has_a_name(root):
    assert set(findings(root)[0].settings) == set(CONDITIONS)


def test_findings_are_plain_values_for_json(root):
    first, second = json.loads(json.dumps(findings_as_json(findings(root))))

    assert first["pooled"]["campaigns"] == 3
    assert [one["counted"] for one in first["attempts"]].count(False) == 1
    assert second["pooled"] is None
    assert "root_seed" in together(findings(root)[1], "zh")


def test_an_unknown_task_or_claim_gets_the_nearest_one(root):
    with pytest.raises(UserError, match="did you mean 'coin'"):
        findings(root, "coins")
    with pytest.raises(UserError, match="did you mean 'gold_wins'"):
        findings(root, "coin", "gold_win")


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "do not differ by more than chance"),
        ("zh", "合并 3 次实验"),
    ],
)
def test_the_command_prints_every_campaign_within_80_columns(
    root, monkeypatch, language, says
):
    monkeypatch.setenv("COLUMNS", "80")
    given = [
        "findings",
        "coin",
        "--results",
        str(root.root),
        "--language",
        language,
    ]
    printed = CliRunner().invoke(app, given).stdout

    assert says.replace(" ", "") in "".join(printed.split())
    assert all(name in printed for name in root.ids())
    assert max(map(cell_len, printed.splitlines())) <= 80


def test_the_page_shows_all_attempts_once_they_are_judged(root):
    snapshots = Snapshots(root)
    page = render(snapshots, "/findings", "?task=coin")[0]
    text = to_json(page)

    assert all(name in text for name in root.ids())
    assert "from 3 campaigns" in text
    assert (
        len(pages.frames(view_of(snapshots, "/findings", ""))["attempts"]) == 5
    )

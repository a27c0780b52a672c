"""A claim under other conditions: planned, priced, judged, and put into one sentence."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

import tasks
from suite.campaign.launch import launch
from suite.cli.main import app
from suite.cluster.serial import SerialExecutor
from suite.planning.plan import Plan
from suite.planning.profile import Profile, check_names
from suite.records.results import Results
from suite.report.labels import Labels
from suite.report.universes import specification_curve, where
from suite.verdicts.judge import judge_campaign
from suite.verdicts.preregistration import provenance_of
from suite.verdicts.universes import Rule, multiverses
from tasks import UserError
from tasks.contract.universe import universe_name, values_of

KNOWN = '''
"""Gold wins by 2 where the optimiser is sgd and the width is 64, and nowhere else."""

import random

from tasks import Arm, Claim, Float, Level, Measure, Space, Task


def gold(level, params, seed):
    there = level["optimiser"] == "sgd" and level["width"] == 64
    return {"score": random.Random(f"{seed} gold").gauss(2.0 * there, 0.1)}


def lead(level, params, seed):
    return {"score": random.Random(f"{seed} lead").gauss(0.0, 0.1)}


def always(name):
    return Claim(name, "Gold wins.", "score", better="gold", worse="lead", margin=0.5)


TASK = Task(
    question="Is gold better?",
    arms=(
        Arm.function("gold", gold),
        Arm.function("lead", lead, space=Space(speed=Float(0.1, 1.0))),
    ),
    measures=(Measure("score", "higher"),),
    levels=(Level("digits", {"optimiser": "adam", "width": 16, "noise": 0.0}),),
    space=Space(rate=Float(0.1, 1.0)),
    claims=(always("gold_wins"), always("other")),
)
'''
VARIED = {
    "optimiser": ["sgd", "adam", "rmsprop"],
    "width": [16, 64],
    "noise": [0.0, 0.5],
    "rate": [0.1, 0.5],
}


def profile(**changes):
    vary = {"claim": "known/gold_wins", **VARIED}
    values = {
        "name": "many",
        "blocks": 6,
        "trials": 1,
        "tuned": [],
        "vary": [vary],
    }
    return Profile.model_validate({**values, **changes})


@pytest.fixture
def known(tmp_path):
    path = tmp_path / "known.py"
    path.write_text(KNOWN, encoding="utf-8")
    return tasks.load_file(path)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("universes")
    (folder / "known.py").write_text(KNOWN, encoding="utf-8")
    before = dict(tasks._registry._FILES)
    tasks.load_file(folder / "known.py")
    results = folder / "results"
    launch(
        Plan(profile()),
        results,
        executor=SerialExecutor(),
        tracking_uri="none",
    )
    campaign = Results(results).load()
    provenance = provenance_of(campaign.manifest)
    tasks._registry._FILES.clear()
    tasks._registry._FILES.update(before)
    return campaign, judge_campaign(campaign, provenance)


def test_every_combination_is_a_universe_with_cells_of_its_own(known):
    plan = Plan(profile())

    assert len(plan.claims("known")) == 3 * 2 * 2 * 2
    assert len(plan.cells) == 24 * 2 * 6
    assert {cell.level for cell in plan.cells} == {
        level for claim in plan.claims("known") for level in claim.levels
    }


def test_a_task_with_a_table_also_runs_its_own_claims(known):
    plan = Plan(profile(tasks={"known": {}}))
    own = [
        claim.name for claim in plan.claims("known") if ".." not in claim.name
    ]

    assert own == ["gold_wins", "other"]
    assert len(plan.cells) == (24 + 1) * 2 * 6


def test_a_universe_changes_what_it_says_and_nothing_else(known):
    name = universe_name(
        "digits", {"optimiser": "sgd", "noise": 0.5, "rate": 0.1}
    )
    level, base = known.level(name), known.level("digits")

    assert values_of(name) == {"optimiser": "sgd", "noise": 0.5, "rate": 0.1}
    assert dict(level.factors) == {
        **base.factors,
        "optimiser": "sgd",
        "noise": 0.5,
    }
    assert known.fixed_params(known.arm("gold"), level) == {"rate": 0.1}
    assert level.title == "digits [optimiser = sgd, noise = 0.5, rate = 0.1]"


def test_a_known_interaction_is_recovered(recorded):
    (found,) = multiverses(recorded[1])
    there = {"optimiser": "sgd", "width": 64}

    for one in found.universes:
        expected = "supported" if one.has(there) else "no_difference"
        assert one.verdict.verdict == expected, one.values
    assert found.rules("supported") == [Rule(there, 4, 4)]
    assert found.rules("refuted") == []
    elsewhere = found.rules("no_difference")
    assert {"width": 16} in [rule.values for rule in elsewhere]
    assert "It holds where optimiser = sgd and width = 64 (4 of 4)." in where(
        found
    )


def test_open_universes_are_no_evidence_that_a_claim_holds_everywhere(
    recorded,
):
    (found,) = multiverses(recorded[1])
    answers = ["inconclusive"] * 2 + ["supported"] * 22

    def with_answers(answers):
        universes = zip(found.universes, answers, strict=True)
        told = [
            replace(one, verdict=replace(one.verdict, verdict=answer))
            for one, answer in universes
        ]
        return replace(found, universes=told)

    assert "It holds in each that is decided (22 of 24)." in where(
        with_answers(answers)
    )
    assert "It holds in all of them." in where(
        with_answers(["supported"] * 24)
    )


def test_tables_of_one_claim_need_not_vary_the_same_conditions(recorded):
    campaign, verdicts = recorded
    names = ("optimiser--sgd", "optimiser--adam", "width--16", "width--64")
    told = [
        replace(one, claim=f"gold_wins..{name}")
        for one, name in zip(verdicts, names, strict=False)
    ]
    (found,) = multiverses(told)
    only_width = [one for one in found.universes if "width" in one.values]

    assert not any(one.has({"optimiser": "sgd"}) for one in only_width)
    agreeing = sum(rule.agreeing for rule in found.rules("no_difference"))
    assert agreeing <= found.count("no_difference")
    curve = specification_curve(found, Labels(campaign.manifest, "en"))
    assert [sum(n in m.rows for m in curve.marks) for n in range(4)] == [1] * 4


def test_universes_are_exploratory_and_adjusted_for_their_number(recorded):
    verdicts = recorded[1]
    smallest = min(verdicts, key=lambda one: one.p)

    assert {one.label for one in verdicts} == {"exploratory"}
    assert {one.notes[0].code for one in verdicts} == {"note-universe"}
    assert smallest.p_holm == pytest.approx(min(1, 24 * smallest.p))


def test_the_specification_curve_has_a_dot_for_every_universe(
    recorded, tmp_path
):
    campaign, _ = recorded
    results = str(campaign.folder.parent)
    CliRunner().invoke(
        app, ["universes", "--results", results, "-o", str(tmp_path)]
    )
    text = (tmp_path / "known.gold_wins.svg").read_text("utf-8")

    assert (
        ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    )
    assert text.count("<title>optimiser = ") == 24
    assert "width = 64" in text
    assert "var(" not in text


def test_the_command_says_where_a_claim_holds(recorded, monkeypatch):
    campaign, _ = recorded
    monkeypatch.setenv("COLUMNS", "80")
    given = ["universes", "--results", str(campaign.folder.parent)]
    text = CliRunner().invoke(app, given).stdout
    chinese = CliRunner().invoke(app, [*given, "--language", "zh"]).stdout
    (found,) = json.loads(CliRunner().invoke(app, [*given, "--json"]).stdout)[
        "claims"
    ]

    assert "It holds where optimiser = sgd and width = 64" in " ".join(
        text.split()
    )
    assert "当 optimiser = sgd 且 width = 64" in " ".join(chinese.split())
    assert max(map(cell_len, text.splitlines())) <= 80
    assert len(found["universes"]) == 24


@pytest.mark.parametrize(
    ("vary", "says"),
    [
        (
            {"claim": "known/gold_win", "width": [1]},
            "did you mean 'gold_wins'",
        ),
        ({"claim": "known/gold_wins", "widht": [1]}, "did you mean 'width'"),
        (
            {"claim": "known/gold_wins", "speed": [0.1]},
            "arm 'lead' sets it itself",
        ),
        ({"claim": "known/gold_wins", "width": [1, 1]}, "given twice"),
        (
            {"claim": "known/gold_wins", "optimiser": ["a b"]},
            "cannot be varied",
        ),
        (
            {"claim": "known/gold_wins", "level": ["digit"]},
            "did you mean 'digits'",
        ),
        ({"claim": "known/gold_wins", "steps": [0]}, "steps"),
    ],
)
def test_what_cannot_be_varied_is_refused_before_anything_runs(
    known, vary, says
):
    with pytest.raises(UserError, match=says):
        check_names(profile(vary=[vary]), "mine.toml")


@pytest.mark.parametrize("vary", [{"claim": "a/b"}, {"claim": "a/b", "c": 1}])
def test_a_table_without_lists_is_no_multiverse(vary):
    with pytest.raises(ValueError, match="give"):
        profile(vary=[vary])


def test_the_plan_prices_universes_in_one_line(known, tmp_path, monkeypatch):
    path = tmp_path / "many.toml"
    lists = "\n".join(f"{name} = {values}" for name, values in VARIED.items())
    path.write_text(
        "blocks = 6\ntuned = []\n"
        f'[[vary]]\nclaim = "known/gold_wins"\n{lists.replace(chr(39), chr(34))}\n'
    )
    monkeypatch.setenv("COLUMNS", "80")
    given = ["plan", str(path), "--results", str(tmp_path / "results")]
    printed = CliRunner().invoke(app, given).stdout

    assert "24 × 2 × 6 = 288" in printed
    assert printed.count("gold_wins") == 1
    assert "gold_wins (24 universes)" in printed

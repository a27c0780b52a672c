"""What was pre-specified counts; what was edited since, known before or tried before
says so.
"""

import json

import pytest

import tasks
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan
from suite.records.results import Campaign, Results
from suite.report import sentences
from suite.report.sentences import Labels
from suite.verdicts.case import cases
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.judge import judge_campaign
from suite.verdicts.preregistration import provenance_of

EDIT = ("margin=0.02", "margin=0.03")


@pytest.fixture
def edit(tiny, tiny_file):
    """Put something else into the tiny task's file; without arguments it is as it was."""

    def edit(old="", new=""):
        text = tiny_file.read_text()
        assert old in text
        tasks.load_source(
            tiny, str(tiny_file), text.replace(old, new) if old else text
        )

    return edit


@pytest.fixture
def campaign(tiny, run_inline, tmp_path):
    """Run the tiny task as it is now."""

    def run(**changes) -> Campaign:
        values = {
            "name": "tiny",
            "blocks": 2,
            "trials": 1,
            "tasks": {tiny: TaskPlan(levels=("few",))},
            **changes,
        }
        plan = Plan(Profile.model_validate(values))
        run_inline(plan)
        return Results(tmp_path / "results").load(plan.id)

    return run


def judge(campaign: Campaign) -> ClaimVerdict:
    """The verdict on the campaign's one claim, given what the task's file says now."""
    (verdict,) = judge_campaign(campaign, provenance_of(campaign.manifest))
    return verdict


def exploratory(campaign: Campaign) -> str:
    """The code of why the campaign's one claim is exploratory, apart from its few
    blocks; "" where nothing speaks against it.
    """
    (case,) = cases(campaign, "tiny", provenance_of(campaign.manifest))
    return case.exploratory.code if case.exploratory else ""


def noted(campaign: Campaign) -> list[str]:
    return sentences.notes(judge(campaign), Labels(campaign.manifest))


def test_campaigns_of_a_claim_are_counted(campaign):
    first, second, third = (campaign(root_seed=seed) for seed in (0, 1, 2))

    assert [judge(one).attempt for one in (first, second, third)] == [
        1,
        2,
        3,
    ]
    assert "Campaign 3 of this claim." in noted(third)
    assert [exploratory(one) for one in (first, second, third)] == ["", "", ""]


def test_a_campaign_that_can_settle_nothing_is_no_attempt(campaign):
    campaign(blocks=1)

    assert judge(campaign(root_seed=1)).attempt == 1


def test_a_campaign_that_opened_no_test_set_is_no_attempt(
    campaign, run_inline, tmp_path
):
    begun = campaign()
    record = begun.folder / "runs.jsonl"
    record.write_text(
        "".join(
            line + "\n"
            for line in record.read_text().splitlines()
            if '"kind":"trial"' in line
        )
    )

    assert judge(campaign(root_seed=1)).attempt == 1


def test_a_claim_edited_afterwards_is_exploratory_and_says_how(campaign, edit):
    sound = campaign(blocks=6)
    assert judge(sound).label == "confirmatory"
    edit(*EDIT)
    verdict = judge(sound)

    assert verdict.label == "exploratory"
    assert verdict.margin == 0.02  # it is judged as it was
    assert (
        "Exploratory: edited since this campaign: margin was 0.02 and is 0.03."
        in noted(sound)
    )
    edit()
    assert exploratory(sound) == ""


def test_what_others_found_and_other_code_may_be_edited(campaign, edit):
    sound = campaign()
    edit("margin=0.02", 'margin=0.02, source="A lecture"')
    assert exploratory(sound) == ""
    assert not any("code has changed" in note for note in noted(sound))
    edit("nn.ReLU()", "nn.Tanh()")

    assert exploratory(sound) == ""
    assert any("code has changed" in note for note in noted(sound))


def test_a_claim_that_is_gone_is_exploratory(campaign, edit):
    sound = campaign()
    edit('Claim("wider"', 'Claim("much wider"')

    assert exploratory(sound) == "note-gone"


TURNED = ('better="wide", worse="narrow"', 'better="narrow", worse="wide"')


@pytest.mark.parametrize("change", [EDIT, TURNED])
def test_a_claim_written_after_its_results_were_known_needs_new_blocks(
    change, campaign, edit
):
    seen = campaign()
    edit(*change)
    same_blocks, new_blocks = campaign(), campaign(root_seed=1)

    assert exploratory(same_blocks) == "note-known-before"
    assert f"campaign {seen.id} had opened" in " ".join(noted(same_blocks))
    assert exploratory(new_blocks) == ""


def test_another_name_is_no_other_claim(campaign, edit):
    campaign()
    edit('Claim("wider"', 'Claim("broader"')

    assert exploratory(campaign()) == ""


def test_a_campaign_whose_claims_were_tampered_with_says_so(campaign):
    path = campaign().folder / "campaign.json"
    about = json.loads(path.read_text())
    about["tasks"]["tiny"]["claims"][0]["margin"] = 0.001
    path.write_text(json.dumps(about))

    assert exploratory(Results(path.parents[1]).load()) == "note-tampered"


def test_a_task_that_is_not_here_is_not_asked(campaign):
    sound = campaign()
    tasks._registry._FILES.clear()

    assert exploratory(sound) == ""


def test_a_task_that_no_longer_imports_takes_no_verdict_down(
    campaign, edit, tiny_file
):
    sound = campaign()
    verdict = judge(sound)
    tiny_file.write_text("raise OSError('no disk')")
    tasks._registry._FILES.clear()
    tasks._registry._FILES["tiny"] = (str(tiny_file), tiny_file.read_text())

    assert provenance_of(sound.manifest).claims == {}
    assert judge(sound) == verdict


def test_judging_reads_no_tasks_file_by_itself(campaign, monkeypatch):
    sound = campaign()
    monkeypatch.setattr(tasks, "get", lambda name: pytest.fail("it was read"))

    assert [verdict.claim for verdict in judge_campaign(sound)] == ["wider"]

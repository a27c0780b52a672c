"""What MLflow says of a campaign: answers and verdicts, within what a tag may hold."""

from dataclasses import replace

import pytest

from suite.report.campaign_note import campaign_note
from suite.tracking.payload import MAX_TAG_LENGTH


@pytest.fixture(scope="module")
def campaign(snapshots, finished):
    return snapshots.get(finished)


@pytest.fixture
def held(campaign):
    """A claim that held."""
    verdict = campaign.verdicts[0]
    changes = {
        "says": "It helps.",
        "verdict": "supported",
        "matching_group": "",
    }
    return replace(verdict, complete=True, **changes)


def note(campaign, verdicts):
    manifest = campaign.campaign.manifest
    return campaign_note(campaign.campaign.id, manifest, verdicts)


def test_a_note_has_each_answer_its_claims_and_the_way_to_the_dashboard(
    campaign, held
):
    waiting = replace(held, complete=False, blocks=2, planned=6)

    said = note(campaign, [held, waiting])

    assert f"http://127.0.0.1:8050/?campaign={campaign.campaign.id}" in said
    assert "1 of 2 claims held, 1 open." in said
    assert "- *supported*: It helps." in said
    assert "- *pending, 2 of 6 blocks*: It helps." in said


def test_a_note_of_many_claims_keeps_the_answers(campaign, held):

    said = note(campaign, [held] * 100)

    assert "100 of 100 claims held." in said
    assert held.says not in said
    assert len(said) < MAX_TAG_LENGTH


def test_a_note_of_very_many_tasks_is_cut_between_two_answers(campaign, held):
    tasks = campaign.campaign.manifest.tasks
    many = {f"task_{n}": tasks[held.task] for n in range(200)}
    manifest = campaign.campaign.manifest.model_copy(update={"tasks": many})
    verdicts = [replace(held, task=task) for task in many]

    said = campaign_note("topics-1", manifest, verdicts)

    assert len(said) <= MAX_TAG_LENGTH
    assert said.endswith(": 1 of 1 claim held.\n\n…")

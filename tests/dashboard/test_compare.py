"""Two campaigns side by side: what changed is found at once, whatever their size."""

import json
from dataclasses import replace

import pytest
from dash import html

from dashboard.data.snapshots import Snapshots
from dashboard.data.view import View, view_of
from dashboard.pages import compare
from dashboard.pages.compare.claims import claims_card, moved, of_one_campaign
from dashboard.pages.compare.differences import differences_card, written
from suite.records.results import Results


@pytest.fixture
def view(snapshots):
    """The running campaign beside the finished one."""
    running, finished = snapshots.results.ids()
    return view_of(
        snapshots, "/compare", f"?campaign={running}&with={finished}"
    )


@pytest.fixture
def verdict(view):
    """A verdict on a claim with all its blocks in."""
    return replace(view.verdicts[0], complete=True, verdict="supported")


def of_kind(component, kind):
    return [one for one in component._traverse() if isinstance(one, kind)]


def names(component):
    """The classes of all of its spans."""
    classes = [
        getattr(one, "className", None) or ""
        for one in of_kind(component, html.Span)
    ]
    return " ".join(classes).split()


def text_of(node):
    """All text within, without titles and addresses."""
    if isinstance(node, (list, tuple)):
        return " ".join(map(text_of, node))
    if isinstance(node, str):
        return node
    return text_of(getattr(node, "children", None) or [])


def test_a_claim_that_waits_for_blocks_is_pending_and_not_inconclusive(view):
    waiting = [one for one in view.verdicts if not one.complete]

    shown = compare.layout(view)

    assert waiting
    assert names(shown).count("undecided") == len(waiting)


def test_a_verdict_against_none_yet_is_no_change(verdict):
    refuted = replace(verdict, verdict="refuted")
    waiting = replace(refuted, complete=False)

    assert moved((verdict, refuted))
    assert not moved((verdict, waiting))
    assert not moved((verdict, verdict))
    assert not moved((verdict, None))


def test_a_claim_that_changed_comes_first_and_is_in_sight(view, verdict):
    refuted = replace(verdict, verdict="refuted", says="This one changed.")
    alike = [(verdict, verdict)] * 5

    shown = claims_card(view, view.snapshot, [*alike, (refuted, verdict)])

    (task,) = of_kind(shown, html.Details)
    assert task.open
    assert "1 changed" in text_of(of_kind(task, html.Summary)[0])
    assert "This one changed." in text_of(of_kind(task, html.Li)[0])


def test_many_claims_of_which_none_changed_are_folded(view, verdict):
    shown = claims_card(view, view.snapshot, [(verdict, verdict)] * 30)

    (task,) = of_kind(shown, html.Details)
    assert not task.open
    assert "30 claims" in text_of(of_kind(task, html.Summary)[0])
    assert "changed" not in text_of(task)


def test_many_tasks_of_which_none_changed_are_folded(
    view, verdict, monkeypatch
):
    monkeypatch.setattr(View, "title", lambda _, task: task)
    two = [replace(verdict, task=task) for task in ("one", "other")]
    shared = [(each, each) for each in two for _ in range(10)]

    shown = claims_card(view, view.snapshot, shared)

    tasks = of_kind(shown, html.Details)
    assert len(tasks) == 2
    assert not any(task.open for task in tasks)


def test_claims_of_one_campaign_are_folded_and_lead_to_that_campaign(
    view, verdict
):
    other = view.snapshots.get(view.query["with"])

    shown = of_one_campaign(view, other, [(verdict, None), (None, verdict)])

    here, there = of_kind(shown, html.Details)
    assert not getattr(here, "open", False)
    assert not getattr(there, "open", False)
    (link,) = of_kind(there, html.A)
    assert f"campaign={other.campaign.id}" in link.href


def test_a_task_of_one_campaign_alone_is_one_name_and_no_differences(
    tmp_path, synthetic, small
):
    both = ("logistic_regression", "batch_size")
    there = synthetic.write_campaign(tmp_path, small(blocks=1))
    here = synthetic.write_campaign(tmp_path, small(blocks=1, tasks=both))
    held = Snapshots(Results(tmp_path))
    asked = f"?campaign={here}&with={there}"

    shown = differences_card(view_of(held, "/compare", asked), held.get(there))

    told = text_of(shown)
    assert f"{here} alone has 1 task: Batch size." in told
    assert "batch_size" not in told


def test_campaigns_that_differ_by_their_seed_alone_differ_in_one_line(
    tmp_path, synthetic, small
):
    there = synthetic.write_campaign(tmp_path, small(blocks=1))
    here = synthetic.write_campaign(tmp_path, small(blocks=1, seed=1))
    held = Snapshots(Results(tmp_path))
    asked = f"?campaign={here}&with={there}"
    path = tmp_path / here / "campaign.json"
    about = json.loads(path.read_text())
    for claim in about["tasks"]["logistic_regression"]["claims"]:
        claim["attempt"] = 2
    path.write_text(json.dumps(about))

    shown = differences_card(view_of(held, "/compare", asked), held.get(there))

    names = [one for one in of_kind(shown, html.Code) if one.children]
    assert text_of(names[0]) == "root_seed"
    assert "attempt" not in text_of(shown)


def test_a_value_is_written_as_a_profile_has_it():
    section = {"steps": 400, "arms": ["one"], "optimizer": None, "levels": {}}
    claim = {"name": "wins", "says": "It wins.", "margin": 0.1}

    assert written(section) == 'steps = 400, arms = ["one"]'
    assert written({"recipe": {"steps": 400}}) == "recipe = {steps = 400}"
    assert written(True) == "true"
    assert written(claim) == "It wins."
    assert written(None) == "–"

"""Campaigns whose trials are pruned: the same record however many workers there are, and
whether they were interrupted or not.
"""

from collections import Counter

import pytest

from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan
from suite.records.journal import FILE, read_lines, results_digest
from suite.records.results import Results
from suite.verdicts.judge import judge_campaign

TRIALS = 8


def plan_for(task, **changes):
    values = {
        "name": "tiny",
        "blocks": 1,
        "trials": TRIALS,
        "pruner": "median",
        "tasks": {task: TaskPlan(levels=("few",))},
        **changes,
    }
    return Plan(Profile.model_validate(values))


def lines_of(results, plan):
    return list(read_lines(results / plan.id / FILE))


@pytest.fixture
def pruned(tiny, run_inline, tmp_path):
    """The lines of a campaign with pruning, and its plan."""
    plan = plan_for(tiny)
    run_inline(plan)
    return lines_of(tmp_path / "results", plan), plan


def test_workers_and_order_of_completion_prune_the_same_trials(
    pruned, run_inline, tmp_path
):
    lines, plan = pruned
    run_inline(plan, tmp_path / "other", slots=4, shuffle=2)

    assert results_digest(lines) == results_digest(
        lines_of(tmp_path / "other", plan)
    )


@pytest.mark.parametrize("patience", [3, 17])
def test_an_interrupted_campaign_prunes_what_it_would_have(
    patience, pruned, run_inline, tmp_path, fake_executor
):
    lines, plan = pruned
    folder = tmp_path / "interrupted"
    executor = fake_executor(shuffle=patience, interrupt_after=patience)
    with pytest.raises(KeyboardInterrupt):
        run_inline(plan, folder, executor=executor)
    run_inline(plan, folder)

    assert results_digest(lines_of(folder, plan)) == results_digest(lines)


def test_the_record_says_what_was_pruned_and_what_was_not_is_a_whole_run(
    pruned, tiny, run_inline, tmp_path
):
    lines, _ = pruned
    plain = plan_for(tiny, pruner="")
    run_inline(plain, tmp_path / "plain")
    campaign = Results(tmp_path / "results").load()
    trials = campaign.runs[campaign.runs["kind"] == "trial"]

    assert Counter(line["kind"] for line in lines)["round"] > len(trials)
    assert "round" not in set(campaign.runs["kind"])
    for _, mine in trials.groupby("arm"):
        assert sorted(mine["number"]) == list(range(TRIALS))
        steps = mine.groupby("status")["steps"]
        assert steps.max()["pruned"] < steps.min()["finished"]
    assert set(campaign.cells["state"]) == {"done"}
    assert not campaign.state["failed"]
    _check_whole_trials(lines, lines_of(tmp_path / "plain", plain))
    _check_gates(campaign)


def _check_whole_trials(lines, without):
    """They resume where their last round ended, and come to the same bits."""
    plain = {line["key"]: line["losses"] for line in without}
    whole = [
        line
        for line in lines
        if line["kind"] == "trial" and line["status"] == "finished"
    ]

    assert whole
    for line in whole:
        assert line["worker"]["resumed"] > 0
        assert line["losses"] == plain[line["key"]]


def _check_gates(campaign):
    """Those that ask for half of the trials are not asked, and none counts a pruned
    trial as one that failed.
    """
    (verdict,) = judge_campaign(campaign)
    gates = {gate.code: gate for gate in verdict.gates}

    assert not gates["tuning-budget"].asked
    assert not gates["moving-in-search"].asked
    assert not gates["failed-trials"].failed


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"pruner": "medain"}, "median"),
        ({"pruning_rounds": [0.5, 0.25]}, "increasing shares"),
        ({"pruning_rounds": [0.5, 1.0]}, "between 0 and 1"),
        ({"pruning_rounds": []}, "increasing shares"),
        ({"half_budget": True}, "half of them is another search"),
        ({"stack": 4}, "advance together to their end"),
    ],
)
def test_a_profile_that_cannot_prune_so_is_refused(values, complaint):
    given = {"name": "p", "pruner": "median", **values}
    with pytest.raises(ValueError, match=complaint):
        Profile.model_validate(given)

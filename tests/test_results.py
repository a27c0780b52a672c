"""Recorded campaigns as frames: what the contract in suite/results.py says, while a campaign grows and after."""

import json

import pytest

from suite.inline import InlineWorkers
from suite.job import Done
from suite.launch import plan_of
from suite.results import Results
from tasks import UserError


def test_frames_hold_a_row_for_each_training_evaluation_and_cell(tiny_plan, run_inline, tmp_path):
    run_inline(tiny_plan)
    campaign = Results(tmp_path / "results").load()

    assert len(campaign.trainings) == tiny_plan.trainings == 32
    assert campaign.trainings["key"].is_unique
    assert {"setting.lr", "setting.dropout", "validation.accuracy", "seconds", "data.n_test"} <= set(campaign.trainings)
    assert campaign.trainings["test.accuracy"].notna().sum() == len(campaign.finals) == 8
    evaluations = campaign.curves.groupby("key").size()
    assert set(evaluations) == {1 + 4}  # before the first step, then as the recipe says
    assert len(evaluations) == 32
    assert (campaign.cells["state"] == "done").all()
    assert len(campaign.cells) == 8
    best = campaign.trainings.iloc[0]
    curve = campaign.curves[(campaign.curves["key"] == best["key"]) & (campaign.curves["step"] == best["best_step"])]
    assert curve["validation.accuracy"].item() == best["validation.accuracy"]


def test_a_reader_follows_a_campaign_that_grows(tiny_plan, run_inline, tmp_path):
    results, seen = Results(tmp_path / "results"), []

    class Watched(InlineWorkers):
        def wait(self, seconds: float) -> list[Done]:
            campaign = results.load(tiny_plan.id)
            seen.append((campaign.revision, len(campaign.trainings), campaign.curves["key"].nunique()))
            return super().wait(seconds)

    run_inline(tiny_plan, workers=Watched())

    assert [count for _, count, _ in seen] == list(range(32))
    assert [count for _, _, count in seen] == list(range(32))
    assert len({revision for revision, _, _ in seen}) == 32
    states = results.load().cells["state"]
    assert set(states) == {"done"}


def test_an_unchanged_campaign_is_not_read_again(tiny_plan, run_inline, tmp_path):
    run_inline(tiny_plan)
    results = Results(tmp_path / "results")

    assert results.load() is results.load()


def test_the_newest_campaign_comes_first_and_a_beginning_names_one(tiny_plan, run_inline, tmp_path):
    root = tmp_path / "results"
    run_inline(tiny_plan)
    newer = plan_of(tiny_plan.profile, root, new=True)
    run_inline(newer)
    results = Results(root)

    assert results.ids() == [newer.id, tiny_plan.id]
    assert results.load(tiny_plan.id[:-1]).id == tiny_plan.id
    assert [(s.state, s.cells_done, s.cells_planned) for s in results.campaigns()] == [("done", 8, 8)] * 2
    with pytest.raises(UserError, match="ambiguous"):
        results.load("tiny")
    with pytest.raises(UserError, match="did you mean"):
        results.load(tiny_plan.id.replace("tiny", "tinny"))


def test_an_empty_folder_says_what_to_run(tmp_path):
    with pytest.raises(UserError, match="start one with `bakeoff run quick`"):
        Results(tmp_path).load()


def test_another_schema_and_damage_are_named(tiny_plan, run_inline, tmp_path):
    run_inline(tiny_plan)
    path = tmp_path / "results" / tiny_plan.id / "campaign.json"
    about = json.loads(path.read_text())
    path.write_text(json.dumps({**about, "schema": 99}))
    with pytest.raises(UserError, match="results schema 99"):
        Results(tmp_path / "results").load()
    path.write_text("{")
    with pytest.raises(UserError, match="is damaged"):
        Results(tmp_path / "results").load()

"""Recorded campaigns as frames: what the contract in suite/records/results.py says,
while a campaign grows and after.
"""

import json

import pandas as pd
import pytest

from suite.campaign.plans import plan_of
from suite.checks import doctor
from suite.records.explain import explain
from suite.records.mlflow_runs import MlflowRun, note_mlflow_run
from suite.records.results import Results
from suite.records.status import standings
from suite.training.job import SCHEMA
from tasks import UserError


def test_frames_hold_a_row_for_each_run_evaluation_and_cell(
    tiny_plan, run_inline, tmp_path
):
    run_inline(tiny_plan)
    campaign = Results(tmp_path / "results").load()

    assert len(campaign.runs) == tiny_plan.runs == 32
    assert campaign.runs["key"].is_unique
    assert {
        "param.lr",
        "param.dropout",
        "validation.accuracy",
        "seconds",
        "data.n_test",
    } <= set(campaign.runs)
    assert (
        campaign.runs["test.accuracy"].notna().sum()
        == len(campaign.finals)
        == 8
    )
    evaluations = campaign.curves.groupby("key").size()
    assert set(evaluations) == {
        1 + 4
    }  # before the first step, then as the recipe says
    assert len(evaluations) == 32
    assert (campaign.cells["state"] == "done").all()
    assert len(campaign.cells) == 8
    best = campaign.runs.iloc[0]
    curve = campaign.curves[
        (campaign.curves["key"] == best["key"])
        & (campaign.curves["step"] == best["best_step"])
    ]
    assert curve["validation.accuracy"].item() == best["validation.accuracy"]


def test_a_reader_follows_a_campaign_that_grows(
    tiny_plan, fake_executor, run_inline, tmp_path
):
    results, seen = Results(tmp_path / "results"), []

    def look(trained: int) -> None:
        campaign = results.load(tiny_plan.id)
        curves = campaign.curves["key"].nunique()
        seen.append((campaign.revision, len(campaign.runs), curves))

    run_inline(tiny_plan, executor=fake_executor(before_run=look))

    assert [count for _, count, _ in seen] == list(range(32))
    assert [count for _, _, count in seen] == list(range(32))
    assert len({revision for revision, _, _ in seen}) == 32
    states = results.load().cells["state"]
    assert set(states) == {"done"}


def test_an_unchanged_campaign_is_not_read_again(
    tiny_plan, run_inline, tmp_path
):
    run_inline(tiny_plan)
    results = Results(tmp_path / "results")

    assert results.load() is results.load()


def line(key, **changes):
    """A run's line as it stands in a record."""
    what = {
        "task": "t",
        "level": "l",
        "arm": "a",
        "block": 0,
        "kind": "trial",
        "number": int(key[1:]),
    }
    came = {
        "status": "finished",
        "params": {"lr": 0.1},
        "seeds": {},
        "metrics": {"test.accuracy": 0.5},
        "losses": None,
        "parameters": 10,
        "data": {},
        "test_opened": False,
        "error": None,
        "traceback": None,
        "artifacts": [],
    }
    curve = [
        {"step": 0, "epoch": 0.0, "seconds": 0.0, "validation.accuracy": 0.1},
        {"step": 5, "train.objective": 2.0},
    ]
    worker = {"host": "h", "pid": 1, "device": "cpu"}
    times = {"started": 1.0, "ended": 2.0, "best_step": 5}
    return {
        "schema": SCHEMA,
        "key": key,
        **what,
        **came,
        **times,
        "worker": worker,
        "curve": curve,
        **changes,
    }


def reader_of(folder, *lines):
    """A reader of a record that grew by a line at a time, and was read each time."""
    task = {
        "arms": [{"name": "a"}],
        "levels": [{"name": "l"}],
        "measures": [{"name": "accuracy", "better": "higher"}],
        "blocks": 2,
        "trials": 2,
        "finals": 1,
    }
    manifest = {
        "schema": SCHEMA,
        "id": "c",
        "name": "n",
        "profile": {"name": "n"},
        "claims_digest": "",
        "tasks": {"t": task},
        "cells": [
            {"task": "t", "level": "l", "arm": "a", "block": block}
            for block in (0, 1)
        ],
    }
    (folder / "c").mkdir(parents=True)
    (folder / "c" / "campaign.json").write_text(json.dumps(manifest))
    results = Results(folder)
    for text in lines:
        with (folder / "c" / "runs.jsonl").open("a") as file:
            file.write(json.dumps(text) + "\n")
        results.load()
    return results


def test_a_run_that_was_tried_again_is_held_in_its_newest_form(tmp_path):
    crashed = line(
        "k1",
        status="crashed",
        error="boom",
        best_step=None,
        curve=[],
        metrics={"seconds": 3.0},
    )
    campaign = reader_of(
        tmp_path, line("k0"), crashed, line("k2"), line("k1")
    ).load()

    assert list(campaign.runs["key"]) == ["k0", "k1", "k2"]
    assert list(campaign.runs["status"]) == ["finished"] * 3
    assert campaign.runs["seconds"].isna().all()  # the first attempt's alone
    assert campaign.runs["test.accuracy"].tolist() == [0.5] * 3
    assert campaign.curves.groupby("key").size().to_dict() == {
        "k0": 2,
        "k1": 2,
        "k2": 2,
    }
    assert campaign.cells["state"].tolist() == ["final", "queued"]


def test_frames_do_not_depend_on_how_often_a_growing_record_was_read(tmp_path):
    lines = [
        line("k0", error="x"),
        line("k1", metrics={"loss": 1.0}),
        line("k2", params={"deep": True}),
        line("k0"),
    ]
    often = reader_of(tmp_path / "often", *lines)
    once = Results(often.root).load()

    pd.testing.assert_frame_equal(often.load().runs, once.runs)
    place = ["key", "step"]
    pd.testing.assert_frame_equal(
        often.load().curves.sort_values(place, ignore_index=True),
        once.curves.sort_values(place, ignore_index=True),
    )


def test_a_damaged_line_stays_an_error_until_it_is_mended(tmp_path):
    results = reader_of(tmp_path, line("k0"))
    path = tmp_path / "c" / "runs.jsonl"
    good = path.read_text()
    path.write_text(good + "{]\n" + json.dumps(line("k1")) + "\n")
    for _ in range(2):
        with pytest.raises(UserError, match=r"line 2, is damaged"):
            results.load()
    path.write_text(good + json.dumps(line("k1")) + "\n")
    assert len(results.load().runs) == 2


def test_the_newest_campaign_comes_first_and_a_beginning_names_one(
    tiny_plan, run_inline, tmp_path
):
    root = tmp_path / "results"
    run_inline(tiny_plan)
    newer = plan_of(tiny_plan.profile, root, new=True)
    run_inline(newer)
    results = Results(root)

    assert results.ids() == [newer.id, tiny_plan.id]
    assert results.load(tiny_plan.id[:-1]).id == tiny_plan.id
    assert [one.state for one in standings(results)] == ["done", "done"]
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


def old_campaign(root):
    """What is left of a campaign that version 0.1 ran: the files that readers open."""
    folder = root / "quick-0123abcd"
    folder.mkdir(parents=True)
    about = {"schema": 1, "id": folder.name, "name": "quick", "created": 1.0}
    (folder / "campaign.json").write_text(json.dumps(about))
    (folder / "state.json").write_text(
        '{"state": "done", "done": 9, "planned": 9}'
    )
    (folder / "trainings.jsonl").write_text('{"schema": 1, "key": "k0"}\n')
    return folder.name


def test_results_of_an_older_version_name_the_version_that_reads_them(
    tmp_path,
):
    name = old_campaign(tmp_path)
    with pytest.raises(UserError) as error:
        Results(tmp_path).load()

    said = str(error.value)
    assert name in said
    assert "written by Bakeoff 0.1 " in said
    assert "open it with version 0.1.0, or run the campaign again" in said


def test_results_of_an_older_version_do_not_hide_those_of_this_one(
    tiny_plan, run_inline, tmp_path
):
    root = tmp_path / "results"
    run_inline(tiny_plan)
    old = old_campaign(root)
    results = Results(root)
    key = results.load(tiny_plan.id).runs["key"].iloc[0]

    assert results.readable_ids() == [tiny_plan.id]
    assert explain(results, key).run.campaign == tiny_plan.id
    assert {one.id: one.state for one in standings(results)} == {
        tiny_plan.id: "done",
        old: "done",
    }
    finding = doctor._records(root)
    assert finding.ok
    assert finding.says == (
        "1 campaign, 32 runs, all readable; 1 campaign of another version of Bakeoff"
    )


def test_published_runs_lead_to_those_of_mlflow_without_asking_mlflow(
    tmp_path,
):
    campaign = reader_of(tmp_path, line("k0")).load()
    assert campaign.mlflow_runs == {}

    note_mlflow_run(campaign.folder, "k0", MlflowRun("3", "f" * 32))
    with (campaign.folder / "mlflow_runs.jsonl").open("a") as file:
        file.write('{"key": "k1", "exp')  # torn by a crash

    assert campaign.mlflow_runs == {"k0": MlflowRun("3", "f" * 32)}

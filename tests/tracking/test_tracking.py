"""Publishing to a real MLflow store: complete, idempotent by key, and no result lost
where the store is away.
"""

import contextlib
import errno
import json
import os
import shutil
import sqlite3
import threading
from collections import Counter
from itertools import count
from pathlib import Path

import pytest

from suite.campaign import launch
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan
from suite.records.cell_file import read_cell
from suite.records.journal import FILE, Record, read_lines
from suite.records.mlflow_runs import read_mlflow_runs
from suite.tracking import (
    connection,
    payload,
    publisher,
    reader,
    sqlite,
    writer,
)
from suite.tracking.description import describe_campaign
from tasks import UserError

EVERY = 5000


@pytest.fixture
def plan(tiny: str) -> Plan:
    """One level, one block, two arms: 6 runs in 2 cells."""
    task = TaskPlan(levels=("few",))
    return Plan(
        Profile.model_validate(
            {"name": "tiny", "blocks": 1, "trials": 2, "tasks": {tiny: task}}
        )
    )


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory) -> Path:
    """A fresh SQLite store; MLflow takes seconds to make one."""
    path: Path = tmp_path_factory.mktemp("store") / "mlflow.db"
    sqlite.make_store(path)
    return path


@pytest.fixture
def results(tmp_path: Path, empty_store: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    shutil.copy(empty_store, folder)
    return folder


def client_of(results: Path):
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=sqlite.default_uri(results))


def runs_of(results: Path):
    client = client_of(results)
    experiment = client.get_experiment_by_name("bakeoff/tiny")
    return client.search_runs([experiment.experiment_id], max_results=EVERY)


def test_every_cell_and_run_becomes_a_run_of_mlflow(plan, run_inline, results):
    run_inline(plan, results, tracking_uri=None)
    mlflow_runs = runs_of(results)
    lines = {
        line["key"]: line for line in read_lines(results / plan.id / FILE)
    }
    cells = {
        run.info.run_id: run
        for run in mlflow_runs
        if run.data.tags["bakeoff.kind"] == "cell"
    }
    runs = [run for run in mlflow_runs if run.info.run_id not in cells]

    assert len(cells) == 2
    assert {run.data.tags["bakeoff.key"] for run in runs} == set(lines)
    assert {run.info.status for run in runs} == {"FINISHED"}
    for run in runs:
        line = lines[run.data.tags["bakeoff.key"]]
        parent = cells[run.data.tags["mlflow.parentRunId"]]
        assert (
            parent.data.tags["bakeoff.arm"]
            == line["arm"]
            == run.data.tags["bakeoff.arm"]
        )
        assert float(run.data.params["lr"]) == pytest.approx(
            line["params"]["lr"], rel=1e-5
        )
        history = client_of(results).get_metric_history(
            run.info.run_id, "validation.loss"
        )
        assert [(m.step, m.value) for m in history] == [
            (row["step"], row["validation.loss"]) for row in line["curve"]
        ]
        assert ("test.accuracy" in run.data.metrics) == (
            line["kind"] == "final"
        )
        assert bool(run.inputs.dataset_inputs) == (line["kind"] == "final")
    noted = read_mlflow_runs(results / plan.id)
    assert {key: (run.experiment, run.run) for key, run in noted.items()} == {
        run.data.tags["bakeoff.key"]: (run.info.experiment_id, run.info.run_id)
        for run in runs
    }


def test_publishing_again_changes_nothing(plan, run_inline, results):
    run_inline(plan, results, tracking_uri=None)
    before = {run.info.run_id: run.to_dictionary() for run in runs_of(results)}
    run_inline(plan, results, tracking_uri=None)

    assert {
        run.info.run_id: run.to_dictionary() for run in runs_of(results)
    } == before


def test_a_run_that_a_dead_driver_left_open_is_finished_not_doubled(
    plan, run_inline, results
):
    run_inline(plan, results)  # recorded, nothing published
    line = next(read_lines(results / plan.id / FILE))
    store = writer.MlflowWriter(sqlite.default_uri(results), results, plan.id)
    place = line["task"], line["level"], line["arm"], line["block"]
    parent = store._cell(place, line["started"])
    tags = {
        **payload.cell_tags(plan.id, place),
        "bakeoff.kind": "trial",
        "bakeoff.key": line["key"],
        "bakeoff.status": "finished",
    }
    store.client.create_run(
        store._experiment("tiny"), tags={**tags, "mlflow.parentRunId": parent}
    )

    run_inline(plan, results, tracking_uri=None)
    keys = Counter(
        run.data.tags.get("bakeoff.key") for run in runs_of(results)
    )
    assert keys.pop(None) == 2
    assert set(keys.values()) == {1}
    assert len(keys) == 6
    assert {run.info.status for run in runs_of(results)} == {"FINISHED"}


def test_a_store_is_made_whole_or_not_at_all(
    plan, run_inline, tmp_path, monkeypatch
):
    """A driver that dies while MLflow makes its tables leaves no store behind that
    nobody can open.
    """
    results = tmp_path / "fresh"
    replace = sqlite.os.replace

    def dies(source, target):
        if Path(target).name == "mlflow.db":
            raise KeyboardInterrupt
        replace(source, target)

    results.mkdir()
    monkeypatch.setattr(sqlite.os, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        sqlite.make_store(results / "mlflow.db")
    assert not (results / "mlflow.db").exists()
    monkeypatch.undo()

    run_inline(plan, results, tracking_uri=None)
    assert len(runs_of(results)) == 8


def schema(path: Path) -> set[tuple[str, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return set(
            connection.execute(
                "SELECT type, tbl_name, name FROM sqlite_master"
            )
        )


def test_a_further_store_starts_from_the_tables_of_the_first(
    tmp_path, monkeypatch
):
    """It is a store like the first, which knows nothing of where that one was; a
    damaged copy is made anew.
    """
    monkeypatch.setenv("BAKEOFF_DATA", str(tmp_path / "cache"))
    laid: list[Path] = []
    lay = sqlite._create_tables
    monkeypatch.setattr(
        sqlite, "_create_tables", lambda path: (laid.append(path), lay(path))
    )
    stores = [
        tmp_path / name / "mlflow.db" for name in ("first", "second", "third")
    ]
    sqlite.make_store(stores[0])
    sqlite.make_store(stores[1])
    (blank,) = (tmp_path / "cache").iterdir()
    assert len(laid) == 1
    blank.write_bytes(blank.read_bytes()[:5000])
    sqlite.make_store(stores[2])

    assert len(laid) == 2
    assert (
        schema(stores[0])
        == schema(stores[1])
        == schema(stores[2])
        == schema(blank)
    )
    assert len(schema(blank)) > 50
    for path in stores:
        assert [path.name for path in path.parent.iterdir()] == ["mlflow.db"]
        monkeypatch.chdir(path.parent)
        assert connection.check(sqlite.default_uri(path.parent)).startswith(
            str(path.parent)
        )


def test_a_store_that_is_away_stops_nothing_and_gets_everything_later(
    plan, run_inline, results, monkeypatch
):
    monkeypatch.setattr(publisher, "RETRY_PAUSES_S", (0.0,))
    said: list[str] = []
    workers = run_inline(
        plan, results, tracking_uri="http://127.0.0.1:9", notify=said.append
    )

    assert workers.trained == 6
    assert "Nothing is lost" in said[-1]
    assert run_inline(plan, results, tracking_uri=None).trained == 0
    assert len(runs_of(results)) == 8


def test_a_store_that_comes_back_gets_everything_and_nothing_twice(
    plan, run_inline, results, monkeypatch
):
    """It fails before it writes and after it: an answer that is lost is no run that is
    lost.
    """
    monkeypatch.setattr(publisher, "RETRY_PAUSES_S", (0.0,))
    monkeypatch.setattr(publisher, "RECONNECT_INTERVAL_S", 0.0)
    write, moments = (
        writer.MlflowWriter.write,
        iter([False, True, True, False, True, False, True, True]),
    )

    def unreliable(self, item):
        fails, late = next(moments, False), next(moments, False)
        if fails and not late:
            raise ConnectionError("away")
        write(self, item)
        if fails:
            raise ConnectionError("the answer is lost")

    monkeypatch.setattr(writer.MlflowWriter, "write", unreliable)
    said: list[str] = []
    run_inline(plan, results, tracking_uri=None, notify=said.append)

    assert said == []
    assert len(runs_of(results)) == 8
    assert {run.info.status for run in runs_of(results)} == {"FINISHED"}


def test_a_full_disk_is_told_before_a_slow_store_has_everything(
    plan, run_inline, results, monkeypatch
):
    """The next command publishes the rest, and once."""
    write, append = writer.MlflowWriter.write, Record.append_line
    taken, released = count(), threading.Event()

    def slow(self, item):
        released.wait()
        write(self, item)

    def full(self, line):
        if next(taken) == 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append(self, line)

    with monkeypatch.context() as trouble:
        trouble.setattr(launch, "FAILED_CLOSE_TIMEOUT_S", 0.05)
        trouble.setattr(writer.MlflowWriter, "write", slow)
        trouble.setattr(Record, "append_line", full)
        # The store takes nothing before this is told.
        with pytest.raises(UserError, match="No space left on device"):
            run_inline(plan, results, tracking_uri=None)
        released.set()
        for thread in threading.enumerate():
            if thread.name == "mlflow-writer":
                thread.join()

    # The run that was begun, and that of its cell; no other is begun.
    assert len(runs_of(results)) == 2
    assert run_inline(plan, results, tracking_uri=None).trained == 2
    assert len(runs_of(results)) == 8
    assert {run.info.status for run in runs_of(results)} == {"FINISHED"}


def test_a_campaign_is_recovered_from_the_store_alone(
    plan, run_inline, results, tmp_path
):
    run_inline(plan, results, tracking_uri=None)
    uri = sqlite.default_uri(results)
    store = reader.MlflowReader(uri)
    mlflow_runs = store.cells(plan.id, ["tiny"])
    lines = [
        line
        for run in mlflow_runs
        for line in read_cell(store.fetch(run, "cell.parquet", tmp_path / run))
    ]

    by_key = {line["key"]: line for line in lines}
    assert json.dumps(by_key, sort_keys=True) == json.dumps(
        {line["key"]: line for line in read_lines(results / plan.id / FILE)},
        sort_keys=True,
    )


def test_a_server_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(
        UserError, match=r"No MLflow store at http://127\.0\.0\.1:9"
    ):
        connection.check("http://127.0.0.1:9")


# ------------------------------------------------------------ what users do to stores


def test_a_deleted_experiment_is_restored(plan, run_inline, results):
    run_inline(plan, results)  # recorded, nothing published
    client = client_of(results)
    place = sqlite.artifact_root(results) + "/tiny"
    client.delete_experiment(client.create_experiment("bakeoff/tiny", place))
    run_inline(plan, results, tracking_uri=None)
    assert len(runs_of(results)) == 8

    found = client.get_experiment_by_name("bakeoff/tiny")
    client.delete_experiment(found.experiment_id)
    said: list[str] = []
    run_inline(plan, results, tracking_uri=None, notify=said.append)

    assert said == []
    restored = client.get_experiment_by_name("bakeoff/tiny")
    assert restored.lifecycle_stage == "active"
    assert len(runs_of(results)) == 8


@pytest.mark.parametrize(
    "name",
    ["a%20b", "what?x", "with spaces", "结果 ü", "100%", "a#b&c=d", "p@ss:w"],
)
def test_a_results_folder_may_have_any_name(name, empty_store, tmp_path):
    results = tmp_path / name
    results.mkdir()
    shutil.copy(empty_store, results)
    store = writer.MlflowWriter(sqlite.default_uri(results), results, "c")
    (results / "c").mkdir()
    (results / "c" / "campaign.json").write_text(
        '{"tasks": {}}', encoding="utf-8"
    )
    store.write_state(last=True)

    (campaign,) = reader.MlflowReader(sqlite.default_uri(results)).campaigns()
    assert campaign.id == "c"
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert list((results / "artifacts").rglob("campaign.json"))
    store_reader = reader.MlflowReader(sqlite.default_uri(results))
    fetched = store_reader.fetch(
        campaign.run, "campaign.json", results / "copy"
    )
    assert fetched.read_text(encoding="utf-8") == '{"tasks": {}}'


@pytest.mark.parametrize("how", ["moved", "copied"])
def test_artifacts_follow_a_results_folder(
    how, plan, run_inline, results, tmp_path
):
    run_inline(plan, results, tracking_uri=None)
    other = tmp_path / "elsewhere" / "r2"
    other.parent.mkdir()
    if how == "moved":
        results.rename(other)
    else:
        shutil.copytree(results, other)
    run_inline(plan, other, tracking_uri=None)

    place = other.as_uri() + "/artifacts/"
    for run in runs_of(other):
        assert run.info.artifact_uri.startswith(place)
    store = reader.MlflowReader(sqlite.default_uri(other))
    for cell in store.cells(plan.id, ["tiny"]):
        path = store.fetch(cell, "cell.parquet", tmp_path / cell)
        assert len(list(read_cell(path))) == 3
    if how == "moved":
        assert not results.exists()
    else:
        assert runs_of(results)[0].info.artifact_uri.startswith(
            results.as_uri()
        )


def test_a_store_of_an_older_mlflow_names_the_cure(plan, run_inline, results):
    with contextlib.closing(
        sqlite3.connect(results / "mlflow.db")
    ) as database:
        database.execute(
            "UPDATE alembic_version SET version_num = '451aebb31d03'"
        )
        database.commit()
    said: list[str] = []
    run_inline(plan, results, tracking_uri=None, notify=said.append)

    uri = sqlite.default_uri(results)
    assert f"`mlflow db upgrade '{uri}'`" in said[-1]
    assert "the same command publishes the rest" not in said[-1]
    with pytest.raises(UserError, match="mlflow db upgrade"):
        connection.check(uri)


def test_metrics_that_mlflow_would_refuse_are_renamed_and_the_names_kept(
    plan, run_inline, results
):
    run_inline(plan, results)
    line = dict(next(read_lines(results / plan.id / FILE)))
    line["metrics"] = {"test.recall@5": 0.5, "steps": 8.0}
    line["curve"] = [{"step": 1, "seconds": 0.1, "validation.recall@5": 0.25}]
    store = writer.MlflowWriter(sqlite.default_uri(results), results, plan.id)
    store.write(line)

    (run,) = [
        run for run in runs_of(results) if "bakeoff.key" in run.data.tags
    ]
    assert run.info.status == "FINISHED"
    assert run.data.metrics["test.recall_at_5"] == 0.5
    assert run.data.metrics["validation.recall_at_5"] == 0.25
    assert json.loads(run.data.tags[payload.METRIC_NAMES]) == {
        "test.recall_at_5": "test.recall@5",
        "validation.recall_at_5": "validation.recall@5",
    }


def test_mlflow_settings_of_the_user_change_nothing(
    plan, run_inline, results, monkeypatch
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "theirs")
    monkeypatch.setenv("MLFLOW_RUN_ID", "0123456789abcdef0123456789abcdef")
    said: list[str] = []
    run_inline(plan, results, tracking_uri=None, notify=said.append)

    assert said == []
    assert len(runs_of(results)) == 8
    names = {found.name for found in client_of(results).search_experiments()}
    assert names <= {"bakeoff", "bakeoff/tiny", "Default"}


# ------------------------------------------------------------------ MLflow's own pages


def test_a_cell_tells_its_choice_and_a_task_its_question(
    plan, run_inline, results
):
    run_inline(plan, results, tracking_uri=None)
    lines = list(read_lines(results / plan.id / FILE))
    client = client_of(results)
    cells = [
        run
        for run in runs_of(results)
        if run.data.tags["bakeoff.kind"] == "cell"
    ]

    for cell in cells:
        arm = cell.data.tags["bakeoff.arm"]
        (final,) = [
            line
            for line in lines
            if line["arm"] == arm and line["kind"] == "final"
        ]
        assert cell.data.params.keys() == final["params"].keys()
        for name, value in final["params"].items():
            assert float(cell.data.params[name]) == pytest.approx(
                value, rel=1e-5
            )
        assert f"**{arm}**" in cell.data.tags["mlflow.note.content"]
        assert cell.info.run_name.startswith(arm)
    experiment = client.get_experiment_by_name("bakeoff/tiny")
    note = experiment.tags["mlflow.note.content"]
    assert note.startswith("Does width help?")
    assert "A wider network is better." in note
    for run in runs_of(results):
        assert run.data.tags["mlflow.source.name"] == "bakeoff run"
        assert run.info.run_name.startswith(run.data.tags["bakeoff.arm"])


def test_a_cell_leads_to_the_dashboard_and_names_the_claims_that_rest_on_it(
    plan, run_inline, results
):
    run_inline(plan, results, tracking_uri=None)
    (cell,) = [
        run
        for run in runs_of(results)
        if run.data.tags["bakeoff.kind"] == "cell"
        and run.data.tags["bakeoff.arm"] == "wide"
    ]
    note = cell.data.tags["mlflow.note.content"]

    (claim,) = [line for line in note.splitlines() if "/claim?" in line]
    assert claim.startswith("- [A wider network is better.](http://127.0.0.1")
    assert f"campaign={plan.id}" in claim
    assert "arm=wide" in note


def test_the_run_of_a_campaign_says_what_was_found(plan, run_inline, results):
    run_inline(plan, results, tracking_uri=None)
    client = client_of(results)
    campaigns = client.get_experiment_by_name("bakeoff").experiment_id

    said = describe_campaign(
        None, results, plan.id, "**Does width help?** Yes."
    )

    assert said == ""
    (run,) = client.search_runs([campaigns])
    assert run.data.tags["mlflow.note.content"] == "**Does width help?** Yes."


def test_a_store_that_is_away_takes_no_verdicts_and_says_why(tmp_path):
    missing = f"sqlite:///{tmp_path}/no/such/folder/mlflow.db"
    (tmp_path / "no").write_text("a file where a folder should be")

    assert describe_campaign(missing, tmp_path, "quick-1", "Yes.")
    assert describe_campaign("none", tmp_path, "quick-1", "Yes.") == ""

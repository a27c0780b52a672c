"""The driver: same results however many workers, in whatever order, interrupted or not;
failures are data.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import optuna
import pytest
import torch
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

import tasks
from suite.campaign import cell as cell_module
from suite.campaign.campaign_dir import locked
from suite.campaign.launch import request_stop
from suite.campaign.plans import plan_of
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan
from suite.records.cell_file import read_cell
from suite.records.journal import FILE, Record, read_lines, results_digest
from suite.records.results import Results
from suite.records.run_record import RunRecord
from suite.verdicts.judge import judge_campaign, run_aa_tests
from tasks import UserError

ROOT = Path(__file__).resolve().parents[2]


def plan_for(task: str, **changes: object) -> Plan:
    values = {
        "name": "tiny",
        "blocks": 2,
        "trials": 3,
        "tasks": {task: TaskPlan()},
        **changes,
    }
    return Plan(Profile.model_validate(values))


def lines_of(results: Path, plan: Plan) -> list[RunRecord]:
    return list(read_lines(results / plan.id / FILE))


@pytest.mark.parametrize("sampler", ["qmc", "tpe"])
def test_workers_and_order_of_completion_change_nothing(
    sampler, tiny, run_inline, tmp_path
):
    plan = plan_for(tiny, sampler=sampler, trials=10, blocks=1)
    digests = set()
    for number, options in enumerate(
        ({}, {"slots": 3, "shuffle": 1}, {"slots": 8, "shuffle": 2})
    ):
        workers = run_inline(plan, tmp_path / str(number), **options)
        digests.add(results_digest(lines_of(tmp_path / str(number), plan)))
        assert workers.trained == plan.runs == 44

    assert len(digests) == 1


@pytest.mark.parametrize("patience", [0, 1, 5, 17, 31])
def test_an_interrupted_campaign_goes_on_where_it_was(
    patience, tiny_plan, run_inline, tmp_path, fake_executor
):
    run_inline(tiny_plan, tmp_path / "undisturbed")
    impatient = fake_executor(shuffle=patience, interrupt_after=patience)
    with pytest.raises(KeyboardInterrupt):
        run_inline(tiny_plan, tmp_path / "interrupted", executor=impatient)
    assert Results(tmp_path / "interrupted").load().state["state"] == "stopped"
    rest = run_inline(tiny_plan, tmp_path / "interrupted")

    assert impatient.trained + rest.trained == tiny_plan.runs
    assert results_digest(
        lines_of(tmp_path / "interrupted", tiny_plan)
    ) == results_digest(lines_of(tmp_path / "undisturbed", tiny_plan))


def test_a_finished_campaign_trains_nothing_again(
    tiny_plan, run_inline, tmp_path
):
    run_inline(tiny_plan)
    again = run_inline(tiny_plan)

    assert again.trained == 0
    assert len(lines_of(tmp_path / "results", tiny_plan)) == tiny_plan.runs


def test_of_two_generations_of_runs_the_newest_plan_counts(
    tiny_plan, run_inline, tmp_path, monkeypatch
):
    """The data, say, changed between two starts: both generations stay on record."""

    def judged_keys():
        campaign = Results(tmp_path / "results").load()
        assert len(campaign.runs) == len(set(campaign.runs["key"]))
        assert set(campaign.curves["key"]) <= set(campaign.runs["key"])
        return set(campaign.runs["key"])

    identity = cell_module.cell_identity
    run_inline(tiny_plan)
    first = judged_keys()
    monkeypatch.setattr(
        cell_module,
        "cell_identity",
        lambda *args: {**identity(*args), "data": "changed"},
    )
    assert run_inline(tiny_plan).trained == tiny_plan.runs
    second = judged_keys()
    monkeypatch.setattr(cell_module, "cell_identity", identity)
    back = run_inline(tiny_plan)

    assert len(first) == len(second) == tiny_plan.runs
    assert not first & second
    assert back.trained == 0
    assert judged_keys() == first


DRIVER = """
import os, signal, sys
from pathlib import Path
from typing import Any
import torch
torch.set_num_threads(1)
import tasks
from suite.cluster.serial import SerialExecutor
from suite.campaign.launch import launch
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan
from suite.records.journal import Record

task_file, results, moment, uri = sys.argv[1:]
tasks.load_file(task_file)
countdown = int(moment)
append = Record.append

def dying(self, job, member, result):
    global countdown
    countdown -= 1
    if countdown == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    line = append(self, job, member, result)
    if countdown == -1:
        os.kill(os.getpid(), signal.SIGKILL)  # recorded, and not published
    return line

if countdown:
    Record.append = dying
plan = Plan(Profile.model_validate({"name": "tiny", "blocks": 2, "trials": 3, "tasks": {"tiny": TaskPlan()}}))
launch(plan, Path(results), executor=SerialExecutor(2, shuffle=countdown), tracking_uri=uri)
"""


def drive(
    task_file: Path, results: Path, moment: int, uri: str = "none"
) -> int:
    command = [
        sys.executable,
        "-c",
        DRIVER,
        str(task_file),
        str(results),
        str(moment),
        uri,
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=False, capture_output=True
    ).returncode


def test_a_driver_killed_at_any_moment_loses_nothing_on_record(
    tiny_file, tiny_plan, run_inline, tmp_path
):
    run_inline(tiny_plan, tmp_path / "undisturbed")
    for moment in (
        1,
        7,
        20,
    ):  # before the record has it; the one after: recorded, and nothing else yet
        assert drive(tiny_file, tmp_path / "killed", moment) == -signal.SIGKILL
    with (tmp_path / "killed" / tiny_plan.id / FILE).open("ab") as file:
        file.write(
            b'{"schema": 1, "key": "torn'
        )  # as a crash in the middle of a write leaves it
    assert drive(tiny_file, tmp_path / "killed", 0) == 0

    lines = lines_of(tmp_path / "killed", tiny_plan)
    assert max(Counter(line["key"] for line in lines).values()) == 1
    assert results_digest(lines) == results_digest(
        lines_of(tmp_path / "undisturbed", tiny_plan)
    )


def test_trials_never_open_the_test_set_and_finals_do(
    tiny_plan, run_inline, tmp_path
):
    run_inline(tiny_plan)
    lines = lines_of(tmp_path / "results", tiny_plan)

    assert {(line["kind"], line["test_opened"]) for line in lines} == {
        ("trial", False),
        ("final", True),
    }
    assert all(
        ("test.accuracy" in line["metrics"]) == (line["kind"] == "final")
        for line in lines
    )


def test_half_the_budget_gets_a_final_of_its_own_only_where_it_chose_other_settings(
    tiny, run_inline, tmp_path
):
    plan, plain = (
        plan_for(tiny, trials=4, finals=2, half_budget=half)
        for half in (True, False)
    )
    run_inline(plan, tmp_path / "half")
    run_inline(plain, tmp_path / "plain")
    lines = lines_of(tmp_path / "half", plan)
    halves = {
        where(line): line for line in lines if line["kind"] == "half_budget"
    }
    cells = {
        where(line): [other for other in lines if where(other) == where(line)]
        for line in lines
    }

    assert 0 < len(halves) < len(cells)
    assert plan.runs < len(lines) == plan.runs + len(halves) < plan.max_runs
    for place, cell in cells.items():
        trials = [
            line
            for line in sorted(cell, key=lambda line: line["number"])
            if line["kind"] == "trial"
        ]
        first_half, all_of_them = (
            max(some, key=lambda line: line["metrics"]["validation.accuracy"])[
                "params"
            ]
            for some in (trials[:2], trials)
        )
        final = next(
            line
            for line in cell
            if line["kind"] == "final" and line["number"] == 0
        )
        assert final["params"] == all_of_them
        assert (place in halves) == (first_half != all_of_them)
        if place in halves:
            assert (halves[place]["params"], halves[place]["seeds"]) == (
                first_half,
                final["seeds"],
            )
            assert halves[place]["test_opened"]
            assert not halves[place]["artifacts"]
    rest = [line for line in lines if line["kind"] != "half_budget"]
    assert results_digest(rest) == results_digest(
        lines_of(tmp_path / "plain", plain)
    )  # it changes nothing else
    assert Results(tmp_path / "half").load().state["planned"] == len(lines)
    assert run_inline(plan, tmp_path / "half").trained == 0


def test_a_half_length_final_differs_from_the_final_in_its_length_alone(
    tiny, run_inline, tmp_path
):
    plan, plain = (
        plan_for(tiny, trials=2, blocks=1, half_length=half)
        for half in (True, False)
    )
    run_inline(plan, tmp_path / "half")
    run_inline(plain, tmp_path / "plain")
    lines = lines_of(tmp_path / "half", plan)
    halves = {
        where(line): line for line in lines if line["kind"] == "half_length"
    }
    finals = {where(line): line for line in lines if line["kind"] == "final"}

    assert len(halves) == len(finals) == len(plan.cells)
    assert plan.runs == plan.max_runs == len(lines)
    for place, final in finals.items():
        half = halves[place]
        assert (half["params"], half["seeds"]) == (
            final["params"],
            final["seeds"],
        )
        assert half["metrics"]["steps"] == final["metrics"]["steps"] / 2
        assert half["test_opened"]
        assert not half["artifacts"]
    rest = [line for line in lines if line["kind"] != "half_length"]
    assert results_digest(rest) == results_digest(
        lines_of(tmp_path / "plain", plain)
    )
    again = run_inline(plan, tmp_path / "half")
    campaign = Results(tmp_path / "half").load()
    assert again.trained == 0
    assert campaign.manifest.task(tiny).half_length
    assert set(campaign.cells["state"]) == {"done"}


def where(line: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(line[name] for name in ("level", "arm", "block"))


ONE_OPEN = """    claims=(
        Claim("same", "", "accuracy", better="wide", worse="narrow", levels=("many",), margin=0.9, kind="equal"),
        Claim("finer", "", "accuracy", better="wide", worse="narrow", levels=("few",), margin=1e-6),
    ),
)
"""


@pytest.fixture
def adaptive(tiny_file, tmp_path) -> Plan:
    """A campaign whose first claim is settled at its first look and whose second stays
    open to the last.
    """
    text = tiny_file.read_text()
    path = tmp_path / "adaptive.py"
    path.write_text(text[: text.index("    claims=(")] + ONE_OPEN)
    tasks.load_file(path)
    return plan_for(
        "adaptive",
        trials=1,
        interim_looks=(3, 5, 6),
        tasks={"adaptive": TaskPlan(aa_test=("wide",))},
    )


def test_further_blocks_go_only_to_claims_that_are_open(
    adaptive, run_inline, tmp_path
):
    run_inline(adaptive)
    campaign = Results(tmp_path / "results").load()
    blocks = campaign.cells.groupby(["level", "arm"]).size()

    assert blocks["many"].to_dict() == {
        "narrow": 3,
        "wide": 3,
        "wide_again": 3,
    }
    assert blocks["few"].to_dict() == {"narrow": 6, "wide": 6, "wide_again": 3}
    assert set(campaign.cells["state"]) == {"done"}
    assert (
        campaign.state["planned"]
        == campaign.state["done"]
        == len(campaign.runs)
        == 2 * len(campaign.cells)
    )
    assert (
        adaptive.runs
        == 2 * 18
        < len(campaign.runs)
        < adaptive.max_runs
        == 2 * (18 + 12)
    )
    same, finer = judge_campaign(campaign)
    assert (same.verdict, same.blocks, same.complete) == ("supported", 3, True)
    assert (finer.verdict, finer.blocks, finer.complete) == (
        "inconclusive",
        6,
        True,
    )
    assert [check.state for check in run_aa_tests(campaign, "adaptive")] != [
        "waiting"
    ] * 2


def test_what_looks_decide_does_not_depend_on_workers_nor_on_interruptions(
    adaptive, run_inline, tmp_path, fake_executor
):
    digests = set()
    for number, options in enumerate(
        ({}, {"slots": 2, "shuffle": 1}, {"slots": 8, "shuffle": 2})
    ):
        run_inline(adaptive, tmp_path / str(number), **options)
        digests.add(results_digest(lines_of(tmp_path / str(number), adaptive)))
    for patience in (
        20,
        37,
        40,
        47,
    ):  # before the first look, right after it, and later
        with pytest.raises(KeyboardInterrupt):
            run_inline(
                adaptive,
                tmp_path / str(patience),
                executor=fake_executor(
                    shuffle=patience, interrupt_after=patience
                ),
            )
        run_inline(adaptive, tmp_path / str(patience))
        digests.add(
            results_digest(lines_of(tmp_path / str(patience), adaptive))
        )

    assert len(digests) == 1


def test_a_look_waits_for_a_cell_that_its_machine_failed(
    adaptive, run_inline, tmp_path, fake_executor
):
    run_inline(adaptive, executor=fake_executor(lose=2, out_of_memory=True))
    first = Results(tmp_path / "results").load()
    assert (set(first.cells["state"]), len(first.cells)) == ({"failed"}, 18)

    run_inline(adaptive, retry=True)
    assert len(Results(tmp_path / "results").load().cells) == 24


def test_arms_of_a_block_share_split_and_order_and_nothing_else(
    tiny_plan, run_inline, tmp_path
):
    run_inline(tiny_plan)
    seeds = {
        (line["arm"], line["kind"], line["number"]): line["seeds"]
        for line in lines_of(tmp_path / "results", tiny_plan)
        if line["level"] == "few" and line["block"] == 0
    }
    narrow, wide = seeds["narrow", "trial", 1], seeds["wide", "trial", 1]

    assert {name for name in narrow if narrow[name] == wide[name]} == {
        "split",
        "order",
        "evaluation",
    }
    assert narrow["split"] == seeds["narrow", "final", 0]["split"]
    assert (
        narrow["initialisation"]
        != seeds["narrow", "final", 0]["initialisation"]
    )


def test_the_same_arm_under_two_names_is_trained_twice(
    tiny, run_inline, tmp_path
):
    plan = plan_for(
        tiny,
        tasks={tiny: TaskPlan(aa_test=("wide",), levels=("few",))},
        blocks=1,
    )
    run_inline(plan)
    finals = [
        line
        for line in lines_of(tmp_path / "results", plan)
        if line["kind"] == "final"
    ]
    losses = {line["arm"]: line["losses"] for line in finals}

    assert set(losses) == {"narrow", "wide", "wide_again"}
    assert losses["wide"] != losses["wide_again"]


def test_every_arm_gets_the_same_number_of_trials_even_where_some_diverge(
    tiny_file, run_inline, tmp_path
):
    text = tiny_file.read_text().replace(
        "Float(1e-3, 1e-1, log=True), weight",
        "Float(1e-3, 1e30, log=True), weight",
    )
    path = tmp_path / "explosive.py"
    path.write_text(
        text.replace(
            "epochs=4, batch_size=32",
            'epochs=4, batch_size=32, optimizer="sgd"',
        )
    )
    tasks.load_file(path)
    plan = plan_for("explosive", trials=8)
    run_inline(plan)
    frame = Results(tmp_path / "results").load(plan.id).runs
    trials = frame[frame["kind"] == "trial"]

    assert {"finished", "diverged"} == set(trials["status"])
    assert set(trials.groupby(["level", "arm", "block"]).size()) == {8}
    assert (
        trials.loc[trials["status"] == "diverged", "validation.accuracy"]
        == 0.5
    ).all()
    assert trials["validation.accuracy"].notna().all()


def test_a_final_that_is_not_finite_on_the_test_alone_has_failed_with_a_finite_worst_value(
    tiny_file, run_inline, tmp_path
):
    text = tiny_file.read_text().replace(
        "draw(100), draw(100))", "draw(100), draw(101))"
    )
    text = text.replace("procedure=Classification()", "procedure=Fragile()")
    fragile = """class Fragile(Classification):
    def evaluate(self, model, split, noise):
        found = super().evaluate(model, split, noise)
        return {**found, "accuracy": float("nan")} if len(split) == 101 else found
"""
    path = tmp_path / "sealed.py"
    path.write_text(text.replace("TASK = Task(", f"{fragile}\n\nTASK = Task("))
    tasks.load_file(path)
    plan = plan_for("sealed", trials=1, blocks=1)
    run_inline(plan)
    frame = Results(tmp_path / "results").load(plan.id).runs.set_index("kind")

    assert set(frame.loc["trial", "status"]) == {"finished"}
    assert set(frame.loc["final", "status"]) == {"diverged"}
    assert set(frame.loc["final", "test.accuracy"]) == {0.5}


def test_a_run_that_raises_is_a_status_and_the_campaign_continues(
    tiny_file, run_inline, tmp_path
):
    path = tmp_path / "fragile.py"
    fragile = 'if width == 2 and level.name == "few":\n        raise RuntimeError("too narrow")'
    broken = tiny_file.read_text().replace(
        "    return nn.Sequential(",
        f"    {fragile}\n    return nn.Sequential(",
    )
    path.write_text(broken)
    tasks.load_file(path)
    plan = plan_for("fragile")
    run_inline(plan)
    campaign = Results(tmp_path / "results").load(plan.id)
    crashed = campaign.runs[campaign.runs["status"] == "crashed"]

    assert campaign.state["state"] == "incomplete"
    assert set(zip(crashed["arm"], crashed["level"], strict=True)) == {
        ("narrow", "few")
    }
    assert crashed["error"].str.contains("too narrow").all()
    states = campaign.cells.set_index(["arm", "level", "block"])[
        "state"
    ].sort_index()
    assert set(states["narrow", "few"]) == {"failed"}
    assert (states.drop(("narrow", "few")) == "done").all()
    line = next(
        line
        for line in lines_of(tmp_path / "results", plan)
        if line["status"] == "crashed"
    )
    assert "fragile.py" in line["traceback"]

    assert (
        run_inline(plan).trained == 0
    )  # it would crash again: only `retry` asks for that
    assert run_inline(plan, retry=True).trained == len(crashed)


def test_a_run_lost_with_its_worker_is_repeated_and_does_not_count(
    tiny_plan, run_inline, tmp_path, fake_executor
):
    run_inline(tiny_plan, tmp_path / "steady")
    unreliable = fake_executor(lose=2)
    run_inline(tiny_plan, tmp_path / "shaky", executor=unreliable)

    assert unreliable.trained == tiny_plan.runs
    assert results_digest(
        lines_of(tmp_path / "shaky", tiny_plan)
    ) == results_digest(lines_of(tmp_path / "steady", tiny_plan))


@pytest.mark.parametrize(
    ("losses", "out_of_memory", "status"),
    [(3, False, "lost"), (2, True, "out_of_memory")],
)
def test_a_loss_that_lasts_goes_on_record_and_can_be_retried(
    losses,
    out_of_memory,
    status,
    tiny_plan,
    run_inline,
    tmp_path,
    fake_executor,
):
    run_inline(
        tiny_plan,
        executor=fake_executor(lose=losses, out_of_memory=out_of_memory),
    )
    first = Results(tmp_path / "results").load()
    assert set(first.runs["status"]) == {status}
    assert set(first.cells["state"]) == {"failed"}

    run_inline(tiny_plan, retry=True)
    after = Results(tmp_path / "results").load()
    assert set(after.runs["status"]) == {"finished"}
    assert set(after.cells["state"]) == {"done"}
    assert after.state["state"] == "done"
    assert len(after.curves["key"].unique()) == tiny_plan.runs


def test_what_differs_between_machines_is_told(
    tiny_plan, run_inline, tmp_path, fake_executor
):
    def told() -> str:
        return str(Results(tmp_path / "results").load().state["unlike"])

    with pytest.raises(KeyboardInterrupt):
        run_inline(
            tiny_plan, executor=fake_executor(shuffle=30, interrupt_after=30)
        )
    assert told() == ""
    run_inline(
        tiny_plan,
        executor=fake_executor(worker_facts={"torch": "2.0", "host": "other"}),
    )
    assert told() == f"torch {torch.__version__} (30), 2.0 (2)"
    log = (tmp_path / "results" / tiny_plan.id / "log.txt").read_text()
    assert log.count("not all machines are of one kind: torch") == 1
    run_inline(tiny_plan)  # the record remembers
    assert told() == f"torch {torch.__version__} (30), 2.0 (2)"


def test_a_worker_with_other_sources_is_refused(
    tiny_plan, run_inline, tmp_path, fake_executor
):
    with pytest.raises(
        UserError, match="on other trains tiny with other sources"
    ):
        run_inline(
            tiny_plan,
            executor=fake_executor(
                facts_after=5,
                worker_facts={"sources": "0" * 16, "host": "other"},
            ),
        )
    assert len(lines_of(tmp_path / "results", tiny_plan)) == 5
    run_inline(tiny_plan)
    assert len(lines_of(tmp_path / "results", tiny_plan)) == tiny_plan.runs


def test_a_stop_can_be_asked_for_from_elsewhere(
    tiny_plan, run_inline, tmp_path, fake_executor
):
    folder = tmp_path / "results" / tiny_plan.id

    def ask(trained: int) -> None:
        time.sleep(0.4)
        if trained == 2:
            assert request_stop(folder)

    with pytest.raises(KeyboardInterrupt):
        run_inline(tiny_plan, executor=fake_executor(before_run=ask))
    assert not (folder / "cancel").exists()
    assert (
        json.loads((folder / "state.json").read_text())["state"] == "stopped"
    )
    assert not request_stop(folder)


def test_one_driver_at_a_time(tiny_plan, run_inline, tmp_path):
    folder = tmp_path / "results" / tiny_plan.id
    folder.mkdir(parents=True)
    with (
        locked(folder),
        pytest.raises(UserError, match="is being run already"),
    ):
        run_inline(tiny_plan)


def test_a_full_disk_stops_with_one_message_and_the_campaign_goes_on_later(
    tiny_plan, run_inline, tmp_path, monkeypatch
):
    append, count = Record.append_line, 0

    def full(self, line):
        nonlocal count
        count += 1
        if count == 10:
            raise OSError(28, "No space left on device")
        append(self, line)

    monkeypatch.setattr(Record, "append_line", full)
    with pytest.raises(
        UserError,
        match=r"No space left on device.*everything recorded is kept",
    ):
        run_inline(tiny_plan)
    monkeypatch.undo()
    rest = run_inline(tiny_plan)

    assert rest.trained == tiny_plan.runs - 9


def test_a_folder_that_cannot_be_written_is_named(
    tiny_plan, run_inline, tmp_path
):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        run_inline(tiny_plan, tmp_path / "file" / "results")


def test_a_new_campaign_starts_only_when_asked_for(
    tiny_plan, run_inline, tmp_path
):
    results = tmp_path / "results"
    run_inline(tiny_plan, results)

    assert plan_of(tiny_plan.profile, results).id == tiny_plan.id
    other = plan_of(tiny_plan.profile, results, new=True)
    assert other.id != tiny_plan.id
    run_inline(other, results)
    assert plan_of(tiny_plan.profile, results).id == other.id


def test_the_id_depends_on_profile_claims_and_sources(tiny, tiny_file):
    plan = plan_for(tiny)
    assert plan_for(tiny).id == plan.id
    assert plan_for(tiny, root_seed=1).id != plan.id
    tasks.load_source(
        tiny,
        str(tiny_file),
        tiny_file.read_text().replace("margin=0.02", "margin=0.03"),
    )
    assert plan_for(tiny).id != plan.id


def test_a_cell_file_holds_its_part_of_the_record_to_the_last_bit(
    tiny_plan, run_inline, tmp_path
):
    run_inline(tiny_plan)
    lines = lines_of(tmp_path / "results", tiny_plan)
    cells = sorted(
        (tmp_path / "results" / tiny_plan.id / "cells").rglob("cell.parquet")
    )
    found = [line for path in cells for line in read_cell(path)]

    by_key = sorted(lines, key=lambda line: line["key"])
    assert sorted(found, key=lambda line: line["key"]) == by_key
    assert len(cells) == 8


@pytest.mark.parametrize(
    "damage",
    ['{"op_code": 0, "worker_id\n', "[1, 2]\n", '{"op_code": 99}\n', "\0\0\n"],
)
def test_a_damaged_optuna_journal_is_told_and_costs_no_cell(
    damage, tiny_plan, run_inline, tmp_path
):
    results = tmp_path / "results"
    results.mkdir()
    journal = results / "optuna.journal"
    journal.write_text(damage, encoding="utf-8")
    said: list[str] = []
    run_inline(tiny_plan, results, notify=said.append)

    (told,) = said
    assert f"{journal} cannot be written" in told
    assert "move it away" in told
    assert (
        len(list((results / tiny_plan.id / "cells").rglob("cell.parquet")))
        == 8
    )
    assert (
        "cannot be written" in (results / tiny_plan.id / "log.txt").read_text()
    )

    journal.rename(tmp_path / "damaged")
    said.clear()
    run_inline(tiny_plan, results, notify=said.append)
    studies = optuna.get_all_study_names(
        JournalStorage(JournalFileBackend(str(journal)))
    )
    assert said == []
    assert len(studies) == 8

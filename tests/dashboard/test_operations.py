"""Who runs a campaign sees what runs now, and the end of the log."""

import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace

import pandas as pd
import pytest
from dash._utils import to_json

from dashboard.components.operations import (
    LOG_LINES,
    PATIENCE_S,
    last_lines,
    now_card,
    stall_note,
    stalled_runs,
)
from dashboard.data.view import view_of
from dashboard.locale import Words
from dashboard.pages import cluster
from suite.campaign.running import MachineLoads, Running, WorkerLoads
from suite.cluster.load import machine_load, worker_load
from suite.records.state import HANGING_S, silent_since
from suite.training.job import Job, Member

TASK = "logistic_regression"


def read(component):
    return json.dumps(json.loads(to_json(component)), ensure_ascii=False)


def job(number):
    member = Member(f"key {number}", "trial", 0, number, {}, {})
    return Job("task", "level", "arm", (member,))


def test_jobs_run_in_the_order_of_submission_as_far_as_there_are_slots():
    running = Running()
    for number in range(4):
        running.add(job(number))
    before = running.current(slots=2)
    running.remove(job(0))
    after = running.current(slots=2)

    assert [one["number"] for one in before] == [0, 1]
    assert [one["number"] for one in after] == [1, 2]
    assert after[0]["since"] == before[1]["since"]  # it began once


def test_a_machine_uses_no_more_than_it_has():
    load = machine_load()

    assert 0 <= load["cpu_percent"] <= 100
    assert 0 < load["memory_used"] <= load["memory_total"]


@pytest.fixture
def live(snapshots, finished):
    """A view of a campaign that seems to be running."""
    view = view_of(snapshots, "/cluster", f"?campaign={finished}")
    arm = view.tasks[TASK]["arms"][0]["name"]
    run = {"task": TASK, "arm": arm, "block": 3, "since": 1.0}
    state = {
        "state": "running",
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "updated": time.time(),
        "running": [run, {"task": "gone", "since": 1.0}, {}],
        "machine": {
            "cpu_percent": 93.0,
            "memory_used": 6144.0,
            "memory_total": 24576.0,
        },
        "machines": [
            {
                "host": "gpu-3",
                "cpu_percent": 41.0,
                "memory_used": 2048.0,
                "memory_total": 4096.0,
                "at": 2.0,
                "gpus": [
                    {
                        "name": "H200",
                        "memory_used": 1024.0,
                        "memory_total": 144384.0,
                        "percent": 87.0,
                    },
                    {"name": "damaged"},
                ],
            },
            {"host": "damaged"},
        ],
        "workers": [
            {"worker": "here:7", "cpu_percent": 98.6, "memory": 512.0},
            {"worker": "damaged"},
        ],
    }
    campaign = replace(view.campaign, state=state)
    return replace(view, snapshot=replace(view.snapshot, campaign=campaign))


def test_the_page_says_what_runs_and_how_busy_the_machine_is(live):
    shown = read(now_card(live))

    assert "1970-01-01 00:00 UTC" in shown
    assert "6.0 / 24.0 GiB" in shown
    assert "93" in shown
    assert "gone" not in shown
    assert "here:7" in shown
    assert "99 %" in shown
    assert "537 MB" in shown  # 512 MiB
    assert "2.0 / 4.0 GiB" in shown
    assert "H200: 1.0 / 141.0 GiB, 87 %" in shown
    assert "damaged" not in shown


def test_of_each_machine_the_newest_load_is_kept():
    loads = MachineLoads()
    for load in (
        {"host": "b", "at": 1.0},
        {"host": "a", "at": 2.0},
        {"host": "b", "at": 3.0},
        None,
    ):
        loads.add(load)

    assert [(one["host"], one["at"]) for one in loads.known()] == [
        ("a", 2.0),
        ("b", 3.0),
    ]
    assert worker_load()["host"] == socket.gethostname()


def test_workers_of_this_machine_are_looked_up_and_those_that_ended_are_not():
    loads = WorkerLoads()
    here = {"host": socket.gethostname(), "pid": os.getpid()}
    for worker in (here, here, {**here, "host": "elsewhere"}, {}):
        loads.add(worker)
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=-1
    ) as child:
        loads.add({**here, "pid": child.pid})

    (load,) = loads.current()

    assert load["worker"] == f"{socket.gethostname()}:{os.getpid()}"
    assert load["cpu_percent"] >= 0
    assert load["memory"] > 1


def silent(live, seconds):
    """The same view of a driver that wrote its state so many seconds ago."""
    moment = time.time() - seconds
    state = {**live.campaign.state, "updated": moment, "written": moment}
    campaign = replace(live.campaign, state=state)
    return replace(live, snapshot=replace(live.snapshot, campaign=campaign))


def test_a_driver_that_writes_nothing_is_said_to_hang(live):
    hanging = silent(live, 2 * HANGING_S)
    said = read(stall_note(hanging))

    assert "written nothing since" in said
    assert "bakeoff run synthetic" in said
    assert silent_since(live.campaign.state) is None
    assert hanging.snapshot.etag != live.snapshot.etag
    state = {**hanging.campaign.state, "state": "done"}
    assert silent_since(state) is None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_campaign_in_which_no_run_ends_any_more_is_said_to_stall(
    live, language
):
    said = read(stall_note(replace(live, words=Words(language))))

    assert "bakeoff cancel" in said


def test_a_stall_is_many_times_the_longest_pause():
    ended = pd.Series([0.0, 100, 200, 300, 400, 500, float("nan"), 900])

    assert stalled_runs(ended, 900 + 4 * 400) is None
    assert stalled_runs(ended, 900 + 6 * 400) == (900, 400)
    quick = pd.Series(range(20), dtype=float)
    assert stalled_runs(quick, 19 + PATIENCE_S / 2) is None
    assert stalled_runs(quick.head(3), 1e6) is None  # too few to say


def test_a_finished_campaign_runs_nothing(snapshots, finished):
    view = view_of(snapshots, "/cluster", f"?campaign={finished}")

    assert now_card(view) is None
    assert "1970" not in read(cluster.layout(view))


def test_the_log_ends_with_its_last_lines_however_long_it_is(tmp_path):
    path = tmp_path / "log.txt"
    path.write_text("".join(f"{n:0100}\n" for n in range(1000)))
    lines = last_lines(path)

    assert [int(line) for line in lines] == list(range(1000 - LOG_LINES, 1000))
    assert last_lines(tmp_path / "none") == []

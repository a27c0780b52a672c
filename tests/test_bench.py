"""Benchmarks: ratios are taken round by round, and an absent peer is named."""

import importlib
import importlib.util
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from suite.planning.plan import Plan
from suite.planning.profile import Profile

BENCH = Path(__file__).resolve().parents[1] / "ci" / "bench"


@pytest.fixture
def load(monkeypatch):
    """Imports a script of ci/bench by its name."""

    def script(name):
        monkeypatch.setattr(sys, "path", [str(BENCH), *sys.path])
        monkeypatch.delitem(sys.modules, name, raising=False)
        return importlib.import_module(name)

    return script


@pytest.fixture
def interleaved(load):
    return load("interleaved")


def test_ratios_compare_seconds_of_the_same_round(interleaved):
    ours = interleaved.Timed(cpu=[1.0, 2.0, 4.0], wall=[1.0, 1.0, 1.0])
    peer = interleaved.Timed(cpu=[3.0, 4.0, 20.0], wall=[2.0, 3.0, 4.0])

    base, row = interleaved.ratios({"ours": ours, "peer": peer}, "ours")

    assert base["cpu_ratio"] == [1.0, 1.0, 1.0]
    assert row["cpu_ratio"] == [2.0, 3.0, 5.0]  # 4/2, 3/1, 20/4
    assert row["wall_ratio"] == [2.0, 3.0, 4.0]
    assert row["cpu_us"] == 4e6


def test_every_alternative_is_called_in_every_round(interleaved):
    calls = []
    steps = {name: lambda name=name: calls.append(name) for name in ("a", "b")}

    found = interleaved.interleaved(steps, rounds=3, seconds=0.0)

    assert [len(timed.cpu) for timed in found.values()] == [3, 3]
    assert calls[-6:] == ["a", "b"] * 3


def test_a_peer_that_is_absent_is_named_with_what_installs_it(
    load, monkeypatch, capsys
):
    steps = load("steps")
    here = {"torch": True, "sklearn": True, "lightning": True}
    monkeypatch.setattr(importlib.util, "find_spec", here.get)

    names = [name for name, _ in steps.installed()]

    assert "skorch" not in names
    assert "Bakeoff" in names
    assert capsys.readouterr().err == (
        "skorch is not installed and left out: pip install -r ci/bench/peers.txt\n"
    )


def test_a_simulated_campaign_takes_as_long_as_its_work_on_its_workers(load):
    schedule = load("schedule")
    values = {"blocks": 2, "trials": 2, "finals": 1}
    profile = Profile.model_validate(
        {"name": "two", **values, "tasks": {"logistic_regression": {}}}
    )
    plan = Plan(profile)
    second = SimpleNamespace(seconds=1.0)
    found = {
        (cell.task, cell.level, cell.builds): second for cell in plan.cells
    }

    alone, many = (schedule.simulate(plan, found, n) for n in (1, 1000))

    assert alone.runs == plan.runs
    assert alone.duration == pytest.approx(alone.work)
    assert alone.idle == pytest.approx(0.0)
    assert 0.0 < alone.first_verdict < alone.duration
    # Nobody waits: a cell's trials at once, then its finals at once.
    assert 1.6 < many.duration < 2.4
    assert many.work == pytest.approx(alone.work)


def test_without_a_gpu_the_gpus_script_says_so_and_what_runs_here(
    load, monkeypatch, capsys
):
    gpu = load("gpu")
    monkeypatch.setattr(gpu.torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(sys, "argv", ["gpu.py"])

    with pytest.raises(SystemExit) as ended:
        gpu.main()

    assert ended.value.code == 2
    assert "--device cpu --short" in capsys.readouterr().err


def test_the_gpus_script_shows_stacks_and_memory_on_a_cpu_too(
    load, monkeypatch, capsys, tmp_path
):
    gpu = load("gpu")
    parts = ("Stacks", "Out of memory")
    monkeypatch.setattr(gpu, "STACKED", gpu.STACKED[:1])
    monkeypatch.setattr(
        gpu, "PARTS", {name: gpu.PARTS[name] for name in parts}
    )
    file = tmp_path / "found.json"
    words = ["gpu.py", "--device", "cpu", "--short", "--json", str(file)]
    monkeypatch.setattr(sys, "argv", words)

    gpu.main()

    found = json.loads(file.read_text())
    assert {row["stack"] for row in found["Stacks"]} == {1, 4}
    refused, after = found["Out of memory"]
    assert (refused["status"], after["status"]) == (
        "out_of_memory",
        "finished",
    )
    assert "### Out of memory" in capsys.readouterr().out


def test_intervals_agree_where_they_meet(load):
    overlap = load("gpu")._overlap

    assert overlap((0.0, 1.0), (1.0, 2.0))
    assert not overlap((0.0, 1.0), (1.1, 2.0))


def test_the_task_that_scale_runs_is_where_it_looks(load):
    assert load("scale").TEMPLATE.is_file()

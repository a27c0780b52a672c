"""Benchmarks: ratios are taken round by round, and an absent peer is named."""

import importlib
import importlib.util
import sys
from pathlib import Path

import pytest

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

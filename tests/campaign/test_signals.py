"""Signals end a program once, in one line, whatever it is doing."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from suite.campaign import signals
from suite.campaign.signals import Stopped, acknowledge, signals_as_ctrl_c

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


@pytest.fixture(autouse=True)
def own_handlers():
    """Handlers as in a program of one's own; a pytest worker ignores Ctrl-C."""
    numbers = [getattr(signal, name) for name in NAMES]
    before = {number: signal.getsignal(number) for number in numbers}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def stop_twice(first: str, second: str, ended: list[str]) -> None:
    """Be stopped, and again in what the first signal ends."""
    with signals_as_ctrl_c():
        try:
            signal.raise_signal(getattr(signal, first))
        finally:
            signal.raise_signal(getattr(signal, second))
            signal.raise_signal(getattr(signal, second))
            ended.append("all")


@pytest.mark.parametrize("second", NAMES)
@pytest.mark.parametrize("first", NAMES)
def test_a_second_signal_does_not_interrupt_what_the_first_one_ends(
    first, second
):
    ended: list[str] = []
    with pytest.raises(Stopped) as stopped:
        stop_twice(first, second, ended)

    assert ended == ["all"]
    assert stopped.value.number == getattr(signal, first)


def test_handlers_come_back_once_the_outermost_context_is_left():
    before = signal.getsignal(signal.SIGTERM)
    with signals_as_ctrl_c() as outer:
        with signals_as_ctrl_c() as inner:
            assert inner is outer
        assert signal.getsignal(signal.SIGTERM) is outer

    assert signal.getsignal(signal.SIGTERM) is before


def swallow_a_signal() -> None:
    """Do what some libraries do, and go on."""
    with signals_as_ctrl_c():
        with suppress(BaseException):
            signal.raise_signal(signal.SIGTERM)
        while True:
            time.sleep(0.01)


def test_a_signal_that_a_library_swallows_is_raised_again(monkeypatch):
    monkeypatch.setattr(signals, "REPEATED_WITHIN_S", 0.0)
    monkeypatch.setattr(signals, "REMIND_AFTER_S", 0.01)

    with pytest.raises(Stopped):
        swallow_a_signal()


def test_what_the_user_was_told_of_is_not_raised_again(monkeypatch):
    monkeypatch.setattr(signals, "REPEATED_WITHIN_S", 0.0)

    with signals_as_ctrl_c():
        with pytest.raises(Stopped):
            signal.raise_signal(signal.SIGTERM)
        acknowledge()
        signal.raise_signal(signal.SIGTERM)


PROGRAM = """
import os, signal, sys, time
from suite.campaign import signals
signals.REPEATED_WITHIN_S = {repeated_within}

def main():
    try:
        print("ready", flush=True)
        time.sleep(600)
    finally:
        print("ending", flush=True)
        time.sleep({ending})

signals.run_program(main)
"""


def program(repeated_within: float, ending: float) -> subprocess.Popen[str]:
    """A program that takes so many seconds to end, in a process group of its own."""
    text = PROGRAM.format(repeated_within=repeated_within, ending=ending)
    started = subprocess.Popen(
        [sys.executable, "-c", text],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


@pytest.mark.parametrize("name", NAMES)
def test_a_signal_to_the_process_and_to_its_group_ends_it_in_one_line(name):
    number = getattr(signal, name)
    process = program(repeated_within=60.0, ending=0.1)
    process.send_signal(number)
    os.killpg(process.pid, number)
    out, err = process.communicate()

    assert (process.returncode, out, err) == (
        128 + number,
        "ending\n",
        "\nStopped.\n",
    )


def test_a_later_ctrl_c_ends_at_once_what_is_slow_to_end():
    process = program(repeated_within=0.0, ending=600)
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "ending\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()

    assert process.returncode == 128 + signal.SIGTERM
    assert err == "\nStopped at once; everything recorded is kept.\n"

"""Stopping commands that start other processes: nothing of them is left running."""

import errno
import itertools
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

import tasks
from suite.campaign.signals import Stopped
from suite.cli import console
from suite.records.journal import FILE, read_lines

ROOT = Path(__file__).resolve().parents[2]
MARK = "BAKEOFF_TEST_MARK"  # which processes are of one test
START_SERVER = """
import sys, time
from pathlib import Path
from types import SimpleNamespace
from suite.cli import servers

with servers._served(["http.server", "0"], "", Path(sys.argv[1])) as server:
    print(server.process.pid, flush=True)
    time.sleep(600)
"""


class Started:
    """A program in a session of its own, and all processes that come of it."""

    def __init__(self, folder: Path, *words: object) -> None:
        self.folder = folder
        self.mark = uuid.uuid4().hex
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "80",
            MARK: self.mark,
        }
        # A shell's background job ignores Ctrl-C, and so would this.
        before = signal.signal(signal.SIGINT, signal.SIG_DFL)
        with (
            (folder / "out").open("wb") as out,
            (folder / "err").open("wb") as err,
        ):
            self.process = subprocess.Popen(
                [sys.executable, *map(str, words)],
                cwd=ROOT,
                env=environment,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        signal.signal(signal.SIGINT, before)

    @property
    def out(self) -> str:
        """What it has printed so far."""
        return (self.folder / "out").read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        """The same on standard error."""
        return (self.folder / "err").read_text(encoding="utf-8")

    def processes(self) -> list[psutil.Process]:
        """Those that run, itself and what has left its group included."""
        return [one for one in psutil.process_iter() if self._is_ours(one)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return process.environ().get(MARK) == self.mark
        except psutil.Error:
            return False

    def wait_for_none(self, seconds: float) -> list[psutil.Process]:
        """What still runs after that many seconds; none as soon as there is none."""
        until = time.monotonic() + seconds
        while (left := self.processes()) and time.monotonic() < until:
            time.sleep(0.1)
        return left

    def end(self) -> None:
        for process in self.processes():
            process.kill()
        self.process.wait()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """Start Python with these words; what still runs at the end is ended."""
    started: list[Started] = []

    def start(*words: object) -> Started:
        started.append(Started(tmp_path, *words))
        return started[-1]

    yield start
    for one in started:
        one.end()


def test_a_server_ends_with_the_process_that_started_it(start, tmp_path):
    parent = start("-c", START_SERVER, tmp_path / "log")
    while not parent.out.endswith("\n"):
        assert parent.process.poll() is None, parent.err
        time.sleep(0.02)
    assert psutil.Process(int(parent.out)) in parent.processes()
    parent.process.kill()
    parent.process.wait()

    assert parent.wait_for_none(60) == []


def test_a_terminal_that_is_gone_changes_no_exit_code(call, monkeypatch):
    def hang_up():
        raise Stopped(signal.SIGHUP)

    def write(*words):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(tasks, "names", hang_up)
    monkeypatch.setattr(console, "err", lambda: SimpleNamespace(print=write))

    assert call("tasks").code == 128 + signal.SIGHUP


# When to stop a demo, by what it has printed and recorded.
MOMENTS: dict[str, Callable[[str, int], bool]] = {
    "at once": lambda out, recorded: True,
    "as it starts servers": lambda out, recorded: "Dashboard, live" in out,
    "as it runs": lambda out, recorded: recorded > 0,
    "as it ends": lambda out, recorded: "MLflow:" in out,
}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("name", "group", "moment"),
    [
        *itertools.product(["SIGTERM"], [False, True], MOMENTS),
        ("SIGINT", True, "as it runs"),
        ("SIGHUP", True, "as it runs"),
    ],
)
def test_a_demo_that_is_stopped_leaves_nothing_running_and_loses_nothing(
    name, group, moment, start, tiny_file, tmp_path
):
    """Stopped by one signal, or, as ``timeout`` does, by one to it and one to its
    group.
    """
    number, results = getattr(signal, name), tmp_path / "r"
    profile = tmp_path / "tiny.toml"
    profile.write_text("blocks = 4\ntrials = 2\n[tasks.tiny]\n")
    words = ["-m", "suite", "demo", "--profile", profile]
    words += ["--task-file", tiny_file, "--results", results, "--workers", 1]
    demo = start(*words)
    while not MOMENTS[moment](demo.out, recorded(results)):
        assert demo.process.poll() is None, (demo.out, demo.err)
        time.sleep(0.02)
    demo.process.send_signal(number)
    if group:
        os.killpg(demo.process.pid, number)
    code = demo.process.wait()

    assert demo.wait_for_none(30) == []
    assert "***" not in demo.err  # of Ray's own handler
    # Before our first line and after our last one a signal ends Python itself.
    if moment in ("as it starts servers", "as it runs"):
        assert code == 128 + number, (demo.out, demo.err)
        assert len(re.findall("^Stopped", demo.err, re.MULTILINE)) == 1
        assert "Traceback" not in demo.err
    for path in results.glob(f"*/{FILE}"):
        lines = list(read_lines(path))
        assert len({line["key"] for line in lines}) == len(lines)


def recorded(results: Path) -> int:
    """The size of a campaign's record."""
    return sum(path.stat().st_size for path in results.glob(f"*/{FILE}"))

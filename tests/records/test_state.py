"""A driver that is gone is not said to run, whatever it wrote last, wherever it ran and
whatever its clock says.
"""

import json
import os
import socket
import time

import psutil
import pytest

from suite.records import state as states
from suite.records.state import (
    SILENCE_S,
    is_running,
    read_state,
    silent_since,
    state_word,
)

HOUR, DAY = 3600.0, 86400.0
ELSEWHERE = {"state": "running", "host": "a node that went", "pid": 1}
HERE = {"state": "running", "host": socket.gethostname()}


@pytest.fixture
def written(tmp_path):
    """The state that a driver wrote some seconds ago, by its own clock and the disk's."""

    def write(state, silence, ahead=0.0):
        now = time.time()
        path = tmp_path / states.STATE
        path.write_text(json.dumps(state | {"updated": now - silence + ahead}))
        os.utime(path, (now - silence, now - silence))
        return read_state(tmp_path)

    return write


@pytest.mark.parametrize(
    "ahead", [0.0, HOUR, -HOUR, DAY], ids=["right", "ahead", "behind", "a day"]
)
def test_a_driver_on_a_node_with_any_clock_runs_until_it_is_silent(
    written, ahead
):
    running = written(ELSEWHERE, silence=1.0, ahead=ahead)
    assert is_running(running)
    assert state_word(running) == "running"
    assert silent_since(running) is None

    gone = written(ELSEWHERE, silence=SILENCE_S + 5, ahead=ahead)
    assert not is_running(gone)
    assert state_word(gone) == "interrupted"


def test_another_process_with_the_drivers_number_is_not_the_driver(written):
    """Containers give small numbers again, and so does a machine that was restarted."""
    age = time.time() - psutil.Process().create_time()
    before = written(HERE | {"pid": os.getpid()}, silence=age + HOUR)
    assert state_word(before) == "interrupted"

    hanging = written(HERE | {"pid": os.getpid()}, silence=min(age, 45.0))
    assert state_word(hanging) == "running"


@pytest.mark.parametrize("word", ["done", "stopped", "incomplete"])
def test_what_a_driver_wrote_as_it_ended_stays(written, word):
    assert state_word(written(ELSEWHERE | {"state": word}, DAY)) == word


def test_a_folder_without_a_state_has_none(tmp_path):
    assert read_state(tmp_path) == {}
    assert state_word({}, otherwise="prepared") == "prepared"

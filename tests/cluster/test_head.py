"""A cluster that is gone is told in one line, and nobody waits for it. Ray's own
processes are killed in tests/campaign/test_faults.py.
"""

import socket
import threading

import pytest
from typer.testing import CliRunner

from suite.cli.console import FAILED
from suite.cli.main import app
from suite.cluster import head
from suite.cluster.errors import ClusterLost
from suite.cluster.head import NEVER_BACK_S, HeadWatch, Port


@pytest.fixture
def watch() -> HeadWatch:
    return HeadWatch("The cluster at here", "start it again.")


@pytest.fixture
def listening():
    """A process of Ray's, as far as a port tells."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def port_of(server: socket.socket, patience: float) -> Port:
    return Port("its head", "127.0.0.1", server.getsockname()[1], patience)


def test_a_port_that_refuses_for_as_long_as_it_may_is_gone(
    watch, listening, monkeypatch
):
    monkeypatch.setattr(head, "LOOK_INTERVAL_S", 0.01)
    port = port_of(listening, patience=0.02)
    listening.close()
    watch.watch([port], threading.Event())  # ends by itself

    with pytest.raises(ClusterLost) as lost:
        watch.check()

    assert str(lost.value) == (
        "The cluster at here is gone (its head does not answer): start it again. "
        "Everything recorded is kept."
    )


def test_a_head_that_is_started_again_in_time_is_not_gone(
    watch, listening, monkeypatch
):
    """As KubeRay starts one whose state is in Redis."""
    port = port_of(listening, patience=3600.0)
    listening.close()
    are_closed = iter([False, False, True])
    closed = threading.Event()
    monkeypatch.setattr(closed, "wait", lambda _: next(are_closed))
    watch.watch([port], closed)

    assert not watch.is_lost


def test_a_head_that_is_ended_on_purpose_is_not_told(
    watch, monkeypatch, caplog
):
    leaving = threading.Event()

    def ended(port: Port) -> bool:
        leaving.set()
        return False

    monkeypatch.setattr(head, "LOOK_INTERVAL_S", 0.01)
    monkeypatch.setattr(Port, "is_listening", ended)
    watch.watch([Port("its head", "127.0.0.1", 1, 3600.0)], leaving)

    assert not caplog.records


def test_a_lost_job_makes_it_look_at_what_never_comes_back(watch, listening):
    """A raylet's end loses all jobs at once, and none of them is to blame."""
    closed = threading.Event()
    closed.set()
    watch.watch([port_of(listening, NEVER_BACK_S)], closed)
    watch.look()
    listening.close()

    with pytest.raises(ClusterLost):
        watch.look()


def test_a_question_that_ray_does_not_answer_is_given_up(watch, monkeypatch):
    """Ray's own question waits for a minute, and then ends the process."""
    asked, never = threading.Event(), threading.Event()

    def ask() -> None:
        asked.set()
        never.wait()

    monkeypatch.setattr(head, "ANSWER_POLL_S", 0.01)

    def lose() -> None:
        asked.wait()
        watch._lost = "its head does not answer"

    losing = threading.Thread(target=lose)
    losing.start()
    with pytest.raises(ClusterLost):
        watch.call(ask)
    never.set()
    losing.join()


def test_a_question_gives_what_ray_answers_or_raises(watch):
    assert watch.call(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        watch.call(lambda: 1 // 0)


def test_a_cluster_that_is_lost_is_a_failure_and_no_wrong_use(
    watch, monkeypatch
):
    """So says the list of exit codes in suite/cli/main.py."""

    def lost(*_: object) -> None:
        raise watch.error("its head does not answer")

    monkeypatch.setattr("suite.records.results.Results", lost)
    result = CliRunner().invoke(app, ["status"])

    assert result.exit_code == FAILED
    assert "The cluster at here is gone" in result.stderr

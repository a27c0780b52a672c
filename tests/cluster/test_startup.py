"""Which cluster is used, and what is said where Ray does not start."""

import errno
import time
from types import SimpleNamespace

import pytest

from suite.cluster import startup
from suite.cluster.choose import open_executor
from suite.cluster.serial import SerialExecutor
from suite.cluster.startup import Cluster, choose_cluster, start_cluster
from suite.errors import MESSAGE_LENGTH, one_line
from tasks import UserError


@pytest.fixture(autouse=True)
def nothing_is_there(monkeypatch):
    monkeypatch.setattr(startup, "_has_session", lambda: False)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


# ------------------------------------------------------------------- which cluster it is


@pytest.mark.parametrize(
    ("address", "workers", "variable", "cluster"),
    [
        (None, None, None, Cluster("new")),
        (None, 3, None, Cluster("new", workers=3)),
        (None, 3, "local", Cluster("new", workers=3)),
        ("local", None, "10.0.0.1:6379", Cluster("new")),
        ("auto", None, None, Cluster("running", "auto", "--address")),
        (
            None,
            None,
            "10.0.0.1:6379",
            Cluster("running", "10.0.0.1:6379", "RAY_ADDRESS"),
        ),
        ("h:1", None, "10.0.0.1:6379", Cluster("running", "h:1", "--address")),
    ],
)
def test_options_go_before_the_environment(
    address, workers, variable, cluster, monkeypatch
):
    if variable:
        monkeypatch.setenv("RAY_ADDRESS", variable)

    assert choose_cluster(address, workers) == cluster


def test_a_session_of_this_process_is_used(monkeypatch):
    monkeypatch.setattr(startup, "_has_session", lambda: True)

    assert choose_cluster(None, None).kind == "session"
    with pytest.raises(
        UserError, match=r"has a Ray session.* leave workers out"
    ):
        choose_cluster(None, 2)
    with pytest.raises(UserError, match="leave address out"):
        choose_cluster("auto", None)


def test_workers_of_this_machine_are_refused_beside_a_cluster(monkeypatch):
    with pytest.raises(UserError, match="--address auto names a cluster"):
        choose_cluster("auto", 2)
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    with pytest.raises(
        UserError, match=r"RAY_ADDRESS=10\.0\.0\.1:6379 names a cluster"
    ):
        choose_cluster(None, 2)


def test_fewer_workers_than_none_are_refused():
    with pytest.raises(UserError, match="--workers -1: give 1 or more, or 0"):
        open_executor(workers=-1)


def test_no_workers_means_this_process():
    assert isinstance(open_executor(workers=0), SerialExecutor)
    with pytest.raises(
        UserError, match="--address auto on a cluster: leave one out"
    ):
        open_executor("auto", 0)


def test_a_folder_that_hides_our_code_from_a_clusters_workers_is_named(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tasks").mkdir()  # ours are found beside suite
    assert choose_cluster("auto", None).kind == "running"
    (tmp_path / "suite.py").write_text("")
    with pytest.raises(UserError, match=r"suite\.py hides Bakeoff's package"):
        choose_cluster("auto", None)
    assert choose_cluster("ray://host:10001", None).kind == "running"
    assert choose_cluster(None, None).kind == "new"


# ------------------------------------------------------------------- a Ray on this machine


class FakeRay:
    """Raises these errors, one per start, before it starts."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.starts = 0

    def init(self, **options: object) -> SimpleNamespace:
        self.starts += 1
        if self.errors:
            raise self.errors.pop(0)
        return SimpleNamespace(dashboard_url=None)

    def shutdown(self) -> None:
        pass


TIMED_OUT = Exception("The current node timed out during startup.")


def test_a_busy_machine_is_given_time_and_the_user_is_told():
    ray, told = FakeRay(*[TIMED_OUT] * 5), []
    start_cluster(ray, 2, lambda: True, told.append)

    assert ray.starts == 6
    assert len(told) == 5
    assert told[0].startswith("Ray, which did not start in ")
    assert told[-1].endswith("(attempt 6)")


def test_a_machine_that_stays_busy_is_said_to_be_so(monkeypatch):
    clock = iter(range(0, 100_000, 100))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    ray = FakeRay(*[TIMED_OUT] * 100)
    with pytest.raises(
        UserError, match=r"timed out during startup.*it is too busy"
    ):
        start_cluster(ray, 2, lambda: True, lambda words: None)

    assert ray.starts == startup.START_TIMEOUT_S / 100


def test_nobody_waits_for_a_start_that_is_no_longer_wanted():
    ray = FakeRay(*[TIMED_OUT] * 100)
    with pytest.raises(UserError):
        start_cluster(ray, 2, lambda: False, lambda words: None)

    assert ray.starts == 1


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied", "/.ray"),
            "set HOME to a folder that you may write",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/tmp/ray"),
            "set RAY_TMPDIR to a folder that you may write",
        ),
        (
            OSError("AF_UNIX path length cannot exceed 107 bytes: /a/b"),
            "set RAY_TMPDIR to a shorter folder",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "make room on that disk",
        ),
    ],
    ids=["home", "temporary folder", "socket path", "disk"],
)
def test_the_cause_is_told_at_once_with_what_helps(error, hint):
    ray = FakeRay(error)
    with pytest.raises(UserError) as refused:
        start_cluster(ray, 2, lambda: True, lambda words: None)

    assert ray.starts == 1
    assert one_line(error) in str(refused.value)
    assert hint in str(refused.value)
    assert "busy" not in str(refused.value)


def test_what_is_wrong_otherwise_is_tried_a_few_times():
    ray = FakeRay(*[RuntimeError("odd")] * 100)
    with pytest.raises(UserError, match="bakeoff doctor"):
        start_cluster(ray, 2, lambda: True, lambda words: None)

    assert ray.starts == startup.START_ATTEMPTS


# --------------------------------------------------------------------- a machine's oddities


@pytest.mark.parametrize("home", [None, "/proc"], ids=["unset", "read-only"])
def test_no_home_folder_means_no_token(home, monkeypatch):
    def expand(self):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.delenv("RAY_AUTH_TOKEN_PATH", raising=False)
    if home is None:
        monkeypatch.setattr(startup.Path, "expanduser", expand)
        monkeypatch.setattr(startup.Path, "home", lambda: expand(None))
    else:
        monkeypatch.setenv("HOME", home)

    assert not startup._has_token()
    assert not startup._can_keep_token()


def test_a_temporary_folder_too_long_for_sockets_is_not_used(monkeypatch):
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    monkeypatch.setenv("TMPDIR", "/tmp")
    assert startup._short_temp_dir() is None
    monkeypatch.setenv("TMPDIR", "/" + "t" * 61)
    assert startup._short_temp_dir() == "/tmp/ray"
    monkeypatch.setenv("RAY_TMPDIR", "/" + "t" * 61)
    assert (
        startup._short_temp_dir() is None
    )  # what is asked for is not overruled


# ------------------------------------------------------------------------------- one line


def test_the_cause_of_an_error_is_never_cut_off():
    failed = RuntimeError(
        "The remote function failed to import on the worker:\n\n"
        "Traceback (most recent call last):\n  File ...\n"
        "ModuleNotFoundError: No module named 'suite.cluster'"
    )
    assert (
        one_line(failed)
        == "ModuleNotFoundError: No module named 'suite.cluster'"
    )
    assert one_line(RuntimeError("first\nsecond")) == "first"
    assert one_line(KeyError()) == "KeyError"
    long = one_line(RuntimeError("x" * 10 * MESSAGE_LENGTH + " the cause"))
    assert long.endswith(" the cause")
    assert len(long) == MESSAGE_LENGTH + len("… ")

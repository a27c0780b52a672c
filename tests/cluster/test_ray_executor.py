"""Real Ray on this machine: the same results as in one process, and losses that are
noticed.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import tasks
from suite.cluster import capacity
from suite.cluster.ray_executor import RayExecutor
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan
from suite.records.journal import FILE, read_lines, results_digest
from suite.records.results import Results
from suite.training.resources import Resources
from tasks import UserError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def workers() -> Iterator[RayExecutor]:
    found = RayExecutor(workers=2)
    yield found
    found.close()


def test_two_ray_workers_give_what_one_process_gives(
    workers, tiny_plan, run_inline, tmp_path
):
    run_inline(tiny_plan, tmp_path / "one")
    run_inline(tiny_plan, tmp_path / "two", executor=workers)
    one, two = (
        list(read_lines(tmp_path / name / tiny_plan.id / FILE))
        for name in ("one", "two")
    )

    assert len(two) == tiny_plan.runs
    assert results_digest(two) == results_digest(one)
    assert os.getpid() not in {line["worker"]["pid"] for line in two}


def test_helpers_that_a_cluster_of_our_own_does_not_need_are_ended(workers):
    """The rest of Ray is there and works without them, as every test here shows."""
    assert workers.slots(Resources()) == 2  # it is open
    children = psutil.Process().children()
    running = {
        Path(word).name
        for one in children
        if one.status() != psutil.STATUS_ZOMBIE
        for word in one.cmdline()
    }
    assert {"gcs_server", "raylet"} <= running
    assert not running & {"monitor.py", "log_monitor.py"}


def test_a_worker_that_dies_is_replaced_and_its_run_repeated(
    workers, tiny_file, run_inline, tmp_path
):
    """The first run to start takes its worker down; Ray starts it again elsewhere."""
    path = tmp_path / "deadly.py"
    marker = tmp_path / "died"
    deadly = (  # the driver reads the data as well, to fingerprint them: it lives
        f"if os.getpid() != {os.getpid()} and not os.path.exists({str(marker)!r}):\n"
        f"        open({str(marker)!r}, 'w').close()\n        os._exit(1)\n"
    )
    text = tiny_file.read_text().replace(
        "    rng = torch.Generator()",
        f"    {deadly}    rng = torch.Generator()",
    )
    text = text.replace("from functools", "import os\nfrom functools", 1)
    path.write_text(text)
    tasks.load_file(path)
    plan = Plan(
        Profile.model_validate(
            {
                "name": "deadly",
                "blocks": 1,
                "trials": 2,
                "tasks": {"deadly": TaskPlan()},
            }
        )
    )
    run_inline(plan, tmp_path / "results", executor=workers)

    assert marker.exists()
    frame = Results(tmp_path / "results").load(plan.id).runs
    assert set(frame["status"]) == {"finished"}
    assert len(frame) == plan.runs


def test_more_than_any_node_has_is_refused_at_once(workers):
    with pytest.raises(
        UserError,
        match=re.escape("asks for 64 CPU, and the largest node has 2 CPU"),
    ):
        workers.check(Resources(cpus=64))
    with pytest.raises(UserError, match="0 GPU"):
        workers.check(Resources(gpus=0.5))
    with pytest.raises(
        UserError,
        match="on 3 workers asks for 3 times 1 CPU, and the cluster has room for 2: lower",
    ):
        workers.check(Resources(), world_size=3)


def test_a_node_that_may_come_is_waited_for_so_long(workers, monkeypatch):
    """As where an autoscaler brings nodes, or after one that was there has gone;
    test_autoscaling has real ones.
    """
    monkeypatch.setattr(workers._capacity, "_missing_since", {})
    monkeypatch.setattr(workers._capacity, "_met_before", {"1 CPU, 1 GPU"})
    assert workers.check(Resources(gpus=1)) == "a node with 1 CPU, 1 GPU"
    monkeypatch.setattr(capacity, "NODE_STARTUP_TIMEOUT_S", 0.0)
    with pytest.raises(
        UserError, match="none that fits came within 0 minutes"
    ):
        workers.check(Resources(gpus=1))
    assert workers.check(Resources()) is None


@pytest.mark.parametrize(
    ("need", "slots"),
    [(Resources(), 2), (Resources(cpus=2), 1), (Resources(cpus=0.5), 4)],
)
def test_slots_are_what_fits(workers, need, slots):
    assert workers.slots(need) == slots


def test_the_smallest_tenth_of_a_cpu_has_ten_slots(workers):
    assert workers.slots(Resources(cpus=0.1)) == 20


# ----------------------------------------------- in processes of their own: one Ray each

PROFILE = {"name": "mine", "blocks": 1, "trials": 1, "tasks": {"tiny": {}}}
IMPORTS = """
import sys
from suite.cluster.ray_executor import RayExecutor
from suite.training.resources import Resources
"""
CAMPAIGN = f"""
import tasks
from suite import run
from suite.planning.profile import Profile
tasks.load_file(sys.argv[1])
frame = run(Profile.model_validate({PROFILE!r}), sys.argv[2], tracking_uri="none").runs
print(sorted(set(frame["status"])), len(frame))
"""
OWN_SESSION = """
import ray
ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)

@ray.remote(num_cpus=0)
class Counter:
    def count(self):
        return 7

counter = Counter.remote()
"""


def python(
    code: str, *words: object, cwd: Path, **environment: str | None
) -> subprocess.CompletedProcess[str]:
    """Run code in a folder; a variable of None is left out of the environment."""
    values = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        [sys.executable, "-c", IMPORTS + code, *map(str, words)],
        cwd=cwd,
        env={
            name: value for name, value in values.items() if value is not None
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def test_a_session_of_a_notebook_is_used_and_left_running(tiny_file, tmp_path):
    code = OWN_SESSION + CAMPAIGN + "print(ray.get(counter.count.remote()))"
    done = python(code, tiny_file, tmp_path / "results", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["['finished'] 8", "7"]


def test_a_campaign_runs_in_a_place_that_suits_neither_python_nor_ray(
    tiny_file, tmp_path
):
    """Celery and Invoke have a tasks.py, and Ray's workers look there first. A Unix
    socket's path has 107 bytes; Ray keeps its token in the home folder.
    """
    folder = tmp_path / "project"
    for name in ("search", "suite", "dashboard"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("")
    (folder / "tasks.py").write_text(
        "raise RuntimeError('the foreign tasks.py')"
    )
    long = tmp_path / ("t" * 62)
    long.mkdir()
    nowhere = "/proc"  # exists, and nobody may write into it
    done = python(
        CAMPAIGN,
        tiny_file,
        tmp_path / "results",
        cwd=folder,
        PYTHONSAFEPATH="1",  # the command `bakeoff` does not look there
        TMPDIR=str(long),
        HOME=nowhere,
        RAY_AUTH_TOKEN=None,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "['finished'] 8"


def test_closing_twice_and_before_it_has_started_is_harmless(tmp_path):
    code = "one = RayExecutor(workers=1); one.close(); one.close(); print('closed')"
    done = python(code, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (0, "closed\n"), done.stderr


@pytest.mark.parametrize(
    ("given", "variable", "cure"),
    [
        ("'127.0.0.1:9'", None, "or leave --address out to use this machine"),
        ("", "127.0.0.1:9", "which RAY_ADDRESS names"),
    ],
    ids=["--address", "RAY_ADDRESS"],
)
def test_a_cluster_that_is_not_there_is_named_by_what_named_it(
    given, variable, cure, tmp_path
):
    done = python(
        f"RayExecutor({given}).has_gpu()", cwd=tmp_path, RAY_ADDRESS=variable
    )

    assert "UserError: No Ray cluster at 127.0.0.1:9" in done.stderr
    assert cure in done.stderr

"""Real Ray on this machine: the same results as in one process, and losses that are
noticed.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import tasks
from suite.cluster import ray_executor
from suite.cluster.ray_executor import RayExecutor
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan
from suite.records.journal import FILE, read_lines, results_digest
from suite.records.results import Results
from suite.training.resources import Resources
from tasks import UserError


@pytest.fixture(scope="module")
def workers() -> Iterator[RayExecutor]:
    found = RayExecutor(workers=2)
    yield found
    found.close()


class Shared:
    """The module's workers, lent to a campaign: closing them is not its business."""

    def __init__(self, workers: RayExecutor) -> None:
        self._workers = workers

    def __getattr__(self, name: str) -> object:
        return getattr(self._workers, name)

    def close(self) -> None:
        self._workers.cancel()


def test_two_ray_workers_give_what_one_process_gives(
    workers, tiny_plan, run_inline, tmp_path
):
    run_inline(tiny_plan, tmp_path / "one")
    run_inline(tiny_plan, tmp_path / "two", workers=Shared(workers))
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


def test_a_worker_that_dies_is_replaced_and_its_training_repeated(
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
        "    rng = torch.Generator()", f"    {deadly}    rng = torch.Generator()"
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
    run_inline(plan, tmp_path / "results", workers=Shared(workers))

    assert marker.exists()
    frame = Results(tmp_path / "results").load(plan.id).runs
    assert set(frame["status"]) == {"finished"}
    assert len(frame) == plan.runs


def test_more_than_any_node_has_is_refused_at_once(workers):
    with pytest.raises(
        UserError, match=re.escape("asks for 64 CPU, and the largest node has 2 CPU")
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
    monkeypatch.setattr(workers, "_missing", {})
    monkeypatch.setattr(workers, "_met", {"1 CPU, 1 GPU"})
    assert workers.check(Resources(gpus=1)) == "a node with 1 CPU, 1 GPU"
    monkeypatch.setattr(ray_executor, "NODE_STARTUP_TIMEOUT_S", 0.0)
    with pytest.raises(UserError, match="none that fits came within 0 minutes"):
        workers.check(Resources(gpus=1))
    assert workers.check(Resources()) is None


@pytest.mark.parametrize(
    ("need", "slots"),
    [(Resources(), 2), (Resources(cpus=2), 1), (Resources(cpus=0.5), 4)],
)
def test_slots_are_what_fits(workers, need, slots):
    assert workers.slots(need) == slots


def test_a_cluster_that_is_not_there_is_named(tmp_path: Path):
    """In a process of its own: Ray allows one connection each."""
    import subprocess
    import sys

    code = "from suite.cluster.ray_executor import RayExecutor\nRayExecutor('127.0.0.1:9').has_gpu()"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "RAY_gcs_rpc_server_connect_timeout_s": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "UserError: No Ray cluster at 127.0.0.1:9" in found.stderr

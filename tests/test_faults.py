"""Faults that really happen, on real Ray and a real MLflow store. Slow: `ci/slow.sh` runs them."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from suite import tracking
from suite.plan import Plan
from suite.profile import Profile, TaskPlan
from suite.record import FILE, read_lines, results_digest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parent.parent
KILLS = 20
PROFILE = {"name": "faults", "blocks": 4, "trials": 3, "tasks": {"tiny": {}}}

DRIVER = """
import sys, time
from pathlib import Path
import tasks
from suite import tracking
from suite.launch import launch
from suite.plan import Plan
from suite.profile import Profile

write = tracking._Store.write

def slow(self, item):  # so that kills fall between the record and its publication, too
    time.sleep(0.05)
    write(self, item)

tracking._Store.write = slow
task_file, results, address, profile = sys.argv[1:]
tasks.load_file(task_file)
launch(Plan(Profile.model_validate_json(profile)), Path(results), address=address)
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A Ray cluster that outlives its drivers; its address."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    ray = str(Path(sys.executable).with_name("ray"))
    command = [ray, "start", "--head", "--num-cpus=2", "--port=0", "--include-dashboard=false", "--block"]
    command += ["--node-ip-address=127.0.0.1", "--disable-usage-stats"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as head:
        assert head.stdout is not None
        address = next(m[1] for line in head.stdout if (m := re.search(r"--address='([\d.]+:\d+)'", line)))
        yield address
        head.send_signal(signal.SIGTERM)


def start(task_file: Path, results: Path, address: str) -> subprocess.Popen[bytes]:
    profile = Profile.model_validate(PROFILE).model_dump_json()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", DRIVER, str(task_file), str(results), address, profile]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def lines_on(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def kill_at_a_random_moment(driver: subprocess.Popen[bytes], record: Path, moments: random.Random) -> bool:
    """SIGKILL after a few more trainings and a random fraction of one; False where the driver ended before."""
    until = lines_on(record) + moments.randrange(4)
    while lines_on(record) < until and driver.poll() is None:
        time.sleep(0.01)
    time.sleep(moments.uniform(0, 0.5))
    if driver.poll() is not None:
        return False
    driver.kill()
    driver.wait()
    return True


def test_a_driver_killed_again_and_again_loses_and_doubles_nothing(cluster, tiny_file, tiny, run_inline, tmp_path):
    plan = Plan(Profile.model_validate(PROFILE | {"tasks": {tiny: TaskPlan()}}))
    run_inline(plan, tmp_path / "undisturbed")
    results, moments = tmp_path / "killed", random.Random(0)
    record = results / plan.id / FILE
    kills = sum(kill_at_a_random_moment(start(tiny_file, results, cluster), record, moments) for _ in range(KILLS))
    assert start(tiny_file, results, cluster).wait() == 0

    lines = list(read_lines(record))
    assert kills >= KILLS // 2, "the campaign was over too early to be killed often"
    assert set(Counter(line["key"] for line in lines).values()) == {1}
    assert results_digest(lines) == results_digest(read_lines(tmp_path / "undisturbed" / plan.id / FILE))

    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=tracking.default_uri(results))
    experiment = client.get_experiment_by_name("bakeoff/tiny")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], max_results=5000)
    published = Counter(run.data.tags.get("bakeoff.key") for run in runs)
    assert published.pop(None) == len(plan.cells)
    assert published == Counter(line["key"] for line in lines)
    assert {run.info.status for run in runs} == {"FINISHED"}

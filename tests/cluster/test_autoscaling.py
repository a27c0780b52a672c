"""A cluster whose autoscaler brings nodes: it is told what is wanted, waited for, and
left alone where it has none.

Ray's own autoscalers, the older and the newer, with Ray's provider of nodes that are
processes of this machine.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from suite.cli import servers
from suite.records.results import Results

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
PROVIDER = "ray.autoscaler._private.fake_multi_node.node_provider.FakeMultiNodeProvider"
STARTED = r"--address='([\d.]+:\d+)'[\s\S]*will now block"
HEAD = (
    "f" * 51 + "00000"
)  # the id that Ray's provider of such nodes gives the first
ENVIRONMENT = {
    "RAY_FAKE_CLUSTER": "1",
    "AUTOSCALER_UPDATE_INTERVAL_S": "1",
    "RAY_OVERRIDE_NODE_ID_FOR_TESTING": HEAD,
    "RAY_CLOUD_INSTANCE_ID": HEAD,
    "RAY_NODE_TYPE_NAME": "ray.head.default",
}


def config(port: int) -> dict[str, object]:
    """A head that trains nothing here, and up to two nodes with what runs ask for."""
    provider: dict[str, object] = {
        "type": "external",
        "module": PROVIDER,
        "use_node_id_as_ip": True,
    }
    provider |= {"gcs_address": f"127.0.0.1:{port}"}
    provider |= {
        "disable_node_updaters": True,
        "disable_launch_config_check": True,
    }
    provider |= {"launch_multiple": True, "head_node_id": HEAD}
    head = {"resources": {"CPU": 1}, "node_config": {}, "max_workers": 0}
    node = {
        "resources": {"CPU": 1, "magic": 1, "object_store_memory": 10**8},
        "node_config": {},
        "max_workers": 2,
    }
    calls = (
        "initialization",
        "setup",
        "head_setup",
        "worker_setup",
        "head_start_ray",
        "worker_start_ray",
    )
    lists = (
        "cluster_synced_files",
        "rsync_exclude",
        "rsync_filter",
        *(f"{name}_commands" for name in calls),
    )
    return {
        "cluster_name": "growing",
        "max_workers": 2,
        "idle_timeout_minutes": 5,
        "upscaling_speed": 1.0,
        "provider": provider,
        "available_node_types": {"ray.head.default": head, "magician": node},
        "head_node_type": "ray.head.default",
        "file_mounts_sync_continuously": False,
        **{name: {} for name in ("auth", "docker", "file_mounts")},
        **{name: [] for name in lists},
    }


@contextmanager
def cluster(params: Mapping[str, str], grows: bool = True) -> Iterator[str]:
    """The address of a cluster with these hyperparameters in its environment."""
    folder, port = (
        Path(tempfile.mkdtemp(prefix="ray-")),
        servers.free_port(6400),
    )
    (folder / "config.json").write_text(json.dumps(config(port)))
    environment = {
        **os.environ,
        **params,
        "RAY_AUTH_MODE": "disabled",
        "OMP_NUM_THREADS": "1",
    }
    command = [
        str(Path(sys.executable).with_name("ray")),
        "start",
        "--head",
        "--block",
        "--num-cpus=1",
    ]
    command += [
        f"--port={port}",
        "--node-ip-address=127.0.0.1",
        "--include-dashboard=false",
        "--disable-usage-stats",
    ]
    command += [
        f"--temp-dir={folder}",
        *([f"--autoscaling-config={folder / 'config.json'}"] if grows else []),
    ]
    for attempt in range(
        3
    ):  # Ray gives itself 30 seconds, which a busy machine may not keep
        with (folder / "log").open("wb") as log:
            head = subprocess.Popen(
                command,
                env={**environment, "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
            )
        while (
            not (found := re.search(STARTED, (folder / "log").read_text()))
            and head.poll() is None
        ):
            time.sleep(0.1)
        if found:
            break
        assert attempt < 2, (folder / "log").read_text()
    assert found
    try:
        yield found[1]
    finally:
        head.terminate()
        head.wait()
        for path in Path("/proc").glob(
            "[0-9]*/cmdline"
        ):  # the nodes' processes
            with suppress(OSError):
                if str(folder).encode() in path.read_bytes():
                    os.kill(int(path.parent.name), signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


CALL = """
import sys
from suite.cluster import capacity
capacity.NODE_STARTUP_TIMEOUT_S = float(sys.argv.pop(1))
from suite.cli.main import main
main()
"""


def results_of(task_file: Path, resource: str) -> Path:
    """A folder of its own: runs of another campaign there would be taken over."""
    return task_file.parent / f"results-{resource}"


def run(
    address: str, task_file: Path, resource: str, arrival: float = 300.0
) -> subprocess.CompletedProcess[str]:
    """`bakeoff run` with runs that ask for a resource of that name."""
    profile = task_file.with_name(f"{resource}.toml")
    text = f"blocks = 1\ntrials = 1\nresources = {{cpus = 1, custom = {{{resource} = 1}}}}\n[tasks.tiny]\n"
    profile.write_text(text)
    command = [
        sys.executable,
        "-c",
        CALL,
        str(arrival),
        "run",
        str(profile),
        "--task-file",
        str(task_file),
    ]
    command += [
        "--address",
        address,
        "--results",
        str(results_of(task_file, resource)),
        "--tracking",
        "none",
    ]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "RAY_AUTH_MODE": "disabled",
        },
        capture_output=True,
        text=True,
        check=False,
    )


ASKED = "A run asks for 1 CPU, 1 sorcery, and the largest node has 1 CPU, 0 sorcery"


@pytest.mark.parametrize("newer", [False, True], ids=["older", "newer"])
def test_nodes_that_can_be_had_are_waited_for_and_others_are_not(
    newer, tiny_file
):
    with cluster(
        ENVIRONMENT | ({"RAY_enable_autoscaler_v2": "1"} if newer else {})
    ) as address:
        done = run(address, tiny_file, "magic")
        assert done.returncode == 0, done.stderr
        refused = run(
            address, tiny_file, "sorcery", arrival=300.0 if newer else 10.0
        )
    campaign = Results(results_of(tiny_file, "magic")).load("magic")
    log = (campaign.folder / "log.txt").read_text()

    assert set(campaign.runs["status"]) == {"finished"}
    assert log.count("waiting for a node with 1 CPU, 1 magic") == 1
    assert log.count("no longer waiting for a node") == 1
    assert campaign.state["slots"] == 2
    assert refused.returncode == 2
    says = (
        "the cluster's autoscaler says that it has none that fits"
        if newer
        else "none that fits came within"
    )
    assert f"{ASKED}; {says}" in refused.stderr


def test_a_cluster_whose_nodes_were_started_by_hand_brings_none(tiny_file):
    with cluster({}, grows=False) as address:
        refused = run(address, tiny_file, "sorcery")
    assert refused.returncode == 2
    assert f"{ASKED}: lower `resources` in the profile" in refused.stderr

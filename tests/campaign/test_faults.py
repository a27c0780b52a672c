"""Faults that really happen, on real Ray, real MLflow stores, a real full disk. Slow:
`ci/slow.sh` runs them.

Each says what the user saw and what it cost; with BAKEOFF_FAULTS=FILE the table goes
into that file.
"""

import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from torch import nn

import tasks
from suite.campaign import driver
from suite.cli import servers
from suite.planning.plan import Plan
from suite.planning.profile import Profile, TaskPlan, load_profile
from suite.records.cell_file import read_cell
from suite.records.journal import FILE, read_lines, results_digest
from suite.records.results import Results
from suite.records.run_record import RunRecord
from suite.records.status import standing
from suite.tracking import publisher, sqlite, writer
from suite.tracking.connection import search_runs
from suite.training import fingerprint, instantiate
from suite.verdicts.judge import judge_campaign
from tasks import UserError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
KILLS = 10
PROFILE = {"name": "faults", "blocks": 4, "trials": 3, "tasks": {"tiny": {}}}

DRIVER = """
import sys, time
from pathlib import Path
import tasks
from suite.campaign import driver
from suite.campaign.launch import launch
from suite.planning.plan import Plan
from suite.planning.profile import Profile
from suite.tracking.writer import MlflowWriter

write = MlflowWriter.write

def slow(self, item):  # so that kills fall between the record and its publication, too
    time.sleep(0.05)
    write(self, item)

MlflowWriter.write = slow
driver.CHECKPOINT_INTERVAL_S = 0.0  # so that what runs leave at their evaluations is there, too
task_file, results, address, profile, *store = sys.argv[1:]
tasks.load_file(task_file)
options = {"tracking_uri": store[0]} if store else {}
launch(Plan(Profile.model_validate_json(profile)), Path(results), address=address, **options)
"""


def lines_of(results: Path, plan: Plan) -> list[RunRecord]:
    return list(read_lines(results / plan.id / FILE))


def same_results(plan: Plan, *folders: Path) -> None:
    """Every run once, and the same in both folders; so are the verdicts."""
    one, other = (lines_of(folder, plan) for folder in folders)
    judged = [
        [
            verdict.as_dict()
            for verdict in judge_campaign(Results(f).load(plan.id))
        ]
        for f in folders
    ]

    assert results_digest(one) == results_digest(other)
    done = Counter(
        line["key"] for line in other if line["status"] == "finished"
    )
    assert set(done.values()) == {1}
    assert len(done) == plan.runs
    assert judged[0] == judged[1]


def first_after(results: Path, plan: Plan, moment: float) -> float:
    """Seconds from a moment until the next run was recorded."""
    return (
        min(
            float(line["ended"])
            for line in lines_of(results, plan)
            if line["ended"] > moment
        )
        - moment
    )


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A Ray cluster that outlives its drivers; its address."""
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
    }
    ray = str(Path(sys.executable).with_name("ray"))
    command = [
        ray,
        "start",
        "--head",
        "--num-cpus=2",
        "--port=0",
        "--include-dashboard=false",
        "--block",
    ]
    command += ["--node-ip-address=127.0.0.1", "--disable-usage-stats"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True
    ) as head:
        assert head.stdout is not None
        address = next(
            m[1]
            for line in head.stdout
            if (m := re.search(r"--address='([\d.]+:\d+)'", line))
        )
        yield address
        head.send_signal(signal.SIGTERM)


def start(
    task_file: Path,
    results: Path,
    address: str,
    profile: Any = None,
    *store: str,
    log: Path = Path(os.devnull),
) -> subprocess.Popen[bytes]:
    """A driver in a process of its own; ``log`` gets what it says."""
    values = Profile.model_validate(profile or PROFILE).model_dump_json()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
    }
    command = [
        sys.executable,
        "-c",
        DRIVER,
        str(task_file),
        str(results),
        address,
        values,
        *store,
    ]
    with log.open("wb") as said:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )


def lines_on(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def kill_at_a_random_moment(
    driver: subprocess.Popen[bytes], record: Path, moments: random.Random
) -> float | None:
    """SIGKILL after a few more runs and a random fraction of one: when; None where
    the driver ended before.
    """
    until = lines_on(record) + moments.randrange(4)
    while lines_on(record) < until and driver.poll() is None:
        time.sleep(0.01)
    time.sleep(moments.uniform(0, 0.5))
    if driver.poll() is not None:
        return None
    driver.kill()
    driver.wait()
    return time.time()


@pytest.mark.parametrize("seed", [0, 1])
def test_a_driver_killed_again_and_again_loses_and_doubles_nothing(
    seed, cluster, tiny_file, tiny, run_inline, tmp_path, tell
):
    plan = Plan(
        Profile.model_validate(PROFILE | {"tasks": {tiny: TaskPlan()}})
    )
    run_inline(plan, tmp_path / "undisturbed")
    results, moments = tmp_path / "killed", random.Random(seed)
    record = results / plan.id / FILE
    tries = [
        kill_at_a_random_moment(
            start(tiny_file, results, cluster), record, moments
        )
        for _ in range(KILLS)
    ]
    kills = [moment for moment in tries if moment]
    assert start(tiny_file, results, cluster).wait() == 0

    lines = list(read_lines(record))
    assert len(kills) >= KILLS // 2, (
        "the campaign was over too early to be killed often"
    )
    assert set(Counter(line["key"] for line in lines).values()) == {1}
    assert results_digest(lines) == results_digest(
        read_lines(tmp_path / "undisturbed" / plan.id / FILE)
    )

    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=sqlite.default_uri(results))
    experiment = client.get_experiment_by_name("bakeoff/tiny")
    assert experiment is not None
    mlflow_runs = client.search_runs(
        [experiment.experiment_id], max_results=5000
    )
    published = Counter(
        run.data.tags.get("bakeoff.key") for run in mlflow_runs
    )
    assert published.pop(None) == len(plan.cells)
    assert published == Counter(line["key"] for line in lines)
    assert {run.info.status for run in mlflow_runs} == {"FINISHED"}
    again = "nothing; the same command resumes"
    tell(
        f"driver killed (SIGKILL) {len(kills)} times",
        again,
        first_after(results, plan, kills[0]),
    )


NODES = """
import sys
from ray.cluster_utils import Cluster

def started(node):  # Ray waits for half a minute, which a busy machine may exceed
    for _ in range(9):
        try:
            return node()
        except Exception:
            pass
    return node()

head = {"num_cpus": int(sys.argv[1]), "include_dashboard": False}
cluster = started(lambda: Cluster(initialize_head=True, head_node_args=head))
others = [started(lambda: cluster.add_node(num_cpus=1)) for _ in range(int(sys.argv[2]))]
print(cluster.address, flush=True)
for line in sys.stdin:
    asked = line.strip()
    if asked == "end":
        break
    gone = next((node for node in others if node.node_id == asked), others[0])
    cluster.remove_node(gone, allow_graceful=False)
    others.remove(gone)
    print("killed", flush=True)
    if asked == "replace":
        others.append(started(lambda: cluster.add_node(num_cpus=1)))
cluster.shutdown()
"""


@contextmanager
def nodes(
    head_cpus: int, others: int = 2
) -> Iterator[tuple[str, Callable[[str], None]]]:
    """A cluster of a head and other nodes: its address, and what kills a node, by its
    id or whichever.
    """
    command = [sys.executable, "-c", NODES, str(head_cpus), str(others)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        said, told = process.stdout, process.stdin
        assert said is not None
        assert told is not None

        def kill(node: str) -> None:
            print(node, file=told, flush=True)
            assert said.readline() == "killed\n"

        address = said.readline().strip()
        assert address, "the nodes did not start"
        yield address, kill
        print("end", file=told, flush=True)


@pytest.fixture
def for_nodes(monkeypatch) -> None:
    """What the processes of such a cluster inherit."""
    for name, value in {
        "RAY_AUTH_MODE": "disabled",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def slow_tiny(tiny_file, tmp_path) -> Path:
    """The tiny task, whose runs take as many seconds more as SLOW says."""
    path: Path = tmp_path / "slow_tiny.py"
    text = tiny_file.read_text().replace(
        "from functools", "import os, time\nfrom functools", 1
    )
    path.write_text(
        text.replace(
            "    return nn.Seq",
            '    time.sleep(float(os.environ.get("SLOW", "0")))\n    return nn.Seq',
        )
    )
    tasks.load_file(path)
    return path


def test_a_node_that_is_killed_changes_no_verdict(
    slow_tiny, run_inline, tmp_path, tell, monkeypatch, for_nodes
):
    """Three nodes; one goes, with the run on it."""
    profile = PROFILE | {"tasks": {"slow_tiny": {}}}
    plan = Plan(Profile.model_validate(profile))
    run_inline(plan, tmp_path / "undisturbed")
    monkeypatch.setitem(PROFILE, "tasks", {"slow_tiny": {}})
    monkeypatch.setenv("SLOW", "0.5")
    record = tmp_path / "killed" / plan.id / FILE
    with nodes(head_cpus=1) as (address, kill):
        driver = start(slow_tiny, tmp_path / "killed", address)
        while lines_on(record) < plan.runs // 3:
            assert driver.poll() is None
            time.sleep(0.05)
        kill("")
        killed = time.time()
        assert driver.wait() == 0

    same_results(plan, tmp_path / "undisturbed", tmp_path / "killed")
    ends = sorted(
        line["ended"]
        for line in lines_of(tmp_path / "killed", plan)
        if line["ended"] > killed
    )
    longest = max(
        later - sooner
        for sooner, later in zip([killed, *ends], ends, strict=False)
    )
    tell(
        "one of three nodes killed",
        "nothing; the others take over its runs",
        longest,
    )


def ray_at(address: str) -> psutil.Process:
    """The process that started the head of a cluster, and the raylet beside it."""
    option = f"--gcs_server_port={address.rpartition(':')[2]}"
    for process in psutil.Process().children(recursive=True):
        if process.name() == "gcs_server" and option in process.cmdline():
            return psutil.Process(process.ppid())
    raise AssertionError(f"no head at {address}")


def kill_ray_of(parent: psutil.Process, *names: str) -> None:
    """Kill the processes of Ray that another one has started."""
    for child in parent.children():
        if child.name() in names:
            child.kill()


@pytest.mark.parametrize(
    ("killed", "said"),
    [
        (("gcs_server",), "its head does not answer"),
        (("raylet",), "the raylet of this node does not answer"),
        (("gcs_server", "raylet"), "does not answer"),
    ],
    ids=["gcs", "raylet", "both"],
)
def test_ray_that_dies_on_this_machine_ends_a_campaign_in_one_line(
    killed, said, slow_tiny, run_inline, tmp_path, tell, monkeypatch
):
    plan, command = head_campaign(slow_tiny, tmp_path)
    run_inline(plan, tmp_path / "undisturbed")
    monkeypatch.setenv("SLOW", "0.5")
    driver = until_runs(command, tmp_path / "results" / plan.id / FILE)
    kill_ray_of(psutil.Process(driver.pid), *killed)
    message = last_error(driver)

    assert said in message
    assert "Ray on this machine is gone" in message
    assert standing(Results(tmp_path / "results"), plan.id).state == "stopped"
    assert {
        line["status"] for line in lines_of(tmp_path / "results", plan)
    } == {"finished"}
    resumed = time.time()
    subprocess.run(command, check=True, capture_output=True)
    same_results(plan, tmp_path / "undisturbed", tmp_path / "results")
    if killed == ("gcs_server",):
        seconds = first_after(tmp_path / "results", plan, resumed)
        tell(
            "Ray's head killed that the command had started",
            f"“{message}”",
            seconds,
        )


def test_a_cluster_whose_head_dies_ends_a_campaign_in_one_line(
    slow_tiny, run_inline, tmp_path, tell, monkeypatch, for_nodes
):
    plan, command = head_campaign(slow_tiny, tmp_path)
    run_inline(plan, tmp_path / "undisturbed")
    monkeypatch.setenv("SLOW", "0.5")
    record = tmp_path / "results" / plan.id / FILE
    with nodes(head_cpus=1, others=0) as (address, _):
        driver = until_runs([*command[:-2], "--address", address], record)
        kill_ray_of(ray_at(address), "gcs_server", "raylet")
        message = last_error(driver)

    assert f"The Ray cluster at {address} is gone" in message
    assert standing(Results(tmp_path / "results"), plan.id).state == "stopped"
    resumed = time.time()
    subprocess.run(command, check=True, capture_output=True)
    same_results(plan, tmp_path / "undisturbed", tmp_path / "results")
    tell(
        "head of a cluster killed (`--address`)",
        f"“{message.replace(address, 'HOST:PORT')}”",
        first_after(tmp_path / "results", plan, resumed),
    )


def head_campaign(task_file: Path, folder: Path) -> tuple[Plan, list[str]]:
    """A plan, and the command that runs it with Ray on this machine."""
    profile = folder / "head.toml"
    profile.write_text(
        'name = "head"\nblocks = 2\ntrials = 2\n[tasks.slow_tiny]\n'
    )
    words = ["run", str(profile), "--task-file", str(task_file)]
    words += ["--results", str(folder / "results"), "--tracking", "none"]
    plan = Plan(load_profile(str(profile)))
    return plan, [sys.executable, "-m", "suite", *words, "--workers", "1"]


def until_runs(command: list[str], record: Path) -> subprocess.Popen[str]:
    """A command, once it has recorded two runs."""
    driver = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while lines_on(record) < 2:
        assert driver.poll() is None
        time.sleep(0.05)
    return driver


def last_error(driver: subprocess.Popen[str]) -> str:
    """What a command says in the end, whose runs failed."""
    _, said = driver.communicate(timeout=300)
    assert driver.returncode == 1, said
    assert "Traceback" not in said
    last = said.strip().splitlines()[-1]
    assert last.startswith("Error: ")
    return last.removeprefix("Error: ")


STOPPING = """
class Stopping(nn.Module):
    # The first run to come to update 20, 24 and 28 says where it is, and waits to be killed.

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.register_buffer("update", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        self.update += self.training
        if self.training and int(self.update) in (20, 24, 28):
            self.stop(f"{MARKERS}/{int(self.update)}")
        return self.model(x)

    def stop(self, marker):
        import ray  # not before the driver has settled how it is to ask for entrance

        try:
            with open(marker + ".part", "x") as file:
                node = ray.get_runtime_context().get_node_id() if ray.is_initialized() else ""
                file.write(f"{os.getpid()} {node}")
        except FileExistsError:
            return
        os.replace(marker + ".part", marker)
        open(marker + ".part", "x").close()
        while True:
            time.sleep(1)


"""


class StoppingTask:
    """The tiny task as a file, at whose updates 20, 24 and 28 a run stops; it has
    32, and looks after every 8.
    """

    def __init__(self, tiny_file: Path) -> None:
        self.path, self.markers = (
            tiny_file.with_name("stopping.py"),
            tiny_file.with_name("markers"),
        )
        text = tiny_file.read_text().replace(
            "from functools",
            "import os, time\nfrom suite.training import checkpoint\nfrom functools",
            1,
        )
        text = text.replace(
            "def build(",
            f"MARKERS = {str(self.markers)!r}\n{STOPPING}def build(",
        )
        # what is left at evaluations is written however long that takes
        text = text.replace(
            "    return nn.Seq",
            '    checkpoint.SHARE = float("inf")\n    return Stopping(nn.Seq',
        )
        self.path.write_text(
            text.replace("shape.outputs)\n    )\n", "shape.outputs)\n    ))\n")
        )
        self.markers.mkdir()
        tasks.load_file(self.path)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Nobody stops meanwhile."""
        held = [self.markers / f"{update}.part" for update in (20, 24, 28)]
        for marker in held:
            marker.touch()
        yield
        for marker in held:
            marker.unlink()

    def stopped(
        self, update: int, driver: subprocess.Popen[bytes]
    ) -> list[str]:
        """Wait until a run is there: its process, and its node on Ray."""
        while not (self.markers / str(update)).exists():
            assert driver.poll() is None
            time.sleep(0.05)
        told: str = (self.markers / str(update)).read_text()
        return told.split()


def test_a_long_run_resumes_whichever_of_its_processes_is_killed(
    tiny_file, run_inline, tmp_path, tell, monkeypatch, for_nodes
):
    """Its worker, then its node, then the driver: what it left at its evaluations is
    taken up, and changes nothing.
    """
    task = StoppingTask(tiny_file)
    path, stopped = task.path, task.stopped
    monkeypatch.setitem(
        PROFILE, "tasks", {"stopping": {"levels": ["many"], "blocks": 1}}
    )
    plan = Plan(Profile.model_validate(PROFILE))
    with task.undisturbed():
        run_inline(plan, tmp_path / "undisturbed")
    results, moments = tmp_path / "killed", []
    with nodes(head_cpus=0) as (address, kill):
        driver = start(path, results, address)
        os.kill(int(stopped(20, driver)[0]), signal.SIGKILL)
        moments.append(time.time())
        kill(stopped(24, driver)[1])
        moments.append(time.time())
        stopped(28, driver)
        driver.kill()
        driver.wait()
        moments.append(time.time())
        left = [
            found.name
            for found in (results / plan.id / "checkpoints").iterdir()
        ]
        assert start(path, results, address).wait() == 0

    same_results(plan, tmp_path / "undisturbed", results)
    assert len(left) >= 1
    lines = lines_of(results, plan)
    assert 24 in {line["worker"].get("resumed") for line in lines}
    assert not (results / plan.id / "checkpoints").exists()
    sees = "nothing; the run resumes from its last checkpoint (at most one a minute)"
    for who, moment in zip(("worker", "node", "driver"), moments, strict=True):
        again = (
            "; the same command starts the driver" if who == "driver" else ""
        )
        tell(
            f"{who} killed in a long run",
            sees + again,
            first_after(results, plan, moment),
        )


def test_a_group_resumes_whichever_of_its_processes_is_killed(
    cluster, tiny_file, tmp_path, tell, monkeypatch
):
    """One of two workers that share a run, on a cluster of just two CPUs, then the
    process that leads them.
    """
    task = StoppingTask(tiny_file)
    shared = {
        "levels": ["many"],
        "arms": ["wide"],
        "blocks": 1,
        "trials": 1,
        "recipe": {"world_size": 2},
    }
    monkeypatch.setitem(PROFILE, "tasks", {"stopping": shared})
    plan = Plan(Profile.model_validate(PROFILE))
    with task.undisturbed():
        assert start(task.path, tmp_path / "undisturbed", cluster).wait() == 0
    (task.markers / "28.part").touch()  # two stops are enough
    moments, driver = [], start(task.path, tmp_path / "killed", cluster)
    for update in (20, 24):
        member = int(task.stopped(update, driver)[0])
        os.kill(member if update == 20 else leading(), signal.SIGKILL)
        moments.append(time.time())
    assert driver.wait() == 0

    same_results(plan, tmp_path / "undisturbed", tmp_path / "killed")
    assert 16 in {
        line["worker"].get("resumed")
        for line in lines_of(tmp_path / "killed", plan)
    }
    sees = (
        "nothing; the run resumes from its last checkpoint, with a new group"
    )
    for who, moment in zip(
        ("one worker of a group", "process that leads a group"),
        moments,
        strict=True,
    ):
        tell(
            f"{who} killed",
            sees,
            first_after(tmp_path / "killed", plan, moment),
        )


def leading() -> int:
    """The process of the Ray task that leads the group."""
    listed = subprocess.run(
        ["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True
    ).stdout
    (found,) = re.findall(r"^ *(\d+) ray::stopping/", listed, re.MULTILINE)
    return int(found)


# As long as this test disturbs a campaign; an hour is asked for by hand.
FAULT_MINUTES = float(os.environ.get("BAKEOFF_FAULT_MINUTES", "2"))
FAULT_PAUSE_S = (1.0, 10.0)
FAULT_LENGTH_S = (1.0, 8.0)
# Each update takes a moment until the file QUICK is there, so that faults fall into
# runs; and clocks are off by the seconds in the file CLOCK, back in one process, on in
# another.
DISTURBED = """
CLOCK = os.environ.get("CLOCK")
QUICK = os.environ.get("QUICK", "/")


def off(real=time.time):
    with open(CLOCK) as file:
        return real() + float(file.read()) * (os.getpid() % 3 - 1)


if CLOCK:
    time.time = off


class Slow(nn.Identity):
    def forward(self, x):
        if self.training and not os.path.exists(QUICK):
            time.sleep(0.4)
        return x


def build("""


class Disturbances:
    """A campaign on three nodes with an MLflow server, and what goes wrong there."""

    def __init__(
        self, folder: Path, task_file: Path, profile: Any, results: Path
    ) -> None:
        self.task_file, self.profile = task_file, profile
        self.results, self.folder = results, folder
        self.clock = folder / "clock"
        self.set_clock(0.0)
        self.port = servers.free_port(5700)
        self.url = f"http://{servers.HOST}:{self.port}"
        self.counts: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()  # of drivers, by what ended them
        self.longest_wait = 0.0  # seconds from a fault until the next run

    @contextmanager
    def running(self) -> Iterator[None]:
        """With its nodes and its server, and without a driver yet."""
        with nodes(head_cpus=1) as (self.address, self.kill_node):
            self.server = self.new_server()
            self.server_now = self.server.__enter__()
            assert self.server_now.answers("/health", 300)
            try:
                yield
            finally:
                self.server.__exit__(None, None, None)

    def new_server(self) -> Any:
        store = sqlite.default_uri(self.folder)
        call = ["mlflow", "server", "--backend-store-uri", store]
        call += ["--artifacts-destination", str(self.folder / "artifacts")]
        call += ["--host", servers.HOST, "--port", str(self.port)]
        call += ["--workers", "1"]
        return servers._served(call, self.url, self.folder / "server.log")

    # -- the driver

    def drive(self) -> None:
        """Start the driver, as its user would after each end."""
        self.log = self.folder / f"driver{self.ends.total()}.log"
        self.driver = start(
            self.task_file,
            self.results,
            self.address,
            self.profile,
            self.url,
            log=self.log,
        )

    def drive_on(self) -> int | None:
        """Start the driver again if a fault has ended it. Returns how it ended
        otherwise: 0, or None while it runs.
        """
        code = self.driver.poll()
        if code:
            self.ends[self.why_ended(code)] += 1
            self.drive()
            return None
        return code

    def why_ended(self, code: int) -> str:
        """The fault that has ended the driver. There are just these two."""
        if code == -signal.SIGKILL:
            return "killed"
        said = self.log.read_text(encoding="utf-8")
        assert re.search("No space left on device|MiB free", said), said
        return "disk full"

    def workers(self) -> list[psutil.Process]:
        """The processes that train a run."""
        return [one for one in psutil.process_iter() if self.is_worker(one)]

    def is_worker(self, process: psutil.Process) -> bool:
        try:
            ours = process.environ().get("CLOCK") == str(self.clock)
            name = f"ray::{self.task_file.stem}/"
            return ours and process.cmdline()[0].startswith(name)
        except (psutil.Error, IndexError):
            return False

    def wait_for_a_run(self) -> None:
        """Until one more is recorded, by another driver where the last one ended."""
        began = time.monotonic()
        known = self.recorded()
        while self.recorded() <= known:
            assert self.drive_on() != 0, "the campaign was over too early"
            time.sleep(0.1)
        waited = time.monotonic() - began
        self.longest_wait = max(self.longest_wait, waited)

    def recorded(self) -> int:
        """The size of the record."""
        found = self.results.glob(f"*/{FILE}")
        return sum(path.stat().st_size for path in found)

    # -- what goes wrong: each says whether it found what it is to disturb

    def kill_driver(self, moments: random.Random) -> bool:
        self.driver.kill()
        self.driver.wait()
        return True

    def kill_worker(self, moments: random.Random) -> bool:
        workers = self.workers()
        with suppress(psutil.Error, IndexError):
            moments.choice(workers).kill()
            return True
        return False

    def replace_node(self, moments: random.Random) -> bool:
        self.kill_node("replace")
        return True

    def stop_and_continue(self, moments: random.Random) -> bool:
        driver = psutil.Process(self.driver.pid)
        with suppress(psutil.Error):
            stopped = moments.choice([driver, *self.workers()])
            stopped.suspend()
            time.sleep(moments.uniform(*FAULT_LENGTH_S))
            stopped.resume()
            return True
        return False

    def take_server_down(self, moments: random.Random) -> bool:
        os.killpg(self.server_now.process.pid, signal.SIGKILL)
        time.sleep(moments.uniform(*FAULT_LENGTH_S))
        self.server.__exit__(None, None, None)
        self.server = self.new_server()
        self.server_now = self.server.__enter__()
        return True

    def fill_disk(self, moments: random.Random) -> bool:
        filler = self.results.parent / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        time.sleep(moments.uniform(*FAULT_LENGTH_S))
        filler.unlink()
        return True

    def set_clock(self, seconds: float) -> None:
        part = self.clock.with_suffix(".part")
        part.write_text(str(seconds))
        os.replace(part, self.clock)

    def change_clock(self, moments: random.Random) -> bool:
        self.set_clock(moments.uniform(-86400, 3600))
        return True

    def disturb(self, minutes: float, moments: random.Random) -> None:
        """For so many minutes: all kinds in random order, again and again, so that
        none is left out.
        """
        faults: dict[str, Callable[[random.Random], bool]] = {
            "driver killed": self.kill_driver,
            "worker killed": self.kill_worker,
            "node killed": self.replace_node,
            "process stopped and continued": self.stop_and_continue,
            "MLflow server killed": self.take_server_down,
            "disk full": self.fill_disk,
            "clocks set": self.change_clock,
        }
        self.drive()
        self.wait_for_a_run()
        self.longest_wait = 0.0  # nothing has gone wrong yet
        until = time.monotonic() + 60 * minutes
        while time.monotonic() < until:
            for name in moments.sample(list(faults), len(faults)):
                time.sleep(moments.uniform(*FAULT_PAUSE_S))
                self.counts[name] += faults[name](moments)
                self.wait_for_a_run()

    def finish(self) -> None:
        """Until the campaign is over."""
        while self.drive_on() is None:
            time.sleep(0.1)


@pytest.mark.timeout(60 * (60 + 4 * FAULT_MINUTES))
def test_random_faults_lose_and_double_nothing(
    tiny_file, run_inline, tmp_path, tell, monkeypatch, for_nodes
):
    """Three nodes, an MLflow server and a small disk; BAKEOFF_FAULT_MINUTES=60
    disturbs them for an hour.
    """
    path, quick = tmp_path / "disturbed.py", tmp_path / "quick"
    text = tiny_file.read_text().replace(
        "from functools", "import os, time\nfrom functools", 1
    )
    text = text.replace("def build(", DISTURBED.lstrip(), 1).replace(
        "    return nn.Sequential(\n",
        "    return nn.Sequential(\n        Slow(),\n",
    )
    path.write_text(text)
    tasks.load_file(path)
    # A run takes 8 seconds in the mean, so three nodes train 22.5 a minute at most; a
    # block has 16.
    profile = PROFILE | {
        "blocks": 6 + int(1.5 * FAULT_MINUTES),
        "tasks": {"disturbed": {}},
    }
    plan = Plan(Profile.model_validate(profile))
    run_inline(plan, tmp_path / "undisturbed")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", str(disk)],
        check=False,
    ).returncode:
        pytest.skip("mounting a small disk needs root")
    disturbances = Disturbances(tmp_path, path, profile, disk / "results")
    monkeypatch.setenv("CLOCK", str(disturbances.clock))
    monkeypatch.setenv("QUICK", str(quick))
    try:
        with disturbances.running():
            began = time.monotonic()
            disturbances.disturb(FAULT_MINUTES, random.Random(0))
            minutes = (time.monotonic() - began) / 60
            quick.touch()
            disturbances.finish()
            # What the server missed at the very end.
            disturbances.drive()
            disturbances.finish()
            published = runs_published(disturbances.url, "disturbed")
        same_results(plan, tmp_path / "undisturbed", disk / "results")
        lines = lines_of(disk / "results", plan)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)

    keys = [line["key"] for line in lines]
    assert len(keys) == len(set(keys)) == plan.runs
    assert published.pop(None) == len(plan.cells)
    assert published == Counter(keys)
    assert min(disturbances.counts.values()) > 0
    resumed = sum("resumed" in line["worker"] for line in lines)
    assert resumed > 0, "no fault fell into a run"
    tell(
        _said_of(disturbances, minutes, plan.runs, resumed),
        "nothing but a driver that was killed, or that named the full disk: the same "
        "command resumes. Clocks of processes differ by up to a day; *back after* is "
        "the longest time until a run was recorded",
        disturbances.longest_wait,
    )


def _said_of(
    disturbances: Disturbances, minutes: float, runs: int, resumed: int
) -> str:
    """What has happened, for the table."""
    counts = disturbances.counts
    kinds = ", ".join(f"{kind} {n}" for kind, n in counts.most_common())
    ends = ", ".join(f"{why} {n}" for why, n in disturbances.ends.items())
    return (
        f"{counts.total()} random faults in {minutes:.0f} minutes over a campaign of "
        f"{runs:,} runs on three nodes ({kinds}; drivers ended by them: {ends}; runs "
        f"that resumed from a checkpoint: {resumed})"
    )


def runs_published(uri: str, task: str) -> Counter[str | None]:
    """How often the store has each run, by key; cells under None."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(f"bakeoff/{task}")
    assert experiment is not None
    found = search_runs(client, [experiment.experiment_id], "")
    return Counter(run.data.tags.get("bakeoff.key") for run in found)


def test_a_server_that_is_killed_for_a_while_gets_every_run_once(
    tiny_plan, fake_executor, run_inline, tmp_path, tell, monkeypatch
):
    port, store = servers.free_port(5700), sqlite.default_uri(tmp_path)
    call = [
        "mlflow",
        "server",
        "--backend-store-uri",
        store,
        "--artifacts-destination",
        str(tmp_path / "artifacts"),
    ]
    call += ["--host", servers.HOST, "--port", str(port), "--workers", "1"]
    monkeypatch.setattr(publisher, "RECONNECT_INTERVAL_S", 0.5)
    monkeypatch.setattr(publisher, "RETRY_PAUSES_S", (0.2,))
    url, back = f"http://{servers.HOST}:{port}", 0.0
    one, another = (
        servers._served(call, url, tmp_path / f"{name}.log")
        for name in ("first", "second")
    )

    def happens(trained: int) -> None:
        nonlocal back
        time.sleep(0.2)
        if trained == 6:
            os.killpg(first.process.pid, signal.SIGKILL)
            first.process.wait()
        if trained == 16:
            assert another.__enter__().answers("/health", 200)
            back = time.time()

    write, written = writer.MlflowWriter.write, []

    def noted(self, item):
        write(self, item)
        written.append(time.time())

    monkeypatch.setattr(writer.MlflowWriter, "write", noted)
    said: list[str] = []
    try:
        with one as first:
            assert first.answers("/health", 200), first.log.read_text()
            run_inline(
                tiny_plan,
                tmp_path / "results",
                executor=fake_executor(before_run=happens),
                tracking_uri=url,
                notify=said.append,
            )
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=url)
        experiment = client.get_experiment_by_name("bakeoff/tiny")
        assert experiment is not None
        mlflow_runs = client.search_runs(
            [experiment.experiment_id], max_results=5000
        )
    finally:
        another.__exit__(None, None, None)
    published = Counter(
        run.data.tags.get("bakeoff.key") for run in mlflow_runs
    )

    assert not any("did not take" in text for text in said)
    assert published.pop(None) == len(tiny_plan.cells)
    assert published == Counter(
        line["key"] for line in lines_of(tmp_path / "results", tiny_plan)
    )
    assert {run.info.status for run in mlflow_runs} == {"FINISHED"}
    ended = [run.info.end_time / 1000 for run in mlflow_runs]
    assert any(moment < back for moment in ended), (
        "runs went on while the server was away"
    )
    sees = "nothing; what it missed is published once it is back (looked for every 30 s, here every 0.5 s)"
    tell(
        "MLflow server killed, back later",
        sees,
        min(moment for moment in written if moment > back) - back,
    )


def test_a_full_disk_stops_with_one_message(
    tiny_plan, fake_executor, run_inline, tmp_path, tell
):
    run_inline(tiny_plan, tmp_path / "undisturbed")
    disk, filler = tmp_path / "disk", tmp_path / "disk" / "filler"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)],
        check=False,
    ).returncode:
        pytest.skip("mounting a small disk needs root")

    def happens(trained: int) -> None:
        if trained == 10:
            with filler.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(4096))

    try:
        with pytest.raises(UserError, match="No space left") as stopped:
            run_inline(
                tiny_plan,
                disk / "results",
                executor=fake_executor(before_run=happens),
            )
        with pytest.raises(UserError, match="MiB free"):
            run_inline(tiny_plan, disk / "results")
        filler.unlink()
        mended = time.time()
        run_inline(tiny_plan, disk / "results")
        same_results(tiny_plan, tmp_path / "undisturbed", disk / "results")
        seconds = first_after(disk / "results", tiny_plan, mended)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    message = (
        str(stopped.value)
        .replace(str(disk), "")
        .replace(tiny_plan.id, "CAMPAIGN")
    )
    tell("disk full", f"“{message}”", seconds)


def test_a_clock_that_is_set_back_and_forth_breaks_nothing(
    tiny_plan, fake_executor, run_inline, tmp_path, tell, monkeypatch
):
    """The clock of driver, worker and publisher alike, which are one process here: an
    hour back, two on, a day back.
    """
    run_inline(tiny_plan, tmp_path / "undisturbed")
    results, uri, offset, real = (
        tmp_path / "results",
        sqlite.default_uri(tmp_path / "store"),
        0.0,
        time.time,
    )
    moments: dict[int, float] = {}

    def happens(trained: int) -> None:
        nonlocal offset
        offset = {6: -3600.0, 12: 3600.0, 18: -86400.0}.get(trained, offset)
        moments.setdefault(trained, time.monotonic())
        if trained == 24:
            (results / tiny_plan.id / "cancel").touch()

    as_it_was = nn.Module.train

    def train(
        model: nn.Module, mode: bool = True
    ) -> nn.Module:  # in the middle of runs, too
        nonlocal offset
        offset -= 1.0
        as_it_was(model, mode)
        return model

    monkeypatch.setattr(nn.Module, "train", train)
    monkeypatch.setattr(time, "time", lambda: real() + offset)
    monkeypatch.setattr(driver, "POLL_INTERVAL_S", 0.0)
    with pytest.raises(
        KeyboardInterrupt
    ):  # a request to stop is heard all the same
        run_inline(
            tiny_plan,
            results,
            executor=fake_executor(before_run=happens),
            tracking_uri=uri,
        )
    assert len(lines_of(results, tiny_plan)) < tiny_plan.runs
    run_inline(tiny_plan, results, tracking_uri=uri)
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("bakeoff/tiny")
    assert experiment is not None
    mlflow_runs = client.search_runs(
        [experiment.experiment_id], max_results=5000
    )

    same_results(tiny_plan, tmp_path / "undisturbed", results)
    assert all(
        0 <= line["ended"] - line["started"] < 60
        for line in lines_of(results, tiny_plan)
    )
    assert all(run.info.end_time >= run.info.start_time for run in mlflow_runs)
    assert len(mlflow_runs) == tiny_plan.runs + len(tiny_plan.cells)
    sees = "nothing; runs last as long as they do, in MLflow too"
    tell(
        "clock set back an hour, on two, back a day",
        sees,
        max(moments[n + 1] - moments[n] for n in (6, 12, 18)),
    )


EATING = """    if level.name == "few" and width == 2 and os.path.exists(MARKER):
        with open(MARKER, "a") as file:
            print(os.getpid(), file=file)
        eaten = []
        while len(eaten) < MOST:
            eaten.append(b"x" * 2**27)
            time.sleep(0.02)
"""


MEMORY = """
from ray._common.utils import get_system_memory
from ray._private.utils import get_used_memory
print(get_used_memory(), get_system_memory())
"""  # in a process of its own: Ray remembers how its clusters want to be asked, and other tests start others


@pytest.fixture
def small_node(for_nodes, monkeypatch) -> Iterator[tuple[str, int]]:
    """A cluster of one node, whose workers Ray stops when a third of what is free now
    is used; so many bytes.
    """
    told = subprocess.run(
        [sys.executable, "-c", MEMORY],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    used, total = map(int, told.stdout.split())
    spare = (total - used) // 3
    if spare < 2**31:
        pytest.skip("too little memory is free to fill a third of it")
    monkeypatch.setenv(
        "RAY_memory_usage_threshold", f"{(used + spare) / total:.4f}"
    )
    with nodes(head_cpus=2, others=0) as (address, _):
        yield address, spare


def test_a_run_that_uses_up_all_memory_is_stopped_alone(
    small_node, tiny_file, run_inline, tmp_path, tell
):
    path, marker, (address, spare) = (
        tmp_path / "hungry.py",
        tmp_path / "marker",
        small_node,
    )
    text = tiny_file.read_text().replace(
        "from functools", "import os, time\nfrom functools", 1
    )
    text = text.replace(
        "def build(",
        f"MARKER, MOST = {str(marker)!r}, {2 * spare // 2**27}\n\n\ndef build(",
    )
    path.write_text(
        text.replace("    return nn.Seq", f"{EATING}    return nn.Seq")
    )
    tasks.load_file(path)
    profile = {
        "name": "hungry",
        "blocks": 2,
        "trials": 1,
        "tasks": {"hungry": {}},
    }
    plan = Plan(Profile.model_validate(profile))
    run_inline(plan, tmp_path / "undisturbed")
    marker.touch()
    assert start(path, tmp_path / "results", address, profile).wait() == 0
    lines = lines_of(tmp_path / "results", plan)
    failed = [line for line in lines if line["status"] != "finished"]

    assert {
        (line["status"], line["arm"], line["level"]) for line in failed
    } == {("out_of_memory", "narrow", "few")}
    assert len(lines) == plan.runs - 2  # no finals where a trial is missing
    assert lines_on(marker) <= 2 * 2  # with others beside it, then alone
    marker.unlink()
    mended = time.time()
    run_inline(plan, tmp_path / "results", retry=True)
    same_results(plan, tmp_path / "undisturbed", tmp_path / "results")
    sees = "status `out_of_memory`, once Ray has stopped it with a node to itself, too; what was stopped beside it is "
    sees += "trained again, the campaign continues, `bakeoff retry` trains it again"
    tell(
        "run uses up all memory of a node",
        sees,
        first_after(tmp_path / "results", plan, mended),
    )


FETCHING = """    content = fetch(RemoteFile("faults", "numbers", "http://127.0.0.1:9", SHA))
    rng = torch.Generator().manual_seed(seed + content[0])
"""


@pytest.fixture
def fetching(tiny_file, tmp_path, monkeypatch) -> tuple[Plan, Path, bytes]:
    """The plan of a task that fetches a file for its data, where the cache has that
    file, and its content.
    """
    content, file = b"numbers", tmp_path / "cache" / "faults" / "numbers"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    monkeypatch.setenv("BAKEOFF_DATA", str(tmp_path / "cache"))
    monkeypatch.delenv("BAKEOFF_MIRROR", raising=False)
    text = tiny_file.read_text().replace(
        "    rng = torch.Generator().manual_seed(seed)\n", FETCHING
    )
    constants = f'from tasks.data._fetch import RemoteFile, fetch\n\nSHA = "{hashlib.sha256(content).hexdigest()}"\n'
    path = tmp_path / "fetching.py"
    path.write_text(
        text.replace(
            "\n\n\ndef load_data", f"\n{constants}\n\ndef load_data", 1
        )
    )
    tasks.load_file(path)
    profile = {
        "name": "fetching",
        "blocks": 2,
        "trials": 2,
        "tasks": {"fetching": {}},
    }
    return Plan(Profile.model_validate(profile)), file, content


def forget_data() -> None:
    """As a new process would begin."""
    for cache in (instantiate._loaded, fingerprint._data_hash):
        cache.cache_clear()


def test_a_data_file_that_is_damaged_is_named_and_can_be_replaced(
    fetching, fake_executor, run_inline, tmp_path, tell
):
    plan, file, content = fetching
    run_inline(plan, tmp_path / "undisturbed")

    with pytest.raises(KeyboardInterrupt):
        run_inline(
            plan,
            tmp_path / "results",
            executor=fake_executor(interrupt_after=5),
        )
    forget_data()
    file.write_bytes(b"numbars")
    with pytest.raises(UserError, match="numbers") as stopped:
        run_inline(plan, tmp_path / "results")
    file.write_bytes(content)
    mended = time.time()
    run_inline(plan, tmp_path / "results")

    same_results(plan, tmp_path / "undisturbed", tmp_path / "results")
    message = re.sub(
        r"([0-9a-f]{8})[0-9a-f]{56}",
        r"\1…",
        str(stopped.value).replace(str(tmp_path), ""),
    )
    tell(
        "data file damaged, and none to be fetched",
        f"“{message}”",
        first_after(tmp_path / "results", plan, mended),
    )


@pytest.mark.parametrize(
    ("fault", "damage"),
    [("cut short", b"numb"), ("a bit flipped", b"ntmbers")],
)
def test_a_file_of_the_data_cache_that_is_damaged_is_fetched_again(
    fault,
    damage,
    fetching,
    fake_executor,
    run_inline,
    tmp_path,
    tell,
    monkeypatch,
):
    """In the middle of a campaign, as its workers load the data again."""
    plan, file, content = fetching
    run_inline(plan, tmp_path / "undisturbed")
    mirror = tmp_path / "mirror" / "faults" / "numbers"
    mirror.parent.mkdir(parents=True)
    mirror.write_bytes(content)
    monkeypatch.setenv("BAKEOFF_MIRROR", str(tmp_path / "mirror"))
    damaged = 0.0

    def happens(trained: int) -> None:
        nonlocal damaged
        if trained == 5:
            file.write_bytes(damage)
            damaged = time.time()
            forget_data()

    run_inline(
        plan, tmp_path / "results", executor=fake_executor(before_run=happens)
    )

    same_results(plan, tmp_path / "undisturbed", tmp_path / "results")
    sees = "nothing; it is fetched again, from its address or a mirror"
    tell(
        f"file in the data cache {fault}",
        sees,
        first_after(tmp_path / "results", plan, damaged),
    )


def test_a_damaged_cell_file_is_written_again(
    tiny_plan, run_inline, tmp_path, tell
):
    run_inline(tiny_plan)
    files = sorted(
        (tmp_path / "results" / tiny_plan.id / "cells").rglob("cell.parquet")
    )
    before = {path: read_cell(path) for path in files}
    files[0].write_bytes(files[0].read_bytes()[:100])  # torn
    files[1].write_bytes(b"")
    began = time.time()
    workers = run_inline(tiny_plan)

    assert workers.trained == 0
    assert {path: read_cell(path) for path in files} == before
    tell(
        "cell.parquet damaged",
        "nothing; the next run writes it again from the record",
        time.time() - began,
    )


@pytest.mark.parametrize(
    ("fault", "does", "status", "sees"),
    [
        (
            "run hangs",
            "time.sleep(3600)",
            "timed_out",
            "longer than the limit of 1 s",
        ),
        (
            "run asks for more memory than there is",
            "torch.empty(2**46)",
            "out_of_memory",
            "allocate memory",
        ),
    ],
)
def test_a_run_that_its_machine_fails_ends_in_a_status_and_can_be_retried(
    fault, does, status, sees, tiny_file, run_inline, tmp_path, tell
):
    path, marker = tmp_path / "fragile.py", tmp_path / "marker"
    text = tiny_file.read_text().replace(
        "from functools", "import os, time\nfrom functools", 1
    )
    broken = f'    if width == 2 and level.name == "few" and os.path.exists({str(marker)!r}):\n        {does}\n'
    path.write_text(
        text.replace("    return nn.Seq", f"{broken}    return nn.Seq")
    )
    tasks.load_file(path)
    profile = {
        "name": "fragile",
        "blocks": 2,
        "trials": 1,
        "time_limit": 1,
        "tasks": {"fragile": {}},
    }
    plan = Plan(Profile.model_validate(profile))
    run_inline(plan, tmp_path / "undisturbed")
    marker.touch()
    run_inline(plan)
    failed = [
        line
        for line in lines_of(tmp_path / "results", plan)
        if line["status"] != "finished"
    ]
    assert {
        (line["status"], line["arm"], line["level"]) for line in failed
    } == {(status, "narrow", "few")}
    assert all(sees in line["error"] for line in failed)
    assert (
        Results(tmp_path / "results").load(plan.id).state["state"]
        == "incomplete"
    )
    marker.unlink()
    mended = time.time()
    run_inline(plan, retry=True)

    same_results(plan, tmp_path / "undisturbed", tmp_path / "results")
    shown = f"status `{status}`, “{failed[0]['error'][:80]}”; the campaign continues, `bakeoff retry` trains it again"
    tell(fault, shown, first_after(tmp_path / "results", plan, mended))

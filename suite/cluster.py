"""The one door to Ray: jobs go out to workers, results come back. Plain Ray tasks, no actors, no state on workers.

A job for a team of workers goes to a task, too, which has Ray Train start them and waits.
"""

from __future__ import annotations

import json
import logging
import math
import os
import pickle
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import psutil

from suite.job import Done, Job, Result
from tasks import UserError

if TYPE_CHECKING:
    from suite.profile import Resources

CONNECT = 5.0  # seconds a cluster may take to answer the door
STARTS = 3  # attempts at an embedded cluster
WARMED = 64  # workers, at most, that import torch while the driver prepares
ONE = {"CPU": 1.0}  # what a training asks for, unless its task or the profile says otherwise
AHEAD = 2  # jobs handed out beyond the slots, so that no worker waits for the driver
DEMAND = 100  # the same where nodes can be had: an autoscaler brings as many as what waits asks for
FRESH = 0.5  # seconds for which the cluster's size holds: it is asked for with every training
ARRIVAL = 900.0  # seconds for a node to come: as long as Ray's autoscaler gives one to start
REFUSAL = 15.0  # seconds, where it says that it has none that fits
HELPERS = "monitor.py", "log_monitor.py"
INHERITED = {  # by the processes of an embedded cluster: one thread each, and torch imported while Ray still starts
    **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
    "RAY_enable_worker_prestart": "1",
    "RAY_preload_python_modules": "torch",
}
OF_TEAMS = {  # how Ray Train leads one
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # workers stay where the data's relative paths hold
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2",  # between looks at whether they are done: the default is 2
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",  # one process less a training; what is lost is trained again anyway
    "RAY_TRAIN_METRICS_ENABLED": "0",
}
PATIENCE = 7 * 24 * 3600  # seconds a worker of a team waits for the others: Ray notices those that are gone
PARTING = 15.0  # seconds a team may take to end in order


class RayWorkers:
    """Workers of a Ray cluster: an embedded one, or (``address``) one that is running.

    Starting takes seconds, so it happens in a thread while the caller imports and plans; whoever asks for something
    waits until it is done, and gets the UserError if it could not be.
    """

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        if workers is not None and workers < 1:
            raise UserError(f"--workers {workers}: at least 1 is needed.")
        if workers is not None and address is not None:
            raise UserError("--workers is for this machine; with --address the cluster's size decides. Leave one out.")
        self._embedded = address is None and not os.environ.get("RAY_ADDRESS")
        self._flying: dict[Any, tuple[Job, Resources]] = {}
        self._missing: dict[str, float] = {}  # needs that no node meets, and since when
        self._met: set[str] = set()  # needs that one did
        self._grows = False
        self._size: dict[str, float] = {}  # of all nodes together, and when it was looked at
        self._measured = -math.inf
        self._opened: Future[ModuleType] = Future()
        self._unwanted = self._listening = False
        self._closing = threading.Lock()
        self._closed = threading.Event()
        ray = _ray()  # before the caller's imports, not in turn with them: what follows mostly waits for processes
        threading.Thread(target=self._open, args=(ray, address, workers), name="ray-opening", daemon=True).start()

    def _open(self, ray: ModuleType, address: str | None, workers: int | None) -> None:
        try:
            if self._unwanted:
                raise RuntimeError("closed before it was open")
            self._pages = _connect(ray, address, workers)
            self._refused(ray)
            # max_calls=0: GPU tasks keep their warm process too
            self._run = ray.remote(max_retries=3, max_calls=0)(_run_job)
            self._lead = ray.remote(max_retries=0, max_calls=0, num_cpus=0)(_lead_team)
            self._warm = ray.remote(max_retries=0, max_calls=0)(_warm)
            if self._embedded:
                _end_helpers(Path(ray.__file__ or "").parent)
            else:  # the workers of one that is embedded do so by themselves
                self._warm_up(_room(ray.cluster_resources(), ONE), "cpu", {"num_cpus": 1})
        except BaseException as error:
            self._opened.set_exception(error)
        else:
            self._opened.set_result(ray)
            self._closed.wait()  # Linux ends the cluster's processes with the very thread that started them

    @property
    def _ray(self) -> Any:
        """Ray, once it is connected."""
        ray = self._opened.result()
        if not self._listening and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))  # in front of Ray's, which aborts
            self._listening = True
        return ray

    @property
    def opening(self) -> bool:
        """Whether the cluster is still being started or joined: whoever asks it for anything waits."""
        return not self._opened.done()

    @property
    def dashboard(self) -> str | None:
        """Where Ray's own dashboard answers, on a cluster that has one."""
        opened = self._opened.done() and self._opened.exception() is None
        return f"http://{self._pages}" if opened and self._pages else None

    def has_gpu(self) -> bool:
        return bool(self._ray.cluster_resources().get("GPU"))

    def slots(self, need: Resources) -> int:
        """How many trainings with these needs the cluster runs at once, by its present size or that of a moment ago."""
        now = time.monotonic()
        if now - self._measured > FRESH:
            self._size, self._measured = self._ray.cluster_resources(), now
        return _room(self._size, _demand(need))

    @property
    def ahead(self) -> int:
        """How many jobs to hand out beyond the slots."""
        return DEMAND if self._grows else AHEAD

    @property
    def waiting(self) -> str | None:
        """What jobs that are out wait for, in words. Raises UserError as ``check`` does."""
        needs = {(_words(_demand(need)), job.workers): (need, job.workers) for job, need in self._flying.values()}
        short = (self.check(need, size) for need, size in needs.values() if self.slots(need) < size)
        return next(filter(None, short), None)

    def check(self, need: Resources, workers: int = 1) -> str | None:
        """What a training on so many workers, each with these needs, waits for; None where the nodes that are up do.

        Raises UserError where they do not and none is to be expected: on a cluster without an autoscaler at once, else
        when none has come for a while. A node that was there is expected back.
        """
        nodes, wanted = self._nodes(), _demand(need)
        room, now = sum(_room(node, wanted) for node in nodes), time.monotonic()
        words = f"{workers} times {_words(wanted)}" if workers > 1 else _words(wanted)
        if room >= workers:
            self._missing.pop(words, None)
            self._met.add(words)
            return None
        waited = now - self._missing.setdefault(words, now)
        refused = wanted in self._refused(self._ray)
        expected = self._grows or words in self._met
        if expected and waited < (REFUSAL if refused else ARRIVAL):
            return f"nodes with {words}" if workers > 1 else f"a node with {words}"
        if room:
            asked = f"A training on {workers} workers asks for {words}, and the cluster has room for {room}"
        else:
            biggest = {name: max((node.get(name, 0) for node in nodes), default=0) for name in wanted}
            asked = f"A training asks for {words}, and the largest node has {_words(biggest)}"
        if refused:
            asked += "; the cluster's autoscaler says that it has none that fits"
        elif expected:
            asked += f"; none that fits came within {ARRIVAL / 60:.0f} minutes"
        lower = "`workers` in the recipe" if room else "`resources` in the profile"
        raise UserError(f"{asked}: lower {lower}, or join a larger cluster with --address.")

    def _refused(self, ray: Any) -> list[dict[str, float]]:
        """The demands for which the cluster's autoscaler says that it has no node; also notes whether there is one."""
        refused: list[dict[str, float]] = []
        if not self._embedded:
            with suppress(Exception):  # who does not answer is asked again
                far = ray.util.client.ray.is_connected()
                look = ray.remote(num_cpus=0)(_autoscaler)
                self._grows, refused = ray.get(look.remote()) if far else _autoscaler()
        return refused

    def _nodes(self) -> list[dict[str, float]]:
        """What each node that is up has."""
        return [node["Resources"] for node in self._ray.nodes() if node["Alive"]]

    def warm(self, need: Resources, device: str) -> None:
        """Have every slot import torch while the driver prepares; returns at once."""
        if device == "cpu" and (self._embedded or _demand(need) == ONE):
            return  # they do since the cluster was opened
        self._warm_up(self.slots(need), device, _options(need))

    def _warm_up(self, slots: int, device: str, options: Mapping[str, Any]) -> None:
        for _ in range(min(slots, WARMED)):
            self._warm.options(**options).remote(device)

    def submit(self, job: Job, need: Resources, alone: bool = False) -> None:
        """Hand a job out; ``alone``: to a node that does nothing else for us meanwhile."""
        if alone and job.workers == 1:
            need = need.model_copy(update={"cpus": max(need.cpus, *(node.get("CPU", 0.0) for node in self._nodes()))})
        name = f"{job.task}/{job.level}/{job.arm} block {job.members[0].block} {job.members[0].kind}"
        if job.workers > 1:
            sent = self._lead.options(name=name).remote(job, _demand(need))
        else:
            sent = self._run.options(name=name, **_options(need)).remote(job)
        self._flying[sent] = job, need

    @property
    def flying(self) -> int:
        return len(self._flying)

    def wait(self, seconds: float) -> list[Done]:
        """What came back, as soon as something does; empty after so many seconds, or where nothing is out."""
        if not self._flying:
            return []
        ready, _ = self._ray.wait(list(self._flying), num_returns=1, timeout=seconds)
        more, _ = self._ray.wait(list(self._flying), num_returns=len(self._flying), timeout=0)
        return [self._landed(reference) for reference in dict.fromkeys([*ready, *more])]

    def _landed(self, reference: Any) -> Done:
        job, _ = self._flying.pop(reference)
        try:
            return Done(job, self._ray.get(reference))
        except self._ray.exceptions.OutOfMemoryError as error:
            return Done(job, [], _first_line(error), out_of_memory=True)
        except self._ray.exceptions.RayTaskError as error:  # only who leads a team lets errors out
            return Done(job, [], _first_line(error.cause))
        except self._ray.exceptions.RayError as error:
            if job.workers > 1:
                self._make_room(job)
            return Done(job, [], _first_line(error))

    def _make_room(self, job: Job) -> None:
        """Give back what a team held. Whoever leads it does so in any case but one: when that process is killed."""
        from ray.experimental.internal_kv import _internal_kv_get
        from ray.util import remove_placement_group

        if held := _internal_kv_get(_held_by(job)):
            remove_placement_group(pickle.loads(held))

    def cancel(self) -> None:
        """Stop what is in flight."""
        teams = [reference for reference, (job, _) in self._flying.items() if job.workers > 1]
        ended: list[Any] = []
        if teams:  # whoever leads one ends it as at Ctrl-C; killed, it could not give back its room
            for reference in teams:
                self._ray.cancel(reference, force=False, recursive=False)
            ended, _ = self._ray.wait(teams, num_returns=len(teams), timeout=PARTING)
        for reference in self._flying.keys() - set(ended):  # Ray aborts at times where one is cancelled twice
            self._ray.cancel(reference, force=True)
        self._flying.clear()

    def close(self) -> None:
        """End an embedded cluster, or leave the one that was joined; again is harmless."""
        self._unwanted = True
        with self._closing:
            if self._opened.exception() is None and not self._closed.is_set():  # once it is known
                self.cancel()
                self._ray.shutdown()
            self._closed.set()


def _connect(ray: ModuleType, address: str | None, workers: int | None) -> str | None:
    """Join the cluster at the address, or start one on this machine; where its own dashboard answers, if it has one.

    Raises UserError where there is none, or it does not start.
    """
    os.environ.update(INHERITED)
    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    where = address or os.environ.get("RAY_ADDRESS")
    if where is None:
        options |= {"address": "local", "num_cpus": workers, "include_dashboard": False}
    elif address is not None:
        options |= {"address": address}
    try:
        if where:
            _knock(where)
        return _init(ray, options, attempts=1 if where else STARTS)
    except Exception as error:  # a node that is too slow to start raises just that
        if where:
            raise UserError(
                f"No Ray cluster at {where} ({_first_line(error)}): start one with `ray start --head`, "
                "or leave --address out to use this machine."
            ) from error
        cure = "it may be too busy just now; `bakeoff doctor` looks at everything that is needed."
        raise UserError(f"Ray does not start on this machine ({_first_line(error)}): {cure}") from error


def _init(ray: ModuleType, options: dict[str, Any], attempts: int) -> str | None:
    """Ray gives its own node 30 seconds, which a busy machine may not keep: try again."""
    try:
        pages: str | None = ray.init(**options).dashboard_url
    except Exception:
        ray.shutdown()
        if attempts == 1:
            raise
        return _init(ray, options, attempts - 1)
    return pages


def _end_helpers(package: Path) -> None:
    """End what Ray starts beside a cluster of our own without being asked: 160 MB, and a second to wait for at the end.

    One would look after nodes, of which there is just this one, the other would copy logs, which nobody reads.
    """
    for process in psutil.Process().children():
        with suppress(psutil.Error):
            files = [Path(word) for word in process.cmdline()]
            if any(file.name in HELPERS and file.is_relative_to(package) for file in files):
                process.kill()


def _ray() -> ModuleType:
    """Ray, imported when it is needed and not before: it takes seconds, and reads these settings as it is imported."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody asked the user
    os.environ.setdefault("RAY_task_oom_retries", "0")  # whose default is for ever; the driver knows when to stop
    if _has_token():
        os.environ.setdefault("RAY_AUTH_MODE", "token")  # clusters ask for one; a client does not offer it by itself
    import ray

    return ray


def _has_token() -> bool:
    """Whether this user has the token of a cluster, where Ray looks for it."""
    named = os.environ.get("RAY_AUTH_TOKEN_PATH", "~/.ray/auth_token")
    return bool(os.environ.get("RAY_AUTH_TOKEN")) or Path(named).expanduser().is_file()


def _knock(address: str) -> None:
    """Raise OSError where nobody listens at ``host:port``; Ray itself would try for minutes."""
    host, _, port = address.rpartition("//")[2].rpartition(":")
    if port.isdecimal():
        with socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT):
            pass


def _autoscaler() -> tuple[bool, list[dict[str, float]]]:
    """Whether nodes can be had on demand, and the demands for which the autoscaler says that it has none.

    Ray has two autoscalers, of which the older does not tell the latter. Every cluster runs one of them; where nodes
    were started by hand, it merely looks on, and names each node by its id.
    """
    import ray
    from ray.autoscaler.v2.utils import is_autoscaler_v2
    from ray.core.generated import autoscaler_pb2
    from ray.experimental.internal_kv import _internal_kv_get, internal_kv_get_gcs_client

    if is_autoscaler_v2():
        messages: Any = autoscaler_pb2
        status = messages.GetClusterStatusReply.FromString(internal_kv_get_gcs_client().get_cluster_status())
        named = any(node.ray_node_type_name for node in status.cluster_resource_state.node_states)
        return named, [dict(one.resources_bundle) for one in status.autoscaling_state.infeasible_resource_requests]
    report = json.loads(_internal_kv_get("__autoscaling_status") or "{}").get("autoscaler_report") or {}
    kinds = {*report.get("active_nodes", ()), *(report.get("idle_nodes") or ()), *report.get("pending_launches", ())}
    return bool(kinds - {f"node_{node['NodeID']}" for node in ray.nodes()}), []


def _run_job(job: Job) -> list[Result]:
    from suite.worker import run_job  # in the worker: the driver need not wait for torch to start Ray

    return run_job(job)


def _lead_team(job: Job, each: Mapping[str, float]) -> list[Result]:
    """Have a team of workers do the job, each with these resources. This process only looks on, and needs none.

    A failure of any worker is the training's. Raises Parted where one goes away: the training is lost.
    """
    os.environ.update(OF_TEAMS)
    from ray import train
    from ray.train.torch import TorchConfig, TorchTrainer

    gpus = each.get("GPU", 0)
    # NCCL wants a GPU for each worker; gloo sums on behalf of those that share one
    backend = TorchConfig("nccl" if gpus >= 1 else "gloo", timeout_s=PATIENCE)
    team = train.ScalingConfig(num_workers=job.workers, use_gpu=gpus > 0, resources_per_worker=dict(each))
    with tempfile.TemporaryDirectory(prefix="bakeoff-") as folder:  # nothing of ours goes there
        run = train.RunConfig(storage_path=folder)
        work = {"job": job}
        trainer = TorchTrainer(
            _do_part, train_loop_config=work, torch_config=backend, scaling_config=team, run_config=run
        )
        try:
            finished: Any = trainer.fit()
            return [finished.return_value]  # of the first worker
        except train.WorkerGroupError as error:
            return [_failure(error)]


def _do_part(work: dict[str, Any]) -> Any:
    """A worker's Result, though Ray's types would have it be None."""
    from ray.experimental.internal_kv import _internal_kv_put
    from ray.train.torch import get_device
    from ray.util import get_current_placement_group

    from suite.worker import run_part

    job: Job = work["job"]
    _internal_kv_put(_held_by(job), pickle.dumps(get_current_placement_group()))
    return run_part(replace(job, device=str(get_device())))


def _held_by(job: Job) -> str:
    """Where, in the cluster's own store, a team's workers leave the placement group that they hold."""
    return f"bakeoff-team-{job.members[0].key}"


def _failure(error: Any) -> Result:
    """What the first worker that failed said of it. Raises where none said anything, as one went away."""
    from suite.parallel import Failed, Parted

    failures = error.worker_failures
    if told := [found.result for found in failures.values() if isinstance(found, Failed)]:
        return min(told, key=lambda result: result.ended)
    gone = [f"worker {rank}: {_first_line(found)}" for rank, found in failures.items() if not isinstance(found, Parted)]
    raise Parted("a team lost " + (", ".join(gone) or "the connection between its workers"))


def _warm(device: str) -> str:
    from suite.worker import warm_up

    host = warm_up(device)
    time.sleep(0.3)  # keep the slot, so that the next call warms another worker
    return host


def _demand(need: Resources) -> dict[str, float]:
    wanted = {"CPU": need.cpus, "GPU": need.gpus, "memory": float(need.memory or 0), **need.custom}
    return {name: amount for name, amount in wanted.items() if amount}


def _room(have: Mapping[str, float], wanted: Mapping[str, float]) -> int:
    """How many with these needs there is room for."""
    return min((math.floor(have.get(name, 0) / amount + 1e-9) for name, amount in wanted.items()), default=1)


def _options(need: Resources) -> dict[str, Any]:
    options: dict[str, Any] = {"num_cpus": need.cpus}
    if need.gpus:
        options["num_gpus"] = need.gpus
    if need.memory:
        options["memory"] = need.memory
    if need.custom:
        options["resources"] = dict(need.custom)
    return options


def _words(amounts: Mapping[str, float]) -> str:
    return ", ".join(f"{amount:g} {name}" for name, amount in amounts.items())


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]

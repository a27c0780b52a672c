"""Executes jobs as Ray tasks.

Plain Ray tasks, no actors, no state on workers. A job for a data-parallel group goes to
a task, too, which has Ray Train start the group and waits for it.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from suite.cluster.capacity import Capacity
from suite.cluster.distributed import release_resources, run_data_parallel
from suite.cluster.head import HeadWatch, ports_of
from suite.cluster.load import worker_load
from suite.cluster.protocol import JobOutcome
from suite.cluster.resources import (
    amounts_in_words,
    demand_of,
    remote_options,
    room_for,
)
from suite.cluster.startup import (
    Cluster,
    choose_cluster,
    end_monitors,
    join_cluster,
    load_ray,
    sigterm_kept,
    start_cluster,
)
from suite.errors import one_line
from suite.training.job import Job, Result
from tasks import UserError

if TYPE_CHECKING:
    from suite.training.resources import Resources

# Workers, at most, that import torch while the driver prepares: each takes a
# task and the driver's time.
MAX_WARM_UPS = 64
# So that the next warm-up goes to another worker.
WARM_UP_PAUSE_S = 0.3
# What a run asks for, unless its task or the profile says otherwise.
ONE_CPU = {"CPU": 1.0}
# How often Ray itself retries a task whose worker or node was lost.
RAY_RETRIES = 3
# A group may take that long to shut down and release its resources.
CANCEL_TIMEOUT_S = 15.0
# For Ray's own shutdown where its head is gone. Its processes end with this one.
LOST_SHUTDOWN_TIMEOUT_S = 2.0


class RayExecutor:
    """Executes jobs on Ray: this process's session, a running cluster, or a new one.

    Starting takes seconds, so it happens in a thread while the caller imports and
    plans. Whoever asks for something waits until it is done, and gets the UserError if
    it failed. A session or cluster that was there before is left running.
    """

    def __init__(
        self, address: str | None = None, workers: int | None = None
    ) -> None:
        self._cluster = choose_cluster(address, workers)
        self._in_flight: dict[Any, tuple[Job, Resources]] = {}
        self._connected: Future[ModuleType] = Future()
        self._head = HeadWatch(*_in_words(self._cluster))
        self._capacity = Capacity(self._ask, fixed=self._owns_cluster)
        # What the start waits for, as text.
        self._start_trouble: str | None = None
        self._dashboard: str | None = None
        self._is_wanted = True
        self._closing = threading.Lock()
        # Set before and after Ray's processes are ended, which is no loss of the cluster
        self._leaving = threading.Event()
        self._closed = threading.Event()
        # Before the caller's imports, not in turn with them: what follows
        # mostly waits for processes.
        ray = load_ray(self._cluster)
        threading.Thread(
            target=self._start,
            args=(ray,),
            name="ray-starting",
            daemon=True,
        ).start()

    # -- starting

    @property
    def _owns_cluster(self) -> bool:
        return self._cluster.kind == "new"

    def _start(self, ray: ModuleType) -> None:
        try:
            with sigterm_kept():
                self._connect(ray, self._cluster)
            self._define_tasks(ray)
        except BaseException as error:
            self._connected.set_exception(error)
            return
        ports = ports_of(ray, self._owns_cluster)
        self._connected.set_result(ray)
        self._capacity.ask_autoscaler()
        self._head.watch(ports, self._leaving)
        # Linux ends the cluster's processes with the very thread that started
        # them.
        self._closed.wait()

    def _connect(self, ray: ModuleType, cluster: Cluster) -> None:
        if not self._is_wanted:
            raise RuntimeError("closed before it was started")
        if cluster.kind == "new":
            start_cluster(
                ray, cluster.workers, self._still_wanted, self._set_trouble
            )
            end_monitors(Path(ray.__file__ or "").parent)
        elif cluster.kind == "running":
            self._dashboard = join_cluster(ray, cluster)

    def _still_wanted(self) -> bool:
        return self._is_wanted

    def _set_trouble(self, words: str) -> None:
        self._start_trouble = words

    def _define_tasks(self, ray: ModuleType) -> None:
        # max_calls=0: tasks on a GPU keep their warm process, too.
        self._run = ray.remote(max_retries=RAY_RETRIES, max_calls=0)(_run_job)
        self._run_group = ray.remote(max_retries=0, max_calls=0, num_cpus=0)(
            run_data_parallel
        )
        self._warm = ray.remote(max_retries=0, max_calls=0)(_warm)
        if not self._owns_cluster:
            # Workers of our own import torch by themselves.
            slots = room_for(ray.cluster_resources(), ONE_CPU)
            self._warm_up(slots, "cpu", {"num_cpus": 1})

    @property
    def _ray(self) -> Any:
        """Ray, once it is connected."""
        return self._connected.result()

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        """What a function of Ray returns. Raises ClusterLost once the cluster is gone,
        where Ray itself would wait.
        """
        ray = self._ray
        try:
            return self._head.call(lambda: question(ray))
        except ConnectionError as error:
            # What a client (ray://) is told of a cluster that is gone.
            raise self._head.error(one_line(error)) from error

    # -- what there is

    @property
    def starting(self) -> bool:
        """Whether Ray is still starting, in a thread of its own."""
        return not self._connected.done()

    @property
    def dashboard(self) -> str | None:
        """The URL of a joined cluster's dashboard; one of our own has none."""
        return f"http://{self._dashboard}" if self._dashboard else None

    @property
    def prefetch(self) -> int:
        """More where an autoscaler adds nodes: see ``Capacity.prefetch``."""
        return self._capacity.prefetch

    @property
    def waiting(self) -> str | None:
        """What keeps Ray from starting, or the nodes that jobs in flight wait for."""
        if self.starting:
            return self._start_trouble
        for need, world_size in self._needs_in_flight():
            if self.slots(need) < world_size:
                words = self.check(need, world_size)
                if words:
                    return words
        return None

    def _needs_in_flight(self) -> list[tuple[Resources, int]]:
        """The needs of the jobs in flight, and their group sizes, each once."""
        needs = {}
        for job, need in self._in_flight.values():
            words = amounts_in_words(demand_of(need), job.world_size)
            needs[words] = need, job.world_size
        return list(needs.values())

    def has_gpu(self) -> bool:
        return self._capacity.has_gpu()

    def slots(self, need: Resources) -> int:
        """How many such runs the whole cluster has room for, busy or not."""
        return self._capacity.slots(need)

    def check(self, need: Resources, world_size: int = 1) -> str | None:
        """What the run waits for, by the nodes that are up: see ``Capacity.check``."""
        return self._capacity.check(need, world_size)

    # -- jobs

    def warm(self, need: Resources, device: str) -> None:
        """Send a task to each slot, unless workers import torch already."""
        if device == "cpu" and (
            self._owns_cluster or demand_of(need) == ONE_CPU
        ):
            # They have been importing it since the cluster was there.
            return
        self._warm_up(self.slots(need), device, remote_options(need))

    def _warm_up(
        self, slots: int, device: str, options: Mapping[str, Any]
    ) -> None:
        for _ in range(min(slots, MAX_WARM_UPS)):
            self._warm.options(**options).remote(device)

    def submit(
        self, job: Job, need: Resources, exclusive: bool = False
    ) -> None:
        """Send a job to Ray, which queues it until its resources are free.

        An exclusive one asks for all CPUs of the largest node.
        """
        # Waits: the tasks are defined once Ray is connected.
        ray = self._ray
        assert ray is not None
        if exclusive and job.world_size == 1:
            cpus = max(need.cpus, self._capacity.most_cpus())
            need = need.model_copy(update={"cpus": cpus})
        name = _name_of(job)
        if job.world_size > 1:
            sent = self._run_group.options(name=name).remote(
                job, demand_of(need)
            )
        else:
            sent = self._run.options(name=name, **remote_options(need)).remote(
                job
            )
        self._in_flight[sent] = job, need

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    def wait(self, seconds: float) -> list[JobOutcome]:
        """All jobs that have ended, once one has; none after that many seconds."""
        if not self._in_flight:
            return []
        ended = self._ended(seconds)
        # A raylet's end loses its jobs: they are not to count as having failed.
        self._head.check()
        return [self._outcome(each) for each in ended]

    def _ended(self, seconds: float) -> list[Any]:
        """References of the jobs that have ended, once one has."""
        sent = list(self._in_flight)
        try:
            first, _ = self._ray.wait(sent, num_returns=1, timeout=seconds)
            # Whatever else has ended by now, so that a burst of results takes one
            # call.
            rest, _ = self._ray.wait(sent, num_returns=len(sent), timeout=0)
        except ConnectionError as error:
            raise self._head.error(one_line(error)) from error
        return list(dict.fromkeys([*first, *rest]))

    def _outcome(self, reference: Any) -> JobOutcome:
        """Handle a finished job.

        Raises UserError if a worker cannot import our code: no job would come back.
        """
        job, _ = self._in_flight.pop(reference)
        errors = self._ray.exceptions
        try:
            ended = self._ray.get(reference)
            # A group's machines are Ray Train's to ask.
            results, load = (ended, None) if job.world_size > 1 else ended
            return JobOutcome(job, results, load=load)
        except errors.OutOfMemoryError as error:
            return JobOutcome(job, [], one_line(error), out_of_memory=True)
        except errors.RayTaskError as error:
            # Errors in a task become a status, so this one is from Ray Train
            # or an import.
            _check_import(error.cause)
            return JobOutcome(job, [], one_line(error.cause))
        except errors.RayError as error:
            # A cluster that is gone loses all jobs, whatever is wrong with them.
            self._head.look()
            if job.world_size > 1:
                release_resources(job)
            return JobOutcome(job, [], one_line(error))

    # -- the end

    def cancel(self) -> None:
        """Interrupt groups, and kill the workers of other jobs."""
        if self._head.is_lost:
            # Its workers have ended with it.
            self._in_flight.clear()
            return
        ended = self._interrupt_groups()
        # Ray aborts at times where a task is cancelled twice.
        for reference in self._in_flight.keys() - ended:
            self._ray.cancel(reference, force=True)
        self._in_flight.clear()

    def _interrupt_groups(self) -> set[Any]:
        """End groups as at Ctrl-C; returns the tasks that ended.

        The process that leads a group gives back its resources; killed, it could not.
        """
        groups = [
            sent
            for sent, (job, _) in self._in_flight.items()
            if job.world_size > 1
        ]
        if not groups:
            return set()
        for reference in groups:
            self._ray.cancel(reference, force=False, recursive=False)
        ended, _ = self._ray.wait(
            groups, num_returns=len(groups), timeout=CANCEL_TIMEOUT_S
        )
        return set(ended)

    def close(self) -> None:
        """Leave the cluster, and end it if it was started here."""
        self._is_wanted = False
        # Several threads may close: a command's end, and its context on an
        # error.
        with self._closing:
            if self._closed.is_set():
                return
            self._leaving.set()
            if self._connected.exception() is None:  # waits for the start
                self.cancel()
                self._disconnect()
            self._closed.set()

    def _disconnect(self) -> None:
        # A notebook's own session is used and left running.
        if self._cluster.kind == "session":
            return
        ray = self._ray
        if not self._head.is_lost:
            ray.shutdown()
            return
        # Ray says goodbye to a head that is gone, for up to a minute, and once more
        # at the end of Python.
        atexit.unregister(ray.shutdown)
        goodbye = threading.Thread(target=ray.shutdown, daemon=True)
        goodbye.start()
        goodbye.join(LOST_SHUTDOWN_TIMEOUT_S)


def _in_words(cluster: Cluster) -> tuple[str, str]:
    """A cluster's name for the user, and what to do where it is gone."""
    if cluster.kind == "session":
        return (
            "This process's Ray session",
            "call ray.shutdown(), and run the same again to resume.",
        )
    if cluster.kind == "running":
        return (
            f"The Ray cluster at {cluster.address}",
            "once it is started again, the same command resumes.",
        )
    return (
        "Ray on this machine",
        "the same command starts it again and resumes.",
    )


def _check_import(error: BaseException) -> None:
    if "failed to import on the worker" in str(error):
        raise UserError(
            f"Ray's workers cannot import Bakeoff ({one_line(error)}): install the same "
            "version of it on every node, and start from a folder without packages "
            "named suite or tasks."
        ) from error


def _name_of(job: Job) -> str:
    """The job's name in Ray's dashboard."""
    member, *others = job.members
    more = f" and {len(others)} more" if others else ""
    return (
        f"{job.task}/{job.level}/{job.arm} block {member.block} {member.kind}"
        f"{more}"
    )


def _run_job(job: Job) -> tuple[list[Result], dict[str, Any]]:
    # Imported in the worker: the driver need not wait for torch to start Ray.
    from suite.training.worker import run_job

    return run_job(job), worker_load()


def _warm(device: str) -> str:
    from suite.training.environment import warm_up

    host = warm_up(device)
    time.sleep(WARM_UP_PAUSE_S)
    return host

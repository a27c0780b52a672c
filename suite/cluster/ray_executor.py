"""The one door to Ray: jobs go out to workers, results come back. Plain Ray tasks, no
actors, no state on workers.

A job for a group of workers goes to a task, too, which has Ray Train start them and
waits.
"""

from __future__ import annotations

import math
import os
import pickle
import signal
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from suite.cluster.protocol import JobOutcome
from suite.training.job import Job, Result
from tasks import UserError

if TYPE_CHECKING:
    from suite.training.resources import Resources
from suite.cluster.distributed import held_by, lead_group
from suite.cluster.errors import first_line
from suite.cluster.protocol import PREFETCH
from suite.cluster.resources import (
    NODE_STARTUP_TIMEOUT_S,
    REFUSAL,
    amounts_in_words,
    autoscaler_state,
    demand_of,
    remote_options,
    room_for,
)
from suite.cluster.startup import connect_to_ray, end_helpers, load_ray

WARMUP_TIMEOUT_S = 64  # workers, at most, that import torch while the driver prepares
ONE = {"CPU": 1.0}  # what a run asks for, unless its task or the profile says otherwise
# the same where nodes can be had: an autoscaler brings as many as what waits asks for
DEMAND = 100
# seconds for which the cluster's size holds: it is asked for with every run
SIZE_CACHE_S = 0.5
CANCEL_TIMEOUT_S = 15.0  # seconds a group may take to end in order


class RayExecutor:
    """Executor of a Ray cluster: an embedded one, or (``address``) one that is running.

    Starting takes seconds, so it happens in a thread while the caller imports and
    plans; whoever asks for something waits until it is done, and gets the UserError if
    it could not be.
    """

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        if workers is not None and workers < 1:
            raise UserError(f"--workers {workers}: at least 1 is needed.")
        if workers is not None and address is not None:
            raise UserError(
                "--workers is for this machine; with --address the cluster's size decides. Leave one out."
            )
        self._embedded = address is None and not os.environ.get("RAY_ADDRESS")
        self._in_flight: dict[Any, tuple[Job, Resources]] = {}
        self._missing: dict[str, float] = {}  # needs that no node meets, and since when
        self._met: set[str] = set()  # needs that one did
        self._grows = False
        self._size: dict[
            str, float
        ] = {}  # of all nodes together, and when it was looked at
        self._measured = -math.inf
        self._opened: Future[ModuleType] = Future()
        self._unwanted = self._listening = False
        self._closing = threading.Lock()
        self._closed = threading.Event()
        # before the caller's imports, not in turn with them: what follows mostly waits
        # for processes
        ray = load_ray()
        threading.Thread(
            target=self._open,
            args=(ray, address, workers),
            name="ray-starting",
            daemon=True,
        ).start()

    def _open(self, ray: ModuleType, address: str | None, workers: int | None) -> None:
        try:
            if self._unwanted:
                raise RuntimeError("closed before it was open")
            self._pages = connect_to_ray(ray, address, workers)
            self._refused(ray)
            # max_calls=0: GPU tasks keep their warm process too
            self._run = ray.remote(max_retries=3, max_calls=0)(_run_job)
            self._lead = ray.remote(max_retries=0, max_calls=0, num_cpus=0)(lead_group)
            self._warm = ray.remote(max_retries=0, max_calls=0)(_warm)
            if self._embedded:
                end_helpers(Path(ray.__file__ or "").parent)
            else:  # the workers of one that is embedded do so by themselves
                self._warm_up(
                    room_for(ray.cluster_resources(), ONE), "cpu", {"num_cpus": 1}
                )
        except BaseException as error:
            self._opened.set_exception(error)
        else:
            self._opened.set_result(ray)
            # Linux ends the cluster's processes with the very thread that started them
            self._closed.wait()

    @property
    def _ray(self) -> Any:
        """Ray, once it is connected."""
        ray = self._opened.result()
        if (
            not self._listening
            and threading.current_thread() is threading.main_thread()
        ):
            signal.signal(
                signal.SIGTERM, signal.getsignal(signal.SIGTERM)
            )  # in front of Ray's, which aborts
            self._listening = True
        return ray

    @property
    def starting(self) -> bool:
        """Whether the cluster is still being started or joined: whoever asks it for
        anything waits.
        """
        return not self._opened.done()

    @property
    def dashboard(self) -> str | None:
        """Where Ray's own dashboard answers, on a cluster that has one."""
        opened = self._opened.done() and self._opened.exception() is None
        return f"http://{self._pages}" if opened and self._pages else None

    def has_gpu(self) -> bool:
        return bool(self._ray.cluster_resources().get("GPU"))

    def slots(self, need: Resources) -> int:
        """How many runs with these needs the cluster runs at once, by its present
        size or that of a moment ago.
        """
        now = time.monotonic()
        if now - self._measured > SIZE_CACHE_S:
            self._size, self._measured = self._ray.cluster_resources(), now
        return room_for(self._size, demand_of(need))

    @property
    def prefetch(self) -> int:
        """How many jobs to hand out beyond the slots."""
        return DEMAND if self._grows else PREFETCH

    @property
    def waiting(self) -> str | None:
        """What jobs that are out wait for, in words. Raises UserError as ``check``
        does.
        """
        needs = {
            (amounts_in_words(demand_of(need)), job.world_size): (need, job.world_size)
            for job, need in self._in_flight.values()
        }
        short = (
            self.check(need, size)
            for need, size in needs.values()
            if self.slots(need) < size
        )
        return next(filter(None, short), None)

    def check(self, need: Resources, world_size: int = 1) -> str | None:
        """What a run on so many world_size, each with these needs, waits for; None
        where the nodes that are up do.

        Raises UserError where they do not and none is to be expected: on a cluster
        without an autoscaler at once, else when none has come for a while. A node that
        was there is expected back.
        """
        nodes, wanted = self._nodes(), demand_of(need)
        room, now = sum(room_for(node, wanted) for node in nodes), time.monotonic()
        words = (
            f"{world_size} times {amounts_in_words(wanted)}"
            if world_size > 1
            else amounts_in_words(wanted)
        )
        if room >= world_size:
            self._missing.pop(words, None)
            self._met.add(words)
            return None
        waited = now - self._missing.setdefault(words, now)
        refused = wanted in self._refused(self._ray)
        expected = self._grows or words in self._met
        if expected and waited < (REFUSAL if refused else NODE_STARTUP_TIMEOUT_S):
            return f"nodes with {words}" if world_size > 1 else f"a node with {words}"
        if room:
            asked = f"A run on {world_size} workers asks for {words}, and the cluster has room for {room}"
        else:
            biggest = {
                name: max((node.get(name, 0) for node in nodes), default=0)
                for name in wanted
            }
            asked = f"A run asks for {words}, and the largest node has {amounts_in_words(biggest)}"
        if refused:
            asked += "; the cluster's autoscaler says that it has none that fits"
        elif expected:
            asked += f"; none that fits came within {NODE_STARTUP_TIMEOUT_S / 60:.0f} minutes"
        lower = "`world_size` in the recipe" if room else "`resources` in the profile"
        raise UserError(
            f"{asked}: lower {lower}, or join a larger cluster with --address."
        )

    def _refused(self, ray: Any) -> list[dict[str, float]]:
        """The demands for which the cluster's autoscaler says that it has no node; also
        notes whether there is one.
        """
        refused: list[dict[str, float]] = []
        if not self._embedded:
            with suppress(Exception):  # who does not answer is asked again
                far = ray.util.client.ray.is_connected()
                look = ray.remote(num_cpus=0)(autoscaler_state)
                self._grows, refused = (
                    ray.get(look.remote()) if far else autoscaler_state()
                )
        return refused

    def _nodes(self) -> list[dict[str, float]]:
        """What each node that is up has."""
        return [node["Resources"] for node in self._ray.nodes() if node["Alive"]]

    def warm(self, need: Resources, device: str) -> None:
        """Have every slot import torch while the driver prepares; returns at once."""
        if device == "cpu" and (self._embedded or demand_of(need) == ONE):
            return  # they do since the cluster was opened
        self._warm_up(self.slots(need), device, remote_options(need))

    def _warm_up(self, slots: int, device: str, options: Mapping[str, Any]) -> None:
        for _ in range(min(slots, WARMUP_TIMEOUT_S)):
            self._warm.options(**options).remote(device)

    def submit(self, job: Job, need: Resources, exclusive: bool = False) -> None:
        """Hand a job out; ``exclusive``: to a node that does nothing else for us meanwhile."""
        if exclusive and job.world_size == 1:
            need = need.model_copy(
                update={
                    "cpus": max(
                        need.cpus, *(node.get("CPU", 0.0) for node in self._nodes())
                    )
                }
            )
        name = f"{job.task}/{job.level}/{job.arm} block {job.members[0].block} {job.members[0].kind}"
        if job.world_size > 1:
            sent = self._lead.options(name=name).remote(job, demand_of(need))
        else:
            sent = self._run.options(name=name, **remote_options(need)).remote(job)
        self._in_flight[sent] = job, need

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    def wait(self, seconds: float) -> list[JobOutcome]:
        """What came back, as soon as something does; empty after so many seconds, or
        where nothing is out.
        """
        if not self._in_flight:
            return []
        ready, _ = self._ray.wait(list(self._in_flight), num_returns=1, timeout=seconds)
        more, _ = self._ray.wait(
            list(self._in_flight), num_returns=len(self._in_flight), timeout=0
        )
        return [self._landed(reference) for reference in dict.fromkeys([*ready, *more])]

    def _landed(self, reference: Any) -> JobOutcome:
        job, _ = self._in_flight.pop(reference)
        try:
            return JobOutcome(job, self._ray.get(reference))
        except self._ray.exceptions.OutOfMemoryError as error:
            return JobOutcome(job, [], first_line(error), out_of_memory=True)
        except (
            self._ray.exceptions.RayTaskError
        ) as error:  # only who leads a group lets errors out
            return JobOutcome(job, [], first_line(error.cause))
        except self._ray.exceptions.RayError as error:
            if job.world_size > 1:
                self._make_room(job)
            return JobOutcome(job, [], first_line(error))

    def _make_room(self, job: Job) -> None:
        """Give back what a group held. Whoever leads it does so in any case but one:
        when that process is killed.
        """
        from ray.experimental.internal_kv import _internal_kv_get
        from ray.util import remove_placement_group

        if held := _internal_kv_get(held_by(job)):
            remove_placement_group(pickle.loads(held))

    def cancel(self) -> None:
        """Stop what is in flight."""
        groups = [
            reference
            for reference, (job, _) in self._in_flight.items()
            if job.world_size > 1
        ]
        ended: list[Any] = []
        # whoever leads one ends it as at Ctrl-C; killed, it could not give back its
        # room
        if groups:
            for reference in groups:
                self._ray.cancel(reference, force=False, recursive=False)
            ended, _ = self._ray.wait(
                groups, num_returns=len(groups), timeout=CANCEL_TIMEOUT_S
            )
        for reference in self._in_flight.keys() - set(
            ended
        ):  # Ray aborts at times where one is cancelled twice
            self._ray.cancel(reference, force=True)
        self._in_flight.clear()

    def close(self) -> None:
        """End an embedded cluster, or leave the one that was joined; again is harmless."""
        self._unwanted = True
        with self._closing:
            if (
                self._opened.exception() is None and not self._closed.is_set()
            ):  # once it is known
                self.cancel()
                self._ray.shutdown()
            self._closed.set()


def _run_job(job: Job) -> list[Result]:
    from suite.training.worker import (
        run_job,  # in the worker: the driver need not wait for torch to start Ray
    )

    return run_job(job)


def _warm(device: str) -> str:
    from suite.training.environment import warm_up

    host = warm_up(device)
    time.sleep(0.3)  # keep the slot, so that the next call warms another worker
    return host

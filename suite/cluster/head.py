"""Notices that a cluster is gone, and keeps its user from waiting for it.

Without its head (the GCS) some of Ray's calls wait for a minute, and Ray then ends the
whole process with a message of its own: neither the state of a campaign nor what the
user can do would be told. So the ports are looked at here, once a second.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from types import ModuleType
from typing import TypeVar

from suite.cluster.errors import ClusterLost

LOOK_INTERVAL_S = 1.0
CONNECT_TIMEOUT_S = 5.0
# How long a port may refuse connections before its process counts as gone. A head may
# be started again elsewhere, as KubeRay does where it keeps its state in Redis.
RESTART_TIMEOUT_S = 45.0
NEVER_BACK_S = 3.0  # for a process that nobody starts again
ANSWER_POLL_S = 0.2
T = TypeVar("T")
log = logging.getLogger("bakeoff")


@dataclass(frozen=True)
class Port:
    """A process of Ray's, by the port that it listens on."""

    name: str
    """What the user is told of it."""

    host: str
    number: int
    patience: float
    """For how many seconds it may refuse connections."""

    @property
    def gone(self) -> str:
        """What the user is told once it is gone."""
        return f"{self.name} does not answer"

    def is_listening(self) -> bool:
        """Whether something listens there."""
        try:
            where = self.host, self.number
            with socket.create_connection(where, CONNECT_TIMEOUT_S):
                return True
        except OSError:
            return False


def ports_of(ray: ModuleType, is_own: bool) -> list[Port]:
    """What a driver needs of Ray: the head, and this node's raylet.

    Empty for a client (``ray://``), which has one connection, and is told of its end.
    """
    if ray.util.client.ray.is_connected():
        return []
    context = ray.get_runtime_context()
    host, _, port = context.gcs_address.rpartition(":")
    patience = NEVER_BACK_S if is_own else RESTART_TIMEOUT_S
    found = [Port("its head", host.strip("[]"), int(port), patience)]
    for node in ray.nodes():
        if node["NodeID"] == context.get_node_id():
            number = node["NodeManagerPort"]
            found.append(
                Port(
                    "the raylet of this node",
                    node["NodeManagerAddress"],
                    number,
                    NEVER_BACK_S,
                )
            )
    return found


class HeadWatch:
    """Whether the cluster is still there, looked at in a thread of the caller's.

    ``hint`` is what the user can do, as the end of a sentence.
    """

    def __init__(self, cluster: str, hint: str) -> None:
        self._cluster = cluster
        self._hint = hint
        self._lost = ""
        self._ports: Sequence[Port] = ()

    @property
    def is_lost(self) -> bool:
        """Whether the cluster is gone for good."""
        return bool(self._lost)

    def check(self) -> None:
        """Raise ClusterLost if the cluster is gone."""
        if self._lost:
            raise self.error(self._lost)

    def look(self) -> None:
        """Look now, as where a job was lost. Raises ClusterLost if a process is gone
        that nobody starts again.
        """
        for port in self._ports:
            if port.patience <= NEVER_BACK_S and not port.is_listening():
                self._lost = port.gone
        self.check()

    def error(self, what: str) -> ClusterLost:
        """The error that tells the user what happened to the cluster."""
        return ClusterLost(
            f"{self._cluster} is gone ({what}): {self._hint} "
            "Everything recorded is kept."
        )

    def watch(self, ports: Sequence[Port], leaving: threading.Event) -> None:
        """Look once a second, until this process is leaving the cluster, or it is gone."""
        self._ports = ports
        since: dict[Port, float] = {}
        while not leaving.wait(LOOK_INTERVAL_S):
            now = time.monotonic()
            for port in ports:
                if port.is_listening():
                    since.pop(port, None)
                    continue
                if leaving.is_set():
                    return  # it was ended on purpose
                silent = now - since.setdefault(port, now)
                if silent == 0.0:
                    log.warning("%s: %s is silent", self._cluster, port.name)
                if silent >= port.patience:
                    self._lost = port.gone
                    return

    def call(self, ask: Callable[[], T]) -> T:
        """What ``ask`` returns, which may wait for a head that is gone.

        Raises ClusterLost rather than wait any longer then.
        """
        self.check()
        answer: Future[T] = Future()
        threading.Thread(
            target=_settle,
            args=(ask, answer),
            name="ray-asking",
            daemon=True,
        ).start()
        while not wait([answer], ANSWER_POLL_S).done:
            self.check()
        return answer.result()


def _settle(ask: Callable[[], T], answer: Future[T]) -> None:
    try:
        answer.set_result(ask())
    except BaseException as error:
        answer.set_exception(error)

"""Capacity of a cluster: now, after a node is added, or never."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from suite.cluster.autoscaler import AutoscalerState, autoscaler_state
from suite.cluster.protocol import PREFETCH
from suite.cluster.resources import (
    amounts_in_words,
    demand_of,
    largest,
    room_for,
)
from tasks import UserError

if TYPE_CHECKING:
    from suite.training.resources import Resources

# An autoscaler adds as many nodes as queued jobs require.
AUTOSCALING_PREFETCH = 100
# The cluster's size is read for every run, and cached for that long.
SIZE_CACHE_S = 0.5
# The time that Ray's autoscaler allows a node for starting.
NODE_STARTUP_TIMEOUT_S = 900.0
# Where the autoscaler says that no node type fits: it may not have seen the
# demand, as on a busy machine, where 15 seconds were too few.
INFEASIBLE_TIMEOUT_S = 60.0


class Capacity:
    """The nodes of a cluster, and those that are expected.

    ``ask`` calls a function with Ray, once it is connected, and returns what that
    returns. ``fixed`` says that the cluster is this machine, so that no further node
    ever comes.
    """

    def __init__(
        self, ask: Callable[[Callable[[Any], Any]], Any], fixed: bool
    ) -> None:
        self._ask = ask
        self._fixed = fixed
        self._total: dict[str, float] = {}  # of all nodes together
        self._total_read = -math.inf  # when, by the monotonic clock
        self._autoscaler = AutoscalerState()
        # Since when no node meets a demand, by the monotonic clock.
        self._missing_since: dict[str, float] = {}
        # Demands that nodes met at some time: one that went down may come
        # back.
        self._met_before: set[str] = set()

    @property
    def prefetch(self) -> int:
        """Jobs to submit beyond the slots: more where an autoscaler has to see demand
        before it adds nodes.
        """
        return (
            AUTOSCALING_PREFETCH if self._autoscaler.adds_nodes else PREFETCH
        )

    def has_gpu(self) -> bool:
        """Whether any node that is up has a GPU."""
        return bool(self._resources().get("GPU"))

    def slots(self, need: Resources) -> int:
        """How many runs with these needs fit, as of at most ``SIZE_CACHE_S`` seconds
        ago.

        Nodes that are busy count, too: it is the size of the cluster, not what is free.
        """
        now = time.monotonic()
        if now - self._total_read > SIZE_CACHE_S:
            self._total, self._total_read = self._resources(), now
        return room_for(self._total, demand_of(need))

    def most_cpus(self) -> float:
        """The CPUs of the largest node."""
        return largest(self._nodes(), ["CPU"])["CPU"]

    def check(self, need: Resources, world_size: int) -> str | None:
        """What a run on so many workers, each with these needs, waits for.

        None if it fits on the nodes that are up. Raises UserError if none that fits is
        to be expected: at once on a cluster without an autoscaler, else when none came
        in time. A node that was there before is expected back.
        """
        demand = demand_of(need)
        words = amounts_in_words(demand, world_size)
        nodes = self._nodes()
        room = sum(room_for(node, demand) for node in nodes)
        if room >= world_size:
            # Nodes may go down again: waiting then starts afresh.
            self._missing_since.pop(words, None)
            self._met_before.add(words)
            return None
        self.ask_autoscaler()
        infeasible = demand in self._autoscaler.infeasible
        expected = self._autoscaler.adds_nodes or words in self._met_before
        patience = (
            INFEASIBLE_TIMEOUT_S if infeasible else NODE_STARTUP_TIMEOUT_S
        )
        now = time.monotonic()
        waited = now - self._missing_since.setdefault(words, now)
        if expected and waited < patience:
            return (
                f"nodes with {words}"
                if world_size > 1
                else f"a node with {words}"
            )
        if infeasible:
            reason = (
                "; the cluster's autoscaler says that it has none that fits"
            )
        elif expected:
            minutes = NODE_STARTUP_TIMEOUT_S / 60
            reason = f"; none that fits came within {minutes:.0f} minutes"
        else:
            reason = ""
        raise UserError(
            _unmeetable(words, world_size, demand, room, nodes, reason)
        )

    def ask_autoscaler(self) -> None:
        """Read the autoscaler's state; if it does not answer, keep the last one."""
        if self._fixed:
            return
        # These are internals of Ray, which may change with its version: a
        # campaign must not fail over what it only waits by.
        with suppress(Exception):
            self._autoscaler = self._ask(_read_autoscaler)

    def _resources(self) -> dict[str, float]:
        """The resources of all running nodes together."""
        total: dict[str, float] = self._ask(
            lambda ray: ray.cluster_resources()
        )
        return total

    def _nodes(self) -> list[dict[str, float]]:
        """The resources of each running node."""
        nodes = self._ask(lambda ray: ray.nodes())
        return [node["Resources"] for node in nodes if node["Alive"]]


def _read_autoscaler(ray: Any) -> AutoscalerState:
    """Through a task where this process is a client, which has no state of its own."""
    if not ray.util.client.ray.is_connected():
        return autoscaler_state()
    reader = ray.remote(num_cpus=0)(autoscaler_state)
    state: AutoscalerState = ray.get(reader.remote())
    return state


def _unmeetable(
    words: str,
    world_size: int,
    demand: dict[str, float],
    room: int,
    nodes: list[dict[str, float]],
    reason: str,
) -> str:
    """The message: what was requested, what exists, and what would work."""
    if room:
        asked = (
            f"A run on {world_size} workers asks for {words}, "
            f"and the cluster has room for {room}"
        )
        lower = "`world_size` in the recipe"
    else:
        biggest = amounts_in_words(largest(nodes, demand))
        asked = f"A run asks for {words}, and the largest node has {biggest}"
        lower = "`resources` in the profile"
    return f"{asked}{reason}: lower {lower}, or join a larger cluster with --address."

"""Needs and nodes: what a run asks for, and where there is room for it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from suite.training.resources import Resources


NODE_STARTUP_TIMEOUT_S = (
    900.0  # seconds for a node to come: as long as Ray's autoscaler gives one to start
)
REFUSAL = 15.0  # seconds, where it says that it has none that fits


def autoscaler_state() -> tuple[bool, list[dict[str, float]]]:
    """Whether nodes can be had on demand, and the demands for which the autoscaler says
    that it has none.

    Ray has two autoscalers, of which the older does not tell the latter. Every cluster
    runs one of them; where nodes were started by hand, it merely looks on, and names
    each node by its id.
    """
    import ray
    from ray.autoscaler.v2.utils import is_autoscaler_v2
    from ray.core.generated import autoscaler_pb2
    from ray.experimental.internal_kv import (
        _internal_kv_get,
        internal_kv_get_gcs_client,
    )

    if is_autoscaler_v2():
        messages: Any = autoscaler_pb2
        status = messages.GetClusterStatusReply.FromString(
            internal_kv_get_gcs_client().get_cluster_status()
        )
        named = any(
            node.ray_node_type_name
            for node in status.cluster_resource_state.node_states
        )
        return named, [
            dict(one.resources_bundle)
            for one in status.autoscaling_state.infeasible_resource_requests
        ]
    report = (
        json.loads(_internal_kv_get("__autoscaling_status") or "{}").get(
            "autoscaler_report"
        )
        or {}
    )
    kinds = {
        *report.get("active_nodes", ()),
        *(report.get("idle_nodes") or ()),
        *report.get("pending_launches", ()),
    }
    return bool(kinds - {f"node_{node['NodeID']}" for node in ray.nodes()}), []


def demand_of(need: Resources) -> dict[str, float]:
    wanted = {
        "CPU": need.cpus,
        "GPU": need.gpus,
        "memory": float(need.memory or 0),
        **need.custom,
    }
    return {name: amount for name, amount in wanted.items() if amount}


def room_for(have: Mapping[str, float], wanted: Mapping[str, float]) -> int:
    """How many with these needs there is room for."""
    return min(
        (
            math.floor(have.get(name, 0) / amount + 1e-9)
            for name, amount in wanted.items()
        ),
        default=1,
    )


def remote_options(need: Resources) -> dict[str, Any]:
    options: dict[str, Any] = {"num_cpus": need.cpus}
    if need.gpus:
        options["num_gpus"] = need.gpus
    if need.memory:
        options["memory"] = need.memory
    if need.custom:
        options["resources"] = dict(need.custom)
    return options


def amounts_in_words(amounts: Mapping[str, float]) -> str:
    return ", ".join(f"{amount:g} {name}" for name, amount in amounts.items())

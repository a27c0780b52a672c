"""What a cluster's autoscaler says: whether it adds nodes, and what it cannot add."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class AutoscalerState:
    """What the autoscaler says of this cluster."""

    adds_nodes: bool = False
    """Whether nodes are added on demand."""

    infeasible: list[dict[str, float]] = field(default_factory=list)
    """The demands that no node type meets: amounts by resource."""


def autoscaler_state() -> AutoscalerState:
    """The state of this process's cluster.

    Ray has two autoscalers, of which the older does not report infeasible requests.
    Every cluster runs one of them: where nodes were started by hand it merely watches,
    and names each node by its id rather than by a type.
    """
    from ray.autoscaler.v2.utils import is_autoscaler_v2

    return _newer_state() if is_autoscaler_v2() else _older_state()


def _newer_state() -> AutoscalerState:
    from ray.core.generated import autoscaler_pb2
    from ray.experimental.internal_kv import internal_kv_get_gcs_client

    messages: Any = autoscaler_pb2
    status = messages.GetClusterStatusReply.FromString(
        internal_kv_get_gcs_client().get_cluster_status()
    )
    nodes = status.cluster_resource_state.node_states
    infeasible = status.autoscaling_state.infeasible_resource_requests
    return AutoscalerState(
        # Nodes that were started by hand have no type.
        adds_nodes=any(node.ray_node_type_name for node in nodes),
        infeasible=[dict(request.resources_bundle) for request in infeasible],
    )


def _older_state() -> AutoscalerState:
    import ray
    from ray.experimental.internal_kv import _internal_kv_get

    status = json.loads(_internal_kv_get("__autoscaling_status") or "{}")
    report = status.get("autoscaler_report") or {}
    types: set[str] = set()
    for name in ("active_nodes", "idle_nodes", "pending_launches"):
        types |= set(report.get(name) or ())
    # The older autoscaler lists nodes started by hand as types of their own.
    by_hand = {f"node_{node['NodeID']}" for node in ray.nodes()}
    return AutoscalerState(adds_nodes=bool(types - by_hand))

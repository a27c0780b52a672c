"""A run's resource requirements in Ray's terms: amounts of named resources."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from suite.training.resources import Resources

Amounts = Mapping[str, float]  # of named resources; memory in bytes
# Floats make 0.3 / 0.1 a little less than 3, and there are three slots.
ROUNDING = 1e-9


def demand_of(need: Resources) -> dict[str, float]:
    """A run's resource requirements by Ray's names, without zeros; memory in bytes."""
    wanted = {
        "CPU": need.cpus,
        "GPU": need.gpus,
        "memory": float(need.memory or 0),
        **need.custom,
    }
    return {name: amount for name, amount in wanted.items() if amount}


def room_for(have: Amounts, wanted: Amounts) -> int:
    """How many runs with these requirements fit into these resources.

    1 where nothing is required.
    """
    fits = []
    for name, amount in wanted.items():
        times = have.get(name, 0) / amount
        fits.append(math.floor(times + ROUNDING))
    return min(fits, default=1)


def largest(
    nodes: Iterable[Amounts], names: Iterable[str]
) -> dict[str, float]:
    """The most that any node has of each of these; 0 where none has any."""
    nodes = list(nodes)
    most = {}
    for name in names:
        amounts = [node.get(name, 0.0) for node in nodes]
        most[name] = max(amounts, default=0.0)
    return most


def remote_options(need: Resources) -> dict[str, Any]:
    """The options of a Ray task with these needs."""
    options: dict[str, Any] = {"num_cpus": need.cpus}
    if need.gpus:
        options["num_gpus"] = need.gpus
    if need.memory:
        options["memory"] = need.memory
    if need.custom:
        options["resources"] = dict(need.custom)
    return options


def amounts_in_words(amounts: Amounts, times: int = 1) -> str:
    """For example "1 CPU, 0.5 GPU", or "2 times 1 CPU"."""
    words = ", ".join(f"{amount:g} {name}" for name, amount in amounts.items())
    return words if times == 1 else f"{times} times {words}"

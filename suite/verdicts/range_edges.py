"""Learning rates whose best value lies at the end of their range."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtrc

from search.ranges import EDGE_FRACTION, Edge, edges, position
from suite.verdicts.case import Case
from suite.verdicts.effects import cell_values, pull
from suite.verdicts.gate import Finding
from suite.verdicts.message import Message, message
from tasks import Categorical, Space
from tasks.contract.space import is_rate


@dataclass(frozen=True)
class RateEdge:
    """One end of the range of one arm's learning rate at one level."""

    arm: str
    """The name of the arm."""

    name: str
    """The name of the hyperparameter."""

    level: str
    """The name of the level."""

    edge: Edge
    """The end of its range, with how many blocks chose a value near it."""


def rate_edges(case: Case) -> Iterator[RateEdge]:
    """Both ends of the range of every learning rate that was tuned."""
    for arm in case.claim.arms:
        for level in case.levels:
            for name, hyperparameter in case.manifest.space_of(
                arm, level
            ).items():
                tuned = not isinstance(hyperparameter, Categorical)
                recorded = f"param.{name}" in case.finals
                if is_rate(name) and tuned and recorded:
                    for edge in _edges_of(case, arm, level, name):
                        yield RateEdge(arm, name, level, edge)


def _edges_of(case: Case, arm: str, level: str, name: str) -> list[Edge]:
    """Both ends of one range, with how many blocks chose a value near each."""
    # (blocks, levels, arms)
    chosen = cell_values(case, case.finals, f"param.{name}")
    level_index = case.levels.index(level)
    arm_index = case.claim.arms.index(arm)
    values = chosen[:, level_index, arm_index]
    known = values[np.isfinite(values)]
    hyperparameter = case.manifest.space_of(arm, level)[name]
    return edges(
        Space(**{name: hyperparameter}), [{name: value} for value in known]
    )


def edge_finding(case: Case, found: RateEdge) -> Finding:
    """A rate at the end of its range: a wider range could only help its arm."""
    seen = _message(case, found)
    return Finding(seen, pull(case, found.arm, found.level))


def _message(case: Case, found: RateEdge) -> Message:
    """At which end, in how many blocks, and how often chance does that."""
    edge = found.edge
    share = _share_tried(case, found)
    # as scipy.stats.binom.sf, without the second that its import takes
    # The chance of that many blocks or more, if each has the share's.
    by_chance = bdtrc(edge.near_bound - 1, edge.blocks, share)
    is_high = edge.end == "high"
    return message(
        "seen-range-edge-high" if is_high else "seen-range-edge-low",
        arm=found.arm,
        name=found.name,
        at_level=found.level,
        number_bound=float(edge.bound),
        near_bound=int(edge.near_bound),
        blocks=int(edge.blocks),
        trials=case.manifest.trials_of(found.arm, found.level),
        percent_chance=float(by_chance),
    )


def _share_tried(case: Case, found: RateEdge) -> float:
    """The share of an arm's trials that lay in the outer tenth at this end of the
    range: how often the best one does if the value does not matter.
    """
    trials = case.trials
    column = f"param.{found.name}"
    of_arm = (trials["arm"] == found.arm) & (trials["level"] == found.level)
    # No trial on record: as if they lay evenly over the range.
    if column not in trials or not of_arm.any():
        return EDGE_FRACTION
    hyperparameter = case.manifest.space_of(found.arm, found.level)[found.name]
    assert not isinstance(hyperparameter, Categorical)
    tried = trials[of_arm][column].dropna()
    positions = np.array(
        [position(hyperparameter, float(value)) for value in tried]
    )
    if found.edge.end == "high":
        near_bound = positions >= 1 - EDGE_FRACTION
    else:
        near_bound = positions <= EDGE_FRACTION
    return float(near_bound.mean())

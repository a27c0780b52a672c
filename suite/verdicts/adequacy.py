"""Adequacy gates: was the comparison good enough to be judged?

Each gate checks one property of the search, never its outcome: gates read
hyperparameters, statuses and validation, and not the test. A gate that does not apply
(no learning rate was tuned, parameters are not matched) is left out.

A new gate is a function with ``@register_gate`` and three messages in each language:
``gate-<code>`` (its name where it failed), ``gate-<code>-passed`` (what holds where it
did not) and ``gate-<code>-hint`` (what to do about it).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import bdtrc

from search.ranges import OUTER, Edge, edges, place
from suite.verdicts.case import Case
from suite.verdicts.effects import (
    cell_values,
    effects,
    final_values,
    half_budget_values,
    on_scale,
)
from suite.verdicts.message import Message, Value, message
from suite.verdicts.statistics import Floats, estimate
from tasks import Categorical, Space
from tasks.contract.space import is_rate

MOST_FAILED = 0.2  # of an arm's trials
FEW_ERRORS = 5  # with fewer, two arms cannot be distinguished
FINEST_MARGIN = 2  # examples; a margin below that is finer than the test can show
STEADY_SCHEDULES = ("constant", "plateau")  # the rate stays high to the end
MOST_TOLD = 2  # findings; the rest are only counted


@dataclass(frozen=True)
class Finding:
    """One finding of a gate, and the direction in which fixing it would ``pull`` the
    claim's effect: +1 up, -1 down, 0 either way.
    """

    seen: Message
    pull: int = 0


@dataclass(frozen=True)
class Gate:
    """The result of a gate: whether it ``failed``, and its findings.

    A gate that passed without findings has an empty ``seen``. One whose question makes
    no sense for the claim is not ``asked``, and ``seen`` says why. ``findings`` are
    what it failed for, where some of them may only strengthen the answer.
    """

    code: str
    failed: bool
    seen: tuple[Message, ...] = ()
    asked: bool = True
    findings: tuple[Finding, ...] = field(default=(), repr=False)

    def towards(self, direction: int) -> Gate:
        """The same for an answer that the effect lies above 0 (``direction`` 1) or
        below it (-1): findings that would only pull it further that way are no
        objection.
        """
        if not direction or not self.failed or not self.findings:
            return self
        against = [one for one in self.findings if one.pull != direction]
        if against:
            return _directed_gate(self.code, against)
        seen = (message("seen-only-strengthens", found=self.findings[0].seen),)
        return Gate(self.code, False, seen)


Check = Callable[[Case], Gate | None]
GATES: dict[str, Check] = {}
Flags = NDArray[np.bool_]


def register_gate(code: str) -> Callable[[Check], Check]:
    """A decorator: apply this gate to every claim, after those registered before it."""

    def register(check: Check) -> Check:
        GATES[code] = check
        return check

    return register


def gates(case: Case) -> tuple[Gate, ...]:
    """All gates that apply to a claim, in display order."""
    found = (check(case) for check in GATES.values())
    return tuple(gate for gate in found if gate is not None)


# --------------------------------------------------------------------------- the gates


@register_gate("failed-trials")
def failed_trials(case: Case) -> Gate | None:
    """More than a fifth of an arm's trials failed, pooled over levels and blocks. Lost
    runs do not count.
    """
    trials = case.trials
    trials = trials[trials["status"] != "lost"]
    if trials.empty:
        return None
    seen = []
    for arm, statuses in trials.groupby("arm")["status"]:
        failed = statuses[statuses != "finished"]
        if len(failed) > MOST_FAILED * len(statuses):
            causes = tuple(
                message("cause", count=int(count), status=Message(_status(status)))
                for status, count in failed.value_counts().items()
            )
            seen.append(
                message(
                    "seen-failed-trials",
                    arm=str(arm),
                    failed=len(failed),
                    trials=len(statuses),
                    causes=causes,
                )
            )
    return _gate("failed-trials", seen)


@register_gate("parameters")
def parameters(case: Case) -> Gate | None:
    """The arms' parameter counts differ by more than the task says they may."""
    within = case.manifest.parameters_within
    if within is None or len(case.claim.arms) < 2 or "parameters" not in case.finals:
        return None
    known = case.finals.dropna(subset=["parameters"])
    counts = known.groupby(["level", "arm"])["parameters"].max()
    if not (counts.groupby("level").size() > 1).any():
        return None
    seen = []
    for level in counts.index.unique("level"):
        here = counts[level].astype(float)
        excess = here.max() / here.min() - 1
        if excess > within * (1 + 1e-9):
            most, least = str(here.idxmax()), str(here.idxmin())
            seen.append(
                message(
                    "seen-parameters",
                    arm_most=most,
                    arm_least=least,
                    most=int(here[most]),
                    least=int(here[least]),
                    place=str(level),
                    percent_excess=float(excess),
                    percent_allowed=float(within),
                )
            )
    return _gate("parameters", seen)


@register_gate("machines")
def machines(case: Case) -> Gate | None:
    """Times are comparable only where the arms of a block ran on the same machine."""
    finals = case.finals
    timed = not case.metric.deterministic
    if not timed or finals.empty or len(case.claim.arms) < 2:
        return None
    where = finals["host"].astype(str) + "/" + finals["device"].astype(str)
    machines_used = where.groupby([finals["level"], finals["block"]]).nunique()
    mixed = int((machines_used > 1).sum())
    seen = [message("seen-machines", blocks=mixed)] if mixed else []
    return _gate("machines", seen)


@register_gate("range-edge")
def range_edge(case: Case) -> Gate | None:
    """The best learning rate lies at the same end of its range in at least half of the
    blocks (and in two).

    An arm that did better with a wider range would only strengthen an answer in its
    favour: see ``Gate.towards``.
    """
    if case.metric.cost:
        return None
    edges_seen = list(_rate_edges(case))
    crowded = [
        Finding(_seen_edge(case, arm, name, level, edge), _pull(case, arm, level))
        for arm, name, level, edge in edges_seen
        if edge.crowded
    ]
    return _directed_gate("range-edge", crowded) if edges_seen else None


def _seen_edge(case: Case, arm: str, name: str, level: str, edge: Edge) -> Message:
    end = "high" if edge.end == "high" else "low"
    # as scipy.stats.binom.sf, without its second of imports
    by_chance = bdtrc(
        edge.there - 1, edge.blocks, _share_tried(case, arm, name, level, end)
    )
    values: dict[str, Value] = {
        "arm": arm,
        "name": name,
        "place": level,
        "number_bound": float(edge.bound),
        "there": int(edge.there),
        "blocks": int(edge.blocks),
        "trials": case.manifest.trials_of(arm, level),
        "percent_chance": float(by_chance),
    }
    if end == "high":
        return message("seen-range-edge-high", **values)
    return message("seen-range-edge-low", **values)


def _share_tried(case: Case, arm: str, name: str, level: str, end: str) -> float:
    """The share of an arm's trials that lay in the outer tenth at one end of a range:
    how often the best one does if the value does not matter.
    """
    trials, column = case.trials, f"param.{name}"
    here = (trials["arm"] == arm) & (trials["level"] == level)
    if column not in trials or not here.any():
        return OUTER
    tried = trials[here][column].dropna()
    hyperparameter = case.manifest.space_of(arm, level)[name]
    assert not isinstance(hyperparameter, Categorical)
    places = np.array([place(hyperparameter, float(value)) for value in tried])
    there = places >= 1 - OUTER if end == "high" else places <= OUTER
    return float(there.mean())


@register_gate("still-improving")
def still_improving(case: Case) -> Gate | None:
    """The answer was still moving when training ended: on validation, over the last
    quarter of the steps.

    Either the claim's effect moved by more than half the margin, and by more than
    chance (its 95 % interval over blocks excludes 0), or one arm alone improved by more
    than two margins. Both count only where the best checkpoint of an arm lies in the
    last tenth of the steps in at least half of the cells: an arm that has stopped
    improving is done, whatever its curve did before. What would only strengthen the
    answer is no objection: see ``Gate.towards``.

    Asked of constant and plateau rates alone: under a rate that falls every curve
    flattens, finished or not, and half-length finals tell more. A claim about a fixed
    budget is not asked.
    """
    code = "still-improving"
    ends = None if case.metric.cost else _curve_ends(case)
    if ends is None:
        return None
    if case.claim.fixed_budget:
        return Gate(code, False, (message("seen-fixed-budget"),), asked=False)
    if _rate_falls(case):
        return Gate(code, False, (message("seen-rate-falls"),), asked=False)
    early = cell_values(case, ends, "early")
    late = cell_values(case, ends, "late")
    came_late = cell_values(case, ends, "came_late")
    arrives_late = block_mean(came_late) >= 0.5  # (levels, arms)
    moving = _moving_effects(case, early, late, arrives_late)
    improving = _improving_arms(case, early, late, arrives_late)
    return _directed_gate(code, [*moving, *improving])


def _rate_falls(case: Case) -> bool:
    """Whether the schedule of an arm lets its rate fall towards the end of training."""
    schedules = {
        case.manifest.schedule_of(arm, level)
        for arm in case.claim.arms
        for level in case.levels
    }
    return bool(schedules - {None, *STEADY_SCHEDULES})


@register_gate("tuning-budget")
def tuning_budget(case: Case) -> Gate | None:
    """The arm ahead on validation changes between half of the trials and all of them.

    Ahead means by more than half the margin, so that two equal arms do not fail the
    gate by alternating.
    """
    budget = case.manifest.trials
    if case.metric.cost or budget < 2 or _half_budget_finals_are_in(case):
        return None
    half = _mean_effects_with(case, budget // 2)
    full = _mean_effects_with(case, budget)
    if half is None or full is None:
        return None
    claim = case.claim
    seen = []
    for part, before, after in zip(case.parts, half, full, strict=True):
        clear = min(abs(before), abs(after)) > claim.margin / 2
        if clear and before * after < 0:
            code = "seen-tuning-budget"
            if claim.at_least:
                code = "seen-tuning-budget-promised"
            seen.append(
                message(
                    code,
                    place=part,
                    effect_half=float(before),
                    effect_full=float(after),
                    margin_promised=claim.at_least,
                    half=budget // 2,
                    trials=budget,
                )
            )
    return _gate("tuning-budget", seen)


@register_gate("too-easy")
def too_easy(case: Case) -> Gate | None:
    """Too few examples to show a difference: all arms nearly perfect, or a margin below
    two examples.
    """
    tests, examples = case.examples("test"), case.examples("validation")
    metric, claim = case.metric, case.claim
    counted = metric.is_share and tests > 0 and examples > 0
    with_reference = case.kind.reference(claim) is not None
    if not counted or metric.validation is None or with_reference:
        return None
    seen = []
    values = block_mean(cell_values(case, case.finals, metric.validation))
    errors = 1 - values if metric.better == "higher" else values  # (levels, arms)
    for level, here in zip(case.levels, errors, strict=True):
        if (here < FEW_ERRORS / tests).all():
            seen.append(
                message(
                    "seen-few-errors",
                    place=level,
                    errors=FEW_ERRORS,
                    examples=int(tests),
                )
            )
    plain = not case.scale.logarithmic and not case.kind.over_levels
    if plain and claim.margin < FINEST_MARGIN / tests:
        seen.append(
            message(
                "seen-fine-margin",
                margin=claim.margin,
                least=FINEST_MARGIN,
                examples=int(tests),
            )
        )
    return _gate("too-easy", seen)


# ----------------------------------------------------------------------------- reading


def block_mean(values: Floats) -> Floats:
    """The mean over blocks (the first axis), ignoring NaN; NaN if all are."""
    there = np.isfinite(values)
    count = there.sum(axis=0)
    total = np.where(there, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), math.nan)


def _rate_edges(case: Case) -> Iterator[tuple[str, str, str, Edge]]:
    """(arm, hyperparameter, level, edge) for both ends of every learning rate's range
    that was tuned.
    """
    for number, arm in enumerate(case.claim.arms):
        for level_number, level in enumerate(case.levels):
            for name, hyperparameter in case.manifest.space_of(arm, level).items():
                column = f"param.{name}"
                tuned = not isinstance(hyperparameter, Categorical)
                if not (is_rate(name) and tuned and column in case.finals):
                    continue
                alone = Space(**{name: hyperparameter})
                values = cell_values(case, case.finals, column)[:, level_number, number]
                there = [{name: value} for value in values[np.isfinite(values)]]
                for edge in edges(alone, there):
                    yield arm, name, level, edge


def _curve_ends(case: Case) -> pd.DataFrame | None:
    """Per final of the task: see ``curve_ends``. None if the claim's metric has no
    curves.
    """
    column, curves = case.metric.validation, case.shared.curves
    if column is None or column not in curves:
        return None
    if case.rows(curves)[column].isna().all():
        return None
    return case.shared.curve_ends(column, case.metric.sign)


def _moving_effects(
    case: Case, early: Floats, late: Floats, arrives_late: Flags
) -> Iterator[Finding]:
    """The parts whose effect moved over the last quarter of training."""
    examples, margin = case.examples("validation"), case.claim.margin
    moved = effects(late, case, examples) - effects(early, case, examples)
    for number, part in enumerate(case.parts):
        change = estimate(moved[np.isfinite(moved[:, number]), number])
        low, high = change.interval(0.95)
        arms_here = arrives_late[number] if part else arrives_late
        by_chance = low <= 0 <= high
        if (
            change.blocks >= 2
            and arms_here.any()
            and abs(change.mean) > margin / 2
            and not by_chance
        ):
            seen = message("seen-effect-moving", place=part, change=change.mean)
            yield Finding(seen, int(np.sign(change.mean)))


def _improving_arms(
    case: Case, early: Floats, late: Floats, arrives_late: Flags
) -> Iterator[Finding]:
    """The arms that kept improving to the end by more than two margins."""
    examples = case.examples("validation")
    gains = block_mean(on_scale(late, case, examples) - on_scale(early, case, examples))
    margin = case.claim.margin
    if case.kind.along_axis:  # the margin is a slope: its change over the whole axis
        margin *= math.log(max(case.x) / min(case.x))
    improving = arrives_late & (gains > 2 * margin)
    for level, arm in zip(*np.nonzero(improving), strict=True):
        seen = message(
            "seen-arm-improving",
            arm=case.claim.arms[arm],
            place=case.levels[level],
            gain=float(gains[level, arm]),
        )
        yield Finding(seen, _pull(case, case.claim.arms[arm], case.levels[level]))


def _half_budget_finals_are_in(case: Case) -> bool:
    """They answer the same question, and better: see suite.verdicts.judge."""
    if not case.trials_of_half:
        return False
    half, full = np.isfinite(half_budget_values(case)), np.isfinite(final_values(case))
    return bool(half.sum() == full.sum())


def _mean_effects_with(case: Case, trials: int) -> Floats | None:
    """The mean effect on validation, part by part, had every study ended after that
    many trials. None if that is not recorded.
    """
    metric, recorded = case.metric.validation, case.trials
    choice = case.shared.chooses_by.column
    if metric is None or choice not in recorded or metric not in recorded:
        return None
    budget = case.manifest.trials
    complete = np.isfinite(cell_values(case, recorded, choice, needed=budget))
    if not complete.any():
        return None
    best = cell_values(case, case.shared.chosen(trials), metric)
    values = np.where(complete, best, math.nan)
    values = np.where(case.untuned, cell_values(case, case.finals, metric), values)
    return block_mean(effects(values, case, case.examples("validation")))


def _status(status: object) -> str:
    """The code of a run's status."""
    return f"status-{str(status).replace('_', '-')}"


def _pull(case: Case, arm: str, level: str) -> int:
    """Where the effect would go if an arm did better at a level."""
    if case.kind.along_axis:  # that depends on where on the axis it does
        return 0
    shape = len(case.levels), len(case.claim.arms)
    weights = np.broadcast_to(case.kind.weights(case.claim), shape)
    weight = weights[case.levels.index(level), case.claim.arms.index(arm)]
    return int(np.sign(weight))


def _directed_gate(code: str, findings: Sequence[Finding]) -> Gate:
    gate = _gate(code, [finding.seen for finding in findings])
    return replace(gate, findings=tuple(findings))


def _gate(code: str, seen: Iterable[Message]) -> Gate:
    """The gate that failed for each thing seen, or that passed."""
    found = tuple(seen)
    told = found[:MOST_TOLD]
    if left := len(found) - len(told):
        told = (*told, message("seen-more", count=left))
    return Gate(code, bool(found), told)

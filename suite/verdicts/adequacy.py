"""Adequacy gates: was the comparison good enough to be judged?

Each gate checks one property of the search, never its outcome: gates read
hyperparameters, statuses and validation, and not the test. A gate that does not apply
(no learning rate was tuned, parameters are not matched) is left out.

A new gate is a function with ``@register_gate`` and four messages in each language:
``gate-<code>`` (its name where it failed), ``gate-<code>-passed`` (what holds where it
did not), ``gate-<code>-fine`` (what it found then) and ``gate-<code>-hint`` (what to do
about it), in ``suite/report/locale/``. A gate that is not in the suite adds them by
``suite.report.messages.VERDICTS.add``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from suite.training.job import ENDED_WELL
from suite.verdicts.case import Case
from suite.verdicts.effects import (
    average_half_values,
    block_mean,
    cell_values,
    effects,
    final_values,
    half_budget_values,
)
from suite.verdicts.gate import Gate, directed_gate, gate_of
from suite.verdicts.improving import (
    curve_ends,
    improving_arms,
    moving_effects,
    rate_falls,
)
from suite.verdicts.kinds.power_law import change_of_exponent
from suite.verdicts.message import Message, message
from suite.verdicts.moving import moves, moving_with_trials
from suite.verdicts.range_edges import edge_finding, rate_edges
from suite.verdicts.statistics import Floats, has_moved

__all__ = ["GATES", "Check", "gates", "register_gate"]

MAX_FAILED_SHARE = 0.2  # of an arm's trials
MIN_ERRORS = 5  # with fewer, two arms cannot be distinguished
MIN_MARGIN_EXAMPLES = 2  # a margin of fewer is finer than the test can show

Check = Callable[[Case], Gate | None]
GATES: dict[str, Check] = {}


def register_gate(code: str) -> Callable[[Check], Check]:
    """A decorator: apply this gate to every claim, after those registered before it."""

    def register(check: Check) -> Check:
        GATES[code] = check
        return check

    return register


def gates(case: Case) -> tuple[Gate, ...]:
    """All gates that apply to a claim, in display order."""
    results = [check(case) for check in GATES.values()]
    return tuple(gate for gate in results if gate is not None)


# --------------------------------------------------------------------------- the gates


@register_gate("not-a-power")
def not_a_power(case: Case) -> Gate | None:
    """The exponent of a power law changes along the axis, by more than the margin and by
    more than chance.
    """
    if case.kind.statement != "exponent":
        return None
    values = final_values(case)[:, :, 0]  # (blocks, levels) of its only arm
    complete = values[np.isfinite(values).all(axis=1)]
    changes = change_of_exponent(complete, case.x)
    margin = case.claim.margin
    if len(complete) < 2 or not has_moved(changes, margin):
        return gate_of("not-a-power", [])
    change = float(changes.mean())
    return gate_of(
        "not-a-power", [message("seen-not-a-power", number_change=change)]
    )


@register_gate("failed-trials")
def failed_trials(case: Case) -> Gate | None:
    """More than a fifth of an arm's trials failed, pooled over levels and blocks. Lost
    runs do not count.
    """
    trials = case.trials
    # A lost run is its machine's failure, and is repeated.
    counted = trials[trials["status"] != "lost"]
    if counted.empty:
        return None
    seen = []
    for arm, statuses in counted.groupby("arm")["status"]:
        failed = statuses[~statuses.isin(ENDED_WELL)]
        if len(failed) > MAX_FAILED_SHARE * len(statuses):
            seen.append(
                message(
                    "seen-failed-trials",
                    arm=str(arm),
                    failed=len(failed),
                    trials=len(statuses),
                    causes=_causes(failed),
                )
            )
    return gate_of("failed-trials", seen)


def _causes(statuses: pd.Series[str]) -> tuple[Message, ...]:
    """How often each status occurred, the most frequent first."""
    causes = []
    for status, count in statuses.value_counts().items():
        code = str(status).replace("_", "-")
        cause = message(
            "cause", count=int(count), status=Message(f"status-{code}")
        )
        causes.append(cause)
    return tuple(causes)


@register_gate("parameters")
def parameters(case: Case) -> Gate | None:
    """The arms' parameter counts differ by more than the task says they may."""
    allowed = case.manifest.parameters_within
    if (
        allowed is None
        or len(case.claim.arms) < 2
        or "parameters" not in case.finals
    ):
        return None
    known = case.finals.dropna(subset=["parameters"])
    # the largest, where a tuned width gives every block a size of its own
    counts = known.groupby(["level", "arm"])["parameters"].max()
    arms_by_level = counts.groupby("level").size()
    if not (arms_by_level > 1).any():
        return None
    seen = []
    for level in counts.index.unique("level"):
        by_arm = counts[level].astype(float)
        excess = by_arm.max() / by_arm.min() - 1
        rounding = 1 + 1e-9  # 105 / 100 - 1 is a little more than 0.05
        if excess > allowed * rounding:
            seen.append(
                _parameters_differ(by_arm, str(level), excess, allowed)
            )
    return gate_of("parameters", seen)


def _parameters_differ(
    by_arm: pd.Series[float], level: str, excess: float, allowed: float
) -> Message:
    """The largest and the smallest arm, and by how much they differ."""
    most, least = str(by_arm.idxmax()), str(by_arm.idxmin())
    return message(
        "seen-parameters",
        arm_most=most,
        arm_least=least,
        most=int(by_arm.max()),
        least=int(by_arm.min()),
        at_level=level,
        percent_excess=float(excess),
        percent_allowed=float(allowed),
    )


@register_gate("machines")
def machines(case: Case) -> Gate | None:
    """Times are comparable only where the arms of a block ran on the same machine."""
    finals = case.finals
    is_timed = not case.metric.deterministic
    if not is_timed or finals.empty or len(case.claim.arms) < 2:
        return None
    hosts, devices = finals["host"].astype(str), finals["device"].astype(str)
    machine = hosts + "/" + devices
    machines_used = machine.groupby(
        [finals["level"], finals["block"]]
    ).nunique()
    mixed = int((machines_used > 1).sum())
    if not mixed:
        return gate_of("machines", [])
    return gate_of("machines", [message("seen-machines", blocks=mixed)])


@register_gate("range-edge")
def range_edge(case: Case) -> Gate | None:
    """The best learning rate lies at the same end of its range in at least half of the
    blocks (and in two).

    An arm that did better with a wider range would only strengthen an answer in its
    favour: see ``Gate.towards``.
    """
    # A better rate changes what is learned, not what it costs.
    if case.metric.cost:
        return None
    found = list(rate_edges(case))
    if not found:
        return None
    findings = [
        edge_finding(case, one) for one in found if one.edge.at_boundary
    ]
    return directed_gate("range-edge", findings)


@register_gate("still-improving")
def still_improving(case: Case) -> Gate | None:
    """The answer was still moving when training ended: on validation, over the last
    quarter of the steps.

    Either the claim's effect moved by more than half the margin, and by more than
    chance (its 95 % interval over blocks excludes 0), or one arm alone improved by more
    than two margins. Both count only where the best checkpoint of an arm lies in the
    last tenth of the steps in at least half of the cells. What would only strengthen
    the answer is no objection: see ``Gate.towards``.

    Asked of constant and plateau rates alone: under a rate that falls every curve
    flattens, finished or not, and half-length finals tell more. A claim about a fixed
    budget is not asked.
    """
    code = "still-improving"
    ends = None if case.metric.cost else curve_ends(case)
    if ends is None:
        return None
    if case.claim.fixed_budget:
        return _not_asked(code, "seen-fixed-budget")
    if rate_falls(case):
        return _not_asked(code, "seen-rate-falls")
    findings = [*moving_effects(case, ends), *improving_arms(case, ends)]
    return directed_gate(code, findings)


def _not_asked(code: str, reason: str) -> Gate:
    """A gate that does not apply to the claim."""
    return Gate(code, failed=False, seen=(message(reason),), asked=False)


@register_gate("tuning-budget")
def tuning_budget(case: Case) -> Gate | None:
    """The arm ahead on validation changes between half of the trials and all of them.

    Ahead means by more than half the margin, so that two equal arms do not fail the
    gate by alternating.
    """
    budget = case.manifest.trials
    if case.metric.cost or budget < 2 or _half_budget_finals_are_in(case):
        return None
    if case.prunes:
        return _not_asked("tuning-budget", "seen-pruned")
    # By number: the first half of a study is the study with half its budget.
    half = _mean_effects_with(case, budget // 2)
    full = _mean_effects_with(case, budget)
    if half is None or full is None:
        return None
    seen = []
    for part, with_half, with_full in zip(case.parts, half, full, strict=True):
        smaller = min(abs(with_half), abs(with_full))
        is_clear = smaller > case.claim.margin / 2
        if is_clear and with_half * with_full < 0:
            seen.append(_order_changes(case, part, with_half, with_full))
    return gate_of("tuning-budget", seen)


def _order_changes(
    case: Case, part: str, with_half: float, with_full: float
) -> Message:
    """The effect with half of the trials and with all of them."""
    budget = case.manifest.trials
    promised = case.claim.at_least
    code = "seen-tuning-budget-promised" if promised else "seen-tuning-budget"
    return message(
        code,
        at_level=part,
        effect_half=float(with_half),
        effect_full=float(with_full),
        margin_promised=promised,
        half=budget // 2,
        trials=budget,
    )


def _half_budget_finals_are_in(case: Case) -> bool:
    """Whether they are. They answer the same question better, on the test set: see
    suite.verdicts.sensitivity.
    """
    if not case.trials_of_half:
        return False
    half = np.isfinite(half_budget_values(case))
    full = np.isfinite(final_values(case))
    return bool(half.sum() == full.sum())


@register_gate("moving-in-search")
def moving_in_search(case: Case) -> Gate | None:
    """The effect on validation moves by more than the margin, and by more than chance,
    from half of the trials to all of them.

    Half of the trials stands for all halves there are, averaged: which of them came
    first is chance, and most of what two such halves differ by. A half-budget final has
    one of them, and the test; see suite.verdicts.sensitivity.
    """
    metric, trials = case.metric.validation, case.manifest.trials
    if case.metric.cost or metric is None or trials < 2:
        return None
    if case.prunes:
        return _not_asked("moving-in-search", "seen-pruned")
    full_values = _validation_with(case, trials)
    if full_values is None or case.untuned.all():
        return None
    examples = case.examples("validation")
    before = effects(average_half_values(case, metric), case, examples)
    after = effects(full_values, case, examples)
    changes = after - before
    # One block cannot tell a change from chance.
    if (np.isfinite(changes).sum(axis=0) < 2).any():
        return None
    seen = [
        moving_with_trials("seen-moving-in-search", case, one, trials // 2)
        for one in moves(case, before, after)
    ]
    return gate_of("moving-in-search", seen)


def _mean_effects_with(case: Case, trials: int) -> Floats | None:
    """The mean effect on validation, part by part, had every study ended after that
    many trials. None if that is not recorded.
    """
    values = _validation_with(case, trials)
    if values is None:
        return None
    return block_mean(effects(values, case, case.examples("validation")))


def _validation_with(case: Case, trials: int) -> Floats | None:
    """The claim's metric on validation in each cell, had every study ended after that
    many trials. None if that is not recorded.
    """
    metric, recorded = case.metric.validation, case.trials
    choice = case.shared.chooses_by.column
    if metric is None or choice not in recorded or metric not in recorded:
        return None
    budget = case.manifest.trials
    # Half of a study that is still under way is less than half of it.
    all_trials = cell_values(case, recorded, choice, needed=budget)
    complete = np.isfinite(all_trials)
    if not complete.any():
        return None
    best = cell_values(case, case.shared.chosen(trials), metric)
    tuned = np.where(complete, best, math.nan)
    finals = cell_values(case, case.finals, metric)
    # An arm with nothing to tune is the same with any budget.
    values: Floats = np.where(case.untuned, finals, tuned)
    return values


@register_gate("too-easy")
def too_easy(case: Case) -> Gate | None:
    """Too few examples to show a difference: all arms nearly perfect, or a margin below
    two examples.
    """
    tests, validated = case.examples("test"), case.examples("validation")
    # A nearly perfect arm settles a claim against a published figure, but not
    # one against another arm that may be as good.
    counts_examples = case.metric.is_share and tests > 0 and validated > 0
    with_reference = case.kind.reference(case.claim) is not None
    if not counts_examples or case.metric.validation is None or with_reference:
        return None
    seen = _levels_with_few_errors(case, tests)
    # Ratios and slopes are not counted in examples.
    on_one_level = not case.scale.logarithmic and not case.kind.over_levels
    if on_one_level and case.claim.margin < MIN_MARGIN_EXAMPLES / tests:
        seen.append(
            message(
                "seen-fine-margin",
                margin=case.claim.margin,
                least=MIN_MARGIN_EXAMPLES,
                examples=int(tests),
            )
        )
    return gate_of("too-easy", seen)


def _levels_with_few_errors(case: Case, tests: float) -> list[Message]:
    """The levels where every arm is nearly perfect."""
    metric = case.metric
    assert metric.validation is not None
    values = block_mean(cell_values(case, case.finals, metric.validation))
    # (levels, arms)
    errors = 1 - values if metric.better == "higher" else values
    seen = []
    for level, of_arms in zip(case.levels, errors, strict=True):
        if (of_arms < MIN_ERRORS / tests).all():
            seen.append(
                message(
                    "seen-few-errors",
                    at_level=level,
                    errors=MIN_ERRORS,
                    examples=int(tests),
                )
            )
    return seen

"""Was the comparison good enough to be judged? Each gate says what is wrong and what to
do about it.

Gates read hyperparameters, statuses and validation, never the test: they are about the
search, not about its outcome. A gate that has nothing to look at (no learning rate
tuned, parameters not matched) is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.ranges import edges, restore
from suite.verdicts.case import Case
from suite.verdicts.effects import (
    cell_values,
    effects,
    final_values,
    half_values,
    on_scale,
)
from suite.verdicts.statistics import Floats, estimate
from tasks import Categorical, Space

MOST_FAILED = 0.2
FEW = 5  # errors; fewer cannot tell two arms apart
FINEST = 2  # examples; a margin below that is finer than the test can show


@dataclass(frozen=True)
class Gate:
    """One question about the comparison's quality: ``failed``, what was seen, and the
    hint where it failed.
    """

    name: str
    failed: bool
    says: str
    hint: str = ""


def gates(case: Case) -> tuple[Gate, ...]:
    """All gates that apply to a claim, in the order in which people should read them."""
    checks = [failed_trials, parameters]
    if case.metric.cost:
        checks.append(machines)
    else:
        checks += [range_edge, still_improving, tuning_budget, too_easy]
    return tuple(gate for check in checks if (gate := check(case)) is not None)


# --------------------------------------------------------------------------- the gates


def failed_trials(case: Case) -> Gate | None:
    """More than a fifth of an arm's trials failed, pooled over levels and blocks. Lost
    ones are not its fault.
    """
    trials = case.trials
    trials = trials[trials["status"] != "lost"]
    if trials.empty:
        return None
    found = []
    for arm, statuses in trials.groupby("arm")["status"]:
        failed = statuses[statuses != "finished"]
        if len(failed) > MOST_FAILED * len(statuses):
            causes = ", ".join(
                f"{count} {_words(cause)}"
                for cause, count in failed.value_counts().items()
            )
            found.append(
                f"{len(failed)} of the {len(statuses)} tuning trials of {case.label(str(arm))} failed ({causes})"
            )
    return _gate(
        "failed trials",
        found,
        "Enough tuning trials of every arm succeeded.",
        "Where they diverged, lower the top of the learning rate's range or clip gradients; where the machine "
        "failed them, give more memory or time and use `bakeoff retry`.",
    )


def range_edge(case: Case) -> Gate | None:
    """The best learning rate lies at the same end of its range in at least half of the
    blocks (and in two).
    """
    finals, found, seen = case.finals, [], False
    for number, arm in enumerate(case.claim.arms):
        space = restore(
            case.about.get("space", {}).get(
                case.about.get("aa_test", {}).get(arm, arm), {}
            )
        )
        for name, hyperparameter in space.items():
            if (
                not _is_rate(name)
                or isinstance(hyperparameter, Categorical)
                or f"param.{name}" not in finals
            ):
                continue
            chosen = cell_values(case, finals, f"param.{name}")[
                :, :, number
            ]  # (blocks, levels)
            for level, values in zip(case.levels, chosen.T, strict=True):
                for edge in edges(
                    Space(**{name: hyperparameter}),
                    [{name: value} for value in values[np.isfinite(values)]],
                ):
                    seen = True
                    if edge.crowded:
                        found.append(
                            f"the best {name} of {case.label(arm)}{_at(case, level)} lay in the {edge.end}est tenth of "
                            f"its range (near {edge.bound:g}) in {edge.there} of {edge.blocks} blocks"
                        )
    return _gate(
        "range edge",
        found,
        "No learning rate kept to one end of its range.",
        "Widen that range beyond this end in the task's space and run again.",
        applies=seen,
    )


def still_improving(case: Case) -> Gate | None:
    """The answer was still moving when training ended: on validation, over the last
    quarter of the steps.

    Either the claim's effect moved by more than half the margin, and by more than
    chance (its 95 % interval over blocks excludes 0), or one arm alone improved by more
    than two margins. Both count only where the best checkpoint of an arm lies in the
    last tenth of the steps in at least half of the cells: an arm that has stopped
    improving is done, whatever its curve did before. A claim about a fixed budget
    passes.
    """
    name, ends = "still improving", _curve_ends(case)
    if ends is None:
        return None
    if case.claim.fixed_budget:
        return Gate(
            name,
            False,
            "The claim is about what this much training buys, finished or not.",
        )
    early, late, came_late = (
        cell_values(case, ends, column) for column in ("early", "late", "came_late")
    )
    arrives_late = block_mean(came_late) >= 0.5  # (levels, arms)
    examples, margin = case.examples("validation"), case.claim.margin
    found = []

    moved = effects(late, case, examples) - effects(
        early, case, examples
    )  # (blocks, parts)
    for number, part in enumerate(case.parts):
        change = estimate(moved[np.isfinite(moved[:, number]), number])
        low, high = change.interval(0.95)
        moving = arrives_late[number].any() if part else arrives_late.any()
        if (
            change.blocks >= 2
            and moving
            and abs(change.mean) > margin / 2
            and not low <= 0 <= high
        ):
            found.append(
                f"the difference{_at(case, part)} was still moving: over the last quarter of training it "
                f"changed on validation by {_size(case, change.mean)}"
            )

    gains = block_mean(
        on_scale(late, case, examples) - on_scale(early, case, examples)
    )  # (levels, arms)
    span = (
        math.log(max(case.x) / min(case.x)) if case.claim.kind == "interaction" else 1.0
    )
    for level, arm in zip(
        *np.nonzero(arrives_late & (gains > 2 * margin * span)), strict=True
    ):
        found.append(
            f"{case.label(case.claim.arms[arm])}{_at(case, case.levels[level])} kept improving to the end: by "
            f"{_size(case, gains[level, arm])} on validation over the last quarter of training"
        )
    return _gate(
        name,
        found,
        "When training ended, nothing was moving that could change the answer.",
        "Train longer: raise `length_factor` in the profile, or the recipe's steps or epochs.",
    )


def tuning_budget(case: Case) -> Gate | None:
    """The arm ahead on validation changes between half of the trials and all of them.

    Ahead means by more than half the margin, so that two equal arms do not trip the
    gate by taking turns.
    """
    budget = int(case.about["trials"])
    trials = case.trials
    choice = f"validation.{case.about['measures'][0]['name']}"
    if (
        budget < 2
        or case.metric.validation is None
        or choice not in trials
        or case.metric.validation not in trials
    ):
        return None
    if (
        case.trials_of_half
        and np.isfinite(half_values(case)).sum()
        == np.isfinite(final_values(case)).sum()
    ):
        # half-budget finals answer the same question, and better: see
        # suite.verdicts.judge
        return None
    complete = np.isfinite(cell_values(case, trials, choice, needed=budget))
    if not complete.any():
        return None
    means = []
    for considered in (budget // 2, budget):
        best = case.shared.chosen(considered)
        values = np.where(
            complete, cell_values(case, best, case.metric.validation), math.nan
        )
        means.append(block_mean(effects(values, case, case.examples("validation"))))
    found = []
    claimed = (
        f", where {_size(case, case.claim.at_least)} is claimed"
        if case.claim.at_least
        else ""
    )
    for part, half, full in zip(case.parts, *means, strict=True):
        if min(abs(half), abs(full)) > case.claim.margin / 2 and half * full < 0:
            then, now = (
                _size(case, effect + case.claim.at_least) for effect in (half, full)
            )
            found.append(
                f"with half of the tuning trials the answer{_at(case, part)} turns round: the difference on validation "
                f"is {then} with {budget // 2} of {budget} trials and {now} with all{claimed}"
            )
    return _gate(
        "tuning budget",
        found,
        "Half of the tuning trials would have put the same arm ahead.",
        "Give every arm more trials: raise `trials` in the profile.",
    )


def parameters(case: Case) -> Gate | None:
    """The arms' parameter counts differ by more than the task says they may."""
    within = case.about.get("parameters_within")
    if within is None or len(case.claim.arms) < 2 or "parameters" not in case.finals:
        return None
    counts = (
        case.finals.dropna(subset=["parameters"])
        .groupby(["level", "arm"])["parameters"]
        .max()
    )
    found = []
    for level in counts.index.unique("level"):
        here = counts[level].astype(float)
        excess = here.max() / here.min() - 1
        if excess > within * (1 + 1e-9):
            most, least = str(here.idxmax()), str(here.idxmin())
            found.append(
                f"{case.label(most)} has {here[most]:,.0f} parameters{_at(case, level)} and {case.label(least)} "
                f"{here[least]:,.0f}: {100 * excess:.2g} % apart where {100 * within:g} % are allowed"
            )
    hint = (
        "Choose widths that match, or say in the task that parameters are not matched."
    )
    comparable = bool((counts.groupby("level").size() > 1).any())
    return _gate(
        "parameters",
        found,
        "The arms have equally many parameters.",
        hint,
        applies=comparable,
    )


def too_easy(case: Case) -> Gate | None:
    """So few examples decide that no difference could show: all arms nearly perfect, or
    a margin below two examples.
    """
    tests, examples = case.examples("test"), case.examples("validation")
    metric, claim = case.metric, case.claim
    if (
        not (metric.percent and tests > 0 and examples > 0)
        or metric.validation is None
        or claim.kind == "threshold"
    ):
        return None
    found = []
    values = block_mean(
        cell_values(case, case.finals, metric.validation)
    )  # (levels, arms)
    errors = 1 - values if metric.better == "higher" else values
    for level, here in zip(case.levels, errors, strict=True):
        if (here < FEW / tests).all():
            found.append(
                f"every arm{_at(case, level)} is wrong on fewer than {FEW} of {tests:.0f} examples"
            )
    if (
        claim.scale == "points"
        and claim.kind != "interaction"
        and claim.margin < FINEST / tests
    ):
        found.append(
            f"the margin of {100 * claim.margin:g} points is less than {FINEST} of the {tests:.0f} test examples"
        )
    return _gate(
        "too easy",
        found,
        "The task leaves room for a difference to show.",
        "Make the task harder (less data, more noise) or the test set larger.",
    )


def machines(case: Case) -> Gate | None:
    """Costs are comparable only where the arms of a block ran on the same machine."""
    finals = case.finals
    if finals.empty or len(case.claim.arms) < 2:
        return None
    where = finals["host"].astype(str) + "/" + finals["device"].astype(str)
    mixed = int((where.groupby([finals["level"], finals["block"]]).nunique() > 1).sum())
    found = (
        [f"the arms of {mixed} blocks ran on different machines or devices"]
        if mixed
        else []
    )
    hint = "Time arms side by side on one machine: run this task with one node."
    return _gate(
        "machines",
        found,
        "Within each block the arms were timed on the same machine.",
        hint,
    )


# ----------------------------------------------------------------------------- reading


def block_mean(values: Floats) -> Floats:
    """The mean over blocks (the first axis) of what is there; NaN where nothing is."""
    there = np.isfinite(values)
    count = there.sum(axis=0)
    total = np.where(there, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), math.nan)


def _curve_ends(case: Case) -> pd.DataFrame | None:
    """Per final of the task: see ``curve_ends``. None where the claim's metric has no
    curves.
    """
    column = case.metric.validation
    if (
        column is None
        or column not in case.shared.curves
        or case.rows(case.shared.curves)[column].isna().all()
    ):
        return None
    return case.shared.curve_ends(column, case.metric.sign)


def _is_rate(name: str) -> bool:
    return name == "lr" or name.startswith("lr_") or name.endswith("_lr")


def _at(case: Case, level: str) -> str:
    return (
        f" at {case.level_label(level)}"
        if level and len(case.about["levels"]) > 1
        else ""
    )


def _size(case: Case, value: float) -> str:
    if case.claim.scale != "points":
        return f"{value:+.2g} in the logarithm"
    return f"{100 * value:+.2g} points" if case.metric.percent else f"{value:+.2g}"


def _words(status: object) -> str:
    return str(status).replace("_", " ")


def _gate(
    name: str, found: Iterable[str], fine: str, hint: str, applies: bool = True
) -> Gate | None:
    """The gate that failed for each thing found, or that passed."""
    if not applies:
        return None
    said = list(_first_and_count(list(found)))
    return (
        Gate(name, True, _sentence("; ".join(said)), hint)
        if said
        else Gate(name, False, fine)
    )


def _first_and_count(found: list[str]) -> Iterator[str]:
    yield from found[:2]
    if len(found) > 2:
        yield f"and {len(found) - 2} more like this"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."

"""A plan with its costs and its power, as the command line shows it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from suite.cli.render.text import (
    Listing,
    facts_table,
    headline_text,
    seconds_text,
    size_text,
)
from suite.report.formatting import PER_DOUBLING, counted, duration, fixed, listed

if TYPE_CHECKING:  # so that listing tasks does not wait for what judges campaigns
    from suite.planning.cost import Costs, Estimate
    from suite.planning.plan import CellPlan, Plan


def plan_page(
    plan: Plan,
    costs: Costs,
    totals: tuple[Estimate, Estimate],
    power: Sequence[Mapping[str, Any]],
    free: int,
) -> Group:
    """The size of a plan, at least and at most: cells, runs, hours, bytes, and what its
    blocks can show.
    """
    parts: list[RenderableType] = [
        headline_text(plan.profile.name, plan.profile.title),
        _task_table(plan, costs),
        *_left_out(plan),
        Text(),
        _facts(plan, costs, totals, free),
    ]
    if power:
        parts += [Text(), _power_table(power), _legend(power)]
    parts += _undecidable(power)
    return Group(*parts)


def _task_table(plan: Plan, costs: Costs) -> Listing:
    numbers = ("Levels × arms × blocks", "Runs", "One takes", "In all")
    rows = [_task_row(plan, costs, name) for name in plan.tasks]
    return Listing(("Task", *numbers), rows, right=numbers)


def _task_row(plan: Plan, costs: Costs, name: str) -> Sequence[str]:
    cells = [cell for cell in plan.cells if cell.task == name]
    found = [costs[cell.task, cell.level, cell.builds] for cell in cells]
    counts = [plan.runs_of(cell) for cell in cells]
    seconds = sum(cost.seconds for cost in found) / len(cells)
    work = sum(cost.work * runs for cost, runs in zip(found, counts, strict=True))
    return (
        name,
        _shape(cells),
        f"{sum(counts):,}",
        seconds_text(seconds),
        duration(work),
    )


def _shape(cells: Sequence[CellPlan]) -> str:
    """``2 × 4 × 6 = 48``, or ``(2 × 4 - 1) × 6 = 42`` where an arm is not run at one
    level.
    """
    levels = len({cell.level for cell in cells})
    arms = len({cell.arm for cell in cells})
    blocks = len({cell.block for cell in cells})
    places = len({(cell.level, cell.arm) for cell in cells})
    if places * blocks != len(cells):  # some arms run once for all blocks
        return f"{len(cells)}"
    missing = levels * arms - places
    shape = f"({levels} × {arms} - {missing})" if missing else f"{levels} × {arms}"
    return f"{shape} × {blocks} = {len(cells)}"


def _left_out(plan: Plan) -> list[Text]:
    """A line for every arm of a task that is not run somewhere, as no claim needs it."""
    lines = []
    for one in skipped(plan):
        where = f"{one['arm']} at {listed(one['levels'])}"
        lines.append(
            f"{counted(one['runs'], 'run')} of {where} ({one['task']}) "
            f"{'is' if one['runs'] == 1 else 'are'} not planned: no claim reads them; "
            "all_cells = true runs them."
        )
    return [Text(), *(Text(line, "dim") for line in lines)] if lines else []


def skipped(plan: Plan) -> list[dict[str, Any]]:
    """What is not run as no claim needs it, by task and arm: its levels, and how many
    runs it would be.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for task in plan.tasks:
        for cell in plan.left_out(task):
            one = found.setdefault(
                (task, cell.arm),
                {"task": task, "arm": cell.arm, "levels": [], "runs": 0},
            )
            if cell.level not in one["levels"]:
                one["levels"].append(cell.level)
            one["runs"] += plan.runs_of(cell)
    return list(found.values())


def _facts(
    plan: Plan,
    costs: Costs,
    totals: tuple[Estimate, Estimate],
    free: int,
) -> Table:
    least, most = totals
    each_cell = sorted({_runs_of_cell(plan, cell) for cell in plan.cells})
    time = _span(duration(3600 * least.hours), duration(3600 * most.hours))
    disk = _span(size_text(least.bytes), size_text(most.bytes))
    workers = counted(least.workers, "worker")
    return facts_table(
        ("Campaign", plan.id),
        (
            "Runs",
            f"{plan.runs:,} in {len(plan.cells):,} cells ({', '.join(each_cell)})",
        ),
        ("Shared", _shared(costs)),
        ("At most", _at_most(plan)),
        ("Time", f"about {time} on {workers} like this machine's"),
        ("Disk", f"about {disk}; {size_text(free)} are free"),
    )


def _runs_of_cell(plan: Plan, cell: CellPlan) -> str:
    """``16 + 3``: trials and finals, and then a half-length one; without trials where
    nothing is tuned.
    """
    trials = plan.trials(cell.task, cell.level, cell.builds)
    finals = f"{plan.finals(cell.task, cell.builds)}"
    if plan.half_length(cell.task, cell.builds):
        finals += " + 1"
    if trials:
        return f"{trials} + {finals} a cell"
    return f"{finals} where nothing is tuned"


def _shared(costs: Costs) -> str:
    """Which arms are trained by several workers each; "" if none is."""
    arms: dict[tuple[str, int], dict[str, None]] = {}
    for (task, _, arm), cost in costs.items():
        if cost.world_size > 1:
            arms.setdefault((task, cost.world_size), {})[arm] = None
    return "; ".join(
        f"{size} workers to a run of {task}: {listed(of)}"
        for (task, size), of in arms.items()
    )


def _at_most(plan: Plan) -> str:
    """What may come on top, and why; "" if nothing may."""
    looks = {plan.of(name).interim_looks for name in plan.tasks} - {()}
    reasons = [
        f"up to {found[-1]} blocks where claims are open" for found in sorted(looks)
    ]
    if any(plan.of(name).half_budget_trials for name in plan.tasks):
        reasons.append("a final where half the tuning chooses otherwise")
    if plan.max_runs == plan.runs or not reasons:
        return ""
    return f"{plan.max_runs:,} in {len(plan.all_cells):,} cells: {listed(reasons)}"


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _power_table(claims: Sequence[Mapping[str, Any]]) -> Listing:
    numbers = ("Alone", "In family", "Matters from")
    rows: list[Sequence[str]] = []
    for task, of_task in groupby(claims, key=itemgetter("task")):
        rows.append((task, "", "", ""))
        rows += [_power_row(claim) for claim in of_task]
    return Listing(("Smallest effect found, 80 % power", *numbers), rows, right=numbers)


def _power_row(claim: Mapping[str, Any]) -> Sequence[str]:
    return (
        f"  {claim['claim']}",
        _power(claim, "alone"),
        _power(claim, "in_family"),
        _of_claim(claim, claim["margin"]),
    )


def _undecidable(claims: Sequence[Mapping[str, Any]]) -> list[RenderableType]:
    """The claims that cannot be decided as they are planned, those of a task that lack
    the same together.
    """
    names: dict[tuple[str, str], list[str]] = {}
    for claim in claims:
        if not claim["decidable"]:
            place = claim["task"], change(claim)
            names.setdefault(place, []).append(claim["claim"])
    if not names:
        return []
    rows = [
        (f"{task}: {', '.join(undecidable)}", sentence)
        for (task, sentence), undecidable in names.items()
    ]
    return [Text(), Listing(("Undecidable as planned", "Change"), rows)]


def change(claim: Mapping[str, Any]) -> str:
    """What would have to change for a planned claim to be decided."""
    from suite.report.sentences import obstacle

    trend = _is_trend(claim)
    return " ".join(
        obstacle(one, claim["percent"], claim["scale"], trend)
        for one in claim["obstacles"]
    )


def _legend(claims: Sequence[Mapping[str, Any]]) -> Text:
    says = ["In family: as the strictest of the task's claims."]
    exploratory = dict.fromkeys(one["task"] for one in claims if one["exploratory"])
    if exploratory:
        says.append(
            f"With fewer than 6 blocks {listed(exploratory)} "
            f"{'only explores' if len(exploratory) == 1 else 'only explore'}."
        )
    if any(claim["sd"] is None for claim in claims):
        says.append(
            "sd: standard deviations of a block's difference, "
            "which the first campaign will show."
        )
    if any(_is_trend(claim) for claim in claims):
        says.append("*: per doubling along the task's axis.")
    return Text(" ".join(says), "dim")


def _power(claim: Mapping[str, Any], name: str) -> str:
    if not math.isfinite(claim[name]):
        return "-"
    if claim["sd"] is None:
        return f"{claim[name]:.2f} sd"
    return _of_claim(claim, float(f"{claim[name] * claim['sd']:.2g}"))


def _is_trend(claim: Mapping[str, Any]) -> bool:
    from suite.verdicts.kinds import kind_of

    return kind_of(claim["kind"]).statement == "trend"


def _of_claim(claim: Mapping[str, Any], value: float) -> str:
    """An effect's size on the claim's scale; a slope per doubling, as verdicts give
    it.
    """
    percent, scale = claim["percent"], claim["scale"]
    if _is_trend(claim):
        return f"{fixed(value * PER_DOUBLING, percent, scale)} *"
    return fixed(value, percent, scale)

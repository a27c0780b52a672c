"""A plan with its costs and its power, as the command line shows it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from suite.report.formatting import (
    PER_DOUBLING,
    counted,
    fixed,
    listed,
)

if TYPE_CHECKING:  # so that listing tasks does not wait for what judges campaigns
    from suite.planning.cost import Costs, Estimate
    from suite.planning.plan import Plan
from suite.cli.render.text import (
    duration,
    facts_table,
    headline_text,
    make_table,
    seconds_text,
    size_text,
)


def plan_page(
    plan: Plan,
    costs: Costs,
    totals: tuple[Estimate, Estimate],
    power: Sequence[Mapping[str, Any]],
    free: int,
) -> Group:
    """What a plan comes to, at least and at most: cells, runs, hours, bytes, and
    what its blocks can show.
    """
    least, most = totals
    table = make_table("Task")
    for title in ("Levels, arms, blocks", "Runs", "One takes", "In all"):
        table.add_column(title, justify="right", no_wrap=True)
    for name in plan.tasks:
        of, cells = plan.of(name), [cell for cell in plan.cells if cell.task == name]
        runs = len(cells) * of.runs_per_cell
        found = [costs[c.task, c.level, c.builds] for c in cells]
        each, work = (
            [cost.seconds for cost in found],
            sum(cost.work for cost in found) / len(cells) * runs,
        )
        levels, arms = len({c.level for c in cells}), len({c.arm for c in cells})
        shape = f"{levels} × {arms} × {len({c.block for c in cells})} = {len(cells)}"
        table.add_row(
            Text(name, "bold"),
            shape,
            f"{runs:,}",
            seconds_text(sum(each) / len(each)),
            duration(work),
        )
    table.columns[0].no_wrap = True
    parts: list[RenderableType] = [
        headline_text(plan.profile.name, plan.profile.title),
        table,
        Text(),
    ]
    each_cell = sorted(
        {f"{plan.of(n).trials} + {plan.of(n).finals}" for n in plan.tasks}
    )
    time_left = (
        f"about {_span(duration(3600 * least.hours), duration(3600 * most.hours))}"
    )
    parts.append(
        facts_table(
            ("Campaign", plan.id),
            (
                "Runs",
                f"{plan.runs:,} in {len(plan.cells):,} cells ({' or '.join(each_cell)} a cell)",
            ),
            ("Shared", _shared(costs)),
            ("At most", _at_most(plan)),
            (
                "Time",
                f"{time_left} on {counted(least.workers, 'worker')} like this machine's",
            ),
            (
                "Disk",
                f"about {_span(size_text(least.bytes), size_text(most.bytes))}; {size_text(free)} are free",
            ),
        )
    )
    if power:
        parts += [Text(), _power_table(power)]
    return Group(*parts)


def _shared(costs: Costs) -> str:
    """Which arms are trained by several workers each; "" where none is."""
    arms: dict[tuple[str, int], dict[str, None]] = {}
    for (task, _, arm), cost in costs.items():
        if cost.world_size > 1:
            arms.setdefault((task, cost.world_size), {})[arm] = None
    return "; ".join(
        f"{size} workers to a run of {task}: {listed(of)}"
        for (task, size), of in arms.items()
    )


def _at_most(plan: Plan) -> str:
    """What may come on top, and why; "" where nothing may."""
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


def _power_table(claims: Sequence[Mapping[str, Any]]) -> Group:
    table = make_table("Smallest effect found, 80 % power")
    for title in ("Alone", "In family", "Matters from"):
        table.add_column(title, justify="right", no_wrap=True)
    for task, of_task in groupby(claims, key=itemgetter("task")):
        table.add_row(Text(task, "bold"))
        for claim in of_task:
            matters = _of_claim(claim, claim["margin"])
            table.add_row(
                f"  {claim['claim']}",
                _power(claim, "alone"),
                _power(claim, "in_family"),
                matters,
            )
    legend = "In family: as the strictest of the task's claims."
    if any(claim["sd"] is None for claim in claims):
        legend += " sd: standard deviations of a block's difference, which the first campaign will show."
    if any(claim["kind"] == "interaction" for claim in claims):
        legend += " *: per doubling along the task's axis."
    return Group(table, Text(legend, "dim"))


def _power(claim: Mapping[str, Any], name: str) -> str:
    if not math.isfinite(claim[name]):
        return "-"
    if claim["sd"] is None:
        return f"{claim[name]:.2f} sd"
    return _of_claim(claim, float(f"{claim[name] * claim['sd']:.2g}"))


def _of_claim(claim: Mapping[str, Any], value: float) -> str:
    """An effect's size on the claim's scale; a slope per doubling, as verdicts tell it."""
    slope = claim["kind"] == "interaction"
    return fixed(
        value * (PER_DOUBLING if slope else 1), claim["percent"], claim["scale"]
    ) + (" *" if slope else "")

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
from suite.report.formatting import (
    PER_DOUBLING,
    counted,
    duration,
    fixed,
    listed,
)
from tasks.contract.universe import base_of, family_of

if TYPE_CHECKING:
    # So that listing tasks does not wait for what judges campaigns.
    from suite.campaign.stacks import Choice
    from suite.planning.cost import Costs, Estimate
    from suite.planning.plan import CellPlan, Plan

SECONDS_PER_HOUR = 3600


def plan_page(
    plan: Plan,
    costs: Costs,
    totals: tuple[Estimate, Estimate],
    power: Sequence[Mapping[str, Any]],
    free: int,
    choices: Mapping[str, Choice],
) -> Group:
    """The size of a plan, at least and at most: cells, runs, hours, bytes, and what its
    blocks can show. ``choices`` say which arms are stacked.
    """
    parts: list[RenderableType] = [
        headline_text(plan.profile.name, plan.profile.title),
        _task_table(plan, costs),
        *_left_out(plan),
        Text(),
        _facts(plan, costs, totals, free, choices),
    ]
    if power:
        parts += [Text(), _power_table(power), _legend(power)]
    parts += _undecidable(power)
    return Group(*parts)


def _task_table(plan: Plan, costs: Costs) -> Listing:
    """One row a task, and the columns of ``_task_row``; numbers on the right."""
    numbers = ("Levels × arms × blocks", "Runs", "One takes", "In all")
    rows = [_task_row(plan, costs, name) for name in plan.tasks]
    return Listing(("Task", *numbers), rows, right=numbers)


def _task_row(plan: Plan, costs: Costs, name: str) -> Sequence[str]:
    """A task's name, the shape of its cells, its runs, how long one run takes
    on average over cells, and how long all would take one worker.
    """
    cells = [cell for cell in plan.cells if cell.task == name]
    seconds, work, runs = 0.0, 0.0, 0
    for cell in cells:
        cost = costs[cell.task, cell.level, cell.builds]
        of_cell = plan.runs_of(cell)
        seconds += cost.seconds
        work += cost.work * of_cell
        runs += of_cell
    return (
        name,
        _shape(cells),
        f"{runs:,}",
        seconds_text(seconds / len(cells)),
        duration(work),
    )


def _shape(cells: Sequence[CellPlan]) -> str:
    """How many levels, arms and blocks a task's cells make up: ``2 × 4 × 6 =
    48``, or ``(2 × 4 - 1) × 6 = 42`` where an arm is not run at one level. The
    count alone where they are no product.
    """
    levels = len({cell.level for cell in cells})
    arms = len({cell.arm for cell in cells})
    blocks = len({cell.block for cell in cells})
    pairs = len({(cell.level, cell.arm) for cell in cells})
    # Some arms run once for all blocks, so the cells are not a product.
    if pairs * blocks != len(cells):
        return f"{len(cells)}"
    shape = f"{levels} × {arms}"
    missing = levels * arms - pairs
    if missing:
        shape = f"({shape} - {missing})"
    return f"{shape} × {blocks} = {len(cells)}"


def _left_out(plan: Plan) -> list[Text]:
    """A line for every arm of a task that is not run somewhere, as no claim needs it."""
    lines = []
    for one in skipped(plan):
        task, arm, runs = one["task"], one["arm"], one["runs"]
        levels = listed(one["levels"])
        verb = "is" if runs == 1 else "are"
        line = (
            f"{counted(runs, 'run')} of {arm} at {levels} ({task}) "
            f"{verb} not planned: no claim reads them; all_cells = true runs them."
        )
        lines.append(Text(line, "dim"))
    return [Text(), *lines] if lines else []


def skipped(plan: Plan) -> list[dict[str, Any]]:
    """What is not run as no claim needs it.

    One mapping per task and arm: ``task``, ``arm``, the ``levels`` at which it is not
    run, and how many ``runs`` that would be.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for task in plan.tasks:
        for cell in plan.left_out(task):
            nothing = {
                "task": task,
                "arm": cell.arm,
                "levels": [],
                "runs": 0,
            }
            one = found.setdefault((task, cell.arm), nothing)
            if cell.level not in one["levels"]:
                one["levels"].append(cell.level)
            one["runs"] += plan.runs_of(cell)
    return list(found.values())


def _facts(
    plan: Plan,
    costs: Costs,
    totals: tuple[Estimate, Estimate],
    free: int,
    choices: Mapping[str, Choice],
) -> Table:
    """The campaign's id, its runs, hours and bytes: one line each, from the
    least to the most where looks may add blocks.

    ``totals`` are those two estimates, ``free`` is in bytes. A fact without a
    value, such as that of shared runs where none is, has no line.
    """
    least, most = totals
    each_cell = sorted({_runs_of_cell(plan, cell) for cell in plan.cells})
    in_each = ", ".join(each_cell)
    shortest = duration(SECONDS_PER_HOUR * least.hours)
    longest = duration(SECONDS_PER_HOUR * most.hours)
    time = _span(shortest, longest)
    disk = _span(size_text(least.bytes), size_text(most.bytes))
    workers = counted(least.workers, "worker")
    return facts_table(
        ("Campaign", plan.id),
        ("Runs", f"{plan.runs:,} in {len(plan.cells):,} cells ({in_each})"),
        ("Shared", _shared(costs)),
        ("Stacked", _stacked(plan, choices)),
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
            # A dict as an ordered set: an arm has a cost for each level.
            arms.setdefault((task, cost.world_size), {})[arm] = None
    parts = []
    for (task, size), of in arms.items():
        parts.append(f"{size} workers to a run of {task}: {listed(of)}")
    return "; ".join(parts)


def _stacked(plan: Plan, choices: Mapping[str, Choice]) -> str:
    """Which arms' runs advance together, and, of a plan of one task, why those of others
    do not; "" without stacks.
    """
    if not choices:
        return ""
    arms: dict[tuple[str, str], dict[str, None]] = {}
    for name, choice in choices.items():
        task, arm = name.partition("/")[0], name.rpartition("/")[2]
        # A dict as an ordered set: an arm has a choice for each level.
        arms.setdefault((task, choice.why), {})[arm] = None
    together, alone = [], []
    for (task, why), of in arms.items():
        if why:
            alone.append(f"alone in {task}: {listed(of)} ({why})")
        else:
            together.append(f"together in {task}: {listed(of)}")
    # A paragraph of reasons would hide what the plan says beside it.
    if alone and len(plan.tasks) > 1:
        alone = ["all others alone (--json says why)"]
    most = f"up to {plan.profile.stack} runs at once"
    return "; ".join([most, *together, *alone])


def _at_most(plan: Plan) -> str:
    """What may come on top, and why; "" if nothing may."""
    resolved = [plan.of(name) for name in plan.tasks]
    looks = {task.interim_looks for task in resolved if task.interim_looks}
    reasons = []
    for blocks in sorted(looks):
        reasons.append(f"up to {blocks[-1]} blocks where claims are open")
    if any(task.half_budget_trials for task in resolved):
        reasons.append("a final where half the tuning chooses otherwise")
    if plan.max_runs == plan.runs or not reasons:
        return ""
    return f"{plan.max_runs:,} in {len(plan.all_cells):,} cells: {listed(reasons)}"


def _span(low: str, high: str) -> str:
    """``LOW to HIGH``, or one of them where both read the same."""
    return low if low == high else f"{low} to {high}"


def _power_table(claims: Sequence[Mapping[str, Any]]) -> Listing:
    """The smallest effect that each claim would find: a heading for each task,
    and beneath it a row for each claim, all universes of a claim in one.
    """
    numbers = ("Alone", "In family", "Matters from")
    rows: list[Sequence[str]] = []
    for task, of_task in groupby(claims, key=itemgetter("task")):
        rows.append((task, "", "", ""))
        # Universes of one claim follow each other, and share a row.
        for (name, _), same in groupby(of_task, key=_name_and_family):
            rows.append(_power_row(name, [*same]))
    return Listing(
        ("Smallest effect found, 80 % power", *numbers), rows, right=numbers
    )


def _shown_name(claim: Mapping[str, Any]) -> str:
    """The claim's name, without what its universes differ in."""
    return base_of(str(claim["claim"]))


def _name_and_family(claim: Mapping[str, Any]) -> tuple[str, str]:
    """What universes of one claim have in common: its name, and the family
    that they are corrected in.
    """
    return _shown_name(claim), family_of(str(claim["claim"]))


def _power_row(
    name: str, claims: Sequence[Mapping[str, Any]]
) -> Sequence[str]:
    """The claim's name, the effect found if it were alone and in its family,
    and the margin.

    ``claims`` of one name are universes of a claim; the last one speaks for
    all.
    """
    claim = claims[-1]
    many = f" ({len(claims)} universes)" if len(claims) > 1 else ""
    return (
        f"  {name}{many}",
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
            group = claim["task"], change(claim)
            names.setdefault(group, []).append(_shown_name(claim))
    if not names:
        return []
    rows = []
    for (task, sentence), undecidable in names.items():
        shown = ", ".join(dict.fromkeys(undecidable))
        rows.append((f"{task}: {shown}", sentence))
    return [Text(), Listing(("Undecidable as planned", "Change"), rows)]


def change(claim: Mapping[str, Any]) -> str:
    """What would have to change for a planned claim to be decided: a sentence for each
    of its obstacles.
    """
    # Imported here, so that a plan without obstacles does not wait for it.
    from suite.report.sentences import obstacle

    percent, scale = claim["percent"], claim["scale"]
    trend = _is_trend(claim)
    sentences = []
    for one in claim["obstacles"]:
        sentences.append(obstacle(one, percent, scale, trend))
    return " ".join(sentences)


def _legend(claims: Sequence[Mapping[str, Any]]) -> Text:
    """What the columns of the power table mean, and the marks that stand in
    it.
    """
    says = [
        "In family: as the strictest of the task's claims, or of the universes."
    ]
    few_blocks = [claim for claim in claims if claim["exploratory"]]
    exploratory = dict.fromkeys(claim["task"] for claim in few_blocks)
    if exploratory:
        verb = "explores" if len(exploratory) == 1 else "explore"
        says.append(
            f"With fewer than 6 blocks {listed(exploratory)} only {verb}."
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
    """The effect found with 80 % power, ``name`` being "alone" or "in_family".

    On the claim's scale where the standard deviation of a block's difference
    is known, else in such deviations; a dash where no effect is ever found.
    """
    effect, sd = claim[name], claim["sd"]  # the effect in standard deviations
    if not math.isfinite(effect):
        return "-"
    if sd is None:
        return f"{effect:.2f} sd"
    # Rounded before it is formatted: a forecast has no more than two digits.
    two_digits = float(f"{effect * sd:.2g}")
    return _of_claim(claim, two_digits)


def _is_trend(claim: Mapping[str, Any]) -> bool:
    """Whether the claim is on a slope, whose effect is shown per doubling."""
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

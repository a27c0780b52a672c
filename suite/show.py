"""What the command line shows: tables and panels that are right in a terminal of 80 columns, and use more."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from suite.amounts import PER_DOUBLING, asides, blocks_in, counted, effect_and_interval, fixed, listed
from tasks import Choice, Claim, Range, Recipe, Task, Whole

if TYPE_CHECKING:  # so that listing tasks does not wait for what judges campaigns
    from suite.answer import ClaimVerdict
    from suite.estimate import Costs, Estimate
    from suite.finding import Finding
    from suite.plan import Plan
    from suite.status import Standing
    from suite.twins import SameArm
    from suite.why import Explanation

ANSWER_STYLES = {"supported": "green", "refuted": "red", "no_difference": "blue", "inconclusive": "yellow"}
ANSWERS = {name: name.replace("_", " ") for name in ANSWER_STYLES}
TWIN_STYLES = {"waiting": "dim", "quiet": "dim", "note": "yellow", "failure": "bold red"}
WORD_STYLES = {"OK": "green", "failed": "bold red", "skipped": "dim"}
STATE_STYLES = {"done": "green", "running": "cyan", "incomplete": "yellow", "interrupted": "red", "stopped": "yellow"}
UNITS = ((1e3, "kB"), (1e6, "MB"), (1e9, "GB"), (1e12, "TB"))


# --------------------------------------------------------------------------------------------------------- tasks


def task_list(found: Sequence[Task]) -> Table:
    """One line a task: its name, its question, and how much there is of it."""
    table = _table("Task", "Question")
    table.columns[0].no_wrap = True
    for title in ("Levels", "Arms", "Claims"):
        table.add_column(title, justify="right")
    for task in found:
        counts = (len(task.levels), len(task.arms), len(task.claims))
        table.add_row(Text(task.name, "bold"), Text(task.question), *map(str, counts))
    return table


def task_page(task: Task) -> Group:
    """All that a task fixes: what is compared, on what, by what rule, and the claims."""
    facts = _facts(
        ("Topic", task.topic),
        ("Held equal", task.matched),
        ("Chosen by", " then ".join(m.label or m.name for m in task.procedure.measures[:2]) + ", on validation"),
        ("Recipe", _recipe(task.recipe)),
        ("Tuned", "\n".join(f"{name}  {_setting(setting)}" for name, setting in task.space.items())),
        ("Sources", "\n".join(task.sources)),
    )
    tuned = {arm.name: ", ".join(task.space_of(arm)) or "nothing" for arm in task.arms}
    unlike = len(set(tuned.values())) > 1
    arms = [
        (arm.name, arm.label, _x(arm.x), tuned[arm.name] if unlike else "", _listed(arm.recipe, bool(arm.procedure)))
        for arm in task.arms
    ]
    heavy = {True: {"runs": "only where a profile names it"}, False: {}}
    levels = [
        (lv.name, lv.label, _x(lv.x), _listed({**lv.factors, **lv.recipe, **heavy[lv.heavy]})) for lv in task.levels
    ]
    tables = [
        _filled(("Arm", "What", task.arms_axis or "x", "Tuned", "Differs by"), arms),
        _filled(("Level", "What", task.axis or "x", "Differs by"), levels),
        _filled(("Claim", "It says"), [(claim.name, claim.says) for claim in task.claims]),
    ]
    return Group(_headline(task.name, task.question), facts, *(part for t in tables for part in (Text(), t)))


def _listed(changes: Mapping[str, Any], procedure: bool = False) -> str:
    return ", ".join(
        [*(f"{name} {value}" for name, value in changes.items()), *(["its procedure"] if procedure else [])]
    )


def claim_page(task: Task, claim: Claim) -> Group:
    """A claim as it was fixed: what it says, what decides it, and where it comes from."""
    measure = task.measure(claim.metric)
    percent = bool(measure and measure.percent)
    facts = _facts(
        ("Task", f"{task.name}: {task.question}"),
        ("Kind", _kind(task, claim, percent)),
        ("Measured by", f"{claim.metric}{' on the sealed test set' if measure else ''}"),
        ("Levels", ", ".join(task.level(name).title for name in claim.levels) or "all"),
        ("Matters from", fixed(claim.margin, percent, claim.scale)),
        ("Source", claim.source),
        ("It reports", claim.against),
    )
    return Group(_headline(claim.name, claim.says), facts)


def _kind(task: Task, claim: Claim, percent: bool) -> str:
    better, worse = (task.arm(name).title if name else "" for name in (claim.better, claim.worse))
    match claim.kind:
        case "difference":
            least = f" by at least {fixed(claim.at_least, percent, claim.scale)}" if claim.at_least else ""
            return f"{better} beats {worse}{least}"
        case "equal":
            return f"{better} and {worse} differ by less than what matters"
        case "contrast":
            return (
                " ".join(f"{weight:+g} × {task.arm(arm).title}" for arm, weight in claim.weights.items())
                + " is above 0"
            )
        case "interaction":
            return f"the lead of {better} over {worse} grows along {task.axis or 'the levels'}"
        case "threshold":
            figure = 100 * (claim.figure or 0) if percent else claim.figure or 0
            return f"{better} reaches {figure:g}{' %' if percent else ''}"


def _recipe(recipe: Recipe) -> str:
    length = f"{recipe.steps:,} updates" if recipe.steps is not None else f"{recipe.epochs:g} epochs"
    batch = f"batches of {recipe.batch_size}" if recipe.batch_size else "the full batch"
    parts = [length, batch, recipe.optimizer, f"{recipe.schedule} rate"]
    if recipe.warmup:
        parts.append(f"{recipe.warmup:.0%} warm-up")
    if recipe.clip is not None:
        parts.append(f"clipped at {recipe.clip:g}")
    if recipe.workers > 1:
        parts.append(f"shared by {recipe.workers} workers")
    parts.append("best checkpoint" if recipe.keep_best else "last checkpoint")
    return ", ".join(parts)


def _setting(setting: Range | Whole | Choice) -> str:
    match setting:
        case Range(low, high, log):
            return f"{low:g} to {high:g}{', log' if log else ''}"
        case Whole(low, high, log):
            return f"{low} to {high}, whole{', log' if log else ''}"
        case Choice(values):
            return " or ".join(str(value) for value in values)


# ---------------------------------------------------------------------------------------------------------- plan


def plan_page(
    plan: Plan, costs: Costs, totals: tuple[Estimate, Estimate], power: Sequence[Mapping[str, Any]], free: int
) -> Group:
    """What a plan comes to, at least and at most: cells, trainings, hours, bytes, and what its blocks can show."""
    least, most = totals
    table = _table("Task")
    for title in ("Levels, arms, blocks", "Trainings", "One takes", "In all"):
        table.add_column(title, justify="right", no_wrap=True)
    for name in plan.tasks:
        of, cells = plan.of(name), [cell for cell in plan.cells if cell.task == name]
        trainings = len(cells) * ((of.trials or 1) + (of.finals or 1))
        found = [costs[c.task, c.level, c.builds] for c in cells]
        each, work = [cost.seconds for cost in found], sum(cost.work for cost in found) / len(cells) * trainings
        levels, arms = len({c.level for c in cells}), len({c.arm for c in cells})
        shape = f"{levels} × {arms} × {len({c.block for c in cells})} = {len(cells)}"
        table.add_row(Text(name, "bold"), shape, f"{trainings:,}", _seconds(sum(each) / len(each)), duration(work))
    table.columns[0].no_wrap = True
    parts: list[RenderableType] = [_headline(plan.profile.name, plan.profile.title), table, Text()]
    each_cell = sorted({f"{plan.of(n).trials} + {plan.of(n).finals}" for n in plan.tasks})
    time_left = f"about {_span(duration(3600 * least.hours), duration(3600 * most.hours))}"
    parts.append(
        _facts(
            ("Campaign", plan.id),
            ("Trainings", f"{plan.trainings:,} in {len(plan.cells):,} cells ({' or '.join(each_cell)} a cell)"),
            ("Shared", _shared(costs)),
            ("At most", _at_most(plan)),
            ("Time", f"{time_left} on {counted(least.workers, 'worker')} like this machine's"),
            ("Disk", f"about {_span(_bytes(least.bytes), _bytes(most.bytes))}; {_bytes(free)} are free"),
        )
    )
    if power:
        parts += [Text(), _power_table(power)]
    return Group(*parts)


def _shared(costs: Costs) -> str:
    """Which arms are trained by several workers each; "" where none is."""
    arms: dict[tuple[str, int], dict[str, None]] = {}
    for (task, _, arm), cost in costs.items():
        if cost.workers > 1:
            arms.setdefault((task, cost.workers), {})[arm] = None
    return "; ".join(f"{size} workers to a training of {task}: {listed(of)}" for (task, size), of in arms.items())


def _at_most(plan: Plan) -> str:
    """What may come on top, and why; "" where nothing may."""
    looks = {plan.of(name).until_decided for name in plan.tasks} - {None, ()}
    reasons = [f"up to {found[-1]} blocks where claims are open" for found in sorted(filter(None, looks))]
    if any(plan.of(name).half_budget_trials for name in plan.tasks):
        reasons.append("a final where half the tuning chooses otherwise")
    if plan.most_trainings == plan.trainings or not reasons:
        return ""
    return f"{plan.most_trainings:,} in {len(plan.all_cells):,} cells: {listed(reasons)}"


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _power_table(claims: Sequence[Mapping[str, Any]]) -> Group:
    table = _table("Smallest effect found, 80 % power")
    for title in ("Alone", "In family", "Matters from"):
        table.add_column(title, justify="right", no_wrap=True)
    for task, of_task in groupby(claims, key=itemgetter("task")):
        table.add_row(Text(task, "bold"))
        for claim in of_task:
            matters = _of_claim(claim, claim["margin"])
            table.add_row(f"  {claim['claim']}", _power(claim, "alone"), _power(claim, "in_family"), matters)
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
    return fixed(value * (PER_DOUBLING if slope else 1), claim["percent"], claim["scale"]) + (" *" if slope else "")


# ------------------------------------------------------------------------------------------------------ verdicts


def verdict_page(
    verdicts: Sequence[ClaimVerdict], about: Mapping[str, Any], same_arms: Sequence[SameArm] = (), long: bool = False
) -> Group:
    """All verdicts of a campaign, task by task; ``long`` adds the sentence, all gates and where a claim comes from.

    ``same_arms`` are the arms that ran twice; they are told beneath.
    """
    if not verdicts:
        return Group(Text("No claims: there is nothing to judge.", "yellow"))
    parts: list[RenderableType] = []
    for task, of_task in groupby(verdicts, key=lambda verdict: verdict.task):
        grid = Table.grid(padding=(0, 2))
        grid.add_column(width=max(map(len, ANSWERS.values())))
        grid.add_column(overflow="fold")
        for verdict in of_task:
            grid.add_row(_answer(verdict), _judged(verdict, long))
        question = str(about["tasks"][task].get("question", ""))
        parts += [Text.assemble((task, "bold cyan"), f"  {question}"), Padding(grid, (0, 0, 1, 2))]
    tally = Counter[str](verdict.verdict for verdict in verdicts)
    counts = ", ".join(f"{tally[answer]} {word}" for answer, word in ANSWERS.items() if tally[answer])
    parts += [Text(f"A against A, {one.task}: {one.says}", TWIN_STYLES[one.state]) for one in same_arms]
    return Group(*parts, Text(f"{counted(len(verdicts), 'claim')}: {counts}.", "bold"))


def _answer(verdict: ClaimVerdict) -> Text:
    text = Text(ANSWERS[verdict.verdict], f"bold {ANSWER_STYLES[verdict.verdict]}")
    return text.append("".join(f"\n{words}" for words in asides(verdict)), "dim")


def _judged(verdict: ClaimVerdict, long: bool) -> Text:
    """The claim, the numbers, and what must be known of them."""
    text = Text(verdict.says)
    text.append(f"\n{_numbers(verdict)}", "bold")
    failed = [gate for gate in verdict.gates if gate.failed]
    if not long:
        more = f" And {len(failed) - 1} more: `bakeoff verdict --long`." if len(failed) > 1 else ""
        text.append(f"\n! {failed[0].says}{more}" if failed else "", "yellow")
        return text
    text.append(f"\n{verdict.sentence}")  # which tells of the first failed gate
    for gate in failed[1:]:
        text.append(f"\n! {gate.says} {gate.cure}", "yellow")
    for name, said in (("Source", verdict.source), ("It reports", verdict.against)):
        text.append(f"\n{name}: {said}" if said else "", "dim")
    text.append(
        "".join(f"\n{said[:1].upper()}{said[1:]}" for said in (verdict.population, *verdict.notes) if said) + "\n",
        "dim",
    )
    return text


def _numbers(verdict: ClaimVerdict) -> str:
    """Effect and interval with what the claim promises put back: as one would measure them."""
    if verdict.blocks == 0:
        return f"{blocks_in(verdict)} yet"
    settle = verdict.blocks_to_settle
    open_still = verdict.complete and verdict.verdict == "inconclusive" and verdict.label != "exploratory" and settle
    rest = f"; at most about {settle:,} would settle it" if open_still else ""
    return f"{effect_and_interval(verdict)}, {blocks_in(verdict)}{rest}"


# ------------------------------------------------------------------------------------------------------- records


def status_table(found: Sequence[Standing]) -> Table:
    """One line a campaign."""
    titles = ("Campaign", "State", "Trainings", "Pace", "Left", "Not finished", "Last word")
    rows = [
        (
            one.id,
            one.state,
            f"{one.done:,}/{one.planned:,}",
            rate(one.rate) if one.rate else "",
            duration(one.seconds_left) if one.seconds_left is not None else "",
            failures(one.failed),
            _ago(one.updated),
        )
        for one in found
    ]
    return _filled(titles, rows, {"State": STATE_STYLES})


def cell_states(counts: Mapping[str, Mapping[str, int]]) -> Table:
    """Per task, how many cells are in each state."""
    states = [s for s in ("done", "final", "tuning", "queued", "failed") if any(c.get(s) for c in counts.values())]
    table = _table("Task")
    for state in states:
        table.add_column(state, justify="right")
    for task, states_of in counts.items():
        table.add_row(Text(task, "bold"), *(str(states_of.get(state, 0)) for state in states))
    return table


def why_page(found: Explanation) -> Group:
    """What a training is and came to, and what sets it apart from its nearest neighbour."""
    line = found.training.line
    metrics = line.get("metrics") or {}
    best = [f"{name} {value:.4g}" for name, value in metrics.items() if name.startswith(("validation.", "test."))]
    worker = line.get("worker") or {}
    place = f"{line['task']} · {line['level']} · {line['arm']} · block {line['block']}"
    facts = _facts(
        ("Training", f"{line['kind']} {line['number']} of {place}"),
        ("Campaign", ", ".join(found.campaigns)),
        ("Status", f"{line['status']}{': ' + line['error'] if line.get('error') else ''}"),
        ("Settings", ", ".join(f"{name} {_value(value)}" for name, value in line["settings"].items())),
        ("Came to", ", ".join(best)),
        ("Trained", _trained(line, worker)),
    )
    parts: list[RenderableType] = [_headline(found.training.key[:16], ""), facts]
    if line.get("traceback"):
        parts.append(Panel(Text(str(line["traceback"]).rstrip()), title="traceback", box=box.ROUNDED, style="dim"))
    if found.nearest is None:
        return Group(*parts, Text("\nNo other training of this task is on record."))
    there = found.nearest.line
    place = f"{there['kind']} {there['number']} of {there['level']} · {there['arm']} · block {there['block']}"
    elsewhere = "" if found.nearest.campaign in found.campaigns else f" in {found.nearest.campaign}"
    table = _table("What differs", "Here", "There")
    for name, here, other in found.differences:
        table.add_row(name, _value(here), _value(other))
    same = Text("Nothing on record differs but the sources or the data." if not found.differences else "")
    says = Text(f"\nNearest other: {found.nearest.key[:16]}, {place}{elsewhere}")
    return Group(*parts, says, table if found.differences else same)


def _trained(line: Mapping[str, Any], worker: Mapping[str, Any]) -> str:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(line.get("started") or 0))
    took = _seconds((line.get("ended") or 0) - (line.get("started") or 0))
    where = f"{when}, {took}, on {worker.get('host', 'an unknown host')} ({worker.get('device', '?')})"
    return f"{where}; went on at step {worker['resumed']} after a loss" if "resumed" in worker else where


def prepared_table() -> Table:
    """The head of what ``prepare`` shows, a line a level."""
    table = _table("Task", "Level")
    for title in ("Training", "Validation", "Test", "Took"):
        table.add_column(title, justify="right", no_wrap=True)
    return table


def finding_line(finding: Finding, width: int) -> Table:
    """One line of doctor or check: the word, what was looked at, what was seen; beneath it what to do."""
    grid = Table.grid(padding=(0, 1), expand=False)
    grid.add_column(width=7)
    grid.add_column(width=width)
    grid.add_column(overflow="fold")
    says = Text(finding.says)
    if finding.ok is False and finding.cure:
        says.append(f"\n→ {finding.cure}", "bold")
    grid.add_row(Text(finding.word, WORD_STYLES[finding.word]), Text(finding.what), says)
    return grid


def next_steps(results: Path, prefix: str) -> Table:
    """Where to look when a campaign is done."""
    given = "" if results == Path("results") else f" --results {results}"
    return _facts(
        ("Charts", f"{prefix} dashboard{given}"),
        ("Runs", f"{prefix} mlflow{given}"),
        ("Report", f"{prefix} report{given}"),
        ("Numbers", f"{prefix} verdict --json{given}"),
    )


# ---------------------------------------------------------------------------------------------------------- words


def failures(failed: Mapping[str, int]) -> str:
    """``2 diverged, 1 crashed``."""
    return ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in sorted(failed.items()) if count)


def rate(per_second: float) -> str:
    return f"{per_second:.1f}/s" if per_second >= 1 else f"{60 * per_second:.1f}/min"


def duration(seconds: float) -> str:
    """``8 s``, ``2 min 05 s``, ``3 h 20 min``, ``2 days 4 h``."""
    whole = max(0, round(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if minutes == 0:
        return f"{whole} s"
    if hours == 0:
        return f"{minutes} min {whole % 60:02} s"
    if days == 0:
        return f"{hours} h {minutes % 60:02} min"
    return f"{days} day{'' if days == 1 else 's'} {hours % 24} h"


# --------------------------------------------------------------------------------------------------------- pieces


def _table(*titles: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def _filled(
    titles: Sequence[str], rows: Sequence[Sequence[str]], styles: Mapping[str, Mapping[str, str]] | None = None
) -> Table:
    """A table without the columns that are empty throughout; ``styles`` colours a column's words."""
    kept = [place for place in range(len(titles)) if any(row[place] for row in rows)]
    table = _table(*(titles[place] for place in kept))
    for row in rows:
        words = [(row[place], (styles or {}).get(titles[place], {})) for place in kept]
        table.add_row(*(Text(word, colours.get(word, "")) for word, colours in words))
    table.columns[0].style, table.columns[0].no_wrap = "bold", True
    return table


def _headline(name: str, says: str) -> Text:
    return Text.assemble((name, "bold cyan"), f"  {says}" if says else "", "\n")


def _facts(*facts: tuple[str, str]) -> Table:
    """Names and values, those without a value left out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=len(facts) > 1)
    grid.add_column(overflow="fold")
    for name, value in facts:
        if value:
            grid.add_row(name, Text(value))
    return grid


def _x(value: float | None) -> str:
    return "" if value is None else f"{value:,.10g}"


def _value(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _seconds(value: float) -> str:
    return f"{1000 * value:.0f} ms" if value < 0.1 else f"{value:.1f} s" if value < 60 else duration(value)


def _bytes(count: float) -> str:
    unit, name = next((unit, name) for unit, name in UNITS if count < 1000 * unit or name == "TB")
    return f"{count / unit:,.{0 if count >= 10 * unit else 1}f} {name}"


def _ago(when: float) -> str:
    seconds = time.time() - when
    return "now" if seconds < 5 else f"{duration(seconds)} ago"


def plain(value: Any) -> Any:
    """The value for JSON: a number that is not finite becomes None."""
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        return None if isinstance(value, float) and not math.isfinite(value) else value
    return [plain(item) for item in value]

"""Campaigns, their cells and their runs, as the command line shows them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:  # so that listing tasks does not wait for what judges campaigns
    from suite.checks.finding import Finding
    from suite.records.explain import Explanation
    from suite.records.status import Standing
from suite.cli.render.text import (
    ago_text,
    duration,
    facts_table,
    failures,
    filled_text,
    headline_text,
    make_table,
    rate,
    seconds_text,
    value_text,
)

WORD_STYLES = {"OK": "green", "failed": "bold red", "skipped": "dim"}
STATE_STYLES = {
    "done": "green",
    "running": "cyan",
    "incomplete": "yellow",
    "interrupted": "red",
    "stopped": "yellow",
}


def status_table(found: Sequence[Standing]) -> Table:
    """One line a campaign."""
    titles = (
        "Campaign",
        "State",
        "Runs",
        "Pace",
        "Left",
        "Not finished",
        "Last word",
    )
    rows = [
        (
            one.id,
            one.state,
            f"{one.done:,}/{one.planned:,}",
            rate(one.rate) if one.rate else "",
            duration(one.seconds_left) if one.seconds_left is not None else "",
            failures(one.failed),
            ago_text(one.updated),
        )
        for one in found
    ]
    return filled_text(titles, rows, {"State": STATE_STYLES})


def cell_states(counts: Mapping[str, Mapping[str, int]]) -> Table:
    """Per task, how many cells are in each state."""
    states = [
        s
        for s in ("done", "final", "tuning", "queued", "failed")
        if any(c.get(s) for c in counts.values())
    ]
    table = make_table("Task")
    for state in states:
        table.add_column(state, justify="right")
    for task, states_of in counts.items():
        table.add_row(
            Text(task, "bold"), *(str(states_of.get(state, 0)) for state in states)
        )
    return table


def why_page(found: Explanation) -> Group:
    """What a run is and came to, and what sets it apart from its nearest
    neighbour.
    """
    line = found.training.line
    metrics = line.get("metrics") or {}
    best = [
        f"{name} {value:.4g}"
        for name, value in metrics.items()
        if name.startswith(("validation.", "test."))
    ]
    worker = line.get("worker") or {}
    place = f"{line['task']} · {line['level']} · {line['arm']} · block {line['block']}"
    facts = facts_table(
        ("Training", f"{line['kind']} {line['number']} of {place}"),
        ("Campaign", ", ".join(found.campaigns)),
        (
            "Status",
            f"{line['status']}{': ' + line['error'] if line.get('error') else ''}",
        ),
        (
            "Params",
            ", ".join(
                f"{name} {value_text(value)}" for name, value in line["params"].items()
            ),
        ),
        ("Came to", ", ".join(best)),
        ("Trained", _trained(line, worker)),
    )
    parts: list[RenderableType] = [headline_text(found.training.key[:16], ""), facts]
    if line.get("traceback"):
        parts.append(
            Panel(
                Text(str(line["traceback"]).rstrip()),
                title="traceback",
                box=box.ROUNDED,
                style="dim",
            )
        )
    if found.nearest is None:
        return Group(*parts, Text("\nNo other run of this task is on record."))
    there = found.nearest.line
    place = f"{there['kind']} {there['number']} of {there['level']} · {there['arm']} · block {there['block']}"
    elsewhere = (
        ""
        if found.nearest.campaign in found.campaigns
        else f" in {found.nearest.campaign}"
    )
    table = make_table("What differs", "Here", "There")
    for name, here, other in found.differences:
        table.add_row(name, value_text(here), value_text(other))
    same = Text(
        "Nothing on record differs but the sources or the data."
        if not found.differences
        else ""
    )
    says = Text(f"\nNearest other: {found.nearest.key[:16]}, {place}{elsewhere}")
    return Group(*parts, says, table if found.differences else same)


def _trained(line: Mapping[str, Any], worker: Mapping[str, Any]) -> str:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(line.get("started") or 0))
    took = seconds_text((line.get("ended") or 0) - (line.get("started") or 0))
    where = f"{when}, {took}, on {worker.get('host', 'an unknown host')} ({worker.get('device', '?')})"
    return (
        f"{where}; went on at step {worker['resumed']} after a loss"
        if "resumed" in worker
        else where
    )


def prepared_table() -> Table:
    """The head of what ``prepare`` shows, a line a level."""
    table = make_table("Task", "Level")
    for title in ("Training", "Validation", "Test", "Took"):
        table.add_column(title, justify="right", no_wrap=True)
    return table


def finding_line(finding: Finding, width: int) -> Table:
    """One line of doctor or check: the word, what was looked at, what was seen; beneath
    it what to do.
    """
    grid = Table.grid(padding=(0, 1), expand=False)
    grid.add_column(width=7)
    grid.add_column(width=width)
    grid.add_column(overflow="fold")
    says = Text(finding.says)
    if finding.ok is False and finding.hint:
        says.append(f"\n→ {finding.hint}", "bold")
    grid.add_row(
        Text(finding.word, WORD_STYLES[finding.word]), Text(finding.what), says
    )
    return grid


def next_steps(results: Path, prefix: str) -> Table:
    """Where to look when a campaign is done."""
    given = "" if results == Path("results") else f" --results {results}"
    return facts_table(
        ("Charts", f"{prefix} dashboard{given}"),
        ("Runs", f"{prefix} mlflow{given}"),
        ("Report", f"{prefix} report{given}"),
        ("Numbers", f"{prefix} verdict --json{given}"),
    )

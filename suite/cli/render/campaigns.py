"""Campaigns, their cells and their runs, as the command line shows them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import (
    Console,
    ConsoleOptions,
    Group,
    RenderableType,
    RenderResult,
)
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from suite.cli.render.text import (
    NARROW,
    Listing,
    ago_text,
    facts_table,
    failures,
    headline_text,
    rate,
    seconds_text,
    value_text,
)
from suite.report.formatting import duration

if TYPE_CHECKING:
    # So that listing tasks does not wait for what judges campaigns.
    from suite.checks.finding import Finding
    from suite.records.explain import Explanation, Recorded
    from suite.records.status import Standing

TASKS_SHOWN = 2  # of one campaign, in a table of many
WORD_WIDTH = len("skipped")
MIN_SHOWN_S = 0.05  # seconds that a finding took
WORD_STYLES = {"OK": "green", "failed": "bold red", "skipped": "dim"}
CELL_STATES = ("done", "final", "tuning", "queued", "failed")
STATE_STYLES = {
    "done": "green",
    "running": "cyan",
    "incomplete": "yellow",
    "interrupted": "red",
    "stopped": "yellow",
}


def status_table(found: Sequence[Standing]) -> Listing:
    """One row a campaign."""
    titles = (
        "Campaign",
        "Tasks",
        "State",
        "Runs",
        "Pace",
        "Left",
        "Not finished",
        "Updated",
    )
    rows = [_status_row(one) for one in found]
    styles = {"State": STATE_STYLES}
    return Listing(titles, rows, right=("Runs",), styles=styles)


def _status_row(one: Standing) -> Sequence[str]:
    """A campaign's id, tasks and state, its runs as ``done/planned``, how fast
    they come, the time left, its failures, and when it was last heard of.
    """
    has_forecast = one.seconds_left is not None
    return (
        one.id,
        tasks_text(one.tasks),
        one.state,
        f"{one.done:,}/{one.planned:,}",
        rate(one.rate) if one.rate else "",
        duration(one.seconds_left) if has_forecast else "",
        failures(one.failed),
        ago_text(one.updated),
    )


def tasks_text(names: Sequence[str]) -> str:
    """The tasks of a campaign; of many the first, and how many more there are."""
    if len(names) <= TASKS_SHOWN:
        return ", ".join(names)
    return f"{names[0]} and {len(names) - 1} more"


def cell_states(counts: Mapping[str, Mapping[str, int]]) -> Listing:
    """Per task, how many cells are in each state."""
    states = []
    for state in CELL_STATES:
        # A state that no cell is in needs no column.
        if any(of_task.get(state) for of_task in counts.values()):
            states.append(state)
    rows = []
    for task, of_task in counts.items():
        numbers = [str(of_task.get(state, 0)) for state in states]
        rows.append((task, *numbers))
    return Listing(("Task", *states), rows, right=states)


def why_page(found: Explanation) -> Group:
    """What a run was and gave, and what sets it apart from the most similar one.

    Its identity and its results come first, then a traceback if it has one, then the
    values in which the two differ.
    """
    line = found.run.line
    parts: list[RenderableType] = [
        headline_text(found.run.key[:16], ""),
        _run_facts(line, found.campaigns),
    ]
    if line.get("traceback"):
        # As Text, since rich would take square brackets in a string for
        # markup.
        trace = Text(str(line["traceback"]).rstrip())
        parts.append(
            Panel(trace, title="traceback", box=box.ROUNDED, style="dim")
        )
    if found.nearest is None:
        return Group(*parts, Text("\nNo other run of this task is recorded."))
    parts.append(_nearest(found.nearest, found.campaigns))
    if not found.differences:
        same = "Nothing recorded differs but the sources or the data."
        return Group(*parts, Text(same))
    rows = []
    for name, here, there in found.differences:
        rows.append((name, value_text(here), value_text(there)))
    differences = Listing(("What differs", "Here", "There"), rows)
    return Group(*parts, differences)


def _run_facts(line: Mapping[str, Any], campaigns: Sequence[str]) -> Table:
    """What was recorded of one run: one fact a line. Its scores are those on
    the validation and test sets, ``campaigns`` the ids of those that have it.
    """
    scores = []
    for name, value in (line.get("metrics") or {}).items():
        if name.startswith(("validation.", "test.")):
            scores.append(f"{name} {value:.4g}")
    params = []
    for name, value in line["params"].items():
        params.append(f"{name} {value_text(value)}")
    reason = f": {line['error']}" if line.get("error") else ""
    return facts_table(
        ("Run", f"{line['task']} · {_run_name(line)}"),
        ("Campaign", ", ".join(campaigns)),
        ("Status", line["status"] + reason),
        ("Hyperparameters", ", ".join(params)),
        ("Scores", ", ".join(scores)),
        ("Trained", _trained(line)),
    )


def _run_name(line: Mapping[str, Any]) -> str:
    """``few · wide · block 0 · trial 3``."""
    level, arm, block = line["level"], line["arm"], line["block"]
    kind, number = line["kind"], line["number"]
    return f"{level} · {arm} · block {block} · {kind} {number}"


def _nearest(nearest: Recorded, campaigns: Sequence[str]) -> Text:
    """The most similar run that is recorded, and its campaign if ``campaigns``
    lacks that.
    """
    elsewhere = ""
    if nearest.campaign not in campaigns:
        elsewhere = f" in {nearest.campaign}"
    return Text(
        f"\nMost similar: {nearest.key[:16]}, {_run_name(nearest.line)}{elsewhere}"
    )


def _trained(line: Mapping[str, Any]) -> str:
    """When, for how long and where."""
    worker = line.get("worker") or {}
    started = line.get("started") or 0
    ended = line.get("ended") or 0
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(started))
    took = seconds_text(ended - started)
    host = worker.get("host", "an unknown host")
    device = worker.get("device", "?")
    says = f"{when}, {took}, on {host} ({device})"
    if "resumed" in worker:
        says += f"; resumed at step {worker['resumed']} after a loss"
    return says


def prepared_table(rows: Sequence[Sequence[str]]) -> Listing:
    """What ``prepare`` loaded, a row a level."""
    sizes = ("Training", "Validation", "Test", "Took")
    return Listing(("Task", "Level", *sizes), rows, right=sizes)


@dataclass(frozen=True)
class FindingLine:
    """One finding of doctor or check: the result, what was checked, what was found, how
    long it took; below it what to do.
    """

    finding: Finding
    """The finding of a check."""

    width: int
    """Characters of the longest name in the list."""

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        """The word, the name and what was found: side by side, or one above
        the other on a narrow terminal.
        """
        result = self.finding.word
        word = Text(result, WORD_STYLES[result])
        name = Text(self.finding.what)
        says = self._says()
        if options.max_width < NARROW:
            yield word.append(f" {name}", "default")
            yield Padding(says, (0, 0, 0, 2))
            return
        grid = Table.grid(padding=(0, 1), expand=False)
        grid.add_column(width=WORD_WIDTH)
        grid.add_column(width=self.width)
        # Folded and not cut off: a path in it must be whole to be of use.
        grid.add_column(overflow="fold")
        grid.add_row(word, name, says)
        yield grid

    def _says(self) -> Text:
        """What was found, how long the check took if that was long, and how to
        mend what failed.
        """
        says = Text(self.finding.says)
        if self.finding.seconds >= MIN_SHOWN_S:
            says.append(f" · {seconds_text(self.finding.seconds)}", "dim")
        if self.finding.ok is False and self.finding.hint:
            says.append(f"\n→ {self.finding.hint}", "bold")
        return says


def next_steps(command: Callable[..., str]) -> Table:
    """Where to look when a campaign is done; ``command`` formats one as it is typed."""
    return facts_table(
        ("Charts", command("dashboard")),
        ("Runs", command("mlflow")),
        ("Report", command("report")),
        ("Numbers", command("verdict", "--json")),
    )

"""Shows a running campaign's progress: a bar in a terminal, elsewhere a line every ten
seconds.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Column

from suite.cli.render.text import failures, rate
from suite.report.formatting import duration

if TYPE_CHECKING:
    from suite.campaign.progress import Tally

LINE_EVERY_S = 10.0  # between plain lines


class Watch(Protocol):
    """A receiver of a campaign's progress."""

    def take(self, tally: Tally) -> None:
        """Show how far the campaign is; called about once a second."""
        ...

    def say(self, text: str) -> None:
        """Print a sentence that stays, apart from the progress."""
        ...


@contextmanager
def watching(console: Console, name: str, planned: int) -> Iterator[Watch]:
    """A watch on this console for a campaign of that name with that many runs.

    On a terminal it is a progress bar, elsewhere a line now and then.
    """
    if not console.is_terminal:
        # A bar redraws its line, which fills a log with control characters.
        yield Lines(console)
        return
    with _bar(console) as progress:
        yield Bar(progress, name, planned)


class Bar:
    """A bar with done/total, rate, time left and failures."""

    def __init__(self, progress: Progress, name: str, planned: int) -> None:
        self._progress = progress
        self._task = progress.add_task(
            name, total=planned, rest="starting workers …"
        )

    def take(self, tally: Tally) -> None:
        """Redraw the bar in its place."""
        self._progress.update(
            self._task,
            completed=tally.done,
            total=tally.planned,
            rest=pace(tally),
        )

    def say(self, text: str) -> None:
        """Print a sentence above the bar."""
        # By the bar's own console: any other would write into the bar.
        self._progress.console.print(text, markup=False, highlight=False)


class Lines:
    """Plain lines, for logs and pipes."""

    def __init__(self, console: Console, every: float = LINE_EVERY_S) -> None:
        self._console, self._every, self._last = (
            console,
            every,
            time.monotonic(),
        )

    def take(self, tally: Tally) -> None:
        """Print a line, unless the last one was just before."""
        now = time.monotonic()
        if now - self._last >= self._every:
            self._last = now
            self.say(f"{tally.done:,}/{tally.planned:,} runs · {pace(tally)}")

    def say(self, text: str) -> None:
        """Print a sentence on a line of its own."""
        # Unwrapped, as a log has no width, and ``grep`` finds whole lines.
        self._console.print(
            text, markup=False, highlight=False, soft_wrap=True
        )


def _bar(console: Console) -> Progress:
    return Progress(
        SpinnerColumn("dots", finished_text="✓"),
        TextColumn(
            "{task.description}",
            table_column=Column(
                no_wrap=True, overflow="ellipsis", max_width=24
            ),
        ),
        BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=8)),
        TextColumn(
            "{task.completed:,.0f}/{task.total:,.0f}",
            table_column=Column(no_wrap=True),
        ),
        TextColumn("{task.fields[rest]}", table_column=Column(no_wrap=True)),
        console=console,
        expand=True,
        # The bar disappears at the end: what follows it says more.
        transient=True,
    )


def pace(tally: Tally) -> str:
    """Rate, pending resources, time left and failures, as far as they are known.

    For example ``2.5/s · 3 min 20 s left · 1 crashed``.
    """
    parts = []
    if tally.trained:
        parts.append(rate(tally.rate))
    # Before the first run has ended there is no rate; a long first run must
    # not look like a program that hangs.
    elif tally.running:
        parts.append(
            f"{tally.running} running for {duration(tally.seconds_running)}"
        )
    elif not tally.waiting:
        parts.append("starting")
    if tally.waiting:
        parts.append(f"waiting for {tally.waiting} …")
    if tally.seconds_left is not None and tally.done < tally.planned:
        parts.append(f"{duration(tally.seconds_left)} left")
    if tally.failed:
        parts.append(failures(tally.failed))
    return " · ".join(parts)

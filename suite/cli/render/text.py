"""Text layout of the command line: made for 80 columns, readable in 40, and as wide as
the terminal allows.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from suite.report.formatting import duration

INDENT = (0, 0, 0, 2)  # top, right, bottom, left
COLUMN_GAP = 3  # columns of the terminal between two of a table
NARROW = 60  # columns; in fewer, a table would break its words
UNITS = ((1e3, "kB"), (1e6, "MB"), (1e9, "GB"), (1e12, "TB"))


def failures(failed: Mapping[str, int]) -> str:
    """``2 diverged, 1 crashed``: counts by status, in the order of their names."""
    parts = []
    for status, count in sorted(failed.items()):
        if count:
            words = status.replace("_", " ")
            parts.append(f"{count:,} {words}")
    return ", ".join(parts)


def rate(per_second: float) -> str:
    """``2.5/s``, or ``30.0/min`` below one a second."""
    if per_second >= 1:
        return f"{per_second:.1f}/s"
    return f"{60 * per_second:.1f}/min"


@dataclass(frozen=True)
class Listing:
    """Rows under titles: a table, or on a narrow terminal one block of lines a row.

    Columns that are empty throughout are left out.
    """

    titles: Sequence[str]
    """The title of each column."""

    rows: Sequence[Sequence[str]]
    """The cells of each row, one per title."""

    right: Collection[str] = ()
    """Titles of the columns that are aligned to the right, as numbers are."""

    styles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The style of a word, by the title of its column and the word."""

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> RenderResult:
        """The table, or on a narrow terminal a block of lines for each row."""
        if options.max_width >= NARROW:
            yield self._table(options.max_width)
        else:
            yield from self._blocks()

    def _table(self, width: int) -> Table:
        """The columns that are kept, as a table: numbers on the right, the
        first column in bold.
        """
        table = Table(
            box=box.SIMPLE_HEAD,
            pad_edge=False,
            show_edge=False,
            header_style="bold",
        )
        kept = self._kept()
        # A name is broken only where a number would be cut off otherwise.
        has_room = self._unbroken_width(kept) <= width
        for column in kept:
            title = self.titles[column]
            is_number = title in self.right
            table.add_column(
                title,
                overflow="fold",
                justify="right" if is_number else "left",
                # A number or a name that is broken over two lines cannot be
                # read or copied.
                no_wrap=is_number or (column == 0 and has_room),
            )
        for row in self.rows:
            cells = [self._cell(row, column) for column in kept]
            table.add_row(*cells)
        return table

    def _unbroken_width(self, kept: Sequence[int]) -> int:
        """The width of a table whose names and numbers stand in one line each."""
        found = COLUMN_GAP * (len(kept) - 1)
        for column in kept:
            title = self.titles[column]
            if column == 0 or title in self.right:
                cells = [title, *(row[column] for row in self.rows)]
                found += max(map(cell_len, cells))
        return found

    def _blocks(self) -> Iterator[RenderableType]:
        """The first column as a heading, the others beneath it."""
        for row in self.rows:
            yield self._cell(row, 0)
            for column in self._kept()[1:]:
                if row[column]:
                    title = Text(f"{self.titles[column]}: ", "dim")
                    line = title + self._cell(row, column)
                    yield Padding(line, INDENT)

    def _kept(self) -> list[int]:
        """The columns that are not empty throughout."""
        kept = []
        for column in range(len(self.titles)):
            if any(row[column] for row in self.rows):
                kept.append(column)
        return kept

    def _cell(self, row: Sequence[str], column: int) -> Text:
        """A row's text in a column, in the style that its column gives to that
        word.
        """
        word = row[column]
        if column == 0:
            return Text(word, "bold")
        styles = self.styles.get(self.titles[column], {})
        return Text(word, styles.get(word, ""))


def headline_text(name: str, says: str) -> Text:
    """The title of a page: a name, what it says, and an empty line."""
    return Text.assemble(
        (name, "bold cyan"), f"  {says}" if says else "", "\n"
    )


def facts_table(*facts: tuple[str, str]) -> Table:
    """Names and values; those without a value are left out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=len(facts) > 1)
    grid.add_column(overflow="fold")
    for name, value in facts:
        if value:
            grid.add_row(name, Text(value))
    return grid


def x_text(value: float | None) -> str:
    """A place on an axis: ``10,000``; empty where there is none."""
    return "" if value is None else f"{value:,.10g}"


def value_text(value: object) -> str:
    """Any value in short: ``0.00123457``, ``adam``."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def seconds_text(value: float) -> str:
    """``35 ms``, ``4.2 s``, ``2 min 05 s``."""
    if value < 0.1:
        return f"{1000 * value:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    return duration(value)


def size_text(count: float) -> str:
    """``1.2 MB``, ``35 GB``: decimal units, as disks are sold."""
    unit, name = UNITS[0]
    for larger, its_name in UNITS[1:]:
        if count >= larger:
            unit, name = larger, its_name
    digits = 0 if count >= 10 * unit else 1
    return f"{count / unit:,.{digits}f} {name}"


def ago_text(when: float) -> str:
    """How long ago a time was, in seconds since 1970: ``now``, ``2 min 05 s ago``."""
    seconds = time.time() - when
    return "now" if seconds < 5 else f"{duration(seconds)} ago"


def json_value(value: Any) -> Any:
    """The value for JSON: a number that is not finite becomes None."""
    if isinstance(value, Mapping):
        return {str(name): json_value(item) for name, item in value.items()}
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        # JSON has neither NaN nor infinity.
        if isinstance(value, float) and not math.isfinite(value):
            return None
        return value
    return [json_value(item) for item in value]

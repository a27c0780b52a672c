"""What the command line shows: tables and panels that are right in a terminal of 80
columns, and use more.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

UNITS = ((1e3, "kB"), (1e6, "MB"), (1e9, "GB"), (1e12, "TB"))


def failures(failed: Mapping[str, int]) -> str:
    """``2 diverged, 1 crashed``."""
    return ", ".join(
        f"{count:,} {status.replace('_', ' ')}"
        for status, count in sorted(failed.items())
        if count
    )


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


def make_table(*titles: str) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold"
    )
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def filled_text(
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    styles: Mapping[str, Mapping[str, str]] | None = None,
) -> Table:
    """A table without the columns that are empty throughout; ``styles`` colours a
    column's words.
    """
    kept = [place for place in range(len(titles)) if any(row[place] for row in rows)]
    table = make_table(*(titles[place] for place in kept))
    for row in rows:
        words = [(row[place], (styles or {}).get(titles[place], {})) for place in kept]
        table.add_row(*(Text(word, colours.get(word, "")) for word, colours in words))
    table.columns[0].style, table.columns[0].no_wrap = "bold", True
    return table


def headline_text(name: str, says: str) -> Text:
    return Text.assemble((name, "bold cyan"), f"  {says}" if says else "", "\n")


def facts_table(*facts: tuple[str, str]) -> Table:
    """Names and values, those without a value left out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=len(facts) > 1)
    grid.add_column(overflow="fold")
    for name, value in facts:
        if value:
            grid.add_row(name, Text(value))
    return grid


def x_text(value: float | None) -> str:
    return "" if value is None else f"{value:,.10g}"


def value_text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def seconds_text(value: float) -> str:
    return (
        f"{1000 * value:.0f} ms"
        if value < 0.1
        else f"{value:.1f} s"
        if value < 60
        else duration(value)
    )


def size_text(count: float) -> str:
    unit, name = next(
        (unit, name) for unit, name in UNITS if count < 1000 * unit or name == "TB"
    )
    return f"{count / unit:,.{0 if count >= 10 * unit else 1}f} {name}"


def ago_text(when: float) -> str:
    seconds = time.time() - when
    return "now" if seconds < 5 else f"{duration(seconds)} ago"


def plain(value: Any) -> Any:
    """The value for JSON: a number that is not finite becomes None."""
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        return None if isinstance(value, float) and not math.isfinite(value) else value
    return [plain(item) for item in value]

"""What all commands share: where they print, how they end, and how the user called
them.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from suite.campaign.signals import sigterm_as_ctrl_c

if TYPE_CHECKING:
    from rich.console import Console

    from suite.checks.finding import Finding

USAGE, FAILED, INTERRUPTED = 2, 1, 130  # exit codes


def out() -> Console:
    """Where results are printed: the terminal as it is at this moment."""
    from rich.console import Console

    return Console()


def err() -> Console:
    """Where progress and complaints are printed, out of the way of results."""
    from rich.console import Console

    return Console(stderr=True)


def print_json(value: object) -> None:
    """Print for scripts; a number that is not finite becomes null."""
    from suite.cli.render.text import plain

    print(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def complain(message: str) -> None:
    console = err()
    console.print("[bold red]Error:[/bold red]", end=" ")
    console.print(
        message, markup=False, highlight=False, soft_wrap=not console.is_terminal
    )


def prefix() -> str:
    """How the user called us."""
    return "python -m suite" if Path(sys.argv[0]).name == "__main__.py" else "bakeoff"


def again() -> str:
    """The command that goes on where this one stopped."""
    return shlex.join(
        [*shlex.split(prefix()), *(word for word in sys.argv[1:] if word != "--new")]
    )


def report_findings(
    findings: Iterator[Finding], width: int, well: str, ill: str
) -> None:
    """Print findings as they come; exit code 1 where one failed."""
    from suite.cli.render import campaigns

    failed = 0
    for finding in findings:
        out().print(campaigns.finding_line(finding, width))
        failed += finding.ok is False
    out().print(
        f"\n{well}" if not failed else f"\n{ill}: see the arrows above.",
        style="bold",
        highlight=False,
    )
    raise typer.Exit(FAILED if failed else 0)


@contextmanager
def ctrl_c_is_fine() -> Iterator[None]:
    """For servers, Ctrl-C and SIGTERM are the way to end them."""
    with sigterm_as_ctrl_c():
        try:
            yield
        except KeyboardInterrupt:
            print()

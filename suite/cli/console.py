"""What all commands share: where they print, how they end, and how to call them."""

from __future__ import annotations

import codecs
import json
import shlex
import shutil
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from suite.campaign.signals import acknowledge, signals_as_ctrl_c

if TYPE_CHECKING:
    from rich.console import Console

    from suite.checks.finding import Finding

USAGE, FAILED = 2, 1  # exit codes
RESULTS = Path("results")  # the default of --results

# What a terminal or a file that knows only ASCII gets instead.
ASCII = {
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{MIDDLE DOT}": "|",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{PLUS-MINUS SIGN}": "+-",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
}


def out() -> Console:
    """Standard output, looked up at each use."""
    from rich.console import Console

    # Not kept: tests and pipes replace ``sys.stdout``, and a console holds on
    # to the one that it was made with.
    return Console()


def err() -> Console:
    """Standard error, for progress and errors."""
    from rich.console import Console

    return Console(stderr=True)


def show_what_can_be_shown() -> None:
    """Print a stand-in for what standard output cannot encode, rather than fail."""
    codecs.register_error("bakeoff", _stand_in)
    for stream in (sys.stdout, sys.stderr):
        # A notebook's or a test's stream may have no encoding to fail at.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="bakeoff")


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """``-`` for a minus sign, ``e`` for é, ``?`` for what has no equivalent."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end]
    return "".join(map(_ascii, text)), error.end


def _ascii(character: str) -> str:
    if character in ASCII:
        return ASCII[character]
    # Takes accents apart from their letters, which are ASCII then.
    letters = unicodedata.normalize("NFKD", character)
    return letters.encode("ascii", "ignore").decode() or "?"


def print_json(value: object) -> None:
    """Print for scripts, indented; a number that is not finite becomes null.

    Letters that the output's encoding may lack are escaped.
    """
    from suite.cli.render.text import json_value

    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(
        json.dumps(
            json_value(value),
            indent=2,
            ensure_ascii=not unicode,
            allow_nan=False,
        )
    )


def say(text: str, style: str = "") -> None:
    """Print a sentence without markup: wrapped on a terminal, on one line in a pipe."""
    console = out()
    console.print(
        text,
        style=style or None,
        markup=False,
        highlight=False,
        soft_wrap=not console.is_terminal,
    )


def say_command(words: str) -> None:
    """Print a command on a line of its own, unbroken, so that it can be copied."""
    out().print(f"  {words}", markup=False, highlight=False, soft_wrap=True)


def complain(message: str) -> None:
    """Print an error message to standard error."""
    console = err()
    console.print("[bold red]Error:[/bold red]", end=" ")
    console.print(
        message,
        markup=False,
        highlight=False,
        soft_wrap=not console.is_terminal,
    )


def prefix() -> str:
    """The command name that the user can type: a path where the program is not found by
    its name, as after `make demo`.
    """
    return shlex.join(_program())


def _program() -> list[str]:
    started = sys.argv[0]
    name = Path(started).name
    if name == "__main__.py":
        return ["python", "-m", "suite"]
    if name == "bakeoff" and not shutil.which(name):
        return [started]  # the path that the user typed
    return ["bakeoff"]


def command(*words: str | Path, results: Path = RESULTS) -> str:
    """A command as it must be typed, with ``--results`` where that is not the
    default.
    """
    elsewhere = [] if results == RESULTS else ["--results", str(results)]
    # Quoted where a path has spaces, so that the line can be pasted.
    return shlex.join([*_program(), *map(str, words), *elsewhere])


def again() -> str:
    """The command that resumes what this one began."""
    # With --new again, the same words would begin yet another campaign.
    return command(*(word for word in sys.argv[1:] if word != "--new"))


def report_findings(
    findings: Iterator[Finding],
    width: int,
    if_passed: str,
    if_failed: str,
) -> None:
    """Print findings as they come, and then ``if_passed`` or ``if_failed``.

    ``width`` is the number of characters of the longest name. Raises typer.Exit with
    code 1 where one failed.
    """
    from suite.cli.render import campaigns

    failed = 0
    for finding in findings:
        out().print(campaigns.FindingLine(finding, width))
        # None stands for a check that does not apply.
        failed += finding.ok is False
    verdict = f"{if_failed}: see the arrows above." if failed else if_passed
    say(f"\n{verdict}", "bold")
    raise typer.Exit(FAILED if failed else 0)


def say_stopped(message: str, resume: str = "") -> None:
    """Tell that a signal stopped the program, and the command that resumes it.

    Signals that follow change nothing. Where the terminal is gone, which SIGHUP says,
    nobody reads it.
    """
    acknowledge()
    with suppress(OSError):
        err().print(f"\n{message}")
        if resume:
            err().print(
                f"  {resume}", markup=False, highlight=False, soft_wrap=True
            )


@contextmanager
def ctrl_c_is_fine() -> Iterator[None]:
    """For servers, Ctrl-C and SIGTERM are the way to end them."""
    with signals_as_ctrl_c():
        try:
            yield
        except KeyboardInterrupt:
            # What is left to be done is not to be interrupted by a second one.
            acknowledge()
            # Begins a new line after the ``^C`` that the terminal shows.
            print()

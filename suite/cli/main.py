"""``bakeoff``: launch comparisons, follow them, look at what came out. The commands are
in ``suite/commands``.

Exit codes: 0 done; 1 some runs failed, or a check did; 2 something given cannot be
used; 130 interrupted.
"""

from __future__ import annotations

import errno
import gc
import os
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from suite.cli import machine, results, run, tasks
from suite.cli.console import USAGE, complain, prefix

THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
)  # a run has one; two make it slower
# new ones between two looks for garbage; at Python's 700 a fifth of the start went into
# looking
OBJECTS = 50_000
PANELS = {
    "Run": (run.demo, run.plan, run.run, run.status, run.cancel, run.retry),
    "Look": (
        results.verdict,
        results.report,
        results.dashboard,
        results.mlflow,
        results.why,
    ),
    "Tasks": (tasks.tasks, tasks.describe, tasks.check),
    "Machine": (machine.doctor, machine.prepare, machine.deploy),
}  # of --help, in its order


class Commands(TyperGroup):
    """All commands. What a user can mend ends in one message and exit code 2, however
    late it is found.
    """

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            message = _for_the_user(error)
            if message is None:
                raise
            if ctx.params.get("verbose"):
                traceback.print_exception(error)
            complain(message)
            raise typer.Exit(USAGE) from error


app = typer.Typer(
    cls=Commands,
    name="bakeoff",
    help="Textbook claims about training neural networks, put to the test.",
    epilog="Start with `bakeoff demo`, or `bakeoff tasks` and `bakeoff run quick`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for panel, commands in PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)

new_app = typer.Typer(
    help="Write a working template of your own task.", no_args_is_help=True
)
new_app.command("task")(tasks.new_task)
app.add_typer(new_app, name="new", rich_help_panel="Tasks")


def main() -> None:
    """The console script."""
    gc.set_threshold(OBJECTS)
    try:
        app(prog_name=prefix())
    finally:
        # Python would look through a million objects of PyTorch and MLflow once more: a
        # second
        gc.freeze()


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"bakeoff {_version()}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and leave.",
            is_eager=True,
            callback=_print_version,
        ),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Show tracebacks, and log as you go."),
    ] = False,
) -> None:
    os.environ.update(
        {name: os.environ.get(name, "1") for name in THREADS}
    )  # before anybody imports torch
    if verbose:
        import logging

        logging.getLogger("bakeoff").addHandler(logging.StreamHandler())


def _for_the_user(error: Exception) -> str | None:
    """The message for an error that the user can mend; None for one that is ours."""
    from tasks import UserError

    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError) and error.errno != errno.EPIPE:
        return f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}: everything on record is kept."
    where = _line_of_a_task(error)
    return f"{where} raises {type(error).__name__}: {error}" if where else None


def _line_of_a_task(error: Exception) -> str | None:
    """The innermost line of a task file that the error came through, if it did."""
    import tasks as known

    files = {source[0] for name in known.names() if (source := known.source_of(name))}
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in files:
            return f"Task file {frame.filename}, line {frame.lineno},"
    return None


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("bakeoff")
    except PackageNotFoundError:  # a clone that is run where it lies
        import tomllib

        text = (Path(__file__).parents[2] / "pyproject.toml").read_text(
            encoding="utf-8"
        )
        return str(tomllib.loads(text)["project"]["version"])

"""``bakeoff``: run comparisons, follow them, look at the results.

Exit codes: 0 done; 1 some runs failed, their cluster, or a check; 2 something given cannot be
used; 130 interrupted by Ctrl-C (143 by SIGTERM, 129 by SIGHUP).
"""

from __future__ import annotations

import errno
import gc
import os
import traceback
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from suite.campaign.signals import (
    exit_code,
    signals_as_ctrl_c,
    was_stopped,
)
from suite.cli import control, findings, machine, results, run, share, tasks
from suite.cli.console import (
    FAILED,
    USAGE,
    complain,
    prefix,
    say_stopped,
    show_what_can_be_shown,
)

# A run has one thread; libraries that take more make many runs at once slower.
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
# Objects between two garbage collections. At Python's 700, collecting took a
# fifth of the start.
COLLECT_EVERY = 50_000
# The panels of --help, in their order.
PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "Run": (
        run.demo,
        run.plan,
        run.run,
        control.status,
        control.cancel,
        run.retry,
    ),
    "Look": (
        results.verdict,
        findings.findings,
        findings.universes,
        results.report,
        findings.topics,
        results.dashboard,
        results.mlflow,
        results.why,
        results.judge,
    ),
    "Share": (share.export, share.import_),
    "Tasks": (tasks.tasks, tasks.describe, tasks.check),
    "Machine": (machine.doctor, machine.prepare, machine.deploy),
}


class Commands(TyperGroup):
    """All commands. What a user can fix ends in one message and exit code 2, however
    late it is found; Ctrl-C ends in one line and exit code 130.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run the command, and turn what it raises into a message and an exit code."""
        # Not only while a campaign runs: what starts before it, and what is left to
        # clean up after it, is not to be cut off either.
        with signals_as_ctrl_c():
            return self._invoke(ctx)

    def _invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            say_stopped("Stopped.")
            raise typer.Exit(exit_code(interrupt)) from interrupt
        except (Exception, SystemExit) as error:
            # A library that was interrupted may raise an error of its own.
            if was_stopped():
                raise
            # ``SystemExit``, since a task file may call ``sys.exit``.
            message = _for_the_user(error)
            if message is None:
                raise
            if ctx.params.get("verbose"):
                traceback.print_exception(error)
            complain(message)
            raise typer.Exit(_exit_code(error)) from error


app = typer.Typer(
    cls=Commands,
    name="bakeoff",
    help="Test textbook claims about training neural networks.",
    epilog="Start with `bakeoff demo`, or `bakeoff tasks` and `bakeoff run quick`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for panel, commands in PANELS.items():
    for command in commands:
        app.command(
            command.__name__.rstrip("_").replace("_", "-"),
            rich_help_panel=panel,
        )(command)

new_app = typer.Typer(
    help="Write a working template of your own task.", no_args_is_help=True
)
new_app.command("task")(tasks.new_task)
app.add_typer(new_app, name="new", rich_help_panel="Tasks")


def main() -> None:
    """Run the command that ``sys.argv`` names."""
    gc.set_threshold(COLLECT_EVERY)
    show_what_can_be_shown()
    try:
        app(prog_name=prefix())
    finally:
        # At its end Python would search a million objects of PyTorch and
        # MLflow for garbage once more, which takes a second.
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
            help="Print the version and exit.",
            is_eager=True,
            callback=_print_version,
        ),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", help="Show tracebacks and log messages."
        ),
    ] = False,
) -> None:
    # These libraries read their variables once, as torch is imported: a
    # command's own imports come later.
    for name in THREADS:
        os.environ.setdefault(name, "1")
    if verbose:
        import logging

        logging.getLogger("bakeoff").addHandler(logging.StreamHandler())


def _exit_code(error: BaseException) -> int:
    """1 where something broke while runs were on their way, else 2."""
    from suite.cluster.errors import ClusterLost

    return FAILED if isinstance(error, ClusterLost) else USAGE


def _for_the_user(error: BaseException) -> str | None:
    """The message for an error that the user can fix; None for a defect."""
    from tasks import UserError

    if isinstance(error, UserError):
        return str(error)
    # EPIPE is ``bakeoff ... | head``, which ends a program quietly.
    if isinstance(error, OSError) and error.errno != errno.EPIPE:
        where = f": {error.filename}" if error.filename else ""
        return (
            f"{error.strerror or error}{where}. Everything recorded is kept."
        )
    # An error in a task file is its author's to fix, anything else is a defect
    # of ours and shows its traceback.
    line = _line_of_a_task(error)
    return f"{line} raises {type(error).__name__}: {error}" if line else None


def _line_of_a_task(error: BaseException) -> str | None:
    """The innermost line of a task file that the error came through, if it did."""
    import tasks as known

    files = {
        source[0]
        for name in known.names()
        if (source := known.source_of(name))
    }
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in files:
            return f"Task file {frame.filename}, line {frame.lineno},"
    return None


def _version() -> str:
    from suite.records.versions import own_version

    return own_version()

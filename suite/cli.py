"""``bakeoff``: launch comparisons, follow them, look at what came out. A command parses, calls and prints.

Whatever takes long to import is imported by the command that needs it, so that ``--help`` answers at once.
Exit codes: 0 done; 1 some trainings failed, or a check did; 2 something given cannot be used; 130 interrupted.
"""

from __future__ import annotations

import errno
import json
import os
import shlex
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from rich.console import Console

    from suite.finding import Finding
    from suite.plan import Plan
    from suite.profile import Profile
    from suite.results import Campaign
    from tasks import Claim, Task

USAGE, FAILED, INTERRUPTED = 2, 1, 130
PORT, MLFLOW_PORT = 8050, 5000
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")  # a training has one; two make it slower
STOPPING = 60.0  # seconds that `cancel` waits for the driver's last word


class Commands(TyperGroup):
    """All commands. What a user can mend ends in one message and exit code 2, however late it is found."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            message = _for_the_user(error)
            if message is None:
                raise
            if ctx.params.get("verbose"):
                traceback.print_exception(error)
            _complain(message)
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
new_app = typer.Typer(help="Write a working template of your own task.", no_args_is_help=True)

RUN, LOOK, TASKS, MACHINE = "Run", "Look", "Tasks", "Machine"  # the panels of --help
app.add_typer(new_app, name="new", rich_help_panel=TASKS)

ResultsOption = Annotated[Path, typer.Option("--results", help="Folder that everything is recorded in.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
ProfileArgument = Annotated[str, typer.Argument(help="smoke, quick, standard, full, or a .toml file of your own.")]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a value of the profile. Repeatable.")
]
TaskOption = Annotated[list[str] | None, typer.Option("--task", help="Run this task only. Repeatable.")]
FileOption = Annotated[
    list[Path] | None, typer.Option("--task-file", help="Run the task in this file of your own. Repeatable.")
]
BringOption = Annotated[list[Path] | None, typer.Option("--task-file", help="A task file of your own. Repeatable.")]
AddressOption = Annotated[
    str | None, typer.Option("--address", help="Join a running Ray cluster: auto, host:port or ray://host:port.")
]
WorkersOption = Annotated[int | None, typer.Option("--workers", help="Workers on this machine. Default: its cores.")]
TrackingOption = Annotated[
    str | None, typer.Option("--tracking", help="MLflow store. Default: one in the results folder; none: no MLflow.")
]
CampaignArgument = Annotated[
    str | None, typer.Argument(help="A campaign's id, or how it begins. Default: the newest.", show_default=False)
]
HostOption = Annotated[str, typer.Option("--host", help="Address to listen on.")]


def main() -> None:
    """The console script."""
    app(prog_name=_prefix())


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"bakeoff {_version()}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=_print_version)
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show tracebacks, and log as you go.")] = False,
) -> None:
    os.environ.update({name: os.environ.get(name, "1") for name in THREADS})  # before anybody imports torch
    if verbose:
        import logging

        logging.getLogger("bakeoff").addHandler(logging.StreamHandler())


# -------------------------------------------------------------------------------------------------------------- running


@app.command(rich_help_panel=RUN)
def demo(
    profile: Annotated[str, typer.Option("--profile", help="The profile to run.")] = "quick",
    results: ResultsOption = Path("results"),
    workers: WorkersOption = None,
    task_file: FileOption = None,
) -> None:
    """Run a profile with the dashboard beside it, print the verdicts, and serve what came out until Ctrl-C."""
    from suite import serving
    from suite.folder import check_folder
    from suite.launch import plan_of

    planned = plan_of(_profile(profile, None, None, task_file), results)
    check_folder(results / planned.id)
    with ExitStack() as servers, _ended_politely():
        board = servers.enter_context(serving.dashboard(results, serving.free_port(PORT)))
        _out().print(f"Dashboard, live in a moment: [bold]{board.url}[/bold]\n", highlight=False)
        failed = _carry_out(planned, results, None, workers, None, look_next=False)
        runs = servers.enter_context(serving.mlflow(results, serving.free_port(MLFLOW_PORT)))
        with _err().status("Starting MLflow's pages …"):
            answers = {server.url: server.answers(path) for server, path in ((board, "/healthz"), (runs, "/health"))}
        _out().print()
        for what, server in (("Dashboard", board), ("MLflow", runs)):
            trouble = "" if answers[server.url] else f"  does not answer: {server.log} says why"
            _out().print(f"{what + ':':11}[bold]{server.url}[/bold]{trouble}", highlight=False)
        if sys.stdin.isatty() and sys.stdout.isatty():
            _out().print("\nBoth serve until Ctrl-C.", style="dim")
            with _ctrl_c_is_fine():
                while any(server.process.poll() is None for server in (board, runs)):
                    time.sleep(0.5)
        else:
            _out().print(f"\nThis is no terminal, so both end here; `{_prefix()} dashboard` and `{_prefix()} mlflow` "
                         "show them again.", style="dim", soft_wrap=True)  # fmt: skip
    raise typer.Exit(FAILED if failed or not all(answers.values()) else 0)


@app.command(rich_help_panel=RUN)
def plan(
    profile: ProfileArgument = "quick",
    results: ResultsOption = Path("results"),
    changes: SetOption = None,
    task: TaskOption = None,
    task_file: FileOption = None,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a profile would train, how long that takes, and what it can show. Trains nothing."""
    from suite import show
    from suite.estimate import claim_power, costs, estimate
    from suite.launch import plan_of
    from suite.record import free_space

    planned = plan_of(_profile(profile, changes, task, task_file), results)
    with _err().status("Timing a few steps of every arm …") as spinner:

        def watch(done: int, of: int) -> None:
            spinner.update(f"Timing a few steps of every arm ({done} of {of}) …")

        found = costs(planned, results, watch)
    total = estimate(planned, found, workers or _cores())
    if as_json:
        sums = {"workers": total.workers, "hours": total.hours, "bytes": total.bytes}
        counts = {"campaign": planned.id, "cells": len(planned.cells), "trainings": planned.trainings}
        _print_json({**counts, **sums, "claims": claim_power(planned, found, results)})
    else:
        _out().print(
            show.plan_page(planned, found, total, claim_power(planned, found, results), free_space(results.resolve()))
        )


@app.command(rich_help_panel=RUN)
def run(
    profile: ProfileArgument = "quick",
    results: ResultsOption = Path("results"),
    changes: SetOption = None,
    task: TaskOption = None,
    task_file: FileOption = None,
    new: Annotated[bool, typer.Option("--new", help="Start another campaign of this profile.")] = False,
    address: AddressOption = None,
    workers: WorkersOption = None,
    device: Annotated[str | None, typer.Option("--device", help="auto, cpu or cuda.")] = None,
    tracking: TrackingOption = None,
) -> None:
    """Run a profile. The same command goes on where it stopped, and trains nothing twice."""
    from suite.launch import plan_of

    if device is not None:
        changes = [*(changes or ()), f"device={device}"]
    planned = plan_of(_profile(profile, changes, task, task_file), results, new=new)
    failed = _carry_out(planned, results, address, workers, tracking)
    raise typer.Exit(FAILED if failed else 0)


@app.command(rich_help_panel=RUN)
def status(
    campaign: CampaignArgument = None, results: ResultsOption = Path("results"), as_json: JsonOption = False
) -> None:
    """Say how campaigns stand."""
    from suite import show
    from suite.results import Results
    from suite.status import standing, standings

    recorded = Results(results)
    newest = recorded.resolve(campaign)
    found = standings(recorded) if campaign is None else [standing(recorded, newest)]
    if as_json:
        _print_json([one.as_dict() for one in found])
        return
    _out().print(show.status_table(found))
    counts: dict[str, Counter[str]] = {}
    for cell in recorded.load(newest).cells.itertuples():
        counts.setdefault(str(cell.task), Counter())[str(cell.state)] += 1
    _out().print(f"\nCells of {newest}:", show.cell_states(counts), sep="\n")


@app.command(rich_help_panel=RUN)
def cancel(campaign: CampaignArgument = None, results: ResultsOption = Path("results")) -> None:
    """Stop a running campaign, wherever its driver runs. Everything on record is kept."""
    from suite.launch import request_stop
    from suite.results import Results, read_json
    from suite.status import is_running, standing
    from tasks import UserError

    recorded = Results(results)
    name = recorded.resolve(campaign)
    folder = results / name
    if not is_running(read_json(folder / "state.json")) or not request_stop(folder):
        raise UserError(f"Campaign {name} is not running ({standing(recorded, name).state}): there is nothing to stop.")
    until = time.monotonic() + STOPPING
    with _err().status(f"Stopping {name} …"):
        while is_running(read_json(folder / "state.json")) and time.monotonic() < until:
            time.sleep(0.2)
    now = standing(recorded, name)
    ends = "stops soon" if now.state == "running" else "is stopped"
    _out().print(f"{name} {ends}: {now.done:,} of {now.planned:,} trainings are on record. `bakeoff run` goes on.")


@app.command(rich_help_panel=RUN)
def retry(
    campaign: CampaignArgument = None,
    results: ResultsOption = Path("results"),
    task_file: BringOption = None,
    address: AddressOption = None,
    workers: WorkersOption = None,
    tracking: TrackingOption = None,
) -> None:
    """Train again what crashed, ran out of memory or time, or was lost; then finish the campaign."""
    from suite.launch import resumed
    from suite.plan import Plan
    from suite.profile import profile_from
    from suite.results import Results

    for path in task_file or ():
        _task(str(path))
    recorded = Results(results).load(campaign)
    planned = resumed(Plan(profile_from(recorded.about["profile"])), recorded)
    failed = _carry_out(planned, results, address, workers, tracking, retry=True)
    raise typer.Exit(FAILED if failed else 0)


# -------------------------------------------------------------------------------------------------------------- looking


@app.command(rich_help_panel=LOOK)
def verdict(
    campaign: CampaignArgument = None,
    results: ResultsOption = Path("results"),
    long: Annotated[bool, typer.Option("--long", "-l", help="Say it in a sentence, with all reservations.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print what the blocks say of each claim."""
    from suite.results import Results

    recorded = Results(results).load(campaign)
    if as_json:
        from suite.verdict import judge_campaign

        about = {"campaign": recorded.id, "profile": recorded.about["name"], "state": recorded.state.get("state")}
        _print_json({**about, "claims": [one.as_dict() for one in judge_campaign(recorded)]})
    else:
        _print_verdicts(recorded, long)


@app.command(rich_help_panel=LOOK)
def dashboard(
    results: ResultsOption = Path("results"),
    host: HostOption = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = PORT,
) -> None:
    """Show recorded campaigns in a browser, live."""
    from importlib import import_module

    from suite.results import Results
    from suite.serving import check_port

    check_port(host, port)
    _out().print(f"Dashboard: http://{host}:{port}  (Ctrl-C ends it)", highlight=False)
    with _ctrl_c_is_fine():  # the arrow points from dashboard to suite; only its command looks back, by name
        import_module("dashboard.app").serve(Results(results), host, port)


@app.command(rich_help_panel=LOOK)
def mlflow(
    results: ResultsOption = Path("results"),
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = MLFLOW_PORT,
) -> None:
    """Show the recorded runs in MLflow's own pages."""
    from suite import serving
    from tasks import UserError

    if not (results / "mlflow.db").exists():
        raise UserError(f"No MLflow store in {results}/: start a campaign with `{_prefix()} run quick`.")
    serving.check_port(serving.HOST, port)
    with _ctrl_c_is_fine(), serving.mlflow(results, port) as server:
        _out().print("Starting MLflow …", style="dim")
        if not server.answers("/health"):
            raise UserError(f"MLflow does not start: {server.log} says why.")
        _out().print(f"MLflow: {server.url}  (Ctrl-C ends it)", highlight=False)
        server.process.wait()


@app.command(rich_help_panel=LOOK)
def why(
    key: Annotated[str, typer.Argument(help="A training's key, or how it begins.")],
    results: ResultsOption = Path("results"),
) -> None:
    """Say what a training came to, and what differs from the nearest other one."""
    from suite import show
    from suite.results import Results
    from suite.why import explain

    _out().print(show.why_page(explain(Results(results), key)))


# ---------------------------------------------------------------------------------------------------------------- tasks


@app.command(rich_help_panel=TASKS)
def tasks(as_json: JsonOption = False) -> None:
    """List the comparisons that can be run."""
    import tasks as known
    from suite import show

    found = [known.get(name) for name in known.names()]
    if as_json:
        _print_json([_task_summary(task) for task in found])
    else:
        _out().print(show.task_list(found))
        _out().print("\n`bakeoff describe TASK` says more, `bakeoff run quick --task TASK` runs one.", style="dim")


@app.command(rich_help_panel=TASKS)
def describe(
    name: Annotated[str, typer.Argument(metavar="TASK|CLAIM", help="A task, a .py file with one, or a claim.")],
    task_file: BringOption = None,
) -> None:
    """Say what a task compares, or what a claim states."""
    from suite import show

    for path in task_file or ():
        _task(str(path))
    found = _task_or_claim(name)
    _out().print(show.claim_page(*found) if isinstance(found, tuple) else show.task_page(found))


@new_app.command("task")
def new_task(
    name: Annotated[str, typer.Argument(help="The task's name; its file is NAME.py.")],
    folder: Annotated[Path, typer.Option("--folder", help="Where to put it.")] = Path(),
) -> None:
    """Write a working task to start from: 60 lines that run as they are."""
    import tasks as known
    from tasks import UserError

    if not name.isidentifier() or name.startswith("_"):
        raise UserError(f"{name!r} cannot be a task's name: use letters, digits and _, such as my_task.")
    if name in known.names():
        raise UserError(f"There is a task {name!r} already: choose another name.")
    path = folder / f"{name}.py"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write((Path(__file__).parent / "templates" / "task.py").read_text(encoding="utf-8"))
    except FileExistsError as error:
        raise UserError(f"{path} exists already: choose another name, or move it away.") from error
    _out().print(f"{path} is written. Next:", highlight=False)
    for command in (f"check {path}", f"run quick --task-file {path}"):
        _out().print(f"  {_prefix()} {command}", highlight=False, soft_wrap=True)


@app.command(rich_help_panel=TASKS)
def check(task: Annotated[str, typer.Argument(help="A task, or a .py file with one.")]) -> None:
    """Prove a task sound: seeded data, sealed test, matched arms, repeatable trainings."""
    from suite.check import PROOFS, findings

    chosen = _task(task)
    _one_thread()
    _report(findings(chosen), max(map(len, PROOFS)), f"{chosen.name} is sound.", f"{chosen.name} is not sound")


# ---------------------------------------------------------------------------------------------------------- the machine


@app.command(rich_help_panel=MACHINE)
def doctor(
    results: ResultsOption = Path("results"), address: AddressOption = None, tracking: TrackingOption = None
) -> None:
    """Look whether everything that a campaign needs is here, and say how to mend what is not."""
    from suite.doctor import examine

    _one_thread()
    _report(examine(results, address, tracking), 14, "All is well.", "Something is wrong")


@app.command(rich_help_panel=MACHINE)
def prepare(
    profile: ProfileArgument = "quick",
    changes: SetOption = None,
    task: TaskOption = None,
    task_file: FileOption = None,
) -> None:
    """Load the data of every level once, so that a machine without a network can run the profile later."""
    from suite import show
    from suite.plan import Plan
    from suite.worker import load_splits

    planned = Plan(_profile(profile, changes, task, task_file))
    table = show.prepared_table()
    for name, level in dict.fromkeys((cell.task, cell.level) for cell in planned.cells):
        began = time.monotonic()
        with _err().status(f"Loading {name}, {level} …"):
            splits = load_splits(name, level, 0, planned.of(name).examples)
        sizes = (len(splits.train), len(splits.validation), len(splits.sealed))
        table.add_row(name, level, *(f"{size:,}" for size in sizes), f"{time.monotonic() - began:.1f} s")
    _out().print(table)


# ------------------------------------------------------------------------------------------------------------- a launch


def _carry_out(
    plan: Plan,
    results: Path,
    address: str | None,
    workers: int | None,
    tracking: str | None,
    retry: bool = False,
    look_next: bool = True,
) -> bool:
    """Run a plan, showing how it goes and what came of it; True where trainings failed that `retry` can mend."""
    from suite.launch import launch
    from suite.progress import watching
    from suite.results import Results
    from suite.show import duration, failures, next_steps

    out = _out()
    counts = f"{plan.trainings:,} trainings in {len(plan.cells):,} cells"
    out.print(
        f"[bold cyan]{plan.id}[/bold cyan]  {counts}, kept in {results / plan.id}", highlight=False, soft_wrap=True
    )
    began = time.monotonic()
    try:
        with watching(out, plan.id, plan.trainings) as watch:
            options: dict[str, Any] = {"address": address, "workers": workers, "tracking_uri": tracking, "retry": retry}
            tally = launch(plan, results, watch=watch.take, said=watch.say, **options)
    except KeyboardInterrupt:
        _err().print("\nStopped. Everything that was trained is kept; this goes on from there:", highlight=False)
        _err().print(f"  {_again()}", highlight=False, soft_wrap=True)
        raise typer.Exit(INTERRUPTED) from None
    known = f", {tally.replayed:,} were on record" if tally.replayed else ""
    out.print(f"{tally.trained:,} trained in {duration(time.monotonic() - began)}{known}", highlight=False)
    broken = {status: count for status, count in tally.failed.items() if status != "diverged"}
    if tally.failed:
        out.print(f"Not finished: {failures(tally.failed)}. {results / plan.id / 'log.txt'} says why.",
                  style="yellow", highlight=False, soft_wrap=True)  # fmt: skip
    if broken:
        out.print(f"`{_prefix()} retry {plan.id}` trains {failures(broken)} again.", style="yellow", highlight=False)
    out.print()
    _print_verdicts(Results(results).load(plan.id))
    if look_next:
        out.print()
        out.print(next_steps(results, _prefix()))
    return bool(broken)


def _profile(
    name: str, changes: Sequence[str] | None, only: Sequence[str] | None, files: Sequence[Path] | None
) -> Profile:
    """The profile, restricted to the tasks named and to those in files, where there are any."""
    import tasks as known
    from suite.profile import TaskPlan, load_profile

    wanted = [_task(str(path)).name for path in files or ()]
    for task in only or ():
        wanted.append(known.get(task).name)
    profile = load_profile(name, changes or ())
    if not wanted:
        return profile
    plans = {task: profile.tasks.get(task, TaskPlan()) for task in wanted}
    return profile.model_copy(update={"tasks": plans, "every_task": False})


def _task(name: str) -> Task:
    """A task by its name or its file."""
    import tasks as known

    return known.load_file(name) if name.endswith(".py") else known.get(name)


def _task_or_claim(name: str) -> Task | tuple[Task, Claim]:
    import tasks as known

    if name.endswith(".py") or name in known.names():
        return _task(name)
    task_name, _, claim_name = name.rpartition("/")
    searched = [known.get(one) for one in ([task_name] if task_name else known.names())]
    found = [(task, claim) for task in searched for claim in task.claims if claim.name == claim_name]
    if len(found) == 1:
        return found[0]
    if found:
        places = ", ".join(f"{task.name}/{claim_name}" for task, _ in found)
        raise known.UserError(f"Several tasks have a claim {claim_name!r}: give one of {places}.")
    names = [claim.name for task in searched for claim in task.claims]
    raise known.unknown("task or claim", name, names if task_name else [*names, *known.names()])


def _print_verdicts(campaign: Campaign, long: bool = False) -> None:
    from suite import show
    from suite.verdict import compare_same_arms, judge_campaign

    twice = [one for task in campaign.about["tasks"] for one in compare_same_arms(campaign, task)]
    _out().print(show.verdict_page(judge_campaign(campaign), campaign.about, twice, long))


def _report(findings: Iterator[Finding], width: int, well: str, ill: str) -> None:
    """Print findings as they come; exit code 1 where one failed."""
    from suite import show

    failed = 0
    for finding in findings:
        _out().print(show.finding_line(finding, width))
        failed += finding.ok is False
    _out().print(f"\n{well}" if not failed else f"\n{ill}: see the arrows above.", style="bold", highlight=False)
    raise typer.Exit(FAILED if failed else 0)


# ---------------------------------------------------------------------------------------------------- small matters


def _for_the_user(error: Exception) -> str | None:
    """The message for an error that the user can mend; None for one that is ours."""
    from tasks import UserError

    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError) and error.errno != errno.EPIPE:
        return (
            f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}: everything on record is kept."
        )
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


def _complain(message: str) -> None:
    console = _err()
    console.print("[bold red]Error:[/bold red]", end=" ")
    console.print(message, markup=False, highlight=False, soft_wrap=not console.is_terminal)


def _again() -> str:
    """The command that goes on where this one stopped."""
    return shlex.join([*shlex.split(_prefix()), *(word for word in sys.argv[1:] if word != "--new")])


def _prefix() -> str:
    """How the user called us."""
    return "python -m suite" if Path(sys.argv[0]).name == "__main__.py" else "bakeoff"


@contextmanager
def _ctrl_c_is_fine() -> Iterator[None]:
    """For servers, Ctrl-C and SIGTERM are the way to end them."""
    with _ended_politely():
        try:
            yield
        except KeyboardInterrupt:
            print()


@contextmanager
def _ended_politely() -> Iterator[None]:
    """SIGTERM ends what we started, as Ctrl-C does."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _out() -> Console:
    from rich.console import Console

    return Console()


def _err() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def _print_json(value: object) -> None:
    from suite.show import plain

    print(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def _task_summary(task: Task) -> dict[str, Any]:
    arms = [{"name": arm.name, "label": arm.title, "x": arm.x} for arm in task.arms]
    levels = [{"name": level.name, "label": level.title, "x": level.x} for level in task.levels]
    claims = [{"name": claim.name, "says": claim.says} for claim in task.claims]
    about = {"name": task.name, "question": task.question, "topic": task.topic, "matched": task.matched}
    return {**about, "arms": arms, "levels": levels, "claims": claims, "sources": list(task.sources)}


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("bakeoff")
    except PackageNotFoundError:  # a clone that is run where it lies
        import tomllib

        text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
        return str(tomllib.loads(text)["project"]["version"])

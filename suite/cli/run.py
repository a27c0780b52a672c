"""Commands that run campaigns: demo, plan, run, retry."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from suite.cli.console import (
    FAILED,
    RESULTS,
    command,
    ctrl_c_is_fine,
    err,
    out,
    print_json,
    say,
)
from suite.cli.execute import carry_out, executor
from suite.cli.options import (
    MLFLOW_PORT,
    PORT,
    AddressOption,
    BringOption,
    CampaignArgument,
    FileOption,
    JsonOption,
    ProfileArgument,
    ResultsOption,
    SetOption,
    TaskOption,
    TrackingOption,
    WorkersOption,
)
from suite.cli.resolve import check_early, profile_of, task_of
from tasks import UserError

if TYPE_CHECKING:
    from suite.campaign.stacks import Choice
    from suite.cli.servers import Server
    from suite.planning.cost import Estimate
    from suite.planning.plan import Plan
    from suite.records.results import Campaign


def demo(
    profile: Annotated[
        str, typer.Option("--profile", help="The profile to run.")
    ] = "quick",
    results: ResultsOption = RESULTS,
    workers: WorkersOption = None,
    task_file: FileOption = None,
) -> None:
    """Run a profile with the dashboard beside it, print the verdicts, and serve both
    until Ctrl-C.
    """
    from suite.cli import servers

    check_early(profile, None)
    with ExitStack() as stack:
        # Ray starts in the background while the imports below, which take as
        # long, go on.
        chosen = stack.enter_context(executor(None, workers))
        from suite.campaign.campaign_dir import check_folder
        from suite.campaign.plans import plan_of

        planned = plan_of(profile_of(profile, None, None, task_file), results)
        # Before the dashboard, which would write its log into a folder that
        # cannot be used.
        check_folder(results / planned.id)
        mlflow_port = servers.free_port(MLFLOW_PORT)
        board = stack.enter_context(
            servers.dashboard(results, servers.free_port(PORT), mlflow_port)
        )
        out().print(
            f"Dashboard, live in a moment: [bold]{board.url}[/bold]\n",
            highlight=False,
        )
        failed = carry_out(planned, results, chosen, None, look_next=False)
        # After the campaign, so that its server takes no core from the runs.
        mlflow = stack.enter_context(servers.mlflow(results, mlflow_port))
        well = _show_addresses(board, mlflow)
        _serve(board, mlflow, results)
    raise typer.Exit(FAILED if failed or not well else 0)


def _show_addresses(board: Server, mlflow: Server) -> bool:
    """Print where both servers are, once they respond; returns whether they do."""
    with err().status("Starting MLflow's pages …"):
        answers = [board.answers("/healthz"), mlflow.answers("/health")]
    out().print()
    servers = [("Dashboard:", board), ("MLflow:", mlflow)]
    for (title, server), well in zip(servers, answers, strict=True):
        trouble = "" if well else f"  does not answer: {server.log} says why"
        out().print(
            f"{title:11}[bold]{server.url}[/bold]{trouble}",
            highlight=False,
            soft_wrap=True,
        )
    return all(answers)


def _serve(board: Server, mlflow: Server, results: Path) -> None:
    """Keep both servers running until Ctrl-C, if the session is interactive."""
    # In a script or in CI nobody would ever press Ctrl-C.
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        show = [
            command(name, results=results) for name in ("dashboard", "mlflow")
        ]
        say(
            "\nstdout is not a terminal, so both stop here; "
            f"`{show[0]}` and `{show[1]}` start them again.",
            "dim",
        )
        return
    say("\nBoth serve until Ctrl-C.", "dim")
    with ctrl_c_is_fine():
        while any(server.process.poll() is None for server in (board, mlflow)):
            time.sleep(0.5)


def plan(
    profile: ProfileArgument = "quick",
    results: ResultsOption = RESULTS,
    changes: SetOption = None,
    task: TaskOption = None,
    task_file: FileOption = None,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a profile would train, how long that takes, and how small an effect it
    can detect. Trains nothing.
    """
    from suite.campaign.plans import plan_of
    from suite.campaign.stacks import StackChoices
    from suite.cli.render import plan
    from suite.cluster.cores import cores
    from suite.planning.cost import costs, device_of, estimate
    from suite.records.files import free_space
    from suite.report.formatting import counted
    from suite.verdicts.power import claim_power

    planned = plan_of(profile_of(profile, changes, task, task_file), results)
    with err().status("Timing a few steps of every arm …") as spinner:

        def watch(done: int, of: int) -> None:
            if done == 0 and not err().is_terminal:
                err().print(
                    f"Timing a few steps of {counted(of, 'arm')}, once …"
                )
            spinner.update(
                f"Timing a few steps of every arm ({done} of {of}) …"
            )

        found = costs(planned, results, watch)
        stacks = StackChoices(planned, results / planned.id)
        choices = stacks.chosen(device_of(planned.profile))
    # ``--workers 0`` is one run at a time, too.
    count = cores() if workers is None else max(workers, 1)
    least = estimate(planned, found, count, most=False)
    most = estimate(planned, found, count, most=True)
    power = claim_power(planned, found, results)
    if as_json:
        claims = [_claim_summary(claim) for claim in power]
        summary = _plan_summary(planned, least, most, choices)
        print_json(summary | {"claims": claims})
        return
    free = free_space(results.resolve())
    out().print(
        plan.plan_page(planned, found, (least, most), power, free, choices)
    )


def _plan_summary(
    plan: Plan,
    least: Estimate,
    most: Estimate,
    choices: Mapping[str, Choice],
) -> dict[str, Any]:
    from suite.cli.render.plan import skipped

    return {
        "campaign": plan.id,
        "cells": len(plan.cells),
        "runs": plan.runs,
        "not_planned": skipped(plan),
        "stack": plan.profile.stack,
        "trained_alone": {
            name: one.why for name, one in choices.items() if one.why
        },
        "workers": least.workers,
        "hours": least.hours,
        "bytes": least.bytes,
        "at_most": {
            "cells": len(plan.all_cells),
            "runs": plan.max_runs,
            "hours": most.hours,
            "bytes": most.bytes,
        },
    }


def _claim_summary(claim: Mapping[str, Any]) -> dict[str, Any]:
    """A planned claim for JSON: what would have to ``change`` for it to be decided, null
    where it can be.
    """
    from suite.cli.render.plan import change

    rest = {
        name: value for name, value in claim.items() if name != "obstacles"
    }
    return rest | {"change": None if claim["decidable"] else change(claim)}


def run(
    profile: ProfileArgument = "quick",
    results: ResultsOption = RESULTS,
    changes: SetOption = None,
    task: TaskOption = None,
    task_file: FileOption = None,
    new: Annotated[
        bool,
        typer.Option("--new", help="Start another campaign of this profile."),
    ] = False,
    address: AddressOption = None,
    workers: WorkersOption = None,
    device: Annotated[
        str | None, typer.Option("--device", help="auto, cpu or cuda.")
    ] = None,
    tracking: TrackingOption = None,
    shard: Annotated[
        str | None,
        typer.Option(
            "--shard",
            metavar="I/N",
            help="Run the I-th of N parts, by blocks; `export` and `import` merge them.",
        ),
    ] = None,
) -> None:
    """Run a profile. The same command resumes it, and trains nothing twice."""
    if device is not None:
        # ``--device`` is short for ``--set``, so that it is checked and
        # recorded as the profile's other values are.
        changes = [*(changes or ()), f"device={device}"]
    # What is wrong is said before anything is started.
    check_early(profile, changes, task, task_file)
    with executor(address, workers) as chosen:
        from suite.campaign.plans import plan_of
        from suite.planning.plan import shard_of

        planned = plan_of(
            profile_of(profile, changes, task, task_file),
            results,
            new=new,
            shard=None if shard is None else shard_of(shard),
        )
        failed = carry_out(
            planned,
            results,
            chosen,
            tracking,
            retry_options=_options(address, workers, tracking),
        )
    raise typer.Exit(FAILED if failed else 0)


def retry(
    campaign: CampaignArgument = None,
    results: ResultsOption = RESULTS,
    task_file: BringOption = None,
    address: AddressOption = None,
    workers: WorkersOption = None,
    tracking: TrackingOption = None,
) -> None:
    """Train again what crashed, ran out of memory or time, or was lost; then finish the
    campaign.
    """
    from suite.campaign.plans import resumed
    from suite.planning.plan import Plan
    from suite.records.results import Results

    recorded = Results(results).load(campaign)
    _load_task_files(recorded, task_file or ())
    # From the recorded profile and not from today's file of that name, which
    # may have been edited.
    planned = resumed(Plan(recorded.manifest.profile), recorded)
    with executor(address, workers) as chosen:
        failed = carry_out(
            planned,
            results,
            chosen,
            tracking,
            retry=True,
            retry_options=_options(address, workers, tracking),
        )
    raise typer.Exit(FAILED if failed else 0)


def _load_task_files(campaign: Campaign, given: Sequence[Path]) -> None:
    """Load the task files that a campaign ran: those given, else from their recorded
    paths.
    """
    loaded = {task_of(str(path)).name for path in given}
    for name, path in campaign.manifest.task_files.items():
        if name in loaded:
            continue
        _check_not_among_results(campaign, path)
        if not Path(path).exists():
            raise UserError(
                f"Campaign {campaign.id} ran task {name} from {path}, which is not "
                "there now: put it back, or say where it is with --task-file."
            )
        _check_ran_here(campaign, path)
        task_of(path)


def _check_not_among_results(campaign: Campaign, path: str) -> None:
    """Raise UserError for a task file inside the results folder, which may come from
    someone else: its code is run only where the user names it.
    """
    results = campaign.folder.parent.resolve()
    if Path(path).resolve().is_relative_to(results):
        raise UserError(
            f"Campaign {campaign.id} ran the task file {path}, which lies among the "
            "results. Retrying runs its code: if you trust it, give it with "
            "--task-file."
        )


def _check_ran_here(campaign: Campaign, path: str) -> None:
    """Raise UserError for the task file of a campaign that was copied or imported from
    another machine: here another file may have that path.
    """
    host = campaign.state.get("host")
    if host == socket.gethostname():
        return
    where = f"on {host}" if host else "on another machine"
    again = command(
        "retry",
        campaign.id,
        "--task-file",
        path,
        results=campaign.folder.parent,
    )
    raise UserError(
        f"Campaign {campaign.id} ran the task file {path} {where}, and retrying runs "
        f"the code of the file that has this path here. If it is the same, say so: "
        f"`{again}`."
    )


def _options(
    address: str | None,
    workers: int | None,
    tracking: str | None,
) -> tuple[str, ...]:
    """The options that say where to run and to record, as they were given."""
    given: Iterable[tuple[str, object]] = (
        ("--address", address),
        ("--workers", workers),
        ("--tracking", tracking),
    )
    return tuple(
        word
        for name, value in given
        if value is not None
        for word in (name, str(value))
    )

"""Commands that run campaigns: demo, plan, run, status, cancel, retry."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from suite.campaign.signals import sigterm_as_ctrl_c
from suite.cli.console import (
    FAILED,
    INTERRUPTED,
    again,
    ctrl_c_is_fine,
    err,
    out,
    prefix,
    print_json,
)
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
from suite.cli.resolve import look_at, profile_of, task_of
from suite.cli.results import print_verdicts

if TYPE_CHECKING:
    from suite.cluster.ray_executor import RayExecutor
    from suite.planning.plan import Plan

STOPPING = 60.0  # seconds that `cancel` waits for the driver's last word


def demo(
    profile: Annotated[
        str, typer.Option("--profile", help="The profile to run.")
    ] = "quick",
    results: ResultsOption = Path("results"),
    workers: WorkersOption = None,
    task_file: FileOption = None,
) -> None:
    """Run a profile with the dashboard beside it, print the verdicts, and serve what
    came out until Ctrl-C.
    """
    from suite.cli import servers
    from suite.cluster.ray_executor import RayExecutor

    look_at(profile, None)
    with ExitStack() as stack, sigterm_as_ctrl_c():
        crew = stack.enter_context(
            closing(RayExecutor(None, workers))
        )  # it starts while we import
        from suite.campaign.campaign_dir import check_folder
        from suite.campaign.launch import plan_of

        planned = plan_of(profile_of(profile, None, None, task_file), results)
        check_folder(results / planned.id)
        runs_port = servers.free_port(MLFLOW_PORT)
        board = stack.enter_context(
            servers.dashboard(results, servers.free_port(PORT), runs_port)
        )
        out().print(
            f"Dashboard, live in a moment: [bold]{board.url}[/bold]\n", highlight=False
        )
        failed = _carry_out(planned, results, crew, None, look_next=False)
        runs = stack.enter_context(servers.mlflow(results, runs_port))
        with err().status("Starting MLflow's pages …"):
            answers = {
                server.url: server.answers(path)
                for server, path in ((board, "/healthz"), (runs, "/health"))
            }
        out().print()
        for what, server in (("Dashboard", board), ("MLflow", runs)):
            trouble = (
                ""
                if answers[server.url]
                else f"  does not answer: {server.log} says why"
            )
            out().print(
                f"{what + ':':11}[bold]{server.url}[/bold]{trouble}", highlight=False
            )
        if sys.stdin.isatty() and sys.stdout.isatty():
            out().print("\nBoth serve until Ctrl-C.", style="dim")
            with ctrl_c_is_fine():
                while any(server.process.poll() is None for server in (board, runs)):
                    time.sleep(0.5)
        else:
            out().print(
                f"\nThis is no terminal, so both end here; `{prefix()} dashboard` and `{prefix()} mlflow` "
                "show them again.",
                style="dim",
                soft_wrap=True,
            )
    raise typer.Exit(FAILED if failed or not all(answers.values()) else 0)


def plan(
    profile: ProfileArgument = "quick",
    results: ResultsOption = Path("results"),
    changes: SetOption = None,
    task: TaskOption = None,
    task_file: FileOption = None,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a profile would train, how long that takes, and what it can show. Trains
    nothing.
    """
    from suite.campaign.launch import plan_of
    from suite.cli.render import plan
    from suite.planning.cost import costs, estimate
    from suite.records.files import free_space
    from suite.verdicts.power import claim_power

    planned = plan_of(profile_of(profile, changes, task, task_file), results)
    with err().status("Timing a few steps of every arm …") as spinner:

        def watch(done: int, of: int) -> None:
            spinner.update(f"Timing a few steps of every arm ({done} of {of}) …")

        found = costs(planned, results, watch)
    least, most = (
        estimate(planned, found, workers or _cores(), most=most)
        for most in (False, True)
    )
    power = claim_power(planned, found, results)
    if as_json:
        counts = {
            "campaign": planned.id,
            "cells": len(planned.cells),
            "runs": planned.runs,
        }
        sums = {"workers": least.workers, "hours": least.hours, "bytes": least.bytes}
        beyond = {
            "cells": len(planned.all_cells),
            "runs": planned.max_runs,
            "hours": most.hours,
        }
        print_json(
            {
                **counts,
                **sums,
                "at_most": {**beyond, "bytes": most.bytes},
                "claims": power,
            }
        )
    else:
        out().print(
            plan.plan_page(
                planned, found, (least, most), power, free_space(results.resolve())
            )
        )


def run(
    profile: ProfileArgument = "quick",
    results: ResultsOption = Path("results"),
    changes: SetOption = None,
    task: TaskOption = None,
    task_file: FileOption = None,
    new: Annotated[
        bool, typer.Option("--new", help="Start another campaign of this profile.")
    ] = False,
    address: AddressOption = None,
    workers: WorkersOption = None,
    device: Annotated[
        str | None, typer.Option("--device", help="auto, cpu or cuda.")
    ] = None,
    tracking: TrackingOption = None,
) -> None:
    """Run a profile. The same command goes on where it stopped, and trains nothing
    twice.
    """
    from suite.cluster.ray_executor import RayExecutor

    if device is not None:
        changes = [*(changes or ()), f"device={device}"]
    look_at(
        profile, changes, task, task_file
    )  # and say what is wrong before anything is started
    with closing(RayExecutor(address, workers)) as crew:  # it starts while we import
        from suite.campaign.launch import plan_of

        planned = plan_of(
            profile_of(profile, changes, task, task_file), results, new=new
        )
        failed = _carry_out(planned, results, crew, tracking)
    raise typer.Exit(FAILED if failed else 0)


def status(
    campaign: CampaignArgument = None,
    results: ResultsOption = Path("results"),
    as_json: JsonOption = False,
) -> None:
    """Say how campaigns stand."""
    from suite.cli.render import campaigns
    from suite.records.results import Results
    from suite.records.status import standing, standings

    recorded = Results(results)
    newest = recorded.resolve(campaign)
    found = standings(recorded) if campaign is None else [standing(recorded, newest)]
    if as_json:
        print_json([one.as_dict() for one in found])
        return
    out().print(campaigns.status_table(found))
    counts: dict[str, Counter[str]] = {}
    for cell in recorded.load(newest).cells.itertuples():
        counts.setdefault(str(cell.task), Counter())[str(cell.state)] += 1
    out().print(f"\nCells of {newest}:", campaigns.cell_states(counts), sep="\n")


def cancel(
    campaign: CampaignArgument = None, results: ResultsOption = Path("results")
) -> None:
    """Stop a running campaign, wherever its driver runs. Everything on record is kept."""
    from suite.campaign.launch import request_stop
    from suite.records.files import read_json
    from suite.records.results import Results
    from suite.records.status import is_running, standing
    from tasks import UserError

    recorded = Results(results)
    name = recorded.resolve(campaign)
    folder = results / name
    if not is_running(read_json(folder / "state.json")) or not request_stop(folder):
        raise UserError(
            f"Campaign {name} is not running ({standing(recorded, name).state}): there is nothing to stop."
        )
    until = time.monotonic() + STOPPING
    with err().status(f"Stopping {name} …"):
        while is_running(read_json(folder / "state.json")) and time.monotonic() < until:
            time.sleep(0.2)
    now = standing(recorded, name)
    ends = "stops soon" if now.state == "running" else "is stopped"
    out().print(
        f"{name} {ends}: {now.done:,} of {now.planned:,} runs are on record. `bakeoff run` goes on."
    )


def retry(
    campaign: CampaignArgument = None,
    results: ResultsOption = Path("results"),
    task_file: BringOption = None,
    address: AddressOption = None,
    workers: WorkersOption = None,
    tracking: TrackingOption = None,
) -> None:
    """Train again what crashed, ran out of memory or time, or was lost; then finish the
    campaign.
    """
    from suite.campaign.launch import resumed
    from suite.cluster.ray_executor import RayExecutor
    from suite.planning.plan import Plan
    from suite.records.results import Results

    for path in task_file or ():
        task_of(str(path))
    recorded = Results(results).load(campaign)
    planned = resumed(Plan(recorded.manifest.profile), recorded)
    with closing(RayExecutor(address, workers)) as crew:
        failed = _carry_out(planned, results, crew, tracking, retry=True)
    raise typer.Exit(FAILED if failed else 0)


def _carry_out(
    plan: Plan,
    results: Path,
    workers: RayExecutor,
    tracking: str | None,
    retry: bool = False,
    look_next: bool = True,
) -> bool:
    """Run a plan, showing how it goes and what came of it; True where runs failed
    that `retry` can mend.
    """
    from suite.campaign.launch import launch
    from suite.cli.progress import watching
    from suite.cli.render.campaigns import next_steps
    from suite.cli.render.text import duration, failures
    from suite.records.results import Results

    counts = f"{plan.runs:,} runs in {len(plan.cells):,} cells"
    out().print(
        f"[bold cyan]{plan.id}[/bold cyan]  {counts}, kept in {results / plan.id}",
        highlight=False,
        soft_wrap=True,
    )
    began = time.monotonic()
    try:
        with watching(out(), plan.id, plan.runs) as watch:
            options: dict[str, Any] = {
                "workers": workers,
                "tracking_uri": tracking,
                "retry": retry,
            }
            tally = launch(plan, results, watch=watch.take, said=watch.say, **options)
    except KeyboardInterrupt:
        err().print(
            "\nStopped. Everything that was trained is kept; this goes on from there:",
            highlight=False,
        )
        err().print(f"  {again()}", highlight=False, soft_wrap=True)
        raise typer.Exit(INTERRUPTED) from None
    threading.Thread(
        target=workers.close
    ).start()  # takes a second or two, in which we judge
    known = f", {tally.replayed:,} were on record" if tally.replayed else ""
    out().print(
        f"{tally.trained:,} trained in {duration(time.monotonic() - began)}{known}",
        highlight=False,
    )
    broken = {
        status: count for status, count in tally.failed.items() if status != "diverged"
    }
    if tally.failed:
        out().print(
            f"Not finished: {failures(tally.failed)}. {results / plan.id / 'log.txt'} says why.",
            style="yellow",
            highlight=False,
            soft_wrap=True,
        )
    if broken:
        out().print(
            f"`{prefix()} retry {plan.id}` trains {failures(broken)} again.",
            style="yellow",
            highlight=False,
        )
    if tally.unlike:
        out().print(
            f"The machines differ in {tally.unlike}: trained again on another kind, results differ a little.",
            style="yellow",
            highlight=False,
            soft_wrap=True,
        )
    out().print()
    print_verdicts(Results(results).load(plan.id))
    if look_next:
        out().print()
        out().print(next_steps(results, prefix()))
    return bool(broken)


def _cores() -> int:
    return (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1
    )

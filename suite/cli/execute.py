"""Run a plan: show its progress, then its results and the next commands."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from suite.campaign.signals import exit_code
from suite.cli.console import (
    again,
    command,
    out,
    say,
    say_command,
    say_stopped,
)
from suite.cli.results import print_verdicts

if TYPE_CHECKING:
    from suite.campaign.progress import Tally
    from suite.cluster.protocol import Executor
    from suite.planning.plan import Plan
    from suite.records.results import Campaign
    from suite.verdicts.claim_verdict import ClaimVerdict


def executor(
    address: str | None, workers: int | None
) -> AbstractContextManager[Executor]:
    """The executor, closed at the end. Ray starts while we import the rest."""
    from suite.cluster.choose import open_executor

    return closing(open_executor(address, workers))


def carry_out(
    plan: Plan,
    results: Path,
    executor: Executor,
    tracking: str | None,
    *,
    retry: bool = False,
    retry_options: tuple[str, ...] = (),
    look_next: bool = True,
) -> bool:
    """Run a plan; True where runs failed that `bakeoff retry` may save.

    ``retry_options`` are those of this command that a retry needs as well.
    """
    from suite.cli.render.campaigns import next_steps
    from suite.records.results import Results

    _announce(plan, results)
    began = time.monotonic()
    tally = _launched(plan, results, executor, tracking, retry)
    # Closing takes a second or two, in which we judge.
    threading.Thread(target=executor.close).start()
    _sum_up(tally, time.monotonic() - began)
    broken = _warn(tally, plan, results, retry_options)
    out().print()
    recorded = Results(results).load(plan.id)
    judged = print_verdicts(recorded, results=results)
    # A store that was away may keep us waiting, and has been complained about.
    if tally.published:
        _describe(recorded, judged, tracking)
    if look_next:
        out().print()
        out().print(
            next_steps(lambda *words: command(*words, results=results))
        )
    return broken


def _describe(
    campaign: Campaign,
    judged: Sequence[ClaimVerdict],
    tracking: str | None,
) -> None:
    """Have the campaign's run in MLflow say what was found."""
    from suite.report.campaign_note import campaign_note
    from suite.tracking.description import describe_campaign

    note = campaign_note(campaign.id, campaign.manifest, judged)
    results = campaign.folder.parent
    problem = describe_campaign(tracking, results, campaign.id, note)
    if problem:
        say(f"MLflow did not take the verdicts ({problem}).", "yellow")


def _announce(plan: Plan, results: Path) -> None:
    from suite.report.formatting import counted

    runs = counted(plan.runs, "run")
    counts = f"{runs} in {counted(len(plan.cells), 'cell')}"
    out().print(
        f"[bold cyan]{plan.id}[/bold cyan]  {counts}, kept in {results / plan.id}",
        highlight=False,
        soft_wrap=True,
    )


def _launched(
    plan: Plan,
    results: Path,
    executor: Executor,
    tracking: str | None,
    retry: bool,
) -> Tally:
    """The plan, run to its end. Ctrl-C says how to resume it, and exits."""
    from suite.campaign.launch import launch
    from suite.cli.early_verdicts import early_verdicts
    from suite.cli.progress import watching

    try:
        with (
            watching(out(), plan.id, plan.runs) as watch,
            early_verdicts(plan, results, watch.say) as early,
        ):

            def take(tally: Tally) -> None:
                early.take(tally)
                watch.take(tally)

            return launch(
                plan,
                results,
                executor=executor,
                tracking_uri=tracking,
                retry=retry,
                watch=take,
                notify=watch.say,
            )
    except KeyboardInterrupt as interrupt:
        say_stopped(
            "Stopped. Every finished run is kept; this resumes:", again()
        )
        # The code of a program that the signal ended, as schedulers and
        # scripts expect.
        raise typer.Exit(exit_code(interrupt)) from None


def _sum_up(tally: Tally, seconds: float) -> None:
    from suite.report.formatting import duration

    known = f", {tally.replayed:,} were recorded" if tally.replayed else ""
    say(f"{tally.trained:,} trained in {duration(seconds)}{known}")


def _warn(
    tally: Tally,
    plan: Plan,
    results: Path,
    retry_options: tuple[str, ...],
) -> bool:
    """Say what went wrong; True where a retry may save some of it."""
    from suite.cli.render.text import failures

    if tally.failed:
        log = results / plan.id / "log.txt"
        say(
            f"Not finished: {failures(tally.failed)}. {log} says why.",
            "yellow",
        )
    # One that diverged would diverge again.
    broken = {
        status: count
        for status, count in tally.failed.items()
        if status != "diverged"
    }
    if broken:
        say(f"This trains {failures(broken)} again:", "yellow")
        say_command(command("retry", plan.id, *retry_options, results=results))
    if tally.unlike:
        say(
            f"The machines differ in {tally.unlike}: "
            "trained again on another kind, results differ a little.",
            "yellow",
        )
    return bool(broken)

"""Commands about campaigns that may be running elsewhere: status, cancel."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from suite.cli.console import (
    RESULTS,
    command,
    err,
    out,
    print_json,
    say,
    say_command,
)
from suite.cli.options import CampaignArgument, JsonOption, ResultsOption
from tasks import UserError

if TYPE_CHECKING:
    from suite.records.results import Campaign

STOP_TIMEOUT_S = 60.0  # seconds that `cancel` waits for the driver to finish


def status(
    campaign: CampaignArgument = None,
    results: ResultsOption = RESULTS,
    as_json: JsonOption = False,
) -> None:
    """Show how far campaigns are."""
    from suite.cli.render import campaigns
    from suite.records.results import Results
    from suite.records.status import standing, standings

    recorded = Results(results)
    # Resolved first, so that an empty folder or a wrong id is an error rather
    # than an empty table.
    newest = recorded.resolve(campaign)
    found = (
        standings(recorded)
        if campaign is None
        else [standing(recorded, newest)]
    )
    if as_json:
        print_json([one.as_dict() for one in found])
        return
    out().print(campaigns.status_table(found))
    say(f"\nCells of {newest}:")
    out().print(campaigns.cell_states(_cell_counts(recorded.load(newest))))


def _cell_counts(campaign: Campaign) -> dict[str, Counter[str]]:
    """Per task, how many cells are in each state."""
    counts: dict[str, Counter[str]] = {}
    for cell in campaign.cells.itertuples():
        counts.setdefault(str(cell.task), Counter())[str(cell.state)] += 1
    return counts


def cancel(
    campaign: CampaignArgument = None, results: ResultsOption = RESULTS
) -> None:
    """Stop a running campaign, wherever its driver runs. Every finished run is kept."""
    from suite.campaign.launch import request_stop
    from suite.records.results import Results
    from suite.records.state import is_running, read_state
    from suite.records.status import standing

    recorded = Results(results)
    name = recorded.resolve(campaign)
    folder = results / name

    def runs() -> bool:
        return is_running(read_state(folder))

    if not runs() or not request_stop(folder):
        state = standing(recorded, name).state
        raise UserError(
            f"Campaign {name} is not running ({state}): there is nothing to stop."
        )
    until = time.monotonic() + STOP_TIMEOUT_S
    with err().status(f"Stopping {name} …"):
        while runs() and time.monotonic() < until:
            time.sleep(0.2)
    now = standing(recorded, name)
    # Runs in progress on a cluster may take longer to be cancelled.
    ends = "will stop soon" if now.state == "running" else "is stopped"
    say(f"{name} {ends}: {now.done:,} of {now.planned:,} runs are recorded.")
    say("The command that began it resumes it; so does")
    say_command(command("retry", name, results=results))

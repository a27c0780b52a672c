"""Commands that share campaigns: export, import."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from suite.cli.console import RESULTS, command, err, out
from suite.cli.options import CampaignArgument, ResultsOption

SUFFIX = ".bakeoff.zip"


def export(
    campaign: CampaignArgument = None,
    results: ResultsOption = RESULTS,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Where to write it. Default: here."
        ),
    ] = None,
) -> None:
    """Write a campaign as one file, for `import` on another machine."""
    from suite.campaign.campaign_dir import locked
    from suite.records.results import Results
    from suite.records.share import export_campaign

    found = Results(results).resolve(campaign)
    path = output or Path(f"{found}{SUFFIX}")
    # So that no driver appends to the record while it is read.
    with locked(results / found), err().status("Writing …"):
        size = export_campaign(results / found, path)
    out().print(
        f"{found}: {path} ({size:,} bytes)", highlight=False, soft_wrap=True
    )


def import_(
    files: Annotated[
        list[Path],
        typer.Argument(help="Files that `export` wrote, of one campaign."),
    ],
    results: ResultsOption = RESULTS,
) -> None:
    """Merge exported files, such as the shards of one campaign, into a results folder."""
    from suite.campaign.campaign_dir import check_folder, locked
    from suite.records.files import replace_text
    from suite.records.share import about_import, import_bundles, read_bundle

    with err().status("Reading …"):
        bundles = [read_bundle(path) for path in files]
    folder = results / bundles[0].manifest.id
    # A folder that does not exist has no driver, and a lock would create it
    # before the files have been checked against each other.
    is_new = not folder.exists()
    with ExitStack() as stack:
        if not is_new:
            stack.enter_context(locked(folder))
        found = import_bundles(bundles, results)
        check_folder(folder)
        state = about_import(found) | {"updated": time.time()}
        replace_text(folder / "state.json", json.dumps(state))
    out().print(
        f"{found.id}: {found.new:,} runs imported, {found.runs:,} in all",
        highlight=False,
        soft_wrap=True,
    )
    if found.cells_missing:
        out().print(f"{found.cells_missing:,} cells have no final yet.")
    out().print(f"Verdicts  {command('verdict', found.id, results=results)}")

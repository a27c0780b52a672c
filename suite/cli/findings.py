"""The command that reads several campaigns together: findings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suite.cli.console import RESULTS, err, out, print_json
from suite.cli.options import JsonOption, Language, LanguageOption, ResultsOption

if TYPE_CHECKING:
    from suite.records.results import Results


def findings(
    about: Annotated[
        str | None,
        typer.Argument(
            help="A task, or one of its claims as TASK/CLAIM. Default: all.",
            show_default=False,
        ),
    ] = None,
    results: ResultsOption = RESULTS,
    tracking_uri: Annotated[
        str | None,
        typer.Option(
            "--tracking-uri",
            help="Read the campaigns on this MLflow server; copied to --results.",
        ),
    ] = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Show all campaigns of each claim, and whether they agree."""
    from suite.cli.render.findings import findings_page
    from suite.records.results import Results
    from suite.report.findings import plain
    from suite.verdicts import findings as verdicts
    from suite.verdicts.preregistration import provenance_of

    recorded = _on_server(tracking_uri, results) if tracking_uri else Results(results)
    task, _, claim = (about or "").partition("/")
    with err().status("Judging …"):
        found = verdicts.findings(
            recorded, task, claim, lambda one: provenance_of(one.manifest)
        )
    unread = verdicts.unread(recorded)
    if as_json:
        print_json({"findings": plain(found), "unread": unread})
        return
    out().print(findings_page(found, language.value))
    if unread:
        out().print(f"Another version wrote, and reads: {', '.join(unread)}.")


def _on_server(uri: str, results: Path) -> Results:
    """The server's campaigns, copied to the results folder."""
    from suite.tracking.mirror import Mirror
    from tasks import UserError

    mirror = Mirror(uri, results)
    with err().status("Fetching …"):
        mirror.refresh()
    if mirror.trouble:
        raise UserError(
            f"The campaigns on {uri} cannot be read ({mirror.trouble}): check the "
            "address, or leave out --tracking-uri to read --results."
        )
    return mirror.results

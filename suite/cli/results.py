"""Commands that read results: verdict, report, dashboard, mlflow, why."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suite.cli.console import (
    RESULTS,
    command,
    ctrl_c_is_fine,
    err,
    out,
    print_json,
)
from suite.cli.options import (
    MLFLOW_PORT,
    PORT,
    CampaignArgument,
    HostOption,
    Language,
    ResultsOption,
)

if TYPE_CHECKING:
    from suite.cli.servers import Server
    from suite.records.results import Campaign
    from suite.verdicts.claim_verdict import ClaimVerdict


class Format(StrEnum):
    """How verdicts are printed."""

    TEXT, JSON, MARKDOWN, LATEX = "text", "json", "markdown", "latex"


def verdict(
    campaign: CampaignArgument = None,
    results: ResultsOption = RESULTS,
    long: Annotated[
        bool,
        typer.Option(
            "--long", "-l", help="Full sentences, with every reservation."
        ),
    ] = False,
    form: Annotated[
        Format,
        typer.Option(
            "--format", help="Text for people, json for scripts, or a table."
        ),
    ] = Format.TEXT,
    as_json: Annotated[
        bool, typer.Option("--json", help="The same as --format json.")
    ] = False,
) -> None:
    """Print the verdict on each claim."""
    from suite.records.results import Results

    recorded = Results(results).load(campaign)
    if form is Format.TEXT and not as_json:
        print_verdicts(recorded, long, results)
        return
    from suite.verdicts.judge import judge_campaign
    from suite.verdicts.preregistration import provenance_of

    judged = judge_campaign(recorded, provenance_of(recorded.manifest))
    if as_json or form is Format.JSON:
        from suite.records.state import state_word
        from suite.report.sentences import Labels, verdict_as_json

        about = {
            "campaign": recorded.id,
            "profile": recorded.manifest.name,
            "state": state_word(recorded.state),
        }
        labels = Labels(recorded.manifest)
        print_json(
            {
                **about,
                "claims": [verdict_as_json(one, labels) for one in judged],
            }
        )
    else:
        from suite.report.tables import WRITERS

        print(WRITERS[form](judged, recorded.manifest), end="")


def judge(
    file: Annotated[
        Path,
        typer.Argument(help="A CSV file: columns arm, block and metrics."),
    ],
    claims: Annotated[
        Path,
        typer.Option("--claims", help="A TOML file with a table per claim."),
    ],
    long: Annotated[
        bool,
        typer.Option(
            "--long", "-l", help="Full sentences, with every reservation."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="For scripts.")
    ] = False,
) -> None:
    """Judge runs that were made elsewhere, by the same rules."""
    from suite.cli.render import verdicts
    from suite.report.sentences import Labels, verdict_as_json
    from suite.verdicts.elsewhere import campaign_of
    from suite.verdicts.judge import judge_campaign

    campaign = campaign_of(file, claims)
    judged, labels = judge_campaign(campaign), Labels(campaign.manifest)
    if as_json:
        print_json(
            {
                "file": str(file),
                "claims": [verdict_as_json(one, labels) for one in judged],
            }
        )
        return
    more = f"bakeoff judge {file} --claims {claims} --long"
    out().print(verdicts.verdict_page(judged, labels, [], long, more))


def print_verdicts(
    campaign: Campaign,
    long: bool = False,
    results: Path = RESULTS,
) -> list[ClaimVerdict]:
    """Print a campaign's verdicts for people, and the outcome of its A/A tests; the
    verdicts are returned.
    """
    from suite.cli.render import verdicts
    from suite.report.sentences import Labels
    from suite.verdicts.judge import judge_campaign, run_aa_tests
    from suite.verdicts.preregistration import provenance_of

    manifest = campaign.manifest
    judged = judge_campaign(campaign, provenance_of(manifest))
    aa_tests = [
        one for task in manifest.tasks for one in run_aa_tests(campaign, task)
    ]
    more = command("verdict", campaign.id, "--long", results=results)
    out().print(
        verdicts.verdict_page(judged, Labels(manifest), aa_tests, long, more)
    )
    return judged


def report(
    campaign: CampaignArgument = None,
    results: ResultsOption = RESULTS,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Where to write it. Default: the campaign's folder.",
        ),
    ] = None,
    snippet: Annotated[
        str | None,
        typer.Option(
            "--snippet",
            metavar="TASK/CLAIM",
            help="One claim alone, as HTML to paste into another page.",
        ),
    ] = None,
    language: Annotated[
        Language,
        typer.Option("--language", help="The language of a snippet."),
    ] = Language.EN,
) -> None:
    """Write a campaign's report: one HTML file that needs no network."""
    from suite.records.results import Results
    from suite.report.html.page import render
    from suite.report.html.snippet import snippet as snippet_of
    from suite.verdicts.preregistration import provenance_of
    from tasks import UserError

    # Ignoring the option in silence would give an English report to someone
    # who asked for a Chinese one.
    if snippet is None and language is not Language.EN:
        raise UserError(
            "--language is that of a snippet: add --snippet TASK/CLAIM, or leave "
            "it out; the report is English."
        )
    recorded = Results(results).load(campaign)
    provenance = provenance_of(recorded.manifest)
    with err().status("Writing …"):
        if snippet is None:
            name, text = "report.html", render(recorded, provenance)
        else:
            name = f"{snippet.replace('/', '.')}.html"
            text = snippet_of(recorded, snippet, provenance, language.value)
    path = output or recorded.folder / name
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"{path} cannot be written ({error.strerror}): name a file with -o."
        ) from error
    what = snippet or "Report"
    out().print(
        f"{what} of {recorded.id}: {path}", highlight=False, soft_wrap=True
    )


def dashboard(
    results: ResultsOption = RESULTS,
    host: HostOption = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option("--port", min=1, max=65535, help="Port to listen on."),
    ] = PORT,
    tracking_uri: Annotated[
        str | None,
        typer.Option(
            "--tracking-uri",
            help="Show the campaigns on this MLflow server; copied to --results.",
        ),
    ] = None,
    mlflow_url: Annotated[
        str | None,
        typer.Option(
            "--mlflow-url",
            help="Where links to MLflow's pages lead. "
            f"Default: that server, or http://127.0.0.1:{MLFLOW_PORT}.",
        ),
    ] = None,
    prefix: Annotated[
        str,
        typer.Option(
            "--prefix",
            help="Path below which a reverse proxy shows it, such as /bakeoff/.",
        ),
    ] = "/",
) -> None:
    """Show recorded campaigns in a browser, live."""
    from suite.cli import servers

    options = ["--results", str(results), "--host", host, "--port", str(port)]
    if tracking_uri:
        options += ["--tracking-uri", tracking_uri]
    if mlflow_url:
        options += ["--mlflow-url", mlflow_url]
    if prefix != "/":
        options += ["--prefix", prefix]
    if err().is_terminal:
        err().print("Starting the dashboard …", style="dim")
    # Replaces this process: the dashboard is not imported by anything in
    # suite/, and gets signals and the terminal itself.
    servers.become_dashboard(options)


def mlflow(
    results: ResultsOption = RESULTS,
    port: Annotated[
        int,
        typer.Option("--port", min=1, max=65535, help="Port to listen on."),
    ] = MLFLOW_PORT,
) -> None:
    """Show the recorded runs in MLflow's own pages."""
    from suite.cli import servers
    from tasks import UserError

    if not (results / "mlflow.db").exists():
        raise UserError(
            f"No MLflow store in {results}/: "
            f"start a campaign with `{command('run', 'quick', results=results)}`."
        )
    # Before MLflow starts, which takes seconds and then reports a port in use
    # in a long traceback.
    servers.check_port(servers.HOST, port)
    with ctrl_c_is_fine(), servers.mlflow(results, port) as server:
        out().print("Starting MLflow …", style="dim")
        if not server.answers("/health"):
            raise UserError(_why_no_mlflow(server, results))
        out().print(f"MLflow: {server.url}  (Ctrl-C ends it)", highlight=False)
        server.process.wait()


def _why_no_mlflow(server: Server, results: Path) -> str:
    """What keeps MLflow's server from starting, by what it wrote into its log."""
    from suite.tracking.connection import hint_on
    from suite.tracking.sqlite import default_uri

    says = server.log.read_text(encoding="utf-8", errors="replace")
    todo = hint_on(says, default_uri(results)) or f"{server.log} says why."
    return f"MLflow does not start: {todo}"


def why(
    key: Annotated[
        str, typer.Argument(help="A run's key, or its first characters.")
    ],
    results: ResultsOption = RESULTS,
) -> None:
    """Show one run, and what differs from the most similar other one."""
    from suite.cli.render import campaigns
    from suite.records.explain import explain
    from suite.records.results import Results

    out().print(campaigns.why_page(explain(Results(results), key)))

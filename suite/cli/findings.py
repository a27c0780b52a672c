"""Commands that write up what campaigns found: findings, universes, topics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suite.cli.console import RESULTS, err, out, print_json
from suite.cli.options import (
    CampaignArgument,
    JsonOption,
    Language,
    LanguageOption,
    ResultsOption,
)

if TYPE_CHECKING:
    from suite.records.results import Campaign, Results
    from suite.verdicts.claim_verdict import ClaimVerdict

# The languages of topic pages, and what stands before .md in their names.
PAGES = ((Language.EN, ""), (Language.ZH, ".zh"))


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
    from suite.report.findings import findings_as_json
    from suite.verdicts import findings as verdicts
    from suite.verdicts.preregistration import provenance_of

    recorded = (
        _on_server(tracking_uri, results) if tracking_uri else Results(results)
    )
    task, _, claim = (about or "").partition("/")
    with err().status("Judging …"):
        found = verdicts.findings(
            recorded, task, claim, lambda one: provenance_of(one.manifest)
        )
    unread = verdicts.unread(recorded)
    if as_json:
        print_json({"findings": findings_as_json(found), "unread": unread})
        return
    out().print(findings_page(found, language.value))
    if unread:
        out().print(f"Another version wrote, and reads: {', '.join(unread)}.")


def universes(
    campaign: CampaignArgument = None,
    results: ResultsOption = RESULTS,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Also draw each claim's specification curve, as SVG in this folder.",
        ),
    ] = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Show under which conditions a varied claim holds, and where it does not."""
    from suite.cli.render.universes import universes_page
    from suite.records.results import Results
    from suite.report.charts.svg import draw_alone
    from suite.report.labels import Labels
    from suite.report.universes import multiverses_as_json, specification_curve
    from suite.verdicts.judge import judge_campaign
    from suite.verdicts.preregistration import provenance_of
    from suite.verdicts.universes import multiverses
    from tasks import UserError

    recorded = Results(results).load(campaign)
    provenance = provenance_of(recorded.manifest)
    found = multiverses(judge_campaign(recorded, provenance))
    if not found:
        raise UserError(
            f"Campaign {recorded.id} varies no claim: a profile does with a table "
            '[[vary]], such as claim = "deep_vs_wide/NAME" and optimizer = ["sgd", '
            '"adam"].'
        )
    labels = Labels(recorded.manifest, language.value)
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        for one in found:
            curve = specification_curve(one, labels)
            if curve is not None:
                path = output / f"{one.task}.{one.claim}.svg"
                drawn = draw_alone(curve, path.stem)
                path.write_text(drawn, encoding="utf-8")
    if as_json:
        print_json(
            {"campaign": recorded.id, "claims": multiverses_as_json(found)}
        )
        return
    out().print(universes_page(found, labels))


TopicsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TASK]...",
        help="The tasks to write up. Default: all of the campaign.",
        show_default=False,
    ),
]
TopicsCampaignOption = Annotated[
    list[str] | None,
    typer.Option(
        "--campaign",
        help="A campaign's id, or its first characters; several where they have "
        "different tasks. Default: the newest.",
        show_default=False,
    ),
]
TopicsOutputOption = Annotated[
    Path,
    typer.Option("--output", "-o", help="The folder to write them to."),
]


def topics(
    names: TopicsArgument = None,
    campaign: TopicsCampaignOption = None,
    results: ResultsOption = RESULTS,
    output: TopicsOutputOption = Path("docs/topics"),
) -> None:
    """Write a page per task, in Markdown: claims, literature, results, limits.

    Without TASK also README.md, a table of all tasks that leads to their pages.
    """
    from suite.records.results import Results

    recorded = Results(results)
    ids: Sequence[str | None] = campaign or [None]
    # By id, as one may be named twice.
    loaded = {one.id: one for one in map(recorded.load, ids)}
    campaigns = list(loaded.values())
    # Raises for a task that none or several have, before anything is written.
    chosen = _tasks_of(campaigns, names or ())
    output.mkdir(parents=True, exist_ok=True)
    written = []
    for one, tasks in zip(campaigns, chosen, strict=True):
        verdicts = _judged(one, tasks)
        written.append((one, verdicts))
        for path in _write_topics(one, tasks, verdicts, output):
            _print_path(path)
    if not names:
        for path in _write_contents(written, output):
            _print_path(path)


def _tasks_of(
    campaigns: Sequence[Campaign], names: Sequence[str]
) -> list[list[str]]:
    """For each campaign which of its tasks to write up: those named, or all.

    Raises UserError for a name that no campaign has, and for a task that two have.
    """
    from tasks import UserError, unknown

    owners: dict[str, str] = {}
    for campaign in campaigns:
        for task in campaign.manifest.tasks:
            if names and task not in names:
                continue
            other = owners.setdefault(task, campaign.id)
            if other != campaign.id:
                raise UserError(
                    f"Task {task} is in {other} and in {campaign.id}: a page is of "
                    "one campaign. Name the tasks to write up, or one campaign."
                )
    known = {task for one in campaigns for task in one.manifest.tasks}
    for name in names:
        if name not in known:
            raise unknown("task of the campaign", name, known)
    return [
        [
            task
            for task in names or one.manifest.tasks
            if owners.get(task) == one.id
        ]
        for one in campaigns
    ]


def _judged(campaign: Campaign, tasks: Sequence[str]) -> list[ClaimVerdict]:
    """The verdicts on the claims of these tasks."""
    from suite.verdicts.judge import judge_campaign
    from suite.verdicts.preregistration import provenance_of

    return judge_campaign(campaign, provenance_of(campaign.manifest), tasks)


def _write_topics(
    campaign: Campaign,
    tasks: Sequence[str],
    judged: Sequence[ClaimVerdict],
    output: Path,
) -> Iterator[Path]:
    """Write the pages of these tasks, and say of which there is none."""
    for task in tasks:
        verdicts = [one for one in judged if one.task == task]
        if verdicts:
            yield from _write_topic(campaign, task, verdicts, output)
        else:
            err().print(
                f"{task}: it has no claims, so there is nothing to write up."
            )


def _print_path(path: Path) -> None:
    """Print a path unbroken, however narrow the terminal is."""
    out().print(str(path), highlight=False, soft_wrap=True)


def _write_topic(
    campaign: Campaign,
    task: str,
    verdicts: Sequence[ClaimVerdict],
    output: Path,
) -> Iterator[Path]:
    """Write a task's page and its pictures in each language: the path of each
    page, once it is there. ``verdicts`` are those of the task.
    """
    from suite.report.topic import topic_page, topic_pictures

    for language, suffix in PAGES:
        pictures = topic_pictures(campaign, task, verdicts, language.value)
        names = _picture_names(task + suffix, len(pictures))
        for name, picture in zip(names, pictures, strict=True):
            (output / name).write_text(picture, encoding="utf-8")
        page = topic_page(campaign, task, verdicts, language.value, names)
        path = output / f"{task}{suffix}.md"
        path.write_text(page, encoding="utf-8")
        yield path


def _write_contents(
    judged: Sequence[tuple[Campaign, Sequence[ClaimVerdict]]], output: Path
) -> list[Path]:
    """Write the page that leads to all others, in each language."""
    from suite.report.topic_contents import contents_page

    paths = []
    for language, suffix in PAGES:
        page = contents_page(judged, language.value, suffix)
        path = output / f"README{suffix}.md"
        path.write_text(page, encoding="utf-8")
        paths.append(path)
    return paths


def _picture_names(page: str, count: int) -> list[str]:
    """The file of each picture of a page: ``page.svg``, ``page.2.svg``, ..."""
    numbers = ["", *(f".{number}" for number in range(2, count + 1))]
    return [f"{page}{number}.svg" for number in numbers[:count]]


def _on_server(uri: str, results: Path) -> Results:
    """The server's campaigns, copied to the results folder."""
    from suite.tracking.mirror import Mirror
    from tasks import UserError

    mirror = Mirror(uri, results)
    with err().status("Fetching …"):
        # Once, without a thread: the command reads what there is and ends.
        mirror.refresh()
    if mirror.trouble:
        raise UserError(
            f"The campaigns on {uri} cannot be read ({mirror.trouble}): check the "
            "address, or leave out --tracking-uri to read --results."
        )
    return mirror.results

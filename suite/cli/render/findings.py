"""Findings over several campaigns, as the command line shows them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from suite.cli.render.text import Listing
from suite.cli.render.verdicts import ANSWER_STYLES
from suite.records.results import Campaign
from suite.report import findings as words
from suite.report.messages import translate
from suite.report.sentences import answer
from suite.verdicts.findings import Attempt, Finding


def findings_page(found: Sequence[Finding], language: str = "en") -> Group:
    """Each claim with all its attempts and what they come to, task by task; then the
    campaigns with their machines and versions.
    """
    parts: list[RenderableType] = []
    for task, of_task in groupby(found, key=lambda one: one.task):
        listed = list(of_task)
        labels = words.labels_of(listed[-1], language)
        question = labels.manifest.task(task).in_language(language).question
        parts.append(Text.assemble((task, "bold cyan"), f"  {question}\n"))
        for finding in listed:
            parts += [
                Padding(one, (0, 0, 0, 2)) for one in _claim(finding, language)
            ]
    return Group(*parts, _campaigns(found, language))


def _claim(finding: Finding, language: str) -> Iterator[RenderableType]:
    """A claim's text, the conditions that it was only judged under, a table of
    its campaigns, and what they say together: in yellow where they differ.
    """
    yield Text(words.claim_text(finding, language), "bold")
    if finding.differing:
        only = translate("findings-only", language)
        yield Text(
            f"{only}  {words.conditions_text(finding, language)}", "dim"
        )
    yield _attempts(finding.attempts, language)
    style = "yellow" if finding.pooled and finding.pooled.differ else ""
    yield Text(words.together(finding, language) + "\n", style)


def _attempts(attempts: Sequence[Attempt], language: str) -> Listing:
    """A row for each campaign: its id, verdict, effect and blocks, and why it
    was left out, where it was.
    """
    titles = _titles(
        language, "campaign", "verdict", "effect-title", "blocks", "note"
    )
    rows = [
        (
            one.campaign.id,
            answer(one.verdict.verdict, language),
            words.effect_text(one, language),
            str(one.blocks),
            words.left_out_text(one, language),
        )
        for one in attempts
    ]
    # A listing styles words as they are shown, so in the reader's language.
    colours = {
        answer(name, language): style  # type: ignore[arg-type]
        for name, style in ANSWER_STYLES.items()
    }
    return Listing(
        titles, rows, right=(titles[3],), styles={titles[1]: colours}
    )


def _campaigns(found: Sequence[Finding], language: str) -> Listing:
    """A row for each campaign that any finding rests on, in the columns of
    ``_campaign``.
    """
    titles = _titles(
        language, "campaign", "seed", "created", "machine", "versions"
    )
    # A campaign has findings on many claims, and is listed once.
    attempts = {
        one.campaign.id: one for finding in found for one in finding.attempts
    }
    return Listing(
        titles, [_campaign(one) for one in attempts.values()], (titles[1],)
    )


def _campaign(attempt: Attempt) -> tuple[str, ...]:
    """A campaign's id, root seed, day, machines and versions."""
    manifest = attempt.campaign.manifest
    known = [
        f"{name} {attempt.versions[name]}"
        for name in words.OWN_VERSIONS
        if name in attempt.versions
    ]
    return (
        attempt.campaign.id,
        str(manifest.root_seed),
        _day(attempt.campaign),
        ", ".join(attempt.hardware),
        ", ".join(known),
    )


def _day(campaign: Campaign) -> str:
    """The local date on which a campaign was created; empty if that is
    unknown.
    """
    created = campaign.manifest.created
    return (
        time.strftime("%Y-%m-%d", time.localtime(created)) if created else ""
    )


def _titles(language: str, *names: str) -> list[str]:
    """The titles of columns in a language, by the ends of their messages'
    codes.
    """
    return [translate(f"findings-{name}", language) for name in names]

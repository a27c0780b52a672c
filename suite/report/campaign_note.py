"""What a campaign found, in a few lines of Markdown, for its run in MLflow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from suite.records.manifest import Manifest
from suite.report.answers import answer
from suite.report.formatting import effect_and_interval
from suite.report.labels import Labels
from suite.report.sentences import answer as verdict_in_words
from suite.report.tables import escape_markdown
from suite.tracking.links import campaign_link
from suite.tracking.payload import MAX_TAG_LENGTH
from suite.verdicts.claim_verdict import ClaimVerdict


def campaign_note(
    campaign: str, manifest: Manifest, verdicts: Sequence[ClaimVerdict]
) -> str:
    """Each question with its answer and the verdicts on its claims, and a link to the
    dashboard. Of long campaigns the answers alone, and of very long ones the first.
    """
    head = _head(campaign, manifest)
    of_tasks = [
        list(of_task)
        for _, of_task in groupby(verdicts, key=lambda one: one.task)
    ]
    answers = [_answer(found, manifest) for found in of_tasks]
    whole = [
        "\n".join([line, *_claims(found)])
        for line, found in zip(answers, of_tasks, strict=True)
    ]
    for parts in (whole, answers):
        text = "\n\n".join([head, *parts])
        if len(text) <= MAX_TAG_LENGTH:
            return text
    return _cut([head, *answers])


def _head(campaign: str, manifest: Manifest) -> str:
    title = escape_markdown(manifest.profile.title or manifest.name)
    return f"**{title}**\n\n{campaign_link(campaign)}"


def _answer(verdicts: Sequence[ClaimVerdict], manifest: Manifest) -> str:
    task = verdicts[0].task
    question = manifest.task(task).question or task
    said = answer(verdicts, Labels(manifest))
    return f"**{escape_markdown(question)}** {escape_markdown(said)}"


def _claims(verdicts: Sequence[ClaimVerdict]) -> Iterator[str]:
    """A line for each claim: what came of it, what it says, and the effect."""
    for one in verdicts:
        became = verdict_in_words(one.verdict)
        if not one.complete:
            became = f"pending, {one.blocks} of {one.planned} blocks"
        says = escape_markdown(one.says)
        effect = escape_markdown(effect_and_interval(one))
        yield f"- *{became}*: {says} {effect}"


def _cut(parts: Sequence[str]) -> str:
    """As many as fit, and a mark where some are missing."""
    text = parts[0]
    for part in parts[1:]:
        longer = f"{text}\n\n{part}"
        if len(longer) + 3 > MAX_TAG_LENGTH:
            return f"{text}\n\n…"
        text = longer
    return text

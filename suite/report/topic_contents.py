"""The page that leads to a campaign's topic pages: each task's answer, and what it
cost.
"""

from __future__ import annotations

from collections.abc import Sequence

from suite.records.results import Campaign
from suite.report import answers
from suite.report.labels import Labels
from suite.report.messages import translate
from suite.report.tables import escape_markdown as escaped
from suite.verdicts.claim_verdict import ClaimVerdict

COLUMNS = ("topic", "task", "question", "answer", "runs", "seconds")
RULES = ("---", "---", "---", "---", "---:", "---:")
SECONDS = "cpu_seconds"


def contents_page(
    campaign: Campaign,
    verdicts: Sequence[ClaimVerdict],
    language: str = "en",
    suffix: str = "",
) -> str:
    """A table in Markdown with a row for each task that has verdicts, in the order of
    the campaign, and a last one with the sums.

    ``suffix`` stands between a task's name and ``.md`` in the links. Seconds are of one
    CPU core, and are left out where runs did not record them.
    """
    labels = Labels(campaign.manifest, language)
    titles = [translate(f"contents-{name}", language) for name in COLUMNS]
    rows: list[Sequence[str]] = [titles, RULES]
    judged = dict.fromkeys(verdict.task for verdict in verdicts)
    for task in judged:
        of_task = [one for one in verdicts if one.task == task]
        rows.append(_row(campaign, task, of_task, labels, suffix))
    everything = translate("contents-all", language)
    sums = _costs(campaign, list(judged))
    rows.append([everything, "", "", "", *sums])
    title = translate("contents-title", language)
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    about = translate("contents-about", language, id=f"`{campaign.id}`")
    return f"# {title}\n\n{about}\n\n{table}\n"


def _row(
    campaign: Campaign,
    task: str,
    verdicts: Sequence[ClaimVerdict],
    labels: Labels,
    suffix: str,
) -> list[str]:
    """One task's topic, page, question, answer, and costs."""
    about = campaign.manifest.task(task).in_language(labels.language)
    name = escaped(about.label or task)
    return [
        escaped(about.topic),
        f"[{name}]({task}{suffix}.md)",
        escaped(about.question),
        escaped(answers.answer(verdicts, labels)),
        *_costs(campaign, [task]),
    ]


def _costs(campaign: Campaign, tasks: Sequence[str]) -> tuple[str, str]:
    """How many runs these tasks took, and how many seconds of a core."""
    runs = campaign.runs
    mine = runs[runs["task"].isin(tasks)]
    # Runs that were made elsewhere may not have it.
    if SECONDS not in mine or mine[SECONDS].isna().all():
        return f"{len(mine):,}", ""
    return f"{len(mine):,}", f"{mine[SECONDS].sum():,.0f}"

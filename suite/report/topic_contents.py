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
    judged: Sequence[tuple[Campaign, Sequence[ClaimVerdict]]],
    language: str = "en",
    suffix: str = "",
) -> str:
    """A table in Markdown with a row for each task that has verdicts, in the order of
    the campaigns, and a last one with the sums.

    ``judged`` has each campaign with its verdicts; no task may be in two of them.
    ``suffix`` stands between a task's name and ``.md`` in the links. Seconds are of one
    CPU core, and are left out where runs did not record them.
    """
    titles = [translate(f"contents-{name}", language) for name in COLUMNS]
    rows: list[Sequence[str]] = [titles, RULES]
    costs = []
    for campaign, verdicts in judged:
        labels = Labels(campaign.manifest, language)
        for task in dict.fromkeys(verdict.task for verdict in verdicts):
            of_task = [one for one in verdicts if one.task == task]
            cost = _cost(campaign, task)
            costs.append(cost)
            about = _about(campaign, task, of_task, labels, suffix)
            rows.append([*about, *_cost_cells(*cost)])
    runs = sum(one for one, _ in costs)
    seconds = [one for _, one in costs if one is not None]
    everything = translate("contents-all", language)
    sums = _cost_cells(runs, sum(seconds) if seconds else None)
    rows.append([everything, "", "", "", *sums])
    title = translate("contents-title", language)
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    ids = translate("comma", language).join(
        f"`{campaign.id}`" for campaign, _ in judged
    )
    said = translate("contents-about", language, ids=ids)
    return f"# {title}\n\n{said}\n\n{table}\n"


def _about(
    campaign: Campaign,
    task: str,
    verdicts: Sequence[ClaimVerdict],
    labels: Labels,
    suffix: str,
) -> list[str]:
    """One task's topic, page, question and answer."""
    about = campaign.manifest.task(task).in_language(labels.language)
    name = escaped(about.label or task)
    return [
        escaped(about.topic),
        f"[{name}]({task}{suffix}.md)",
        escaped(about.question),
        escaped(answers.answer(verdicts, labels)),
    ]


def _cost(campaign: Campaign, task: str) -> tuple[int, float | None]:
    """How many runs a task took, and how many seconds of a core, if known."""
    runs = campaign.runs
    mine = runs[runs["task"] == task]
    # Runs that were made elsewhere may not have it.
    if SECONDS not in mine or mine[SECONDS].isna().all():
        return len(mine), None
    return len(mine), float(mine[SECONDS].sum())


def _cost_cells(runs: int, seconds: float | None) -> list[str]:
    """Runs and seconds as the table has them."""
    return [f"{runs:,}", "" if seconds is None else f"{seconds:,.0f}"]

"""All campaigns of a task's claims, and what they come to together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import saved, table
from dashboard.components.controls import choose_task, controls
from dashboard.components.forest import margin_axis, whiskers
from dashboard.components.text import aria, badge, card, data, head, note
from dashboard.data.view import View
from suite.report.findings import (
    claim_text,
    conditions_text,
    effect_text,
    findings_as_json,
    left_out_text,
    together,
)
from suite.verdicts.findings import Attempt, Finding, findings
from suite.verdicts.pooling import Pooled
from suite.verdicts.statistics import Interval

PATH, TITLE = "/findings", "findings-title"
LEAST_SPAN = 2.0  # margins on either side of 0
MOST_SPAN = 20.0


def layout(view: View) -> Component:
    """Each claim of the task with all campaigns that tested it, and their
    pooled effect.
    """
    words, found = view.words, _found(view)
    parts: list[Component] = [
        head(words("findings-title"), words("findings-says")),
        controls(choose_task(view)),
    ]
    if found is None:
        parts.append(note(words("findings-judging")))
    elif not found:
        parts.append(note(words("findings-none")))
    else:
        parts += [_claim(view, finding) for finding in found]
        parts.append(_campaigns(view, found))
    return html.Div(parts)


def frames(view: View) -> dict[str, pd.DataFrame]:
    """A row per attempt, and the pooled effects; those not judged yet are left out."""
    # A download is not rendered again, so it waits for the result.
    found = findings_as_json(_found(view, patience=60.0) or ())
    about = ("task", "claim", "level")
    attempts = [
        {**{name: one[name] for name in about}, **attempt}
        for one in found
        for attempt in one["attempts"]
    ]
    return {"attempts": pd.DataFrame([_flat(one) for one in attempts])}


def _flat(attempt: dict[str, object]) -> dict[str, object]:
    """The attempt with its lists as text, as files have no lists."""
    return {
        name: value if isinstance(value, (str, int, float)) else str(value)
        for name, value in attempt.items()
    }


def _found(view: View, patience: float = 0.0) -> Sequence[Finding] | None:
    """The findings on the task; None while its campaigns are being judged."""
    snapshots, task = view.snapshots, view.task
    results = snapshots.results
    # All campaigns of the folder, since any of them may have tested the claim.
    revisions = [results.revision(name) for name in results.ids()]
    found: Sequence[Finding] | None = snapshots.compute_in_background(
        # Revisions in the key, so that a campaign that grows is judged again.
        ("findings", task, *revisions),
        lambda: tuple(
            findings(results, task, provenance_of=snapshots.provenance_of)
        ),
        patience,
    )
    return found


def _claim(view: View, finding: Finding) -> Component:
    words, language = view.words, view.words.language
    span = _span(finding)
    columns = [
        words.of("findings", name)
        for name in (
            "campaign",
            "verdict",
            "effect",
            "scale",
            "blocks",
            "note",
        )
    ]
    rows = [_row(view, one, span) for one in finding.attempts]
    if finding.pooled is not None:
        rows.append(_pooled_row(view, finding, finding.pooled, span))
    says = conditions_text(finding, language)
    claim = claim_text(finding, language)
    return card(
        html.P(words("findings-only", conditions=says)) if says else None,
        table(columns, rows, label=claim, numeric=(4,)),
        note(together(finding, language), _kind(finding)),
        title=claim,
        className="attempts",
    )


def _kind(finding: Finding) -> str:
    return "warn" if finding.pooled and finding.pooled.differ else "info"


def _row(
    view: View, attempt: Attempt, span: float
) -> Sequence[Component | str]:
    language, verdict = view.words.language, attempt.verdict
    link = view.link(
        "/claim",
        campaign=attempt.campaign.id,
        task=verdict.task,
        claim=verdict.claim,
    )
    text = effect_text(attempt, language)
    strip = _strip(attempt, attempt.effect, attempt.interval, span, text)
    return (
        html.A(attempt.campaign.id, href=link),
        badge(verdict.verdict, view.words),
        text,
        strip,
        _blocks(view, attempt.blocks),
        left_out_text(attempt, language),
    )


def _pooled_row(
    view: View, finding: Finding, pooled: Pooled, span: float
) -> Sequence[Component | str]:
    blocks = sum(one.blocks for one in finding.counted)
    text = view.words("findings-together")
    strip = _strip(finding.newest, pooled.effect, pooled.interval, span, text)
    below = html.Div([strip, margin_axis(span)])
    return (html.Strong(text), "", "", below, _blocks(view, blocks), "")


def _blocks(view: View, number: int) -> Component:
    """A number of blocks, with its title where the table has no head."""
    title = view.words.of("findings", "blocks")
    return html.Span(f"{number:,}", **data(title=title))


def _strip(
    attempt: Attempt,
    effect: float,
    interval: Interval,
    span: float,
    label: str,
) -> Component:
    """The effect and its interval in units of the claim's margin."""
    margin = attempt.verdict.margin
    low, high = (end / margin for end in interval)
    marks = whiskers(effect / margin, (low, high), (low, high), 1.0, span)
    answer = attempt.verdict.verdict
    return html.Div(
        marks, className=f"forest {answer}", role="img", **aria(label=label)
    )


def _span(finding: Finding) -> float:
    """Margins on either side of 0 that show all attempts, within limits."""
    ends = [
        abs(end) / one.verdict.margin
        for one in finding.attempts
        for end in (one.effect, *one.interval)
        if math.isfinite(end)
    ]
    widest = max(ends, default=LEAST_SPAN)
    # Limited, because one attempt of very few blocks would press the others to
    # a point.
    return float(min(max(math.ceil(widest), LEAST_SPAN), MOST_SPAN))


def _campaigns(view: View, found: Sequence[Finding]) -> Component:
    """The campaigns with their seeds, machines and versions."""
    words = view.words
    attempts = {
        one.campaign.id: one for each in found for one in each.attempts
    }
    columns = [
        words.of("findings", name)
        for name in ("campaign", "seed", "hardware", "versions")
    ]
    rows = [
        (
            name,
            str(one.campaign.manifest.root_seed),
            ", ".join(one.hardware),
            ", ".join(
                f"{library} {number}"
                for library, number in one.versions.items()
            ),
        )
        for name, one in attempts.items()
    ]
    title = words("findings-campaigns")
    return card(
        table(columns, rows, label=title, numeric=(1,)),
        title=title,
        className="last-wide",
        files=saved(view, "attempts"),
    )

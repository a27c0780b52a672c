"""The report's page, put together from what was judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from suite.records.results import Campaign
from suite.report import sentences
from suite.report.formatting import blocks_in, counted, effect_and_interval, listed
from suite.report.html.appendix import methods, openings, place, spread, when
from suite.report.html.charts import strip
from suite.report.html.claim import Judged, Shared, article, badge
from suite.report.html.markup import Child, Markup, facts, table, tag
from suite.verdicts.aa_test import run_aa_tests
from suite.verdicts.case import cases
from suite.verdicts.judge import judge_campaign
from suite.verdicts.tuning_curve import tuning_curves

STYLE = Path(__file__).with_name("report.css")
# the page could load nothing even if it wanted to
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render(campaign: Campaign) -> str:
    """The report as one HTML document that needs nothing else."""
    asked = [case for task in campaign.about["tasks"] for case in cases(campaign, task)]
    judged = [
        Judged(case, verdict)
        for case, verdict in zip(asked, judge_campaign(campaign), strict=True)
    ]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("title", f"Bakeoff: {campaign.id}"),
        tag("style", Markup(STYLE.read_text(encoding="utf-8"))),
    )
    body = tag(
        "body",
        _title(campaign, judged),
        tag(
            "main",
            _summary(judged),
            *_tasks(campaign, judged),
            *methods(campaign),
            openings(campaign),
            place(campaign),
        ),
        tag("footer", "Written by Bakeoff from the campaign's record alone."),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _title(campaign: Campaign, judged: list[Judged]) -> Markup:
    about, done = campaign.about, len(campaign.runs)
    planned = int(campaign.state.get("planned") or done)
    state = str(campaign.state.get("state", "unknown"))
    warning = None
    if state != "done":
        warning = tag(
            "p",
            f"This campaign is not finished ({state}): {done:,} of {planned:,} runs are on record. "
            "Verdicts below are those so far.",
            class_="warning",
        )
    tally = Counter(one.verdict.verdict for one in judged)
    counts = [
        f"{tally[answer]} {word}"
        for answer, word in sentences.ANSWERS.items()
        if tally[answer]
    ]
    title = str(about["profile"].get("title") or about["name"])
    blocks = listed(
        str(n)
        for n in sorted({int(task["blocks"]) for task in about["tasks"].values()})
    )
    return tag(
        "header",
        tag("p", "Bakeoff: textbook claims, put to the test", class_="brand"),
        tag("h1", title),
        tag(
            "p",
            f"{counted(len(judged), 'claim')}: {listed(counts)}."
            if judged
            else "No claims.",
            class_="lead",
        ),
        warning,
        facts(
            ("Campaign", tag("code", campaign.id)),
            ("Started", when(about.get("created"))),
            ("Last result", when(campaign.runs["ended"].max() if done else None)),
            (
                "Size",
                f"{done:,} runs in {len(about['cells']):,} cells, {blocks} blocks",
            ),
        ),
    )


def _summary(judged: list[Judged]) -> Markup:
    rows: list[list[Child]] = []
    for one in judged:
        verdict = one.verdict
        claim = tag("a", verdict.says, href=f"#{one.anchor}")
        rows.append(
            [
                claim,
                badge(verdict),
                strip(verdict),
                effect_and_interval(verdict),
                blocks_in(verdict),
            ]
        )
    legend_says = (
        "Effects are in the claim's direction, as a mean over blocks with its plain interval; “×” is a ratio. The "
        "picture has all claims on one scale, in units of the difference that matters: inside the grey band it does "
        "not. The thick line is the interval that decides, the thin one the plain interval. Claims of a task are "
        "judged together, so the thick one is often the longer."
    )
    return tag(
        "section",
        tag("h2", "What was found"),
        table(
            ["Claim", "Verdict", "← against · for →", "Effect (interval)", "From"],
            rows,
            frozenset({3, 4}),
        ),
        tag("p", legend_says, class_="note"),
        class_="summary",
    )


def _tasks(campaign: Campaign, judged: list[Judged]) -> Iterator[Markup]:
    for task, of_task in groupby(judged, key=lambda one: one.verdict.task):
        shared = Shared(tuning_curves(campaign, task))
        claims = [article(one, shared) for one in of_task]
        about = campaign.about["tasks"][task]
        twice = [
            tag("p", f"A/A test: {one.says}", class_="note")
            for one in run_aa_tests(campaign, task)
        ]
        top = tag("h2", str(about["question"])), _about_task(task, about)
        yield tag(
            "section", *top, *twice, *claims, spread(campaign, task), class_="task"
        )


def _about_task(task: str, about: Mapping[str, Any]) -> Markup:
    return facts(
        ("Task", tag("code", task)),
        (
            "Compared",
            "; ".join(str(arm.get("label") or arm["name"]) for arm in about["arms"]),
        ),
        (
            "At",
            "; ".join(
                str(level.get("label") or level["name"]) for level in about["levels"]
            ),
        ),
        ("Held equal", str(about.get("matched") or "")),
        ("Tuned", _space(about)),
        (
            "Sources",
            tag("ul", *(tag("li", str(text)) for text in about.get("sources") or ()))
            if about.get("sources")
            else None,
        ),
    )


def _space(about: Mapping[str, Any]) -> Child:
    """What was tuned and where, arms with the same ranges together."""
    spaces = {
        arm: "; ".join(f"{name} {_range(r)}" for name, r in space.items())
        for arm, space in about["space"].items()
    }
    labels = {
        arm["name"]: str(arm.get("label") or arm["name"]) for arm in about["arms"]
    }
    alike = {
        text: [labels.get(arm, arm) for arm in spaces if spaces[arm] == text]
        for text in spaces.values()
    }
    if len(alike) == 1:
        return next(iter(alike)) or "nothing"
    return tag(
        "ul",
        *(
            tag("li", f"{'; '.join(arms)}: {text or 'nothing'}")
            for text, arms in alike.items()
        ),
    )


def _range(hyperparameter: Mapping[str, Any]) -> str:
    if "values" in hyperparameter:
        return listed(map(str, hyperparameter["values"]), "or")
    return f"{hyperparameter['low']:g} to {hyperparameter['high']:g}" + (
        " (log)" if hyperparameter.get("log") else ""
    )

"""One claim and everything behind its verdict: intervals, blocks, gates, the source,
what would change it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import chart, saved, table
from dashboard.components.controls import (
    arm_key,
    choose_task,
    controls,
    select,
    span_of,
)
from dashboard.components.forest import forest, own_axis
from dashboard.components.text import (
    Children,
    action,
    aria,
    badge,
    card,
    coded,
    empty,
    facts,
    foreign,
    glyph,
    head,
)
from dashboard.components.verdict_text import noted, speaks_for, told
from dashboard.data.view import View
from dashboard.figures.blocks import differences, pairs, pairs_frame, trend
from dashboard.locale import Words
from dashboard.locale.numbers import measuring, percent, plain
from suite.report.formatting import probability
from suite.verdicts.adequacy import Gate
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.decision import CONFIRMATORY

PATH, TITLE = "/claim", "claim-title"
MOST_COMPARED = 60  # runs in one address


def layout(view: View) -> Component:
    words = view.words
    names = [claim["name"] for claim in view.about["claims"]]
    if not names:
        return html.Div(
            [
                head(words("claim-title"), ""),
                choosing(view),
                empty(words("overview-no-claims"), ""),
            ]
        )
    if view.judging:
        return html.Div(
            [
                head(words("claim-title"), ""),
                choosing(view),
                empty(words("judging-title"), words("judging-says")),
            ]
        )
    verdict = view.verdict_of(view.task, view.chosen("claim", names))
    if verdict is None:
        return html.Div(
            [
                head(words("claim-title"), ""),
                choosing(view),
                empty(words("claim-unjudged"), ""),
            ]
        )
    return html.Div(
        [
            head(
                foreign(verdict.says, words.language),
                foreign(str(view.about["question"]), words.language),
            ),
            choosing(view),
            _verdict(view, verdict),
            *_charts(view, verdict),
            _blocks(view, verdict),
            html.Div(
                [_gates(view, verdict), _teaching(view, verdict)], className="grid two"
            ),
            _levels(view, verdict),
            html.Div(
                [_source(view, verdict), _scope(view, verdict)], className="grid two"
            ),
        ]
    )


def frames(view: View) -> dict[str, pd.DataFrame]:
    """The blocks behind the verdict."""
    names = [claim["name"] for claim in view.about["claims"]]
    verdict = view.verdict_of(view.task, view.chosen("claim", names)) if names else None
    if verdict is None:
        return {}
    rows = pairs_frame(verdict)
    found = {
        "blocks": rows,
        "trend": pd.DataFrame([dict(row) for row in verdict.by_level]),
    }
    for level in _levels_of(verdict):
        mine = rows[rows["level"].isna() if level is None else rows["level"] == level]
        found |= {
            f"differences-{level or 'all'}": mine,
            f"pairs-{level or 'all'}": mine,
        }
    return found


def choosing(view: View) -> html.Div:
    """Drop-downs for the task and its claim."""
    claims = [(claim["name"], claim["says"]) for claim in view.about["claims"]]
    parts = [choose_task(view)]
    if claims:
        chosen = view.chosen("claim", [name for name, _ in claims])
        parts.append(
            select(view, "claim", claims, chosen, view.words("choose-claim"), 560)
        )
    return controls(*parts)


def _verdict(view: View, verdict: ClaimVerdict) -> html.Section:
    words, scale = view.words, measuring(verdict, view.words)
    top = [badge(verdict.verdict, words)]
    if verdict.would_be and verdict.would_be != verdict.verdict:
        top.append(
            html.Span(
                words(
                    "would-be", verdict=words.of("verdict", verdict.would_be).lower()
                ),
                className="muted",
            )
        )
    top.append(html.Span(words.of("label", verdict.label), className="tag"))
    if verdict.meaningful:
        top.append(html.Span(words("meaningful"), className="tag"))
    if not verdict.complete:
        top.append(
            html.Span(
                words("blocks-of", done=verdict.blocks, planned=verdict.planned),
                className="tag warn",
            )
        )
    parts: list[Component] = [
        html.Div(top, className="outcome big"),
        html.P(coded(told(view, verdict)), className="sentence big"),
    ]
    if math.isfinite(verdict.effect):
        span = span_of([verdict])
        parts += [
            html.Div(
                [
                    html.Div(
                        [
                            html.Span(words("forest-against")),
                            html.Span(words("forest-for")),
                        ],
                        className="sides label",
                    ),
                    forest(verdict, span, words),
                    own_axis(verdict, span, words),
                ],
                className="forest-big",
            ),
            html.P(
                words("claim-key", margin=scale.amount(verdict.margin)),
                className="says",
            ),
            facts(_numbers(view, verdict)),
        ]
    links = [
        action(
            words("claim-curves"),
            view.link("/curves", task=verdict.task, level=(verdict.levels or ("",))[0]),
            primary=True,
        ),
        action(
            words("claim-runs"),
            view.link("/runs", task=verdict.task, kind="final"),
        ),
        action(
            words("claim-search"),
            view.link("/search", task=verdict.task, arm=verdict.better or None),
        ),
        action(words("claim-sweep"), view.link("/sweep", task=verdict.task)),
    ]
    return card(*parts, html.Div(links, className="actions"))


def _numbers(view: View, verdict: ClaimVerdict) -> list[tuple[str, str]]:
    words, scale = view.words, measuring(verdict, view.words)
    found = [
        (words("fact-effect"), scale.full(verdict.effect)),
        (words("fact-interval"), scale.interval(verdict.interval)),
        (words("fact-local"), scale.interval(verdict.adjusted_interval)),
        (words("fact-equivalence"), scale.interval(verdict.equivalence_interval)),
        (words("fact-margin"), scale.amount(verdict.margin)),
        (words("fact-effect-size"), plain(verdict.effect_size, 2)),
        (
            words("fact-won"),
            f"{verdict.win_rate * verdict.blocks:g} / {verdict.blocks}",
        ),
        (words("fact-p"), probability(verdict.p_holm)),
        (words("fact-sign-flip"), probability(verdict.p_sign_flip)),
    ]
    if verdict.fixed_split_interval:
        found.append(
            (words("fact-splits"), scale.interval(verdict.fixed_split_interval))
        )
    if verdict.new_test_interval:
        found.append(
            (words("fact-new-test"), scale.interval(verdict.new_test_interval))
        )
    if half := verdict.half_budget:
        found.append(
            (
                words("fact-half"),
                f"{scale.full(half.effect)} · {words.of('verdict', half.verdict)}",
            )
        )
    if verdict.blocks_to_settle:
        found.append((words("fact-settle"), _enough(verdict, words)))
    return found


def _enough(verdict: ClaimVerdict, words: Words) -> str:
    """How many blocks leave no answer open: if they vary as they seem to, and if they
    vary as much as they may.
    """
    low, high = verdict.blocks_to_settle, verdict.blocks_to_settle_cautious
    return (
        words("settle-range", low=f"{low:,}", high=f"{high:,}")
        if high
        else words("settle-more", low=f"{low:,}")
    )


def _levels_of(verdict: ClaimVerdict) -> list[str | None]:
    return list(dict.fromkeys(row["level"] for row in verdict.per_block))


def _charts(view: View, verdict: ClaimVerdict) -> list[Component]:
    words = view.words
    found: list[Component] = []
    axis = str(view.about.get("axis") or words("choose-level"))
    if verdict.kind == "interaction":
        spec = trend(verdict, words, axis)
        found.append(
            chart(
                view,
                "trend",
                spec,
                title=words("claim-trend"),
                says=words("claim-trend-says"),
                height=320,
            )
        )
    for level in _levels_of(verdict):
        name = level or "all"
        at = (
            f" · {view.level_label(verdict.task, level)}"
            if level and len(_levels_of(verdict)) > 1
            else ""
        )
        spec = differences(verdict, level, words)
        height = int(spec["height"]) if spec else 240
        both = (
            pairs(
                verdict,
                level,
                view.about["arms"],
                words,
                words.label(verdict.metric_label),
            )
            if level
            else None
        )
        charts: list[Component] = [
            chart(
                view,
                f"differences-{name}",
                spec,
                title=words("claim-differences") + at,
                says=words("claim-differences-says"),
                height=height,
            )
        ]
        if both:
            charts.append(
                chart(
                    view,
                    f"pairs-{name}",
                    both,
                    title=words("claim-pairs") + at,
                    says=words("claim-pairs-says"),
                    height=height,
                )
            )
        found.append(html.Div(charts, className="grid two" if both else ""))
    return found


def _blocks(view: View, verdict: ClaimVerdict) -> Component | None:
    """The raw blocks, each with its finals' MLflow runs."""
    if not verdict.per_block:
        return None
    words, scale = view.words, measuring(verdict, view.words)
    levels, finals = _levels_of(verdict), _finals(view, verdict)
    several = len(levels) > 1
    columns = [words("blocks-block"), *([words("choose-level")] if several else [])]
    columns += [
        view.arm_label(verdict.task, arm) if arm else words("published")
        for arm in (verdict.better, verdict.worse)
    ]
    published = bool(view.campaign.mlflow_runs)
    columns += [
        words("fact-difference"),
        *([words("blocks-runs")] if published else []),
    ]
    rows = [
        (
            f"{row['block']}",
            *([view.level_label(verdict.task, str(row["level"]))] if several else []),
            _value(verdict, row["better"]),
            _value(verdict, row["worse"]),
            scale.full(row["difference"]),
            *([_runs(view, finals[_of_block(finals, row)])] if published else []),
        )
        for row in verdict.per_block
    ]
    first = 1 + several
    compare = view.compare_link(finals["key"].head(MOST_COMPARED))
    link = (
        html.Div(
            action(words("blocks-compare"), compare, outside=True), className="actions"
        )
        if compare
        else None
    )
    says = words("blocks-says") if published else words("blocks-unpublished")
    rows_ = table(
        columns, rows, label=words("blocks-title"), numeric=range(first, first + 3)
    )
    return card(
        rows_,
        link,
        title=words("blocks-title"),
        says=says,
        id="blocks",
        files=saved(view, "blocks"),
    )


def _finals(view: View, verdict: ClaimVerdict) -> pd.DataFrame:
    """The finals of the claim's arms at its levels."""
    claim = next(
        claim
        for claim in view.tasks[verdict.task]["claims"]
        if claim["name"] == verdict.claim
    )
    arms = {verdict.better, verdict.worse, *(claim.get("weights") or {})}
    finals = view.campaign.finals
    mine = (
        finals["task"].eq(verdict.task)
        & finals["arm"].isin(arms)
        & finals["level"].isin(verdict.levels)
    )
    order = {verdict.better: 0, verdict.worse: 1}
    found = finals[mine]
    return found.assign(order=found["arm"].map(order).fillna(2)).sort_values(
        ["block", "order", "arm", "number"]
    )


def _of_block(finals: pd.DataFrame, row: Mapping[str, Any]) -> pd.Series:
    found = finals["block"].eq(row["block"])
    return found & finals["level"].eq(row["level"]) if row["level"] else found


def _value(verdict: ClaimVerdict, value: float | None) -> str:
    return percent(value, 2) if verdict.unit_percent else plain(value, 4)


def _runs(view: View, finals: pd.DataFrame) -> Children:
    """A link per final to its MLflow run, by arm."""
    parts = []
    for arm, mine in finals.groupby("arm", sort=False):
        links = []
        for key, number in zip(mine["key"], mine["number"], strict=True):
            address = view.run_link(str(key))
            name = view.words(
                "blocks-final",
                arm=view.arm_label(str(finals["task"].iloc[0]), str(arm)),
                number=number,
            )
            if address:
                links.append(
                    html.A(
                        f"{number}↗",
                        href=address,
                        target="_blank",
                        rel="noopener noreferrer",
                        **aria(label=name),
                    )
                )
        if links:
            label = arm_key(view, str(finals["task"].iloc[0]), str(arm))
            parts.append(html.Span([label, *links], className="runs"))
    return parts or "–"


def _gates(view: View, verdict: ClaimVerdict) -> html.Section:
    words = view.words
    if not verdict.gates:
        return card(html.P(words("claim-no-gates")), title=words("claim-gates"))
    items = [
        _gate(view, gate)
        for gate in sorted(verdict.gates, key=lambda gate: not gate.failed)
    ]
    return card(
        html.Ul(items, className="gate-list"),
        title=words("claim-gates"),
        says=words("claim-gates-says"),
    )


def _gate(view: View, gate: Gate) -> html.Li:
    kind = "failed" if gate.failed else "passed"
    text = [
        html.B(
            view.words.gate(gate.name) if gate.failed else view.words.passed(gate.name)
        ),
        *_seen(view, gate),
    ]
    if gate.failed and gate.hint:
        text.append(
            html.P(
                [
                    html.Span(view.words("claim-hint"), className="label"),
                    _cure(view, gate),
                ]
            )
        )
    return html.Li([glyph("✕" if gate.failed else "✓"), html.Div(text)], className=kind)


def _seen(view: View, gate: Gate) -> list[Component]:
    """What a gate saw: the record's English, and in other languages what that means
    before it.
    """
    if view.words.language == "en":
        return [html.P(coded(gate.says))]
    if not gate.failed:
        return []
    return [
        html.P(view.words.why(gate.name)),
        html.P(foreign(gate.says, view.words.language)),
    ]


def _cure(view: View, gate: Gate) -> Children:
    own = view.words.language != "en" and view.words.hint(gate.name)
    return coded(own) if own else foreign(gate.hint, view.words.language)


def _teaching(view: View, verdict: ClaimVerdict) -> html.Section:
    """What would change this verdict, and what its words mean."""
    words, scale = view.words, measuring(verdict, view.words)
    reasons = []
    failed = [gate for gate in verdict.gates if gate.failed]
    low, high = verdict.adjusted_interval
    if not verdict.complete:
        reasons.append(
            words("change-incomplete", left=verdict.planned - verdict.blocks)
        )
    if failed:
        reasons.append(
            words(
                "change-gate",
                gates=", ".join(words.gate(gate.name).lower() for gate in failed),
            )
        )
    if math.isfinite(low) and verdict.verdict in (
        "supported",
        "refuted",
        "no_difference",
    ):
        near = min(abs(low), abs(high)) if low * high > 0 else max(abs(low), abs(high))
        reasons.append(
            words.of(
                "change",
                verdict.verdict,
                near=scale.amount(near),
                margin=scale.amount(verdict.margin),
            )
        )
    if verdict.verdict == "inconclusive" and not failed and verdict.complete:
        if verdict.blocks_to_settle:
            reasons.append(
                words(
                    "change-blocks", blocks=_enough(verdict, words), least=CONFIRMATORY
                )
            )
        else:
            reasons.append(words("change-data"))
    if verdict.label == "exploratory":
        reasons.append(words("change-exploratory"))
    reasons.append(words("change-margin"))
    terms = (
        "block",
        "final",
        "margin",
        "interval",
        "deciding",
        "gate",
        "effect_size",
        "exploratory",
        "settle",
    )
    glossary = [
        html.Div(
            [html.Dt(words.of("term", term)), html.Dd(words.of("term-says", term))]
        )
        for term in terms
    ]
    return card(
        html.Ul([html.Li(reason) for reason in reasons], className="bullets"),
        html.Details(
            [
                html.Summary(words("claim-glossary")),
                html.Dl(glossary, className="glossary"),
            ]
        ),
        title=words("claim-change"),
    )


def _levels(view: View, verdict: ClaimVerdict) -> Component | None:
    rows = [row for row in verdict.by_level if "verdict" in row]
    if not rows:
        return None
    words, scale = view.words, measuring(verdict, view.words)
    columns = [
        words("choose-level"),
        words("forest-verdict"),
        words("fact-effect"),
        words("fact-interval"),
        words("fact-local"),
        words("fact-effect-size"),
        words("fact-won"),
        words("fact-p"),
    ]
    body = [
        (
            view.level_label(verdict.task, str(row["level"])),
            badge(str(row["verdict"]), words),
            scale.full(row["effect"]),
            scale.interval(row["interval"]),
            scale.interval(row["adjusted_interval"]),
            plain(row["effect_size"], 2),
            percent(row["win_rate"], 0),
            probability(row["p"]),
        )
        for row in rows
    ]
    return card(
        table(columns, body, label=words("claim-levels"), numeric=(2, 3, 4, 5, 6, 7)),
        title=words("claim-levels"),
        says=words("claim-levels-says"),
    )


def _source(view: View, verdict: ClaimVerdict) -> html.Section:
    words, scale = view.words, measuring(verdict, view.words)
    ours = (
        f"{scale.full(verdict.effect)} {scale.interval(verdict.interval)}"
        if math.isfinite(verdict.effect)
        else "–"
    )
    pairs_ = [
        (words("claim-source-is"), foreign(verdict.source or "–", words.language)),
        (words("claim-source-says"), foreign(verdict.reported or "–", words.language)),
        (words("claim-ours"), f"{words.label(verdict.metric_label)}: {ours}"),
    ]
    return card(facts(pairs_, "facts tall"), title=words("claim-source"))


def _scope(view: View, verdict: ClaimVerdict) -> html.Section:
    words = view.words
    pairs_ = [
        (
            words("claim-population"),
            speaks_for(view, verdict) or foreign(verdict.population, words.language),
        ),
        (
            words("claim-matched"),
            foreign(str(view.about.get("matched") or "–"), words.language),
        ),
        (words("choose-task"), view.title(verdict.task)),
    ]
    notes = [
        html.Li(noted(text, words) or foreign(text, words.language))
        for text in verdict.notes
    ]
    return card(
        facts(pairs_, "facts tall"),
        html.Ul(notes, className="bullets") if notes else None,
        title=words("claim-scope"),
    )

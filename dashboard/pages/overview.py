"""What did we find? A verdict per claim, all on one scale, and how far every cell is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.charts import FILES, saved
from dashboard.components.controls import arm_key, span_of
from dashboard.components.forest import forest, margin_axis, own_axis
from dashboard.components.text import (
    aria,
    badge,
    card,
    coded,
    empty,
    foreign,
    glyph,
    head,
    hidden,
    note,
)
from dashboard.components.verdict_text import told
from dashboard.data.view import View
from dashboard.locale import Words
from dashboard.locale.numbers import duration, measuring, plain
from dashboard.theme import STATES, VERDICTS
from suite.verdicts.claim_verdict import ClaimVerdict

PATH, TITLE = "/", "overview-title"


def layout(view: View) -> Component:
    words = view.words
    wanted = view.chosen("verdict", ["", *VERDICTS], "")
    shown = [v for v in view.verdicts if not wanted or v.verdict == wanted]
    parts: list[Component | None] = [
        head(
            words("overview-title"),
            words("overview-says"),
            _counts(view, wanted),
            _report(view),
        ),
        progress(view),
    ]
    if view.judging:
        parts.append(empty(words("judging-title"), words("judging-says")))
    elif not view.verdicts:
        parts.append(
            empty(words("overview-no-claims"), words("overview-no-claims-says"))
        )
    else:
        parts += [
            _forest(view, shown),
            html.Div([_claim_card(view, v) for v in shown], className="cards"),
        ]
    parts.append(matrix(view))
    return html.Div(parts)


def frames(view: View) -> dict[str, pd.DataFrame]:
    """The verdicts and the cells as tables."""
    rows = [
        {
            "task": v.task,
            "claim": v.claim,
            "says": v.says,
            "verdict": v.verdict,
            "effect": v.effect,
            "low": v.interval[0],
            "high": v.interval[1],
            "margin": v.margin,
            "scale": v.scale,
            "blocks": v.blocks,
            "planned": v.planned,
            "win_rate": v.win_rate,
            "effect_size": v.effect_size,
            "label": v.label,
        }
        for v in view.verdicts
    ]
    return {"verdicts": pd.DataFrame(rows), "cells": view.campaign.cells}


# ---------------------------------------------------------------------------- verdicts


def _report(view: View) -> Component:
    """The one-file report, to take away."""
    where = f"/report/{quote(view.campaign.id)}.html"
    return html.A(
        ["↓ ", view.words("report-get")],
        href=where,
        download="",
        className="button",
        title=view.words("report-says"),
    )


def _counts(view: View, wanted: str) -> html.Nav:
    """How many claims got which verdict; each is a filter, and the one that is on takes
    itself off.
    """
    found = [v.verdict for v in view.verdicts]
    links = []
    for answer in VERDICTS:
        if answer in found:
            text = f"{found.count(answer)} {view.words.of('verdict', answer).lower()}"
            to = view.link("/", verdict=None if answer == wanted else answer)
            on = aria(current="true") if answer == wanted else {}
            links.append(
                html.A(
                    badge(answer, view.words, text), href=to, className="filter", **on
                )
            )
    return html.Nav(
        links, className="counts", **aria(label=view.words("overview-filter"))
    )


def _forest(view: View, verdicts: list[ClaimVerdict]) -> html.Section:
    words, span = view.words, span_of(view.verdicts)
    scale = html.Div(
        [
            html.Div(
                [html.Span(words("forest-against")), html.Span(words("forest-for"))],
                className="sides",
            ),
            margin_axis(span),
        ]
    )
    top = html.Div(
        [
            html.Span(words("forest-claim")),
            scale,
            html.Span(words("forest-effect")),
            html.Span(words("forest-verdict")),
        ],
        className="forest-row forest-top",
        **aria(hidden="true"),
    )
    groups = []
    for task in dict.fromkeys(v.task for v in verdicts):
        rows = [_row(view, v, span) for v in verdicts if v.task == task]
        question = str(view.tasks[task].get("question") or "")
        title = html.H3(
            [view.title(task), html.Small(foreign(question, words.language))]
        )
        groups.append(html.Div([title, html.Ul(rows)], className="forest-group"))
    return card(
        top,
        *groups,
        title=words("forest-title"),
        says=words("forest-says"),
        id="forest",
        className="forest-card",
        files=saved(view, "verdicts", kinds=FILES),
    )


def _row(view: View, verdict: ClaimVerdict, span: float) -> html.Li:
    words, scale = view.words, measuring(verdict, view.words)
    link = html.A(
        foreign(verdict.says, words.language),
        href=view.link("/claim", task=verdict.task, claim=verdict.claim),
    )
    number = html.Span(
        [
            html.B(scale.signed(verdict.effect)),
            " ",
            html.Span(scale.interval(verdict.interval), className="muted"),
        ]
        if math.isfinite(verdict.effect)
        else words("forest-none"),
        className="num effect",
    )
    unit = (
        html.Small(scale.unit.strip())
        if math.isfinite(verdict.effect) and scale.unit
        else None
    )
    return html.Li(
        [
            html.Div(link, className="says"),
            forest(verdict, span, words),
            html.Div([number, unit], className="amount"),
            _verdict(verdict, words),
        ],
        className="forest-row",
    )


def _verdict(verdict: ClaimVerdict, words: Words) -> html.Span:
    """The badge; with an asterisk where the label is exploratory, and what it would be
    where a gate failed.
    """
    more: list[Component] = []
    if not verdict.complete:
        more.append(
            html.Small(words("blocks-of", done=verdict.blocks, planned=verdict.planned))
        )
    elif verdict.would_be and verdict.would_be != verdict.verdict:
        more.append(
            html.Small(
                words("would-be", verdict=words.of("verdict", verdict.would_be).lower())
            )
        )
    elif verdict.label == "exploratory":
        more.append(html.Small(words("label-exploratory")))
    return html.Span([badge(verdict.verdict, words), *more], className="outcome")


def _claim_card(view: View, verdict: ClaimVerdict) -> html.Article:
    words, scale = view.words, measuring(verdict, view.words)
    span = span_of([verdict])
    to = view.link("/claim", task=verdict.task, claim=verdict.claim)
    failed = [gate for gate in verdict.gates if gate.failed]
    settled = math.isfinite(verdict.effect)
    numbers = [
        html.Span(
            [html.B(scale.full(verdict.effect)), f" {scale.interval(verdict.interval)}"]
        )
        if settled
        else None,
        html.Span(
            words(
                "won-of",
                won=f"{verdict.win_rate * verdict.blocks:g}",
                blocks=verdict.blocks,
            )
        )
        if settled
        else None,
        html.Span(
            [words("fact-effect-size"), " ", html.B(plain(verdict.effect_size, 2))]
        )
        if settled
        else None,
    ]
    return html.Article(
        [
            html.Div(
                [
                    _verdict(verdict, words),
                    html.Span(view.title(verdict.task), className="muted"),
                ],
                className="top",
            ),
            html.H3(html.A(foreign(verdict.says, words.language), href=to)),
            html.Div(
                [forest(verdict, span, words), own_axis(verdict, span, words)],
                className="own",
            )
            if settled
            else None,
            html.Div([part for part in numbers if part], className="numbers num"),
            html.P(coded(told(view, verdict)), className="sentence"),
            html.Ul(
                [html.Li([glyph("⚠"), words.gate(gate.name)]) for gate in failed],
                className="gates",
            )
            if failed
            else None,
            html.P(
                [
                    html.Span(words("card-source"), className="label"),
                    foreign(verdict.reported, words.language),
                ],
                className="source",
            )
            if verdict.reported
            else None,
            html.A(words("card-runs"), href=to + "#blocks", className="runs-link")
            if view.campaign.mlflow_runs
            else None,
        ],
        className=f"card claim-card {verdict.verdict}",
    )


# ---------------------------------------------------------------------------- progress


def progress(view: View) -> Component | None:
    """How a running campaign gets on, or why one that stopped is not whole."""
    state, words = view.campaign.state, view.words
    name = view.snapshot.state
    done, planned = int(state.get("done") or 0), int(state.get("planned") or 0)
    failed = {str(k): int(v) for k, v in dict(state.get("failed") or {}).items()}
    if name == "done" and not failed:
        return None
    causes = ", ".join(
        f"{count} {words.of('status', cause).lower()}"
        for cause, count in failed.items()
        if count
    )
    if name in ("done", "unknown"):
        return note(words("progress-failures", causes=causes)) if causes else None
    if name in ("stopped", "incomplete", "interrupted"):
        return note(
            words.of(
                "progress",
                name,
                done=done,
                planned=planned,
                name=str(view.campaign.about["name"]),
            ),
            "warn",
        )
    seconds = max(
        float(state.get("updated") or 0) - float(state.get("started") or 0), 1e-9
    )
    rate = int(state.get("trained") or 0) / seconds
    pieces = [
        words("progress-runs", done=f"{done:,}", planned=f"{planned:,}"),
        words("progress-rate", rate=f"{rate:.3g}"),
        words("progress-left", left=duration(state.get("seconds_left")))
        if state.get("seconds_left")
        else "",
        words(
            "progress-in-flight",
            in_flight=state.get("in_flight", 0),
            slots=state.get("slots", 0),
        ),
        causes,
    ]
    share = done / planned if planned else 0.0
    bar = html.Div(
        html.I(style={"width": f"{100 * share:.2f}%"}),
        className="bar",
        role="progressbar",
        **aria(
            label=words("progress-label"),
            valuenow=f"{100 * share:.0f}",
            valuemin="0",
            valuemax="100",
        ),
    )
    return html.Section(
        [
            html.Div(
                [html.Span(piece) for piece in pieces if piece], className="pieces"
            ),
            bar,
        ],
        className="card progress",
    )


# ------------------------------------------------------------------------------ matrix


def matrix(view: View) -> html.Section:
    """Tasks by arms: a square per block in each level, with its state."""
    words, cells = view.words, view.campaign.cells
    key = [
        html.Span(
            [
                html.I(sign, className=f"cell {state}", **aria(hidden="true")),
                words.of("state", state),
            ]
        )
        for state, sign in STATES.items()
    ]
    tables = [
        _task_matrix(view, str(task), group)
        for task, group in cells.groupby("task", sort=False)
    ]
    return card(
        html.Div(key, className="cell-key"),
        html.Div(tables, className="matrices"),
        title=words("matrix-title"),
        says=words("matrix-says"),
        id="cells",
        files=saved(view, "cells"),
    )


def _task_matrix(view: View, task: str, cells: pd.DataFrame) -> html.Div:
    levels = [level["name"] for level in view.tasks[task]["levels"]]
    states = dict(iter(cells.groupby(["arm", "level"], sort=False)))
    top = html.Tr(
        [
            html.Td(),
            *(html.Th(view.level_label(task, level), scope="col") for level in levels),
        ]
    )
    rows = []
    for arm in view.tasks[task]["arms"]:
        strips = [
            html.Td(
                _strip(view, task, arm["name"], level, states.get((arm["name"], level)))
            )
            for level in levels
        ]
        rows.append(
            html.Tr([html.Th(arm_key(view, task, arm["name"]), scope="row"), *strips])
        )
    body = html.Div(
        html.Table([html.Thead(top), html.Tbody(rows)]),
        className="scroll",
        tabIndex=0,
        role="region",
        **aria(label=view.title(task)),
    )
    return html.Div([html.H3(view.title(task)), body], className="matrix")


def _strip(
    view: View, task: str, arm: str, level: str, cells: pd.DataFrame | None
) -> Component | None:
    """The blocks of one arm at one level; a link to their runs."""
    if cells is None:
        return None
    counts = Counter(cells["state"].tolist()).most_common()
    says = ", ".join(
        f"{count} {view.words.of('state', state).lower()}" for state, count in counts
    )
    return html.A(
        [
            hidden(
                f"{view.arm_label(task, arm)}, {view.level_label(task, level)}: {says}"
            ),
            *_squares(cells),
        ],
        href=view.link("/runs", task=task, arm=arm, level=level),
        className="strip",
        title=says,
    )


def _squares(cells: pd.DataFrame) -> Iterator[html.I]:
    for _, state in sorted(
        zip(cells["block"].tolist(), cells["state"].tolist(), strict=True)
    ):
        yield html.I(STATES[state], className=f"cell {state}", **aria(hidden="true"))

"""What several pages are built from: badges, forest rows, cards, heads, empty states."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.numbers import measuring
from dashboard.theme import VERDICTS, arm_color
from dashboard.view import View
from dashboard.words import Words
from suite.amounts import MINUS
from suite.answer import ClaimVerdict
from suite.statistics import Interval

Children = Any  # a component, text, or a list of them
TICKS = (-1.0, -0.5, 0.0, 0.5, 1.0)
SPANS = (2.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0)  # margins on either side of 0 that a forest plot may show
CHINESE = re.compile("[\u3000-\u9fff\uff00-\uffef]")
MOST_MARKS = 5  # steps between the named marks of a slider
FILES = {"csv": "CSV", "parquet": "Parquet", "md": "Markdown", "tex": "LaTeX"}
UNPAINTED = {  # what stands until the browser has painted: no white sheet in the dark
    "data": [],
    "layout": {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
    },
}


# ---------------------------------------------------------------------------------------------------------- text


def aria(**values: str) -> dict[str, Any]:
    """``aria-`` attributes, by their names without that."""
    return {f"aria-{name}": value for name, value in values.items()}


def data(**values: str) -> dict[str, Any]:
    """``data-`` attributes, likewise."""
    return {f"data-{name}": value for name, value in values.items()}


def hidden(text: str) -> html.Span:
    """Text for screen readers alone."""
    return html.Span(text, className="only-read")


def glyph(text: str) -> html.Span:
    """A sign beside text that says the same."""
    return html.Span(text, **aria(hidden="true"))


def head(title: Children, says: Children, *right: Component) -> html.Div:
    """A page's heading, what it shows in a sentence, and what may stand at its right."""
    left = html.Div([html.H1(title), html.P(says, className="lead")])
    return html.Div([left, html.Div(list(right), className="head-right")] if right else [left], className="head")


def card(
    *children: Children,
    title: str = "",
    says: str = "",
    id: str | None = None,
    className: str = "",
    files: Component | None = None,
) -> html.Section:
    """A framed part of a page; ``files`` are what can be saved of it."""
    top: list[Component] = [html.H2(title)] if title else []
    top = [html.Div([*top, files], className="chart-head")] if files is not None else top
    top += [html.P(coded(says), className="says")] if says else []
    named: dict[str, Any] = {"id": id} if id else {}
    return html.Section([*top, *children], className=f"card {className}".strip(), **named)


def badge(answer: str, words: Words, text: str = "") -> html.Span:
    """A verdict as a coloured word with its sign."""
    return html.Span([glyph(VERDICTS[answer]), text or words(f"verdict.{answer}")], className=f"verdict {answer}")


def facts(pairs: Iterable[tuple[str, Children]], className: str = "facts") -> html.Dl:
    """Names and values, side by side."""
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in pairs], className=className)


def action(text: Children, href: str, *, primary: bool = False, outside: bool = False, **more: Any) -> Component:
    """A link that looks like a button. ``outside`` leaves the dashboard: http(s) and our own files only."""
    style = "button primary" if primary else "button"
    if outside:
        assert href.startswith(("http://", "https://", "/"))
        return html.A(text, href=href, className=style, target="_blank", rel="noopener noreferrer", **more)
    return html.A(text, href=href, className=style, **more)


def note(text: str, kind: str = "info") -> html.P:
    """A remark; ``kind`` is info, warn or error."""
    sign = glyph({"info": "ⓘ", "warn": "⚠", "error": "✕"}[kind])
    return html.P([sign, html.Span(coded(text))], className=f"note {kind}")


def empty(title: str, says: Children, *more: Children) -> html.Section:
    """What stands where there is nothing to show, and what to do about it."""
    return html.Section([html.H2(title), html.P(says), *more], className="card empty")


def command(text: str) -> html.Code:
    return html.Code(text, className="command")


def coded(text: str) -> Children:
    """A sentence whose commands, between backticks, look like commands."""
    parts = text.split("`")
    return [html.Code(part) if place % 2 else part for place, part in enumerate(parts)] if len(parts) > 2 else text


def foreign(text: str, view_language: str) -> Children:
    """A text of the record, marked as English where the page is not and the text has no translation."""
    shown = coded(text)
    return shown if view_language == "en" or CHINESE.search(text) else html.Span(shown, lang="en")


# ----------------------------------------------------------------------------------------------------- selections


def select(view: View, name: str, options: Sequence[tuple[str, str]], value: str, label: str, width: int = 240) -> Any:
    """A drop-down whose choice goes into the address under ``name``."""
    return dmc.Select(
        id={"type": "choice", "name": name},
        data=[{"value": key, "label": text} for key, text in options],
        value=value,
        label=label or None,
        size="sm" if label else "xs",
        w=width,
        maw="100%",
        allowDeselect=False,
        searchable=len(options) > 12,
        **aria(label=label or view.words(f"choose.{name}")),
        **data(shown=value),
    )


def option(view: View, name: str, choices: Sequence[tuple[str, str]], label: str, first: str = "") -> html.Div:
    """A view option: applied in the browser and kept in the address, without a request, unless it is ``first``."""
    keys = [key for key, _ in choices]
    first = first or keys[0]
    control = dmc.SegmentedControl(
        id={"type": "option", "option": name},
        data=[{"value": key, "label": text} for key, text in choices],
        value=view.chosen(name, keys, first),
        size="xs",
        **aria(label=label),
        **data(first=first),
        **_kept(view),
    )
    return html.Div([html.Span(label, className="label"), control], className="option")


def slider(view: View, name: str, values: Sequence[str], label: str) -> html.Div:
    """The same for places on a line, the last one first; what stands at a place is in ``values``."""
    last = len(values) - 1
    every = math.ceil(last / MOST_MARKS) or 1
    marks = [
        {"value": n, "label": f"{int(value):,}" if (last - n) % every == 0 else ""} for n, value in enumerate(values)
    ]
    control = dmc.Slider(
        id={"type": "option", "option": name},
        value=values.index(view.chosen(name, values, values[-1])),
        min=0,
        max=last,
        marks=marks,
        label=None,
        color="var(--accent)",
        thumbLabel=label,
        updatemode="drag",
        w=min(560, 96 * last),
        maw="100%",
        **data(first=values[-1], values=",".join(values)),
        **_kept(view),
    )
    return html.Div([html.Span(label, className="label"), control], className="option slider")


def _kept(view: View) -> dict[str, str]:
    """A choice outlives the page that comes anew: one that was asked for before it was made does not take it back."""
    return {"persistence": f"{view.path}?{view.query.get('task', '')}", "persistence_type": "memory"}


def controls(*children: Component) -> html.Div:
    return html.Div(list(children), className="controls")


def choose_task(view: View, only: Iterable[str] | None = None) -> Component:
    names = list(only if only is not None else view.tasks)
    chosen: Component = select(
        view, "task", [(name, view.title(name)) for name in names], view.task, view.words("choose.task")
    )
    return chosen


def choose_level(view: View) -> Component | None:
    """The drop-down for the task's level, where there is a choice."""
    levels = [(level["name"], level.get("label") or level["name"]) for level in view.about["levels"]]
    return select(view, "level", levels, view.level, view.words("choose.level")) if len(levels) > 1 else None


def arm_key(view: View, task: str, arm: str) -> html.Span:
    """An arm's name with its colour before it."""
    place = [one["name"] for one in view.tasks[task]["arms"]].index(arm)
    swatch = html.I(className="swatch", style={"background": f"var(--{arm_color(place)})"}, **aria(hidden="true"))
    return html.Span([swatch, view.arm_label(task, arm)], className="arm")


# --------------------------------------------------------------------------------------------------- forest plots


def span_of(verdicts: Iterable[ClaimVerdict]) -> float:
    """Margins on either side of 0 that show nine in ten intervals whole; the others end in an arrow."""
    reach = sorted(_reach(verdict) for verdict in verdicts)
    wanted = reach[int(0.9 * (len(reach) - 1))] if reach else 0.0
    return next((span for span in SPANS if span >= wanted), SPANS[-1])


def _reach(verdict: ClaimVerdict) -> float:
    ends = [abs(end) / verdict.margin for end in (*verdict.interval, verdict.effect) if math.isfinite(end)]
    return max(ends, default=0.0)


def forest(verdict: ClaimVerdict, span: float, words: Words) -> html.Div:
    """One claim's effect on a scale of margins: the band that does not matter, both intervals, the mean."""
    scale = measuring(verdict, words)
    margin = verdict.margin
    if not math.isfinite(verdict.effect):
        return html.Div(
            html.I(className="zero"), className="forest void", role="img", **aria(label=words("forest.none"))
        )
    marks = whiskers(
        verdict.effect / margin,
        (verdict.interval[0] / margin, verdict.interval[1] / margin),
        (verdict.local_interval[0] / margin, verdict.local_interval[1] / margin),
        1.0,
        span,
    )
    label = words(
        "forest.label",
        effect=scale.full(verdict.effect),
        interval=scale.interval(verdict.interval),
        margin=scale.amount(margin),
    )
    return html.Div(marks, className=f"forest {verdict.verdict}", role="img", **aria(label=label))


def whiskers(
    effect: float, interval: Interval, local: Interval, margin: float, span: float, zero: bool = True
) -> list[html.I]:
    """The marks of a forest row: band, zero line, plain interval (thin), deciding interval (thick), mean."""

    def at(value: float) -> float:
        return 50 + 50 * max(-1.0, min(1.0, value / span))

    def bar(kind: str, low: float, high: float) -> html.I:
        left, right = at(low), at(high)
        style = {"left": f"{left:.3f}%", "width": f"{max(right - left, 0.4):.3f}%"}
        return html.I(className=kind, style=style)

    marks = [bar("band", -margin, margin), html.I(className="zero")]
    if all(map(math.isfinite, interval)):
        marks.append(bar("plain", *interval))
    if all(map(math.isfinite, local)):
        marks.append(bar("local", *local))
    if abs(effect) <= span:
        marks.append(html.I(className="mean", style={"left": f"{at(effect):.3f}%"}))
    for side, beyond in (("low", min(effect, *interval) < -span), ("high", max(effect, *interval) > span)):
        if beyond:
            marks.append(html.I(className=f"beyond {side}"))
    return marks


def axis(labels: Sequence[str]) -> html.Div:
    """Tick labels below (or above) forest rows, evenly spaced."""
    step = 100 / (len(labels) - 1)
    spans = [html.Span(text, style={"left": f"{step * place:.2f}%"}) for place, text in enumerate(labels)]
    return html.Div(spans, className="forest-axis", **aria(hidden="true"))


def margin_axis(span: float) -> html.Div:
    return axis([f"{tick * span:+g}".replace("-", MINUS) if tick else "0" for tick in TICKS])


def own_axis(verdict: ClaimVerdict, span: float, words: Words) -> html.Div:
    """The same scale in the claim's own unit."""
    scale = measuring(verdict, words)
    return axis([scale.tick(tick * span * verdict.margin) for tick in TICKS])


# ---------------------------------------------------------------------------------------------------------- charts


def chart(
    view: View,
    name: str,
    spec: Mapping[str, Any] | None,
    *,
    title: str,
    says: str = "",
    height: int = 360,
    level: int = 2,
    key: Component | None = None,
) -> html.Section:
    """A chart that the browser paints from its specification, with its data as a table and as files.

    ``name`` is the chart's name on its page: the page's ``frames`` has a frame of that name. ``key`` stands for the
    legend of a ``keyed`` chart on narrow screens.
    """
    heading = (html.H2 if level == 2 else html.H3)(title)
    if spec is None:
        return html.Section([heading, html.P(view.words("chart.nothing"), className="says")], className="card chart")
    return html.Section(
        [
            html.Div([heading, _menu(view, name)], className="chart-head"),
            html.P(says, className="says") if says else None,
            key,
            html.Div(
                dcc.Graph(
                    id={"type": "chart", "name": name},
                    figure=UNPAINTED,
                    style={"height": f"{height}px"},
                    config={"displayModeBar": False, "responsive": True},
                    responsive=True,
                ),
                className="graph",
                role="img",
                **aria(label=f"{title}. {says}"),
            ),
            dcc.Store(id={"type": "spec", "name": name}, data={**spec, "height": height}),
            html.Details(
                [
                    html.Summary(view.words("chart.table"), id={"type": "table-open", "name": name}, n_clicks=0),
                    html.Div(id={"type": "table", "name": name}, className="table-place"),
                ]
            ),
        ],
        className="card chart",
    )


def saved(view: View, name: str, *more: Component, kinds: Iterable[str] = ("csv", "parquet")) -> html.Div:
    """Links to files of what the page's ``frames`` has under that name."""
    label = view.words("chart.save")
    links = [html.A(FILES[kind], href=view.data_link(name, kind), download="", className="file") for kind in kinds]
    return html.Div(
        [html.Span(label, className="label"), *links, *more], className="files", role="group", **aria(label=label)
    )


def _menu(view: View, name: str) -> Component:
    pictures = [
        html.Button(kind, id={"type": "picture", "name": name, "format": kind.lower()}, n_clicks=0, className="file")
        for kind in ("SVG", "PNG")
    ]
    return saved(view, name, *pictures)


def table(
    columns: Sequence[Children],
    rows: Iterable[Sequence[Children]],
    *,
    label: str,
    numeric: Iterable[int] = (),
    tall: bool = False,
) -> html.Div:
    """A plain table that scrolls sideways where it must; ``label`` is its name for screen readers.

    One that may be ``tall`` scrolls within some 420 px, its head in sight.
    """
    right = set(numeric)
    classes = ["num" if place in right else "" for place in range(len(columns))]
    top = html.Tr([html.Th(text, scope="col", className=kind) for text, kind in zip(columns, classes, strict=True)])
    body = [html.Tr([html.Td(cell, className=kind) for cell, kind in zip(row, classes, strict=True)]) for row in rows]
    return html.Div(
        html.Table([html.Thead(top), html.Tbody(body)]),
        className="scroll tall" if tall else "scroll",
        tabIndex=0,
        role="region",
        **aria(label=label),
    )

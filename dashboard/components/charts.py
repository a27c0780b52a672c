"""Charts and tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components.terms import unmarked
from dashboard.components.text import Children, aria, coded, data
from dashboard.data.view import View

FILES = {
    "csv": "CSV",
    "parquet": "Parquet",
    "json": "JSON",
    "md": "Markdown",
    "tex": "LaTeX",
}
# Of a panel on a narrow screen, in pixels with its gap; with axes of its own.
PANEL_HEIGHT, FREE_PANEL_HEIGHT = 132, 220
# placeholder until the browser has painted: no white flash in dark mode
UNPAINTED = {
    "data": [],
    "layout": {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
    },
}


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
    of_task: bool = True,
) -> html.Section:
    """A chart that the browser paints from its specification, with its data as a table
    and as files.

    ``name`` is the chart's name on its page: the page's ``frames`` has a frame of that
    name. ``key`` replaces the legend of a ``keyed`` chart on narrow screens. Without
    ``of_task`` the chart is of the whole campaign.
    """
    heading = (html.H2 if level == 2 else html.H3)(coded(title))
    # No graph at all, rather than an empty one: a chart's callbacks would wait
    # for a figure that never comes.
    if spec is None:
        return html.Section(
            [heading, html.P(view.words("chart-nothing"), className="says")],
            className="card chart",
        )
    narrow = _narrow_height(spec, height)
    return html.Section(
        [
            html.Div([heading, _menu(view, name)], className="chart-head"),
            html.P(coded(says), className="says") if says else None,
            key,
            _graph(name, (height, narrow), unmarked(f"{title}. {says}")),
            # The heights go with the specification: the browser lays out
            # panels by them.
            dcc.Store(
                id={"type": "spec", "name": name},
                data={**spec, "height": height, "narrow": narrow},
            ),
            _data_table(view, name),
        ],
        className="card chart",
        **data(of=_origin(view, of_task)),
    )


def _origin(view: View, of_task: bool) -> str:
    """What a chart is of, for pictures of it: its task and its campaign."""
    campaign = view.campaign.id
    return f"{view.title(view.task)} · {campaign}" if of_task else campaign


def _narrow_height(spec: Mapping[str, Any], height: int) -> int:
    """The height on a narrow screen, where panels stand in at most two columns."""
    panels = spec.get("panels")
    if not panels:
        return height
    columns: int = min(2, panels.get("columns", 2))
    rows = math.ceil(len(panels["titles"]) / columns)
    each = FREE_PANEL_HEIGHT if panels.get("free") else PANEL_HEIGHT
    return max(height, rows * each)


def _graph(name: str, heights: tuple[int, int], label: str) -> html.Div:
    """Where the browser paints the chart, of one height on wide screens and another on
    narrow ones; ``label`` is for screen readers.
    """
    height, narrow = heights
    return html.Div(
        dcc.Graph(
            id={"type": "chart", "name": name},
            figure=UNPAINTED,
            style={"height": f"{height}px"},
            config={"displayModeBar": False, "responsive": True},
            responsive=True,
        ),
        className="graph",
        # reserves its height before plotly is loaded
        style={"minHeight": f"{height}px", "--narrow": f"{narrow}px"},
        role="img",
        **aria(label=label),
    )


def _data_table(view: View, name: str) -> html.Details:
    """The chart's data as a table, which is fetched once it is opened."""
    summary = html.Summary(
        view.words("chart-table"),
        id={"type": "table-open", "name": name},
        n_clicks=0,
    )
    place = html.Div(
        id={"type": "table", "name": name}, className="table-place"
    )
    return html.Details([summary, place])


def saved(
    view: View,
    name: str,
    *more: Component,
    kinds: Iterable[str] = ("csv", "parquet", "json"),
) -> html.Div:
    """Links to files of what the page's ``frames`` has under that name."""
    label = view.words("chart-save")
    links = [
        html.A(
            FILES[kind],
            href=view.data_link(name, kind),
            download="",
            className="file",
        )
        for kind in kinds
    ]
    return html.Div(
        [html.Span(label, className="label"), *links, *more],
        className="files",
        role="group",
        **aria(label=unmarked(label)),
    )


def _menu(view: View, name: str) -> Component:
    pictures = [
        html.Button(
            kind,
            id={"type": "picture", "name": name, "format": kind.lower()},
            n_clicks=0,
            className="file",
        )
        for kind in ("SVG", "PNG", "PDF")
    ]
    return saved(view, name, *pictures, _enlarge(view), _reset(view))


def _reset(view: View) -> Component:
    """Shows all of a zoomed chart again, in the browser; hidden until it is zoomed."""
    label = view.words("chart-reset")
    return html.Button(
        "↺", className="file reset", title=label, **aria(label=label)
    )


def _enlarge(view: View) -> Component:
    """Opens the chart as large as the window, in the browser."""
    label = view.words("chart-enlarge")
    return html.Button(
        "⤢",
        className="file",
        title=label,
        **aria(label=label, haspopup="dialog"),
        **data(enlarge="chart", close=view.words("chart-close")),
    )


def table(
    columns: Sequence[Children],
    rows: Iterable[Sequence[Children]],
    *,
    label: str,
    numeric: Iterable[int] = (),
    tall: bool = False,
) -> html.Div:
    """A plain table that scrolls sideways where it must; ``label`` is its name for
    screen readers.

    One that may be ``tall`` scrolls within some 420 px, its head in sight.
    """
    right = set(numeric)
    classes = [
        "num" if place in right else "" for place in range(len(columns))
    ]
    top = html.Tr(
        [
            html.Th(
                coded(text) if isinstance(text, str) else text,
                scope="col",
                className=kind,
            )
            for text, kind in zip(columns, classes, strict=True)
        ]
    )
    body = [
        html.Tr(
            [
                html.Td(cell, className=kind)
                for cell, kind in zip(row, classes, strict=True)
            ]
        )
        for row in rows
    ]
    return html.Div(
        html.Table([html.Thead(top), html.Tbody(body)]),
        className="scroll tall" if tall else "scroll",
        # A region that scrolls must be reachable by keyboard (axe:
        # scrollable-region-focusable).
        tabIndex=0,
        role="region",
        **aria(label=unmarked(label)),
    )

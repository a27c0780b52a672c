"""Controls: selects, options, sliders."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboard.components.forest import reach_of
from dashboard.components.text import aria, data
from dashboard.data.view import View
from dashboard.locale import Words
from suite.verdicts.claim_verdict import ClaimVerdict

# margins on either side of 0 that a forest plot may show
SPANS = (2.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0)
MAX_MARKS = 5  # steps between the named marks of a slider


def select(
    view: View,
    name: str,
    options: Sequence[tuple[str, str]],
    value: str,
    label: str,
    width: int = 240,
) -> Any:
    """A drop-down whose choice is the URL parameter ``name``."""
    return choice(view.words, name, options, value, label, width)


def choice(
    words: Words,
    name: str,
    options: Sequence[tuple[str, str]],
    value: str,
    label: str,
    width: int = 240,
) -> Any:
    """The same without a view, because there is no campaign."""
    return dmc.Select(
        id={"type": "choice", "name": name},
        data=[{"value": key, "label": text} for key, text in options],
        value=value,
        label=label or None,
        size="sm" if label else "xs",
        w=width,
        maw="100%",
        allowDeselect=False,
        # A longer menu no longer fits on a screen.
        searchable=len(options) > 12,
        **aria(label=label or words.of("choose", name)),
        # The browser compares the choice with what the page shows, and
        # requests a page only where they differ: Dash reports a value when a
        # component appears, too.
        **data(shown=value),
    )


def search_box(view: View, name: str, label: str, hint: str) -> Any:
    """A text field whose text is the URL parameter ``name``, once it is entered or
    left.
    """
    text = view.query.get(name, "")
    return dmc.TextInput(
        id={"type": "choice", "name": name},
        value=text,
        label=label,
        placeholder=hint,
        debounce=True,
        size="sm",
        w=320,
        maw="100%",
        **aria(label=label),
        **data(shown=text),
    )


def option(
    view: View,
    name: str,
    choices: Sequence[tuple[str, str]],
    label: str,
    first: str = "",
) -> html.Div:
    """A view option: applied in the browser and kept in the URL, without a request,
    unless it is ``first``.
    """
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
    return html.Div(
        [html.Span(label, className="label"), control], className="option"
    )


def slider(
    view: View, name: str, values: Sequence[str], label: str
) -> html.Div:
    """The same for places on a line, the last one first; ``values`` has the value at
    each position.
    """
    last = len(values) - 1
    # Counted from the last mark, which is where the slider begins.
    every = math.ceil(last / MAX_MARKS) or 1
    marks = [
        {
            "value": n,
            "label": f"{int(value):,}" if (last - n) % every == 0 else "",
        }
        for n, value in enumerate(values)
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
        # A slider's value is a position; the address holds the value there.
        **data(first=values[-1], values=",".join(values)),
        **_kept(view),
    )
    return html.Div(
        [html.Span(label, className="label"), control],
        className="option slider",
    )


def player(words: Words, name: str) -> html.Button:
    """A button that moves the slider of that name by itself, to its end and in the
    browser; again for a pause.
    """
    return html.Button(
        "▶",
        className="button",
        title=words("play"),
        **aria(label=words("play"), pressed="false"),
        **data(play=name),
    )


def _kept(view: View) -> dict[str, str]:
    """A choice survives a page that is rendered again: a response to a request from
    before the choice does not reset it.
    """
    return {
        # Memory, not the browser's storage: a link from elsewhere must show
        # what its address says.
        "persistence": f"{view.path}?{view.query.get('task', '')}",
        "persistence_type": "memory",
    }


def controls(*children: Component) -> html.Div:
    """A row of controls, which wraps on narrow screens."""
    return html.Div(list(children), className="controls")


def choose_task(view: View, only: Iterable[str] | None = None) -> Component:
    """The drop-down for the task: of all tasks, or of those named in ``only``."""
    names = list(only if only is not None else view.tasks)
    chosen: Component = select(
        view,
        "task",
        [(name, view.title(name)) for name in names],
        view.task,
        view.words("choose-task"),
    )
    return chosen


def choose_level(view: View) -> Component | None:
    """The drop-down for the task's level, where there is a choice."""
    levels = [
        (level["name"], level.get("label") or level["name"])
        for level in view.about["levels"]
    ]
    return (
        select(view, "level", levels, view.level, view.words("choose-level"))
        if len(levels) > 1
        else None
    )


def arm_key(view: View, task: str, arm: str) -> html.Span:
    """An arm's name with its colour before it."""
    look = view.look(task, arm)
    swatch = html.I(
        className="swatch",
        style={"background": f"var(--{look.color})"},
        **aria(hidden="true"),
    )
    return html.Span([swatch, view.arm_label(task, arm)], className="arm")


def arms_key(view: View) -> html.Div:
    """The arms of the page's task with their colours: the key of a chart on narrow
    screens.
    """
    names = [arm["name"] for arm in view.about["arms"]]
    keys = [arm_key(view, view.task, name) for name in names]
    # Screen readers have the chart's own names.
    return html.Div(keys, className="chart-key", **aria(hidden="true"))


def span_of(verdicts: Iterable[ClaimVerdict]) -> float:
    """Margins on either side of 0 that fully show nine in ten intervals; the others end
    in an arrow.
    """
    # One wide interval would press all others into a few pixels.
    reach = sorted(reach_of(verdict) for verdict in verdicts)
    wanted = reach[int(0.9 * (len(reach) - 1))] if reach else 0.0
    return next((span for span in SPANS if span >= wanted), SPANS[-1])

"""What several pages are built from: badges, forest rows, cards, heads, empty states."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.components.terms import MARKED, link
from dashboard.locale import Words
from dashboard.theme import VERDICTS

Children = Any  # a component, text, or a list of them
MARK = "\ue000"  # where a text is split; no text has this character
CHINESE = re.compile("[\u3000-\u9fff\uff00-\uffef]")


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
    """A decorative icon, hidden from screen readers."""
    return html.Span(text, **aria(hidden="true"))


def head(title: Children, says: Children, *right: Component) -> html.Div:
    """A page's heading, what it shows in a sentence, and optional content at its right."""
    left = html.Div([html.H1(title), html.P(_shown(says), className="lead")])
    return html.Div(
        [left, html.Div(list(right), className="head-right")]
        if right
        else [left],
        className="head",
    )


def card(
    *children: Children,
    title: str = "",
    says: str = "",
    id: str | None = None,
    className: str = "",
    files: Component | None = None,
) -> html.Section:
    """A framed part of a page; ``files`` are what can be saved of it."""
    top: list[Component] = [html.H2(coded(title))] if title else []
    top = (
        [html.Div([*top, files], className="chart-head")]
        if files is not None
        else top
    )
    top += [html.P(coded(says), className="says")] if says else []
    named: dict[str, Any] = {"id": id} if id else {}
    return html.Section(
        [*top, *children], className=f"card {className}".strip(), **named
    )


def badge(answer: str, words: Words, text: str = "") -> html.Span:
    """A verdict as a coloured word with its sign."""
    return html.Span(
        [glyph(VERDICTS[answer]), text or words.of("verdict", answer)],
        className=f"verdict {answer}",
    )


def facts(
    pairs: Iterable[tuple[str, Children]], className: str = "facts"
) -> html.Dl:
    """Names and values, side by side."""
    return html.Dl(
        [
            html.Div([html.Dt(coded(name)), html.Dd(value)])
            for name, value in pairs
        ],
        className=className,
    )


def action(
    text: Children,
    href: str,
    *,
    primary: bool = False,
    outside: bool = False,
    **more: Any,
) -> Component:
    """A link that looks like a button. ``outside`` leaves the dashboard: http(s) and
    our own files only.
    """
    style = "button primary" if primary else "button"
    if outside:
        # A link that a record supplied could otherwise run a script.
        assert href.startswith(("http://", "https://", "/"))
        return html.A(
            text,
            href=href,
            className=style,
            target="_blank",
            rel="noopener noreferrer",
            **more,
        )
    return html.A(text, href=href, className=style, **more)


def timed(
    words: Words, key: str, seconds: float, **values: object
) -> list[Children]:
    """A text with a point in time as ``when``, in seconds since 1970. The browser shows
    it by the reader's clock and zone; without scripts it is UTC.
    """
    # Languages put the time at different places in the sentence, so the text
    # is filled in first and split around the time afterwards.
    before, after = words(key, when=MARK, **values).split(MARK, 1)
    there = datetime.fromtimestamp(seconds, UTC)
    shown = html.Time(
        f"{there:%Y-%m-%d %H:%M} UTC",
        dateTime=there.isoformat(timespec="seconds"),
        **data(at=f"{seconds:.0f}"),
    )
    return [before, shown, after]


def note(text: str, kind: str = "info") -> html.P:
    """A remark; ``kind`` is info, warn or error."""
    sign = glyph({"info": "ⓘ", "warn": "⚠", "error": "✕"}[kind])
    return html.P([sign, html.Span(coded(text))], className=f"note {kind}")


def empty(title: str, says: Children, *more: Children) -> html.Section:
    """The placeholder for an empty view, with what to do about it."""
    # Components are made already; a plain sentence may hold commands.
    text = coded(says) if isinstance(says, str) else says
    return html.Section(
        [html.H2(title), html.P(text), *more], className="card empty"
    )


def command(text: str) -> html.Code:
    """A command to type, set in monospace."""
    return html.Code(text, className="command")


def coded(text: str) -> str | html.Span:
    """A sentence whose commands, between backticks, look like commands, and whose terms
    lead to the glossary.

    One child, never a list: React refuses a list within a list of children.
    """
    parts = text.split("`")
    if len(parts) < 3:
        return _with_terms(text)
    return html.Span(
        [
            html.Code(part) if place % 2 else _with_terms(part)
            for place, part in enumerate(parts)
        ]
    )


def _with_terms(text: str) -> str | html.Span:
    # Splitting by two groups leaves text, words, term, text, words, term, ...
    parts = MARKED.split(text)
    if len(parts) == 1:
        return text
    children: list[str | Component] = []
    for place in range(0, len(parts) - 1, 3):
        before, words, term = parts[place : place + 3]
        children += [before, link(words, term)]
    return html.Span([*children, parts[-1]])


def _shown(text: Children) -> Children:
    """A text as ``coded``; a component unchanged."""
    return coded(text) if isinstance(text, str) else text


def foreign(text: str, view_language: str) -> str | html.Span:
    """A text of the record, marked as English where the page is not and the text has no
    translation.
    """
    shown = coded(text)
    if view_language == "en" or CHINESE.search(text):
        return shown
    return html.Span(shown, lang="en")

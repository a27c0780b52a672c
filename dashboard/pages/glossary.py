"""The words of all pages, and what they mean."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.components.terms import GROUPS, anchor
from dashboard.components.text import card, coded, head
from dashboard.data.view import View
from dashboard.locale import Words

PATH, TITLE = "/glossary", "glossary-title"


def layout(view: View) -> Component:
    """The terms by what they are about."""
    words = view.words
    return html.Div(
        [
            head(words("glossary-title"), words("glossary-says")),
            *(_group(words, name, terms) for name, terms in GROUPS.items()),
        ]
    )


def _group(words: Words, name: str, terms: Sequence[str]) -> html.Section:
    entries = [_entry(words, term) for term in terms]
    return card(
        html.Dl(entries, className="glossary"),
        title=words.of("glossary", name),
    )


def _entry(words: Words, term: str) -> html.Div:
    name = html.Dt(words.of("term", term))
    says = html.Dd(coded(words.of("term-says", term)))
    return html.Div([name, says], id=anchor(term))

"""The words that the glossary explains, and links to it from where they stand.

Messages in ``dashboard/locale`` mark them as ``[the words](term)``: what is shown, and
the term's name, whose entries are ``term-NAME`` and ``term-says-NAME``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from dashboard.locale import Words

PATH = "/glossary"
GROUPS = {  # of the glossary, each in the order in which it is read
    "design": (
        "task",
        "claim",
        "arm",
        "level",
        "block",
        "cell",
        "study",
        "trial",
        "hyperparameter",
        "final",
        "run",
        "campaign",
        "profile",
        "seed",
        "matched",
        "universe",
    ),
    "answers": (
        "verdict",
        "effect",
        "margin",
        "meaningful",
        "interval",
        "deciding",
        "local",
        "equivalence",
        "holm",
        "sign_flip",
        "simultaneous",
        "effect_size",
        "agreeing",
        "gate",
        "exploratory",
        "confirmatory",
        "half_budget",
        "half_length",
        "splits",
        "new_test",
        "settle",
    ),
    "training": (
        "validation",
        "test",
        "update",
        "checkpoint",
        "target",
        "importance",
        "optimisation",
        "model_bias",
        "overfitting",
        "mismatch",
    ),
    "operation": ("driver", "worker", "idle"),
}
TERMS = tuple(term for terms in GROUPS.values() for term in terms)
MARKED = re.compile(rf"\[([^\[\]]+)\]\(({'|'.join(TERMS)})\)")
CLASS = "term"


def marked(text: str, term: str) -> str:
    """A text as messages mark it."""
    return f"[{text}]({term})"


def unmarked(text: str) -> str:
    """A text without marks, for titles of pictures and for screen readers."""
    return MARKED.sub(r"\1", text)


def link(text: str, term: str) -> html.A:
    """A link to a term, which ``complete`` makes one of the reader's campaign and
    language.
    """
    return html.A(text, href=f"#{anchor(term)}", className=CLASS)


def anchor(term: str) -> str:
    """The id of a term's entry."""
    return f"term-{term}"


def complete(page: Component, words: Words, kept: Mapping[str, str]) -> None:
    """Have all links to terms lead to the glossary, and carry what it says.

    ``kept`` are the parameters of the address that go along from page to page.
    """
    query = f"?{urlencode(kept)}" if kept else ""
    for part in page._traverse():
        if isinstance(part, html.A) and _leads_to_term(part):
            place = part.href  # type: ignore[attr-defined]
            term = place.removeprefix("#term-")
            part.href = f"{PATH}{query}{place}"  # type: ignore[attr-defined]
            says = words.of("term-says", term).replace("`", "")
            setattr(part, "data-says", says)


def _leads_to_term(part: html.A) -> bool:
    href = getattr(part, "href", None) or ""
    return getattr(part, "className", None) == CLASS and href.startswith(
        "#term-"
    )

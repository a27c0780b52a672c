"""The pages, in the order of the navigation, and how to register one more.

A page is a module, or any object, with these names:

``PATH``
    Where it is, such as ``/curves``.
``TITLE``
    The key of its title in ``dashboard/locale``, or the title itself as a ``Text`` with
    its translations.
``layout(view)``
    The page as a Dash component, for the campaign, task and level of a View.
``frames(view)``, optional
    The data of its charts by name, for downloads.
``add_callbacks(app, snapshots)``, optional
    Adds callbacks of its own.
"""

from __future__ import annotations

from typing import Any

from dashboard.locale import Words
from dashboard.pages import (
    arms,
    claim,
    cluster,
    compare,
    curves,
    findings,
    glossary,
    overview,
    runs,
    samples,
    search,
    sweep,
    topic,
    universes,
)
from tasks import Text, UserError, text_of

# Modules and foreign objects alike: what a page is, is checked when one is
# registered.
PAGES: list[Any] = [
    overview,
    topic,
    claim,
    arms,
    curves,
    sweep,
    search,
    samples,
    cluster,
    compare,
    findings,
    universes,
    runs,
    glossary,
]


def register_page(page: Any) -> None:
    """Add a page at the end of the navigation, before ``create_app`` is called.

    Raises UserError if another page is at its path, or if it lacks a name that every
    page has.
    """
    for name in ("PATH", "TITLE", "layout"):
        if not hasattr(page, name):
            raise UserError(f"The page {page!r} has no {name}: define one.")
    if not page.PATH.startswith("/"):
        raise UserError(
            f"The path {page.PATH!r} of a page is not valid: begin it with /."
        )
    if page_at(page.PATH) not in (None, page):
        raise UserError(
            f"There is a page at {page.PATH} already: use another path."
        )
    # A notebook may run the same cell twice.
    if page not in PAGES:
        PAGES.append(page)


def page_at(path: str) -> Any | None:
    """The page at that path; None if there is none."""
    for page in PAGES:
        if path == page.PATH:
            return page
    return None


def title_of(page: Any, words: Words) -> str:
    """A page's title in the language of ``words``."""
    if isinstance(page.TITLE, Text):
        return text_of(page.TITLE, words.language)
    return words(page.TITLE)

"""The works that a task names to read."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.data.view import View
from suite.report.topic import doi_link, split_doi


def literature(view: View) -> html.Ul | None:
    """The works of the task on the screen, their DOIs as links; None where it names
    none.
    """
    works = view.campaign.manifest.task(view.task).literature
    if not works:
        return None
    items = [html.Li(_linked(work)) for work in works]
    return html.Ul(items, className="bullets", lang="en")


def _linked(work: str) -> list[Component | str]:
    """A work whose DOI is a link."""
    text, doi = split_doi(work)
    if not doi:
        return [text]
    link = html.A(
        f"doi:{doi}",
        href=doi_link(doi),
        target="_blank",
        rel="noopener noreferrer",
    )
    return [f"{text}. ", link]

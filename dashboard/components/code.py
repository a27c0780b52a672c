"""The code of a task and its claims, in place and as a file."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.components.text import card, note
from dashboard.data.task_source import TaskSource, task_source
from dashboard.data.view import View
from suite.verdicts.claim_verdict import ClaimVerdict


def claim_code(view: View, verdict: ClaimVerdict) -> html.Section | None:
    """The lines that make a claim, behind where they are; None without a file."""
    source = _source_of(view, verdict.task)
    if source is None:
        return None
    words, lines = view.words, source.claim_lines(verdict.claim)
    if lines is None:
        says = words("code-whole", file=source.name)
        return card(_file(view, verdict.task), title=says, id="code")
    first, last = lines
    says = words("code-lines", file=source.name, first=first, last=last)
    return card(
        _changed(view, verdict.task),
        html.Details(
            [
                html.Summary(words("code-show")),
                _numbered(source, first, last),
            ]
        ),
        _file(view, verdict.task),
        title=words("code-title"),
        says=says,
        id="code",
    )


def task_file(view: View) -> Component | None:
    """A link to the file of the task; its path where it is the user's own, and None
    where it is not here.
    """
    own = view.campaign.manifest.task_files.get(view.task)
    if own:
        return html.Code(own)
    source = _source_of(view, view.task)
    return _link(view.task, source.name) if source else None


def _source_of(view: View, task: str) -> TaskSource | None:
    """The task's file; None for a task from a file of the user's own."""
    own = task in view.campaign.manifest.task_files
    return None if own else task_source(task)


def _changed(view: View, task: str) -> Component | None:
    """That the code is not what the campaign ran, where that is known."""
    campaign = view.campaign
    provenance = view.snapshots.provenance_of(campaign)
    if not provenance.code_changed(campaign.manifest, task):
        return None
    return note(view.words("code-changed"), "warn")


def _numbered(source: TaskSource, first: int, last: int) -> html.Pre:
    """Lines with their numbers."""
    width = len(str(last))
    shown = source.lines[first - 1 : last]
    text = "\n".join(
        f"{number:>{width}}  {line}"
        for number, line in enumerate(shown, start=first)
    )
    return html.Pre(text, className="log code", lang="en", tabIndex=0)


def _file(view: View, task: str) -> html.Div:
    link = _link(task, view.words("code-file"), "button")
    return html.Div(link, className="actions")


def _link(task: str, text: str, style: str = "") -> html.A:
    return html.A(
        text,
        href=f"/source/{task}.py",
        target="_blank",
        rel="noopener",
        className=style,
    )

"""The claims that a campaign varies, in short: where each holds, and a link to all of
its universes.
"""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.components.text import card, foreign
from dashboard.data.view import View
from suite.report.universes import claim_text, where
from suite.verdicts.universes import Multiverse


def universes_card(
    view: View, found: Sequence[Multiverse]
) -> Component | None:
    """A claim per line, with the sentence that says where it holds; None where no claim
    is varied.
    """
    if not found:
        return None
    words = view.words
    return card(
        html.Ul([_line(view, one) for one in found], className="bullets"),
        title=words("universes-card"),
        says=words("universes-card-says"),
        className="universes",
    )


def _line(view: View, found: Multiverse) -> html.Li:
    language = view.words.language
    to = f"{view.link('/universes', task=found.task)}#{found.claim}"
    says = foreign(claim_text(found, view.labels), language)
    return html.Li(
        [
            html.A(says, href=to),
            html.Div(where(found, language), className="answer"),
        ]
    )

"""One claim and everything behind its verdict: intervals, blocks, gates, the source,
what would change it.
"""

from __future__ import annotations

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.components.code import claim_code
from dashboard.components.controls import choose_task, controls, select
from dashboard.components.outcome import status_badge
from dashboard.components.text import empty, foreign, head
from dashboard.data.view import View
from dashboard.figures.blocks import pairs_frame
from dashboard.pages.claim.blocks import blocks_card
from dashboard.pages.claim.changes import changes_card
from dashboard.pages.claim.charts import block_charts, levels_of
from dashboard.pages.claim.gates import gates_card
from dashboard.pages.claim.levels import levels_card
from dashboard.pages.claim.source import scope_card, source_card
from dashboard.pages.claim.verdict import verdict_card
from suite.verdicts.claim_verdict import ClaimVerdict
from tasks.contract.universe import base_of

PATH, TITLE = "/claim", "claim-title"


def layout(view: View) -> Component:
    """One claim with all that is behind its verdict; without a verdict, why
    there is none.
    """
    words = view.words
    if not view.about["claims"]:
        return _nothing(view, words("overview-no-claims"))
    if view.judging:
        return _nothing(view, words("judging-title"), words("judging-says"))
    verdict = _asked_for(view)
    if verdict is None:
        return _nothing(view, words("claim-unjudged"))
    return _page(view, verdict)


def frames(view: View) -> dict[str, pd.DataFrame]:
    """The data that the verdict was computed from."""
    verdict = _asked_for(view) if view.about["claims"] else None
    if verdict is None:
        return {}
    rows = pairs_frame(verdict)
    by_level = pd.DataFrame([dict(row) for row in verdict.by_level])
    found = {"blocks": rows, "trend": by_level}
    for level in levels_of(verdict):
        # A claim over all levels has rows without a level, which equal
        # nothing.
        at_level = (
            rows["level"].isna() if level is None else rows["level"] == level
        )
        name = level or "all"
        found[f"differences-{name}"] = rows[at_level]
        found[f"pairs-{name}"] = rows[at_level]
    return found


def _asked_for(view: View) -> ClaimVerdict | None:
    names = [claim["name"] for claim in view.about["claims"]]
    return view.verdict_of(view.task, view.chosen("claim", names))


def _page(view: View, verdict: ClaimVerdict) -> html.Div:
    language = view.words.language
    question = str(view.about["question"])
    checks = [gates_card(view, verdict), changes_card(view, verdict)]
    background = [source_card(view, verdict), scope_card(view, verdict)]
    return html.Div(
        [
            head(foreign(verdict.says, language), foreign(question, language)),
            _choosing(view),
            _other_matchings(view, verdict),
            _universes_link(view, verdict),
            verdict_card(view, verdict),
            *block_charts(view, verdict),
            blocks_card(view, verdict),
            html.Div(checks, className="grid two"),
            levels_card(view, verdict),
            html.Div(background, className="grid two"),
            claim_code(view, verdict),
        ]
    )


def _other_matchings(view: View, verdict: ClaimVerdict) -> html.Ul | None:
    """Links to the claims that ask the same with something else held equal, with their
    verdicts; None where there are none.
    """
    others = [
        one
        for one in view.verdicts
        if verdict.matching_group
        and (one.task, one.matching_group)
        == (verdict.task, verdict.matching_group)
        and one.claim != verdict.claim
    ]
    if not others:
        return None
    label = html.Li(view.words("claim-matchings"), className="muted")
    return html.Ul(
        [label, *(_link(view, one) for one in others)], className="matchings"
    )


def _universes_link(view: View, verdict: ClaimVerdict) -> html.P | None:
    """A link to all universes of the claim; None where it is not varied."""
    base = base_of(verdict.claim)
    for found in view.multiverses:
        if (found.task, found.claim) == (verdict.task, base):
            to = f"{view.link('/universes', task=found.task)}#{base}"
            own = base == verdict.claim
            key = "universes-varied" if own else "universes-one-of"
            text = view.words(key, count=len(found.universes))
            return html.P(html.A(text, href=to), className="controls")
    return None


def _link(view: View, verdict: ClaimVerdict) -> html.Li:
    to = view.link("/claim", task=verdict.task, claim=verdict.claim)
    says = html.A(foreign(verdict.says, view.words.language), href=to)
    return html.Li([says, status_badge(view, verdict)])


def _nothing(view: View, title: str, says: str = "") -> html.Div:
    """The page while there is no verdict to show, and why."""
    heading = head(view.words("claim-title"), "")
    return html.Div([heading, _choosing(view), empty(title, says)])


def _choosing(view: View) -> html.Div:
    """Drop-downs for the task and its claim."""
    claims = [(claim["name"], claim["says"]) for claim in view.about["claims"]]
    parts = [choose_task(view)]
    if claims:
        chosen = view.chosen("claim", [name for name, _ in claims])
        label = view.words("choose-claim")
        parts.append(select(view, "claim", claims, chosen, label, width=560))
    return controls(*parts)

"""One task as a page for class: its question and answer, what is claimed and what we
found, the picture that explains it, why, and what to read.

``?present=1`` shows it in large type and without navigation; ``?quiz=1`` asks for a
prediction before it shows a verdict.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.controls import choose_task, controls
from dashboard.components.text import action, aria, card, empty, foreign, head
from dashboard.components.universes import universes_card
from dashboard.data.snapshots import Snapshots
from dashboard.data.view import View
from dashboard.figures.pictures import picture_frame
from dashboard.pages.curves import frames as curve_frames
from dashboard.pages.curves import validation_chart
from dashboard.pages.samples import gathered_pictures, picture_chart
from dashboard.pages.topic.background import (
    data_card,
    limits_card,
    literature_card,
)
from dashboard.pages.topic.claims import claims_card
from dashboard.pages.topic.diagnosis import diagnosis_card
from dashboard.pages.topic.models import models_card
from dashboard.pages.topic.once import NAME as ONCE
from dashboard.pages.topic.once import once_frame, once_part
from dashboard.pages.topic.quiz import add_callbacks as add_quiz
from suite.report.answers import answer
from suite.report.pictures import Gathered
from suite.report.plots import plots_of
from suite.verdicts.claim_verdict import ClaimVerdict

PATH, TITLE = "/topic", "topic-title"


def layout(view: View) -> Component:
    """The page; in presentation it keeps what is said and shown, and drops the rest."""
    presenting = view.chosen("present", ["0", "1"]) == "1"
    # in a quiz the blocks would give the answer away
    asking_nothing = view.query.get("quiz") != "1"
    mine = verdicts_of(view)
    parts = [
        _head(view, presenting),
        None if presenting else controls(choose_task(view)),
        *_pictures(view, mine),
        _why(view),
        _claims(view, mine),
        universes_card(
            view, [one for one in view.multiverses if one.task == view.task]
        ),
        once_part(view, mine) if asking_nothing else None,
        diagnosis_card(view),
        limits_card(view, mine),
        literature_card(view),
        None if presenting else data_card(view),
        None if presenting else models_card(_at_headline(view, mine)),
    ]
    return html.Div(
        parts, className="topic present" if presenting else "topic"
    )


def frames(view: View) -> dict[str, pd.DataFrame]:
    """The data of the pictures."""
    shown = _at_headline(view, verdicts_of(view))
    found = curve_frames(shown)
    for gathered in [*_plots(view), *gathered_pictures(shown, 0)]:
        found[gathered.name] = picture_frame(
            gathered, lambda arm: view.arm_label(view.task, arm)
        )
    frame = once_frame(verdicts_of(view))
    if frame is not None:
        found[ONCE] = frame
    return found


def add_callbacks(app: Dash, snapshots: Snapshots) -> None:
    """The quiz works in the browser."""
    add_quiz(app)


def verdicts_of(view: View) -> list[ClaimVerdict]:
    """The verdicts of the task's own claims; none while they are being computed."""
    return [one for one in view.own_verdicts if one.task == view.task]


def _head(view: View, presenting: bool) -> Component:
    """The task, its question, the answer, and the ways to other topics."""
    words = view.words
    question = foreign(str(view.about["question"]), words.language)
    # With universes: the answer speaks of a varied claim as a whole.
    every = [one for one in view.verdicts if one.task == view.task]
    said = answer(every, view.labels)
    return html.Div(
        [
            head(view.title(view.task), question, _ways(view, presenting)),
            html.P(said, className="answer big") if said else None,
        ]
    )


def _ways(view: View, presenting: bool) -> html.Nav:
    """Links to the topic before, the one after, and into the presentation or out."""
    words = view.words
    tasks = list(view.tasks)
    place = tasks.index(view.task)
    links: list[Component] = []
    if place > 0:
        links.append(_way(view, tasks[place - 1], "←", "prev"))
    if place + 1 < len(tasks):
        links.append(_way(view, tasks[place + 1], "→", "next"))
    if presenting:
        here = view.link(PATH, task=view.task)
        links.append(action(words("topic-leave"), here, id="leave"))
    else:
        here = view.link(PATH, task=view.task, present="1")
        links.append(action(words("topic-present"), here))
    return html.Nav(links, className="ways", **aria(label=words("topic-ways")))


def _way(view: View, task: str, arrow: str, relation: str) -> Component:
    """A link to another topic, by which an arrow key goes there in a presentation."""
    # Arrow keys lead through a whole lesson in the same mode.
    kept = {name: view.query.get(name) for name in ("present", "quiz")}
    to = view.link(PATH, task=task, **kept)
    title = view.title(task)
    text = f"{arrow} {title}" if relation == "prev" else f"{title} {arrow}"
    link: Component = action(text, to, rel=relation)
    return link


def _at_headline(view: View, mine: list[ClaimVerdict]) -> View:
    """The view at the level that the first claim is about, unless one is asked for."""
    if view.query.get("level") or not mine:
        return view
    # A claim over several levels names no single one: the last, where its
    # sweep ends.
    level = mine[0].level_shown
    return replace(
        view, query={**view.query, "task": view.task, "level": level}
    )


def _pictures(view: View, mine: list[ClaimVerdict]) -> list[Component]:
    """The task's plots, and what runs recorded of themselves; learning curves where
    there is neither.
    """
    shown = _at_headline(view, mine)
    plots = [picture_chart(view, one) for one in _plots(view)]
    drawn = [picture_chart(shown, one) for one in gathered_pictures(shown, 0)]
    # Nearly every run records curves, so they stand in where a task has drawn
    # nothing of its own.
    if not (drawn or plots):
        found = validation_chart(shown)
        drawn = [] if found is None else [found]
    if drawn and len(view.about["levels"]) > 1:
        level = view.level_label(view.task, shown.level)
        drawn.insert(
            0,
            html.P(view.words("topic-level", level=level), className="muted"),
        )
    return [*plots, *drawn]


def _plots(view: View) -> list[Gathered]:
    """What the task says is to be drawn of its runs."""
    return plots_of(view.campaign, view.task, view.words.language)


def _why(view: View) -> Component | None:
    """What explains the answers, from the task's file."""
    why = str(view.about.get("why") or "")
    if not why:
        return None
    text = html.P(foreign(why, view.words.language), className="why")
    return card(text, title=view.words("topic-why"))


def _claims(view: View, mine: list[ClaimVerdict]) -> Component | None:
    """What is claimed, with our verdicts; or why there are none."""
    words = view.words
    if not view.about["claims"]:
        return empty(
            words("overview-no-claims"), words("overview-no-claims-says")
        )
    if view.judging:
        return empty(words("judging-title"), words("judging-says"))
    return claims_card(view, mine) if mine else None

"""A decision tree: what keeps each arm from doing better, from its recorded values on
the training set, on validation and on the test set.
"""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.components.controls import arm_key
from dashboard.components.text import card, coded
from dashboard.data.view import View
from dashboard.locale.numbers import percent, plain
from suite.report.sentences import arm_diagnosis
from suite.verdicts.arm_training import ArmDiagnosis, diagnose_task
from suite.verdicts.diagnosis import Diagnosis
from tasks.contract.universe import is_universe

# each question with the diagnosis where its answer is yes, in the order in which the
# tree asks them
QUESTIONS: tuple[Diagnosis, ...] = (
    "optimisation",
    "model_bias",
    "overfitting",
    "mismatch",
)


def diagnosis_card(view: View) -> Component | None:
    """The tree with every arm at its leaf; None where no arm can be diagnosed."""
    found = [
        one
        for one in diagnose_task(view.campaign, view.task)
        if not is_universe(one.level)
    ]
    if not found:
        return None
    words = view.words
    branches = [_branch(view, one, found) for one in QUESTIONS]
    # The last leaf has no question: it is where every answer was no.
    branches.append(_leaf(view, "healthy", found))
    return card(
        html.Ol(branches, className="tree"),
        title=words("tree-title"),
        says=words("tree-says", measure=_measure(view)),
        id="diagnosis",
    )


def _measure(view: View) -> str:
    """What the task's first measure is called."""
    first = view.about["measures"][0]
    return str(first.get("label") or first["name"])


def _branch(
    view: View, one: Diagnosis, found: Sequence[ArmDiagnosis]
) -> html.Li:
    """A question, and the arms for which its answer is yes."""
    question = html.P(view.words.of("tree", one), className="question-text")
    return html.Li([question, *_leaf(view, one, found).children])


def _leaf(
    view: View, one: Diagnosis, found: Sequence[ArmDiagnosis]
) -> html.Li:
    """A diagnosis, and the arms that it is that of."""
    words = view.words
    mine = [arm for arm in found if arm.diagnosis == one]
    name = html.P(coded(words.of("tree-leaf", one)), className="leaf")
    if not mine:
        return html.Li([name, html.P(words("tree-none"), className="muted")])
    return html.Li(
        [name, html.Ul([_arm(view, arm) for arm in mine], className="placed")]
    )


def _arm(view: View, found: ArmDiagnosis) -> html.Li:
    """An arm at a level, with its three values; the sentence behind it on hover."""
    write = percent if view.about["measures"][0]["percent"] else plain
    values = " → ".join(
        write(value) for value in (found.train, found.validation, found.test)
    )
    parts: list[Component | str] = [arm_key(view, view.task, found.arm)]
    if len(view.about["levels"]) > 1:
        level = view.level_label(view.task, found.level)
        parts.append(html.Small(level))
    parts.append(html.Small(values, className="num"))
    return html.Li(parts, title=arm_diagnosis(found, view.labels))

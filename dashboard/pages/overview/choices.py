"""Which claims are listed, and in which order: search, task, verdict and sort, all kept
in the address.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from dash import html

from dashboard.components.controls import controls, search_box, select
from dashboard.components.outcome import status_of
from dashboard.data.view import View
from dashboard.theme import UNDECIDED, VERDICTS
from suite.verdicts.claim_verdict import ClaimVerdict

NAMES = ("q", "only", "verdict", "sort")  # what an address calls them
ALL = "all"
SORTS = ("plan", "effect", "verdict")


def choosing(view: View) -> html.Div:
    """The search box, and drop-downs for the task and the order."""
    words = view.words
    tasks = [(ALL, words("overview-all-tasks"))]
    tasks += [(name, view.title(name)) for name in view.tasks]
    sorts = [(name, words.of("sort", name)) for name in SORTS]
    return controls(
        search_box(
            view, "q", words("overview-search"), words("overview-search-says")
        ),
        select(view, "only", tasks, only(view), words("choose-task")),
        select(view, "sort", sorts, order(view), words("overview-sort")),
    )


def only(view: View) -> str:
    """The task that is asked for; ``ALL`` if none is."""
    return view.chosen("only", [ALL, *view.tasks])


def order(view: View) -> str:
    """What claims are sorted by: the plan, the effect or the verdict."""
    return view.chosen("sort", SORTS)


def status(view: View) -> str:
    """The verdict that is asked for, or what claims wait for; "" for any."""
    return view.chosen("verdict", ["", *VERDICTS, *UNDECIDED], "")


def kept(view: View) -> dict[str, str]:
    """What is chosen, for a link that keeps it."""
    return {name: view.query[name] for name in NAMES if view.query.get(name)}


def listed(view: View) -> list[ClaimVerdict]:
    """The claims that are asked for, in the order that is asked for."""
    # All words must occur, in any order and anywhere.
    words = view.query.get("q", "").casefold().split()
    task, wanted = only(view), status(view)
    found = [
        verdict
        for verdict in view.own_verdicts
        if task in (ALL, verdict.task)
        and wanted in ("", status_of(view, verdict))
        and all(word in _searched(view, verdict) for word in words)
    ]
    return _sorted(view, found)


def _searched(view: View, verdict: ClaimVerdict) -> str:
    """The text that a search looks through: the claim, its question, arms and names."""
    labels = [view.labels.arm(verdict.task, arm) for arm in _arms(verdict)]
    question = str(view.tasks[verdict.task].get("question") or "")
    parts = [
        verdict.says,
        verdict.claim,
        verdict.task,
        view.title(verdict.task),
        question,
        verdict.metric_label,
        *labels,
    ]
    return " ".join(parts).casefold()


def _arms(verdict: ClaimVerdict) -> list[str]:
    return [arm for side in verdict.sides for arm in side.arms]


def _sorted(view: View, found: Sequence[ClaimVerdict]) -> list[ClaimVerdict]:
    """Sorted; what is equal stays in the order of the plan."""
    if order(view) == "effect":
        return sorted(found, key=_in_margins, reverse=True)
    if order(view) == "verdict":
        places = [*VERDICTS, *UNDECIDED]
        return sorted(
            found, key=lambda one: places.index(status_of(view, one))
        )
    return list(found)


def _in_margins(verdict: ClaimVerdict) -> float:
    """The size of the effect, in units of what matters; below all others without one."""
    if not math.isfinite(verdict.effect):
        # Below 0, which a measured effect can be.
        return -1.0
    return abs(verdict.effect) / verdict.margin

"""A verdict in a sentence of the reader's language. English comes with the verdict;
other languages are told here.
"""

from __future__ import annotations

import math
import re

from dashboard.data.view import View
from dashboard.locale import Words
from dashboard.locale.numbers import measuring
from suite.verdicts.claim_verdict import ClaimVerdict


def told(view: View, verdict: ClaimVerdict) -> str:
    """The answer, its size and how sure it is."""
    words = view.words
    if words.language == "en":
        return verdict.sentence
    if not verdict.complete or not math.isfinite(verdict.effect):
        return words("told-unfinished", done=verdict.blocks, planned=verdict.planned)
    failed = [words.gate(gate.name) for gate in verdict.gates if gate.failed]
    if verdict.verdict == "inconclusive" and failed:
        return words("told-gates", gates=words("told-and").join(failed))
    scale = measuring(verdict, words)
    values = {
        "better": view.arm_label(verdict.task, verdict.better)
        if verdict.better
        else words("told-claimed"),
        "worse": view.arm_label(verdict.task, verdict.worse)
        if verdict.worse
        else words("published"),
        "effect": scale.full(verdict.effect),
        "interval": scale.interval(verdict.adjusted_interval),
        "margin": scale.amount(verdict.margin),
        "won": f"{verdict.win_rate * verdict.blocks:g}",
        "blocks": verdict.blocks,
    }
    text = words.of("told", verdict.verdict, **values)
    return (
        words("told-hint", blocks=verdict.blocks) + text
        if verdict.label == "exploratory"
        else text
    )


# how the record's English notes begin, and the words for them in other languages
NOTES = (
    (re.compile(r"incomplete: "), "note-incomplete"),
    (re.compile(r"exploratory: fewer than"), "note-few"),
    (re.compile(r"campaign (?P<number>\d+) of this claim"), "note-attempt"),
    (re.compile(r"real but negligible"), "note-negligible"),
    (
        re.compile(r"the numbers are those at (?P<level>.*), the level that decides"),
        "note-level",
    ),
    (re.compile(r"the task's code has changed since"), "note-code"),
    (re.compile(r"depends on the matching"), "note-matching"),
    (re.compile(r"with half of the tuning the answer would be"), "note-half"),
    (
        re.compile(r"looked at (?P<blocks>\d+) of at most (?P<most>\d+) blocks"),
        "note-looks",
    ),
    (re.compile(r"exploratory: edited since"), "note-edited"),
    (re.compile(r"exploratory: the task no longer makes"), "note-gone"),
    (re.compile(r"exploratory: campaign (?P<earlier>\S+) had opened"), "note-known"),
    (re.compile(r"exploratory: the claims in campaign.json are not"), "note-tampered"),
)


def noted(note: str, words: Words) -> str | None:
    """A verdict's note in the reader's language; None where only the record's English
    will do.
    """
    if words.language == "en":
        return note
    found = ((key, match) for pattern, key in NOTES if (match := pattern.match(note)))
    return next((words(key, **match.groupdict()) for key, match in found), None)


def speaks_for(view: View, verdict: ClaimVerdict) -> str | None:
    """Which data a verdict speaks for, likewise."""
    if view.words.language == "en":
        return verdict.population
    finals = view.campaign.finals
    kinds = set(
        finals.loc[
            finals["task"].eq(verdict.task) & finals["level"].isin(verdict.levels)
        ].get("data.population", ())
    )
    kind = kinds.pop() if len(kinds) == 1 else ""
    return view.words.maybe("population", kind) or None

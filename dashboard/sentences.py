"""A verdict in a sentence of the reader's language. English comes with the verdict; other languages are told here."""

from __future__ import annotations

import math

from dashboard.numbers import measuring
from dashboard.view import View
from suite.verdict import ClaimVerdict


def told(view: View, verdict: ClaimVerdict) -> str:
    """The answer, its size and how sure it is."""
    words = view.words
    if words.language == "en":
        return verdict.sentence
    if not verdict.complete or not math.isfinite(verdict.effect):
        return words("told.unfinished", done=verdict.blocks, planned=verdict.planned)
    failed = [words.gate(gate.name) for gate in verdict.gates if gate.failed]
    if verdict.verdict == "inconclusive" and failed:
        return words("told.gates", gates=words("told.and").join(failed))
    scale = measuring(verdict, words)
    values = {
        "better": view.arm_label(verdict.task, verdict.better) if verdict.better else words("told.claimed"),
        "worse": view.arm_label(verdict.task, verdict.worse) if verdict.worse else words("published"),
        "effect": scale.full(verdict.effect),
        "interval": scale.interval(verdict.local_interval),
        "margin": scale.amount(verdict.margin),
        "won": f"{verdict.won * verdict.blocks:g}",
        "blocks": verdict.blocks,
    }
    text = words(f"told.{verdict.verdict}", **values)
    return words("told.hint", blocks=verdict.blocks) + text if verdict.label == "exploratory" else text

"""Verdicts in plain words, for someone who never took statistics: no p-values, no
Greek, no "significant".

Verdicts carry codes and values; here they become sentences of the reader's language.
The texts are in ``locale/<language>.ftl``, in Fluent's format (projectfluent.org).
"""

from __future__ import annotations

from typing import Any

from suite.report.claim_text import asked, obstacle
from suite.report.gates import gate_hint, gate_name, gate_text
from suite.report.labels import Labels, diagnosis, directions, side
from suite.report.message_text import (
    ANSWERS,
    MessageWriter,
    answer,
    full_stop,
    joined_sentences,
    text_of_message,
)
from suite.report.messages import translate
from suite.report.statements import sentence
from suite.verdicts.aa_test import AATest
from suite.verdicts.arm_training import ArmDiagnosis
from suite.verdicts.claim_verdict import ClaimVerdict

# Pages and commands import sentences from here, whichever module writes them.
__all__ = [
    "ANSWERS",
    "Labels",
    "aa_test",
    "answer",
    "arm_diagnosis",
    "asked",
    "diagnosis",
    "directions",
    "gate_hint",
    "gate_name",
    "gate_text",
    "notes",
    "obstacle",
    "population",
    "sentence",
    "side",
    "training",
    "verdict_as_json",
]


# What a ranking says beside its verdict.
RANKING_NOTES = ("note-deciding-pair", "note-places", "note-ties")


def population(verdict: ClaimVerdict, labels: Labels) -> str:
    """The population that the verdict generalises to, and what it does not cover."""
    parts = [
        text_of_message(part, verdict, labels) for part in verdict.population
    ]
    return joined_sentences(parts, labels.language)


def notes(verdict: ClaimVerdict, labels: Labels) -> list[str]:
    """What else must be known of the verdict, a sentence each."""
    return [text_of_message(note, verdict, labels) for note in verdict.notes]


def ranking(verdict: ClaimVerdict, labels: Labels) -> list[str]:
    """Which pair the numbers of a ranking are of, the places of its arms, and which of
    them tie: a sentence each. Empty for other claims.
    """
    return [
        text_of_message(note, verdict, labels)
        for note in verdict.notes
        if note.code in RANKING_NOTES
    ]


def training(verdict: ClaimVerdict, labels: Labels) -> list[str]:
    """How each arm trained at the level that decides, and what that points to, a
    sentence each.
    """
    sentences = []
    for arm in verdict.training_shown:
        found = text_of_message(arm.message, verdict, labels)
        sentences.append(full_stop(found, labels))
    return sentences


def arm_diagnosis(found: ArmDiagnosis, labels: Labels) -> str:
    """How an arm trained, what that points to, and in how many blocks it does."""
    writer = MessageWriter(found.task, labels)
    said = full_stop(writer.text(found.message), labels)
    blocks = translate(
        "diagnosis-blocks",
        labels.language,
        agreeing=found.agreeing,
        blocks=found.blocks,
    )
    return joined_sentences([said, blocks], labels.language)


def aa_test(found: AATest, labels: Labels) -> str:
    """The result of an A/A test."""
    writer = MessageWriter(found.task, labels)
    return full_stop(writer.text(found.message), labels)


def verdict_as_json(verdict: ClaimVerdict, labels: Labels) -> dict[str, Any]:
    """The verdict as plain values for JSON, with its codes written out as text."""
    gates = [
        {
            "code": gate.code,
            "failed": gate.failed,
            "text": gate_text(gate, verdict, labels),
            "hint": gate_hint(gate, labels.language),
        }
        for gate in verdict.gates
    ]
    texts = {
        "sentence": sentence(verdict, labels),
        "population": population(verdict, labels),
        "notes": notes(verdict, labels),
        "diagnosis": training(verdict, labels),
        "gates": gates,
    }
    return {**verdict.as_dict(), **texts}

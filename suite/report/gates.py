"""Adequacy gates in words: what each is called, what it found and what to do."""

from __future__ import annotations

from suite.report.labels import Labels
from suite.report.message_text import full_stop, text_of_message
from suite.report.messages import translate
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.gate import Gate


def gate_name(gate: Gate, language: str = "en") -> str:
    """The gate's name, which states its result."""
    code = f"gate-{gate.code}"
    if not gate.asked:
        name = translate(code, language)
        return translate("gate-not-asked", language, gate=name)
    if gate.failed:
        return translate(code, language)
    return translate(f"{code}-passed", language)


def gate_text(gate: Gate, verdict: ClaimVerdict, labels: Labels) -> str:
    """What the gate found, in one sentence."""
    # A gate that found nothing still says what it looked for.
    if not gate.seen:
        return translate(f"gate-{gate.code}-fine", labels.language)
    findings = [
        text_of_message(message, verdict, labels) for message in gate.seen
    ]
    semicolon = translate("semicolon", labels.language)
    return full_stop(semicolon.join(findings), labels)


def gate_hint(gate: Gate, language: str = "en") -> str:
    """What to do about a gate that failed; empty if it passed."""
    if not gate.failed:
        return ""
    return translate(f"gate-{gate.code}-hint", language)

"""The answer to a task's question in one line, written from its claims' verdicts by rule.

The texts are codes in ``locale/<language>.ftl``, as those of suite.report.sentences.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from suite.report.effect_amounts import effect_alone
from suite.report.formatting import within_sentence
from suite.report.messages import translate
from suite.report.sentences import Labels
from suite.report.universes import where
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.universes import multiverses
from tasks.contract.universe import is_universe

__all__ = ["answer"]

# Begins with an auxiliary verb, or goes on with one after a clause: "At the
# same size, is deep better than wide?"
AUXILIARY = re.compile(r"(^|, )(are|can|do|does|is|will) ", re.IGNORECASE)
QUESTION_WORD = re.compile(
    r"\b(how|what|when|where|which|who|why)\b", re.IGNORECASE
)
# Claims that an answer names because they came out otherwise: two fit in a few lines.
MOST_NAMED = 2
# What became of a claim, in the order in which an answer counts them.
HELD, FAILED, EQUAL, OPEN = (
    "supported",
    "refuted",
    "no_difference",
    "inconclusive",
)


def answer(verdicts: Sequence[ClaimVerdict], labels: Labels) -> str:
    """The answer to the question of one task, in the language of ``labels``.

    ``verdicts`` are those of the task's claims. A claim counts as open while blocks are
    to come and where its verdict is inconclusive. The task's first claim is the one
    that its question is about: where it held under one matching and failed under
    another, the answer says which matching gives which. Where all claims are universes
    of varied ones, it says where those hold. Empty without claims.
    """
    language = labels.language
    own = [one for one in verdicts if not is_universe(one.claim)]
    if not own:
        varied = multiverses(verdicts)
        return translate("universes-between", language).join(
            where(one, language) for one in varied
        )
    verdicts = own
    became = Counter(_became(verdict) for verdict in verdicts)
    explored = sum(_is_exploratory(verdict) for verdict in verdicts)
    counts = _counts(became, explored, language)
    yes_or_no = _asks_yes_or_no(verdicts[0].task, labels)
    # Only a yes-or-no question can be answered "yes with equal epochs, no with
    # equal updates".
    group = _headline(verdicts) if yes_or_no else []
    if _is_divided(group):
        parts = translate("comma", language).join(_matchings(group, labels))
        return translate(
            "question-matching", language, matchings=parts, counts=counts
        )
    lead = _lead(became, yes_or_no, language)
    said = translate("question-answer", language, lead=lead, counts=counts)
    return said + "".join(_exceptions(verdicts, labels))


def _exceptions(
    verdicts: Sequence[ClaimVerdict], labels: Labels
) -> Iterator[str]:
    """Which claims did not come out as the others, as in `Not so: "…"`. Nothing where none
    held, or where there are more than can be read at a glance.
    """
    codes = {FAILED: "question-not-so", EQUAL: "question-not-different"}
    found = [one for one in verdicts if _became(one) in codes]
    any_held = any(_became(one) == HELD for one in verdicts)
    if not any_held or len(found) > MOST_NAMED:
        return
    for verdict in found:
        code = codes[_became(verdict)]
        yield translate(code, labels.language, claim=labels.claim(verdict))


def _became(verdict: ClaimVerdict) -> str:
    """The answer of a finished claim; a claim with blocks to come counts as open."""
    return verdict.verdict if verdict.complete else OPEN


def _is_exploratory(verdict: ClaimVerdict) -> bool:
    """Whether an answer counts this claim as decided, although it is only a hint."""
    return _became(verdict) != OPEN and verdict.label == "exploratory"


def _asks_yes_or_no(task: str, labels: Labels) -> bool:
    """Whether the question, which is English in the manifest, takes a yes or a no."""
    question = labels.manifest.task(task).question
    return bool(AUXILIARY.search(question)) and not QUESTION_WORD.search(
        question
    )


def _lead(became: Counter[str], yes_or_no: bool, language: str) -> str:
    """What it comes to, before the counts."""
    # Open claims do not make an answer "it depends": they may still turn out
    # alike.
    settled = [one for one in (HELD, FAILED, EQUAL) if became[one]]
    if not settled:
        return translate("question-open", language)
    if len(settled) > 1:
        return translate("question-depends", language)
    held = settled == [HELD]
    if settled == [EQUAL]:
        lead = translate("question-equal", language)
    elif yes_or_no:
        lead = translate("question-yes" if held else "question-no", language)
    else:
        code = "question-as-claimed" if held else "question-not-as-claimed"
        lead = translate(code, language)
    if not became[OPEN]:
        return lead
    return translate("question-so-far", language, lead=lead)


def _counts(became: Counter[str], explored: int, language: str) -> str:
    """``2 of 4 claims held, 1 failed, 1 open, 2 exploratory``; the first part names all
    claims, the last one counts those of the decided that are no more than a hint.
    """
    total = became.total()
    rest = {
        FAILED: "question-failed",
        EQUAL: "question-no-difference",
        OPEN: "question-undecided",
    }
    form = "one" if total == 1 else "other"
    held = became[HELD]
    parts = [
        translate("question-held", language, held=held, total=total, form=form)
    ]
    for outcome, code in rest.items():
        if became[outcome]:
            parts.append(translate(code, language, count=became[outcome]))
    if explored:
        parts.append(
            translate("question-exploratory", language, count=explored)
        )
    return translate("comma", language).join(parts)


def _headline(verdicts: Sequence[ClaimVerdict]) -> list[ClaimVerdict]:
    """The first claim with the others of its matching group."""
    name = verdicts[0].matching_group
    return [one for one in verdicts if name and one.matching_group == name]


def _is_divided(group: Sequence[ClaimVerdict]) -> bool:
    """Whether one claim held and another failed, each at a level of its own."""
    levels = {verdict.levels for verdict in group}
    all_differ = len(levels) == len(group)
    # Otherwise the outcome could not be laid to the matching, which the level
    # stands for.
    own_levels = all_differ and all(len(names) == 1 for names in levels)
    outcomes = {_became(verdict) for verdict in group}
    return own_levels and {HELD, FAILED} <= outcomes


def _matchings(group: Sequence[ClaimVerdict], labels: Labels) -> Iterator[str]:
    """What each matching gives: ``yes (equal epochs, +3.1 points)``."""
    language = labels.language
    codes = {
        HELD: "question-matched-yes",
        FAILED: "question-matched-no",
        EQUAL: "question-matched-equal",
        OPEN: "question-matched-open",
    }
    for verdict in group:
        level = within_sentence(labels.level(verdict.task, verdict.levels[0]))
        effect = effect_alone(verdict, verdict.effect, language)
        yield translate(
            codes[_became(verdict)], language, level=level, effect=effect
        )

"""What would change this verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator

from dash import html

from dashboard.components.outcome import status_of
from dashboard.components.text import card, coded
from dashboard.data.view import View
from dashboard.locale import Words
from dashboard.locale.numbers import Measuring, measuring
from dashboard.pages.claim.verdict import blocks_to_settle
from suite.report.sentences import gate_name
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.decision import CONFIRMATORY

DECIDED = ("supported", "refuted", "no_difference")


def changes_card(view: View, verdict: ClaimVerdict) -> html.Section:
    """What would change the verdict."""
    words = view.words
    reasons = [html.Li(coded(reason)) for reason in _reasons(view, verdict)]
    return card(
        html.Ul(reasons, className="bullets"),
        title=words("claim-change"),
    )


def _reasons(view: View, verdict: ClaimVerdict) -> Iterator[str]:
    words = view.words
    failed = verdict.failed_gates
    if not verdict.complete:
        left = verdict.planned - verdict.blocks
        yield words.of("change", status_of(view, verdict), left=left)
    if failed:
        names = ", ".join(
            gate_name(gate, words.language).lower() for gate in failed
        )
        yield words("change-gate", gates=names)
    # A fact that holds in every block has no interval.
    if verdict.verdict in DECIDED and math.isfinite(
        verdict.adjusted_interval[0]
    ):
        yield _other_blocks(words, verdict)
    if verdict.verdict == "inconclusive" and verdict.complete and not failed:
        yield from _to_settle(view, verdict)
    if verdict.label == "exploratory":
        yield words("change-exploratory")
    yield words("change-margin")


def _other_blocks(words: Words, verdict: ClaimVerdict) -> str:
    """How much the blocks would have to change to overturn a verdict."""
    scale = measuring(verdict, words)
    if verdict.claims_equality:
        return _other_blocks_of_equality(words, scale, verdict)
    low, high = verdict.adjusted_interval
    # A difference falls once the near end of its interval reaches 0. "No
    # difference" falls once the far end leaves the band of the margin.
    one_sided = low * high > 0
    pick = min if one_sided else max
    near = pick(abs(low), abs(high))
    return words.of(
        "change",
        verdict.verdict,
        near=scale.amount(near),
        margin=scale.amount(verdict.margin),
    )


def _other_blocks_of_equality(
    words: Words, scale: Measuring, verdict: ClaimVerdict
) -> str:
    """The same where the claim holds within the margin, and fails beyond it."""
    supported = verdict.verdict == "supported"
    interval = (
        verdict.equivalence_interval
        if supported
        else verdict.adjusted_interval
    )
    ends = [abs(end) for end in interval]
    return words(
        "change-equal" if supported else "change-unequal",
        far=scale.amount(max(ends)),
        near=scale.amount(min(ends) - verdict.margin),
        margin=scale.amount(verdict.margin),
    )


def _to_settle(view: View, verdict: ClaimVerdict) -> Iterator[str]:
    """What would settle an open claim, as the verdict's sentence says it."""
    words = view.words
    if len({row.get("verdict") for row in verdict.by_level}) > 1:
        yield words("change-levels")
    elif verdict.blocks_to_settle:
        blocks = blocks_to_settle(verdict, words)
        yield words("change-blocks", blocks=blocks, least=CONFIRMATORY)
    elif verdict.label == "exploratory":
        return  # more blocks come first, and that is said below
    elif view.claim_of(verdict.task, verdict.claim).reference_se:
        yield words("change-reference")
    else:
        yield words("change-data")

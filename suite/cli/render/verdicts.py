"""Verdicts, as the command line shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from suite.report import answers, sentences
from suite.report.formatting import (
    asides,
    blocks_in,
    counted,
    effect_and_interval,
)

if TYPE_CHECKING:
    # So that listing tasks does not wait for what judges campaigns.
    from suite.report.sentences import Labels
    from suite.verdicts.aa_test import AATest
    from suite.verdicts.claim_verdict import ClaimVerdict


ANSWER_STYLES = {
    "supported": "green",
    "refuted": "red",
    "no_difference": "blue",
    "inconclusive": "yellow",
}
ANSWERS = {name: name.replace("_", " ") for name in ANSWER_STYLES}
AA_STYLES = {
    "waiting": "dim",
    "quiet": "dim",
    "note": "yellow",
    "failure": "bold red",
}

READING = (
    "Numbers say how far the side that a claim favours is ahead. It holds where the "
    "whole interval lies beyond what it asks for: 0 (of ratios ×1), 25 for 'at least 25 "
    "points', −3 for 'at most 3 points worse', ×0.8 for 'at most 1.25 times'."
)


def verdict_page(
    verdicts: Sequence[ClaimVerdict],
    labels: Labels,
    aa_tests: Sequence[AATest] = (),
    long: bool = False,
    more: str = "bakeoff verdict --long",
) -> Group:
    """All verdicts of a campaign, task by task, then its A/A tests.

    ``long`` adds the sentence, all gates and where a claim comes from; ``more`` is the
    command that prints those.
    """
    if not verdicts:
        return Group(Text("No claims: there is nothing to judge.", "yellow"))
    parts: list[RenderableType] = []
    for task, judged in groupby(verdicts, key=lambda verdict: verdict.task):
        of_task = list(judged)
        grid = Table.grid(padding=(0, 2))
        # The same width for every task, so that claims line up down the page.
        grid.add_column(width=max(map(len, ANSWERS.values())))
        grid.add_column(overflow="fold")
        for verdict in of_task:
            grid.add_row(
                _answer(verdict), _judged(verdict, labels, long, more)
            )
        question = labels.manifest.task(task).question
        parts += [
            Text.assemble((task, "bold cyan"), f"  {question}"),
            Padding(
                Text(answers.answer(of_task, labels), "bold"), (0, 0, 0, 2)
            ),
            Padding(grid, (0, 0, 1, 2)),
        ]
    tally = Counter[str](verdict.verdict for verdict in verdicts)
    counts = ", ".join(
        f"{tally[answer]} {word}"
        for answer, word in ANSWERS.items()
        if tally[answer]
    )
    parts += [
        Text(
            f"A/A test, {one.task}: {sentences.aa_test(one, labels)}",
            AA_STYLES[one.state],
        )
        for one in aa_tests
    ]
    return Group(
        *parts,
        Text(f"{counted(len(verdicts), 'claim')}: {counts}.", "bold"),
        Text(READING, "dim"),
    )


def _answer(verdict: ClaimVerdict) -> Text:
    """The verdict in its colour, and beneath it what limits it, dimmed."""
    text = Text(
        ANSWERS[verdict.verdict], f"bold {ANSWER_STYLES[verdict.verdict]}"
    )
    return text.append(
        "".join(f"\n{words}" for words in asides(verdict)), "dim"
    )


def _judged(
    verdict: ClaimVerdict, labels: Labels, long: bool, more: str
) -> Text:
    """The claim, the numbers, and what must be known of them."""
    text = Text(verdict.says)
    text.append(f"\n{_numbers(verdict)}", "bold")
    if not long:
        for said in sentences.ranking(verdict, labels):
            text.append(f"\n{said}", "dim")
    if long:
        text.append(_at_length(verdict, labels))
    elif verdict.failed_gates:
        # The first one alone, so that a verdict stays a few lines; ``--long``
        # has all.
        first, *others = verdict.failed_gates
        text.append(
            f"\n! {sentences.gate_text(first, verdict, labels)}", "yellow"
        )
        if others:
            text.append(f" And {len(others)} more: `{more}`.", "yellow")
    return text


def _at_length(verdict: ClaimVerdict, labels: Labels) -> Text:
    """The sentence, which states the first failed gate, and all reservations."""
    text = Text(f"\n{sentences.sentence(verdict, labels)}")
    for gate in verdict.failed_gates[1:]:
        seen = sentences.gate_text(gate, verdict, labels)
        text.append(f"\n! {seen} {sentences.gate_hint(gate)}", "yellow")
    for name, said in (
        ("Source", verdict.source),
        ("It reports", verdict.reported),
    ):
        if said:
            text.append(f"\n{name}: {said}", "dim")
    population = sentences.population(verdict, labels)
    for said in (
        *sentences.training(verdict, labels),
        population,
        *sentences.notes(verdict, labels),
    ):
        text.append(f"\n{said}", "dim")
    return text.append("\n")


def _numbers(verdict: ClaimVerdict) -> str:
    """Effect and interval with what the claim promises put back: as one would measure
    them.
    """
    if verdict.blocks == 0:
        return f"{blocks_in(verdict)} yet"
    settle = verdict.blocks_to_settle
    open_still = (
        verdict.complete
        and verdict.verdict == "inconclusive"
        and verdict.label != "exploratory"
        and settle
    )
    rest = f"; at most about {settle:,} would decide it" if open_still else ""
    return f"{effect_and_interval(verdict)}, {blocks_in(verdict)}{rest}"

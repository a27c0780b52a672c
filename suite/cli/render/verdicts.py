"""Verdicts, as the command line shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from suite.report.formatting import (
    asides,
    blocks_in,
    counted,
    effect_and_interval,
)

if TYPE_CHECKING:  # so that listing tasks does not wait for what judges campaigns
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


def verdict_page(
    verdicts: Sequence[ClaimVerdict],
    about: Mapping[str, Any],
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
    for task, of_task in groupby(verdicts, key=lambda verdict: verdict.task):
        grid = Table.grid(padding=(0, 2))
        grid.add_column(width=max(map(len, ANSWERS.values())))
        grid.add_column(overflow="fold")
        for verdict in of_task:
            grid.add_row(_answer(verdict), _judged(verdict, long, more))
        question = str(about["tasks"][task].get("question", ""))
        parts += [
            Text.assemble((task, "bold cyan"), f"  {question}"),
            Padding(grid, (0, 0, 1, 2)),
        ]
    tally = Counter[str](verdict.verdict for verdict in verdicts)
    counts = ", ".join(
        f"{tally[answer]} {word}" for answer, word in ANSWERS.items() if tally[answer]
    )
    parts += [
        Text(f"A/A test, {one.task}: {one.says}", AA_STYLES[one.state])
        for one in aa_tests
    ]
    return Group(*parts, Text(f"{counted(len(verdicts), 'claim')}: {counts}.", "bold"))


def _answer(verdict: ClaimVerdict) -> Text:
    text = Text(ANSWERS[verdict.verdict], f"bold {ANSWER_STYLES[verdict.verdict]}")
    return text.append("".join(f"\n{words}" for words in asides(verdict)), "dim")


def _judged(verdict: ClaimVerdict, long: bool, more: str) -> Text:
    """The claim, the numbers, and what must be known of them."""
    text = Text(verdict.says)
    text.append(f"\n{_numbers(verdict)}", "bold")
    failed = [gate for gate in verdict.gates if gate.failed]
    if not long:
        if failed:
            text.append(f"\n! {failed[0].says}", "yellow")
        if len(failed) > 1:
            text.append(f" And {len(failed) - 1} more: `{more}`.", "yellow")
        return text
    text.append(f"\n{verdict.sentence}")  # which tells of the first failed gate
    for gate in failed[1:]:
        text.append(f"\n! {gate.says} {gate.hint}", "yellow")
    for name, said in (("Source", verdict.source), ("It reports", verdict.reported)):
        text.append(f"\n{name}: {said}" if said else "", "dim")
    text.append(
        "".join(
            f"\n{said[:1].upper()}{said[1:]}"
            for said in (verdict.population, *verdict.notes)
            if said
        )
        + "\n",
        "dim",
    )
    return text


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
    rest = f"; at most about {settle:,} would settle it" if open_still else ""
    return f"{effect_and_interval(verdict)}, {blocks_in(verdict)}{rest}"

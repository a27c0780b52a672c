"""A claim's part of the report: what was asked, what was found, how sure it is, and on
what artifacts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from search.budget import Budget
from suite.report import sentences
from suite.report.formatting import (
    MINUS,
    NONE,
    amounts,
    asides,
    blocks_in,
    counted,
    effect_and_interval,
    probability,
)
from suite.report.html.charts import blocks_chart, curves_chart, legend, trend_chart
from suite.report.html.curves import AXES, lines_of, tuning_lines
from suite.report.html.markup import Child, Markup, facts, join, table, tag
from suite.verdicts.case import Case
from suite.verdicts.claim_verdict import ClaimVerdict

MOST_LEVELS = 4  # whose learning curves a claim shows


@dataclass(frozen=True)
class Judged:
    """A claim with its case and its verdict."""

    case: Case
    verdict: ClaimVerdict

    @property
    def anchor(self) -> str:
        return f"{self.verdict.task}-{self.verdict.claim}"


@dataclass(frozen=True)
class Shared:
    """What a task's claims have in common: what smaller budgets gave, and which curves
    were drawn already, where.
    """

    tuning: Mapping[tuple[str, str], Sequence[Budget]]
    drawn: dict[object, str] = field(default_factory=dict)


def article(one: Judged, shared: Shared) -> Markup:
    """A claim's part of the page."""
    verdict = one.verdict
    return tag(
        "article",
        tag("h3", tag("span", verdict.says), badge(verdict)),
        tag("p", verdict.sentence, class_="sentence"),
        _compared_with_source(verdict),
        _pictures(one),
        _numbers(one),
        tag("div", _gates(one), tag("div", *_reservations(verdict)), class_="pair"),
        _curves(one, shared),
        id=one.anchor,
    )


def badge(verdict: ClaimVerdict) -> Markup:
    """The answer, and beneath it what must be known of it at a glance."""
    word = tag(
        "span", sentences.ANSWERS[verdict.verdict], class_=f"badge {verdict.verdict}"
    )
    below = asides(verdict) + (
        ["by more than the margin"] if verdict.meaningful else []
    )
    return join(word, *(tag("small", text) for text in below))


def _reservations(verdict: ClaimVerdict) -> Iterator[Markup]:
    """What the verdict speaks for, and what else must be known of it."""
    yield tag("p", verdict.population, class_="note")
    for note in verdict.notes:
        yield tag("p", f"{note[:1].upper()}{note[1:]}.", class_="note")


def _compared_with_source(verdict: ClaimVerdict) -> Markup:
    measured = (
        f"{verdict.metric_label}: {effect_and_interval(verdict)}, {blocks_in(verdict)}"
    )
    return facts(
        ("Source", verdict.source),
        ("It reports", verdict.reported),
        ("We measured", measured),
    )


def _pictures(one: Judged) -> Markup | None:
    verdict, case = one.verdict, one.case
    chart = blocks_chart(verdict, _sides(case), case.level_label)
    if chart is None:
        return None
    said = f"A dot is a block. Grey: differences below {amounts(verdict).amount(verdict.margin)}, which do not matter."
    trend = trend_chart(verdict, str(case.about.get("axis") or "the levels"))
    more = (
        tag("figcaption", "The gap at each level, with its plain interval.")
        if trend
        else None
    )
    return tag("reference", chart, tag("figcaption", said), trend, more)


def _sides(case: Case) -> tuple[str, str]:
    """What lies left and right of the line between for and against."""
    ahead, behind = sentences.names(case)
    if case.claim.kind == "interaction":
        return f"{ahead} falls back", f"{ahead} gains"
    if case.claim.kind == "threshold":
        return f"short of {behind}", f"beyond {behind}"
    if case.claim.at_least:
        return "less than claimed", "more than claimed"
    return f"{behind} ahead", f"{ahead} ahead"


def _numbers(one: Judged) -> Markup | None:
    verdict = one.verdict
    if verdict.blocks < 2:
        return None
    written, scale = (
        amounts(verdict),
        " per doubling" if verdict.kind == "interaction" else "",
    )
    confidence = 100 * float(
        (one.case.campaign.about.get("profile") or {}).get("confidence", 0.95)
    )
    named: list[tuple[str, Child]] = [
        (f"{confidence:g} % interval", written.interval(verdict.interval) + scale),
        ("Deciding interval", written.interval(verdict.adjusted_interval) + scale),
        (
            "Interval for “no difference”",
            written.interval(verdict.equivalence_interval) + scale,
        ),
        ("Matters from", written.amount(verdict.margin)),
        (
            "As claimed in",
            f"{verdict.win_rate * verdict.blocks:g} of {counted(verdict.blocks, 'block')}",
        ),
        ("Effect size, paired", _signed(verdict.effect_size)),
        ("p, adjusted", probability(verdict.p_holm)),
        ("p, sign-flip check", probability(verdict.p_sign_flip)),
    ]
    if verdict.fixed_split_interval:
        named.append(
            (
                "For these splits alone",
                written.interval(verdict.fixed_split_interval) + scale,
            )
        )
    if verdict.new_test_interval:
        named.append(
            (
                "For new test examples too",
                written.interval(verdict.new_test_interval) + scale,
            )
        )
    if verdict.blocks_to_settle:
        named.append(
            (
                "Would be settled by",
                f"at most about {counted(verdict.blocks_to_settle, 'block')}",
            )
        )
    if half := verdict.half_budget:
        named.append(
            (
                "With half the tuning",
                f"{sentences.ANSWERS[half.verdict]}, {written.effect(half.effect)}",
            )
        )
    if verdict.attempt > 1:
        named.append(("Campaign of this claim", f"number {verdict.attempt}"))
    levels = [row for row in verdict.by_level if "verdict" in row]
    rows: list[list[Child]] = [
        [
            one.case.level_label(str(row["level"])),
            sentences.ANSWERS[row["verdict"]],
            written.effect(row["effect"]),
            written.interval(row["interval"]),
            written.interval(row["adjusted_interval"]),
        ]
        for row in levels
    ]
    each = (
        table(
            ["Level", "Verdict", "Effect", "Interval", "Deciding"],
            rows,
            frozenset({2, 3, 4}),
        )
        if rows
        else None
    )
    return join(tag("div", facts(*named), class_="numbers"), each)


def _gates(one: Judged) -> Markup | None:
    if not one.verdict.gates:
        return None
    failed = [gate for gate in one.verdict.gates if gate.failed]
    items = [
        tag(
            "li",
            tag("b", gate.name, ": "),
            gate.says,
            " → " if gate.hint else None,
            tag("b", gate.hint),
        )
        for gate in failed
    ]
    items += [
        tag("li", gate.says, class_="passed")
        for gate in one.verdict.gates
        if not gate.failed
    ]
    title = "Good enough to be judged?"
    return tag(
        "div",
        tag("h4", title),
        tag("ul", *items),
        class_="gates failed" if failed else "gates",
    )


def _curves(one: Judged, shared: Shared) -> Markup | None:
    """Learning curves of the claim's arms at its levels, or where the same ones stand
    already.
    """
    case = one.case
    column = case.metric.validation or f"validation.{case.about['measures'][0]['name']}"
    same = (case.claim.arms, case.levels, column)
    if same in shared.drawn:
        return tag(
            "p",
            "Learning curves: as ",
            tag("a", "above", href=f"#{shared.drawn[same]}"),
            ".",
            class_="note",
        )
    measure = next(
        (m for m in case.about["measures"] if f"validation.{m['name']}" == column), None
    )
    if measure is None:
        return None
    first = case.about["measures"][0]
    training, tuning, arms = [], [], dict[str, int]()
    for level in case.levels[:MOST_LEVELS]:
        lines, along = lines_of(case, level, column)
        budget = tuning_lines(case, level, shared.tuning)
        label = case.level_label(level)
        training.append(
            curves_chart(lines, f"{label}: training", AXES[along], *_measured(measure))
        )
        tuning.append(
            curves_chart(
                budget, f"{label}: best of n trials", "trials", *_measured(first)
            )
        )
        arms |= {line.label: line.place for line in (*lines, *budget)}
    if not any((*training, *tuning)):
        return None
    shared.drawn[same] = one.anchor
    left = len(case.levels) - MOST_LEVELS
    more = f" {counted(left, 'more level')} not shown." if left > 0 else ""
    said = f"Training: {_measured(measure)[0]} on validation while the finals trained. Best of n trials: "
    said += f"{_measured(first)[0]} on validation had the tuning ended there. Means over blocks with 95 % intervals.{more}"
    drawings = tag("div", *training, *tuning, class_="panels")
    return tag("reference", legend(arms.items()), drawings, tag("figcaption", said))


def _measured(measure: Mapping[str, Any]) -> tuple[str, bool]:
    """A measure's name for people, and whether it is a share."""
    return str(measure.get("label") or measure["name"]), bool(measure["percent"])


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", MINUS) if math.isfinite(value) else NONE

"""A claim's part of the report: what was asked, what was found, how sure it is, and on
what grounds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from search.budget import Budget
from suite.records.manifest import MeasureManifest
from suite.report import sentences
from suite.report.charts import build
from suite.report.charts.lines import AXES, SHARE, lines_of, tuning_lines
from suite.report.charts.looks import Look
from suite.report.charts.spec import INFINITE, Chart, CurveChart
from suite.report.charts.svg import draw, legend_style
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
from suite.report.html.view import Arm, ClaimView, Curves, GateView, Table
from suite.report.sentences import Labels
from suite.verdicts.case import Case
from suite.verdicts.claim_verdict import ClaimVerdict, Halved
from suite.verdicts.gate import Gate

MAX_LEVELS = 4  # whose learning curves a claim shows
Number = tuple[str, str]  # a name, and the number written out


@dataclass(frozen=True)
class Judged:
    """A claim with its case and its verdict."""

    case: Case
    verdict: ClaimVerdict

    @property
    def labels(self) -> Labels:
        """The names of arms and levels in the report's language."""
        return Labels(self.case.campaign.manifest)

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return f"{self.verdict.task}-{self.verdict.claim}"

    @property
    def measures(self) -> Sequence[MeasureManifest]:
        """The measures of the claim's task."""
        return self.case.campaign.manifest.task(self.verdict.task).measures


@dataclass(frozen=True)
class TaskCurves:
    """What a task's claims have in common.

    ``tuning`` is what smaller budgets gave, by level and arm; ``drawn`` says at which
    claim curves are shown already.
    """

    tuning: Mapping[tuple[str, str], Sequence[Budget]]
    drawn: dict[object, str] = field(default_factory=dict)


def claim_view(one: Judged, shared: TaskCurves) -> ClaimView:
    """A claim's part of the page."""
    verdict, case = one.verdict, one.case
    curves, above = _curves_or_where(one, shared)
    effect = effect_and_interval(verdict)
    blocks = blocks_in(verdict)
    directions = sentences.directions(verdict, one.labels)
    strip = build.forest_strip(verdict)
    block_chart = build.block_chart(verdict, directions, case.level_label)
    axis = case.campaign.manifest.task(verdict.task).axis or "the levels"
    trend_chart = build.trend_chart(verdict, axis)
    return ClaimView(
        anchor=one.anchor,
        says=verdict.says,
        answer=verdict.verdict,
        answer_text=sentences.answer(verdict.verdict),
        asides=list(_asides(verdict)),
        sentence=sentences.sentence(verdict, one.labels),
        source=verdict.source,
        reported=verdict.reported,
        measured=f"{verdict.metric_label}: {effect}, {blocks}",
        effect=effect,
        blocks=blocks,
        margin=amounts(verdict).amount(verdict.margin),
        strip=_drawn(strip, f"{one.anchor}-strip"),
        blocks_chart=_drawn(block_chart, f"{one.anchor}-blocks"),
        trend_chart=_drawn(trend_chart, f"{one.anchor}-trend"),
        # One block has no spread, so nearly all of them would be dashes.
        numbers=list(_numbers(one)) if verdict.blocks >= 2 else [],
        by_level=_by_level(one),
        gates=[_gate(gate, one) for gate in verdict.gates],
        notes=[
            *sentences.training(verdict, one.labels),
            sentences.population(verdict, one.labels),
            *sentences.notes(verdict, one.labels),
        ],
        curves=curves,
        curves_above=above,
    )


def _drawn(chart: Chart | None, name: str) -> Markup | None:
    """The chart as SVG; None where there is nothing to draw."""
    return None if chart is None else draw(chart, name)


def _asides(verdict: ClaimVerdict) -> Iterator[str]:
    """What must be known of an answer at a glance."""
    yield from asides(verdict)
    if verdict.meaningful:
        yield "by more than the margin"


def _gate(gate: Gate, one: Judged) -> GateView:
    """One gate with its finding and its hint."""
    return GateView(
        name=sentences.gate_name(gate),
        failed=gate.failed,
        text=sentences.gate_text(gate, one.verdict, one.labels),
        hint=sentences.gate_hint(gate),
    )


# -- numbers


def _numbers(one: Judged) -> Iterator[Number]:
    """All numbers of a verdict, by name."""
    verdict = one.verdict
    written = amounts(verdict)
    confidence = one.case.campaign.manifest.profile.confidence
    yield "Deciding interval", _interval(one, verdict.deciding_interval)
    yield f"{100 * confidence:g} % interval", _interval(one, verdict.interval)
    yield (
        "Interval for a difference",
        _interval(one, verdict.adjusted_interval),
    )
    yield (
        "Interval for “no difference”",
        _interval(one, verdict.equivalence_interval),
    )
    yield "Matters from", written.amount(verdict.margin)
    won = verdict.blocks_as_claimed()
    yield "As claimed in", f"{won:g} of {counted(verdict.blocks, 'block')}"
    yield "Effect size, paired", _signed(verdict.effect_size)
    yield "p, adjusted", probability(verdict.p_holm)
    yield "p, sign-flip check", probability(verdict.p_sign_flip)
    yield from _further_numbers(one)


def _further_numbers(one: Judged) -> Iterator[Number]:
    """Those that only some verdicts have."""
    verdict = one.verdict
    if verdict.fixed_split_interval:
        yield (
            "For these splits alone",
            _interval(one, verdict.fixed_split_interval),
        )
    if verdict.new_test_interval:
        yield (
            "For new test examples too",
            _interval(one, verdict.new_test_interval),
        )
    if verdict.blocks_to_settle:
        blocks = counted(verdict.blocks_to_settle, "block")
        yield "Would be decided by", f"at most about {blocks}"
    if verdict.half_budget:
        yield "With half the tuning", _halved(verdict, verdict.half_budget)
    if verdict.half_length:
        yield "With half the training", _halved(verdict, verdict.half_length)
    if verdict.attempt > 1:
        yield "Campaign of this claim", f"number {verdict.attempt}"


def _halved(verdict: ClaimVerdict, half: Halved) -> str:
    """The answer with half of the tuning or training, and its effect."""
    answer = sentences.answer(half.verdict)
    effect = amounts(verdict).effect(half.effect)
    return f"{answer}, {effect}"


def _interval(one: Judged, interval: tuple[float, float]) -> str:
    """An interval at one level, without a unit."""
    written = amounts(one.verdict)
    per = " per doubling" if written.slope else ""
    return written.interval(interval) + per


def _by_level(one: Judged) -> Table:
    """The verdict at each level, where there are several."""
    written = amounts(one.verdict)
    rows = [
        [
            one.case.level_label(str(row["level"])),
            sentences.answer(row["verdict"]),
            written.effect(row["effect"]),
            written.interval(row["interval"]),
            written.interval(row["adjusted_interval"]),
        ]
        for row in one.verdict.judged_levels
    ]
    first = "Pair" if one.case.kind.pairwise else "Level"
    head = (first, "Verdict", "Effect", "Interval", "Deciding")
    return Table(head, rows, frozenset({2, 3, 4}))


def _signed(value: float) -> str:
    """A number with its sign and three digits."""
    if not math.isfinite(value):
        return NONE
    return f"{value:+.2f}".replace("-", MINUS)


# -- curves


def _curves_or_where(
    one: Judged, shared: TaskCurves
) -> tuple[Curves | None, str]:
    """Learning curves of the claim's arms at its levels.

    Where another claim shows the same ones already, its anchor instead.
    """
    measure = _curve_measure(one)
    if measure is None:
        return None, ""
    # Several claims may be about the same arms and levels: their curves are
    # drawn once, and referred to from the others.
    same = (one.case.claim.arms, one.case.levels, measure.name)
    if same in shared.drawn:
        return None, shared.drawn[same]
    curves = _curves(one, shared, measure)
    if curves is not None:
        shared.drawn[same] = one.anchor
    return curves, ""


def _curve_measure(one: Judged) -> MeasureManifest | None:
    """What curves show: the claim's own measure, or the task's first."""
    column = one.case.metric.validation
    if column is None:
        # A claim on a cost has no learning curve of its own.
        return one.measures[0]
    found = (m for m in one.measures if f"validation.{m.name}" == column)
    return next(found, None)


def _curves(
    one: Judged, shared: TaskCurves, measure: MeasureManifest
) -> Curves | None:
    """The learning curves of one measure at every level; None if none is recorded."""
    case, first = one.case, one.measures[0]
    training: list[CurveChart | None] = []
    tuning: list[CurveChart | None] = []
    arms: dict[str, Look] = {}
    for level in case.levels[:MAX_LEVELS]:
        label = case.level_label(level)
        bounds = SHARE if measure.percent else INFINITE
        lines, axis = lines_of(
            case, level, f"validation.{measure.name}", bounds
        )
        title = f"{label}: training"
        training.append(
            build.curve_chart(
                lines, title, AXES[axis], measure.label, measure.percent
            )
        )
        budgets = tuning_lines(case, level, shared.tuning)
        title = f"{label}: best of n trials"
        tuning.append(
            build.curve_chart(
                budgets, title, "trials", first.label, first.percent
            )
        )
        for line in (*lines, *budgets):
            arms[line.label] = line.look
    charts = [chart for chart in (*training, *tuning) if chart is not None]
    if not charts:
        return None
    panels = []
    for number, chart in enumerate(charts):
        panels.append(draw(chart, f"{one.anchor}-curves-{number}"))
    legend = [Arm(label, legend_style(look)) for label, look in arms.items()]
    return Curves(legend, panels, _curves_caption(case, measure, first))


def _curves_caption(
    case: Case, measure: MeasureManifest, first: MeasureManifest
) -> str:
    """What the curves show, and for whom they are drawn."""
    caption = (
        f"Training: {measure.label} on validation while the finals trained. "
        f"Best of n trials: {first.label} on validation had the tuning ended there. "
        "Means over blocks with 95 % intervals."
    )
    left_out = len(case.levels) - MAX_LEVELS
    if left_out > 0:
        caption += f" {counted(left_out, 'more level')} not shown."
    return caption

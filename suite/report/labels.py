"""What the arms, levels, axes, metrics and sides of a campaign are called, in the
language of the reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from suite.records.manifest import Manifest, MeasureManifest, TaskManifest
from suite.report.formatting import (
    amounts,
    measured_number,
    within_sentence,
)
from suite.report.messages import codes, translate
from suite.training.metrics import (
    DIAGNOSED,
    GAP,
    THROUGHPUT,
    Target,
    metric_of,
    target_of,
)
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.kinds import ABOVE, Side, kind_of, pair_of_arms

# The splits that a metric's name may begin with; one measured on the test set
# has none.
NAMED_SPLITS = ("train", "validation", GAP)


@dataclass(frozen=True)
class Labels:
    """What the tasks of a campaign call their arms, levels and axes.

    Labels are in ``language``, and in English where a task has none in it.
    """

    manifest: Manifest
    """The manifest of the campaign, which holds the labels of its tasks."""

    language: str = "en"
    """One of ``suite.report.messages.LANGUAGES``."""

    def arm(self, task: str, name: str) -> str:
        """The label of an arm, or ``name`` if the task has no such arm."""
        labels = {arm.name: arm.label for arm in self._of(task).arms}
        return labels.get(name, name)

    def level(self, task: str, name: str) -> str:
        """The label of a level, or ``name`` if the task has no such level. The two
        labels of a pair of arms, which stands for a level in rankings.
        """
        pair = pair_of_arms(name)
        if pair is not None:
            return ABOVE.join(self.arm(task, arm) for arm in pair)
        labels = {level.name: level.label for level in self._of(task).levels}
        label = labels.get(name, name)
        # What the one level of a task without levels is called.
        return (
            translate("level-all", self.language) if label == "all" else label
        )

    def claim(self, verdict: ClaimVerdict, field: str = "says") -> str:
        """A claim's ``says``, ``source`` or ``reported``."""
        task = self.manifest.task(verdict.task)
        own = task.claim_text(verdict.claim, field, self.language)
        return own or str(getattr(verdict, field))

    def axis(self, task: str) -> str:
        """The name of the quantity along the levels' axis, within a sentence."""
        own_name = self._of(task).axis
        if own_name:
            return within_sentence(own_name)
        return translate("the-axis", self.language)

    def metric(self, verdict: ClaimVerdict) -> str:
        """The name of a claim's metric."""
        return self.metric_named(
            verdict.task, verdict.metric, verdict.metric_label
        )

    def metric_named(self, task: str, name: str, english: str) -> str:
        """What a task's metric of that name is called; ``english`` where nothing of the
        name is recorded.
        """
        measures = self._of(task).measures
        metric = metric_of(name, measures)
        if metric is None:
            return english
        # A measure's own name may contain a dot, so both parts have to be
        # known.
        split, _, measure = name.partition(".")
        measure_names = {one.name for one in measures}
        if split in NAMED_SPLITS and measure in measure_names:
            return self._metric_of_split(split, measure, measures)
        is_measure = metric.validation is not None
        if is_measure:
            return metric.label
        if split == DIAGNOSED:
            cause = diagnosis(measure, self.language)
            return translate("metric-diagnosed", self.language, cause=cause)
        target = target_of(name, measures)
        if target is not None:
            return self._updates_to(target)
        return self._recorded_by_every_run(name, metric.label)

    def _metric_of_split(
        self, split: str, name: str, measures: Sequence[MeasureManifest]
    ) -> str:
        """``training accuracy``, ``generalisation gap in accuracy``."""
        measure = metric_of(name, measures)
        assert measure is not None
        label = within_sentence(measure.label)
        return translate(f"metric-{split}", self.language, measure=label)

    def _updates_to(self, target: Target) -> str:
        """``updates to 97 % training accuracy``."""
        measure = within_sentence(target.measure.label)
        if target.split == "train":
            measure = translate("metric-train", self.language, measure=measure)
        amount = f"{target.value:g}"
        if target.measure.percent:
            amount = f"{100 * target.value:g} %"
        code = "metric-updates-to"
        return translate(code, self.language, measure=measure, amount=amount)

    def _recorded_by_every_run(self, name: str, english: str) -> str:
        """The name of a metric such as seconds or updates, which belongs to no task."""
        if name.endswith(THROUGHPUT):
            unit = name.removesuffix(THROUGHPUT)
            return translate("metric-throughput", self.language, unit=unit)
        code = f"metric-{name.replace('_', '-')}"
        if code in codes(self.language):
            return translate(code, self.language)
        return english

    def _of(self, task: str) -> TaskManifest:
        """The manifest of a task, with its labels in the language."""
        return self.manifest.task(task).in_language(self.language)


def side(verdict: ClaimVerdict, which: Side, labels: Labels) -> str:
    """One side of the comparison: an arm, several, or the published figure."""
    language = labels.language
    if which.reference is not None:
        is_exponent = kind_of(verdict.kind).statement == "exponent"
        in_percent = verdict.is_share and not is_exponent
        number = measured_number(which.reference, in_percent)
        return translate("side-published", language, number=number)
    names = _names(verdict, which, labels)
    if not names:
        return translate("side-bound", language)
    *rest, last = names
    if not rest:
        return last
    comma = translate("comma", language)
    first = comma.join(rest)
    return translate("pair", language, first=first, last=last)


def _names(verdict: ClaimVerdict, which: Side, labels: Labels) -> list[str]:
    """The arms of one side, each with its level if the side names levels."""
    arms = [labels.arm(verdict.task, name) for name in which.arms]
    if not which.levels:
        return arms
    levels = [labels.level(verdict.task, name) for name in which.levels]
    return [
        arm_at_level(arm, level, labels.language)
        for arm, level in zip(arms, levels, strict=True)
    ]


def arm_at_level(arm: str, level: str, language: str) -> str:
    """``ReLU at 4 layers``, from two labels."""
    return translate("arm-at-level", language, arm=arm, level=level)


def directions(verdict: ClaimVerdict, labels: Labels) -> tuple[str, str]:
    """What an effect left and right of zero means, against and for the claim."""
    code = _directions_code(verdict)
    ahead, behind = verdict.sides_at(verdict.level)
    values = {
        "ahead": side(verdict, ahead, labels),
        "behind": side(verdict, behind, labels),
    }
    left = translate(f"{code}-left", labels.language, **values)
    right = translate(f"{code}-right", labels.language, **values)
    return left, right


def effect_unit(verdict: ClaimVerdict, labels: Labels) -> str:
    """The unit of an effect, as an axis has it: points, or the metric's own."""
    written = amounts(verdict)
    unit = written.measured_in
    if written.percent:
        unit = translate("unit-points", labels.language)
    if written.slope:
        return translate("per-doubling", labels.language, amount=unit)
    return unit


def _directions_code(verdict: ClaimVerdict) -> str:
    """What the codes of both directions begin with."""
    code = kind_of(verdict.kind).directions
    if code != "directions-ahead":
        return code
    _, behind = verdict.sides
    if behind.reference is not None:
        return "directions-threshold"
    if verdict.at_least:
        return "directions-promised"
    return code


def diagnosis(found: str, language: str = "en") -> str:
    """A diagnosis in a word or two."""
    return translate(f"cause-{found.replace('_', '-')}", language)

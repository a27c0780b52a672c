"""What a run records, metric by metric: its direction, its unit, and whether it is a
cost.

A procedure's measures are metrics on every split: ``test.accuracy``. Beside them each
run records what it cost, and those metrics are registered here. Nothing is guessed from
a metric's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from tasks.contract.errors import unknown
from tasks.contract.target import target_of as value_of_target

SPLITS = ("train", "validation", "test")
GAP = "gap"  # train and test: generalisation gap
DIAGNOSED = "diagnosed"  # whether an arm's figures point to this cause
DIAGNOSES = (
    "optimisation",
    "overfitting",
    "mismatch",
    "model_bias",
    "healthy",
)
THROUGHPUT = "_per_second"  # ends the name of a procedure's own throughput
# the unit of what lies between 0 and 1 and is shown in percent
SHARE = "share"

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Metric:
    """Something that runs record."""

    name: str
    """What claims and records call it, such as ``accuracy``."""

    label: str
    """What pages and reports show in place of the name, in English."""

    unit: str
    """``share`` for a number between 0 and 1 that is shown in percent, ``s`` for
    seconds, "" for a bare number.
    """

    better: Better
    """Which direction is an improvement."""

    deterministic: bool = True
    """Whether a run's key decides the value, which no time is."""

    cost: bool = False
    """Whether it is what a run takes whatever it has learned: a better search would not
    change it.
    """

    resolution: float | None = None
    """The smallest difference that it can show; None if that follows from its unit or
    is not known.
    """

    exact: bool = False
    """Whether there is no chance in it at all, as in a number of parameters."""

    column: str = ""
    """Holds its values in the ``runs`` frame; its name if nothing else is given."""

    validation: str | None = None
    """Holds its values on validation; None if it has none."""

    def __post_init__(self) -> None:
        # the way to set a field of a frozen dataclass
        object.__setattr__(self, "column", self.column or self.name)

    @property
    def sign(self) -> int:
        """1 if higher is better, else -1."""
        return 1 if self.better == "higher" else -1

    @property
    def is_share(self) -> bool:
        """Whether it lies between 0 and 1 and is shown in percent."""
        return self.unit == SHARE

    @property
    def split(self) -> str:
        """The split that it is measured on; "test" for what is measured on none."""
        first = self.column.partition(".")[0]
        return first if first in SPLITS else "test"

    def finest(self, examples: float) -> float:
        """The smallest difference that it can show, if a share was counted on that many
        examples; 0 where that is not known.
        """
        if self.resolution is not None:
            return self.resolution
        return 1 / examples if self.is_share and examples > 0 else 0.0


METRICS: dict[str, Metric] = {}


def register_metric(metric: Metric) -> Metric:
    """Register a metric that runs record under its own name, on no split."""
    METRICS[metric.name] = metric
    return metric


def _time(name: str, label: str) -> Metric:
    return Metric(name, label, "s", "lower", deterministic=False, cost=True)


for _metric in (
    _time("seconds", "seconds"),
    _time("cpu_seconds", "CPU seconds"),
    _time("seconds_per_update", "seconds per update"),
    _time("seconds_per_epoch", "seconds per epoch"),
    Metric("steps", "updates", "", "lower", cost=True),
    Metric(
        "stage_steps",
        "updates before its own training",
        "",
        "lower",
        cost=True,
    ),
    _time("stage_cpu_seconds", "CPU seconds before its own training"),
    Metric("epochs", "epochs", "", "lower", cost=True),
    Metric("parameters", "parameters", "", "lower", cost=True, exact=True),
    # a better search reaches a target sooner, so these are no costs
    Metric("steps_to_target", "updates to the target", "", "lower"),
    Metric(
        "seconds_to_target",
        "seconds to the target",
        "s",
        "lower",
        deterministic=False,
    ),
):
    register_metric(_metric)


def throughput(unit: str) -> Metric:
    """The units, such as tokens, that a run learns from in a second."""
    # A procedure names the unit, so these cannot be registered above.
    name = unit + THROUGHPUT
    label = f"{unit} per second"
    return Metric(name, label, "", "higher", deterministic=False, cost=True)


def recorded_metric(name: str) -> Metric | None:
    """The metric that runs record under this name, on no split; None if none is
    registered.
    """
    if name.endswith(THROUGHPUT):
        return throughput(name.removesuffix(THROUGHPUT))
    return METRICS.get(name)


class MeasureLike(Protocol):
    """A measure of a procedure, or what campaign.json keeps of one."""

    @property
    def name(self) -> str:
        """What claims and records call it, such as ``accuracy``."""
        ...

    @property
    def label(self) -> str:
        """What is shown in place of the name, in English; may be empty."""
        ...

    @property
    def better(self) -> Better:
        """Which direction is an improvement."""
        ...

    @property
    def percent(self) -> bool:
        """Whether it is a share from 0 to 1, shown in percent."""
        ...

    @property
    def unit(self) -> str:
        """What it is counted in, such as bits; may be empty."""
        ...

    @property
    def resolution(self) -> float | None:
        """The smallest difference that it can show; None if that is not declared."""
        ...

    @property
    def exact(self) -> bool:
        """Whether there is no chance in it at all."""
        ...


def metric_of(name: str, measures: Iterable[MeasureLike]) -> Metric | None:
    """What a claim's ``metric`` refers to; None if nothing of that name is recorded.

    A measure's bare name means its value on the sealed test, ``train.accuracy`` the one
    on that split, ``gap.accuracy`` the generalisation gap between the two, and
    ``diagnosed.overfitting`` whether that is what an arm's figures point to. Only a
    split's name is taken off, so a measure may have dots in its own.
    """
    by_name = {measure.name: measure for measure in measures}
    # Whole names first: a measure may itself be called "train.loss".
    if name in by_name:
        return measured_metric(by_name[name], "test", name)
    split, _, bare = name.partition(".")
    if split == GAP and bare in by_name:
        return _gap_metric(by_name[bare], name)
    # A share: over blocks it is the share of those with this diagnosis.
    if split == DIAGNOSED and bare in DIAGNOSES:
        return Metric(
            name, f"diagnosed: {bare.replace('_', ' ')}", SHARE, "higher"
        )
    if split in SPLITS and bare in by_name:
        return measured_metric(by_name[bare], split, name)
    return _target_metric(name, by_name) or recorded_metric(name)


def known_metric(
    name: str, measures: Iterable[MeasureLike], who: str = "metric"
) -> Metric:
    """The metric of that name. UserError, which begins with ``who``, if nothing of the
    name is recorded.
    """
    measures = list(measures)
    metric = metric_of(name, measures)
    if metric is None:
        known = [*(measure.name for measure in measures), *METRICS]
        raise unknown(who, name, known)
    return metric


def measured_metric(
    measure: MeasureLike,
    split: str = "test",
    name: str = "",
) -> Metric:
    """The metric that a measure is on one split, under that name or its own."""
    return Metric(
        name or measure.name,
        measure.label or measure.name,
        _unit_of(measure),
        measure.better,
        resolution=measure.resolution,
        exact=measure.exact,
        column=f"{split}.{measure.name}",
        validation=f"validation.{measure.name}",
    )


def _gap_metric(measure: MeasureLike, name: str) -> Metric:
    """By how much a measure is better on the training examples than on the test."""
    label = f"generalisation gap, {(measure.label or measure.name).lower()}"
    return Metric(name, label, _unit_of(measure), "lower")


def _unit_of(measure: MeasureLike) -> str:
    """The unit of a measure, which of a share is that."""
    return SHARE if measure.percent else measure.unit


@dataclass(frozen=True)
class Target:
    """What a metric counts the updates to: ``value`` of a measure on a split."""

    measure: MeasureLike
    """What is to reach the value."""

    split: str
    """The split that it is measured on."""

    value: float
    """What it is to reach, in the measure's own unit."""


def target_of(name: str, measures: Iterable[MeasureLike]) -> Target | None:
    """The target that a metric of this name counts the updates to; None if it counts
    something else. A measure without a split is the one on validation.
    """
    for measure in measures:
        for split, prefix in (("validation", ""), ("train", "train.")):
            value = value_of_target(name, f"{prefix}{measure.name}")
            if value is not None:
                return Target(measure, split, value)
    return None


def _target_metric(
    name: str, by_name: Mapping[str, MeasureLike]
) -> Metric | None:
    """Updates to a target: how soon it is reached is learned, and so no cost."""
    target = target_of(name, by_name.values())
    if target is None:
        return None
    of = (target.measure.label or target.measure.name).lower()
    where = "training " if target.split == "train" else ""
    return Metric(
        name, f"updates to {where}{of} {target.value:g}", "updates", "lower"
    )


def unknown_metric(name: str) -> Metric:
    """A placeholder for a metric that nothing records: it has a label and no values."""
    return Metric(name, name.replace("_", " "), "", "lower")

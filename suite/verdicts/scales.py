"""The scales that effects are measured on: what is subtracted between arms."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np

from suite.training.metrics import Better, Metric
from suite.verdicts.statistics import Floats
from tasks import UserError, unknown
from tasks.contract.claim import SCALES as names_of_scales

# replaces an error of 0 if no number of examples bounds it
SMALLEST = 1e-12


class Scale(ABC):
    """How a metric's values become numbers whose difference is an effect.

    ``logarithmic`` says that effects are logarithms of ratios, which are shown as
    factors. ``message`` ends the codes of the sentences that state such an effect.
    """

    name: str
    """What claims call it."""

    logarithmic: bool = True
    """Whether effects are logarithms of ratios."""

    message: str
    """The end of the codes of its sentences."""

    @abstractmethod
    def transform(
        self, values: Floats, metric: Metric, examples: float
    ) -> Floats:
        """The values on this scale, turned so that more is better.

        ``examples`` is the number that a share was counted on, NaN if it is unknown.
        """

    @abstractmethod
    def resolution(
        self, values: Floats, metric: Metric, examples: float
    ) -> float:
        """The finest difference on this scale between values such as these; 0 where
        nothing says how fine the metric is.
        """

    def back(self, effect: float) -> float:
        """An effect as it is shown: a difference, or the factor behind a logarithm."""
        return math.exp(effect) if self.logarithmic else effect

    def larger_is_ahead(self, better: Better) -> bool:
        """Whether the arm that is ahead is the one with the larger number, where
        ``better`` is the metric's direction.
        """
        return better == "higher"

    def check(self, metric: Metric) -> None:
        """UserError if the metric has no such scale."""
        return


class Points(Scale):
    """The metric itself: an effect is a plain difference."""

    name = "points"
    message = "points"
    logarithmic = False

    def transform(
        self, values: Floats, metric: Metric, examples: float
    ) -> Floats:
        """The values themselves, negated where less is better."""
        return metric.sign * values

    def resolution(
        self, values: Floats, metric: Metric, examples: float
    ) -> float:
        """One step of the metric, which is as large everywhere."""
        return metric.finest(examples)


class LogRatio(Scale):
    """The metric's logarithm: an effect is the logarithm of a ratio of values.

    A value of 0 is floored at half a step of the metric, where steps are known: half an
    example of a share. Elsewhere it has no logarithm, nor has one below 0.
    """

    name = "log_ratio"
    message = "log-ratio"

    def transform(
        self, values: Floats, metric: Metric, examples: float
    ) -> Floats:
        """Their logarithms; NaN where a value has none."""
        # Nothing in n examples says less than about 1/n, and not 0.
        floor = metric.finest(examples) / 2
        floored = np.where(values == 0, floor, values)
        return metric.sign * np.log(np.where(floored > 0, floored, math.nan))

    def resolution(
        self, values: Floats, metric: Metric, examples: float
    ) -> float:
        """The ratio that one step makes at the largest value, as a logarithm."""
        return _finest_ratio(values, metric.finest(examples))


class LogError(Scale):
    """The logarithm of the error: an effect is the logarithm of a ratio of errors.

    An error is floored at half an example of those that it was counted on, because an
    error of 0 has no logarithm.
    """

    name = "log_error"
    message = "log-error"

    def transform(
        self, values: Floats, metric: Metric, examples: float
    ) -> Floats:
        """The negated logarithms of the errors, floored at half an example.

        Raises UserError if the metric has no error; see ``check``.
        """
        self.check(metric)
        # where less is better, the metric is an error already
        errors = 1 - values if metric.better == "higher" else values
        counted = metric.is_share and examples > 0
        # No error in n examples says less than about 1/n, and not 0.
        floor = 0.5 / examples if counted else SMALLEST
        return -np.log(np.maximum(errors, floor))

    def resolution(
        self, values: Floats, metric: Metric, examples: float
    ) -> float:
        """The ratio that one step makes at the largest error, as a logarithm."""
        errors = 1 - values if metric.better == "higher" else values
        return _finest_ratio(errors, metric.finest(examples))

    def larger_is_ahead(self, better: Better) -> bool:
        """False: it is errors that are compared, and fewer are better."""
        return False

    def check(self, metric: Metric) -> None:
        """Raise UserError for a metric that neither is an error nor has one."""
        if metric.better == "higher" and not metric.is_share:
            raise UserError(
                f"scale='log_error' needs an error, and {metric.name!r} is not a share "
                "of examples: use scale='log_ratio' or 'points'."
            )


def _finest_ratio(values: Floats, finest: float) -> float:
    """The log of the ratio that one step of a metric makes at the largest value, where
    steps are smallest.
    """
    there = values[np.isfinite(values)]
    if not finest or not there.size:
        return 0.0
    # At least one step, so that a metric that is always 0 has a ratio.
    return math.log1p(finest / max(float(there.max()), finest))


SCALES: dict[str, Scale] = {}


def register_scale(scale: Scale) -> Scale:
    """Make a scale known by its name, so that claims can ask for it."""
    SCALES[scale.name] = scale
    names_of_scales.add(scale.name)
    return scale


def scale_of(name: str) -> Scale:
    """The scale of that name. UserError if there is none."""
    if name not in SCALES:
        raise unknown("scale of claims", name, SCALES)
    return SCALES[name]


for _scale in (Points(), LogRatio(), LogError()):
    register_scale(_scale)

"""A claim in words before anything has run: what it says, and what would keep it
undecided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from suite.report.effect_text import points
from suite.report.formatting import MINUS, PER_DOUBLING, fixed, within_sentence
from suite.report.labels import arm_at_level
from suite.report.messages import codes, translate
from suite.training.metrics import metric_of
from suite.verdicts.kinds import ABOVE, ClaimKind, kind_of
from suite.verdicts.message import Message
from suite.verdicts.scales import scale_of
from tasks import Claim, Task

NO_WORSE_THAN_REFERENCE = "asks-no-worse-reference"


def asked(task: Task, claim: Claim, language: str = "en") -> str:
    """What a claim says, in the terms of its kind."""
    kind = kind_of(claim.kind).of(claim)
    is_share = _is_share(task, claim)
    ahead, behind = _sides(task, claim, kind, language)
    return translate(
        _asks_code(claim, kind, language),
        language,
        ahead=ahead,
        behind=behind,
        promised=_promised(claim, kind, is_share, language),
        sum=_weighted_sum(task, claim, language),
        order=ABOVE.join(task.arm(name).title for name in claim.order),
        axis=task.axis or translate("the-axis", language),
        reference=_reference(claim, is_share),
        margin=fixed(claim.margin, is_share, claim.scale),
        bounds=_bounds(claim, is_share),
        measure=_measure(task, claim),
        exponent=f"{claim.exponent or 0:g}".replace("-", MINUS),
        exponent_margin=f"{claim.margin:g}",
        needed=claim.at_least_levels,
        levels=len(claim.levels or task.levels),
    )


def _is_share(task: Task, claim: Claim) -> bool:
    """Whether the claim's metric is a share of 1, which is written in percent."""
    metric = metric_of(claim.metric, task.procedure.measures)
    return metric is not None and metric.is_share


def _measure(task: Task, claim: Claim) -> str:
    """The name of the claim's metric, within a sentence."""
    metric = metric_of(claim.metric, task.procedure.measures)
    return within_sentence(metric.label) if metric else claim.metric


def _sides(
    task: Task, claim: Claim, kind: ClaimKind, language: str
) -> tuple[str, str]:
    """The titles of the arms on each side; the side claimed to be ahead comes first."""
    comma = translate("comma", language)
    ahead, behind = kind.sides(claim)
    titles_ahead = [task.arm(name).title for name in ahead.arms]
    titles_behind = [task.arm(name).title for name in behind.arms]
    return comma.join(titles_ahead), comma.join(titles_behind)


def _asks_code(claim: Claim, kind: ClaimKind, language: str) -> str:
    """The code of the message that says what a claim of this kind says."""
    if kind.name == "no_worse" and claim.reference is not None:
        return NO_WORSE_THAN_REFERENCE
    with_promise = f"{kind.asks}-promised"
    # Not every kind of claim can promise an amount.
    if claim.at_least != 0 and with_promise in codes(language):
        return with_promise
    return kind.asks


def _promised(
    claim: Claim, kind: ClaimKind, is_share: bool, language: str
) -> str:
    """The least effect that the claim promises; for a slope, per doubling."""
    # Trends are stored per e-fold of the axis and told per doubling, as in
    # ``formatting``.
    if kind.statement != "trend":
        return fixed(claim.at_least, is_share, claim.scale)
    amount = fixed(claim.at_least * PER_DOUBLING, is_share, claim.scale)
    return translate("per-doubling", language, amount=amount)


def _weighted_sum(task: Task, claim: Claim, language: str) -> str:
    """The weights of a contrast as a formula: ``+1 × ReLU -1 × sigmoid``."""
    terms = []
    for key, weight in claim.weights.items():
        term = _term(task, key, language)
        terms.append(f"{weight:+g} × {term}")
    return " ".join(terms)


def _term(task: Task, key: str, language: str) -> str:
    """What a weight of a contrast applies to: an arm, perhaps at a level."""
    arm_name, at, level_name = key.partition("@")
    arm = task.arm(arm_name).title
    if not at:
        return arm
    level = task.level(level_name).title
    return arm_at_level(arm, level, language)


def _reference(claim: Claim, is_share: bool) -> str:
    """The published figure that a claim compares with."""
    reference = claim.reference or 0.0
    if is_share:
        return f"{100 * reference:g} %"
    return f"{reference:g}"


def _bounds(claim: Claim, is_share: bool) -> str:
    """The bounds that a claim says always hold, as a formula: ``≥ 0, ≤ 1``."""
    bounds = {
        "\u2265": claim.lower_bound,
        "\u2264": claim.upper_bound,
        "=": claim.equal_to,
    }
    unit, factor = (" %", 100) if is_share else ("", 1)
    return ", ".join(
        f"{sign} {factor * bound:g}{unit}"
        for sign, bound in bounds.items()
        if bound is not None
    )


def obstacle(
    found: Message,
    is_share: bool,
    scale: str,
    trend: bool = False,
    language: str = "en",
) -> str:
    """What keeps a planned claim undecided, and what would change that.

    ``is_share`` and ``scale`` are those of the claim; amounts of a ``trend`` are
    slopes.
    """
    amounts = _PlannedAmounts(is_share, scale, trend, language)
    values = {
        name: amounts.text(name, value) for name, value in found.values.items()
    }
    return translate(found.code, language, **values)


@dataclass(frozen=True)
class _PlannedAmounts:
    """Writes the amounts of a claim that has no verdict yet."""

    is_share: bool
    scale: str
    trend: bool
    language: str

    def text(self, name: str, value: Any) -> Any:
        """A value as the prefix of its name demands; see ``Message``."""
        prefix, _, _ = name.partition("_")
        if prefix == "margin":
            return self._margin(value)
        if prefix == "percent":
            return f"{100 * value:.2g}"
        if prefix == "number":
            return f"{value:.2g}"
        return value

    def _margin(self, value: float) -> str:
        """An amount that may be a slope, which is written per doubling."""
        if not self.trend:
            return self._amount(value)
        amount = self._amount(value * PER_DOUBLING)
        return translate("per-doubling", self.language, amount=amount)

    def _amount(self, value: float) -> str:
        """An amount on the claim's scale, with its unit."""
        scale = scale_of(self.scale)
        if scale.logarithmic:
            factor = f"{scale.back(value):.3g}"
            return translate("amount-ratio", self.language, number=factor)
        if not self.is_share:
            return translate(
                "amount-plain", self.language, number=f"{value:.3g}"
            )
        return points(f"{100 * value:.2g}", self.language)

"""Verdicts in plain words, for someone who never took statistics: no p-values, no
Greek, no "significant".

Verdicts carry codes and values; here they become sentences of the reader's language.
The texts are in ``locale/<language>.ftl``, in Fluent's format (projectfluent.org).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from suite.records.manifest import Manifest, TaskManifest
from suite.report.formatting import (
    MINUS,
    PER_DOUBLING,
    amounts,
    fixed,
    possible_effects,
    probability,
    within_sentence,
)
from suite.report.messages import codes, translate
from suite.training.metrics import GAP, THROUGHPUT, Target, metric_of, target_of
from suite.verdicts.aa_test import AATest
from suite.verdicts.adequacy import Gate
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.decision import CONFIRMATORY, Answer
from suite.verdicts.diagnosis import ArmTraining
from suite.verdicts.kinds import ClaimKind, Side, kind_of
from suite.verdicts.message import Message, message
from suite.verdicts.scales import Scale, scale_of
from suite.verdicts.statistics import Interval
from tasks import Claim, Task

ANSWERS: dict[Answer, str] = {
    "supported": "answer-supported",
    "refuted": "answer-refuted",
    "no_difference": "answer-no-difference",
    "inconclusive": "answer-inconclusive",
}
# the width from which an interval says nothing: all that a share can be, or a factor
# of a thousand
# splits of which a metric's name tells: what is measured on the test has none
NAMED_SPLITS = ("train", "validation", GAP)
WIDEST_SHARE, WIDEST_RATIO = 1.0, math.log(1000)
NO_WORSE_THAN_REFERENCE = "asks-no-worse-reference"
# over this many instances without a failure, the 95 % bound on how often one fails
RULE_OF_THREE = 3


@dataclass(frozen=True)
class Labels:
    """What the tasks of a campaign call their arms, levels and axes, in the language
    that sentences are to be in; in English where a task has none in it.
    """

    manifest: Manifest
    language: str = "en"

    def arm(self, task: str, name: str) -> str:
        labels = {arm.name: arm.label for arm in self._of(task).arms}
        return labels.get(name, name)

    def level(self, task: str, name: str) -> str:
        labels = {level.name: level.label for level in self._of(task).levels}
        return labels.get(name, name)

    def axis(self, task: str) -> str:
        """The name of what the levels' places count, within a sentence."""
        found = self._of(task).axis
        return within_sentence(found) or translate("the-axis", self.language)

    def metric(self, verdict: ClaimVerdict) -> str:
        """The name of a claim's metric."""
        name = verdict.metric
        measures = self._of(verdict.task).measures
        found = metric_of(name, measures)
        if found is None:
            return verdict.metric_label
        split, _, bare = name.partition(".")
        if split in NAMED_SPLITS and bare in (m.name for m in measures):
            measure = metric_of(bare, measures)
            assert measure is not None
            code = f"metric-{split}"
            return translate(
                code, self.language, measure=within_sentence(measure.label)
            )
        if found.validation:  # one of the task's measures
            return found.label
        target = target_of(name, measures)
        if target is not None:
            return self._updates_to(target)
        if name.endswith(THROUGHPUT):
            unit = name.removesuffix(THROUGHPUT)
            return translate("metric-throughput", self.language, unit=unit)
        code = f"metric-{name.replace('_', '-')}"
        own = code in codes(self.language)
        return translate(code, self.language) if own else found.label

    def _updates_to(self, target: Target) -> str:
        measure = within_sentence(target.measure.label)
        if target.split == "train":
            measure = translate("metric-train", self.language, measure=measure)
        value = f"{target.value:g}"
        if target.measure.percent:
            value = f"{100 * target.value:g} %"
        return translate(
            "metric-updates-to", self.language, measure=measure, amount=value
        )

    def _of(self, task: str) -> TaskManifest:
        return self.manifest.task(task).in_language(self.language)


# ---------------------------------------------------------------------- what is public


def sentence(verdict: ClaimVerdict, labels: Labels) -> str:
    """The answer, its size and how sure it is."""
    return _Sentence(verdict, labels).answer()


def answer(found: Answer, language: str = "en") -> str:
    """An answer in a word or two."""
    return translate(ANSWERS[found], language)


def population(verdict: ClaimVerdict, labels: Labels) -> str:
    """The population that the verdict generalises to, and what it does not cover."""
    said = [_written(one, verdict, labels) for one in verdict.population]
    return _sentences(said, labels.language)


def notes(verdict: ClaimVerdict, labels: Labels) -> list[str]:
    """What else must be known of the verdict, a sentence each."""
    return [_written(note, verdict, labels) for note in verdict.notes]


def training(verdict: ClaimVerdict, labels: Labels) -> list[str]:
    """How each arm trained at the level that decides, and what that points to, a
    sentence each.
    """
    return [
        _full_stop(_written(_training_message(one), verdict, labels), labels)
        for one in verdict.training_shown
    ]


def _training_message(one: ArmTraining) -> Message:
    return message(
        f"diagnosis-{one.diagnosis.replace('_', '-')}",
        arm=one.arm,
        arm_rival=one.rival,
        value_train=one.train,
        value_validation=one.validation,
        value_test=one.test,
        value_rival=one.rival_train,
    )


def gate_name(gate: Gate, language: str = "en") -> str:
    """What the gate is called, which is what it found."""
    code = f"gate-{gate.code}"
    if gate.asked:
        return translate(code if gate.failed else f"{code}-passed", language)
    return translate("gate-not-asked", language, gate=translate(code, language))


def gate_text(gate: Gate, verdict: ClaimVerdict, labels: Labels) -> str:
    """What the gate saw."""
    if not gate.seen:
        return translate(f"gate-{gate.code}-fine", labels.language)
    seen = [_written(one, verdict, labels) for one in gate.seen]
    return _full_stop(translate("semicolon", labels.language).join(seen), labels)


def gate_hint(gate: Gate, language: str = "en") -> str:
    """What to do about it; empty if it passed."""
    return translate(f"gate-{gate.code}-hint", language) if gate.failed else ""


def aa_test(found: AATest, labels: Labels) -> str:
    """The result of an A/A test."""
    values = _Values(found.task, labels)
    return _full_stop(values.written(found.message), labels)


def side(verdict: ClaimVerdict, which: Side, labels: Labels) -> str:
    """One side of the comparison: an arm, several, or the published figure."""
    language = labels.language
    if which.reference is not None:
        number = _number(which.reference, verdict.is_share)
        return translate("side-published", language, number=number)
    names = [labels.arm(verdict.task, arm) for arm in which.arms]
    if which.levels:
        levels = [labels.level(verdict.task, level) for level in which.levels]
        names = [
            translate("arm-at-level", language, arm=arm, level=level)
            for arm, level in zip(names, levels, strict=True)
        ]
    if not names:
        return translate("side-bound", language)
    *rest, last = names
    if not rest:
        return last
    first = translate("comma", language).join(rest)
    return translate("pair", language, first=first, last=last)


def directions(verdict: ClaimVerdict, labels: Labels) -> tuple[str, str]:
    """What lies left and right of the line between for and against."""
    code = kind_of(verdict.kind).directions
    if code == "directions-ahead" and verdict.sides[1].reference is not None:
        code = "directions-threshold"
    if verdict.at_least and code == "directions-ahead":
        code = "directions-promised"
    ahead, behind = (side(verdict, one, labels) for one in verdict.sides)
    values = {"ahead": ahead, "behind": behind}
    left, right = f"{code}-left", f"{code}-right"
    language = labels.language
    return translate(left, language, **values), translate(right, language, **values)


def asked(task: Task, claim: Claim, language: str = "en") -> str:
    """What a claim says, in the terms of its kind."""
    kind = kind_of(claim.kind).of(claim)
    metric = metric_of(claim.metric, task.procedure.measures)
    share = metric is not None and metric.is_share
    comma = translate("comma", language)
    ahead, behind = (
        comma.join(task.arm(arm).title for arm in which.arms)
        for which in kind.sides(claim)
    )
    terms = [
        f"{weight:+g} × {_term(task, key, language)}"
        for key, weight in claim.weights.items()
    ]
    reference = claim.reference or 0.0
    trend = kind.statement == "trend"
    least = claim.at_least * PER_DOUBLING if trend else claim.at_least
    amount = fixed(least, share, claim.scale)
    if trend:
        amount = translate("per-doubling", language, amount=amount)
    promised = f"{kind.asks}-promised"
    says_so = claim.at_least != 0 and promised in codes(language)
    code = promised if says_so else kind.asks
    if kind.name == "no_worse" and claim.reference is not None:
        code = NO_WORSE_THAN_REFERENCE
    return translate(
        code,
        language,
        ahead=ahead,
        behind=behind,
        promised=amount,
        sum=" ".join(terms),
        axis=task.axis or translate("the-axis", language),
        reference=f"{100 * reference:g} %" if share else f"{reference:g}",
        margin=fixed(claim.margin, share, claim.scale),
        bounds=_bounds(claim, share),
    )


def _term(task: Task, key: str, language: str) -> str:
    """What a weight of a contrast applies to: an arm, perhaps at a level."""
    arm, at, level = key.partition("@")
    title = task.arm(arm).title
    if not at:
        return title
    named = task.level(level).title
    return translate("arm-at-level", language, arm=title, level=named)


def _bounds(claim: Claim, share: bool) -> str:
    """The bounds of a fact, as a formula: ``≥ 0, ≤ 1``."""
    signs = ("\u2265", "\u2264", "=")
    bounds = (claim.lower_bound, claim.upper_bound, claim.equal_to)
    unit, factor = (" %", 100) if share else ("", 1)
    return ", ".join(
        f"{sign} {factor * bound:g}{unit}"
        for sign, bound in zip(signs, bounds, strict=True)
        if bound is not None
    )


def obstacle(
    found: Message,
    is_share: bool,
    scale: str,
    trend: bool = False,
    language: str = "en",
) -> str:
    """What keeps a planned claim open, and what would change that. ``is_share`` and
    ``scale`` are those of the claim; of a ``trend`` amounts are slopes.
    """

    def written(name: str, value: Any) -> Any:
        role = name.partition("_")[0]
        if role == "margin":
            return _planned_amount(value, is_share, scale, trend, language)
        if role == "percent":
            return f"{100 * value:.2g}"
        return f"{value:.2g}" if role == "number" else value

    values = {name: written(name, value) for name, value in found.values.items()}
    return translate(found.code, language, **values)


def _planned_amount(
    value: float, is_share: bool, scale: str, trend: bool, language: str
) -> str:
    """An amount on a planned claim's scale, with its unit."""
    if trend:
        amount = _planned_amount(value * PER_DOUBLING, is_share, scale, False, language)
        return translate("per-doubling", language, amount=amount)
    if scale_of(scale).logarithmic:
        number = f"{scale_of(scale).back(value):.3g}"
        return translate("amount-ratio", language, number=number)
    if not is_share:
        return translate("amount-plain", language, number=f"{value:.3g}")
    number = f"{100 * value:.2g}"
    form = "one" if number == "1" else "other"
    return translate("amount-points", language, number=number, form=form)


def in_words(verdict: ClaimVerdict, labels: Labels) -> dict[str, Any]:
    """The verdict as plain values for JSON, with its codes written out as text."""
    gates = [
        {
            "code": gate.code,
            "failed": gate.failed,
            "says": gate_text(gate, verdict, labels),
            "hint": gate_hint(gate, labels.language),
        }
        for gate in verdict.gates
    ]
    said = {
        "sentence": sentence(verdict, labels),
        "population": population(verdict, labels),
        "notes": notes(verdict, labels),
        "diagnosis": training(verdict, labels),
        "gates": gates,
    }
    return {**verdict.as_dict(), **said}


# ------------------------------------------------------------------------- the answers


@dataclass(frozen=True)
class _Sentence:
    """One verdict on its way into a sentence."""

    verdict: ClaimVerdict
    labels: Labels

    @property
    def kind(self) -> ClaimKind:
        return kind_of(self.verdict.kind)

    @property
    def scale(self) -> Scale:
        return scale_of(self.verdict.scale)

    @cached_property
    def sides(self) -> tuple[str, str]:
        ahead, behind = self.verdict.sides
        return (
            side(self.verdict, ahead, self.labels),
            side(self.verdict, behind, self.labels),
        )

    @cached_property
    def measure(self) -> str:
        return within_sentence(self.labels.metric(self.verdict))

    def say(self, code: str, **values: Any) -> str:
        return translate(code, self.labels.language, **values)

    def answer(self) -> str:
        verdict = self.verdict
        if not verdict.complete:
            return self.unfinished()
        if self.kind.hypothesis == "always" and verdict.reason != "gate":
            return self.always()
        if verdict.verdict == "inconclusive":
            return self.open()
        if verdict.verdict == "no_difference":
            said = self.equal("said-no-difference")
        elif verdict.verdict == "refuted":
            said = self.directed(self.refusal())
        elif self.kind.hypothesis == "equivalence":
            said = self.equal("said-equal")
        elif self.kind.hypothesis == "no_worse":
            said = self.no_worse()
        else:
            said = self.directed("said-supported")
        if verdict.exact or verdict.blocks >= CONFIRMATORY:
            return said
        repetitions = self.repetitions(verdict.blocks)
        return self.say("first-hint", repetitions=repetitions, sentence=said)

    def refusal(self) -> str:
        opposite = self.kind.has_opposite and not self.verdict.at_least
        return "said-opposite" if opposite else "said-refuted"

    def directed(self, code: str) -> str:
        """Supported or refuted: what was found, and what it is worth."""
        return self.say(code, found=self.found(), worth=self.worth())

    def found(self) -> str:
        """What was seen, how sure that is and how often it was so."""
        verdict = self.verdict
        effect, interval = self.as_measured(verdict.adjusted_interval)
        fact = self.fact(effect, interval)
        if verdict.judged_levels:
            level = self.labels.level(verdict.task, verdict.level)
            fact = self.say("weakest", fact=fact, level=level)
        if verdict.at_least:
            promised = self.fixed(verdict.at_least)
            fact = self.say("promised", fact=fact, amount=promised)
        if verdict.exact:
            return fact
        as_claimed = verdict.verdict == "supported" or verdict.at_least != 0
        in_favour = effect >= 0 or verdict.at_least != 0
        rate = verdict.win_rate if in_favour else 1 - verdict.win_rate
        return self.say(
            "won-as-claimed" if as_claimed else "won-so",
            fact=fact,
            won=f"{rate * verdict.blocks:g}",
            repetitions=self.repetitions(verdict.blocks),
        )

    def worth(self) -> str:
        verdict, margin = self.verdict, self.verdict.margin
        points = verdict.is_share and not self.scale.logarithmic
        enough = self.fixed(margin)
        several = points and not enough.startswith(self.one_point)
        return self.say(
            "worth-more" if verdict.meaningful else "worth-unsure",
            margin=enough,
            form="points" if several else "other",
        )

    @property
    def one_point(self) -> str:
        return self.say("amount-points", number="1", form="one")

    def always(self) -> str:
        """How many instances kept to the bound, and how near or far the worst was."""
        verdict = self.verdict
        count, against = verdict.instances, verdict.counterexamples
        if not count:
            repetitions = self.repetitions(verdict.blocks)
            return self.say("said-too-few-blocks", repetitions=repetitions)
        values = {"fact": self.bounded(), "worst": self.worst(), "count": count}
        if against:
            return self.say("said-not-always", against=against, **values)
        most = min(1.0, RULE_OF_THREE / count)
        return self.say("said-always", most=f"{100 * most:.2g} %", **values)

    def bounded(self) -> str:
        """What is claimed to hold in every instance."""
        verdict = self.verdict
        bounds = (verdict.lower_bound, verdict.upper_bound, verdict.equal_to)
        low, high, equal = (self.bare(one or 0.0) for one in bounds)
        if verdict.equal_to is not None:
            code = "bound-equal"
        elif verdict.lower_bound is None:
            code = "bound-upper"
        elif verdict.upper_bound is None:
            code = "bound-lower"
        else:
            code = "bound-between"
        behind = verdict.sides[1]
        measured = self.say("measure-of", measure=self.measure, arm=self.sides[0])
        if behind.arms:
            measured = self.say(
                "measure-above",
                measure=self.measure,
                ahead=self.sides[0],
                behind=self.sides[1],
            )
        tolerance = self.bare(verdict.tolerance)
        return self.say(
            code,
            measured=measured,
            low=low,
            high=high,
            equal=equal,
            tolerance=tolerance,
        )

    def worst(self) -> str:
        verdict = self.verdict
        if verdict.equal_to is not None:
            deviation = verdict.tolerance - verdict.effect
            return self.say("worst-deviation", amount=self.bare(deviation))
        code = "worst-inside" if verdict.effect >= 0 else "worst-beyond"
        return self.say(code, amount=self.bare(abs(verdict.effect)))

    def bare(self, value: float) -> str:
        """A number as it was recorded: facts are not rounded to tenths of a point."""
        text = f"{100 * value:.4g} %" if self.verdict.is_share else f"{value:.4g}"
        return text.replace("-", MINUS)

    def no_worse(self) -> str:
        verdict = self.verdict
        fact = self.fact(*self.as_measured(verdict.equivalence_interval))
        return self.say("said-no-worse", fact=fact, margin=self.fixed(verdict.margin))

    def equal(self, code: str) -> str:
        verdict = self.verdict
        effect, interval = self.as_measured(verdict.equivalence_interval)
        if self.kind.statement == "trend" or verdict.at_least:
            fact = self.fact(effect, interval)
        else:
            ahead, behind = self.sides
            fact = self.say(
                "within-margin",
                ahead=ahead,
                behind=behind,
                margin=self.fixed(verdict.margin),
                measure=self.measure,
                likely=self.likely(interval),
            )
        if verdict.negligible:
            fact = self.say("real", fact=fact)
        if not verdict.at_least:
            return self.say(code, fact=fact)
        promised = self.fixed(verdict.at_least)
        return self.say(f"{code}-to-promised", fact=fact, amount=promised)

    # ------------------------------------------------------------ the size of an effect

    def as_measured(self, interval: Interval) -> tuple[float, Interval]:
        """Effect and interval with what the claim promises put back: what people would
        measure themselves.
        """
        promised = self.verdict.at_least
        low, high = interval
        least, most = possible_effects(self.verdict)
        shown = max(low + promised, least), min(high + promised, most)
        return self.verdict.effect + promised, shown

    def fact(self, effect: float, interval: Interval) -> str:
        """The effect as a statement about the two sides."""
        if self.kind.statement == "trend":
            return self.trend(effect, interval)
        ahead, behind = self.sides
        if effect < 0:
            ahead, behind = behind, ahead
            effect, interval = -effect, (-interval[1], -interval[0])
        more, less = self.more_and_less(ahead, behind)
        return self.say(
            f"gap-{self.scale.message}",
            ahead=ahead,
            behind=behind,
            more=more,
            less=less,
            amount=self.amount(effect),
            measure=self.measure,
            likely=self.likely(interval),
        )

    def trend(self, slope: float, interval: Interval) -> str:
        """A slope per e-fold of the axis, stated per doubling, which is easier to
        picture.
        """
        ahead, behind = self.sides
        step, low, high = (PER_DOUBLING * value for value in (slope, *interval))
        code = f"trend-{self.scale.message}"
        if step < 0 and not self.scale.logarithmic:
            code, step, low, high = "trend-points-falling", -step, -high, -low
        more, less = self.more_and_less(ahead, behind)
        return self.say(
            code,
            axis=self.labels.axis(self.verdict.task),
            ahead=ahead,
            behind=behind,
            more=more,
            less=less,
            amount=self.amount(step),
            measure=self.measure,
            likely=self.likely((low, high)),
        )

    def more_and_less(self, ahead: str, behind: str) -> tuple[str, str]:
        """Which of the two has the larger number, where ``ahead`` is ahead."""
        larger_is_ahead = self.scale.larger_is_ahead(self.verdict.better_is)
        return (ahead, behind) if larger_is_ahead else (behind, ahead)

    def amount(self, effect: float) -> str:
        """A measured difference with its unit: ``3.2 points``, ``0.12``, ``1.35
        times``.
        """
        if self.scale.logarithmic:
            return self.say("amount-ratio", number=f"{self.scale.back(effect):.3g}")
        return self._with_unit(_number(effect, self.verdict.is_share))

    def fixed(self, value: float) -> str:
        """An amount that was fixed beforehand, a margin or a promise, which is exact:
        ``1 point``, ``2.5 points``, of a slope per doubling.
        """
        trend = self.kind.statement == "trend"
        shown = value * PER_DOUBLING if trend else value
        if self.scale.logarithmic or not self.verdict.is_share:
            text = self.amount(shown)
        else:
            text = self._with_unit(f"{100 * shown:.3g}")
        return self.say("per-doubling", amount=text) if trend else text

    def _with_unit(self, number: str) -> str:
        if not self.verdict.is_share:
            return self.say("amount-plain", number=number)
        form = "one" if number == "1" else "other"
        return self.say("amount-points", number=number, form=form)

    def likely(self, interval: Interval) -> str:
        if self.verdict.exact:
            return self.say("no-chance")
        low, high = self.ends(interval)
        return self.say("likely", low=low, high=high)

    def ends(self, interval: Interval) -> tuple[str, str]:
        """Both ends without a unit."""
        low, high = interval
        if self.scale.logarithmic:
            return f"{self.scale.back(low):.3g}", f"{self.scale.back(high):.3g}"
        share = self.verdict.is_share
        return _number(low, share), _number(high, share)

    # --------------------------------------------------------------------------- open

    def open(self) -> str:
        verdict = self.verdict
        if verdict.reason == "gate":
            return self.stopped()
        if verdict.reason == "too_few_blocks":
            repetitions = self.repetitions(verdict.blocks)
            return self.say("said-too-few-blocks", repetitions=repetitions)
        if verdict.reason == "no_spread":
            return self.say("said-no-spread")
        if verdict.reason == "instances_disagree":
            return self.say("said-instances-disagree")
        if verdict.reason == "levels_disagree":
            return self.say("said-levels-disagree", answers=self.by_level())
        return self.say("said-open", range=self.range(), remedy=self.remedy())

    def stopped(self) -> str:
        """A gate failed: what it saw, what to do, and the answer without it."""
        verdict = self.verdict
        first = verdict.failed_gates[0]
        values = {
            "seen": gate_text(first, verdict, self.labels),
            "hint": gate_hint(first, self.labels.language),
        }
        if verdict.would_be in (None, "inconclusive"):
            return self.say("said-gate", **values)
        would_be = answer(verdict.would_be, self.labels.language)
        return self.say("said-gate-otherwise", answer=would_be, **values)

    def by_level(self) -> str:
        each = [
            self.say(
                "answer-at-level",
                answer=answer(row["verdict"], self.labels.language),
                level=self.labels.level(self.verdict.task, row["level"]),
            )
            for row in self.verdict.judged_levels
        ]
        return self.say("comma").join(each)

    def unfinished(self) -> str:
        verdict = self.verdict
        repetitions = self.repetitions(verdict.due)
        values = {"done": verdict.blocks, "repetitions": repetitions}
        if verdict.blocks < 2:
            return self.say("said-unfinished", **values)
        return self.say("said-unfinished-so-far", range=self.range(), **values)

    def range(self) -> str:
        """Where the effect may lie."""
        effect, (low, high) = self.as_measured(self.verdict.adjusted_interval)
        if high - low > self.widest():
            return self.say("range-nothing")
        if self.kind.statement == "trend":
            return self.say("range-trend", fact=self.trend(effect, (low, high)))
        ahead, behind = self.sides
        values = {"ahead": ahead, "behind": behind, "measure": self.measure}
        if self.scale.logarithmic:
            more, less = self.more_and_less(ahead, behind)
            first, last = self.ends((low, high))
            code = f"range-{self.scale.message}"
            return self.say(code, more=more, less=less, low=first, high=last, **values)
        if low < 0 < high:
            below, above = self.amount(-low), self.amount(high)
            return self.say("range-around", low=below, high=above, **values)
        if low >= 0:
            first, last = self.ends((low, high))
            return self.say("range-ahead", low=first, high=last, **values)
        first, last = self.ends((-high, -low))
        return self.say("range-behind", low=first, high=last, **values)

    def widest(self) -> float:
        """The width from which an interval says nothing."""
        if self.scale.logarithmic:
            return WIDEST_RATIO
        return WIDEST_SHARE if self.verdict.is_share else math.inf

    def remedy(self) -> str:
        """How many blocks a decision would need, if there are enough to estimate it."""
        verdict = self.verdict
        needed, cautious = verdict.blocks_to_settle, verdict.blocks_to_settle_cautious
        if verdict.blocks < CONFIRMATORY:
            return self.say("remedy-more", least=CONFIRMATORY)
        if needed is None:
            return self.say(
                "remedy-reference" if verdict.reference_se else "remedy-data"
            )
        repetitions = self.repetitions(needed)
        if self.kind.hypothesis == "no_worse":
            return self.say("remedy-as-seen", repetitions=repetitions)
        if not cautious:
            return self.say("remedy-blocks", repetitions=repetitions)
        return self.say(
            "remedy-blocks-cautious", repetitions=repetitions, cautious=cautious
        )

    def repetitions(self, count: int) -> str:
        return self.say("repetitions", count=count)


# ---------------------------------------------------------------------------- messages


@dataclass(frozen=True)
class _Values:
    """Writes the values of messages, by what their names begin with: see Message."""

    task: str
    labels: Labels
    verdict: ClaimVerdict | None = None

    def written(self, message: Message) -> str:
        values = {
            name: self._value(name, value) for name, value in message.values.items()
        }
        axis = self.labels.axis(self.task)
        return translate(message.code, self.labels.language, axis=axis, **values)

    def _value(self, name: str, value: Any) -> Any:
        if isinstance(value, Message):
            return self.written(value)
        if isinstance(value, tuple):
            comma = translate("comma", self.labels.language)
            return comma.join(self.written(one) for one in value)
        write = _ROLES.get(name.partition("_")[0])
        return write(self, value) if write else value

    def arm(self, name: str) -> str:
        return self.labels.arm(self.task, name)

    def level(self, name: str) -> str:
        return self.labels.level(self.task, name)

    def place(self, name: str) -> str:
        """The level, where the task has others too."""
        several = len(self.labels.manifest.task(self.task).levels) > 1
        if not name or not several:
            return ""
        return translate("place", self.labels.language, level=self.level(name))

    def answer(self, found: Answer) -> str:
        return answer(found, self.labels.language)

    def effect(self, value: float) -> str:
        return self.change(value + self._of.at_least)

    def change(self, value: float) -> str:
        found = amounts(self._of)
        text = self._signed(found.signed(found.shown(value)))
        if not found.slope:
            return text
        return translate("per-doubling", self.labels.language, amount=text)

    def gain(self, value: float) -> str:
        found = amounts(self._of)
        at_a_level = value / PER_DOUBLING if found.slope else value
        return self._signed(found.signed(found.shown(at_a_level)))

    def _signed(self, number: str) -> str:
        points = amounts(self._of).percent
        code = "effect-points" if points else "effect-plain"
        return translate(code, self.labels.language, number=number)

    def margin(self, value: float) -> str:
        return _Sentence(self._of, self.labels).fixed(value)

    def value(self, value: float) -> str:
        share = self._of.is_share
        number = _number(value, share)
        return f"{number} %" if share else number

    def percent(self, share: float) -> str:
        return f"{100 * share:.2g} %"

    def number(self, value: float) -> str:
        return f"{value:,.3g}"

    def p(self, value: float) -> str:
        return probability(value)

    @property
    def _of(self) -> ClaimVerdict:
        assert self.verdict is not None  # only messages of a verdict have effects
        return self.verdict


_ROLES: Mapping[str, Callable[[_Values, Any], str]] = {
    "arm": _Values.arm,
    "level": _Values.level,
    "place": _Values.place,
    "answer": _Values.answer,
    "effect": _Values.effect,
    "change": _Values.change,
    "gain": _Values.gain,
    "margin": _Values.margin,
    "percent": _Values.percent,
    "value": _Values.value,
    "number": _Values.number,
    "p": _Values.p,
}


def _written(message: Message, verdict: ClaimVerdict, labels: Labels) -> str:
    return _Values(verdict.task, labels, verdict).written(message)


def _full_stop(text: str, labels: Labels) -> str:
    capital = text[:1].upper() + text[1:]
    return translate("full-stop", labels.language, text=capital)


def _sentences(said: Iterable[str], language: str) -> str:
    first, *others = said
    for second in others:
        first = translate("two-sentences", language, first=first, second=second)
    return first


def _number(value: float, share: bool) -> str:
    """A number as it was measured: a share in percent with one decimal, else two
    digits.
    """
    shown = 100 * value if share else value
    tenths = share and (abs(shown) >= 0.1 or shown == 0)
    text = f"{shown:.1f}" if tenths else f"{shown:.2g}"
    return text.replace("-", MINUS)

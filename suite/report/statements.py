"""The answer of a verdict as a statement: what was found, how sure that is, and what it
would take to decide what is still open.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from suite.report.effect_text import EffectText
from suite.report.formatting import MINUS, promised_effect
from suite.report.gates import gate_hint, gate_text
from suite.report.labels import Labels
from suite.report.message_text import answer
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.decision import CONFIRMATORY
from suite.verdicts.kinds import ABOVE

# An interval wider than this says nothing: shares span no more, and factors
# hardly ever.
MAX_SHARE_WIDTH = 1.0
MAX_LOG_RATIO_WIDTH = math.log(1000)
# Among n instances without a failure, 3 / n is the 95 % bound on the share
# that fails.
RULE_OF_THREE = 3


def sentence(verdict: ClaimVerdict, labels: Labels) -> str:
    """The answer, its size and how sure it is."""
    return Statement(verdict, labels).text()


@dataclass(frozen=True)
class Statement(EffectText):
    """Writes the statement of one verdict."""

    def text(self) -> str:
        """The whole statement, one or two sentences."""
        verdict = self.verdict
        if not verdict.complete:
            return self._unfinished()
        # A claim that something always holds is not estimated but counted.
        if self.kind.hypothesis == "always" and verdict.reason != "gate":
            return self._always()
        if verdict.verdict == "inconclusive":
            return self._inconclusive()
        decided = self._power_law() if self.is_exponent else self._decided()
        # Without chance, repetitions add nothing; with few blocks a verdict is
        # a first hint.
        if verdict.exact or verdict.blocks >= CONFIRMATORY:
            return decided
        repetitions = self._repetitions(verdict.blocks)
        return self.say(
            "first-hint", repetitions=repetitions, sentence=decided
        )

    # -- decided

    def _decided(self) -> str:
        """Supported, refuted, or no difference that matters."""
        verdict = self.verdict
        if verdict.verdict == "no_difference":
            return self._equal("said-no-difference")
        if verdict.verdict == "refuted":
            # With a promise, "refuted" means less than promised, which need
            # not be the opposite.
            opposite = self.kind.has_opposite and not verdict.at_least
            return self._directed(
                "said-opposite" if opposite else "said-refuted"
            )
        if self.kind.hypothesis == "equivalence":
            return self._equal("said-equal")
        if self.kind.hypothesis == "no_worse":
            return self._no_worse()
        if self.kind.pairwise:
            return self._in_order()
        return self._directed("said-supported")

    def _power_law(self) -> str:
        """The exponent that was found, beside the one that is claimed."""
        verdict = self.verdict
        equal = verdict.verdict == "supported"
        interval = (
            verdict.equivalence_interval
            if equal
            else verdict.adjusted_interval
        )
        return self.say(
            "said-power-law" if equal else "said-no-power-law",
            fact=self.fact(*self.as_measured(interval)),
            claimed=self.amount(promised_effect(verdict)),
            margin=self.amount(verdict.margin),
        )

    def _in_order(self) -> str:
        """The order that was claimed, with the neighbours that are closest."""
        task = self.verdict.task
        arms = [self.labels.arm(task, arm) for arm in self.verdict.order]
        return self.say(
            "said-ranking",
            order=ABOVE.join(arms),
            found=self._found(),
            worth=self._worth(),
        )

    def _directed(self, code: str) -> str:
        """One side is ahead: what was found, and whether it matters."""
        return self.say(code, found=self._found(), worth=self._worth())

    def _found(self) -> str:
        """What was found, how sure that is and how often it was so."""
        verdict = self.verdict
        effect, interval = self.as_measured(verdict.adjusted_interval)
        fact = self.fact(effect, interval)
        if verdict.judged_levels and not self.kind.pairwise:
            fact = self._at_deciding_level(fact)
        if verdict.at_least:
            promised = self.fixed(verdict.at_least)
            fact = self.say("promised", fact=fact, amount=promised)
        if verdict.exact:
            return fact
        return self._with_win_rate(fact, effect)

    def _at_deciding_level(self, fact: str) -> str:
        """The fact, and the level that it is from."""
        verdict = self.verdict
        level = self.labels.level(verdict.task, verdict.level)
        needed = verdict.at_least_levels
        if not needed:
            return self.say("weakest", fact=fact, level=level)
        levels = len(verdict.levels)
        return self.say(
            "weakest-of-needed",
            fact=fact,
            level=level,
            needed=needed,
            levels=levels,
        )

    def _with_win_rate(self, fact: str, effect: float) -> str:
        """The fact, and in how many repetitions it was so."""
        verdict = self.verdict
        # Blocks are counted for the statement that is made: as claimed, or for
        # the arm that is ahead against the claim.
        promises = verdict.at_least != 0
        as_claimed = verdict.verdict == "supported" or promises
        in_favour = effect >= 0 or promises
        rate = verdict.win_rate if in_favour else 1 - verdict.win_rate
        won = rate * verdict.blocks
        return self.say(
            "won-as-claimed" if as_claimed else "won-so",
            fact=fact,
            won=f"{won:g}",
            repetitions=self._repetitions(verdict.blocks),
        )

    def _worth(self) -> str:
        """Whether the effect is larger than the margin."""
        code = "worth-more" if self.verdict.meaningful else "worth-unsure"
        margin = self.fixed(self.verdict.margin)
        one_point = self.say("amount-points", number="1", form="one")
        in_points = self.verdict.is_share and not self.scale.logarithmic
        # Chinese has no plural, but English needs one: a message cannot see
        # how a number is written.
        several_points = in_points and not margin.startswith(one_point)
        form = "points" if several_points else "other"
        return self.say(code, margin=margin, form=form)

    def _no_worse(self) -> str:
        """One side falls behind by less than the margin."""
        verdict = self.verdict
        effect, interval = self.as_measured(verdict.equivalence_interval)
        fact = self.fact(effect, interval)
        margin = self.fixed(verdict.margin)
        return self.say("said-no-worse", fact=fact, margin=margin)

    def _equal(self, code: str) -> str:
        """The two sides differ by less than the margin."""
        verdict = self.verdict
        effect, interval = self.as_measured(verdict.equivalence_interval)
        if self.is_trend or verdict.at_least:
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
        if verdict.at_least_levels and verdict.judged_levels:
            fact = self._at_deciding_level(fact)
        if verdict.negligible:
            # Smaller than the margin and still not zero: "no difference that
            # matters" is not "no difference".
            fact = self.say("real", fact=fact)
        if not verdict.at_least:
            return self.say(code, fact=fact)
        promised = self.fixed(verdict.at_least)
        return self.say(f"{code}-to-promised", fact=fact, amount=promised)

    # -- what holds in every instance

    def _always(self) -> str:
        """How many instances kept to the bound, and how near or far the worst was."""
        verdict = self.verdict
        count = verdict.instances
        if not count:
            repetitions = self._repetitions(verdict.blocks)
            return self.say("said-too-few-blocks", repetitions=repetitions)
        values = {
            "fact": self._bound(),
            "worst": self._worst(),
            "count": count,
        }
        if verdict.counterexamples:
            against = verdict.counterexamples
            return self.say("said-not-always", against=against, **values)
        share = min(1.0, RULE_OF_THREE / count)
        return self.say("said-always", most=f"{100 * share:.2g} %", **values)

    def _bound(self) -> str:
        """What is claimed to hold in every instance."""
        verdict = self.verdict
        return self.say(
            self._bound_code(),
            measured=self._bounded_quantity(),
            low=self._exactly_recorded(verdict.lower_bound or 0.0),
            high=self._exactly_recorded(verdict.upper_bound or 0.0),
            equal=self._exactly_recorded(verdict.equal_to or 0.0),
            tolerance=self._exactly_recorded(verdict.tolerance),
        )

    def _bound_code(self) -> str:
        """Which kind of bound is claimed."""
        verdict = self.verdict
        if verdict.equal_to is not None:
            return "bound-equal"
        if verdict.lower_bound is None:
            return "bound-upper"
        if verdict.upper_bound is None:
            return "bound-lower"
        return "bound-between"

    def _bounded_quantity(self) -> str:
        """A metric of one arm, or the difference between two."""
        ahead, behind = self.sides
        _, second = self.verdict.sides
        measure = self.measure
        if not second.arms:
            return self.say("measure-of", measure=measure, arm=ahead)
        return self.say(
            "measure-above", measure=measure, ahead=ahead, behind=behind
        )

    def _worst(self) -> str:
        """How far the worst instance was from the bound."""
        verdict = self.verdict
        if verdict.equal_to is not None:
            # The effect is the distance that the worst instance kept from the
            # end of the tolerance.
            deviation = verdict.tolerance - verdict.effect
            amount = self._exactly_recorded(deviation)
            return self.say("worst-deviation", amount=amount)
        code = "worst-inside" if verdict.effect >= 0 else "worst-beyond"
        amount = self._exactly_recorded(abs(verdict.effect))
        return self.say(code, amount=amount)

    def _exactly_recorded(self, value: float) -> str:
        """A number as it was recorded: facts are not rounded to tenths of a point."""
        text = (
            f"{100 * value:.4g} %" if self.verdict.is_share else f"{value:.4g}"
        )
        return text.replace("-", MINUS)

    # -- open

    def _inconclusive(self) -> str:
        """Why the claim is not decided."""
        verdict = self.verdict
        if verdict.reason == "gate":
            return self._stopped_by_gate()
        if verdict.reason == "too_few_blocks":
            repetitions = self._repetitions(verdict.blocks)
            return self.say("said-too-few-blocks", repetitions=repetitions)
        if verdict.reason == "no_spread":
            return self.say("said-no-spread")
        if verdict.reason == "instances_disagree":
            return self.say("said-instances-disagree")
        if verdict.reason == "levels_disagree":
            pairwise = self.kind.pairwise
            return self.say(
                "said-pairs-disagree" if pairwise else "said-levels-disagree",
                answers=self._answers_by_level(),
            )
        return self.say(
            "said-open", range=self._range(), remedy=self._remedy()
        )

    def _stopped_by_gate(self) -> str:
        """A gate failed: what it found, what to do, and the answer without it."""
        verdict = self.verdict
        first = verdict.failed_gates[0]
        seen = gate_text(first, verdict, self.labels)
        hint = gate_hint(first, self.labels.language)
        if verdict.would_be in (None, "inconclusive"):
            return self.say("said-gate", seen=seen, hint=hint)
        would_be = answer(verdict.would_be, self.labels.language)
        return self.say(
            "said-gate-otherwise", seen=seen, hint=hint, answer=would_be
        )

    def _answers_by_level(self) -> str:
        """``supported at 2 layers, refuted at 8 layers``."""
        answers = []
        for row in self.verdict.judged_levels:
            found = answer(row["verdict"], self.labels.language)
            level = self.labels.level(self.verdict.task, row["level"])
            # "at" a level, and "for" a pair of arms
            code = "answer-at-level"
            if self.kind.pairwise:
                code = "answer-for-pair"
            answers.append(self.say(code, answer=found, level=level))
        return self.say("comma").join(answers)

    def _unfinished(self) -> str:
        """How many blocks are in, and what they show so far."""
        verdict = self.verdict
        done = verdict.blocks
        due = self._repetitions(verdict.due)
        # One block has no interval.
        if done < 2:
            return self.say("said-unfinished", done=done, repetitions=due)
        return self.say(
            "said-unfinished-so-far",
            done=done,
            repetitions=due,
            range=self._range(),
        )

    def _range(self) -> str:
        """Where the effect may lie."""
        effect, (low, high) = self.as_measured(self.verdict.adjusted_interval)
        if high - low > self._max_width():
            return self.say("range-nothing")
        if self.is_exponent:
            return self.say(
                "range-power-law", low=self.amount(low), high=self.amount(high)
            )
        if self.is_trend:
            return self.say(
                "range-trend", fact=self.trend(effect, (low, high))
            )
        if self.scale.logarithmic:
            return self._range_of_ratio(low, high)
        # Both arms may be ahead, so both amounts are told; otherwise the one
        # that is.
        if low < 0 < high:
            return self._range_between(
                "range-around", self.amount(-low), self.amount(high)
            )
        if low >= 0:
            return self._range_between("range-ahead", *self.ends((low, high)))
        return self._range_between("range-behind", *self.ends((-high, -low)))

    def _range_between(self, code: str, low: str, high: str) -> str:
        """A range of differences, which has a unit and a measure."""
        ahead, behind = self.sides
        return self.say(
            code,
            ahead=ahead,
            behind=behind,
            measure=self.measure,
            low=low,
            high=high,
        )

    def _range_of_ratio(self, low: float, high: float) -> str:
        """A range of factors between the two sides."""
        more, less = self.more_and_less(*self.sides)
        smallest, largest = self.ends((low, high))
        return self.say(
            f"range-{self.scale.message}",
            more=more,
            less=less,
            measure=self.measure,
            low=smallest,
            high=largest,
        )

    def _max_width(self) -> float:
        """The width beyond which an interval says nothing."""
        if self.scale.logarithmic:
            return MAX_LOG_RATIO_WIDTH
        if self.is_share:
            return MAX_SHARE_WIDTH
        return math.inf

    def _remedy(self) -> str:
        """How many blocks a decision would need, if there are enough to estimate it."""
        verdict = self.verdict
        needed = verdict.blocks_to_settle
        cautious = verdict.blocks_to_settle_cautious
        if verdict.blocks < CONFIRMATORY:
            return self.say("remedy-more", least=CONFIRMATORY)
        if needed is None:
            # The uncertainty of a published figure stays however many blocks
            # are run.
            by_reference = verdict.reference_se > 0
            return self.say(
                "remedy-reference" if by_reference else "remedy-data"
            )
        repetitions = self._repetitions(needed)
        if self.kind.hypothesis == "no_worse":
            return self.say("remedy-as-seen", repetitions=repetitions)
        if not cautious:
            return self.say("remedy-blocks", repetitions=repetitions)
        return self.say(
            "remedy-blocks-cautious",
            repetitions=repetitions,
            cautious=cautious,
        )

    def _repetitions(self, count: int) -> str:
        """``1 repetition``, ``5 repetitions``."""
        return self.say("repetitions", count=count)

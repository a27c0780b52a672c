"""A claim in all of its universes: where it holds, and where it does not.

Each universe has a verdict of its own; a claim's universes are one Holm family, apart
from the task's other claims, and exploratory. ``rules`` puts what they have in common
into conditions: a claim that holds with one optimiser alone is found by that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.decision import Answer
from tasks.contract.universe import Value, base_of, is_universe, values_of

MOST_CONDITIONS = 3  # of one rule: more are no summary
PURE = 0.75  # the least share of a rule's universes that have its answer
FEWEST = 2  # universes that make a rule
OPEN = "inconclusive"
Values = Mapping[str, Value]


@dataclass(frozen=True)
class Universe:
    """A claim under some conditions, and its verdict."""

    values: Values
    """The value of each condition that is varied, by its name."""

    verdict: ClaimVerdict
    """The verdict on the claim under them."""

    def has(self, values: Values) -> bool:
        """Whether all of these conditions are met."""
        # Tables [[vary]] of one claim need not vary the same conditions: one
        # that a universe leaves as its task has it is not met, as nobody has
        # set it.
        return all(
            self.values.get(name) == value for name, value in values.items()
        )


@dataclass(frozen=True)
class Rule:
    """Conditions under which a claim has one answer: a universe that meets them either
    has it or is open, and none has another one.
    """

    values: Values
    """The value of each condition, by its name; empty if the answer is general."""

    agreeing: int
    """How many of the universes that meet them have the answer."""

    universes: int
    """How many universes meet them."""


@dataclass(frozen=True)
class Multiverse:
    """A claim's universes, from the smallest effect to the largest."""

    task: str
    """The name of the task."""

    claim: str
    """The name of the claim, without conditions."""

    universes: tuple[Universe, ...]
    """The claim under each combination of conditions."""

    @property
    def conditions(self) -> dict[str, list[Value]]:
        """What is varied: the values of each condition that has several."""
        found: dict[str, list[Value]] = {}
        for one in self._as_planned:
            for name, value in one.values.items():
                known = found.setdefault(name, [])
                if value not in known:
                    known.append(value)
        return {
            name: sorted(values, key=_in_order)
            for name, values in found.items()
            if len(values) > 1
        }

    @property
    def _as_planned(self) -> list[Universe]:
        """The universes by name, so that conditions do not follow the effects."""
        return sorted(self.universes, key=lambda one: one.verdict.claim)

    def count(self, answer: Answer) -> int:
        """In how many universes that is the answer."""
        return sum(one.verdict.verdict == answer for one in self.universes)

    def rules(self, answer: Answer) -> list[Rule]:
        """The fewest conditions that most of the universes with this answer meet, and
        none with another one; the rule with most universes first.
        """
        # A greedy set cover: each rule explains most of what is left.
        left = [one for one in self.universes if one.verdict.verdict == answer]
        candidates = [*self._candidates(answer)]
        found = []
        while left and candidates:
            best = max(candidates, key=lambda rule: self._worth(rule, left))
            covered = [one for one in left if one.has(best.values)]
            if len(covered) < FEWEST:
                break
            found.append(best)
            left = [one for one in left if not one.has(best.values)]
        return found

    def _candidates(self, answer: Answer) -> Iterator[Rule]:
        """The rules that hold for an answer, those with fewest conditions
        first.
        """
        # From no condition at all, "it holds everywhere", to several.
        for size in range(min(MOST_CONDITIONS, len(self.conditions)) + 1):
            for names in combinations(self.conditions, size):
                choices = [self.conditions[name] for name in names]
                for values in product(*choices):
                    rule = self._rule(
                        dict(zip(names, values, strict=True)), answer
                    )
                    if rule is not None:
                        yield rule

    def _rule(self, values: Values, answer: Answer) -> Rule | None:
        """The rule that universes with these values have this answer; None
        where one has the opposite answer, too few agree, or there is no such
        universe.
        """
        met = [
            one.verdict.verdict for one in self.universes if one.has(values)
        ]
        agreeing = met.count(answer)
        # An open universe weakens a rule; an opposite one refutes it.
        contradicted = any(found not in (answer, OPEN) for found in met)
        if contradicted or not met or agreeing < PURE * len(met):
            return None
        return Rule(values, agreeing, len(met))

    def _worth(
        self, rule: Rule, left: Sequence[Universe]
    ) -> tuple[int, float, int]:
        """How many universes it explains, how purely, with how few conditions."""
        covered = sum(one.has(rule.values) for one in left)
        return covered, rule.agreeing / rule.universes, -len(rule.values)


def multiverses(verdicts: Iterable[ClaimVerdict]) -> list[Multiverse]:
    """The claims of a campaign that were judged in several universes."""
    groups: dict[tuple[str, str], list[ClaimVerdict]] = {}
    for verdict in verdicts:
        if is_universe(verdict.claim):
            groups.setdefault(
                (verdict.task, base_of(verdict.claim)), []
            ).append(verdict)
    return [
        Multiverse(
            task, claim, tuple(sorted(map(_universe, found), key=_effect))
        )
        for (task, claim), found in groups.items()
    ]


def _in_order(value: Value) -> tuple[bool, float, str]:
    """Numbers by size, then texts by name."""
    is_text = isinstance(value, str)
    return is_text, 0.0 if isinstance(value, str) else float(value), str(value)


def _universe(verdict: ClaimVerdict) -> Universe:
    return Universe(values_of(verdict.claim), verdict)


def _effect(universe: Universe) -> float:
    """Those without an effect come first."""
    effect = universe.verdict.effect
    # unequal to itself: NaN, which would leave the order undefined
    return effect if effect == effect else float("-inf")

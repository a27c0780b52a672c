"""A falsifiable statement, fixed before the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from tasks.contract.checks import FieldChecks, is_finite, is_whole, plain
from tasks.contract.errors import UserError

OUR_KINDS = frozenset(
    {
        "difference",
        "equal",
        "no_worse",
        "partial_conjunction",
        "power_law",
        "always",
        "contrast",
        "interaction",
        "ranking",
        "threshold",
    }
)
# Names that are known: suite.verdicts.kinds and suite.verdicts.scales add to them what
# is registered there.
KINDS: set[str] = set(OUR_KINDS)
SCALES: set[str] = {"points", "log_error", "log_ratio"}


CELL = "@"  # separates an arm and a level, whose names cannot contain it
BOUNDS = ("lower_bound", "upper_bound", "equal_to")


@dataclass(frozen=True)
class Claim:
    """A falsifiable statement, fixed before the run and hashed into the campaign.

    The effect is always measured in the claim's direction, so that a positive one
    supports it. What is measured depends on the kind:

    ``difference``
        ``better`` beats ``worse`` at each level named, by at least ``at_least``.
    ``equal``
        ``better`` and ``worse`` differ by less than ``margin``.
    ``no_worse``
        ``better`` falls short of ``worse``, or of ``reference``, by less than
        ``margin``: "reaches", "costs at most", "as fast within a factor of 1.5"
        (``scale="log_ratio", margin=math.log(1.5)``).
    ``partial_conjunction``
        ``better`` beats ``worse`` at ``at_least_levels`` of the levels or more,
        whichever these are.
    ``power_law``
        The metric of ``better`` goes as the levels' ``x`` to the power ``exponent``,
        give or take ``margin``: the slope of log metric over log x.
    ``always``
        The metric of ``better``, or with ``worse`` how far it is above that arm's,
        keeps within ``lower_bound`` and ``upper_bound`` or is ``equal_to`` a number, up
        to ``tolerance``, in every block at every level: a fact, which one
        counterexample refutes.
    ``contrast``
        The sum of ``weights[arm] * metric`` is above 0.
    ``interaction``
        The paired gap better - worse grows along the levels' ``x``, by at least
        ``at_least``: with ``scale="log_error"`` the log ratio of the errors per e-fold
        of x, with ``"points"`` the gap itself.
    ``ranking``
        Each arm of ``order`` beats the one after it, at one level. Which arms tie, and
        between which places each lies, is told whatever the answer.
    ``threshold``
        ``better`` reaches ``reference``.

    Raises UserError for a claim that could not be decided whatever is measured.
    """

    name: str
    """Letters, digits, ``_``, ``-`` and ``.``; unique in its task."""

    says: str
    """The statement, as a sentence."""

    metric: str
    """One of the procedure's measures, then meant on the sealed test set, or any
    recorded metric, such as ``seconds_per_epoch`` or ``train.accuracy``.
    """

    better: str = ""
    """The arm that the claim favours."""

    worse: str = ""
    """The arm that it is compared with."""

    levels: tuple[str, ...] = ()
    """The levels at which it must hold, each of them; empty means all that run."""

    margin: float = 0.01
    """The smallest difference that matters, in the metric's own unit: accuracy runs
    from 0 to 1.
    """

    kind: str = "difference"
    """What is measured: see above."""

    at_least: float = 0.0
    """Of difference and interaction: the effect must exceed this. A negative value
    allows for a loss of that size (non-inferiority).
    """

    at_least_levels: int = 0
    """Of partial_conjunction: at how many of the levels it must hold."""

    exponent: float | None = None
    """Of power_law: the slope of log metric over log x, below 0 where it falls."""

    weights: Mapping[str, float] = field(default_factory=dict)
    """Of contrast: the weight of each arm's metric, at every level. An arm at one level
    is ``"arm@level"`` or ``("arm", "level")``; then the claim is about all of them
    together.
    """

    order: tuple[str, ...] = ()
    """Of ranking: the arms, the best first."""

    scale: str = "points"
    """The metric's own unit, the log of the ratio of errors (1 - accuracy), or the log
    of the ratio of metrics.
    """

    reference: float | None = None
    """Of threshold and no_worse: the value to reach, in the metric's own unit."""

    reference_se: float = 0.0
    """The standard error of ``reference``."""

    lower_bound: float | None = None
    """Of always: the metric is never below this."""

    upper_bound: float | None = None
    """Of always: the metric is never above this."""

    equal_to: float | None = None
    """Of always: the metric is never more than ``tolerance`` away from this."""

    tolerance: float = 0.0
    """Of always: how far rounding may carry the metric beyond its bounds."""

    expected_sd: float | None = None
    """The standard deviation of a block's difference that pilots lead to expect, on the
    claim's scale: with it ``bakeoff plan`` tells before the first campaign whether the
    claim can be decided.
    """

    source: str = ""
    """Who says so, and where."""

    reported: str = ""
    """What the source reports, to stand beside what is measured here."""

    matching_group: str = ""
    """Claims of one group ask the same under different matchings."""

    fixed_budget: bool = False
    """The claim is about what just this much training buys, so that an arm still
    improving at its end is part of the answer rather than a flaw.
    """

    def __post_init__(self) -> None:
        check = FieldChecks(self)
        check.name(more=", ")
        check.text("says", "the statement, as a sentence")
        check.text("metric", "a measure's name", empty=False)
        for name in (
            "better",
            "worse",
            "source",
            "reported",
            "matching_group",
        ):
            check.text(name)
        check.names("levels")
        check.names("order")
        check.choice("kind", sorted(KINDS))
        check.choice("scale", sorted(SCALES))
        check.number(
            "margin", 0, advice="the smallest difference that matters"
        )
        check.number("at_least", advice="what the effect must exceed")
        check.number(
            "reference_se", 0, advice="the standard error of the reference"
        )
        check.flag("fixed_budget")
        if self.expected_sd is not None:
            check.number("expected_sd", above=0, advice="what pilots found")
        # Weights come first: those of cells set the levels, which later checks
        # read.
        self._check_weights(check)
        self._check_bounds(check)
        self._check_kind(check)
        self._make_floats(check)

    def _make_floats(self, check: FieldChecks) -> None:
        """Hold numbers as a manifest does: 1 and 1.0 are the same claim."""
        weights = {key: float(weight) for key, weight in self.weights.items()}
        check.replace("weights", weights)
        for each in fields(self):
            value = getattr(self, each.name)
            # A count stays whole, and True is an int, too.
            whole = each.name == "at_least_levels" or isinstance(value, bool)
            if isinstance(value, int) and not whole:
                check.replace(each.name, float(value))

    def _check_weights(self, check: FieldChecks) -> None:
        if isinstance(self.weights, Mapping):
            weights = {
                _cell(key): weight for key, weight in self.weights.items()
            }
            check.replace("weights", weights)
        check.mapping("weights", "give a weight for each arm, by its name")
        weights = {key: plain(weight) for key, weight in self.weights.items()}
        check.replace("weights", weights)
        of_cells = [CELL in arm for arm in weights]
        if any(of_cells):
            if not all(of_cells):
                raise check.error(
                    "weights", "name a level with each arm, or with none"
                )
            self._check_levels_of_weights(check)
        if not all(is_finite(weight) for weight in weights.values()):
            raise check.error("weights", "give a number for each arm")

    def _check_levels_of_weights(self, check: FieldChecks) -> None:
        found = dict.fromkeys(level for _, level in self.weights_of_cells)
        if self.levels and set(self.levels) != set(found):
            raise check.error("levels", f"the weights name {', '.join(found)}")
        # So that whoever asks for a claim's levels need not look into its
        # weights.
        check.replace("levels", tuple(found))

    def _check_bounds(self, check: FieldChecks) -> None:
        check.number(
            "tolerance", 0, advice="how far rounding may carry the metric"
        )
        given = [name for name in BOUNDS if check.given(name)]
        for name in given:
            check.number(name, advice="what the metric keeps to")
        if self.kind != "always":
            if given or self.tolerance:
                name = (*given, "tolerance")[0]
                raise check.error(
                    name, f"only always has bounds, not {self.kind}"
                )
            return
        if not given:
            raise UserError(
                f"Claim({self.name!r}, kind='always'): say what the metric keeps to: "
                "lower_bound, upper_bound or equal_to."
            )
        if self.equal_to is not None and len(given) > 1:
            raise check.error(
                "equal_to", "that is a bound on both sides: leave out others"
            )
        low, high = self.lower_bound, self.upper_bound
        if low is not None and high is not None and low > high:
            raise check.error(
                "lower_bound", f"it lies above upper_bound={high}"
            )

    def _check_kind(self, check: FieldChecks) -> None:
        # Kinds are registered in suite.verdicts.kinds, which this package must
        # not import.
        if self.kind not in OUR_KINDS:  # it has a check of its own
            return
        self._check_at_least_levels(check)
        self._check_exponent(check)
        if self.kind != "ranking" and self.order:
            raise check.error(
                "order", f"only a ranking has an order, not {self.kind}"
            )
        if self.kind == "contrast":
            self._check_contrast(check)
            return
        if self.weights:
            raise check.error(
                "weights", f"only a contrast has weights, not {self.kind}"
            )
        if self.kind == "ranking":
            self._check_ranking(check)
            return
        self._check_arms(check)
        if self.kind == "threshold":
            self._check_threshold(check)
        elif self.kind == "no_worse":
            self._check_no_worse(check)
        elif self.kind == "always" and self.at_least:
            raise check.error(
                "at_least", "an always claim has lower_bound for that"
            )
        elif self.reference is not None:
            raise check.error(
                "reference",
                f"only threshold and no_worse have a reference, not {self.kind}",
            )

    def _check_at_least_levels(self, check: FieldChecks) -> None:
        if self.kind == "partial_conjunction":
            check.whole(
                "at_least_levels", 1, "at how many levels it must hold"
            )
            if self.levels and self.at_least_levels > len(self.levels):
                most = len(self.levels)
                raise check.error(
                    "at_least_levels", f"it names {most}: give 1 to that"
                )
        elif not is_whole(self.at_least_levels) or self.at_least_levels != 0:
            raise check.error(
                "at_least_levels",
                f"only a partial_conjunction has it, not {self.kind}: leave it out",
            )

    def _check_exponent(self, check: FieldChecks) -> None:
        if self.kind != "power_law":
            if self.exponent is not None:
                raise check.error(
                    "exponent", f"only a power_law has one, not {self.kind}"
                )
            return
        check.number(
            "exponent", advice="the power of x that the metric goes as"
        )
        if self.at_least:
            raise check.error(
                "at_least", "a power law has an exponent and a margin"
            )
        if self.scale != "points":
            raise check.error(
                "scale", "a power law takes logarithms by itself: leave it out"
            )

    def _check_contrast(self, check: FieldChecks) -> None:
        if self.better or self.worse:
            raise UserError(
                f"Claim({self.name!r}, kind='contrast'): name its arms in weights, and "
                "leave out better and worse."
            )
        if not any(self.weights.values()):
            raise check.error(
                "weights",
                "a contrast needs the weight of each arm, such as {'a': 1, 'b': -1}",
            )

    def _check_ranking(self, check: FieldChecks) -> None:
        if len(self.order) < 2:
            raise check.error(
                "order", "a ranking needs two arms or more, the best first"
            )
        if len(self.levels) > 1:
            raise check.error(
                "levels", "a ranking is about one level: write one for each"
            )
        if len(set(self.order)) < len(self.order):
            raise check.error("order", "name each arm once")
        for name in ("better", "worse", "reference", "reference_se"):
            if getattr(self, name):
                raise check.error(
                    name, "a ranking is about the arms in order: leave it out"
                )
        if self.at_least:
            raise check.error(
                "at_least", "a ranking has a margin for that: leave it out"
            )

    def _check_arms(self, check: FieldChecks) -> None:
        if not self.better:
            raise check.error(
                "better", f"name the arm that the {self.kind} is about"
            )
        if self.kind in ("threshold", "power_law"):
            if self.worse:
                raise check.error(
                    "worse", f"a {self.kind} is about one arm: leave it out"
                )
        elif self.kind == "no_worse" and self.reference is not None:
            if self.worse:
                raise check.error(
                    "worse",
                    "there is a reference to compare with: leave one out",
                )
        elif not self.worse:
            if self.kind == "always":
                return
            raise check.error(
                "worse", f"name the arm to compare {self.better!r} with"
            )
        elif self.better == self.worse:
            raise check.error(
                "worse", "better is the same arm: name another one"
            )

    def _check_no_worse(self, check: FieldChecks) -> None:
        if self.at_least:
            raise check.error(
                "at_least",
                "what a no_worse claim allows for is its margin: leave it out",
            )
        if self.reference is not None:
            check.number("reference", advice="the value to reach")
        elif self.reference_se:
            raise check.error(
                "reference_se", "there is no reference: leave it out"
            )

    def _check_threshold(self, check: FieldChecks) -> None:
        if self.reference is None:
            raise check.error(
                "reference", "a threshold needs the value to reach"
            )
        check.number("reference", advice="the value to reach")

    @property
    def weights_of_cells(self) -> dict[tuple[str, str], float]:
        """The weight of each (arm, level); empty if weights are those of arms."""
        found = {}
        for key, weight in self.weights.items():
            arm, at, level = key.partition(CELL)
            if at:
                found[arm, level] = weight
        return found

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms whose results decide the claim."""
        named = tuple(arm for arm in (self.better, self.worse) if arm)
        weighted = dict.fromkeys(
            key.partition(CELL)[0] for key in self.weights
        )
        return self.order or tuple(weighted) or named


def _cell(key: Any) -> Any:
    """``arm@level`` for a pair of names; anything else unchanged."""
    if isinstance(key, tuple) and len(key) == 2:
        return CELL.join(map(str, key))
    return key

"""Verdicts in plain English, for someone who never took statistics: no p-values, no
Greek, no "significant".
"""

from __future__ import annotations

import math

from suite.report import formatting
from suite.report.formatting import PER_DOUBLING, within_sentence
from suite.verdicts.case import Case
from suite.verdicts.decision import CONFIRMATORY, Answer, Verdict
from suite.verdicts.statistics import Crossover, Interval

ANSWERS: dict[Answer, str] = {
    "supported": "supported",
    "refuted": "refuted",
    "no_difference": "no difference that matters",
    "inconclusive": "inconclusive",
}


def sentence(case: Case, verdict: Verdict, complete: bool = True) -> str:
    """The answer, its size and how sure it is."""
    if not complete:
        return _unfinished(case, verdict)
    starting = (
        ""
        if verdict.label == "confirmatory"
        else f"A first hint, from {_repetitions(verdict.blocks)} only. "
    )
    match verdict.verdict:
        case "inconclusive":
            return _open(case, verdict)
        case "no_difference":
            return starting + _equal(case, verdict, "No difference that matters")
        case "supported" if case.claim.kind == "equal":
            return starting + _equal(case, verdict, "Yes, they are as good as equal")
        case "supported":
            return f"{starting}Yes: {_found(case, verdict)}. {_worth(case, verdict)}"
        case "refuted":
            return f"{starting}{_no(case)}: {_found(case, verdict)}. {_worth(case, verdict)}"


def population(kinds: set[str]) -> str:
    """Which data a verdict speaks for, and which it does not, from how the blocks came
    by theirs.
    """
    if len(kinds) != 1:
        return (
            "Which data this speaks for is not on record yet."
            if not kinds
            else "Its repetitions drew data unalike."
        )
    return {
        "fresh": "Speaks for new data from the same source: every repetition drew its own.",
        "resplit": "Speaks for new data like these: every repetition split the same examples anew, and the interval is "
        "wider for that, because repetitions share examples.",
        "official": "Speaks for this one test set, which all repetitions share, and not for new test examples.",
    }[kinds.pop()]


def crossing(case: Case, found: Crossover) -> str:
    """Where the gap changes sign, if that can be said."""
    axis = case.about.get("axis") or "the axis"
    if found.state == "not located":
        return f"Where the two are level cannot be located on {axis}."
    if found.state == "beyond the range studied":
        return f"The two would be level beyond the range of {axis} studied."
    return f"The two are level at {found.at:,.3g} on {axis} (likely between {found.low:,.3g} and {found.high:,.3g})."


def amount(case: Case, value: float) -> str:
    """A difference on the claim's scale with its unit: ``3.2 points``, ``0.12``, ``1.35
    times``.
    """
    if case.claim.scale != "points":
        return f"{math.exp(value):.3g} times"
    return (
        f"{_number(case, value)} points"
        if case.metric.percent
        else _number(case, value)
    )


def fixed(case: Case, value: float) -> str:
    """An amount that was fixed beforehand, a margin or a promise, which is exact: ``1
    point``, ``2.5 points``.
    """
    if case.claim.scale != "points" or not case.metric.percent:
        return amount(case, value)
    return formatting.fixed(value, case.metric.percent, case.claim.scale)


def names(case: Case) -> tuple[str, str]:
    """The two that are compared, as people read them: who is to be ahead, and of what
    or whom.
    """
    claim = case.claim
    if claim.kind == "contrast":
        sides = (
            [arm for arm, weight in claim.weights.items() if weight * sign > 0]
            for sign in (1, -1)
        )
        ahead, behind = (
            " and ".join(case.label(arm) for arm in side) for side in sides
        )
        return ahead, behind
    if claim.kind == "threshold":
        return case.label(
            claim.better
        ), f"the published {_number(case, claim.reference or 0.0)}"
    return case.label(claim.better), case.label(claim.worse)


# ------------------------------------------------------------------------- the answers


def _found(case: Case, verdict: Verdict) -> str:
    """What was seen, how sure that is and how often it was so."""
    effect, interval = _on_claims_scale(case, verdict.effect, verdict.adjusted_interval)
    often = (
        verdict.win_rate if effect >= 0 or case.claim.at_least else 1 - verdict.win_rate
    )
    won = f"{often * verdict.blocks:g} of {_repetitions(verdict.blocks)}"
    place = (
        f" at {case.level_label(verdict.sample.level)}, where it is weakest"
        if verdict.by_level
        else ""
    )
    promised = (
        f", where at least {fixed(case, case.claim.at_least)} were claimed"
        if case.claim.at_least
        else ""
    )
    agreed = (
        "as claimed" if verdict.verdict == "supported" or case.claim.at_least else "so"
    )
    return f"{_fact(case, effect, interval)}{place}{promised}; it was {agreed} in {won}"


def _fact(case: Case, effect: float, interval: Interval) -> str:
    """The effect as a statement about the two arms, whichever is ahead."""
    claim = case.claim
    if claim.kind == "interaction":
        return _trend(case, effect, interval)
    ahead, behind = names(case)
    if effect < 0:
        ahead, behind, effect, interval = (
            behind,
            ahead,
            -effect,
            (-interval[1], -interval[0]),
        )
    sure = _likely(case, interval)
    if claim.scale == "log_error":
        return f"{behind} made {amount(case, effect)} as many errors as {ahead} {sure}"
    if claim.scale == "log_ratio":
        more, less = _more_and_less(case, ahead, behind)
        return (
            f"{more} had {amount(case, effect)} the {_measure(case)} of {less} {sure}"
        )
    return f"{ahead} was ahead of {behind} by {amount(case, effect)} in {_measure(case)} {sure}"


def _trend(case: Case, slope: float, interval: Interval) -> str:
    """A slope per e-fold, told per doubling, which people can picture."""
    axis = case.about.get("axis") or "the axis"
    ahead, behind = names(case)
    step, low, high = (PER_DOUBLING * value for value in (slope, *interval))
    if case.claim.scale == "points":
        moved, sure = (
            amount(case, abs(step)),
            _likely(case, (low, high) if step >= 0 else (-high, -low)),
        )
        direction = "gains on" if step >= 0 else "loses ground to"
        return f"with each doubling of {axis}, {ahead} {direction} {behind} by {moved} in {_measure(case)} {sure}"
    what = "errors" if case.claim.scale == "log_error" else _measure(case)
    more, less = _more_and_less(case, ahead, behind)
    return (
        f"with each doubling of {axis}, the {what} of {more} relative to {less} become "
        f"{amount(case, step)} what they were {_likely(case, (low, high))}"
    )


def _worth(case: Case, verdict: Verdict) -> str:
    trend = case.claim.kind == "interaction"
    margin = fixed(case, verdict.margin * (PER_DOUBLING if trend else 1)) + (
        " per doubling" if trend else ""
    )
    enough = f"the {margin} that {'matter' if 'points' in margin else 'matters'}"
    if verdict.meaningful:
        return f"That is more than {enough}, even at the cautious end."
    return f"Whether that is more than {enough} is not certain."


def _equal(case: Case, verdict: Verdict, starting: str) -> str:
    effect, interval = verdict.effect, verdict.equivalence_interval
    if case.claim.kind == "interaction":
        said = f"{starting}: {_trend(case, effect, interval)}"
    elif case.claim.at_least:
        raw, around = _on_claims_scale(case, effect, interval)
        said = f"{starting} from the {fixed(case, case.claim.at_least)} claimed: {_fact(case, raw, around)}"
    else:
        ahead, behind = names(case)
        within = f"{ahead} and {behind} differ by less than {fixed(case, verdict.margin)} in {_measure(case)}"
        said = f"{starting}: {within} {_likely(case, interval)}"
    return said + ("; the small difference is real" if verdict.negligible else "") + "."


def _open(case: Case, verdict: Verdict) -> str:
    failed = [gate for gate in verdict.gates if gate.failed]
    if verdict.reason == "gate":
        decided = verdict.would_be not in (None, "inconclusive")
        would = (
            f" Without that, the answer would be: {ANSWERS[verdict.answer]}."
            if decided
            else ""
        )
        return f"This comparison cannot be judged as it stands. {failed[0].says} {failed[0].hint}{would}"
    if verdict.reason == "too few blocks":
        return f"Not settled: {_repetitions(verdict.blocks)} cannot show how much results vary by chance."
    if verdict.reason == "no spread":
        return "Not settled: every repetition gave exactly the same difference, so chance cannot be judged."
    if verdict.reason == "levels disagree":
        each = ", ".join(
            f"{ANSWERS[one.answer]} at {case.level_label(one.sample.level)}"
            for one in verdict.by_level
        )
        return f"Not settled as a whole, because levels disagree: {each}."
    return f"Not settled: {_somewhere(case, verdict)}. {_remedy(verdict)}"


def _unfinished(case: Case, verdict: Verdict) -> str:
    start = f"Not finished: {verdict.blocks} of {_repetitions(case.due)} are in"
    return (
        f"{start}. So far {_somewhere(case, verdict)}."
        if verdict.blocks >= 2
        else f"{start}."
    )


def _somewhere(case: Case, verdict: Verdict) -> str:
    ahead, behind = names(case)
    effect, (low, high) = _on_claims_scale(
        case, verdict.effect, verdict.adjusted_interval
    )
    if high - low > _beyond_belief(case):
        return "repetitions differ so much from each other that nothing can be said of them together"
    if case.claim.kind == "interaction":
        return f"the trend may go either way: {_trend(case, effect, (low, high))}"
    if case.claim.scale != "points":
        what = "errors" if case.claim.scale == "log_error" else _measure(case)
        more, less = _more_and_less(case, ahead, behind)
        return f"the {what} of {more} may be anywhere {_ends((math.exp(low), math.exp(high)))} times those of {less}"
    if low < 0 < high:
        ends = f"{amount(case, -low)} behind {behind} to {amount(case, high)} ahead"
        return f"{ahead} may be anywhere from {ends} in {_measure(case)}"
    side, reach = ("ahead of", (low, high)) if low >= 0 else ("behind", (-high, -low))
    return f"{ahead} may be {side} {behind} by anything {_ends(reach, case)} in {_measure(case)}"


def _beyond_belief(case: Case) -> float:
    """The width from which an interval says nothing: all that a share can be, or a
    factor of a thousand.
    """
    if case.claim.scale != "points":
        return math.log(1000)
    return 1.0 if case.metric.percent else math.inf


def _remedy(verdict: Verdict) -> str:
    """How many repetitions it takes, where there are enough to tell."""
    needed, cautious = verdict.blocks_to_settle, verdict.blocks_to_settle_cautious
    if verdict.label == "exploratory":
        return f"It takes more repetitions, {CONFIRMATORY} at the least."
    if needed is None and verdict.sample.reference_se:
        return "No number of repetitions would settle it, because the published figure is itself too uncertain."
    if needed is None:
        return "More repetitions would not settle it: more data would."
    more = (
        f", or {cautious:,} if results vary more than they seem to" if cautious else ""
    )
    return f"At most about {_repetitions(needed)} would settle it{more}."


def _no(case: Case) -> str:
    return (
        "No"
        if case.claim.at_least or case.claim.kind in ("equal", "threshold")
        else "No, rather the opposite"
    )


# ------------------------------------------------------------------------- small words


def _more_and_less(case: Case, ahead: str, behind: str) -> tuple[str, str]:
    """Which of the two has the larger number, on a logarithmic scale, where ``ahead``
    is ahead.
    """
    higher = case.claim.scale == "log_ratio" and case.metric.better == "higher"
    return (ahead, behind) if higher else (behind, ahead)


def _measure(case: Case) -> str:
    return within_sentence(case.metric.label)


def _on_claims_scale(
    case: Case, effect: float, interval: Interval
) -> tuple[float, Interval]:
    """Effect and interval with what the claim promises put back: what people would
    measure themselves.
    """
    promised = case.claim.at_least
    return effect + promised, (interval[0] + promised, interval[1] + promised)


def _likely(case: Case, interval: Interval) -> str:
    if case.claim.scale != "points":
        return f"(likely {_ends((math.exp(interval[0]), math.exp(interval[1])))})"
    return f"(likely {_ends(interval, case)})"


def _ends(interval: Interval, case: Case | None = None) -> str:
    low, high = (_number(case, end) if case else f"{end:.3g}" for end in interval)
    return f"between {low} and {high}"


def _number(case: Case, value: float) -> str:
    shown = 100 * value if case.metric.percent else value
    digits = (
        f"{shown:.1f}"
        if case.metric.percent and (abs(shown) >= 0.1 or shown == 0)
        else f"{shown:.2g}"
    )
    return digits.replace("-", "\N{MINUS SIGN}")


def _repetitions(count: int) -> str:
    return "1 repetition" if count == 1 else f"{count:,} repetitions"

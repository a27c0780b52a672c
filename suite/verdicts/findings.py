"""Every campaign of a claim in a results folder, and what they come to together.

Nothing is chosen: each campaign that tested a claim is an *attempt*, whatever it found.
Attempts are pooled where they ran under equal conditions: the same claim at the same
level, with the same budget, recipe, hyperparameters, limits and code. A campaign that
repeats the seeds of another one repeats its blocks, so of those only the one with the
most blocks is counted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from search.ranges import describe
from suite.records.manifest import Manifest
from suite.records.results import Campaign, Results
from suite.training.job import canonical, digest
from suite.verdicts.case import cases
from suite.verdicts.claim_verdict import ClaimVerdict
from suite.verdicts.decision import Sample
from suite.verdicts.judge import judge_campaign
from suite.verdicts.measured import Measured
from suite.verdicts.pooling import Pooled, pool
from suite.verdicts.preregistration import COMMENTARY, UNKNOWN, Provenance
from suite.verdicts.statistics import Interval
from tasks import unknown

# why an attempt is shown and not pooled; "" if it is pooled
LeftOut = Literal["", "incomplete", "few_blocks", "same_blocks", "fact"]
# in other words, or at other levels, it is the same claim
WORDING = frozenset({"says", "levels", "matching_group"})
# what a claim is conditional on, beside its level; named in every language
CONDITIONS = (
    "claim",
    "trials",
    "sampler",
    "finals",
    "length_factor",
    "examples",
    "recipe",
    "space",
    "code",
    "synthetic",
)
DIGITS = 8  # of the digest of a condition that has no short text
ProvenanceOf = Callable[[Campaign], Provenance]


@dataclass(frozen=True)
class Attempt:
    """What one campaign found of a claim at one level."""

    campaign: Campaign
    """The campaign that tested the claim."""

    verdict: ClaimVerdict
    """Its verdict on the claim."""

    sample: Sample
    """The differences at one level."""

    left_out: LeftOut = ""
    """Why it is not pooled; empty if it is."""

    @property
    def effect(self) -> float:
        """The mean effect over blocks, on the claim's scale."""
        return self.sample.estimate.mean

    @property
    def blocks(self) -> int:
        """How many blocks have an effect."""
        return self.sample.estimate.blocks

    @property
    def interval(self) -> Interval:
        """The plain interval, at the campaign's confidence."""
        confidence = self.campaign.manifest.profile.confidence
        return self.sample.estimate.interval(confidence)

    @property
    def hardware(self) -> tuple[str, ...]:
        """The kinds of machines that trained the claim's arms."""
        runs = self.campaign.runs
        if "hardware" not in runs:
            return ()
        arms = {arm for side in self.verdict.sides for arm in side.arms}
        mine = runs[
            (runs["task"] == self.verdict.task) & runs["arm"].isin(arms)
        ]
        return tuple(sorted(map(str, mine["hardware"].dropna().unique())))

    @property
    def versions(self) -> Mapping[str, str]:
        """Those of Python and of the libraries."""
        return self.campaign.manifest.versions


@dataclass(frozen=True)
class Finding:
    """All attempts at one claim, at one level and under equal conditions, the oldest
    first, and what they come to.

    ``level`` is "" where the claim is judged over several levels together. ``settings``
    are the conditions, by name; ``differing`` names those in which the findings of this
    claim differ from one another.
    """

    task: str
    """The name of the task."""

    claim: str
    """The name of the claim."""

    level: str
    """The name of the level; empty if all are judged together."""

    settings: Mapping[str, str]
    """The conditions that all attempts share, by name."""

    differing: tuple[str, ...]
    """The conditions in which the findings of this claim differ."""

    attempts: tuple[Attempt, ...]
    """The attempts, from the oldest to the newest."""

    pooled: Pooled | None
    """The effect of all attempts that count; None with fewer than two."""

    @property
    def newest(self) -> Attempt:
        """The attempt of the newest campaign."""
        return self.attempts[-1]

    @property
    def counted(self) -> tuple[Attempt, ...]:
        """The attempts that are pooled."""
        return tuple(one for one in self.attempts if not one.left_out)


def findings(
    results: Results,
    task: str = "",
    claim: str = "",
    provenance_of: ProvenanceOf = lambda _: UNKNOWN,
) -> list[Finding]:
    """The findings on all claims, on those of a task, or on one of them, by task and in
    the order of the newest campaign.

    Campaigns that another version of Bakeoff wrote are left out; see ``unread``. Raises
    UserError if there is no campaign, for one that is damaged, and where no campaign
    has that task or claim.
    """
    results.resolve(None)  # there is one
    loaded = [results.load(name) for name in results.readable_ids()]
    known = {name for campaign in loaded for name in campaign.manifest.tasks}
    if task and task not in known:
        raise unknown("task with a campaign", task, known)
    attempts = [
        attempt
        for campaign in sorted(loaded, key=lambda one: one.manifest.created)
        for attempt in _attempts(campaign, task, provenance_of)
    ]
    if claim:
        claims = {attempt.verdict.claim for attempt in attempts}
        if claim not in claims:
            raise unknown("claim with a campaign", claim, claims)
        attempts = [one for one in attempts if one.verdict.claim == claim]
    return found_in(attempts)


def unread(results: Results) -> list[str]:
    """The campaigns that another version of Bakeoff wrote."""
    readable = set(results.readable_ids())
    return [name for name in results.ids() if name not in readable]


def found_in(attempts: Iterable[Attempt]) -> list[Finding]:
    """The attempts, given from the oldest to the newest, as findings."""
    listed = list(attempts)
    order = _order(listed)
    listed.sort(key=lambda one: order[_place(one)])
    return [
        finding
        for _, group in groupby(listed, key=_place)
        for finding in _of_one_place(list(group))
    ]


def _place(attempt: Attempt) -> tuple[str, str, str]:
    """Task, claim and level of an attempt."""
    return attempt.verdict.task, attempt.verdict.claim, attempt.sample.level


def _order(
    attempts: Sequence[Attempt],
) -> dict[tuple[str, str, str], tuple[str, int]]:
    """Tasks by name, and within them places as the newest campaign has them."""
    newest_first = sorted(
        attempts, key=lambda one: -one.campaign.manifest.created
    )
    places = dict.fromkeys(map(_place, newest_first))
    return {place: (place[0], number) for number, place in enumerate(places)}


def _attempts(
    campaign: Campaign, task: str, provenance_of: ProvenanceOf
) -> Iterator[Attempt]:
    """The attempts of one campaign, at all claims of the task."""
    manifest = campaign.manifest
    tasks = [name for name in manifest.tasks if task in ("", name)]
    if not tasks:
        return
    verdicts = judge_campaign(campaign, provenance_of(campaign), tasks)
    measured = [
        Measured(case, ()) for name in tasks for case in cases(campaign, name)
    ]
    for verdict, one in zip(verdicts, measured, strict=True):
        for sample in one.samples():
            yield Attempt(campaign, verdict, sample)


# ------------------------------------------------------------------ equal conditions


def _of_one_place(attempts: Sequence[Attempt]) -> Iterator[Finding]:
    """A finding for each set of conditions, those of the newest campaign last."""
    settings = [_settings(one) for one in attempts]
    differing = tuple(
        name
        for name in settings[0]
        if len({one[name] for one in settings}) > 1
    )
    groups: dict[str, list[int]] = {}
    for number, one in enumerate(settings):
        groups.setdefault(canonical(one), []).append(number)
    for numbers in groups.values():
        marked = _marked([attempts[number] for number in numbers])
        task, claim, level = _place(marked[0])
        shown = settings[numbers[0]]
        yield Finding(
            task, claim, level, shown, differing, marked, _pooled(marked)
        )


def _settings(attempt: Attempt) -> dict[str, str]:
    """All that the claim is conditional on, each as a short text."""
    manifest, task = attempt.campaign.manifest, attempt.verdict.task
    about, of = manifest.task(task), manifest.profile.of(task)
    levels = (
        [attempt.sample.level]
        if attempt.sample.level in attempt.verdict.levels
        else attempt.verdict.levels
    )
    arms = [arm for side in attempt.verdict.sides for arm in side.arms]
    spaces = [
        describe(about.space_of(arm, level))
        for arm in arms
        for level in levels
    ]
    # Where nothing is tuned, budgets that differ do not set campaigns apart.
    tuned = any(spaces)
    return {
        "claim": _short(_said(manifest, task, attempt.verdict.claim)),
        "trials": str(of.trials if tuned else 0),
        "sampler": manifest.profile.sampler if tuned else "",
        "finals": str(of.finals),
        "length_factor": f"{of.length_factor:g}",
        "examples": "" if of.examples is None else str(of.examples),
        "recipe": canonical(dict(of.recipe)) if of.recipe else "",
        "space": _short(spaces),
        "code": manifest.sources.get(task, "")[:DIGITS],
        "synthetic": "yes" if manifest.synthetic else "",
    }


def _said(manifest: Manifest, task: str, name: str) -> dict[str, Any]:
    """What the claim compares, in whatever words and at whatever levels."""
    claim = next(one for one in manifest.task(task).tested if one.name == name)
    fields = dataclasses.asdict(claim)
    return {
        field: value
        for field, value in fields.items()
        if field not in COMMENTARY | WORDING
    }


def _short(value: Any) -> str:
    """The first digits of the digest of a value."""
    return digest(value)[:DIGITS]


# ------------------------------------------------------------------------- what counts


def _marked(attempts: Sequence[Attempt]) -> tuple[Attempt, ...]:
    """The attempts with why those that do not count are left out."""
    reasons = [_reason(one) for one in attempts]
    best: dict[int, int] = {}
    for number, one in enumerate(attempts):
        if reasons[number]:
            continue
        # Equal seeds give equal splits and initialisations: the same blocks.
        seed = one.campaign.manifest.root_seed
        if seed in best and attempts[best[seed]].blocks >= one.blocks:
            reasons[number] = "same_blocks"
            continue
        if seed in best:
            reasons[best[seed]] = "same_blocks"
        best[seed] = number
    return tuple(
        dataclasses.replace(one, left_out=reason)
        for one, reason in zip(attempts, reasons, strict=True)
    )


def _reason(attempt: Attempt) -> LeftOut:
    """Why an attempt cannot be pooled; empty if it can."""
    if attempt.sample.is_fact:
        return "fact"
    if not attempt.verdict.complete:
        return "incomplete"
    return "few_blocks" if attempt.blocks < 2 else ""


def _pooled(attempts: Iterable[Attempt]) -> Pooled | None:
    """The effect over all attempts that count; None with fewer than two."""
    counted = [one for one in attempts if not one.left_out]
    if not counted:
        return None
    # each without what all of them share, which is added once, below
    own = [one.sample.estimate_with(0.0, 0.0) for one in counted]
    # What campaigns share does not average out: the largest stands for all.
    shared = max(
        one.sample.test_train_ratio * estimate.std**2
        + one.sample.reference_se**2
        for one, estimate in zip(counted, own, strict=True)
    )
    # the newest campaign's, should they differ
    confidence = counted[-1].campaign.manifest.profile.confidence
    return pool(own, confidence, shared)

"""Values that the report's templates show: plain text, numbers already written out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Table:
    """A table; ``numeric`` columns are set right, ``code`` columns are names."""

    head: Sequence[str]
    """The titles of the columns."""

    rows: Sequence[Sequence[str]]
    """The text of each cell."""

    numeric: frozenset[int] = frozenset()
    """The indices of columns that are aligned right."""

    code: frozenset[int] = frozenset()
    """The indices of columns that hold names."""


@dataclass(frozen=True)
class Arm:
    """An arm in a legend: its label, and the CSS of its line."""

    label: str
    """The arm's label."""

    style: str
    """The CSS of its line."""


@dataclass(frozen=True)
class Curves:
    """Panels of learning curves, with their common legend."""

    arms: Sequence[Arm]
    """The legend."""

    panels: Sequence[Markup]
    """One chart per level."""

    caption: str
    """What the charts show."""


@dataclass(frozen=True)
class GateView:
    """What an adequacy gate saw, and what to do where it failed."""

    name: str
    """The gate's name, which states its result."""

    failed: bool
    """Whether it failed."""

    text: str
    """What it found."""

    hint: str
    """What to do; empty if it passed."""


@dataclass(frozen=True)
class ClaimView:
    """A claim's part of the page, and its row in the summary.

    ``curves_above`` is the anchor of the claim that shows the same curves already.
    """

    anchor: str
    """The anchor of the claim on the page."""

    says: str
    """What the claim says."""

    answer: str
    """The code of the verdict, which decides the colour."""

    answer_text: str
    """The verdict in a word or two."""

    asides: Sequence[str]
    """What must be known of the verdict at a glance."""

    sentence: str
    """The answer, its size and how sure it is."""

    source: str
    """Where the claim is published."""

    reported: str
    """What was reported there."""

    measured: str
    """The two sides as they were measured here."""

    effect: str
    """The effect with its intervals."""

    blocks: str
    """How many blocks are in."""

    margin: str
    """The smallest effect that matters."""

    strip: Markup | None
    """The effect in units of the margin."""

    blocks_chart: Markup | None
    """Every block's difference."""

    trend_chart: Markup | None
    """The gap at each level, for a claim along an axis."""

    numbers: Sequence[tuple[str, str]]
    """Names and values of all numbers behind the verdict."""

    by_level: Table
    """The numbers of each level."""

    gates: Sequence[GateView]
    """The adequacy gates."""

    notes: Sequence[str]
    """What else must be known, a sentence each."""

    curves: Curves | None
    """The learning curves, unless another claim shows the same."""

    curves_above: str
    """The anchor of the claim that shows the same curves already."""

    @property
    def failed_gates(self) -> list[GateView]:
        """The gates that failed, which are shown first."""
        return [gate for gate in self.gates if gate.failed]

    @property
    def passed_gates(self) -> list[GateView]:
        """The gates that passed or were not asked."""
        return [gate for gate in self.gates if not gate.failed]


@dataclass(frozen=True)
class SpaceView:
    """What was tuned, for the arms that share the same ranges."""

    arms: Sequence[str]
    """The labels of the arms."""

    ranges: str
    """The hyperparameters with their ranges."""


@dataclass(frozen=True)
class VarianceView:
    """Where a task's results vary from."""

    caption: str
    """What the table shows."""

    table: Table
    """Standard deviations by level and arm."""


@dataclass(frozen=True)
class PictureView:
    """A picture that arms recorded, with its legend."""

    arms: Sequence[Arm]
    """The arms that recorded it, with their lines."""

    drawing: Markup
    """The picture, as an ``<svg>`` element."""

    says: str
    """What there is to see; "" if nothing is said."""


@dataclass(frozen=True)
class UniversesView:
    """A varied claim: where it holds among its universes."""

    anchor: str
    """The anchor of the claim on the page."""

    says: str
    """What the claim says."""

    where: str
    """In how many universes it holds, and under which conditions."""

    drawing: Markup | None
    """The specification curve; None before any block."""

    table: Table
    """A row per universe."""


@dataclass(frozen=True)
class TaskView:
    """A task's part of the page."""

    name: str
    """The task's name."""

    question: str
    """The question that the task asks."""

    answer: str
    """The answer in one line."""

    arms: Sequence[str]
    """The labels of the arms."""

    levels: Sequence[str]
    """The labels of the levels."""

    matched: str
    """What is the same for all arms."""

    spaces: Sequence[SpaceView]
    """What was tuned."""

    sources: Sequence[str]
    """Where the task's claims are from."""

    aa_tests: Sequence[str]
    """The results of A/A tests."""

    claims: Sequence[ClaimView]
    """The task's own claims."""

    universes: Sequence[UniversesView]
    """Its varied claims."""

    variance: VarianceView | None
    """Where results vary from; None if it was not measured."""

    diagnoses: Table | None
    """What keeps each arm from doing better; None without figures on all sets."""

    pictures: Sequence[PictureView]
    """Those that its arms recorded, of the first block."""


@dataclass(frozen=True)
class CampaignView:
    """The head of the page."""

    id: str
    """The campaign's id."""

    title: str
    """The profile's title."""

    tally: str
    """How many claims have which verdict."""

    unfinished: str
    """A warning while runs are missing; empty if all are done."""

    started: str
    """When the campaign was created."""

    last_result: str
    """When its last run ended."""

    size: str
    """How many runs and cells it has."""


@dataclass(frozen=True)
class Openings:
    """When the sealed test sets were opened, and by what."""

    summary: str
    """How often test sets were opened, and by which kinds of runs."""

    table: Table
    """Openings by task, level and arm."""


@dataclass(frozen=True)
class ProvenanceView:
    """Machines, versions and digests: what it takes to repeat the campaign."""

    command: str
    """The command that ran the campaign."""

    machines: str
    """The machines, with their hardware and number of runs."""

    machines_differ_in: str
    """What machines differ in; empty if in nothing."""

    time_spent: str
    """The duration of all runs together."""

    statuses: str
    """How many runs ended with which status."""

    platform: str
    """The operating system."""

    versions: str
    """The versions of Python and libraries."""

    claims_digest: str
    """The SHA-256 of the claims, fixed before the campaign."""

    sources: Sequence[str]
    """The SHA-256 of each task's source code, shortened."""

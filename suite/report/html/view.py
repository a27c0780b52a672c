"""Values that the report's templates show: plain text, numbers already written out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Table:
    """A table; ``numeric`` columns are set right, ``code`` columns are names."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[int] = frozenset()
    code: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Arm:
    """An arm in a legend: its label, and the CSS of its line."""

    label: str
    style: str


@dataclass(frozen=True)
class Curves:
    """Panels of learning curves, with their common legend."""

    arms: Sequence[Arm]
    panels: Sequence[Markup]
    caption: str


@dataclass(frozen=True)
class GateView:
    """What an adequacy gate saw, and what to do where it failed."""

    name: str
    failed: bool
    says: str
    hint: str


@dataclass(frozen=True)
class ClaimView:
    """A claim's part of the page, and its row in the summary.

    ``curves_above`` is the anchor of the claim that shows the same curves already.
    """

    anchor: str
    says: str
    answer: str
    answer_text: str
    asides: Sequence[str]
    sentence: str
    source: str
    reported: str
    measured: str
    effect: str
    blocks: str
    margin: str
    strip: Markup | None
    blocks_chart: Markup | None
    trend_chart: Markup | None
    numbers: Sequence[tuple[str, str]]
    by_level: Table
    gates: Sequence[GateView]
    notes: Sequence[str]
    curves: Curves | None
    curves_above: str

    @property
    def failed_gates(self) -> list[GateView]:
        return [gate for gate in self.gates if gate.failed]

    @property
    def passed_gates(self) -> list[GateView]:
        return [gate for gate in self.gates if not gate.failed]


@dataclass(frozen=True)
class SpaceView:
    """What was tuned, for the arms that share the same ranges."""

    arms: Sequence[str]
    ranges: str


@dataclass(frozen=True)
class VarianceView:
    """Where a task's results vary from."""

    caption: str
    table: Table


@dataclass(frozen=True)
class TaskView:
    """A task's part of the page."""

    name: str
    question: str
    answer: str  # in one line
    arms: Sequence[str]
    levels: Sequence[str]
    matched: str
    spaces: Sequence[SpaceView]
    sources: Sequence[str]
    aa_tests: Sequence[str]
    claims: Sequence[ClaimView]
    variance: VarianceView | None


@dataclass(frozen=True)
class CampaignView:
    """The head of the page."""

    id: str
    title: str
    tally: str
    unfinished: str  # a warning, "" if all is done
    started: str
    last_result: str
    size: str


@dataclass(frozen=True)
class Openings:
    """When the sealed test sets were opened, and by what."""

    summary: str
    table: Table


@dataclass(frozen=True)
class ProvenanceView:
    """Machines, versions and digests: what it takes to repeat the campaign."""

    command: str
    machines: str
    machines_differ_in: str
    time_spent: str
    statuses: str
    platform: str
    versions: str
    claims_digest: str
    sources: Sequence[str]

"""What a claim's numbers are, found in the record."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from suite.verdicts.case import Case
from suite.verdicts.claim_verdict import Halved
from suite.verdicts.decision import Sample, Verdict
from suite.verdicts.effects import effects, final_values
from suite.verdicts.gate import Gate
from suite.verdicts.message import Message
from suite.verdicts.statistics import Floats
from tasks.contract.target import column_reached


@dataclass(frozen=True)
class Measured:
    """A case with its numbers: what is judged, and on which blocks."""

    case: Case
    """The claim, with the campaign that decides it."""

    gates: tuple[Gate, ...]
    """The adequacy gates that were applied to it."""

    @cached_property
    def values(self) -> Floats:
        """The claim's metric in each cell: (blocks, levels, arms)."""
        return final_values(self.case)

    @cached_property
    def effects(self) -> Floats:
        """The claim's effect in each block: (blocks, parts)."""
        return effects(self.values, self.case, self.examples)

    @cached_property
    def examples(self) -> float:
        """On how many test examples a share was counted; NaN if it is not recorded."""
        return self.case.examples("test")

    def metadata(self, name: str, part: str = "") -> set[Any]:
        """What the finals at a level (or at all) say of their data, such as
        ``population``.
        """
        finals, column = self.case.finals, f"data.{name}"
        if column not in finals:
            return set()
        level = self.case.level_of(part)
        here = finals[finals["level"] == level] if level else finals
        return set(here[column].dropna())

    def test_train_ratio(self, part: str = "") -> float:
        """n_test / n_train where blocks share data, at one part of the claim or at all;
        else 0.
        """
        # Levels may differ: the largest widens the interval most.
        return float(max(self.metadata("test_train_ratio", part), default=0.0))

    @property
    def complete(self) -> bool:
        """Whether all planned blocks are in."""
        return bool(np.isfinite(self.effects).all())

    @property
    def blocks_without_scale(self) -> int:
        """Blocks that are in, and have no effect, as a value has no place on the claim's
        scale: a logarithm of 0, for example.
        """
        case = self.case
        weights = case.kind.weights(case.claim)
        # A cell without weight is not waited for.
        is_in = (np.isfinite(self.values) | (weights == 0)).all(axis=(1, 2))
        has_effect = np.isfinite(self.effects).all(axis=1)
        return int((is_in & ~has_effect).sum())

    @property
    def failures(self) -> int:
        """How many finals failed."""
        return int((self.case.finals["status"] != "finished").sum())

    @property
    def finals_short_of_target(self) -> int:
        """Finals that did not reach the target whose updates the claim counts; 0 if it
        counts something else.
        """
        column = column_reached(self.case.metric.column)
        if column not in self.case.finals:
            return 0
        return int((self.case.finals[column] == 0).sum())

    def samples(self, found: Floats | None = None) -> tuple[Sample, ...]:
        """What is judged at each part: all complete pairs, or those of other effects
        (blocks, parts).
        """
        found = self.effects if found is None else found
        return tuple(
            self._sample(part, column)
            for part, column in zip(self.case.parts, found.T, strict=True)
        )

    def _sample(self, part: str, effects: Floats) -> Sample:
        """The effects at one part of the claim, with what tests need to know of it."""
        claim, kind = self.case.claim, self.case.kind
        return Sample(
            effects[np.isfinite(effects)],
            claim.margin,
            kind.hypothesis,
            self.test_train_ratio(part),
            kind.reference_se(claim),
            self.gates,
            part,
            self.resolution,
            self.case.exact,
            kind.levels_needed(claim),
        )

    @cached_property
    def resolution(self) -> float:
        """The finest effect that the metric can show; 0 where that is unknown."""
        case = self.case
        values, examples = self.values, self.case.examples(case.metric.split)
        # by the values on record: a ratio is finer where values are large
        finest = case.scale.resolution(values, case.metric, examples)
        x = case.x if case.kind.along_axis else []
        return case.kind.resolution(finest, x)

    def unbroken(self) -> tuple[Sample, ...]:
        """The same up to the first incomplete pair, because looks count blocks by
        index.
        """
        # What came in after a gap was decided by speed, which may depend on
        # the result: a run that diverges ends early.
        so_far = np.logical_and.accumulate(np.isfinite(self.effects))
        return self.samples(np.where(so_far, self.effects, math.nan))


@dataclass(frozen=True)
class Judged:
    """A verdict, with whether all its blocks were in, and what half of the tuning and of
    the training would have come to.
    """

    verdict: Verdict
    """The verdict on the claim."""

    complete: bool
    """Whether all blocks that are due are in."""

    note: Message | None = None
    """What an interim look adds; None without one."""

    half_budget: Halved | None = None
    """The answer with half of the tuning; None if it was not run."""

    half_length: Halved | None = None
    """The answer with half of the training; None if it was not run."""

"""What a claim's numbers are, found in the record."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from suite.verdicts.adequacy import Gate
from suite.verdicts.case import Case
from suite.verdicts.claim_verdict import HalfBudget
from suite.verdicts.decision import Sample, Verdict
from suite.verdicts.effects import (
    effects,
    final_values,
)
from suite.verdicts.statistics import Floats


@dataclass(frozen=True)
class Measured:
    """A case with its numbers: what is judged, and on which blocks."""

    case: Case
    gates: tuple[Gate, ...]

    @cached_property
    def values(self) -> Floats:
        return final_values(self.case)  # (blocks, levels, arms)

    @cached_property
    def effects(self) -> Floats:
        return effects(self.values, self.case, self.examples)  # (blocks, parts)

    @cached_property
    def examples(self) -> float:
        return self.case.examples("test")

    def facts(self, name: str, part: str = "") -> set[Any]:
        """What the finals at a level (or at all) say of their data, such as
        ``population``.
        """
        finals = self.case.finals
        if f"data.{name}" not in finals:
            return set()
        return set(
            finals.loc[finals["level"].eq(part) | (part == ""), f"data.{name}"].dropna()
        )

    def test_train_ratio(self, part: str = "") -> float:
        return float(max(self.facts("test_train_ratio", part), default=0.0))

    @property
    def complete(self) -> bool:
        return bool(np.isfinite(self.effects).all())

    @property
    def failures(self) -> int:
        return int((self.case.finals["status"] != "finished").sum())

    def samples(self, found: Floats | None = None) -> tuple[Sample, ...]:
        """What is judged at each part: all complete pairs, or those of other effects
        (blocks, parts).
        """
        claim, found = self.case.claim, self.effects if found is None else found
        kind: Literal["difference", "equal"] = (
            "equal" if claim.kind == "equal" else "difference"
        )
        error = claim.reference_se if claim.kind == "threshold" else 0.0
        return tuple(
            Sample(
                column[np.isfinite(column)],
                claim.margin,
                kind,
                self.test_train_ratio(part),
                error,
                self.gates,
                part,
            )
            for part, column in zip(self.case.parts, found.T, strict=True)
        )

    def unbroken(self) -> tuple[Sample, ...]:
        """The same up to the first incomplete pair, because looks count blocks by
        index.
        """
        return self.samples(
            np.where(
                np.logical_and.accumulate(np.isfinite(self.effects)),
                self.effects,
                math.nan,
            )
        )


@dataclass(frozen=True)
class Judged:
    """A verdict, whether all its blocks were in, and what is to be said of those that
    were not.
    """

    verdict: Verdict
    complete: bool
    note: str = ""
    half_budget: HalfBudget | None = None

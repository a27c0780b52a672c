"""Effects that move between two budgets: half and all of the trials, or of the updates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from suite.verdicts.case import Case
from suite.verdicts.message import Message, message
from suite.verdicts.statistics import Floats, has_moved, recommended_trials


@dataclass(frozen=True)
class Move:
    """A part of a claim whose effect moved, on average over blocks."""

    part: str
    """The level, or what else the claim has an effect for."""

    before: float
    """The mean effect with the smaller budget."""

    after: float
    """The mean effect with the whole one, in the same blocks."""

    @property
    def change(self) -> float:
        """By how much the effect moved."""
        return self.after - self.before


def moves(
    case: Case, before: Floats, after: Floats, confidence: float = 0.95
) -> list[Move]:
    """The parts whose effect moved by more than the margin, and by more than chance.

    ``before`` and ``after`` are effects, (blocks, parts); of each part the blocks count
    in which both are finite.
    """
    found = []
    for number, part in enumerate(case.parts):
        changes = after[:, number] - before[:, number]
        # In the same blocks before and after, or their means would differ.
        known = np.isfinite(changes)
        if has_moved(changes[known], case.claim.margin, confidence):
            old, new = before[known, number], after[known, number]
            found.append(Move(part, float(old.mean()), float(new.mean())))
    return found


def moving_with_trials(
    code: str, case: Case, move: Move, half: int
) -> Message:
    """What a gate saw of an effect that moves from ``half`` of the trials to all, and
    the number of trials that should be enough.
    """
    trials = case.manifest.trials
    enough = recommended_trials(trials, move.change, case.claim.margin)
    return message(
        code,
        at_level=move.part,
        change=move.change,
        effect_half=move.before,
        effect_full=move.after,
        half=half,
        trials=trials,
        recommended=enough,
    )

"""Learning-rate schedules: the fraction of the peak rate for each update.

Every schedule begins after a linear warm-up, whose length is the recipe's. Register
one of your own by a line in its file::

    register_schedule("half_way", lambda at, recipe: 1.0 if at.done < 0.5 else 0.1)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tasks.contract.recipe import Recipe
from tasks.contract.registry import SCHEDULES

# Of one_cycle, as in torch.optim.lr_scheduler.OneCycleLR
RISE = 0.3  # share of the updates during which the rate rises
FIRST = 1 / 25  # share of the peak that it begins with
LAST = FIRST / 1e4  # share of the peak that it ends with


@dataclass(frozen=True)
class Position:
    """Where an update is in its run, without the warm-up."""

    step: int
    """The update, from 1 at the first one after the warm-up."""

    steps: int
    """Updates after the warm-up in all."""

    warmup: int = 0
    """Updates that the warm-up takes."""

    @property
    def done(self) -> float:
        """Share of the updates made before this one: 0 at the first, below 1 at the
        last.
        """
        return (self.step - 1) / max(1, self.steps)


Schedule = Callable[[Position, Recipe], float]  # the share of the peak rate


def register_schedule(name: str, schedule: Schedule) -> None:
    """Let recipes name ``schedule``, a function of a Position and of the recipe that
    returns the share of the peak rate.
    """
    SCHEDULES.register(name, schedule)


def learning_rate(step: int, steps: int, peak: float, recipe: Recipe) -> float:
    """The rate of update ``step``, from 1, of ``steps``: linear warm-up to ``peak``,
    then the recipe's schedule.

    A rule that follows validation, such as ``plateau``, is the training loop's: it
    lowers the rate that this gives.
    """
    warmup = round(recipe.warmup * steps)
    # The first update has a rate above 0, and the last one of the warm-up the
    # peak.
    if step <= warmup:
        return peak * (step / warmup)
    at = Position(step - warmup, steps - warmup, warmup)
    if isinstance(recipe.schedule, str):
        return peak * SCHEDULES.get(recipe.schedule)(at, recipe)
    return peak * recipe.schedule(at.step, at.steps)


def constant(at: Position, recipe: Recipe) -> float:
    """The peak, throughout."""
    return 1.0


def linear(at: Position, recipe: Recipe) -> float:
    """Linear decay to 0, which it would reach after the last update."""
    return 1.0 - at.done


def cosine(at: Position, recipe: Recipe) -> float:
    """Half a cosine down to 0 (Loshchilov & Hutter, "SGDR", 2017), without restarts."""
    return 0.5 * (1 + math.cos(math.pi * at.done))


def step(at: Position, recipe: Recipe) -> float:
    """Multiplied by ``lr_gamma`` at each share of the updates in ``milestones``."""
    passed = sum(at.done >= milestone for milestone in recipe.milestones)
    return recipe.lr_gamma**passed


def one_cycle(at: Position, recipe: Recipe) -> float:
    """Up from a 25th of the peak, then down to nearly 0, along half cosines.

    After Smith & Topin, "Super-convergence" (2018), with the constants of PyTorch.
    """
    top = RISE * at.steps - 1  # in updates made before
    end = at.steps - 1
    made = at.step - 1
    if made <= top:
        return _half_cosine(FIRST, 1.0, made / top) if top > 0 else FIRST
    return _half_cosine(1.0, LAST, (made - top) / (end - top))


def noam(at: Position, recipe: Recipe) -> float:
    """Falls with the inverse square root of the update's number, from the end of the
    warm-up on (Vaswani et al., "Attention is all you need", 2017).
    """
    warmup = max(1, at.warmup)
    number = at.warmup + at.step
    return math.sqrt(warmup / number)


def plateau(at: Position, recipe: Recipe) -> float:
    """The peak: the training loop lowers it where validation no longer improves."""
    return 1.0


def _half_cosine(begin: float, end: float, share: float) -> float:
    return end + (begin - end) / 2 * (1 + math.cos(math.pi * share))


BUILT_IN = (constant, linear, cosine, step, one_cycle, noam, plateau)

for rule in BUILT_IN:
    register_schedule(rule.__name__, rule)

"""How trials are proposed: the samplers that a profile may name.

Register one of your own by a line in its file::

    register_sampler("cma", lambda plan: ...)

A study asks in generations, so a sampler's proposals must depend on the space, the
seeds and the results of earlier generations alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, QMCSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial

from search.quiet import quiet
from tasks.contract.registry import Registry

STARTUP = 8  # quasi-random trials before TPE begins to learn from results
GENERATION = 4  # TPE trials proposed together


@dataclass(frozen=True)
class StudyPlan:
    """What a sampler is made for."""

    space: Mapping[str, BaseDistribution]
    """One distribution per hyperparameter; may be empty."""

    trials: int
    """Trials in the study."""

    seed: int
    """The study's own seed, 32 bits."""

    root_seed: int = 0
    """The campaign's seed."""

    generation: int = GENERATION
    """Trials proposed together once results are learned from."""

    def seed_of(self, number: int) -> int:
        """A seed for one trial alone, 32 bits."""
        seeds = (self.seed, self.root_seed)
        state = np.random.SeedSequence(seeds, spawn_key=(number,)).generate_state(1)
        return int(state[0])


class Sampler(Protocol):
    """Proposes the trials of one study."""

    def generation_size(self, start: int) -> int:
        """How many trials, from number ``start`` on, are asked before any of them is
        told; at least 1.
        """
        ...

    def for_trial(self, number: int) -> BaseSampler:
        """The Optuna sampler that proposes the trial of that number, from 0."""
        ...


SAMPLERS: Registry[Callable[[StudyPlan], Sampler]] = Registry("sampler")


def register_sampler(name: str, make: Callable[[StudyPlan], Sampler]) -> None:
    """Let profiles name a sampler: ``make(plan)`` returns the one of a study."""
    SAMPLERS.register(name, make)


class QuasiRandom:
    """All trials from one scrambled Sobol sequence, as a single generation."""

    def __init__(self, plan: StudyPlan) -> None:
        self.plan = plan
        self.sobol = ScrambledSobol(plan.space, plan.seed)

    def generation_size(self, start: int) -> int:
        return self.plan.trials - start

    def for_trial(self, number: int) -> BaseSampler:
        return self.sobol


class TPE(QuasiRandom):
    """The first 8 trials from a Sobol sequence, and the rest from Optuna's
    tree-structured Parzen estimator, a few at a time.
    """

    def generation_size(self, start: int) -> int:
        size = self.plan.generation if start else STARTUP
        return min(self.plan.trials - start, size)

    def for_trial(self, number: int) -> BaseSampler:
        if number < STARTUP:
            return self.sobol
        with quiet():
            return TPESampler(
                seed=self.plan.seed_of(number),
                n_startup_trials=1,
                multivariate=True,
                constant_liar=True,
            )


class Random:
    """Every trial drawn by itself, uniformly on each range's own scale (Bergstra &
    Bengio, 2012), as a single generation.
    """

    def __init__(self, plan: StudyPlan) -> None:
        self.plan = plan

    def generation_size(self, start: int) -> int:
        return self.plan.trials - start

    def for_trial(self, number: int) -> BaseSampler:
        return RandomSampler(seed=self.plan.seed_of(number))


class ScrambledSobol(QMCSampler):
    """Optuna's quasi-random sampler, told the space beforehand.

    Optuna learns the space from the first finished trial and samples all before it
    independently: a study whose trials are asked together would be plain random search.
    """

    def __init__(self, space: Mapping[str, BaseDistribution], seed: int) -> None:
        with quiet():
            super().__init__(qmc_type="sobol", scramble=True, seed=seed)
        self._space = dict(space)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._space


register_sampler("qmc", QuasiRandom)
register_sampler("tpe", TPE)
register_sampler("random", Random)

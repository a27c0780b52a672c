"""How trials are proposed: the samplers that a profile may name.

Register one of your own by a line in its file::

    register_sampler("cma", lambda plan: ...)

A study asks in generations, so a sampler's proposals must depend on the space, the
seeds and the results of earlier generations alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import (
    BaseSampler,
    GPSampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)
from optuna.trial import FrozenTrial

from search.quiet import quiet
from search.space import distributions
from tasks import Space
from tasks.contract.registry import Registry

STARTUP = 8  # trials of the schedule before TPE begins to learn from results
# trials, the default point among them, before all else varies, too
RATE_ALONE = 8
GENERATION = 4  # TPE trials proposed together


@dataclass(frozen=True)
class StudyPlan:
    """What a sampler is constructed from."""

    space: Space
    """What is tuned; may be empty."""

    trials: int
    """Trials in the study."""

    seed: int
    """The study's own seed, 32 bits."""

    root_seed: int = 0
    """The campaign's seed."""

    generation: int = GENERATION
    """Trials proposed together once results are learned from."""

    @property
    def distributions(self) -> dict[str, BaseDistribution]:
        """The space as Optuna distributions."""
        return distributions(self.space)

    def seed_of(self, number: int) -> int:
        """The seed of one trial, 32 bits: it depends on the seeds of the study and on
        the number alone.
        """
        seeds = (self.seed, self.root_seed)
        state = np.random.SeedSequence(
            seeds, spawn_key=(number,)
        ).generate_state(1)
        return int(state[0])


class Sampler(Protocol):
    """Proposes the trials of one study."""

    def generation_size(self, start: int) -> int:
        """Size of the generation that begins at trial ``start``: all of its trials are
        asked before any of them is told; at least 1.
        """
        ...

    def for_trial(self, number: int) -> BaseSampler:
        """The Optuna sampler that proposes the trial of that number, from 0."""
        ...


SAMPLERS: Registry[Callable[[StudyPlan], Sampler]] = Registry("sampler")


def register_sampler(name: str, make: Callable[[StudyPlan], Sampler]) -> None:
    """Let profiles name a sampler: ``make(plan)`` returns the one of a study."""
    SAMPLERS.register(name, make)


class Sobol:
    """All trials from one scrambled Sobol sequence over the whole space, as a single
    generation.
    """

    def __init__(self, plan: StudyPlan) -> None:
        self.plan = plan
        self.everything = ScrambledSobol(plan.distributions, plan.seed)

    def generation_size(self, start: int) -> int:
        """All trials that are left."""
        return self.plan.trials - start

    def for_trial(self, number: int) -> BaseSampler:
        """The sequence, whatever the number."""
        return self.everything


class QuasiRandom(Sobol):
    """The learning rate first, then everything: a few trials over many dimensions are
    mostly noise, and most of what they could gain is in the rate.

    Trial 0 is the default point; every later one takes the next point of a scrambled
    Sobol sequence. Up to trial 7 it takes the point's learning rate alone, and all else
    stays at its default; from trial 8 on it takes all of the point. A trial depends on
    its number and on the study's seed alone, so the first half of a study is the study
    with half the trials.
    """

    def __init__(self, plan: StudyPlan) -> None:
        super().__init__(plan)
        space, default_point = plan.distributions, plan.space.first_values
        others = {
            name: value
            for name, value in default_point.items()
            if name not in plan.space.rates
        }
        self.default_point = ScrambledSobol(space, plan.seed, default_point)
        self.rate_alone = ScrambledSobol(space, plan.seed, others)

    def for_trial(self, number: int) -> BaseSampler:
        """The default point, the rates alone, or everything: by the number."""
        if number == 0:
            return self.default_point
        return self.rate_alone if number < RATE_ALONE else self.everything


class TPE(QuasiRandom):
    """The first 8 trials as in QuasiRandom, and the rest from Optuna's tree-structured
    Parzen estimator, a few at a time.
    """

    def generation_size(self, start: int) -> int:
        """The schedule as a whole, then ``plan.generation`` trials at a time."""
        size = self.plan.generation if start else STARTUP
        return min(self.plan.trials - start, size)

    def for_trial(self, number: int) -> BaseSampler:
        """The schedule's sampler for the first trials, then an estimator with
        a seed of its own.
        """
        if number < STARTUP:
            return super().for_trial(number)
        # multivariate and constant_liar are experimental in Optuna.
        with quiet():
            return TPESampler(
                seed=self.plan.seed_of(number),
                # The schedule has been the startup: Optuna must not draw more
                # trials at random.
                n_startup_trials=1,
                multivariate=True,
                # Trials asked together must not be the same: those under way
                # count as bad.
                constant_liar=True,
            )


class GP(TPE):
    """The first 8 trials as in QuasiRandom, and the rest by Bayesian optimisation with
    Optuna's Gaussian process, a few at a time.
    """

    def for_trial(self, number: int) -> BaseSampler:
        """The schedule's sampler for the first trials, then a process with a seed of
        its own, which counts trials under way by what it expects of them.
        """
        if number < STARTUP:
            return super().for_trial(number)
        with quiet():
            return GPSampler(
                seed=self.plan.seed_of(number),
                n_startup_trials=1,
                warn_independent_sampling=False,
            )


class Random:
    """Every trial drawn by itself, uniformly on each range's own scale (Bergstra &
    Bengio, 2012), as a single generation.
    """

    def __init__(self, plan: StudyPlan) -> None:
        self.plan = plan

    def generation_size(self, start: int) -> int:
        """All trials that are left."""
        return self.plan.trials - start

    def for_trial(self, number: int) -> BaseSampler:
        """A generator with the trial's own seed, so that it needs no order."""
        return RandomSampler(seed=self.plan.seed_of(number))


class Grid:
    """The points of a fixed grid, in their order, as a single generation. It is what an
    arm's ``grid`` asks for, whatever sampler a profile names.
    """

    def __init__(self, plan: StudyPlan) -> None:
        self.plan = plan

    def generation_size(self, start: int) -> int:
        """All points that are left."""
        return self.plan.trials - start

    def for_trial(self, number: int) -> BaseSampler:
        """The point of that number."""
        plan = self.plan
        points = plan.space.points
        # A study with 0 trials asks for the sampler of trial 0, too.
        point = points[min(number, len(points) - 1)]
        return ScrambledSobol(plan.distributions, plan.seed, point)


class ScrambledSobol(QMCSampler):
    """Optuna's quasi-random sampler, given the space at the start, in which the
    hyperparameters of ``fixed`` have one value.

    Optuna learns the space from the first finished trial and samples all before it
    independently: a study whose trials are asked together would be plain random search.
    """

    def __init__(
        self,
        space: Mapping[str, BaseDistribution],
        seed: int,
        fixed: Mapping[str, Any] | None = None,
    ) -> None:
        with quiet():
            super().__init__(qmc_type="sobol", scramble=True, seed=seed)
        self._space = dict(space)
        self._fixed = dict(fixed or {})

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """The whole space, known from the start instead of from the first finished
        trial.
        """
        return self._space

    def sample_relative(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        """The next point of the sequence with the fixed values in place of its
        own.
        """
        if len(self._fixed) == len(search_space):
            # and leave the next point to the next trial
            return dict(self._fixed)
        return (
            super().sample_relative(study, trial, search_space) | self._fixed
        )


register_sampler("sobol", Sobol)
register_sampler("qmc", QuasiRandom)
register_sampler("tpe", TPE)
register_sampler("gp", GP)
register_sampler("random", Random)

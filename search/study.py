"""A tuning study whose proposals do not depend on the order in which results arrive.

Proposals come in generations. All trials of one are asked, then all are told, in the
order of trial numbers, so a proposal is a function of the space, the seeds and the
results of earlier generations alone: 200 workers see the same trials as one, and after
a crash asking and telling again rebuilds the study exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from search.lines import cut_torn_line
from search.quiet import quiet
from search.samplers import GENERATION, SAMPLERS, Grid, Sampler, StudyPlan
from search.space import distributions
from tasks import Space, UserError


@dataclass(frozen=True)
class Proposal:
    """What to run next."""

    number: int
    """The trial, from 0."""

    params: dict[str, Any]
    """The values of its hyperparameters, by name."""


@dataclass(frozen=True)
class _Told:
    """What became of one trial."""

    value: float
    """The value to minimise."""

    failed: bool
    """Whether the run failed, so that the value is a placeholder."""

    curve: Sequence[tuple[int, float]]
    """Pairs of step and value."""

    key: str | None
    """The key of the run; None where it has none."""


class Study:
    """The tuning of one cell: ``trials`` proposals for one space, of which the one with
    the lowest value wins.

    ``sampler`` is the name of a registered one. With 0 trials, which is what a space
    without hyperparameters needs, the study is done before it begins. Raises UserError
    for an unknown sampler.
    """

    def __init__(
        self,
        space: Space,
        *,
        seed: int,
        trials: int,
        sampler: str = "qmc",
        name: str = "study",
        root_seed: int = 0,
        generation: int = GENERATION,
    ) -> None:
        if trials < 0 or generation < 1:
            raise ValueError(
                f"trials={trials}, generation={generation}: give at least 0 trials, "
                "and generations of at least 1."
            )
        self.name = name
        self.trials = trials
        self._declared = space
        self._space = distributions(space)
        plan = StudyPlan(space, trials, seed, root_seed, generation)
        if space.points and trials not in (0, len(space.points)):
            raise ValueError(
                f"trials={trials}: a grid of {len(space.points)} points has as many."
            )
        make = Grid if space.points else SAMPLERS.get(sampler)
        self._sampler: Sampler = make(plan)
        with quiet():
            # In memory: the record of runs rebuilds the study, and a database
            # would be a second truth.
            self._optuna = optuna.create_study(
                study_name=name, sampler=self._sampler.for_trial(0)
            )
        self._optuna.set_user_attr(
            "sampler", "grid" if space.points else sampler
        )
        self._asked: list[Trial] = []
        self._told: dict[int, _Told] = {}
        self._passed_on = 0  # trials whose results Optuna has

    @property
    def trials_told(self) -> int:
        """How many trials have a result."""
        return len(self._told)

    @property
    def done(self) -> bool:
        """Whether all trials have one."""
        return self.trials_told == self.trials

    def ask(self) -> list[Proposal]:
        """The proposals of the next generation, each returned once; empty while results
        of the last generation are missing.
        """
        # A proposal may depend on all results of earlier generations, so
        # nothing is asked while one of them is missing.
        if self.trials_told < len(self._asked) or self.done:
            return []
        start = len(self._asked)
        with quiet():
            for number in range(
                start, start + self._sampler.generation_size(start)
            ):
                # Samplers are chosen by the number of the trial, not by what
                # Optuna has seen.
                self._optuna.sampler = self._sampler.for_trial(number)
                self._asked.append(self._optuna.ask(self._space))
        return [self._proposal(trial.number) for trial in self._asked[start:]]

    def tell(
        self,
        number: int,
        value: float,
        failed: bool = False,
        curve: Sequence[tuple[int, float]] = (),
        key: str | None = None,
    ) -> None:
        """Record the result of a trial: a finite value, lower is better; results may
        arrive in any order.

        A failed trial counts and has a finite worst value. ``curve`` is (step, value)
        per evaluation; ``key`` is the run's, for readers of the exported study.
        """
        if not 0 <= number < len(self._asked):
            raise ValueError(
                f"Trial {number} was not asked yet: {len(self._asked)} of "
                f"{self.trials} were."
            )
        if number in self._told:
            raise ValueError(
                f"Trial {number} was told already, with the value "
                f"{self._told[number].value:g}."
            )
        if not math.isfinite(value):
            raise ValueError(
                f"Trial {number} has the value {value}: tell a failed one with a finite "
                "worst value."
            )
        self._told[number] = _Told(float(value), failed, tuple(curve), key)
        if self.trials_told == len(self._asked):
            self._pass_on_generation()

    def best(self, among: int | None = None) -> Proposal:
        """The told trial with the lowest value, the earliest of equals, ``among`` the
        first that many trials.

        The first half of a quasi-random study is the study with half the budget. Raises
        ValueError if none of them has a result.
        """
        told = [
            number for number in self._told if among is None or number < among
        ]
        if not told:
            raise ValueError(
                f"Study {self.name!r} has no best trial: none was told."
            )
        return self._proposal(
            # The number breaks ties, so that the order of arrival cannot.
            min(told, key=lambda number: (self._told[number].value, number))
        )

    def frozen(self) -> list[FrozenTrial]:
        """The trials as Optuna's FrozenTrial, in order of their numbers."""
        return self._optuna.get_trials(deepcopy=False)

    @property
    def user_attrs(self) -> dict[str, Any]:
        """The study's user attributes: its sampler."""
        return self._optuna.user_attrs

    def _proposal(self, number: int) -> Proposal:
        return Proposal(
            number, self._declared.active(self._asked[number].params)
        )

    def _pass_on_generation(self) -> None:
        with quiet():
            # In the order of numbers and not of arrival: TPE's proposals
            # depend on it.
            for trial in self._asked[self._passed_on :]:
                told = self._told[trial.number]
                for step, value in told.curve:
                    trial.report(value, step)
                # Optuna samples every hyperparameter; those whose condition
                # does not hold are marked for readers of the export.
                unused = set(trial.params) - set(
                    self._proposal(trial.number).params
                )
                if unused:
                    trial.set_user_attr("unused", sorted(unused))
                trial.set_user_attr(
                    "status", "failed" if told.failed else "finished"
                )
                if told.key is not None:
                    trial.set_user_attr("key", told.key)
                self._optuna.tell(trial, told.value)
        self._passed_on = len(self._asked)


class Journal:
    """An Optuna journal file, which `optuna-dashboard FILE` opens. Keep one open to add
    many studies.

    Raises UserError if the file is not such a journal.
    """

    def __init__(self, path: Path | str) -> None:
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        cut_torn_line(path)
        try:
            self._storage = JournalStorage(JournalFileBackend(str(path)))
        except ValueError as error:
            raise UserError(
                f"{path} is not an Optuna journal ({error}): move it away to start a "
                "new one."
            ) from error

    def add(self, study: Study) -> None:
        """Add a finished study. One that is already complete is kept; one that a crash
        left incomplete is written again.
        """
        if not study.done:
            told = f"{study.trials_told} of {study.trials} trials"
            raise ValueError(
                f"Study {study.name!r} has {told}: only a finished one is exported."
            )
        with quiet():
            complete = self._complete_trials(study.name)
            if complete == study.trials:
                return
            # A crash left it halfway.
            if complete is not None:
                optuna.delete_study(
                    study_name=study.name, storage=self._storage
                )
            self._write(study)

    def _complete_trials(self, name: str) -> int | None:
        """How many trials of a study are in the file; None without such a study."""
        # Listing the studies in the file would copy each of them.
        try:
            known = optuna.load_study(study_name=name, storage=self._storage)
        except KeyError:
            return None
        return len(
            known.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        )

    def _write(self, study: Study) -> None:
        copy = optuna.create_study(
            study_name=study.name, storage=self._storage
        )
        for name, value in study.user_attrs.items():
            copy.set_user_attr(name, value)
        copy.add_trials(study.frozen())

"""A tuning study whose proposals do not depend on the order in which results arrive.

Proposals come in generations. All trials of one are asked, then all are told, in the
order of trial numbers, so a proposal is a function of the space, the seeds and the
results of earlier generations alone: 200 workers see the same trials as one, and after
a crash asking and telling again rebuilds the study exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from search.lines import cut_torn_line
from search.pruners import PRUNERS, pruned_in_round
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

    share: float = 1.0
    """Up to which share of its updates; below 1 in a round before the last."""


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

    pruned: bool = False
    """Whether the pruner ended it, so that the value is that of a shorter run."""

    @property
    def status(self) -> str:
        """The same in a word, for readers of the exported study."""
        if self.pruned:
            return "pruned"
        return "failed" if self.failed else "finished"


class Study:
    """The tuning of one cell: ``trials`` proposals for one space, of which the one with
    the lowest value wins.

    ``sampler`` is the name of a registered one. With 0 trials, which is what a space
    without hyperparameters needs, the study is done before it begins. With a ``pruner``,
    the name of a registered one, each trial is asked once per round: up to each of the
    ``rounds``, shares of its updates, and then to the end, unless the pruner ends it.
    Raises UserError for an unknown sampler or pruner.
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
        pruner: str = "",
        rounds: Sequence[float] = (),
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
        self._pruner = PRUNERS.get(pruner)() if pruner else None
        # The shares of its updates up to which a trial runs, one per round.
        self._shares = (*rounds, 1.0) if pruner else (1.0,)
        with quiet():
            # In memory: the record of runs rebuilds the study, and a database
            # would be a second truth.
            self._optuna = optuna.create_study(
                study_name=name, sampler=self._sampler.for_trial(0)
            )
        self._optuna.set_user_attr(
            "sampler", "grid" if space.points else sampler
        )
        if pruner:
            self._optuna.set_user_attr("pruner", pruner)
        self._asked: list[Trial] = []
        self._told: dict[int, _Told] = {}
        self._passed_on = 0  # trials whose results Optuna has
        self._round = 0  # of the generation that was asked last
        self._due: list[int] = []  # trials that the next round consists of
        self._open: set[int] = set()  # asked in this round, and not told
        self._reached: dict[int, _Told] = {}  # results of this round
        # Of each round before the last, over all generations.
        self._values: list[dict[int, float]] = [{} for _ in self._shares]

    @property
    def trials_told(self) -> int:
        """How many trials have a result."""
        return len(self._told)

    def has_ended(self, number: int) -> bool:
        """Whether a trial needs no further run: it was told to its end, failed, or was
        pruned.
        """
        return number in self._told

    @property
    def done(self) -> bool:
        """Whether all trials have one."""
        return self.trials_told == self.trials

    @property
    def generations_left(self) -> int:
        """How many generations still lack a result: each waits for the one before."""
        left = 0 if self._passed_on == len(self._asked) else 1
        start = len(self._asked)
        while start < self.trials:
            start += self._sampler.generation_size(start)
            left += 1
        return left

    @property
    def pruned(self) -> dict[int, float]:
        """The trials that the pruner ended, each with the share of its updates after
        which it did.
        """
        found = {}
        for number, told in self._told.items():
            if told.pruned:
                rounds = sum(number in values for values in self._values)
                found[number] = self._shares[rounds - 1]
        return found

    def ask(self) -> list[Proposal]:
        """The proposals of the next round, or of the next generation, each returned
        once; empty while results of the last one are missing.
        """
        # A proposal may depend on all results of earlier generations, so
        # nothing is asked while one of them is missing.
        if self._open or self.done:
            return []
        if not self._due:
            self._due = self._next_generation()
        self._open = set(self._due)
        return [self._proposal(number) for number in self._due]

    def _next_generation(self) -> list[int]:
        """The numbers of the trials of the next generation, which Optuna proposes."""
        self._round = 0
        start = len(self._asked)
        with quiet():
            for number in range(
                start, start + self._sampler.generation_size(start)
            ):
                # Samplers are chosen by the number of the trial, not by what
                # Optuna has seen.
                self._optuna.sampler = self._sampler.for_trial(number)
                self._asked.append(self._optuna.ask(self._space))
        return list(range(start, len(self._asked)))

    def tell(
        self,
        number: int,
        value: float,
        failed: bool = False,
        curve: Sequence[tuple[int, float]] = (),
        key: str | None = None,
    ) -> None:
        """Record the result of a trial in this round: a finite value, lower is better;
        results may arrive in any order.

        A failed trial counts, has a finite worst value, and ends. ``curve`` is (step, value)
        per evaluation; ``key`` is the run's, for readers of the exported study.
        """
        if not 0 <= number < len(self._asked):
            raise ValueError(
                f"Trial {number} was not asked yet: {len(self._asked)} of "
                f"{self.trials} were."
            )
        if number not in self._open:
            known = self._told.get(number) or self._reached[number]
            raise ValueError(
                f"Trial {number} was told already, with the value {known.value:g}."
            )
        if not math.isfinite(value):
            raise ValueError(
                f"Trial {number} has the value {value}: tell a failed one with a finite "
                "worst value."
            )
        told = _Told(float(value), failed, tuple(curve), key)
        is_last = self._round == len(self._shares) - 1
        if not is_last:
            self._values[self._round][number] = told.value
        ended = self._told if is_last or failed else self._reached
        ended[number] = told
        self._open.remove(number)
        if not self._open:
            self._end_round()

    def _end_round(self) -> None:
        """Prune, and let the trials that are left continue; hand the generation on
        once none is.
        """
        # In the order of numbers, whatever the order of arrival.
        judged = sorted(self._reached)
        pruned: list[int] = []
        if judged and self._pruner is not None:
            values = self._values[self._round]
            pruned = pruned_in_round(self._pruner, values, judged)
        for number in pruned:
            self._told[number] = replace(self._reached[number], pruned=True)
        self._due = [number for number in judged if number not in pruned]
        self._reached = {}
        self._round += 1
        if not self._due:
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
            min(told, key=self._rank)
        )

    def _rank(self, number: int) -> tuple[bool, float, int]:
        """What orders the told trials, the best first: a pruned one comes after all
        others.
        """
        told = self._told[number]
        return told.pruned, told.value, number

    def frozen(self) -> list[FrozenTrial]:
        """The trials as Optuna's FrozenTrial, in order of their numbers."""
        return self._optuna.get_trials(deepcopy=False)

    @property
    def user_attrs(self) -> dict[str, Any]:
        """The study's user attributes: its sampler."""
        return self._optuna.user_attrs

    def _proposal(self, number: int) -> Proposal:
        params = self._declared.active(self._asked[number].params)
        share = self._shares[min(self._round, len(self._shares) - 1)]
        return Proposal(number, params, share)

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
                trial.set_user_attr("status", told.status)
                if told.key is not None:
                    trial.set_user_attr("key", told.key)
                if told.pruned:
                    # Optuna takes the last value that was reported.
                    self._optuna.tell(trial, state=TrialState.PRUNED)
                else:
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
            known.get_trials(
                deepcopy=False,
                states=(TrialState.COMPLETE, TrialState.PRUNED),
            )
        )

    def _write(self, study: Study) -> None:
        copy = optuna.create_study(
            study_name=study.name, storage=self._storage
        )
        for name, value in study.user_attrs.items():
            copy.set_user_attr(name, value)
        copy.add_trials(study.frozen())

"""How trials are pruned: the pruners that a profile may name.

A study with a pruner trains its trials by rounds, each up to a share of their updates.
All trials of a generation end a round before any begins the next one, and all are
judged at once, so that a decision depends on no order of arrival.

Register one of your own by a line in its file::

    register_pruner("worst", lambda: optuna.pruners.PercentilePruner(80.0))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import optuna
from optuna.pruners import BasePruner, MedianPruner, PercentilePruner
from optuna.trial import TrialState, create_trial

from search.quiet import quiet
from tasks.contract.registry import Registry

REDUCTION = 3  # of successive halving: one trial in so many continues

PRUNERS: Registry[Callable[[], BasePruner]] = Registry("pruner")


def register_pruner(name: str, make: Callable[[], BasePruner]) -> None:
    """Let profiles name a pruner: ``make()`` returns one of Optuna's, or one like
    them. It sees all others of a round as complete trials.
    """
    PRUNERS.register(name, make)


def pruned_in_round(
    pruner: BasePruner, values: Mapping[int, float], judged: list[int]
) -> list[int]:
    """Which of the ``judged`` trials end after a round, by their numbers.

    ``values`` has the value of every trial that came so far, by its number, lower is
    better. Each is compared with all others, as if those were complete; the best of
    the judged ones continues whatever the pruner says. Pure.
    """
    best = min(judged, key=lambda number: (values[number], number))
    return [
        number
        for number in judged
        if number != best and _prunes(pruner, values, number)
    ]


def _prunes(
    pruner: BasePruner, values: Mapping[int, float], number: int
) -> bool:
    """Whether the pruner ends one trial, given all others."""
    with quiet():
        study = optuna.create_study()
        for other, value in sorted(values.items()):
            if other != number:
                study.add_trial(_trial(value, TrialState.COMPLETE))
        study.add_trial(_trial(values[number], TrialState.RUNNING))
        mine = study.get_trials(deepcopy=False)[-1]
        return pruner.prune(study, mine)


def _trial(value: float, state: TrialState) -> optuna.trial.FrozenTrial:
    """A trial that reported this value at the end of the round, and no other."""
    return create_trial(
        state=state,
        value=value if state == TrialState.COMPLETE else None,
        intermediate_values={0: value},
    )


# Golovin et al., "Google Vizier: a service for black-box optimization" (2017).
register_pruner("median", lambda: MedianPruner(n_startup_trials=1))
# Jamieson & Talwalkar, "Non-stochastic best arm identification and
# hyperparameter optimization" (2016), with one trial in three.
register_pruner(
    "successive_halving",
    lambda: PercentilePruner(100 / REDUCTION, n_startup_trials=1),
)

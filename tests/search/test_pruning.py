"""Pruning by synchronous rounds: the same trials end early in any order of events."""

import math
import random

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from search.pruners import PRUNERS, REDUCTION, pruned_in_round, register_pruner
from search.study import Journal, Study
from tasks import Float, Space, UserError

SPACE = Space(lr=Float(1e-4, 1e-1, log=True), dropout=Float(0, 0.5))
ROUNDS = (0.25, 0.5)


def study_of(trials=8, **options):
    chosen = {"pruner": "median", "rounds": ROUNDS, **options}
    return Study(SPACE, seed=3, trials=trials, **chosen)


def value_at(params, share):
    """A loss that falls with training, and is lowest at a rate of 0.003."""
    return (math.log10(params["lr"]) + 2.5) ** 2 + 1 - share


def run_through(study, order=None):
    """Ask and tell until done; the shares of each trial, by number."""
    shares = {}
    while proposals := study.ask():
        if order:
            proposals = order.sample(proposals, len(proposals))
        for one in proposals:
            shares.setdefault(one.number, []).append(one.share)
            study.tell(one.number, value_at(one.params, one.share))
    return shares


@pytest.mark.parametrize("sampler", ["qmc", "tpe"])
@pytest.mark.parametrize("pruner", ["median", "successive_halving"])
def test_what_is_pruned_depends_on_no_order_of_arrival(sampler, pruner):
    options = {"sampler": sampler, "pruner": pruner, "trials": 16}
    first, again = study_of(**options), study_of(**options)
    run_through(first)
    run_through(again, random.Random(1))

    assert first.pruned == again.pruned
    assert first.best() == again.best()
    assert first.done
    assert set(first.pruned.values()) == set(ROUNDS)


def test_the_median_rule_leaves_the_better_half_of_each_round():
    values = dict(enumerate([5.0, 1.0, 4.0, 2.0, 3.0, 6.0, 7.0, 0.0]))
    pruned = pruned_in_round(PRUNERS.get("median")(), values, list(values))
    best_first = sorted(values, key=values.__getitem__)

    assert set(pruned) == set(best_first[4:])


def test_successive_halving_leaves_one_in_three():
    values = dict(enumerate(np.random.default_rng(0).permutation(27) + 0.0))
    make = PRUNERS.get("successive_halving")
    left = set(values) - set(pruned_in_round(make(), values, list(values)))

    assert len(left) == 27 / REDUCTION
    assert max(values[number] for number in left) == 8.0


def test_a_pruned_trial_is_never_the_best_and_the_best_of_a_round_continues(
    monkeypatch,
):
    def all_of_them():
        return optuna.pruners.ThresholdPruner(upper=-1.0)

    monkeypatch.setattr(PRUNERS, "_known", PRUNERS.implemented())
    register_pruner("all", all_of_them)
    study = study_of(pruner="all")
    shares = run_through(study)

    assert len(study.pruned) == 7
    assert study.best().number not in study.pruned
    assert shares[study.best().number] == [*ROUNDS, 1.0]


def test_a_trial_that_diverges_ends_at_once_and_has_failed():
    study = study_of()
    first, *others = study.ask()
    study.tell(first.number, 1e6, failed=True)
    for one in others:
        study.tell(one.number, value_at(one.params, one.share))
    run_through(study)

    assert first.number not in study.pruned
    assert study.has_ended(first.number)
    assert study.done


def test_a_study_without_a_pruner_is_asked_each_trial_once_and_whole():
    shares = run_through(study_of(pruner="", rounds=ROUNDS))

    assert set(map(tuple, shares.values())) == {(1.0,)}


def test_a_pruned_trial_is_one_in_the_exported_study(tmp_path):
    study = study_of()
    run_through(study)
    states = [trial.state for trial in study.frozen()]
    for _ in range(2):  # the second time it is there already
        Journal(tmp_path / "optuna.journal").add(study)

    assert states.count(TrialState.PRUNED) == len(study.pruned) > 0
    assert study.user_attrs["pruner"] == "median"


def test_each_result_is_told_once_in_its_round():
    study = study_of()
    first = study.ask()[0]
    study.tell(first.number, 0.5)

    with pytest.raises(ValueError, match="told already"):
        study.tell(first.number, 0.5)
    with pytest.raises(UserError, match="'median'"):
        study_of(pruner="medain")

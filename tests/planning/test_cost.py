"""What a run costs, measured before it is planned."""

import math

import pytest

from suite.planning import cost
from suite.planning.cost import costs
from suite.planning.plan import Plan
from suite.planning.profile import load_profile

DIVERGES = """
title = "A rate at which a network without a norm diverges"
blocks = 6
trials = 1
finals = 1
all_cells = true
[tasks.batch_norm]
arms = ["none"]
levels = ["rate_1"]
"""


def test_runs_that_diverge_at_once_have_a_cost(tmp_path):
    file = tmp_path / "diverges.toml"
    file.write_text(DIVERGES)
    plan = Plan(load_profile(str(file)))

    (found,) = costs(plan, tmp_path).values()

    assert math.isfinite(found.update)
    assert found.update > 0


@pytest.mark.parametrize(
    ("patience", "evaluated"), [(0.0, {100}), (1e9, {100, 1000})]
)
def test_slow_evaluations_are_measured_on_a_few_examples(
    tmp_path, monkeypatch, patience, evaluated
):
    """An untrained translator takes minutes for the validation set of Multi30k."""
    lengths = set()
    train = cost.new_training

    def noted(procedure, model, training, validation, *rest):
        lengths.add(len(validation))
        return train(procedure, model, training, validation, *rest)

    monkeypatch.setattr(cost, "new_training", noted)
    monkeypatch.setattr(cost, "FEW_SECONDS", patience)
    file = tmp_path / "one.toml"
    file.write_text(DIVERGES.replace('"rate_1"', '"rate_0.1"'))
    plan = Plan(load_profile(str(file)))

    (found,) = costs(plan, tmp_path).values()

    assert lengths == evaluated
    assert found.evaluation > 0


@pytest.mark.parametrize("patience", [0.0, 1e9])
def test_an_evaluation_is_priced_with_its_training_examples(
    tmp_path, monkeypatch, patience
):
    """They are as many, however few for validation are timed."""
    trained = []

    def timed(self, steps, validation):
        trained.append(steps)
        seconds = 0.001 * (1000 + len(validation))
        return cost.SLOW_STEP + 1, seconds, {}, 1

    monkeypatch.setattr(cost._Timed, "_train", timed)
    monkeypatch.setattr(cost, "FEW_SECONDS", patience)
    file = tmp_path / "one.toml"
    file.write_text(DIVERGES.replace('"rate_1"', '"rate_0.1"'))
    plan = Plan(load_profile(str(file)))

    (found,) = costs(plan, tmp_path).values()

    assert found.evaluation == pytest.approx(0.001 * (1000 + 1000))
    assert (len(trained) == 1) == (patience == 0)


def test_what_was_timed_before_ctrl_c_is_not_timed_again(
    tiny_plan, tmp_path, monkeypatch
):
    timed, measured = [], cost._measured_or_refused

    def noted(plan, *place):
        if len(timed) == 2:
            raise KeyboardInterrupt
        timed.append(place)
        return measured(plan, *place)

    monkeypatch.setattr(cost, "_measured_or_refused", noted)
    with pytest.raises(KeyboardInterrupt):
        costs(tiny_plan, tmp_path)
    monkeypatch.setattr(cost, "_measured_or_refused", measured)
    left = []
    found = costs(tiny_plan, tmp_path, lambda *counts: left.append(counts))

    assert left == [(0, 2), (1, 2)]
    assert len(found) == 4

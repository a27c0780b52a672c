"""The generalisation gap that a final records."""

from typing import Literal

import pytest

from suite.training.job import Job, Member
from suite.training.seeds import run_seeds
from suite.training.worker import run_job


def result(kind: Literal["trial", "final"]):
    seeds = run_seeds(0, "deep_vs_wide", "mnist1d_15k", 0, "depth_1", kind, 0)
    params = {"lr": 0.05, "weight_decay": 0.01}
    member = Member("key", kind, 0, 0, params, seeds)
    job = Job(
        "deep_vs_wide", "mnist1d_15k", "depth_1", (member,), length_factor=0.05
    )
    return run_job(job)[0]


def test_a_final_records_how_much_better_training_examples_are_done():
    metrics = result("final").metrics

    accuracy = metrics["train.accuracy"] - metrics["test.accuracy"]
    loss = metrics["test.loss"] - metrics["train.loss"]
    assert metrics["gap.accuracy"] == pytest.approx(accuracy)
    assert metrics["gap.loss"] == pytest.approx(loss)


def test_a_trial_records_no_gap_as_it_never_sees_the_test():
    assert not [
        name for name in result("trial").metrics if name.startswith("gap.")
    ]

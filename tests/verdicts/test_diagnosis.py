"""What kept an arm from doing better, on planted cases."""

import math
from pathlib import Path

import pandas as pd
import pytest

from suite.planning.claims import claims_digest
from suite.records.manifest import Manifest
from suite.records.results import Campaign
from suite.report import sentences
from suite.report.sentences import Labels
from suite.training.job import SCHEMA
from suite.verdicts.diagnosis import Fit, diagnosis
from suite.verdicts.judge import judge_campaign
from tasks import Claim


@pytest.mark.parametrize(
    ("fit", "rival", "expected"),
    [
        # an independent program's figures: depth 8 beside depth 1, as many parameters
        (Fit(0.76, 0.51, 0.51), 1.0, "optimisation"),
        (Fit(1.0, 0.69, 0.69), 1.0, "overfitting"),
        # a linear model on data that are not linear: nobody with as few does better
        (Fit(0.34, 0.32, 0.32), math.nan, "model_bias"),
        (Fit(0.99, 0.98, 0.80), 0.99, "mismatch"),
        (Fit(0.99, 0.985, 0.98), 0.995, "healthy"),
        # both gaps: the wider one says what to do first
        (Fit(0.70, 0.60, 0.60), 0.71, "model_bias"),
        (Fit(0.90, 0.60, 0.60), 0.91, "overfitting"),
        # by no more than the margin is no difference
        (Fit(0.99, 0.98, 0.97), 1.0, "healthy"),
    ],
)
def test_planted_cases(fit, rival, expected):
    assert diagnosis(fit, 0.02, rival_train=rival, best=1.0) == expected


def test_without_a_best_value_bias_cannot_be_told():
    assert diagnosis(Fit(-1.2, -1.2, -1.2), 0.02) == "healthy"


TASK = {
    "arms": [
        {"name": "deep", "label": "Eight layers"},
        {"name": "wide", "label": "One layer"},
    ],
    "levels": [{"name": "all", "label": "", "x": None}],
    "measures": [
        {"name": "accuracy", "better": "higher", "percent": True, "label": "accuracy"}
    ],
    "space": {},
    "blocks": 6,
    "trials": 1,
    "finals": 1,
}
WORSE = Claim("worse", "", "accuracy", better="wide", worse="deep", margin=0.02)


def judged(parameters):
    """Eight layers fit 77 % of their training set, and one layer all of it."""
    rows = []
    for block in range(6):
        for arm, train, test in (("deep", 0.77, 0.51), ("wide", 1.0, 0.68)):
            row = {"task": "depth", "level": "all", "arm": arm, "block": block}
            row |= {"kind": "final", "number": 0, "status": "finished", "host": "here"}
            row |= {"key": f"{arm} {block}", "device": "cpu"}
            row |= {"parameters": parameters[arm], "train.accuracy": train}
            row["validation.accuracy"] = row["test.accuracy"] = test + 0.001 * block
            row["test.accuracy"] += 0.001 * (block % 2) * (arm == "wide")
            rows.append(row)
    about = {
        "schema": SCHEMA,
        "id": "test",
        "name": "test",
        "profile": {"name": "test"},
        "claims_digest": claims_digest({"depth": [WORSE]}),
        "tasks": {"depth": {**TASK, "claims": [{**vars(WORSE), "levels": []}]}},
        "cells": [],
    }
    campaign = Campaign(
        "test",
        Path("test"),
        Manifest.model_validate(about),
        {},
        "0",
        pd.DataFrame(rows),
        pd.DataFrame({"task": [], "arm": [], "level": []}),
    )
    (found,) = judge_campaign(campaign)
    return found, Labels(campaign.manifest)


def test_a_verdict_says_which_arm_did_not_fit_its_training_set():
    found, labels = judged({"deep": 1000, "wide": 1000})

    assert {one.arm: one.diagnosis for one in found.training} == {
        "deep": "optimisation",
        "wide": "overfitting",
    }
    assert sentences.training(found, labels)[1] == (
        "Eight layers reaches 77.0 % on its training set, where One layer with no more "
        "parameters reaches 100.0 %: this is optimisation, not generalisation."
    )
    assert "optimisation" in sentences.training(found, Labels(labels.manifest))[1]
    assert "优化" in sentences.training(found, Labels(labels.manifest, "zh"))[1]
    assert found.as_dict()["training"][1]["train"] == pytest.approx(0.77)


def test_a_larger_model_is_no_measure_of_what_an_optimiser_could_find():
    found, _ = judged({"deep": 1000, "wide": 2000})

    assert {one.arm: one.diagnosis for one in found.training}["deep"] != "optimisation"

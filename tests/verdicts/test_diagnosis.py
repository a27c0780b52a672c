"""What kept an arm from doing better, on planted cases."""

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from suite.planning.claims import claims_digest
from suite.records.manifest import Manifest
from suite.records.results import Campaign
from suite.report import sentences
from suite.report.sentences import Labels
from suite.training.job import SCHEMA
from suite.verdicts.arm_training import diagnose_arms
from suite.verdicts.diagnosis import (
    Fit,
    Trained,
    diagnose_together,
    diagnosis,
    rival_of,
)
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
    other = None if math.isnan(rival) else Fit(rival, 0.6, 0.6)
    assert diagnosis(fit, 0.02, rival=other, best=1.0) == expected


def test_without_a_best_value_bias_cannot_be_told():
    assert diagnosis(Fit(-1.2, -1.2, -1.2), 0.02) == "healthy"


TASK = {
    "arms": [
        {"name": "deep", "label": "Eight layers"},
        {"name": "wide", "label": "One layer"},
    ],
    "levels": [{"name": "all", "label": "", "x": None}],
    "measures": [
        {
            "name": "accuracy",
            "better": "higher",
            "percent": True,
            "label": "accuracy",
        }
    ],
    "space": {},
    "blocks": 6,
    "trials": 1,
    "finals": 1,
}
WORSE = Claim(
    "worse", "", "accuracy", better="wide", worse="deep", margin=0.02
)


def judged(parameters):
    campaign = planted(parameters)
    (found,) = judge_campaign(campaign)
    return found, Labels(campaign.manifest)


def planted(parameters, claims=(WORSE,)):
    """Eight layers fit 77 % of their training set, and one layer all of it."""
    rows = []
    for block in range(6):
        for arm, train, test in (("deep", 0.77, 0.51), ("wide", 1.0, 0.68)):
            row = {"task": "depth", "level": "all", "arm": arm, "block": block}
            row |= {
                "kind": "final",
                "number": 0,
                "status": "finished",
                "host": "here",
            }
            row |= {"key": f"{arm} {block}", "device": "cpu"}
            row |= {"parameters": parameters[arm], "train.accuracy": train}
            row["validation.accuracy"] = row["test.accuracy"] = (
                test + 0.001 * block
            )
            row["test.accuracy"] += 0.001 * (block % 2) * (arm == "wide")
            rows.append(row)
    about = {
        "schema": SCHEMA,
        "id": "test",
        "name": "test",
        "profile": {"name": "test"},
        "claims_digest": claims_digest({"depth": claims}),
        "tasks": {
            "depth": {**TASK, "claims": [_recorded(one) for one in claims]}
        },
        "cells": [],
    }
    return Campaign(
        "test",
        Path("test"),
        Manifest.model_validate(about),
        {},
        "0",
        pd.DataFrame(rows),
        pd.DataFrame({"task": [], "arm": [], "level": []}),
    )


def _recorded(claim):
    return {**vars(claim), "levels": []}


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
    assert (
        "optimisation" in sentences.training(found, Labels(labels.manifest))[1]
    )
    assert (
        "优化" in sentences.training(found, Labels(labels.manifest, "zh"))[1]
    )
    assert found.as_dict()["training"][1]["train"] == pytest.approx(0.77)


def test_a_larger_model_is_no_measure_of_what_an_optimiser_could_find():
    found, _ = judged({"deep": 1000, "wide": 2000})

    assert {one.arm: one.diagnosis for one in found.training}[
        "deep"
    ] != "optimisation"


def test_a_model_held_back_on_purpose_is_no_failure_of_its_optimisation():
    """Dropout: a lower training accuracy and a higher one on validation."""
    plain, dropout = Fit(1.0, 0.60, 0.60), Fit(0.90, 0.70, 0.70)

    assert diagnosis(dropout, 0.02, rival=plain, best=1.0) == "overfitting"
    # what is lost on both is a failure
    assert diagnosis(Fit(0.90, 0.55, 0.55), 0.02, rival=plain, best=1.0) == (
        "optimisation"
    )


def test_only_models_of_the_same_examples_and_no_more_parameters_are_rivals():
    mine = Trained(Fit(0.5, 0.5, 0.5), 100)
    models = {
        "mine": mine,
        "larger": Trained(Fit(1.0, 0.6, 0.6), 200),
        "few examples": Trained(Fit(1.0, 0.6, 0.6), 100, shares_data=False),
        "unknown size": Trained(Fit(1.0, 0.6, 0.6)),
        "as large": Trained(Fit(0.8, 0.6, 0.6), 104),
    }

    assert rival_of("mine", models) == "as large"
    assert rival_of("few examples", models) == ""
    assert diagnose_together(models, 0.02)["mine"] == (
        "optimisation",
        "as large",
    )


def test_every_arm_is_diagnosed_whether_or_not_a_claim_names_it():
    campaign = planted({"deep": 1000, "wide": 1000}, claims=())

    found = {one.arm: one for one in diagnose_arms(campaign)}

    assert found["deep"].diagnosis == "optimisation"
    assert found["deep"].rival == "wide"
    assert found["wide"].diagnosis == "overfitting"
    assert found["wide"].train == pytest.approx(1.0)
    assert sentences.arm_diagnosis(
        found["deep"], Labels(campaign.manifest)
    ) == (
        "Eight layers reaches 77.0 % on its training set, where One layer with no more "
        "parameters reaches 100.0 %: this is optimisation, not generalisation. 6 of 6 "
        "blocks alone say the same."
    )
    # 2 points of a share where no claim says what matters
    assert found["wide"].margin == 0.02
    assert (found["wide"].agreeing, found["wide"].blocks) == (6, 6)


def test_the_smallest_margin_of_claims_is_the_difference_that_counts():
    wide_margin = replace(WORSE, margin=0.4)
    campaign = planted({"deep": 1000, "wide": 1000}, claims=(wide_margin,))

    assert {one.diagnosis for one in diagnose_arms(campaign)} == {"healthy"}


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "interaction"},
        {"kind": "power_law", "exponent": -0.5, "worse": ""},
        {"kind": "always", "lower_bound": 0.1, "worse": ""},
    ],
)
def test_margins_of_slopes_and_of_bounds_are_no_differences_that_count(other):
    finer = replace(WORSE, name="finer", margin=0.001, **other)
    campaign = planted({"deep": 1000, "wide": 1000}, claims=(WORSE, finer))

    margins = {one.margin for one in diagnose_arms(campaign)}
    assert margins == {WORSE.margin}


def always(cause: str) -> Claim:
    return Claim(
        cause,
        "",
        f"diagnosed.{cause}",
        better="deep",
        kind="always",
        lower_bound=1.0,
        margin=0.02,
    )


def test_a_claim_can_be_about_a_diagnosis():
    claims = always("optimisation"), always("overfitting")
    campaign = planted({"deep": 1000, "wide": 1000}, claims=claims)
    right, wrong = judge_campaign(campaign)

    assert (right.verdict, right.counterexamples, right.instances) == (
        "supported",
        0,
        6,
    )
    assert (wrong.verdict, wrong.counterexamples) == ("refuted", 6)
    assert (
        Labels(campaign.manifest).metric(right) == "diagnosis “optimisation”"
    )
    assert "优化" in Labels(campaign.manifest, "zh").metric(right)


def test_a_rival_that_the_claim_does_not_name_counts_too():
    campaign = planted(
        {"deep": 1000, "wide": 2000}, claims=(always("optimisation"),)
    )
    (found,) = judge_campaign(campaign)

    assert found.verdict == "refuted"  # only larger models train better

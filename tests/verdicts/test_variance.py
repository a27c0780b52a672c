"""Where variance comes from: against a published example, a mixed model, and invented
data of known parts.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from suite.records.manifest import Manifest
from suite.records.results import Campaign
from suite.training.job import SCHEMA
from suite.verdicts.statistics import variance_split
from suite.verdicts.variance import split_variance

LOOMS = [
    [98, 97, 99, 96],
    [91, 90, 93, 92],
    [96, 95, 97, 95],
    [95, 96, 99, 98],
]


def invented(
    rng,
    *,
    seed=1.0,
    order=0.5,
    tuning=1.5,
    data=2.0,
    blocks=8,
    studies=2,
    finals=3,
):
    """Values (blocks, studies, finals) whose parts have these standard deviations."""
    return (
        data * rng.standard_normal((blocks, 1, 1))
        + tuning * rng.standard_normal((blocks, studies, 1))
        + order * rng.standard_normal((blocks, 1, finals))
        + seed * rng.standard_normal((blocks, studies, finals))
    )


def test_the_textbooks_looms_have_the_published_parts():
    """Strength of fabric from four looms, four pieces each: Montgomery, Design and
    Analysis of Experiments.
    """
    seed, rest = variance_split(np.array(LOOMS)[:, np.newaxis, :])

    assert (seed.name, rest.name) == ("seed", "tuning and data")
    assert (round(seed.variance, 2), round(rest.variance, 2)) == (1.90, 6.96)
    exact = 12 * seed.variance / stats.chi2(12).ppf([0.975, 0.025])
    assert (seed.low, seed.high) == pytest.approx(exact, rel=0.03)
    assert rest.separable


def test_a_balanced_design_gives_what_restricted_maximum_likelihood_gives():
    values = invented(np.random.default_rng(3), order=1.2)
    index = pd.MultiIndex.from_product(
        [range(size) for size in values.shape],
        names=["block", "study", "final"],
    )
    frame = pd.Series(values.ravel(), index, name="y").reset_index()
    parts = {"study": "0 + C(study)", "order": "0 + C(final)"}
    fit = smf.mixedlm(
        "y ~ 1", frame, groups="block", re_formula="1", vc_formula=parts
    ).fit(method=["powell", "bfgs"])
    order, study = (
        fit.vcomp
    )  # alphabetically; its optimiser stops within a per cent of the summit

    seed, tuning, data = variance_split(values)
    assert seed.variance == pytest.approx(order + fit.scale, rel=0.02)
    assert tuning.variance == pytest.approx(study, rel=0.02)
    assert data.variance == pytest.approx(
        float(fit.cov_re.iloc[0, 0]), rel=0.02
    )


@pytest.mark.parametrize(
    ("studies", "finals", "names"),
    [
        (2, 3, ["seed", "tuning", "data"]),
        (1, 3, ["seed", "tuning and data"]),
        (2, 1, ["tuning and seed", "data"]),
        (1, 1, ["tuning, data and seed"]),
    ],
)
def test_what_was_not_bought_is_not_told_apart(studies, finals, names):
    parts = variance_split(
        invented(np.random.default_rng(0), studies=studies, finals=finals)
    )

    assert [part.name for part in parts] == names


def test_intervals_cover_the_parts():
    rng = np.random.default_rng(1)
    truth = {"seed": 1.0**2 + 0.5**2, "tuning": 1.5**2, "data": 2.0**2}
    covered = dict.fromkeys(truth, 0)
    for _ in range(400):
        for part in variance_split(invented(rng)):
            covered[part.name] += part.low <= truth[part.name] <= part.high

    assert all(0.925 <= hits / 400 <= 0.985 for hits in covered.values()), (
        covered
    )  # 95 %, +- 3 Monte-Carlo errors


def test_a_part_that_is_not_there_is_not_separable():
    parts = variance_split(
        invented(np.random.default_rng(2), tuning=0.0, blocks=10)
    )

    assert {part.name: part.separable for part in parts} == {
        "seed": True,
        "tuning": False,
        "data": True,
    }


# --------------------------------------------------------------------- from the record


def campaign(values):
    """Finals with these accuracies: (blocks, studies, finals)."""
    rows = [
        {
            "task": "depth",
            "level": "all",
            "arm": ("deep", "deep_again")[study],
            "block": block,
            "number": number,
            "kind": "final",
            "status": "finished",
            "test.accuracy": values[block, study, number],
        }
        for block, study, number in np.ndindex(values.shape)
    ]
    arms = [
        {"name": name, "label": ""}
        for name in ("deep", "deep_again")[: values.shape[1]]
    ]
    about = {
        "arms": arms,
        "levels": [{"name": "all", "label": "", "x": None}],
        "measures": [
            {
                "name": "accuracy",
                "better": "higher",
                "percent": True,
                "label": "accuracy",
            }
        ],
        "aa_test": {"deep_again": "deep"} if values.shape[1] > 1 else {},
        "blocks": values.shape[0],
        "trials": 1,
        "finals": values.shape[2],
    }
    manifest = {
        "schema": SCHEMA,
        "id": "test",
        "name": "test",
        "profile": {"name": "test"},
        "claims_digest": "",
        "tasks": {"depth": about},
        "cells": [],
    }
    frame = pd.DataFrame(rows).sample(frac=1, random_state=0)
    return Campaign(
        "test",
        Path(),
        Manifest.model_validate(manifest),
        {},
        "0",
        frame,
        pd.DataFrame(),
    )


def test_a_twin_is_the_second_study_that_shows_tunings_part():
    values = invented(np.random.default_rng(5))
    (split,) = split_variance(campaign(values), "depth")

    assert (split.arm, split.blocks, split.studies, split.finals) == (
        "deep",
        8,
        2,
        3,
    )
    assert split.parts == tuple(variance_split(values))


def test_nothing_is_said_of_too_little():
    assert (
        split_variance(
            campaign(invented(np.random.default_rng(5), studies=1, finals=1)),
            "depth",
        )
        == []
    )
    assert (
        split_variance(
            campaign(invented(np.random.default_rng(5), blocks=4)), "depth"
        )
        == []
    )

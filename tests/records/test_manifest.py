"""campaign.json: read as it was written, strict where a mistake would change a verdict."""

import dataclasses
import json
from pathlib import Path

import pytest

import tasks
from suite.planning.claims import claims_digest
from suite.planning.plan import Plan
from suite.planning.profile import Profile
from suite.records.manifest import (
    ClaimManifest,
    manifest_from,
    manifest_of,
    read_manifest,
    write_manifest,
)
from tasks import Claim, UserError

CLAIM = Claim(
    "deep", "Deep beats wide.", "accuracy", better="deep", worse="wide"
)


@pytest.fixture(scope="module")
def everything():
    """A plan of every task, one arm of which runs twice."""
    profile = {"name": "all", "every_task": True, "interim_looks": True}
    profile["tasks"] = {
        "deep_vs_wide": {"aa_test": ["depth_1"]},
        "batch_size": {"recipe": {"max_grad_norm": 1.0}},
    }
    return Plan(Profile.model_validate(profile))


def values_of(manifest):
    return json.loads(manifest.to_json())


def test_a_manifest_is_read_as_it_was_written(everything, tmp_path):
    manifest = manifest_of(everything)
    write_manifest(tmp_path, manifest)
    found = read_manifest(tmp_path)

    assert found.profile == everything.profile
    assert [
        claim.claim for claim in found.tasks["gan"].claims
    ] == everything.claims("gan")
    assert [
        (cell.task, cell.level, cell.arm, cell.block) for cell in found.cells
    ] == [cell.place for cell in everything.cells]
    assert found.to_json() == manifest.to_json()
    assert found.tasks.keys() == everything.tasks.keys() == set(tasks.names())


def test_a_space_is_that_of_the_arm_under_both_names(everything):
    manifest = manifest_of(everything).tasks["deep_vs_wide"]
    task = tasks.get("deep_vs_wide")
    expected = dict(task.space_of(task.arm("depth_1")))

    assert manifest.aa_test == {"depth_1_again": "depth_1"}
    assert dict(manifest.space_of("depth_1")) == expected
    assert dict(manifest.space_of("depth_1_again")) == expected
    assert manifest.arm("depth_1_again").label == (
        f"{task.arm('depth_1').title} (again)"
    )


def test_claims_have_the_same_digest_after_they_were_written_and_read(
    everything,
):
    found = manifest_from(
        values_of(manifest_of(everything)), Path("campaign.json")
    )

    assert found.claims_digest == claims_digest(
        {name: task.tested for name, task in found.tasks.items()}
    )


def test_whole_numbers_in_a_claim_do_not_change_its_digest():
    whole = dataclasses.replace(
        CLAIM,
        kind="contrast",
        better="",
        worse="",
        margin=1,
        weights={"deep": 1, "wide": -1},
    )
    read = ClaimManifest.model_validate(
        json.loads(ClaimManifest(claim=whole).model_dump_json())
    )

    assert claims_digest({"t": [whole]}) == claims_digest({"t": [read.claim]})
    assert claims_digest({"t": [whole]}) != claims_digest({"t": [CLAIM]})


def test_a_field_of_a_newer_version_is_kept_but_not_within_a_claim(everything):
    values = values_of(manifest_of(everything))
    newer = manifest_from(values | {"funding": "none"}, Path("campaign.json"))
    assert (
        values_of(newer.with_cells(everything.all_cells))["funding"] == "none"
    )

    values["tasks"]["gan"]["claims"][0]["unless"] = "it rains"
    with pytest.raises(
        UserError, match=r"tasks\.gan.claims\.0: claims have no field 'unless'"
    ):
        manifest_from(values, Path("campaign.json"))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"cells": [{"task": "gan"}]}, "cells.0.level: Field required"),
        ({"tasks": None}, "tasks: Input should be a valid dictionary"),
        ({"root_seed": "many"}, "root_seed: Input should be a valid integer"),
    ],
)
def test_a_damaged_manifest_is_named_with_what_is_wrong_in_it(
    everything, change, problem, tmp_path
):
    values = values_of(manifest_of(everything)) | change
    (tmp_path / "campaign.json").write_text(json.dumps(values))
    with pytest.raises(UserError) as error:
        read_manifest(tmp_path)

    assert str(tmp_path / "campaign.json") in str(error.value)
    assert problem in str(error.value)


def test_a_folder_without_a_manifest_is_a_users_error(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        read_manifest(tmp_path)


def test_further_cells_are_entered_once(everything):
    manifest = manifest_of(everything)
    more = [cell for cell in everything.all_cells if cell.task == "gan"]
    grown = manifest.with_cells(more).with_cells(more)

    assert len(grown.cells) == len({*everything.cells, *more})
    assert grown.cells[: len(manifest.cells)] == manifest.cells

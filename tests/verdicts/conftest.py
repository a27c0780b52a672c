"""Campaigns that are written down by hand."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from suite.planning.claims import claims_digest
from suite.records.manifest import Manifest
from suite.records.results import Campaign
from suite.training.job import SCHEMA
from tasks import Claim

USUAL: dict[str, Any] = {
    "task": "depth",
    "level": "all",
    "kind": "final",
    "number": 0,
    "status": "finished",
    "host": "here",
    "device": "cpu",
}


@pytest.fixture(scope="session")
def written_campaign() -> Callable[..., Campaign]:
    """A function that writes a campaign of one task, "depth"."""
    return _written_campaign


def _written_campaign(
    rows: pd.DataFrame | Sequence[Mapping[str, Any]],
    tested: Sequence[Claim],
    **about: Any,
) -> Campaign:
    """The campaign with these runs, where what a run leaves out is as usual.

    ``about`` are fields of the task's manifest, in place of those that the rows have:
    six blocks, a trial and a final each.
    """
    runs = pd.DataFrame(rows)
    for name, value in USUAL.items():
        runs[name] = runs[name].fillna(value) if name in runs else value
    runs["key"] = [f"key {row}" for row in range(len(runs))]
    task = {
        "arms": [_arm(name) for name in dict.fromkeys(runs["arm"])],
        "levels": [_level(name) for name in dict.fromkeys(runs["level"])],
        "claims": [vars(claim) for claim in tested],
        "blocks": 6,
        "trials": 1,
        "finals": 1,
        **about,
    }
    places = runs[["task", "level", "arm", "block"]].drop_duplicates()
    manifest = {
        "schema": SCHEMA,
        "id": "test",
        "name": "test",
        "profile": {"name": "test"},
        "claims_digest": claims_digest({"depth": tested}),
        "tasks": {"depth": task},
        "cells": places.to_dict("records"),
    }
    return Campaign(
        "test",
        Path("test"),
        Manifest.model_validate(manifest),
        {},
        "0",
        runs,
        pd.DataFrame({"task": [], "arm": [], "level": []}),
    )


def _arm(name: str) -> dict[str, Any]:
    return {"name": name, "label": name.title()}


def _level(name: str) -> dict[str, Any]:
    return {"name": name, "label": ""}

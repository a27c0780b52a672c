"""Explains a run: its result, and how it differs from the most similar other run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from suite.records.journal import FILE, read_lines
from suite.records.manifest import Manifest, read_manifest
from suite.records.results import Results
from suite.records.run_record import RunRecord
from tasks import UserError

NOTHING = "-"
Facts = dict[str, Any]


@dataclass(frozen=True)
class Recorded:
    """A recorded run: its line, its campaign, and all that may have decided its key,
    flat and by name.
    """

    campaign: str
    """The id of the campaign that recorded the run."""

    line: RunRecord
    """The run's line of the record."""

    facts: Facts

    @property
    def key(self) -> str:
        """The run's key."""
        return self.line["key"]

    @property
    def cell(self) -> tuple[str, str, str, int]:
        """Task, level, arm and block."""
        line = self.line
        return line["task"], line["level"], line["arm"], line["block"]


@dataclass(frozen=True)
class Explanation:
    """A run, the campaigns it is recorded in, and what differs (name, here, there) from
    the most similar other one.
    """

    run: Recorded
    campaigns: tuple[str, ...]
    nearest: Recorded | None
    differences: tuple[tuple[str, Any, Any], ...]


def explain(results: Results, key: str) -> Explanation:
    """The run whose key has that prefix, in any campaign of the folder that this
    version reads.

    Raises UserError if there is none, or several.
    """
    runs = list(_recorded(results))
    found = _with_key(runs, key, results)
    # A run that was lost or retried has several lines: the newest attempt
    # counts.
    this = found[-1]
    others = [
        other
        for other in runs
        # Runs of another task differ in everything, which explains nothing.
        if other.key != this.key and other.line["task"] == this.line["task"]
    ]
    nearest = min(
        others, key=lambda other: _distance(this, other), default=None
    )
    return Explanation(
        run=this,
        campaigns=tuple(dict.fromkeys(run.campaign for run in found)),
        nearest=nearest,
        differences=tuple(differences(this.facts, nearest.facts))
        if nearest
        else (),
    )


def _with_key(
    runs: Sequence[Recorded], key: str, results: Results
) -> list[Recorded]:
    """All records of the one run whose key has that prefix, the oldest first."""
    if not runs:
        raise UserError(
            f"No run is recorded in {results.root}/: start a campaign with "
            "`bakeoff run quick`."
        )
    found = [run for run in runs if run.key.startswith(key.lower())]
    keys = sorted({run.key for run in found})
    if not keys:
        raise UserError(
            f"No run with a key that begins with {key!r} among {len(runs):,} recorded "
            f"in {results.root}/: the dashboard's table of runs and MLflow's tag "
            "bakeoff.key have the keys."
        )
    if len(keys) > 1:
        shown = ", ".join(k[:16] for k in keys[:4])
        raise UserError(
            f"{len(keys)} runs have keys that begin with {key!r} ({shown} …): "
            "give more digits."
        )
    return found


def differences(here: Facts, there: Facts) -> Iterator[tuple[str, Any, Any]]:
    """Name and both values of every fact that is not the same."""
    for name in sorted({*here, *there}):
        mine, other = here.get(name, NOTHING), there.get(name, NOTHING)
        if mine != other:
            yield name, mine, other


def _distance(this: Recorded, other: Recorded) -> tuple[bool, int, bool, bool]:
    """Sorts runs of the same cell first, then by the number of facts that differ, then
    those of the same kind.
    """
    differing = sum(1 for _ in differences(this.facts, other.facts))
    return (
        this.cell != other.cell,
        differing,
        this.line["kind"] != other.line["kind"],
        other.campaign != this.campaign,
    )


def _recorded(results: Results) -> Iterator[Recorded]:
    """All runs of all campaigns, those of the oldest campaign first."""
    # Oldest first, so that the last line of a key is the newest attempt.
    for campaign in reversed(results.readable_ids()):
        manifest = read_manifest(results.root / campaign)
        for line in read_lines(results.root / campaign / FILE):
            yield Recorded(campaign, line, _facts(manifest, line))


def _facts(manifest: Manifest, line: RunRecord) -> Facts:
    """All that may have decided the run's key, by name."""
    plan = manifest.profile.of(line["task"])
    worker = line["worker"]
    facts: Facts = {
        "task": line["task"],
        "level": line["level"],
        "arm": line["arm"],
        "block": line["block"],
        "kind": line["kind"],
        "number": line["number"],
    }
    # A prefix each, as a hyperparameter may have the name of a seed or of a
    # field of the recipe.
    facts |= {f"param {name}": value for name, value in line["params"].items()}
    facts |= {f"seed {name}": value for name, value in line["seeds"].items()}
    facts |= {"length_factor": plan.length_factor, "examples": plan.examples}
    facts |= {f"recipe {name}": value for name, value in plan.recipe.items()}
    facts |= {f"data {name}": value for name, value in line["data"].items()}
    facts |= {
        # Twelve digits tell two versions apart, and fit a terminal.
        "sources": manifest.sources.get(line["task"], NOTHING)[:12],
        "root seed": manifest.root_seed,
        "parameters": line["parameters"],
        "torch": worker.get("torch", manifest.versions.get("torch", NOTHING)),
        "device": worker.get("device", NOTHING),
        "threads": worker.get("threads", NOTHING),
    }
    return facts
